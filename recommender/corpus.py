"""Playlists as a sparse matrix over a track catalogue, in memory and as Parquet files on disk."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_matrix

from recommender.catalogue import TRACKS_SCHEMA, URI, TrackCatalogue
from recommender.columns import byte_strings, hash_array, hash_column, offsets_of, strings, take_rows
from recommender.content import Paths
from recommender.errors import CorpusError
from recommender.mpd import read_parts
from recommender.parts import PLAYLISTS_SCHEMA, Part, PartBuilder, PartStore, tabulate
from recommender.records import Playlist

_PLAYLISTS_A_PART = 20_000

_logger = logging.getLogger(__name__)


class PlaylistCorpus:
    """Playlists over a catalogue: row i of the matrix is playlist i, column j is track j of the catalogue.

    Args:
        catalogue: every track that a playlist may name.
        indptr: int64, shape (n_playlists + 1,): where each playlist begins in `indices`.
        indices: int32, shape (n_entries,): the tracks of all playlists, each in playlist order and without repeats.
        playlists: columns of PLAYLISTS_SCHEMA, n_playlists rows.
    """

    def __init__(
        self,
        catalogue: TrackCatalogue,
        indptr: npt.NDArray[np.int64],
        indices: npt.NDArray[np.int32],
        playlists: pa.Table,
    ) -> None:
        if len(indptr) != playlists.num_rows + 1 or indptr[-1] != len(indices):
            raise ValueError("indptr, indices and playlists do not fit together")
        self.catalogue = catalogue
        self.indptr = indptr
        self.indices = indices
        self.playlists: pa.Table = playlists.select(PLAYLISTS_SCHEMA.names).cast(PLAYLISTS_SCHEMA).combine_chunks()

    @classmethod
    def from_playlists(cls, playlists: Iterable[Playlist]) -> PlaylistCorpus:
        """Build a corpus from records, in their order; repeats of a track within a playlist are dropped.

        Raises:
            CorpusError: a pid comes twice within a source.
            ValueError: a track's URI is empty or not ASCII, or a time has no zone.
        """
        builders: dict[str, PartBuilder] = {}
        places: list[tuple[str, int]] = []
        for playlist in playlists:
            builder = builders.setdefault(playlist.source, PartBuilder(playlist.source))
            places.append((playlist.source, len(builder)))
            builder.add(playlist)
        parts = [builder.part() for builder in builders.values()]
        starts = offsets_of(np.array([part.playlists.num_rows for part in parts], np.int64)).tolist()
        start_of = dict(zip(builders, starts, strict=False))
        rows = np.array([start_of[source] + row for source, row in places], np.int64)
        return cls._of_parts(parts).subset(rows)

    @classmethod
    def from_mpd(cls, paths: Paths) -> PlaylistCorpus:
        """Read slices of the Million Playlist Dataset, or a challenge set, into memory; see `recommender.mpd`.

        Playlists are sorted by source and pid. Bad records are left out and their number is logged.

        Raises:
            CorpusError: nothing at all could be read.
        """
        parts, problems = read_parts(paths)
        if problems.total:
            _logger.warning("Left out %d bad records; the first: %s", problems.total, problems.kept[0])
        return cls._of_parts(parts)._sorted()

    @classmethod
    def read(cls, directory: str | Path, sources: Collection[str] | None = None) -> PlaylistCorpus:
        """Read a corpus folder, only the playlists of the given sources if any are given.

        Playlists are sorted by source and pid, whatever the order in which they were imported; a pid that is there
        twice counts once.

        Raises:
            CorpusError: the folder holds no playlists (of these sources), or a file is damaged.
        """
        store = PartStore(Path(directory))
        present = store.sources()
        if not present:
            raise CorpusError(f"No playlists in {directory} yet: import some with `crossfade import mpd PATH`.")
        names = sorted(name for source in present if sources is None or source in sources for name in present[source])
        if not names:
            raise CorpusError(
                f"{directory} has no playlists of the allowed sources ({', '.join(sorted(sources or ())) or 'none'}): "
                f"import some, or allow what it has ({', '.join(sorted(present))})."
            )
        catalogue = TrackCatalogue.merged(store.table("tracks", name) for name in names)
        tables = ((store.table("playlists", name), store.table("entries", name)) for name in names)
        return cls._joined(catalogue, tables)._sorted()

    def write(self, directory: str | Path, *, replace_sources: Collection[str] = ()) -> None:
        """Add the corpus to a corpus folder; writing the same corpus again adds nothing.

        Tracks of the catalogue that no playlist of this corpus holds are not written: they may be another source's.

        Args:
            directory: the folder, made if it is not there.
            replace_sources: sources whose playlists in the folder give way to those of this corpus: what a repeated
                export of changing playlists needs. They are removed after the new ones are written.

        Raises:
            CorpusError: the folder holds other playlists of a source of this corpus that is not to be replaced.
        """
        store = PartStore(Path(directory))
        names = dict(self._part_rows())
        others = [name for name in store.names() if name not in names]
        replaced = [name for name in others if store.source(name) in replace_sources]
        clashing = {store.source(name) for name in others if name not in replaced} & set(self.sources)
        if clashing:
            raise CorpusError(
                f"{directory} already holds other playlists of {', '.join(sorted(map(str, clashing)))}: "
                "choose an empty folder, or replace that source."
            )
        written = set(store.names())
        for name, rows in names.items():
            if name not in written:
                store.write(name, self._part(rows))
        for name in replaced:
            store.remove(name)

    @property
    def n_playlists(self) -> int:
        """The number of playlists."""
        return int(self.playlists.num_rows)

    @property
    def n_tracks(self) -> int:
        """The number of tracks in the catalogue, those that no playlist of this corpus holds included."""
        return len(self.catalogue)

    @property
    def n_entries(self) -> int:
        """The number of entries, each track counted once in a playlist."""
        return len(self.indices)

    @cached_property
    def pids(self) -> npt.NDArray[np.int64]:
        """The pid of each playlist, unique within its source."""
        values: npt.NDArray[np.int64] = self.playlists["pid"].to_numpy()
        return values

    @cached_property
    def sources(self) -> list[str]:
        """The source of each playlist."""
        values: list[str] = self.playlists["source"].to_pylist()
        return values

    @cached_property
    def titles(self) -> list[str | None]:
        """The title of each playlist, None where it has none."""
        values: list[str | None] = self.playlists["title"].to_pylist()
        return values

    @cached_property
    def matrix(self) -> csr_matrix:
        """The playlists by tracks as a float32 matrix of ones, its column indices sorted."""
        narrow = self.n_entries < np.iinfo(np.int32).max
        # Sorting works in place: the playlists' own order must survive in `indices`.
        parts = (
            np.ones(self.n_entries, np.float32),
            self.indices.copy(),
            self.indptr.astype(np.int32 if narrow else np.int64),
        )
        matrix = csr_matrix(parts, shape=(self.n_playlists, self.n_tracks))
        matrix.sort_indices()
        return matrix

    def tracks_of(self, playlist: int) -> npt.NDArray[np.int32]:
        """Return the indices of a playlist's tracks, in playlist order."""
        return self.indices[self.indptr[playlist] : self.indptr[playlist + 1]]

    def title(self, playlist: int) -> str | None:
        """Return a playlist's title."""
        title: str | None = self.playlists["title"][playlist].as_py()
        return title

    def playlist(self, playlist: int) -> Playlist:
        """Return a playlist as a record."""
        fields = self.playlists.slice(playlist, 1).to_pylist()[0]
        return Playlist(tracks=tuple(self.catalogue.tracks(self.tracks_of(playlist))), **fields)

    def subset(self, playlists: npt.NDArray[np.integer | np.bool_]) -> PlaylistCorpus:
        """Return these playlists (rows in any order, or a mask of all rows) over the same catalogue."""
        chosen = np.asarray(playlists)
        rows = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64)
        indptr, indices = take_rows(self.indptr, self.indices, rows)
        return PlaylistCorpus(self.catalogue, indptr, indices, self.playlists.take(pa.array(rows)))

    def fingerprint(self) -> str:
        """Return the SHA-256 (hex) of the content: the same playlists in the same order give the same text."""
        digest = hashlib.sha256(b"crossfade corpus 1")
        for values in (self.catalogue.uris, self.indptr, self.indices):
            hash_array(digest, values)
        for column in (*self.catalogue.told_columns(), *self.playlists.columns):
            hash_column(digest, column)
        return digest.hexdigest()

    @classmethod
    def _of_parts(cls, parts: Sequence[Part]) -> PlaylistCorpus:
        catalogue = TrackCatalogue.merged(part.tracks for part in parts)
        return cls._joined(catalogue, ((part.playlists, part.entries) for part in parts))

    @classmethod
    def _joined(cls, catalogue: TrackCatalogue, tables: Iterable[tuple[pa.Table, pa.Table]]) -> PlaylistCorpus:
        counts, indices, playlists = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)], [PLAYLISTS_SCHEMA.empty_table()]
        for of_part, entries in tables:
            part_counts, part_indices = _rows_of(of_part, entries, catalogue)
            counts.append(part_counts)
            indices.append(part_indices)
            playlists.append(of_part.select(PLAYLISTS_SCHEMA.names))
        joined = pa.concat_tables(playlists).unify_dictionaries()
        return cls(catalogue, offsets_of(np.concatenate(counts)), np.concatenate(indices), joined)

    def _sorted(self) -> PlaylistCorpus:
        """Return the corpus sorted by source and pid, each pid once."""
        sources = self.playlists["source"].combine_chunks()
        rank = np.argsort(np.argsort(np.array(sources.dictionary.to_pylist(), dtype=object)))
        source_ranks = rank[sources.indices.to_numpy()]
        order = np.lexsort((self.pids, source_ranks))
        keys = np.stack([source_ranks, self.pids])[:, order]
        first = np.ones(len(order), np.bool_)
        first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        return self.subset(order[first])

    def _part_rows(self) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
        """Yield the name of each part to write, and its playlists."""
        fingerprint = self.fingerprint()
        sources = self.playlists["source"].combine_chunks()
        for code, source in enumerate(sources.dictionary.to_pylist()):
            rows = np.flatnonzero(sources.indices.to_numpy() == code)
            for start in range(0, len(rows), _PLAYLISTS_A_PART):
                name = hashlib.sha256(f"{fingerprint} {source} {start}".encode()).hexdigest()[:32]
                yield name, rows[start : start + _PLAYLISTS_A_PART]

    def _part(self, rows: npt.NDArray[np.int64]) -> Part:
        indptr, indices = take_rows(self.indptr, self.indices, rows)
        tracks, codes = np.unique(indices, return_inverse=True)
        uris = strings(self.catalogue.uris[tracks])
        playlists = self.playlists.take(pa.array(rows))
        return tabulate(
            playlists["source"][0].as_py(),
            playlists.drop_columns(["source"]),
            np.diff(indptr),
            pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), uris),
            self.catalogue.table.take(pa.array(tracks)).add_column(0, URI, uris).cast(TRACKS_SCHEMA),
        )


def _rows_of(
    playlists: pa.Table, entries: pa.Table, catalogue: TrackCatalogue
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return how many tracks each playlist of a part has, and the tracks, in playlist order and without repeats."""
    pids = playlists["pid"].to_numpy()
    entry_pids = entries["pid"].to_numpy()
    uris = entries[URI].combine_chunks()
    tracks = catalogue.indices_of(byte_strings(uris.dictionary))[uris.indices.to_numpy()].astype(np.int64)
    by_pid = np.argsort(pids, kind="stable")
    places = np.minimum(np.searchsorted(pids, entry_pids, sorter=by_pid), max(len(pids) - 1, 0))
    rows = by_pid[places] if len(pids) else places
    known = (tracks >= 0) & (pids[rows] == entry_pids if len(pids) else False)
    order = np.lexsort((entries["pos"].to_numpy(), rows))
    order = order[known[order]]
    rows, tracks = rows[order], tracks[order]
    _, first = np.unique(rows * len(catalogue) + tracks, return_index=True)
    kept = np.sort(first)
    return np.bincount(rows[kept], minlength=len(pids)), tracks[kept].astype(np.int32)
