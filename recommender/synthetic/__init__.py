"""Generator of fictional, MPD-shaped data of any size, for the demo, the tests and measurements of scale."""

from __future__ import annotations

from recommender.synthetic.records import SyntheticAlbum, SyntheticArtist, SyntheticTrack
from recommender.synthetic.taste import TasteGroup
from recommender.synthetic.world import SyntheticWorld, synthetic_world
from recommender.synthetic.writers import write_mpd_slices

__all__ = [
    "SyntheticAlbum",
    "SyntheticArtist",
    "SyntheticTrack",
    "SyntheticWorld",
    "TasteGroup",
    "synthetic_world",
    "write_mpd_slices",
]
