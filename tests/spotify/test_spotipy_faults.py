"""What spotipy gets wrong when it is called naively, each beside what is asked of Spotify instead.

Source: Spotify's changes of February 2026, and spotipy 2.26.0's source.
"""

from __future__ import annotations

import ast
import asyncio
import base64
import logging
import os
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import spotipy
from faulty_server import FaultyServer, Reply, as_json
from spotify_kit import SECRET, TOKEN, Adapters
from spotipy.oauth2 import SpotifyClientCredentials

import bot.spotify
from bot.domain.errors import AccessTokenRejected
from bot.spotify import SpotifyAdapter

PLAYLIST = "5pLaYLiSt"
TRACK = "spotify:track:4uLU6hMCjMI75M1A2tKUQC"
RETIRED = {
    "tracks",
    "artists",
    "albums",
    "user_playlist_create",
    "user_playlists",
    "artist_top_tracks",
    "artist_related_artists",
    "recommendations",
    "playlist_tracks",
    "user_playlist",
    "playlist_is_following",
    "current_user_follow_playlist",
}


class Fault(NamedTuple):
    name: str
    naive: Callable[[spotipy.Spotify], object]
    wrong: str
    ours: Callable[[SpotifyAdapter], Awaitable[object]]
    right: str
    answer: Reply


FAULTS = [
    Fault(
        "me",
        lambda naive: naive.me(),
        "GET /v1/me/",
        lambda adapter: adapter.profile(TOKEN),
        "GET /v1/me",
        as_json({"id": "mira"}),
    ),
    Fault(
        "unfollow",
        lambda naive: naive.current_user_unfollow_playlist(PLAYLIST),
        f"DELETE /v1/playlists/{PLAYLIST}/followers",
        lambda adapter: adapter.remove_playlist(TOKEN, PLAYLIST),
        f"DELETE /v1/me/library?uris=spotify%3Aplaylist%3A{PLAYLIST}",
        Reply(200, b""),
    ),
    Fault(
        "create",
        lambda naive: naive.user_playlist_create("mira", "Found"),
        "POST /v1/users/mira/playlists",
        lambda adapter: adapter.create_playlist(TOKEN, "Found", "", public=False),
        "POST /v1/me/playlists",
        as_json({"id": PLAYLIST}, 201),
    ),
    Fault(
        "audio features",
        lambda naive: naive.audio_features([TRACK]),
        "GET /v1/audio-features/?ids=4uLU6hMCjMI75M1A2tKUQC",
        lambda adapter: adapter.audio_features(TOKEN, [TRACK]),
        "GET /v1/audio-features?ids=4uLU6hMCjMI75M1A2tKUQC",
        as_json({"audio_features": [None]}),
    ),
    Fault(
        "one track",
        lambda naive: naive.tracks([TRACK]),
        "GET /v1/tracks/?ids=4uLU6hMCjMI75M1A2tKUQC",
        lambda adapter: adapter.track(TOKEN, TRACK),
        "GET /v1/tracks/4uLU6hMCjMI75M1A2tKUQC",
        as_json({"uri": TRACK, "name": "Last Stop"}),
    ),
]


@pytest.fixture
def naive(faulty: FaultyServer) -> spotipy.Spotify:
    client = spotipy.Spotify(auth=TOKEN, retries=0, status_retries=0)
    client.prefix = f"{faulty.url}/v1/"
    return client


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_spotipy_asks_for_what_is_retired_and_the_adapter_does_not(
    naive: spotipy.Spotify, adapter: SpotifyAdapter, faulty: FaultyServer, fault: Fault
) -> None:
    faulty.plan(fault.answer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        await asyncio.to_thread(fault.naive, naive)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await fault.ours(adapter)

    assert [f"{seen.method} {seen.path}" for seen in faulty.seen] == [fault.wrong, fault.right]


async def test_spotipy_adds_items_as_a_bare_array_and_the_adapter_as_an_object(
    naive: spotipy.Spotify, adapter: SpotifyAdapter, faulty: FaultyServer
) -> None:
    faulty.plan(as_json({"snapshot_id": "s"}, 201))

    await asyncio.to_thread(naive.playlist_add_items, PLAYLIST, [TRACK])
    await adapter.add_items(TOKEN, PLAYLIST, [TRACK])

    assert [seen.json for seen in faulty.seen] == [[TRACK], {"uris": [TRACK]}]


async def test_spotipy_cannot_say_whether_a_playlist_is_followed_and_the_adapter_can(
    naive: spotipy.Spotify, adapter: SpotifyAdapter, faulty: FaultyServer
) -> None:
    faulty.plan(as_json([True]))

    with pytest.raises(TypeError):
        naive.playlist_is_following(PLAYLIST, ["mira"])
    assert await adapter.has_playlist(TOKEN, PLAYLIST)

    asked = [f"{seen.method} {seen.path}" for seen in faulty.seen]
    assert asked == [f"GET /v1/me/library/contains?uris=spotify%3Aplaylist%3A{PLAYLIST}"]


def test_nothing_that_spotify_has_retired_is_called() -> None:
    package = Path(bot.spotify.__file__).parent
    called = {
        node.func.attr
        for path in package.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "client"
    }
    assert "current_user_playlists" in called
    assert called & RETIRED == set()


@pytest.mark.parametrize("token", ["", "nonsense"])
async def test_a_token_that_is_none_opens_no_browser_and_asks_nobody_at_the_keyboard(
    adapter: SpotifyAdapter, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a service has no browser and nobody at the keyboard")

    monkeypatch.setattr("webbrowser.open", refuse)
    monkeypatch.setattr("builtins.input", refuse)
    monkeypatch.setenv("SPOTIPY_CLIENT_ID", "somebody-elses")
    monkeypatch.setenv("SPOTIPY_CLIENT_SECRET", "somebody-elses")
    monkeypatch.setenv("SPOTIPY_REDIRECT_URI", "http://127.0.0.1:9/")
    faulty.plan(as_json({"error": {"status": 401, "message": "No token provided"}}, 401))

    with pytest.raises(AccessTokenRejected):
        await adapter.profile(token)

    assert len(faulty.seen) == 1


async def test_spotipy_logs_an_apps_secret_and_the_adapter_does_not(
    adapters: Adapters, faulty: FaultyServer, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.plan(as_json({"access_token": TOKEN, "expires_in": 3600}))
    caplog.set_level(logging.DEBUG)
    adapter = adapters(client_secret=SECRET)
    await adapter.app_token()
    said = caplog.text
    basic = base64.b64encode(f"crossfade-client:{SECRET}".encode()).decode()
    assert (TOKEN in said, SECRET in said, basic in said) == (False, False, False)

    loud = logging.getLogger("spotipy.oauth2")
    quiet, loud.filters = loud.filters, []
    login = SpotifyClientCredentials(
        "crossfade-client", SECRET, cache_handler=spotipy.cache_handler.MemoryCacheHandler()
    )
    login.OAUTH_TOKEN_URL = f"{faulty.url}/api/token"
    await asyncio.to_thread(login.get_access_token, as_dict=False)
    loud.filters = quiet
    assert basic in caplog.text


async def test_spotipy_keeps_an_apps_token_in_a_file_and_the_adapter_in_memory(
    adapters: Adapters, faulty: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    faulty.plan(as_json({"access_token": TOKEN, "expires_in": 3600}))

    await adapters(client_secret=SECRET).app_token()

    assert os.listdir(tmp_path) == []
