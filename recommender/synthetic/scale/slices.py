"""Drawn slices as JSON files of the Million Playlist Dataset's shape, put together by columns instead of objects."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recommender.columns import offsets_of
from recommender.files import write_atomically
from recommender.synthetic.scale.catalogue import ScaleCatalogue
from recommender.synthetic.scale.playlists import LONGEST, DrawnSlice
from recommender.synthetic.writers import GENERATED_ON

_GZIP_LEVEL = 4
_POSITIONS = [f'{{"pos":{position},' for position in range(LONGEST)]


def slice_name(start: int, count: int, *, gz: bool) -> str:
    """Return the name of the file with `count` playlists from pid `start` on."""
    return f"mpd.slice.{start}-{start + count - 1}.json{'.gz' if gz else ''}"


def write_slice(catalogue: ScaleCatalogue, drawn: DrawnSlice, path: Path) -> None:
    """Write a slice, gzipped if its name ends in .gz; the file is there whole or not at all."""

    def write(stream: BinaryIO) -> None:
        if not path.name.endswith(".gz"):
            stream.writelines(text.encode() for text in slice_json(catalogue, drawn))
            return
        # Neither name nor time in the head: the same seed gives the same bytes.
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, stream, mtime=0) as packed:
            packed.writelines(text.encode() for text in slice_json(catalogue, drawn))

    write_atomically(path, write)


def slice_json(catalogue: ScaleCatalogue, drawn: DrawnSlice) -> Iterator[str]:
    """Yield the file's text in pieces: what comes before the playlists, each of them, what comes after."""
    count = len(drawn.counts)
    info = {
        "generated_on": GENERATED_ON,
        "slice": f"{drawn.start}-{drawn.start + count - 1}",
        "version": "v1",
    }
    yield f'{{"info":{json.dumps(info)},"playlists":['
    distinct, codes = np.unique(drawn.tracks, return_inverse=True)
    entries = _track_json(catalogue.table(distinct)).take(pa.array(codes)).to_pylist()
    bounds = offsets_of(drawn.counts)
    playlist = np.repeat(np.arange(count), drawn.counts)
    albums = catalogue.track_album[drawn.tracks]
    durations = np.add.reduceat(catalogue.duration_ms[drawn.tracks].astype(np.int64), bounds[:-1]).tolist()
    columns = zip(
        drawn.titles,
        drawn.descriptions,
        drawn.collaborative.tolist(),
        drawn.modified_at.tolist(),
        drawn.counts.tolist(),
        _distinct(playlist, albums, count),
        drawn.followers.tolist(),
        drawn.edits.tolist(),
        durations,
        _distinct(playlist, catalogue.album_artist[albums], count),
        bounds.tolist(),
        strict=False,
    )
    for number, (
        title, description, shared, modified, n_tracks, n_albums, followers, edits, duration, n_artists, first
    ) in enumerate(columns):  # fmt: skip
        tracks = ",".join(map(str.__add__, _POSITIONS, entries[first : first + n_tracks]))
        described = "" if description is None else f',"description":{json.dumps(description)}'
        yield (
            f'{"," if number else ""}{{"name":{json.dumps(title)},"collaborative":"{"true" if shared else "false"}",'
            f'"pid":{drawn.start + number},"modified_at":{modified},"num_tracks":{n_tracks},"num_albums":{n_albums},'
            f'"num_followers":{followers},"tracks":[{tracks}],"num_edits":{edits},"duration_ms":{duration},'
            f'"num_artists":{n_artists}{described}}}'
        )
    yield "]}"


def _track_json(tracks: pa.Table) -> pa.Array:
    """Return the JSON of each track after its position; names come from word lists that need no escapes."""
    return pc.binary_join_element_wise(
        pa.scalar('"artist_name":"'),
        tracks["artist_name"].combine_chunks(),
        pa.scalar('","track_uri":"'),
        tracks["track_uri"].combine_chunks(),
        pa.scalar('","artist_uri":"'),
        tracks["artist_uri"].combine_chunks(),
        pa.scalar('","track_name":"'),
        tracks["name"].combine_chunks(),
        pa.scalar('","album_uri":"'),
        tracks["album_uri"].combine_chunks(),
        pa.scalar('","duration_ms":'),
        pc.cast(tracks["duration_ms"].combine_chunks(), pa.string()),
        pa.scalar(',"album_name":"'),
        tracks["album_name"].combine_chunks(),
        pa.scalar('"}'),
        "",
    )


def _distinct(playlist: np.ndarray, codes: np.ndarray, count: int) -> list[int]:
    """Return how many different codes each playlist has."""
    width = int(codes.max(initial=0)) + 1
    keys = np.sort(playlist * width + codes)
    first = np.append(True, keys[1:] != keys[:-1])
    found: list[int] = np.bincount(keys[first] // width, minlength=count).tolist()
    return found
