"""What of a playlist the ranker is shown while it learns: a mixture of all that people ask with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.candidates.base import Query
from recommender.candidates.interactions import IntArray

LEAST_WITHHELD = 5


@dataclass(frozen=True, slots=True)
class QueryKind:
    """A way of asking.

    Attributes:
        n_seeds: how many tracks are shown.
        with_title: whether the title is.
        random: whether the tracks are drawn from the whole playlist, not the first ones.
        weight: how often it is drawn, against the others that a playlist is long enough for.
    """

    n_seeds: int
    with_title: bool
    random: bool
    weight: float = 1.0


KINDS = (
    QueryKind(0, True, False),
    QueryKind(1, True, False),
    QueryKind(1, False, True),
    QueryKind(5, True, False),
    QueryKind(5, False, False),
    QueryKind(5, False, True),
    QueryKind(10, True, False),
    QueryKind(10, False, False),
    QueryKind(10, False, True),
    QueryKind(25, True, False, 2.0),
    QueryKind(25, True, True, 2.0),
    QueryKind(25, False, True, 2.0),
    QueryKind(100, True, False, 2.0),
    QueryKind(100, True, True, 2.0),
)
LEAST_LENGTH = 1 + LEAST_WITHHELD


def kinds_for(length: int, titled: bool) -> list[QueryKind]:
    """Return the kinds that a playlist of this length, 6 or more, can be used for."""
    return [kind for kind in KINDS if length >= kind.n_seeds + LEAST_WITHHELD and (titled or not kind.with_title)]


def draw_query(
    tracks: IntArray, title: str | None, kind: QueryKind, rng: np.random.Generator
) -> tuple[Query, IntArray]:
    """Return what is shown of a playlist, and the tracks that are withheld."""
    shown = np.arange(kind.n_seeds)
    if kind.random:
        shown = np.sort(rng.choice(len(tracks), kind.n_seeds, replace=False))
    return Query(tracks[shown], title if kind.with_title else None), np.delete(tracks, shown)
