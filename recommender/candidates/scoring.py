"""What a generator makes of all tracks for one query, held as sparsely as it can be."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from recommender.candidates.interactions import FloatArray, IntArray, at_places
from recommender.topk import greatest


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
        return greatest(self._values, limit).astype(np.int32)

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
        return self.tracks[greatest(self.values, limit)]

    def at(self, tracks: IntArray) -> FloatArray:
        """Return the scores of these tracks."""
        return at_places(self.tracks, self.values, tracks)

    def dense(self) -> FloatArray:
        """Return the scores of all tracks."""
        values = np.zeros(self._n_tracks, np.float32)
        values[self.tracks] = self.values
        return values
