"""Playlists and their tracks and artists, readable in both directions: what every generator counts on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.corpus import PlaylistCorpus

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]
_SORTED_BELOW = 16
OffsetArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Incidence:
    """Which columns each row has, stored by row and by column; every pair comes once.

    Args:
        row_offsets: int64, shape (n_rows + 1,): where each row begins in `row_columns`.
        row_columns: int32, shape (n_pairs,): the columns of each row.
        column_offsets: int64, shape (n_columns + 1,): where each column begins in `column_rows`.
        column_rows: int32, shape (n_pairs,): the rows of each column, ascending.
        column_counts: float32, shape (n_pairs,): how often the row has the column, in the order of `column_rows`.
        column_entries: int32 or int64, shape (n_pairs,): where in `row_columns` each pair stands, in the same order.
    """

    row_offsets: OffsetArray
    row_columns: IntArray
    column_offsets: OffsetArray
    column_rows: IntArray
    column_counts: FloatArray
    column_entries: npt.NDArray[np.signedinteger]

    @classmethod
    def of_pairs(cls, rows: IntArray, columns: IntArray, n_rows: int, n_columns: int) -> Incidence:
        """Build from pairs, each array of shape (n_pairs,); a repeated pair raises its count."""
        keys = rows.astype(np.int64) * max(n_columns, 1) + columns
        unique, counts = np.unique(keys, return_counts=True)
        unique_rows = (unique // max(n_columns, 1)).astype(np.int32)
        unique_columns = (unique % max(n_columns, 1)).astype(np.int32)
        by_column = np.argsort(unique_columns, kind="stable")
        return cls(
            row_offsets=offsets(np.bincount(unique_rows, minlength=n_rows)),
            row_columns=unique_columns,
            column_offsets=offsets(np.bincount(unique_columns, minlength=n_columns)),
            column_rows=unique_rows[by_column],
            column_counts=counts[by_column].astype(np.float32),
            column_entries=narrowed(by_column),
        )

    @property
    def n_rows(self) -> int:
        """The number of rows (playlists)."""
        return len(self.row_offsets) - 1

    @property
    def n_columns(self) -> int:
        """The number of columns (tracks or artists)."""
        return len(self.column_offsets) - 1

    @cached_property
    def row_sizes(self) -> FloatArray:
        """How many columns each row has, shape (n_rows,)."""
        return np.diff(self.row_offsets).astype(np.float32)

    @cached_property
    def column_sizes(self) -> FloatArray:
        """How many rows have each column, shape (n_columns,)."""
        return np.diff(self.column_offsets).astype(np.float32)

    def rows_with(self, column: int) -> IntArray:
        """Return the rows that have this column, ascending."""
        return self.column_rows[self.column_offsets[column] : self.column_offsets[column + 1]]

    def entries_with(self, column: int) -> npt.NDArray[np.signedinteger]:
        """Return where in `row_columns` this column stands in each row of `rows_with`."""
        return self.column_entries[self.column_offsets[column] : self.column_offsets[column + 1]]

    def counts_with(self, column: int) -> FloatArray:
        """Return how often each row of `rows_with` has this column."""
        return self.column_counts[self.column_offsets[column] : self.column_offsets[column + 1]]

    def votes(self, rows: IntArray, weights: FloatArray) -> tuple[IntArray, FloatArray]:
        """Add up the weights of the given rows over the columns they have; see `summed`."""
        positions, lengths = slices(self.row_offsets, rows)
        return summed(self.row_columns[positions], np.repeat(weights, lengths), self.n_columns)

    def votes_for(self, rows: IntArray, weights: FloatArray, columns: IntArray) -> FloatArray:
        """Add up the weights of the given rows that have each of these columns, shape (len(columns),)."""
        positions, lengths = slices(self.row_offsets, rows)
        total = np.repeat(weights, lengths)
        if len(positions) * _SORTED_BELOW > self.n_columns:
            sums = np.bincount(self.row_columns[positions], total, minlength=self.n_columns)[columns]
            return sums.astype(np.float32)
        found, votes = summed(self.row_columns[positions], total, self.n_columns)
        return at_places(found, votes, columns)


@dataclass(frozen=True, eq=False)
class Interactions:
    """A corpus as two incidences: playlists by tracks, and playlists by artists.

    Args:
        corpus: where they come from.
        tracks: playlists by tracks.
        artists: playlists by artists; the count is how many tracks of the artist the playlist has.
        artist_ids: int32, shape (n_tracks,): the artist of each track, or -1.
        shared: what generators have computed that others can use too; lost when a model is stored.
    """

    corpus: PlaylistCorpus
    tracks: Incidence
    artists: Incidence
    artist_ids: IntArray
    shared: dict[Hashable, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, corpus: PlaylistCorpus) -> Interactions:
        """Count a corpus."""
        sizes = np.diff(corpus.indptr)
        playlists = np.repeat(np.arange(corpus.n_playlists, dtype=np.int32), sizes)
        by_track = np.argsort(corpus.indices, kind="stable")
        tracks = Incidence(
            row_offsets=corpus.indptr,
            row_columns=corpus.indices,
            column_offsets=offsets(np.bincount(corpus.indices, minlength=corpus.n_tracks)),
            column_rows=playlists[by_track],
            column_counts=np.ones(len(by_track), np.float32),
            column_entries=narrowed(by_track),
        )
        artist_ids = corpus.catalogue.artist_ids
        artist_of_entry = artist_ids[corpus.indices]
        known = artist_of_entry >= 0
        artists = Incidence.of_pairs(
            playlists[known], artist_of_entry[known], corpus.n_playlists, len(corpus.catalogue.artist_keys)
        )
        return cls(corpus, tracks, artists, artist_ids)


def narrowed(values: OffsetArray) -> npt.NDArray[np.signedinteger]:
    """Return indices below their number as int32 where they fit."""
    return values.astype(np.int32) if len(values) <= np.iinfo(np.int32).max else values


def offsets(sizes: npt.NDArray[np.integer]) -> OffsetArray:
    """Return where each of consecutive slices of these sizes begins, and where the last one ends."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])


