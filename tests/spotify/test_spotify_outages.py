"""The Web API when it is not well: limits, outages, refusals and nonsense."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
import spotipy
from faulty_server import FaultyServer, Reply, as_json
from spotify_kit import NOW, TOKEN, Adapters, everything_said_by, names_no_secret

from bot.domain.errors import (
    AccessTokenRejected,
    SpotifyError,
    SpotifyRateLimited,
    SpotifyRefused,
    SpotifyUnavailable,
)
from bot.spotify import SpotifyAdapter

TRACK_ID = "4uLU6hMCjMI75M1A2tKUQC"
ME = as_json({"id": "mira", "account_id": "acc-mira", "display_name": "Mira"})
PLAYLIST = as_json(
    {"id": "5pLaYLiSt", "name": "Found", "external_urls": {"spotify": "https://open.spotify.com/p"}}, 201
)
SNAPSHOT = as_json({"snapshot_id": "s2"}, 201)


def uris(count: int) -> list[str]:
    return [f"spotify:track:{number:022d}" for number in range(count)]


def page(names: list[str], following: str | None) -> Reply:
    return as_json({"items": [{"id": name, "name": name} for name in names], "next": following})


async def test_a_rate_limit_is_reported_at_once_with_its_end(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    body = {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}
    faulty.plan(as_json(body, 429, Retry_After="48925"))

    async with asyncio.timeout(5):
        with pytest.raises(SpotifyRateLimited) as caught:
            await adapter.profile(TOKEN)

    assert caught.value.retry_at == NOW + timedelta(seconds=48925)
    assert len(faulty.seen) == 1


async def test_a_rate_limit_without_an_end_lasts_thirty_seconds(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    faulty.plan(Reply(429, b"Too many requests"))

    with pytest.raises(SpotifyRateLimited) as caught:
        await adapter.playlists(TOKEN)

    assert caught.value.retry_at == NOW + timedelta(seconds=30)


async def test_spotipy_alone_would_sleep_until_the_rate_limit_ends(faulty: FaultyServer) -> None:
    faulty.plan(Reply(429, b"", {"Retry-After": "1"}), ME)
    naive = spotipy.Spotify(auth=TOKEN)
    naive.prefix = f"{faulty.url}/v1/"
    begun = time.monotonic()

    await asyncio.to_thread(naive.me)

    assert time.monotonic() - begun >= 0.95


async def test_spotipys_own_session_would_report_an_outage_as_a_rate_limit(faulty: FaultyServer) -> None:
    faulty.plan(Reply(503, b""))
    naive = spotipy.Spotify(auth=TOKEN, retries=0, status_retries=0, status_forcelist=(500, 502, 503, 504))
    naive.prefix = f"{faulty.url}/v1/"

    with pytest.raises(spotipy.SpotifyException) as caught:
        await asyncio.to_thread(naive.me)

    assert caught.value.http_status == 429


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_outage_is_an_outage_after_three_quick_tries(
    adapter: SpotifyAdapter, faulty: FaultyServer, status: int
) -> None:
    faulty.plan(Reply(status, b"<html>Bad gateway</html>", {"Retry-After": "3600"}))

    async with asyncio.timeout(5):
        with pytest.raises(SpotifyUnavailable):
            await adapter.profile(TOKEN)

    assert len(faulty.seen) == 3


@pytest.mark.parametrize(
    "hiccup",
    [
        Reply(503, b""),
        Reply(200, b'{"id": "mi', promised=500),
        Reply(200, b"<html>Hello</html>"),
        Reply(200, b""),
        Reply(200, b"null"),
        Reply(200, b"[" * 100_000),
    ],
)
async def test_reading_survives_a_hiccup(adapter: SpotifyAdapter, faulty: FaultyServer, hiccup: Reply) -> None:
    faulty.plan(hiccup, ME)

    assert (await adapter.profile(TOKEN)).account_id == "acc-mira"


async def test_a_profile_without_an_id_is_an_outage(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    faulty.plan(as_json({"display_name": "nobody"}))

    with pytest.raises(SpotifyUnavailable):
        await adapter.profile(TOKEN)


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"{}", b'{"items": {}}', b'{"items": null, "next": null}'])
async def test_a_page_that_is_none_is_never_an_empty_library(
    adapter: SpotifyAdapter, faulty: FaultyServer, body: bytes
) -> None:
    faulty.plan(Reply(200, body))

    with pytest.raises(SpotifyUnavailable):
        await adapter.playlists(TOKEN)
    with pytest.raises(SpotifyUnavailable):
        await adapter.playlist_items(TOKEN, "abc")


async def test_tries_come_to_an_end_inside_three_seconds(adapters: Adapters, faulty: FaultyServer) -> None:
    faulty.plan(Reply(503, b""))
    adapter = adapters(retry_delays=(0.0, 60.0, 60.0))

    async with asyncio.timeout(3):
        with pytest.raises(SpotifyUnavailable):
            await adapter.profile(TOKEN)

    assert len(faulty.seen) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AccessTokenRejected), (403, SpotifyRefused), (404, SpotifyRefused), (400, SpotifyRefused)],
)
@pytest.mark.parametrize(
    "body", [b'{"error": {"message": "no"}}', b'{"error": "no"}', b'{"error": null}', b"[]", b"7", b"null", b"", b"no"]
)
async def test_a_refusal_is_one_whatever_its_body(
    adapter: SpotifyAdapter, faulty: FaultyServer, status: int, kind: type[SpotifyError], body: bytes
) -> None:
    faulty.plan(Reply(status, body))

    with pytest.raises(kind):
        await adapter.profile(TOKEN)

    assert len(faulty.seen) == 1


async def test_nobody_listening_is_an_outage(adapters: Adapters) -> None:
    with pytest.raises(SpotifyUnavailable):
        await adapters(api_url="http://127.0.0.1:9/v1/").profile(TOKEN)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(401, f"Invalid access token {TOKEN}".encode()),
        Reply(403, TOKEN.encode()),
        Reply(500, TOKEN.encode()),
        Reply(200, b"nonsense"),
        Reply(200, b"", promised=10),
        Reply(307, b"", {"Location": f"http://127.0.0.1:9/?token={TOKEN}"}),
    ],
)
async def test_no_token_is_in_an_error_or_its_causes(
    adapter: SpotifyAdapter, faulty: FaultyServer, reply: Reply
) -> None:
    faulty.plan(reply)

    for attempt in (adapter.profile(TOKEN), adapter.create_playlist(TOKEN, "Found", "", public=False)):
        with pytest.raises(SpotifyError) as caught:
            await attempt
        assert names_no_secret(everything_said_by(caught.value))
        assert caught.value.__context__ is None
