"""Small models with all generators that a ranker needs, fitted once for all tests of a process."""

from __future__ import annotations

from functools import cache

from taste_groups import make_corpus, make_features

from recommender import Hybrid
from recommender.candidates import (
    Artists,
    CandidateGenerator,
    Content,
    Cooccurrence,
    Factors,
    PlaylistNeighbours,
    Popularity,
    TitleMap,
    Titles,
)

CORPUS = make_corpus()
FEATURES = make_features(CORPUS)


def quick_generators() -> list[CandidateGenerator]:
    """Return the generators that take part in ranking, with few factors, unfitted."""
    return [
        PlaylistNeighbours(),
        Cooccurrence(),
        Artists(),
        Titles(),
        TitleMap(dimensions=8, iterations=3),
        Factors(dimensions=8, iterations=3),
        Content(),
        Popularity(),
    ]


@cache
def fitted(ranker: str) -> Hybrid:
    """Return a model of the 80 playlists of `CORPUS` with the ranker of this name; do not change it."""
    model = Hybrid(generators=quick_generators(), ranker=ranker, limit=80, top=50)
    return model.fit(CORPUS, FEATURES)