def summed(columns: IntArray, values: npt.NDArray[np.floating], n_columns: int) -> tuple[IntArray, FloatArray]:
    """Add up the values of each column; return the columns with a sum other than 0, ascending, and their sums.

    Args:
        columns: int32, shape (n,), with repeats.
        values: shape (n,).
        n_columns: how many columns there are.
    """
    if len(columns) * _SORTED_BELOW > n_columns:
        total = np.bincount(columns, values, minlength=n_columns)
        # Twice as quick as asking the numbers themselves.
        found = np.flatnonzero(total != 0).astype(np.int32)
        return found, total[found].astype(np.float32)
    # Few columns of very many: an array of all of them would cost more than sorting does.
    order = np.argsort(columns, kind="stable")
    ordered = columns[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    sums = np.add.reduceat(values[order].astype(np.float64), first) if len(first) else np.zeros(0)
    kept = sums != 0
    return ordered[first][kept], sums[kept].astype(np.float32)


def at_places(places: IntArray, values: FloatArray, wanted: IntArray) -> FloatArray:
    """Return the value at each wanted place, 0 where there is none; `places` ascend, and values belong to them."""
    if not len(places):
        return np.zeros(len(wanted), np.float32)
    rows = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
    found: FloatArray = np.where(places[rows] == wanted, values[rows], np.float32(0))
    return found


def slices(starts: OffsetArray, rows: npt.NDArray[np.integer]) -> tuple[OffsetArray, OffsetArray]:
    """Return the positions of all elements of the given slices, one after another, and the slices' lengths."""
    begin = starts[rows]
    lengths = starts[np.asarray(rows, np.int64) + 1] - begin
    ends = np.cumsum(lengths)
    positions = np.arange(ends[-1] if len(ends) else 0, dtype=np.int64)
    positions += np.repeat(begin - (ends - lengths), lengths)
    return positions, lengths
