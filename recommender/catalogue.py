"""The tracks that a corpus knows: their URIs in sorted order, and what is known about each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recommender.columns import byte_strings
from recommender.entities import Entities, identify
from recommender.records import Track

URI = "track_uri"
METADATA_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("artist_name", pa.string()),
        ("artist_uri", pa.string()),
        ("album_name", pa.string()),
        ("album_uri", pa.string()),
        ("duration_ms", pa.int32()),
        ("explicit", pa.bool_()),
    ]
)
TRACKS_SCHEMA = pa.schema([pa.field(URI, pa.string(), nullable=False), *METADATA_SCHEMA])

_ROWS_A_MERGE = 1_000_000
# Corpora and models that were written before a column was added lack it: nothing is known then.
ADDED_COLUMNS = frozenset({"explicit"})

_FEW = 100


class TrackCatalogue:
    """Tracks by index: `uris` is sorted and unique, `table` holds the metadata in the same order.

    Both may be memory-mapped: a look-up is a binary search and copies nothing.

    Args:
        uris: dtype 'S', shape (n_tracks,), sorted by byte, without repeats.
        table: columns of METADATA_SCHEMA, n_tracks rows; null where a field is not known.
    """

    def __init__(self, uris: npt.NDArray[np.bytes_], table: pa.Table) -> None:
        if len(uris) != table.num_rows:
            raise ValueError(f"{len(uris)} URIs but {table.num_rows} rows of metadata")
        self.uris = uris
        whole = with_added_columns(table).select(METADATA_SCHEMA.names)
        self.table: pa.Table = whole.cast(METADATA_SCHEMA).combine_chunks()

    @classmethod
    def merged(cls, tables: Iterable[pa.Table]) -> TrackCatalogue:
        """Build a catalogue from tables of TRACKS_SCHEMA; of each field the first value that is not null counts."""
        merged = TRACKS_SCHEMA.empty_table()
        pending: list[pa.Table] = []
        for table in tables:
            pending.append(with_added_columns(table).select(TRACKS_SCHEMA.names).cast(TRACKS_SCHEMA))
            # Waiting for as many rows as are merged already makes the whole cost linear in the rows, not quadratic.
            if sum(waiting.num_rows for waiting in pending) >= max(merged.num_rows, _ROWS_A_MERGE):
                merged = _first_values(pa.concat_tables([merged, *pending]))
                pending = []
        merged = _first_values(pa.concat_tables([merged, *pending]))
        merged = merged.take(pc.sort_indices(merged[URI]))
        return cls(byte_strings(merged[URI]), merged.drop_columns([URI]))

    def __len__(self) -> int:
        return len(self.uris)

    def index_of(self, uri: str) -> int:
        """Return the index of the track with this URI, or -1."""
        return int(self.indices_of([uri])[0])

    def indices_of(self, uris: Sequence[str] | npt.NDArray[np.bytes_]) -> npt.NDArray[np.int32]:
        """Return the index of each URI as int32, -1 where it is not known; an array of dtype 'S' is quicker."""
        wanted = uris if isinstance(uris, np.ndarray) else np.array([_ascii(uri) for uri in uris], dtype="S")
        if not len(wanted) or not len(self):
            return np.full(len(wanted), -1, np.int32)
        # A key wider than the catalogue's would make numpy widen, that is copy, the whole catalogue.
        keys = wanted.astype(self.uris.dtype)
        found = np.minimum(np.searchsorted(self.uris, keys), len(self) - 1)
        return np.where(self.uris[found] == wanted, found, -1).astype(np.int32)

    def uri(self, index: int) -> str:
        """Return the URI of the track at this index."""
        return bytes(self.uris[index]).decode()

    def track(self, index: int) -> Track:
        """Return the track at this index."""
        # Ten times as quick as taking one row of the table.
        row = {name: column[index].as_py() for name, column in self._columns}
        return Track(uri=self.uri(index), **row)

    def tracks(self, indices: Sequence[int] | npt.NDArray[np.integer]) -> list[Track]:
        """Return the tracks at these indices, in their order."""
        if len(indices) <= _FEW:
            return [self.track(int(index)) for index in indices]
        wanted = np.asarray(indices, np.int64)
        rows = self.table.take(pa.array(wanted)).to_pylist()
        return [Track(uri=uri.decode(), **row) for uri, row in zip(self.uris[wanted].tolist(), rows, strict=True)]

    @property
    def artist_ids(self) -> npt.NDArray[np.int32]:
        """The artist of each track, shape (n_tracks,), an index into `artist_keys`; -1 where none is known."""
        return self._artists.ids

    @property
    def artist_keys(self) -> list[str]:
        """What tells each artist apart: the URI, or the case-folded name where no URI is known."""
        return self._artists.keys

    @property
    def album_ids(self) -> npt.NDArray[np.int32]:
        """The album of each track, shape (n_tracks,), an index into `album_keys`; -1 where none is known."""
        return self._albums.ids

    @property
    def album_keys(self) -> list[str]:
        """What tells each album apart: the URI, or artist key and case-folded title where no URI is known."""
        return self._albums.keys

    def told_columns(self) -> list[pa.ChunkedArray]:
        """Return the columns of metadata; without those, added since, that say nothing: fingerprints stay the same."""
        silent = {name for name in ADDED_COLUMNS if self.table[name].null_count == len(self)}
        return [self.table[name] for name in self.table.column_names if name not in silent]

    @cached_property
    def explicit_flags(self) -> npt.NDArray[np.int8] | None:
        """Whether each track is explicit, shape (n_tracks,): 1 yes, 0 no, -1 not known; None if it is known of none."""
        column = self.table["explicit"]
        if column.null_count == len(column):
            return None
        flags: npt.NDArray[np.int8] = pc.fill_null(pc.cast(column, pa.int8()), -1).to_numpy()
        return flags

    @cached_property
    def _columns(self) -> list[tuple[str, pa.Array]]:
        columns = (self.table[name] for name in self.table.column_names)
        return [
            (name, column.chunk(0) if column.num_chunks == 1 else column.combine_chunks())
            for name, column in zip(self.table.column_names, columns, strict=True)
        ]

    @cached_property
    def _artists(self) -> Entities:
        return identify(self.table["artist_uri"], self.table["artist_name"])

    @cached_property
    def _albums(self) -> Entities:
        return identify(self.table["album_uri"], self.table["album_name"], within=self._artists)


def with_added_columns(table: pa.Table) -> pa.Table:
    """Return a table of tracks with the columns that older versions did not write, null where they are missing."""
    for name in sorted(ADDED_COLUMNS.difference(table.column_names)):
        field = METADATA_SCHEMA.field(name)
        table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table


def _ascii(uri: str) -> bytes:
    # A URI that is not ASCII or ends in NUL, which numpy would strip, is no catalogue's: a byte that none contains.
    return uri.encode() if uri.isascii() and "\0" not in uri else b"\xff"


def _first_values(table: pa.Table) -> pa.Table:
    """Return one row for each URI with the first value of every column that is not null."""
    encoded = table[URI].combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy()
    columns = {URI: encoded.dictionary}
    for name in METADATA_SCHEMA.names:
        column = table[name].combine_chunks()
        known = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))[::-1]
        first = np.full(len(encoded.dictionary), -1, np.int64)
        # Where an index is repeated numpy keeps the last value assigned: hence the rows are taken backwards.
        first[codes[known]] = known
        columns[name] = column.take(pa.array(first, mask=first < 0))
    return pa.table(columns, schema=TRACKS_SCHEMA)
