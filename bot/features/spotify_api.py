"""Spotify's own audio features, for the few apps that may still ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from bot.domain.clock import Clock
from bot.domain.errors import SpotifyError, SpotifyRefused
from bot.domain.features import FEATURES_FROM_SPOTIFY, TrackFeatures
from bot.domain.library import TrackInfo
from bot.features.circuit import Circuit
from bot.features.values import clean, spotify_id

_TRACKS_A_CALL = 100
_log = structlog.get_logger(__name__)


class AppFeatures(Protocol):
    """What is needed of the Spotify adapter; see `bot.services.ports.SpotifyGateway`."""

    async def app_token(self) -> str:
        """Return an access token of the app's own."""
        ...

    async def audio_features(self, access_token: str, uris: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return features of up to 100 tracks by URI."""
        ...


class SpotifyFeatures:
    """Asks Spotify as the app itself; the first refusal switches this off for as long as the process lives.

    Args:
        spotify: the adapter of the app in the settings; its limiter holds the calls back.
        clock: tells the time.
    """

    source = FEATURES_FROM_SPOTIFY
    uses_network = True

    def __init__(self, spotify: AppFeatures, clock: Clock) -> None:
        self._spotify = spotify
        self._clock = clock
        self._circuit = Circuit(clock)
        self._refusal: str | None = None

    def out_of_order(self) -> str | None:
        """Return why Spotify is not asked, as a sentence, or None."""
        if self._refusal is not None:
            return self._refusal
        until = self._circuit.closed_until()
        return None if until is None else f"Spotify is not asked for audio features until {until:%Y-%m-%d %H:%M} UTC."

    async def features(self, tracks: Sequence[TrackInfo]) -> Mapping[str, TrackFeatures]:
        """Return what Spotify knows; tracks of failed calls are left out."""
        answers = {track.uri: self._answer(track.uri, {}) for track in tracks if spotify_id(track.uri) is None}
        waiting = [track.uri for track in tracks if track.uri not in answers]
        for start in range(0, len(waiting), _TRACKS_A_CALL):
            if self.out_of_order() is not None:
                break
            call = waiting[start : start + _TRACKS_A_CALL]
            try:
                found = await self._spotify.audio_features(await self._spotify.app_token(), call)
            except SpotifyRefused as refusal:
                self._refusal = f"Spotify does not give this app audio features: {refusal}"
                _log.warning(
                    "Spotify's audio features are switched off until the next start: apps made after 27 November 2024 "
                    "may not ask for them; take spotify out of CROSSFADE_FEATURES_PROVIDERS",
                    reason=str(refusal),
                )
                break
            except SpotifyError as fault:
                _log.info("Spotify gave no audio features", reason=str(fault))
                self._circuit.failed()
                break
            self._circuit.succeeded()
            answers.update((uri, self._answer(uri, clean(found.get(uri, {})))) for uri in call)
        return answers

    def _answer(self, uri: str, values: Mapping[str, float]) -> TrackFeatures:
        return TrackFeatures(uri, self.source, values, estimated=False, read_at=self._clock.now())
