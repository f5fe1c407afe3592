"""Audio features of a large catalogue, written part by part; near each other within an artist, an album and a group."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from recommender.columns import strings
from recommender.files import write_atomically
from recommender.synthetic.scale.catalogue import ScaleCatalogue

_SHARES = ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence")
_ARTIST_CONCENTRATION = 14.0
_TRACK_CONCENTRATION = 30.0
_SCENE_SHIFT = 0.06
_TRACKS_A_PART = 100_000
_GZIP_LEVEL = 4


class FeatureDrawer:
    """Draws the features of any tracks of a catalogue, part by part.

    Those between 0 and 1 are beta distributed around their artist's mean, which is beta distributed around the group's;
    a scene leans a little to one side.

    Args:
        catalogue: the tracks.
        random_state: the seed.
    """

    def __init__(self, catalogue: ScaleCatalogue, random_state: int) -> None:
        self.catalogue = catalogue
        self._seed = random_state
        rng = np.random.default_rng((random_state, 104))
        self._artist_means = {}
        for place, name in enumerate(_SHARES):
            lean = _SCENE_SHIFT * ((catalogue.artist_scene + place) % 3 - 1)
            means = np.clip(self._of_group(name)[catalogue.artist_group] + lean, 0.01, 0.98)
            drawn = _beta(means, _ARTIST_CONCENTRATION, rng)
            self._artist_means[name] = np.clip(drawn, 0.005, 0.99).astype(np.float32)

    @property
    def n_parts(self) -> int:
        """How many parts there are."""
        return -(-self.catalogue.n_tracks // _TRACKS_A_PART)

    def part(self, number: int) -> tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[np.float64]]]:
        """Return the tracks of a part, and for each feature their values, in Spotify's units."""
        rng = np.random.default_rng((self._seed, 105, number))
        start = number * _TRACKS_A_PART
        tracks = np.arange(start, min(start + _TRACKS_A_PART, self.catalogue.n_tracks))
        artist = self.catalogue.track_artist(tracks)
        group = self.catalogue.artist_group[artist]
        values = {
            name: _beta(self._artist_means[name][artist].astype(np.float64), _TRACK_CONCENTRATION, rng)
            for name in _SHARES
        }
        loudness = rng.normal(self._of_group("loudness")[group], 2.2)
        tempo = rng.normal(self._of_group("tempo")[group], self._of_group("tempo_spread")[group])
        values["loudness"] = np.clip(loudness, -45.0, 1.0)
        values["tempo"] = np.clip(tempo, 45.0, 220.0)
        values["key"] = rng.integers(0, 12, len(tracks)).astype(np.float64)
        values["mode"] = (rng.random(len(tracks)) < self._of_group("major")[group]).astype(np.float64)
        return tracks, values

    def known(self, number: int, missing: float) -> npt.NDArray[np.bool_]:
        """Return which tracks of a part anybody has measured; popular ones are measured more often than others.

        Args:
            number: the part.
            missing: share of all tracks that nobody has.
        """
        rng = np.random.default_rng((self._seed, 106, number))
        start = number * _TRACKS_A_PART
        weights = self.catalogue.weights[start : start + _TRACKS_A_PART]
        if missing <= 0.0 or missing >= 1.0:
            return np.full(len(weights), missing <= 0.0)
        # The chance falls with the rank: a power of the quantile whose mean is the share that is measured.
        quantile = (np.argsort(np.argsort(weights, kind="stable"), kind="stable") + 0.5) / len(weights)
        return np.asarray(rng.random(len(weights)) < quantile ** (missing / (1.0 - missing)))

    def _of_group(self, name: str) -> npt.NDArray[np.float64]:
        return np.array([getattr(group.audio, name) for group in self.catalogue.groups], dtype=np.float64)


def write_features(
    drawer: FeatureDrawer, path: Path, missing: float, progress: Callable[[int, int], None] | None = None
) -> int:
    """Write the features of the measured tracks as a CSV file, gzipped if its name ends in .gz, whole or not at all.

    Returns:
        How many tracks were written.
    """
    written = 0

    def write(stream: BinaryIO) -> None:
        nonlocal written
        if not path.name.endswith(".gz"):
            written = _write_rows(stream, drawer, missing, progress)
            return
        # Neither name nor time in the head: the same seed gives the same bytes.
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, stream, mtime=0) as packed:
            written = _write_rows(packed, drawer, missing, progress)

    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, partial(write))
    return written


def _write_rows(
    stream: BinaryIO | gzip.GzipFile,
    drawer: FeatureDrawer,
    missing: float,
    progress: Callable[[int, int], None] | None,
) -> int:
    written = 0
    for number, table in enumerate(_tables(drawer, missing)):
        if not number:
            # Arrow would put quotes around the names.
            stream.write((",".join(table.column_names) + "\n").encode())
        options = csv.WriteOptions(include_header=False, quoting_style="none")
        sink = pa.BufferOutputStream()
        csv.write_csv(table, sink, options)
        stream.write(sink.getvalue())
        written += table.num_rows
        if progress is not None:
            progress(number + 1, drawer.n_parts)
    return written


def _tables(drawer: FeatureDrawer, missing: float) -> Iterator[pa.Table]:
    for number in range(drawer.n_parts):
        tracks, values = drawer.part(number)
        known = drawer.known(number, missing)
        columns: dict[str, pa.Array] = {"track_id": strings(drawer.catalogue.track_ids[tracks[known]])}
        for name in (*_SHARES, "loudness", "tempo"):
            columns[name] = pa.array(np.round(values[name][known], 4))
        for name in ("key", "mode"):
            columns[name] = pa.array(values[name][known].astype(np.int8))
        columns["duration_ms"] = pa.array(drawer.catalogue.duration_ms[tracks[known]])
        columns["time_signature"] = pa.array(np.full(int(known.sum()), 4, np.int8))
        yield pa.table(columns)


def _beta(mean: npt.NDArray[np.float64], concentration: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return rng.beta(mean * concentration, (1.0 - mean) * concentration)
