"""Spotify's audio features, for apps that still may ask and for those that may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.errors import SpotifyError, SpotifyRefused, SpotifyUnavailable
from bot.domain.library import TrackInfo
from bot.features.spotify_api import SpotifyFeatures

if TYPE_CHECKING:
    from tests.conftest import FakeClock

TRACKS = [TrackInfo(f"spotify:track:{number:022}", f"Song {number}") for number in range(250)]


@dataclass
class FakeSpotify:
    """The adapter: knows every second track."""

    fault: SpotifyError | None = None
    calls: list[int] = field(default_factory=list)

    async def app_token(self) -> str:
        return "app-token"

    async def audio_features(self, access_token: str, uris: Sequence[str]) -> dict[str, dict[str, float]]:
        assert access_token == "app-token"
        self.calls.append(len(uris))
        if self.fault is not None:
            raise self.fault
        return {uri: {"energy": 0.5, "tempo": 0.0} for uri in uris if int(uri[-1]) % 2 == 0}


async def test_it_asks_for_a_hundred_tracks_a_call_and_keeps_what_is_in_range(clock: FakeClock) -> None:
    spotify = FakeSpotify()
    answers = await SpotifyFeatures(spotify, clock).features([*TRACKS, TrackInfo("spotify:local:::x:1", "Mine")])
    assert spotify.calls == [100, 100, 50]
    assert len(answers) == 251
    assert {tuple(answer.values.items()) for answer in answers.values()} == {(), (("energy", 0.5),)}


async def test_one_refusal_switches_it_off_until_the_next_start(clock: FakeClock) -> None:
    spotify = FakeSpotify(SpotifyRefused("Spotify has closed this to new apps."))
    provider = SpotifyFeatures(spotify, clock)
    assert await provider.features(TRACKS) == {}
    clock.advance(days=400)
    assert await provider.features(TRACKS) == {}
    assert spotify.calls == [100]
    assert "Spotify has closed this to new apps." in (provider.out_of_order() or "")


async def test_an_outage_is_no_refusal(clock: FakeClock) -> None:
    spotify = FakeSpotify(SpotifyUnavailable())
    provider = SpotifyFeatures(spotify, clock)
    assert await provider.features(TRACKS) == {}
    spotify.fault = None
    assert len(await provider.features(TRACKS)) == 250
