"""The Parquet files of a corpus folder: one imported file is one part, there whole or not at all."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recommender.catalogue import ADDED_COLUMNS, METADATA_SCHEMA, TRACKS_SCHEMA, URI, with_added_columns
from recommender.columns import offsets_of, text_column
from recommender.errors import CorpusError
from recommender.files import write_atomically
from recommender.records import Playlist, Track

_SOURCE = pa.dictionary(pa.int32(), pa.string())
PLAYLISTS_SCHEMA = pa.schema(
    [
        pa.field("source", _SOURCE, nullable=False),
        pa.field("pid", pa.int64(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("description", pa.string()),
        pa.field("followers", pa.int64()),
        pa.field("collaborative", pa.bool_()),
        pa.field("modified_at", pa.timestamp("us", "UTC")),
    ]
)
STORED_PLAYLISTS_SCHEMA = PLAYLISTS_SCHEMA.append(pa.field("n_tracks", pa.int32(), nullable=False))
ENTRIES_SCHEMA = pa.schema(
    [
        pa.field("source", _SOURCE, nullable=False),
        pa.field("pid", pa.int64(), nullable=False),
        pa.field("pos", pa.int32(), nullable=False),
        pa.field(URI, pa.dictionary(pa.int32(), pa.string()), nullable=False),
    ]
)
_SCHEMAS = {"entries": ENTRIES_SCHEMA, "tracks": TRACKS_SCHEMA, "playlists": STORED_PLAYLISTS_SCHEMA}


@dataclass(frozen=True)
class Part:
    """Playlists of one source with their entries and tracks, as tables of the schemas that are stored."""

    source: str
    playlists: pa.Table
    entries: pa.Table
    tracks: pa.Table


class PartBuilder:
    """Collects playlists of one source into a part."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._playlists: dict[int, tuple[str | None, str | None, int | None, bool | None, object]] = {}
        self._lengths = array("i")
        self._codes = array("i")
        self._code_of: dict[str, int] = {}
        self._tracks: list[Track] = []

    def __len__(self) -> int:
        return len(self._playlists)

    @property
    def n_entries(self) -> int:
        """How many entries were added, repeats within a playlist included."""
        return len(self._codes)

    def add(self, playlist: Playlist) -> None:
        """Add a playlist.

        Raises:
            CorpusError: its pid was added before.
            ValueError: its time has no zone, or a track's URI is empty or not plain ASCII.
        """
        if playlist.pid in self._playlists:
            raise CorpusError(
                f"Playlist {playlist.pid} of source {self.source!r} is given twice: give each a pid of its own."
            )
        if playlist.modified_at is not None and playlist.modified_at.tzinfo is None:
            raise ValueError(f"modified_at of playlist {playlist.pid} has no time zone")
        codes = [self._code(track) for track in playlist.tracks]
        self._playlists[playlist.pid] = (
            playlist.title,
            playlist.description,
            playlist.followers,
            playlist.collaborative,
            playlist.modified_at,
        )
        self._lengths.append(len(codes))
        self._codes.extend(codes)

    def part(self) -> Part:
        """Return what was added as a part."""
        titles, descriptions, followers, collaborative, modified_at = (
            zip(*self._playlists.values(), strict=True) if (self._playlists) else ((),) * 5
        )
        pids = np.fromiter(self._playlists, np.int64, len(self))
        counts = np.array(self._lengths, np.int64)
        playlists = pa.table(
            {
                "pid": pids,
                "title": text_column(titles),
                "description": text_column(descriptions),
                "followers": pa.array(followers, pa.int64()),
                "collaborative": pa.array(collaborative, pa.bool_()),
                "modified_at": pa.array(modified_at, pa.timestamp("us", "UTC")),
            }
        )
        uris = pa.array(self._code_of, pa.string())
        metadata = {
            field.name: _column([getattr(track, field.name) for track in self._tracks], field.type)
            for field in METADATA_SCHEMA
        }
        return tabulate(
            self.source,
            playlists,
            counts,
            pa.DictionaryArray.from_arrays(pa.array(self._codes, pa.int32()), uris),
            pa.table({URI: uris, **metadata}, schema=TRACKS_SCHEMA),
        )

    def _code(self, track: Track) -> int:
        code = self._code_of.get(track.uri)
        if code is None:
            if not track.uri or not track.uri.isascii() or "\0" in track.uri:
                raise ValueError(f"{track.uri!r} is not a track's URI")
            code = self._code_of[track.uri] = len(self._tracks)
            self._tracks.append(track)
        elif self._tracks[code] != track:
            self._tracks[code] = _completed(self._tracks[code], track)
        return code


