"""Fictional playlists by the million: realistic popularity, drawn slice by slice in bounded memory."""

from __future__ import annotations

from recommender.synthetic.scale.catalogue import ScaleCatalogue, draw_catalogue
from recommender.synthetic.scale.dataset import ScaleDataset, WriteReport
from recommender.synthetic.scale.law import PopularityLaw
from recommender.synthetic.scale.playlists import PLAYLISTS_A_SLICE, DrawnSlice

__all__ = [
    "PLAYLISTS_A_SLICE",
    "DrawnSlice",
    "PopularityLaw",
    "ScaleCatalogue",
    "ScaleDataset",
    "WriteReport",
    "draw_catalogue",
]
