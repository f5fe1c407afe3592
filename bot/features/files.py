"""What lies in the corpus folder: features imported from CSV files, and estimates from its playlists."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
import structlog

from bot.domain.clock import Clock
from bot.domain.features import FEATURES_ESTIMATED, FEATURES_FROM_CSV, TrackFeatures
from bot.domain.library import TrackInfo
from recommender.audio import AudioFeatures
from recommender.corpus import PlaylistCorpus
from recommender.errors import RecommenderError
from recommender.estimation import FeatureEstimator
from recommender.features import FEATURE_NAMES
from recommender.records import Track

Loaded = TypeVar("Loaded")
_log = structlog.get_logger(__name__)


class _Folder(Generic[Loaded]):
    """What is read of a folder, in a thread, and again when its files have changed."""

    def __init__(self, directory: Path, load: Callable[[], Loaded]) -> None:
        self._directory = directory
        self._load = load
        self._state: tuple[tuple[str, int, int], ...] | None = None
        self._loaded: Loaded | None = None
        self._loading = asyncio.Lock()

    async def read(self) -> Loaded | None:
        """Return the content, or None when it cannot be read, which is logged once for each state of the folder."""
        async with self._loading:
            state = await asyncio.to_thread(self._look)
            if state != self._state:
                self._state = state
                try:
                    self._loaded = await asyncio.to_thread(self._load)
                except RecommenderError as fault:
                    self._loaded = None
                    _log.warning("audio features cannot be read from the corpus", reason=str(fault))
            return self._loaded

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        files = sorted(self._directory.glob("**/part-*.parquet"))
        return tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)


class CsvFeatures:
    """Features that the operator imported with `crossfade import features`.

    A track that the files do not have is left out of the answer, not noted: other files may be imported any time.

    Args:
        corpus_dir: the corpus folder.
        clock: tells the time.
    """

    source = FEATURES_FROM_CSV
    uses_network = False

    def __init__(self, corpus_dir: Path, clock: Clock) -> None:
        self._clock = clock
        self._folder = _Folder(corpus_dir / "features", lambda: AudioFeatures.read(corpus_dir))

    def out_of_order(self) -> str | None:
        """Return None: files can always be read."""
        return None

    async def features(self, tracks: Sequence[TrackInfo]) -> Mapping[str, TrackFeatures]:
        """Return what the files hold of tracks."""
        found = await self._folder.read()
        if found is None or not len(found) or not tracks:
            return {}
        places = _places(found, tracks)
        return _answers(tracks, found.values[places], self.source, self._clock, given=places >= 0)


class EstimatedFeatures:
    """Estimates from the imported playlists and features; see `recommender.estimation`.

    Only imported playlists are learnt from, never those of members: what is read through Spotify must train no model.

    Args:
        corpus_dir: the corpus folder.
        clock: tells the time.
    """

    source = FEATURES_ESTIMATED
    uses_network = False

    def __init__(self, corpus_dir: Path, clock: Clock) -> None:
        self._clock = clock
        self._folder = _Folder(corpus_dir, lambda: _estimator(corpus_dir))

    def out_of_order(self) -> str | None:
        """Return None: there may be nothing to estimate from, but that is no fault."""
        return None

    async def features(self, tracks: Sequence[TrackInfo]) -> Mapping[str, TrackFeatures]:
        """Return estimates of the tracks that there is something to go by."""
        estimator = await self._folder.read()
        if estimator is None or not tracks:
            return {}
        estimates = await asyncio.to_thread(estimator.estimate_records, [_record(track) for track in tracks])
        given = np.isfinite(estimates.values).sum(axis=1) > 0
        return _answers(tracks, estimates.values, self.source, self._clock, given=given, estimated=True)


def _estimator(corpus_dir: Path) -> FeatureEstimator | None:
    features = AudioFeatures.read(corpus_dir)
    return FeatureEstimator().fit(PlaylistCorpus.read(corpus_dir), features) if len(features) else None


def _places(found: AudioFeatures, tracks: Sequence[TrackInfo]) -> npt.NDArray[np.int64]:
    wanted = np.array([track.uri.encode() if track.uri.isascii() else b"\xff" for track in tracks], dtype="S")
    places = np.minimum(np.searchsorted(found.uris, wanted), len(found) - 1)
    return np.where(found.uris[places] == wanted, places, -1)


def _answers(
    tracks: Sequence[TrackInfo],
    values: npt.NDArray[np.float32],
    source: str,
    clock: Clock,
    *,
    given: npt.NDArray[np.bool_],
    estimated: bool = False,
) -> dict[str, TrackFeatures]:
    now = clock.now()
    answers = {}
    for track, row, wanted in zip(tracks, values.tolist(), given.tolist(), strict=True):
        # Six digits are what 32 bits hold: 0.748 comes back as 0.748 and not as 0.7480000257492065.
        named = {n: float(f"{value:.6g}") for n, value in zip(FEATURE_NAMES, row, strict=True) if value == value}
        if wanted and named:
            answers[track.uri] = TrackFeatures(track.uri, source, named, estimated=estimated, read_at=now)
    return answers


def _record(track: TrackInfo) -> Track:
    artist = track.artists[0] if track.artists else None
    return Track(
        uri=track.uri,
        name=track.name,
        artist_name=artist.name if artist else None,
        artist_uri=artist.uri if artist else None,
    )