def tabulate(
    source: str, playlists: pa.Table, counts: npt.NDArray[np.int64], track_uris: pa.DictionaryArray, tracks: pa.Table
) -> Part:
    """Lay out the playlists of one source as a part.

    Args:
        source: where all the playlists come from.
        playlists: the columns of PLAYLISTS_SCHEMA but `source`.
        counts: shape (n_playlists,): how many entries each playlist has.
        track_uris: shape (sum of counts,): the track of each entry, playlist after playlist.
        tracks: TRACKS_SCHEMA; every track that an entry names.
    """
    positions = np.arange(len(track_uris), dtype=np.int64) - np.repeat(offsets_of(counts)[:-1], counts)
    entries = {
        "source": _repeated(source, len(track_uris)),
        "pid": np.repeat(playlists["pid"].to_numpy(), counts),
        "pos": positions.astype(np.int32),
        URI: track_uris,
    }
    columns = {
        **dict(zip(playlists.column_names, playlists.columns, strict=True)),
        "source": _repeated(source, playlists.num_rows),
        "n_tracks": counts.astype(np.int32),
    }
    return Part(
        source,
        pa.table({name: columns[name] for name in STORED_PLAYLISTS_SCHEMA.names}, schema=STORED_PLAYLISTS_SCHEMA),
        pa.table(entries, schema=ENTRIES_SCHEMA),
        tracks,
    )


class PartStore:
    """The parts in a corpus folder.

    A part is three files of one name, `entries/`, `tracks/` and `playlists/part-<name>.parquet`, each complete by
    itself and written in this order. A part counts only if all three are there, so a crash between them leaves nothing
    but a part that the next import writes again.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def names(self) -> list[str]:
        """Return the names of the complete parts, sorted."""
        found = [
            {path.name.removeprefix("part-").removesuffix(".parquet") for path in folder.glob("part-*.parquet")}
            for folder in (self.directory / kind for kind in _SCHEMAS)
        ]
        return sorted(set.intersection(*found))

    def write(self, name: str, part: Part) -> None:
        """Write a part; one that is there under this name is replaced."""
        tables = {"entries": part.entries, "tracks": part.tracks, "playlists": part.playlists}
        try:
            for kind, table in tables.items():
                path = self._path(kind, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, partial(pq.write_table, table, compression="zstd"))
        except OSError as error:
            raise CorpusError(
                f"{self.directory} cannot be written ({error.strerror or error}): free some space or choose another "
                "folder, then start the import again; it goes on where it stopped."
            ) from error

    def remove(self, name: str) -> None:
        """Remove a part, the file that makes it count first."""
        for kind in reversed(_SCHEMAS):
            self._path(kind, name).unlink(missing_ok=True)

    def table(self, kind: Literal["playlists", "entries", "tracks"], name: str) -> pa.Table:
        """Read one table of a part.

        Raises:
            CorpusError: the file is damaged or has other columns.
        """
        path = self._path(kind, name)
        schema = _SCHEMAS[kind]
        encoded = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        try:
            absent = ADDED_COLUMNS.difference(pq.read_schema(path).names)
            columns = [name for name in schema.names if name not in absent]
            table = pq.read_table(path, columns=columns, read_dictionary=encoded, partitioning=None)
            if kind == "tracks":
                table = with_added_columns(table)
            return table.select(schema.names).cast(schema).unify_dictionaries().combine_chunks()
        except (pa.ArrowException, OSError) as error:
            raise CorpusError(
                f"{path} is damaged or not written by Crossfade ({_first_line(error)}): delete it and import its "
                "playlists again."
            ) from error

    def source(self, name: str) -> str | None:
        """Return where the playlists of a part come from; None if it has none.

        Raises:
            CorpusError: the playlists are of several sources.
        """
        sources = pc.unique(self.table("playlists", name)["source"]).to_pylist()
        if len(sources) > 1:
            raise CorpusError(
                f"{self._path('playlists', name)} mixes the sources {', '.join(sorted(sources))}: "
                "write each source into a part of its own."
            )
        return next(iter(sources), None)

    def sources(self) -> dict[str, list[str]]:
        """Return the names of the parts with playlists in them, for each source.

        Raises:
            CorpusError: a part is damaged or mixes sources.
        """
        found: dict[str, list[str]] = {}
        for name in self.names():
            source = self.source(name)
            if source is not None:
                found.setdefault(source, []).append(name)
        return found

    def pids(self) -> dict[str, set[int]]:
        """Return the pids that are in use, for each source."""
        taken: dict[str, set[int]] = {}
        for source, names in self.sources().items():
            for name in names:
                taken.setdefault(source, set()).update(self.table("playlists", name)["pid"].to_pylist())
        return taken

    def _path(self, kind: str, name: str) -> Path:
        return self.directory / kind / f"part-{name}.parquet"


def _completed(known: Track, other: Track) -> Track:
    missing = {
        name: getattr(other, name)
        for name in METADATA_SCHEMA.names
        if getattr(known, name) is None and getattr(other, name) is not None
    }
    return replace(known, **missing) if missing else known


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    return text_column(values) if pa.types.is_string(kind) else pa.array(values, kind)


def _repeated(value: str, size: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, np.int32)), pa.array([value]))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
