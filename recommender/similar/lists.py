"""Similar tracks and artists of a whole catalogue as text: a line a seed, `seed similar_1 similar_2 ...`."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from recommender.candidates.interactions import IntArray
from recommender.errors import RecommenderError
from recommender.files import write_atomically
from recommender.similar.pairs import NearestColumns
from recommender.similar.queries import Similar

if TYPE_CHECKING:
    from recommender.hybrid import Hybrid

Progress = Callable[[int, int], None]


def write_similar_tracks(
    model: Hybrid, out: str | Path, *, k: int = 20, limit: int | None = None, progress: Progress | None = None
) -> int:
    """Write the URIs of the k tracks most similar to each track; return the number of lines.

    The most popular seeds come first. A track that shares no playlist with another one has no line.

    Args:
        model: fitted or loaded.
        out: the file, which appears when it is whole; gzipped if it ends in .gz. One that is there is replaced.
        k: how many.
        limit: how many seeds at most, None for all.
        progress: called with the number of seeds done and of all.

    Raises:
        RecommenderError: the file cannot be written, or k or limit is too small.
    """
    similar = Similar(model)
    uris = similar.interactions.corpus.catalogue.uris
    sizes = similar.interactions.tracks.column_sizes
    seeds = np.argsort(-sizes, kind="stable").astype(np.int32)
    seeds = seeds[sizes[seeds] > 0][:limit]

    def words(tracks: IntArray) -> list[bytes]:
        return [_one_word(uri) for uri in uris[tracks].tolist()]

    return _write(Path(out), similar.nearest_tracks, seeds, words, k, limit, progress)


def write_similar_artists(
    model: Hybrid, out: str | Path, *, k: int = 20, limit: int | None = None, progress: Progress | None = None
) -> int:
    """Write the k artists most similar to each artist; return the number of lines.

    An artist is written as a URI or, where none is known, as "artist:" and the percent-encoded name, so that spaces
    only stand between artists; `recommender.similar.similar_artists` takes both. All else as `write_similar_tracks`.
    """
    similar = Similar(model)
    artists = similar.artist_names

    def words(some: IntArray) -> list[bytes]:
        return [_one_word(artists.word(artist).encode()) for artist in some.tolist()]

    return _write(Path(out), similar.nearest_artists, artists.by_popularity[:limit], words, k, limit, progress)


def write_file(out: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file at once, gzipped if its name ends in .gz; the same content gives the same bytes.

    Raises:
        RecommenderError: it cannot be written.
    """

    def packed(stream: BinaryIO) -> None:
        if out.suffix != ".gz":
            write(stream)
            return
        with gzip.GzipFile("", "wb", 6, stream, mtime=0) as zipped:
            write(cast(BinaryIO, zipped))

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, packed)
    except OSError as error:
        raise RecommenderError(f"{out} cannot be written ({error.strerror}): choose another place.") from error


def _write(
    out: Path,
    nearest: NearestColumns,
    seeds: IntArray,
    words: Callable[[IntArray], list[bytes]],
    k: int,
    limit: int | None,
    progress: Progress | None,
) -> int:
    if k < 1 or (limit is not None and limit < 1):
        raise RecommenderError("k and limit must be 1 or more.")
    lines = 0

    def write(stream: BinaryIO) -> None:
        nonlocal lines
        done = 0
        for found in nearest.chunks(seeds, k):
            own, others = words(found.columns), words(found.others)
            starts = found.offsets.tolist()
            for place, seed in enumerate(own):
                if starts[place] < starts[place + 1]:
                    stream.write(b" ".join([seed, *others[starts[place] : starts[place + 1]]]) + b"\n")
                    lines += 1
            done += len(own)
            if progress is not None:
                progress(done, len(seeds))

    write_file(out, write)
    return lines


def _one_word(uri: bytes) -> bytes:
    # No URI of Spotify's has a space, but a file that was imported may say otherwise.
    return b"%20".join(uri.split())
