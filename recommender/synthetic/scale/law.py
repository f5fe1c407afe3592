"""How often tracks come up in playlists: one law for thousands of playlists and for a million."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_FURTHEST_RANK = 3e7


@dataclass(frozen=True, slots=True)
class PopularityLaw:
    """The share of a track among all playlist entries, by its rank: (r + shift)^-exponent (1 + r / bend)^-steepness.

    Two bends on a log-log plot: the most popular tracks are nearly equal, the middle falls like Zipf's law, and the far
    tail falls faster. A single power law (Zipf-Mandelbrot) cannot give both the shares of the head and the way in which
    the number of different tracks grows. The defaults are fitted to playlists of real listeners (docs/synthetic.md).

    Attributes:
        shift: rank up to which the head is flat. The fit to what playlists hold gives 273; as no playlist draws a track
            twice, the most popular ones must be drawn more often to come up as often.
        exponent: slope of the middle.
        bend: rank from which the tail falls faster.
        steepness: by how much the tail's slope is greater.
    """

    shift: float = 150.0
    exponent: float = 0.933
    bend: float = 272_000.0
    steepness: float = 1.294

    def weights(self, n_tracks: int) -> npt.NDArray[np.float64]:
        """Return the shares of the `n_tracks` most popular tracks, falling, with a sum of 1."""
        values = self._density(np.arange(1, n_tracks + 1, dtype=np.float64))
        return np.asarray(values / values.sum())

    def distinct(self, n_entries: float) -> float:
        """Return how many different tracks so many entries are expected to hold, where the catalogue has no end."""
        ranks, width = self._grid()
        share = self._density(ranks)
        share /= (share * width).sum()
        return float((-np.expm1(-n_entries * share) * width).sum())

    def _density(self, ranks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return (ranks + self.shift) ** -self.exponent * (1.0 + ranks / self.bend) ** -self.steepness

    @staticmethod
    def _grid() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return ranks that stand for many, and for how many each of them stands."""
        edges = np.unique(np.geomspace(1, _FURTHEST_RANK, 2000).astype(np.int64)).astype(np.float64)
        return np.sqrt(edges[:-1] * (edges[1:] - 1)), np.diff(edges)
