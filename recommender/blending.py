"""How the generators' scores are put on one scale, and what each weighs for which kind of query."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from recommender.candidates.base import CandidateGenerator, Query
from recommender.candidates.interactions import FloatArray

_MOST_SEEDS = (("title", 0), ("few", 4), ("several", 14), ("many", 49))

WEIGHTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "title": {"titles": 1.0, "popularity": 0.1},
        "few": {
            "neighbours": 1.0,
            "cooccurrence": 0.4,
            "artists": 0.4,
            "titles": 0.35,
            "content": 0.15,
            "popularity": 0.02,
        },
        "several": {
            "neighbours": 1.0,
            "cooccurrence": 0.6,
            "artists": 0.5,
            "titles": 0.3,
            "content": 0.15,
            "popularity": 0.01,
        },
        "many": {
            "neighbours": 1.0,
            "cooccurrence": 1.75,
            "artists": 0.17,
            "titles": 0.15,
            "content": 0.1,
            "popularity": 0.01,
        },
        "very many": {"neighbours": 1.0, "cooccurrence": 3.0, "artists": 0.05, "titles": 0.05, "content": 0.05},
    }
)
"""The default weights, by kind of query and generator.

Found by coordinate ascent on NDCG@500 + R-precision / 2, over 2,000 queries of the challenge's ten kinds, made from
1,000 playlists of the Million Playlist Dataset that were held back from training; then rounded. Audio content helps no
more than noise on such playlists (as others found); it keeps a small weight for tracks that no playlist has.
"""


class Part(NamedTuple):
    """What one generator adds to a blend: `factor` times its scores."""

    generator: CandidateGenerator
    factor: float
    scores: FloatArray


def kind_of(query: Query) -> str:
    """Return the kind of query: "title" (no seeds), "few" (to 4), "several" (to 14), "many" (to 49) or "very many"."""
    return next((kind for kind, most in _MOST_SEEDS if query.n_seeds <= most), "very many")


def blend(parts: Collection[Part], n_tracks: int) -> FloatArray:
    """Return the weighted sum of the parts, shape (n_tracks,)."""
    total = np.zeros(n_tracks, np.float32)
    for part in parts:
        total += np.float32(part.factor) * part.scores
    return total
