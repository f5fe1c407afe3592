"""Steps that leave tracks out: too many of one artist, another release of a recording, explicit content."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.errors import RecommenderError
from recommender.rerank.base import Ranked, RerankContext
from recommender.rerank.limits import limit_per_group

_EXPLICIT = 1
_CLEAN = 0


@dataclass(frozen=True, slots=True)
class ArtistCap:
    """At most `maximum` tracks of one artist, the best ones; tracks without an artist are not counted.

    Raises:
        RecommenderError: maximum is below 1.
    """

    maximum: int

    def __post_init__(self) -> None:
        if self.maximum < 1:
            raise RecommenderError("An artist must be allowed at least 1 track.")

    def apply(self, ranked: Ranked, context: RerankContext, k: int) -> Ranked:
        """Return the ranking without the tracks that follow `maximum` others of their artist."""
        return _limited(ranked, context.artist_ids, self.maximum)


@dataclass(frozen=True, slots=True)
class OnePerRecording:
    """No recording twice, though it is there under several ids (single, album, compilation)."""

    def apply(self, ranked: Ranked, context: RerankContext, k: int) -> Ranked:
        """Return the ranking with the best id of each recording."""
        return ranked if context.recordings is None else _limited(ranked, context.recordings, 1)


@dataclass(frozen=True, slots=True)
class ExplicitFilter:
    """No explicit tracks.

    Args:
        strict: whether tracks of which it is not known are left out too. Most catalogues know it of few tracks, so
            strict answers can be short, and empty where nothing is known.
    """

    strict: bool = False

    def apply(self, ranked: Ranked, context: RerankContext, k: int) -> Ranked:
        """Return the ranking without explicit tracks."""
        if context.explicit is None:
            return ranked.take(slice(0)) if self.strict else ranked
        flags = context.explicit[ranked.tracks]
        return ranked.take(flags == _CLEAN if self.strict else flags != _EXPLICIT)


def _limited(ranked: Ranked, groups: np.ndarray, maximum: int) -> Ranked:
    places = limit_per_group(np.arange(len(ranked), dtype=np.int32), groups[ranked.tracks], maximum)
    return ranked.take(places)
