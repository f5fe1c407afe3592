"""How sure a mean is: percentile intervals by bootstrap over playlists.

Source: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", chapter 13, 1993.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 2000
_DRAWS_AT_ONCE = 4_000_000


class Bootstrap:
    """Means and their intervals over the same resamples for all rankers, so that differences are paired.

    Args:
        random_state: the seed.
        resamples: how many, at least 1,000 for an interval that holds still.
    """

    def __init__(self, random_state: int, resamples: int = RESAMPLES) -> None:
        self.random_state = random_state
        self.resamples = resamples

    def intervals(self, values: Values, sample: str) -> tuple[Values, Values, Values]:
        """Return mean, lower and upper bound of every column, each of shape (n_columns,).

        Args:
            values: shape (n_playlists, n_columns), at least one row; NaN where a playlist has no value. A column
                without any value has NaN for all three.
            sample: what the rows are; the same name and number of rows give the same resamples.
        """
        known = ~np.isnan(values)
        filled = np.where(known, values, 0.0)
        means = _ratio(filled.sum(axis=0), known.sum(axis=0))
        everything = np.concatenate([filled, known], axis=1)
        sums = np.concatenate([counts @ everything for counts in self._counts(len(values), sample)])
        resampled = _ratio(sums[:, : values.shape[1]], sums[:, values.shape[1] :])
        tail = (1 - LEVEL) / 2
        bounds = np.full((2, values.shape[1]), np.nan)
        for column in np.flatnonzero(known.any(axis=0)):
            of_column = resampled[:, column]
            # A resample may hold none of the few playlists that have a value.
            bounds[:, column] = np.quantile(of_column[~np.isnan(of_column)], [tail, 1 - tail])
        return means, bounds[0], bounds[1]

    def _counts(self, n: int, sample: str) -> list[Values]:
        """Return how often each resample has each row, in blocks of shape (n_resamples, n)."""
        rng = np.random.default_rng([self.random_state % 2**63, zlib.crc32(sample.encode())])
        at_once = max(1, _DRAWS_AT_ONCE // n)
        blocks = []
        for start in range(0, self.resamples, at_once):
            size = min(at_once, self.resamples - start)
            drawn = rng.integers(0, n, (size, n)) + np.arange(size)[:, None] * n
            blocks.append(np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64))
        return blocks


def _ratio(sums: Values, counts: npt.NDArray[np.floating] | npt.NDArray[np.integer]) -> Values:
    ratio: Values = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return ratio
