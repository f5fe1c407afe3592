"""Generators of candidates: each scores all tracks for a query in its own way."""

from __future__ import annotations

from recommender.candidates.artists import Artists
from recommender.candidates.base import CandidateGenerator, GeneratorState, Query
from recommender.candidates.content import Content
from recommender.candidates.cooccurrence import Cooccurrence, RawCooccurrence
from recommender.candidates.embeddings import Embeddings
from recommender.candidates.factors import Factors
from recommender.candidates.graph import Graph
from recommender.candidates.interactions import Interactions
from recommender.candidates.neighbours import PlaylistNeighbours
from recommender.candidates.neural import Autoencoder
from recommender.candidates.popularity import Popularity
from recommender.candidates.title_map import TitleMap
from recommender.candidates.titles import Titles

GENERATORS: tuple[type[CandidateGenerator], ...] = (
    Popularity,
    Cooccurrence,
    PlaylistNeighbours,
    Content,
    Artists,
    Titles,
    TitleMap,
    RawCooccurrence,
    Embeddings,
    Factors,
    Graph,
    Autoencoder,
)

__all__ = [
    "GENERATORS",
    "Artists",
    "Autoencoder",
    "CandidateGenerator",
    "Content",
    "Cooccurrence",
    "Embeddings",
    "Factors",
    "GeneratorState",
    "Graph",
    "Interactions",
    "PlaylistNeighbours",
    "Popularity",
    "Query",
    "RawCooccurrence",
    "TitleMap",
    "Titles",
]
