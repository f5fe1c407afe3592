"""The playlists that have most in common with some tracks, whatever their length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.candidates.interactions import FloatArray, Incidence, IntArray, slices
from recommender.candidates.neighbours import squared_idf
from recommender.topk import top_indices

_LENGTH_EXPONENT = 0.6


@dataclass(frozen=True, eq=False)
class NearestPlaylists:
    """similarity(q, p) = sum of idf(t) ** 2 over the tracks that both have / (W(q) ** (1 - b) * W(p) ** b).

    W(p) is the sum of idf(t) ** 2 over the tracks of p; so a playlist's similarity to itself is 1, and with b = 1/2
    this is the cosine of the vectors of idf. Without the division (b = 0) long playlists would come first: whatever is
    asked for, they have some of it. The cosine still prefers them a little, b = 1 prefers short ones; with b = .6 the
    ten nearest of a playlist are as long as any ten, and share its title as often (`benchmarks/playlist_lengths.py`).

    Args:
        tracks: playlists by tracks.
        length_exponent: b.
    """

    tracks: Incidence
    length_exponent: float = _LENGTH_EXPONENT

    def to(self, seeds: IntArray, k: int, excluded: IntArray) -> tuple[IntArray, FloatArray]:
        """Return the k playlists most similar to a set of tracks and their similarities, the most similar first.

        Args:
            seeds: int32: tracks, without repeats.
            k: how many, 0 or more; fewer only if no more have a track in common.
            excluded: int32: playlists that are left out.
        """
        scores = self.scores(seeds)
        nearest = top_indices(scores, excluded, k)
        nearest = nearest[scores[nearest] > 0]
        return nearest, scores[nearest]

    def scores(self, seeds: IntArray) -> FloatArray:
        """Return the similarity of every playlist to a set of tracks, shape (n_playlists,)."""
        positions, lengths = slices(self.tracks.column_offsets, seeds)
        weights = np.repeat(self.weights[seeds], lengths)
        shared = np.bincount(self.tracks.column_rows[positions], weights, minlength=self.tracks.n_rows)
        own = float(self.weights[seeds].sum(dtype=np.float64))
        if not own:
            return np.zeros(self.tracks.n_rows, np.float32)
        scores: FloatArray = (shared * self._factors / own ** (1 - self.length_exponent)).astype(np.float32)
        return scores

    @cached_property
    def weights(self) -> FloatArray:
        """What each track counts: idf ** 2, shape (n_tracks,)."""
        return squared_idf(self.tracks)

    @cached_property
    def _factors(self) -> FloatArray:
        rows = np.repeat(np.arange(self.tracks.n_rows), np.diff(self.tracks.row_offsets))
        sums = np.bincount(rows, self.weights[self.tracks.row_columns], minlength=self.tracks.n_rows)
        factors: FloatArray = (np.maximum(sums, 1e-12) ** -self.length_exponent).astype(np.float32)
        return factors
