"""How the generators' scores are put on one scale, and what each weighs for which kind of query."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from recommender.candidates.base import Query

_MOST_SEEDS = (("title", 0), ("few", 4), ("several", 14), ("many", 49))

WEIGHTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "title": {"titles": 0.75, "title-map": 0.5, "popularity": 0.1},
        "few": {
            "neighbours": 1.0,
            "cooccurrence": 0.1,
            "artists": 0.9,
            "titles": 0.75,
            "title-map": 0.5,
            "factors": 0.75,
            "content": 0.15,
            "popularity": 0.02,
        },
        "several": {
            "neighbours": 1.0,
            "cooccurrence": 0.35,
            "artists": 0.2,
            "titles": 0.2,
            "title-map": 0.5,
            "factors": 1.0,
            "content": 0.1,
            "popularity": 0.01,
        },
        "many": {
            "neighbours": 1.0,
            "cooccurrence": 1.0,
            "artists": 0.05,
            "titles": 0.5,
            "title-map": 0.05,
            "factors": 1.5,
            "content": 0.05,
            "popularity": 0.01,
        },
        "very many": {"neighbours": 1.0, "cooccurrence": 1.0, "artists": 0.05, "factors": 2.0, "content": 0.05},
    }
)
"""The default weights, by kind of query and generator.

Found by coordinate ascent on NDCG@500 + R-precision / 2, over 2,200 queries of the challenge's ten kinds and with
random seeds, made from 1,100 playlists of the Million Playlist Dataset that were held back from training; then rounded.
Audio content helps no more than noise on such playlists (as others found); it keeps a small weight for tracks that no
playlist has.
"""


def kind_of(query: Query) -> str:
    """Return the kind of query: "title" (no seeds), "few" (to 4), "several" (to 14), "many" (to 49) or "very many"."""
    return next((kind for kind, most in _MOST_SEEDS if query.n_seeds <= most), "very many")


def weights_of(weights: Mapping[str, Mapping[str, float]] | None, kind: str) -> Mapping[str, float]:
    """Return what each generator weighs for a kind of query; the default weights are taken if none are given."""
    return (WEIGHTS if weights is None else weights).get(kind, {})
