"""Vectors of tracks and playlists as the TensorFlow Embedding Projector loads them.

Source: https://www.tensorflow.org/tensorboard/tensorboard_projector_plugin: a TSV of vectors without a header, and a
TSV of metadata with one line more, since it has a header when it has several columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from recommender.candidates.embeddings import Embeddings
from recommender.candidates.interactions import FloatArray, IntArray
from recommender.errors import RecommenderError
from recommender.similar.lists import Progress, write_file
from recommender.topk import top_indices

if TYPE_CHECKING:
    from recommender.hybrid import Hybrid

VECTORS = "vectors.tsv"
METADATA = "metadata.tsv"
PLAYLIST_VECTORS = "playlist_vectors.tsv"
PLAYLIST_METADATA = "playlist_metadata.tsv"
_TRACK_COLUMNS = ("name", "artist", "playlists", "uri")
_PLAYLIST_COLUMNS = ("title", "tracks", "source", "pid")
_ROWS_A_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class EmbeddingsWritten:
    """What `write_embeddings` wrote: how many tracks and playlists, and how many dimensions a vector has."""

    tracks: int
    playlists: int
    dimensions: int


def write_embeddings(
    model: Hybrid,
    directory: str | Path,
    *,
    limit: int | None = None,
    with_playlists: bool = False,
    compressed: bool = False,
    progress: Progress | None = None,
) -> EmbeddingsWritten:
    """Write `vectors.tsv` and `metadata.tsv` of the tracks, the most popular first.

    A row of the metadata has name, artist, number of playlists and URI; tabs and line breaks in names become spaces.

    Args:
        model: fitted or loaded, with a generator `Embeddings`.
        directory: made if it is not there; files of these names in it are replaced.
        limit: how many tracks at most, None for all that have a vector.
        with_playlists: also write `playlist_vectors.tsv` and `playlist_metadata.tsv`: of each playlist with a track
            that has a vector (also one beyond `limit`) the mean of those.
        compressed: gzip the files; ".gz" is added to their names.
        progress: called with the number of rows done and of all.

    Raises:
        RecommenderError: the model has no embeddings, limit is too small, or a file cannot be written.
    """
    if limit is not None and limit < 1:
        raise RecommenderError("limit must be 1 or more.")
    embeddings = next((part for part in model.generators_ if isinstance(part, Embeddings)), None)
    if embeddings is None:
        raise RecommenderError("This model has no embeddings: run `crossfade train` again, which makes some.")
    if not len(embeddings.tracks_):
        raise RecommenderError(
            f"No track of this model is in {embeddings.least_playlists} playlists, and others have no vector: "
            "import more playlists and train again."
        )
    counts = model.interactions_.tracks.column_sizes[embeddings.tracks_]
    places = top_indices(counts, np.zeros(0, np.int32), len(counts) if limit is None else limit)
    rows = _playlists(embeddings) if with_playlists else np.zeros(0, np.int32)
    tell = _Counter(progress, len(places) + len(rows))
    folder, suffix = Path(directory), ".gz" if compressed else ""
    if folder.is_file():
        raise RecommenderError(f"{folder} is a file: name a folder for the vectors and their metadata.")
    write_file(folder / f"{METADATA}{suffix}", _lines(_TRACK_COLUMNS, _track_rows(embeddings, places)))
    write_file(folder / f"{VECTORS}{suffix}", _matrix(lambda some: embeddings.vectors_[some], places, tell))
    if with_playlists:
        write_file(folder / f"{PLAYLIST_METADATA}{suffix}", _lines(_PLAYLIST_COLUMNS, _playlist_rows(embeddings, rows)))
        write_file(folder / f"{PLAYLIST_VECTORS}{suffix}", _matrix(embeddings.playlist_vectors, rows, tell))
    return EmbeddingsWritten(len(places), len(rows), embeddings.vectors_.shape[1])


class _Counter:
    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def __call__(self, rows: int) -> None:
        self._done += rows
        if self._progress is not None:
            self._progress(self._done, self._total)


def _playlists(embeddings: Embeddings) -> IntArray:
    """Return the playlists that have a track with a vector."""
    tracks = embeddings.interactions_.tracks
    known = embeddings.places[tracks.row_columns] >= 0
    rows = np.repeat(np.arange(tracks.n_rows, dtype=np.int32), np.diff(tracks.row_offsets))
    return np.unique(rows[known])


def _matrix(read: Callable[[IntArray], FloatArray], rows: IntArray, tell: _Counter) -> Callable[[BinaryIO], None]:
    def write(stream: BinaryIO) -> None:
        for start in range(0, len(rows), _ROWS_A_CHUNK):
            vectors = read(rows[start : start + _ROWS_A_CHUNK])
            line = "\t".join(["%.6g"] * vectors.shape[1]) + "\n"
            stream.write("".join([line % tuple(vector) for vector in vectors.tolist()]).encode())
            tell(len(vectors))

    return write


def _lines(header: Sequence[str], rows: Iterator[Sequence[object]]) -> Callable[[BinaryIO], None]:
    def write(stream: BinaryIO) -> None:
        stream.write(("\t".join(header) + "\n").encode())
        for row in rows:
            stream.write(("\t".join(map(_cell, row)) + "\n").encode())

    return write


def _track_rows(embeddings: Embeddings, places: IntArray) -> Iterator[Sequence[object]]:
    interactions = embeddings.interactions_
    for start in range(0, len(places), _ROWS_A_CHUNK):
        indices = embeddings.tracks_[places[start : start + _ROWS_A_CHUNK]]
        counts = interactions.tracks.column_sizes[indices].astype(np.int64).tolist()
        for track, count in zip(interactions.corpus.catalogue.tracks(indices), counts, strict=True):
            yield track.name, track.artist_name, count, track.uri


def _playlist_rows(embeddings: Embeddings, rows: IntArray) -> Iterator[Sequence[object]]:
    corpus = embeddings.interactions_.corpus
    lengths = np.diff(corpus.indptr)
    for start in range(0, len(rows), _ROWS_A_CHUNK):
        some = rows[start : start + _ROWS_A_CHUNK]
        fields = corpus.playlists.take(some).select(["title", "source", "pid"]).to_pylist()
        for playlist, length in zip(fields, lengths[some].tolist(), strict=True):
            yield playlist["title"], length, playlist["source"], playlist["pid"]


def _cell(value: object) -> str:
    # All white space, since the Projector also splits at what else counts as a line break; half a surrogate pair, which
    # JSON may hold, has no bytes.
    return "" if value is None else " ".join(str(value).split()).encode(errors="replace").decode()
