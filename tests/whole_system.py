"""Fixtures of the whole system without its faces: real services on a real database, Spotify's stand-in over HTTP."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from bot.core import Core
    from bot.domain.clock import Clock
    from bot.sandbox.catalogue import SampleWorld
    from bot.sandbox.spotify import SpotifyServer
    from bot.settings import Settings

CLIENT_ID = "test-client"
MIRA = "mirasolenne"
JONAS = "jonaskettleburn"
NOBODY = "noorvale"
"""A listener without any playlist."""


@pytest.fixture(scope="session")
def sample_world() -> SampleWorld:
    """Build a sample world that is small but has every listener."""
    from bot.sandbox.catalogue import build_sample_world

    return build_sample_world(datetime(2026, 11, 20, 12, tzinfo=UTC), n_artists=120, n_tracks=1200, n_playlists=160)


@pytest.fixture(scope="session")
def sample_models(sample_world: SampleWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train once; return a home folder with the model."""
    from bot.sandbox.demo import train_on_sample

    home = tmp_path_factory.mktemp("trained")
    train_on_sample(sample_world, home, datetime(2026, 11, 20, 12, tzinfo=UTC))
    return home


@pytest.fixture(scope="session")
def operations_seen() -> Counter[tuple[str, str]]:
    """Count which of Spotify's operations have been held against its description."""
    return Counter()


@pytest.fixture
def spotify_server(
    sample_world: SampleWorld, clock: Clock, operations_seen: Counter[tuple[str, str]]
) -> Iterator[SpotifyServer]:
    """Run Spotify's stand-in, fresh for each test; afterwards all traffic must fit Spotify's own description."""
    from spotify_contract import breaches

    from bot.sandbox.spotify import SpotifyServer

    with SpotifyServer(sample_world, clock.now, rng=np.random.default_rng(7), client_id=CLIENT_ID) as server:
        yield server
        assert breaches(server.state.journal, operations_seen) == []


@pytest.fixture
def home(sample_models: Path, tmp_path: Path) -> Path:
    """Make a home folder whose models are the trained ones."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "models").symlink_to(sample_models / "models")
    return folder


@pytest.fixture
def settings(home: Path, database_url: str, spotify_server: SpotifyServer) -> Settings:
    """Give settings that point at the stand-in and at a fresh database."""
    from bot.settings import Settings

    return Settings(
        None,
        core={"home": home, "database_url": database_url, "encryption_keys": None},
        discord={"token": None, "development_guild": None},
        spotify={
            "client_id": CLIENT_ID,
            "client_secret": None,
            "accounts_url": spotify_server.url,
            "api_url": f"{spotify_server.url}/v1/",
            "open_url": spotify_server.url,
            "calls_per_window": 10_000,
        },
        web={"host": "127.0.0.1", "port": 8888, "public_url": None},
    )


@pytest.fixture
def open_core(settings: Settings, clock: Clock) -> Callable[[], AbstractAsyncContextManager[Core]]:
    """Give a way to open the system, as often as there are processes to play."""
    from bot.core import core

    return lambda: core(settings, clock, bring_up_to_date=False)


@pytest.fixture
async def system(open_core: Callable[[], AbstractAsyncContextManager[Core]]) -> AsyncIterator[Core]:
    """Open the system once."""
    async with contextlib.AsyncExitStack() as stack:
        yield await stack.enter_async_context(open_core())
