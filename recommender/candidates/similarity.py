"""Co-occurrence of columns over the rows they share, normalised so that frequent columns do not swamp the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, Incidence, IntArray, OffsetArray, slices, summed

_FEW = 3


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
        max_rows: how many rows of one column are read at most; where more than three columns are asked for, each gets
            its part of three times as many, so that a long query costs no more than a short one of popular columns.
    """

    incidence: Incidence
    row_weights: FloatArray
    shrinkage: float
    max_rows: int

    def to(self, columns: IntArray) -> SimilarityTo:
        """Read the rows of some columns, to ask for their similarity to others."""
        most = self.max_rows if len(columns) <= _FEW else max(self.max_rows * _FEW // len(columns), 1)
        samples = [self.sample(int(column), most) for column in columns]
        rows = np.concatenate([np.zeros(0, np.int32), *(sample.rows for sample in samples)])
        entries = np.concatenate([np.zeros(0, np.int32), *(sample.entries for sample in samples)])
        places = np.repeat(np.arange(len(samples)), [len(sample.rows) for sample in samples])
        scales = np.array([sample.scale for sample in samples], np.float64)
        return SimilarityTo(self, columns, rows, entries, places, scales[places] * self.row_weights[rows])

    def sample(self, column: int, most: int) -> RowSample:
        """Return the rows of a column that are read: all of them, or `most` evenly spaced ones."""
        rows, entries = self.incidence.rows_with(column), self.incidence.entries_with(column)
        if len(rows) <= most:
            return RowSample(rows, entries, 1.0)
        chosen: npt.NDArray[np.int64] = np.linspace(0, len(rows) - 1, most).astype(np.int64)
        return RowSample(rows[chosen], entries[chosen], len(rows) / most)


class RowSample(NamedTuple):
    """Rows of a column, where in `row_columns` it stands in each, and by how much what they give is scaled up."""

    rows: IntArray
    entries: npt.NDArray[np.signedinteger]
    scale: float


class RowContents(NamedTuple):
    """Where the rows that were read stand in `row_columns`, the columns there, and how many each row has."""

    positions: OffsetArray
    columns: IntArray
    lengths: OffsetArray


@dataclass(frozen=True, eq=False)
class SimilarityTo:
    """The similarity of some columns to any other.

    Args:
        model: what similarity is.
        columns: int32: the columns.
        rows: the rows that are read, of one column after another.
        entries: where in `row_columns` the column stands in each of `rows`.
        places: the place in `columns` to which each of `rows` belongs.
        parts: what each of `rows` adds to the numerator.
    """

    model: PairSimilarity
    columns: IntArray
    rows: IntArray
    entries: npt.NDArray[np.signedinteger]
    places: npt.NDArray[np.int64]
    parts: npt.NDArray[np.float64]

    def scores(self, weights: FloatArray) -> tuple[IntArray, FloatArray]:
        """Return the columns similar to these, ascending, and the weighted sums of their similarities."""
        incidence = self.model.incidence
        others, lengths = self.read.columns, self.read.lengths
        numerators = np.repeat((self.parts * weights[self.places]).astype(np.float32), lengths)
        bases = (incidence.column_sizes[self.columns] + np.float32(self.model.shrinkage))[self.places]
        numerators /= np.repeat(bases, lengths) + incidence.column_sizes[others]
        return summed(others, numerators, incidence.n_columns)

    @cached_property
    def read(self) -> RowContents:
        """What stands in the rows."""
        positions, lengths = slices(self.model.incidence.row_offsets, self.rows)
        return RowContents(positions, self.model.incidence.row_columns[positions], lengths)

    def pairs(self, other: int) -> FloatArray:
        """Return the similarity of each of the columns to one other, shape (len(columns),)."""
        similarities, _ = self._pairs(other)
        return similarities

    def strongest(self, other: int, limit: int) -> list[tuple[int, int]]:
        """Return the places of the columns most similar to one other, and in how many rows the two are together."""
        similarities, counts = self._pairs(other)
        places = [place for place in np.argsort(-similarities, kind="stable")[:limit].tolist() if similarities[place]]
        return [
            (place, self.together(place, other) if self._sampled[place] else int(counts[place])) for place in places
        ]

    def _pairs(self, other: int) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        sizes = self.model.incidence.column_sizes
        has_other = np.zeros(self.model.incidence.n_rows, np.bool_)
        has_other[self.model.incidence.rows_with(other)] = True
        shared = has_other[self.rows]
        places = self.places[shared]
        numerators = np.bincount(places, self.parts[shared], minlength=len(self.columns))
        bases = np.maximum(sizes[self.columns] + sizes[other] + self.model.shrinkage, 1e-9)
        similarities: FloatArray = (numerators / bases).astype(np.float32)
        return similarities, np.bincount(places, minlength=len(self.columns))

    @cached_property
    def _sampled(self) -> npt.NDArray[np.bool_]:
        """Of which columns not all rows were read."""
        read = np.bincount(self.places, minlength=len(self.columns))
        return read < self.model.incidence.column_sizes[self.columns]

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
