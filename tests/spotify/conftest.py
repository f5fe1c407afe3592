"""A server that misbehaves, the stand-in that does not, and adapters that talk to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
from faulty_server import FaultyServer
from spotify_contract import breaches
from spotify_kit import NOW, Adapters, StandingClock
from standin_kit import CLIENT_ID, CLIENT_SECRET, adapter_for

from bot.sandbox.catalogue import SampleWorld, build_sample_world
from bot.sandbox.spotify import SpotifyServer
from bot.spotify import SpotifyAdapter


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def faulty() -> Iterator[FaultyServer]:
    server = FaultyServer()
    yield server
    server.close()


@pytest.fixture
async def adapters(faulty: FaultyServer, clock: StandingClock) -> AsyncIterator[Adapters]:
    made: list[SpotifyAdapter] = []

    def make(**changes: object) -> SpotifyAdapter:
        settings = {
            "client_id": "crossfade-client",
            "client_secret": None,
            "redirect_uri": "http://127.0.0.1:8765/spotify/callback",
            "clock": clock,
            "accounts_url": faulty.url,
            "api_url": f"{faulty.url}/v1/",
            "request_timeout": 5.0,
            "retry_delays": (0.0, 0.0),
        }
        made.append(SpotifyAdapter(**(settings | changes)))
        return made[-1]

    yield make
    faulty.release()
    for adapter in made:
        await adapter.close()


@pytest.fixture
def adapter(adapters: Adapters) -> SpotifyAdapter:
    return adapters()


@pytest.fixture(scope="session")
def world() -> SampleWorld:
    return build_sample_world(NOW, n_artists=60, n_tracks=800, n_playlists=4)


@pytest.fixture(scope="session")
def running(world: SampleWorld) -> Iterator[SpotifyServer]:
    rng = np.random.default_rng(7)
    with SpotifyServer(world, lambda: NOW, rng=rng, client_id=CLIENT_ID, client_secret=CLIENT_SECRET) as server:
        yield server


@pytest.fixture
def spotify(
    running: SpotifyServer, clock: StandingClock, operations_seen: Counter[tuple[str, str]]
) -> Iterator[SpotifyServer]:
    """Give the stand-in, fresh; afterwards all traffic must fit Spotify's own description."""
    running.state.reset()
    running.state.registered_users = None
    running.state.clock = clock.now
    yield running
    assert breaches(running.state.journal, operations_seen) == []


@pytest.fixture
async def client(spotify: SpotifyServer, clock: StandingClock) -> AsyncIterator[SpotifyAdapter]:
    made = adapter_for(spotify, clock, None)
    yield made
    await made.close()
