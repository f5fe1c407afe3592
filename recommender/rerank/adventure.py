"""How far an answer goes from what everybody and this listener know: novelty and adventurousness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import IntArray
from recommender.errors import RecommenderError
from recommender.rerank.base import Ranked, RerankContext, require_share
from recommender.rerank.similarity import closeness

LEVELS: Mapping[str, float] = MappingProxyType(
    {"close to home": -1.0, "familiar": -0.5, "balanced": 0.0, "curious": 0.5, "surprise me": 1.0}
)
"""What people call levels of adventurousness, from the nearest to the farthest."""

# In units of k places, at full level; chosen on the curves of docs/recommender.md.
_KNOWN_ARTIST = 3.0
_NEARNESS = 2.0
_DOUBLED_POPULARITY = 0.5


@dataclass(frozen=True, slots=True)
class Novelty:
    """Rarer tracks first: a track in twice as many playlists as another goes down by strength * k places.

    The mean log2(1 + playlists) of the first m, for any m, never rises with the strength.

    Args:
        strength: 0 changes nothing.

    Raises:
        RecommenderError: strength is not between 0 and 1.
    """

    strength: float

    def __post_init__(self) -> None:
        require_share("The strength of novelty", self.strength)

    def apply(self, ranked: Ranked, context: RerankContext, k: int) -> Ranked:
        """Return the tracks, rarer ones further up."""
        if not self.strength:
            return ranked
        return ranked.take(_moved(len(ranked), k, self.strength * _bits(context, ranked.tracks)))


@dataclass(frozen=True, slots=True)
class Adventurousness:
    """From "close to home" (-1) over the model's own order (0) to "surprise me" (1).

    Two things are decided one after the other.

    1. Which places are for artists whom the listener knows, that is those of the seeds and the context's
       `known_artists`: their tracks go down (up below 0) by level * 3 k places. Hence the share of new artists among
       the first m, for any m, never falls when the level rises.
    2. Which of their tracks, and which of the new artists', takes such a place: within either group tracks go down (up
       below 0) by level * k * (2 * nearness to the seeds + log2(1 + playlists) / 2) places. Nearness, 0 to 1, is by
       sound and vectors, see `recommender.rerank.similarity.closeness`. So high levels prefer what is farther away and
       rarer, and still what the model puts high; low levels the opposite.

    Without seeds and known artists every artist is new, nothing is near, and only popularity counts.

    Args:
        level: -1 to 1; `level_of` knows the names.

    Raises:
        RecommenderError: level is not between -1 and 1.
    """

    level: float

    def __post_init__(self) -> None:
        require_share("The level of adventurousness", self.level, -1.0)

    def apply(self, ranked: Ranked, context: RerankContext, k: int) -> Ranked:
        """Return the tracks, those of the level further up."""
        if not self.level:
            return ranked
        n, tracks = len(ranked), ranked.tracks
        known = context.by_known_artist(tracks)
        near = _NEARNESS * closeness(context, tracks) + _DOUBLED_POPULARITY * _bits(context, tracks)
        for_known = known[_moved(n, k, self.level * _KNOWN_ARTIST * known)]
        order = _moved(n, k, self.level * near)
        places = np.empty(n, np.int32)
        places[for_known] = order[known[order]]
        places[~for_known] = order[~known[order]]
        return ranked.take(places)


def level_of(adventurousness: str | float) -> float:
    """Return the level that a name of LEVELS, in any case, or a number means.

    >>> level_of("Surprise me"), level_of(0.25)
    (1.0, 0.25)

    Raises:
        RecommenderError: there is no such name, or the number is not between -1 and 1.
    """
    if isinstance(adventurousness, str):
        level = LEVELS.get(" ".join(adventurousness.casefold().replace("-", " ").replace("_", " ").split()))
        if level is None:
            raise RecommenderError(
                f"{adventurousness[:40]!r} is no level of adventurousness: choose one of {', '.join(LEVELS)}."
            )
        return level
    require_share("The level of adventurousness", adventurousness, -1.0)
    return float(adventurousness)


def _moved(n: int, k: int, down: npt.NDArray[np.floating]) -> IntArray:
    """Return the order of n places once each is moved down by `down` times k places, equal ones as they were."""
    return np.argsort(np.arange(n) / max(k, 1) + down, kind="stable").astype(np.int32)


def _bits(context: RerankContext, tracks: IntArray) -> npt.NDArray[np.float64]:
    """Return log2(1 + playlists) of each track: a doubling is 1."""
    return np.log2(1 + np.asarray(context.popularity[tracks], np.float64))
