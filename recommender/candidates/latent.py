"""Scores that are products of vectors: of all tracks only when asked for, of a few at once."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, IntArray
from recommender.candidates.scoring import Scoring
from recommender.topk import greatest, top_indices


class HeadScores(Scoring):
    """max(0, vector of the track . vector of the query) for the tracks that have a vector.

    Args:
        n_tracks: how many tracks there are.
        tracks: int32, ascending: those that have a vector.
        places: int32, shape (n_tracks,): the row of each track in `vectors`, or -1.
        vectors: float32, shape (len(tracks), dimensions).
        query: shape (dimensions,).
    """

    def __init__(
        self, n_tracks: int, tracks: IntArray, places: IntArray, vectors: FloatArray, query: npt.NDArray[np.floating]
    ) -> None:
        self._n_tracks = n_tracks
        self._tracks = tracks
        self._places = places
        self._vectors = vectors
        self.query = query.astype(np.float32)

    def top(self, limit: int) -> IntArray:
        """Return the tracks with the greatest scores."""
        return self._tracks[greatest(self._all, limit)]

    def at(self, tracks: IntArray) -> FloatArray:
        """Return the scores of these tracks."""
        places = self._places[tracks]
        scores = np.zeros(len(tracks), np.float32)
        known = places >= 0
        scores[known] = np.maximum(self._vectors[places[known]] @ self.query, 0)
        return scores

    def dense(self) -> FloatArray:
        """Return the scores of all tracks."""
        scores = np.zeros(self._n_tracks, np.float32)
        scores[self._tracks] = self._all
        return scores

    @cached_property
    def _all(self) -> FloatArray:
        scores: FloatArray = np.maximum(self._vectors @ self.query, 0)
        return scores


def most_popular(sizes: FloatArray, least: int, limit: int) -> IntArray:
    """Return the tracks that are in at least so many playlists, the `limit` most popular of them, ascending."""
    eligible = np.flatnonzero(sizes >= least).astype(np.int32)
    if len(eligible) <= limit:
        return eligible
    return np.sort(eligible[top_indices(sizes[eligible], np.zeros(0, np.int32), limit)])
