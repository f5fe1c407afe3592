"""Co-occurrence of columns over the rows they share, normalised so that frequent columns do not swamp the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, Incidence, IntArray, slices


@dataclass(frozen=True, eq=False)
class PairSimilarity:
    """similarity(i, j) = sum over the rows r that have both of w_r / (n_i + n_j + shrinkage).

    n is the number of rows that have a column, w_r = row_weights[r]. Without weights and shrinkage this is half the
    Dice coefficient. It is computed when asked for, from the rows of i, so nothing the size of the square of the
    catalogue is ever stored; of a column in more than `max_rows` rows, that many evenly spaced ones are read and
    scaled up (as session-based neighbours do, Jannach and Ludewig 2017).

    Args:
        incidence: rows by columns.
        row_weights: float32, shape (n_rows,).
        shrinkage: pulls pairs that rest on few rows towards 0.
        max_rows: how many rows of one column are read at most.
    """

    incidence: Incidence
    row_weights: FloatArray
    shrinkage: float
    max_rows: int

    def to(self, columns: IntArray) -> SimilarityTo:
        """Read the rows of some columns, to ask for their similarity to others."""
        samples = [self._sample(int(column)) for column in columns]
        rows = np.concatenate([rows for rows, _ in samples]) if samples else np.zeros(0, np.int32)
        places = np.repeat(np.arange(len(samples)), [len(rows) for rows, _ in samples])
        scales = np.array([scale for _, scale in samples], np.float64)
        return SimilarityTo(self, columns, rows, places, scales[places] * self.row_weights[rows])

    def _sample(self, column: int) -> tuple[IntArray, float]:
        rows = self.incidence.rows_with(column)
        if len(rows) <= self.max_rows:
            return rows, 1.0
        chosen: npt.NDArray[np.int64] = np.linspace(0, len(rows) - 1, self.max_rows).astype(np.int64)
        return rows[chosen], len(rows) / self.max_rows


@dataclass(frozen=True, eq=False)
class SimilarityTo:
    """The similarity of some columns to any other.

    Args:
        model: what similarity is.
        columns: int32: the columns.
        rows: the rows that are read, of one column after another.
        places: the place in `columns` to which each of `rows` belongs.
        parts: what each of `rows` adds to the numerator.
    """

    model: PairSimilarity
    columns: IntArray
    rows: IntArray
    places: npt.NDArray[np.int64]
    parts: npt.NDArray[np.float64]

    def scores(self, weights: FloatArray) -> FloatArray:
        """Return the weighted sum of the similarities of the columns to every column, shape (n_columns,)."""
        incidence = self.model.incidence
        positions, lengths = slices(incidence.row_offsets, self.rows)
        others = incidence.row_columns[positions]
        numerators = np.repeat((self.parts * weights[self.places]).astype(np.float32), lengths)
        bases = (incidence.column_sizes[self.columns] + np.float32(self.model.shrinkage))[self.places]
        numerators /= np.repeat(bases, lengths) + incidence.column_sizes[others]
        return np.bincount(others, numerators, minlength=incidence.n_columns).astype(np.float32)

    def pairs(self, other: int) -> FloatArray:
        """Return the similarity of each of the columns to one other, shape (len(columns),)."""
        sizes = self.model.incidence.column_sizes
        has_other = np.zeros(self.model.incidence.n_rows, np.bool_)
        has_other[self.model.incidence.rows_with(other)] = True
        shared = has_other[self.rows]
        numerators = np.bincount(self.places[shared], self.parts[shared], minlength=len(self.columns))
        bases = np.maximum(sizes[self.columns] + sizes[other] + self.model.shrinkage, 1e-9)
        similarities: FloatArray = (numerators / bases).astype(np.float32)
        return similarities

    def own(self) -> FloatArray:
        """Return the similarity of each of the columns to itself, shape (len(columns),)."""
        sizes = self.model.incidence.column_sizes[self.columns]
        numerators = np.bincount(self.places, self.parts, minlength=len(self.columns))
        similarities: FloatArray = (numerators / np.maximum(2 * sizes + self.model.shrinkage, 1e-9)).astype(np.float32)
        return similarities

    def together(self, place: int, other: int) -> int:
        """Return in how many rows the column at this place and another are together: the raw count, of all rows."""
        incidence = self.model.incidence
        rows = incidence.rows_with(int(self.columns[place]))
        return len(np.intersect1d(rows, incidence.rows_with(other), assume_unique=True))


def damped(sizes: FloatArray, exponent: float) -> FloatArray:
    """Return size ** -exponent, scaled so that the mean over all entries of all rows is 1; shape as `sizes`.

    A long row says less about any two of its columns than a short one.
    """
    weights = np.maximum(sizes, 1) ** np.float32(-exponent)
    entries = float(sizes.sum())
    mean = float((weights * sizes).sum()) / entries if entries else 1.0
    return (weights / np.float32(mean)).astype(np.float32)
