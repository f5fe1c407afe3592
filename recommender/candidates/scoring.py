"""What a generator makes of all tracks for one query, held as sparsely as it can be."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from recommender.candidates.interactions import FloatArray, IntArray
from recommender.topk import top_indices


class Scoring(ABC):
    """Scores of all tracks for one query: finite, none negative, 0 for nothing to say."""

    @abstractmethod
    def top(self, limit: int) -> IntArray:
        """Return the tracks with the `limit` greatest scores above 0, in no order; fewer if there are no more."""

    @abstractmethod
    def at(self, tracks: IntArray) -> FloatArray:
        """Return the scores of these tracks, shape (len(tracks),)."""

    @abstractmethod
    def dense(self) -> FloatArray:
        """Return the scores of all tracks, shape (n_tracks,); the caller may write into it."""


class DenseScores(Scoring):
    """Scores that are all there.

    Args:
        values: float32, shape (n_tracks,).
    """

    def __init__(self, values: FloatArray) -> None:
        self._values = values

    def top(self, limit: int) -> IntArray:
        """Return the tracks with the greatest scores."""
        return _greatest(np.flatnonzero(self._values).astype(np.int32), self._values, limit)

    def at(self, tracks: IntArray) -> FloatArray:
        """Return the scores of these tracks."""
        return self._values[tracks]

    def dense(self) -> FloatArray:
        """Return a copy of the scores."""
        return self._values.copy()


class SparseScores(Scoring):
    """Scores of which most are 0.

    Args:
        n_tracks: how many tracks there are.
        tracks: int32, ascending, without repeats: those that have a score.
        values: float32, their scores, shape as `tracks`.
    """

    def __init__(self, n_tracks: int, tracks: IntArray, values: FloatArray) -> None:
        self._n_tracks = n_tracks
        self.tracks = tracks
        self.values = values

    def top(self, limit: int) -> IntArray:
        """Return the tracks with the greatest scores."""
        places = _greatest(np.flatnonzero(self.values).astype(np.int32), self.values, limit)
        return self.tracks[places]

    def at(self, tracks: IntArray) -> FloatArray:
        """Return the scores of these tracks."""
        if not len(self.tracks):
            return np.zeros(len(tracks), np.float32)
        places = np.minimum(np.searchsorted(self.tracks, tracks), len(self.tracks) - 1)
        found: FloatArray = np.where(self.tracks[places] == tracks, self.values[places], np.float32(0))
        return found

    def dense(self) -> FloatArray:
        """Return the scores of all tracks."""
        values = np.zeros(self._n_tracks, np.float32)
        values[self.tracks] = self.values
        return values


def _greatest(places: IntArray, values: FloatArray, limit: int) -> IntArray:
    if len(places) <= limit:
        return places
    return places[top_indices(values[places], np.zeros(0, np.int32), limit)]
