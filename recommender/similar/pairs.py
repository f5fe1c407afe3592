"""The most similar columns of many columns at once, by sparse products over some of them at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.candidates.interactions import FloatArray, Incidence, IntArray, OffsetArray, offsets, slices
from recommender.candidates.similarity import PairSimilarity, damped

_SHRINKAGE = 20.0
_LENGTH_DAMPING = 0.5
_MOST_ROWS = 2000
_PRODUCTS_A_CHUNK = 8_000_000
_COLUMNS_A_CHUNK = 4096
# Of tracks, several ids of one recording are found; so many more are looked at before only one of each is kept.
_SPARE = 10


@dataclass(frozen=True, eq=False)
class Nearest:
    """The columns most similar to some columns, the most similar first.

    Attributes:
        columns: int32, shape (n,): the columns that were asked about.
        offsets: int64, shape (n + 1,): where the answer to each begins in `others`.
        others: int32: similar columns.
        scores: float32: their similarities, greater than 0.
    """

    columns: IntArray
    offsets: OffsetArray
    others: IntArray
    scores: FloatArray


class NearestColumns:
    """Columns that share rows, by the normalised count of `PairSimilarity`.

    The weights are those of `recommender.candidates.Cooccurrence`: a row of many columns says less about any two of
    them, and pairs that rest on one or two rows are pulled towards 0.

    Args:
        incidence: playlists by tracks, or by artists.
        groups: int32, shape (n_columns,): columns of one group are one and the same thing (ids of one recording): none
            of the column's own group is answered, and one of each other group. None if each is its own.
    """

    def __init__(self, incidence: Incidence, groups: IntArray | None = None) -> None:
        self._similarity = PairSimilarity(
            incidence, damped(incidence.row_sizes, _LENGTH_DAMPING), _SHRINKAGE, _MOST_ROWS
        )
        self._groups = groups

    def chunks(self, columns: IntArray, k: int) -> Iterator[Nearest]:
        """Return the k most similar of each column, for as many columns at a time as memory should hold."""
        for start in range(0, len(columns), _COLUMNS_A_CHUNK):
            some = columns[start : start + _COLUMNS_A_CHUNK]
            chunk = (np.cumsum(self._work(some)) // _PRODUCTS_A_CHUNK).astype(np.int64)
            for part in np.split(some, np.flatnonzero(np.diff(chunk)) + 1):
                yield self.of(part, k)

    def of(self, columns: IntArray, k: int) -> Nearest:
        """Return the k most similar of each of a few columns; equal ones by index."""
        incidence = self._similarity.incidence
        to = self._similarity.to(columns)
        # Only the rows that are needed: a matrix of all of them would double what a large model takes.
        rows, row_places = np.unique(to.rows, return_inverse=True)
        positions, lengths = slices(incidence.row_offsets, rows)
        members = (np.ones(len(positions), np.float32), incidence.row_columns[positions], offsets(lengths))
        weights = (to.parts.astype(np.float32), (to.places, row_places))
        weighted = csr_matrix(weights, shape=(len(columns), len(rows)))
        product = weighted @ csr_matrix(members, shape=(len(rows), incidence.n_columns))
        product.sort_indices()
        others = product.indices.astype(np.int32)
        places = np.repeat(np.arange(len(columns)), np.diff(product.indptr))
        sizes = incidence.column_sizes
        scores = product.data / (sizes[columns][places] + sizes[others] + np.float32(_SHRINKAGE))
        foreign = self._group(others) != self._group(columns)[places]
        return self._first(columns, places[foreign], others[foreign], scores[foreign], k)

    def together(self, column: int, other: int) -> int:
        """Return in how many rows two columns are together."""
        incidence = self._similarity.incidence
        return len(np.intersect1d(incidence.rows_with(column), incidence.rows_with(other), assume_unique=True))

    def _first(
        self, columns: IntArray, places: npt.NDArray[np.int64], others: IntArray, scores: FloatArray, k: int
    ) -> Nearest:
        wanted = k if self._groups is None else 2 * k + _SPARE
        order = np.lexsort((-scores, places))
        places, others, scores = places[order], others[order], scores[order]
        kept = _ranks(places, len(columns)) < wanted
        places, others, scores = places[kept], others[kept], scores[kept]
        if self._groups is not None:
            width = int(self._groups.max(initial=0)) + 1
            _, first = np.unique(places * width + self._groups[others], return_index=True)
            first.sort()
            places, others, scores = places[first], others[first], scores[first]
            kept = _ranks(places, len(columns)) < k
            places, others, scores = places[kept], others[kept], scores[kept]
        return Nearest(columns, offsets(np.bincount(places, minlength=len(columns))), others, scores)

    def _group(self, columns: IntArray) -> IntArray:
        return columns if self._groups is None else self._groups[columns]

    def _work(self, columns: IntArray) -> npt.NDArray[np.float64]:
        """Return how many products each column costs."""
        incidence = self._similarity.incidence
        positions, lengths = slices(incidence.column_offsets, columns)
        places = np.repeat(np.arange(len(columns)), lengths)
        products = np.bincount(places, incidence.row_sizes[incidence.column_rows[positions]], minlength=len(columns))
        share: npt.NDArray[np.float64] = np.minimum(1.0, _MOST_ROWS / np.maximum(lengths, 1))
        return products * share


def _ranks(places: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Return the rank of each element, from 0, among those of the same place; the places are ascending."""
    starts = offsets(np.bincount(places, minlength=count))
    ranks: npt.NDArray[np.int64] = np.arange(len(places)) - starts[places]
    return ranks
