"""Generators of candidates: each scores all tracks for a query in its own way."""

from __future__ import annotations

from recommender.candidates.artists import Artists
from recommender.candidates.base import CandidateGenerator, GeneratorState, Query
from recommender.candidates.content import Content
from recommender.candidates.cooccurrence import Cooccurrence, RawCooccurrence
from recommender.candidates.interactions import Interactions
from recommender.candidates.neighbours import PlaylistNeighbours
from recommender.candidates.popularity import Popularity
from recommender.candidates.titles import Titles

GENERATORS: tuple[type[CandidateGenerator], ...] = (
    Popularity,
    Cooccurrence,
    PlaylistNeighbours,
    Content,
    Artists,
    Titles,
    RawCooccurrence,
)

__all__ = [
    "GENERATORS",
    "Artists",
    "CandidateGenerator",
    "Content",
    "Cooccurrence",
    "GeneratorState",
    "Interactions",
    "PlaylistNeighbours",
    "Popularity",
    "Query",
    "RawCooccurrence",
    "Titles",
]
