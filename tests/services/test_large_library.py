"""A library of 300 playlists and 30,000 items: how many calls it takes, and how much memory."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.sandbox.catalogue import SampleEntry
from bot.sandbox.guests import consent
from bot.sandbox.spotify.playlists import StoredPlaylist

if TYPE_CHECKING:
    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer

ALICE, GUILD = 4_100_000_000_000_000_001, 4_200_000_000_000_000_001
COLLECTOR = "mirasolenne"
PLAYLISTS, ITEMS = 300, 100
MEGABYTE = 2**20
SCRIPT = Path(__file__).with_name("syncing_process.py")

pytestmark = pytest.mark.slow


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Leave it at SQLite, which works in the measured process itself."""
    return sqlite_url


async def test_a_large_library_takes_the_fewest_calls_and_little_memory(
    system: Core, spotify_server: SpotifyServer, home: Path, database_url: str
) -> None:
    n_liked = collect(spotify_server)
    asked = await system.services.accounts.begin_login(ALICE, GUILD)
    back = await consent(asked.url, COLLECTOR)
    await system.services.accounts.complete_login(back.params["state"], back.params["code"])
    spotify_server.state.journal.clear()

    first = await sync_in_a_process_of_its_own(home, database_url, spotify_server.url)
    assert (first["read"], first["tracks"]) == (PLAYLISTS, PLAYLISTS * ITEMS)
    listing = {"/v1/me/playlists": 6, "/v1/me/player/recently-played": 1}
    counted = calls(spotify_server)
    assert counted == {
        **listing,
        "items": 600,
        "/v1/me/tracks": -(-n_liked // 50),
        "/v1/me/top/tracks": 3,
        "/v1/me/top/artists": 3,
    }

    second = await sync_in_a_process_of_its_own(home, database_url, spotify_server.url)
    again = calls(spotify_server)
    assert second["read"] == 0
    assert again == {**listing, "/v1/me/tracks": 1}

    print(f"first sync: {sum(counted.values())} calls, {first['peak'] / MEGABYTE:.0f} MiB at most")
    print(f"second sync: {sum(again.values())} calls, {second['peak'] / MEGABYTE:.0f} MiB at most")
    assert first["peak"] < 300 * 1_000_000


def collect(server: SpotifyServer) -> int:
    """Give the collector the large library in place of the one they have; return how many liked songs they have."""
    state = server.state
    uris = [track.record.uri for track in state.world.music.tracks]
    added_at: datetime = state.now()
    draw = np.random.default_rng(11)
    library = []
    for number in range(PLAYLISTS):
        picks = draw.integers(len(uris), size=ITEMS)
        entries = [SampleEntry(uris[pick], added_at, COLLECTOR) for pick in picks]
        playlist = StoredPlaylist(
            state.ids.new_id(), COLLECTOR, f"No. {number}", "", True, False, state.ids, entries=entries
        )
        state.playlists[playlist.id] = playlist
        library.append(playlist.id)
    state.listeners[COLLECTOR].library[:] = library
    return sum(uri.startswith("spotify:track:") for uri in state.listeners[COLLECTOR].saved)


def calls(server: SpotifyServer) -> dict[str, int]:
    """Return how often the Web API was called, the items of all playlists together, and forget it."""
    paths = (exchange.path for exchange in server.state.journal if exchange.path.startswith("/v1/"))
    counted = Counter("items" if path.endswith("/items") else path for path in paths)
    server.state.journal.clear()
    return dict(counted)


async def sync_in_a_process_of_its_own(home: Path, database_url: str, spotify_url: str) -> dict[str, int]:
    """Sync once and return what the process says about it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        str(home),
        database_url,
        spotify_url,
        str(ALICE),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    answer, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, int] = json.loads(answer.splitlines()[-1])
    return found
