"""Changing playlists, covers and libraries: each call once, and nothing read before a change has been heard out."""

from __future__ import annotations

import asyncio
import re
import threading

import pytest
from faulty_server import FaultyServer, Reply, as_json
from spotify_kit import TOKEN, Adapters
from standin_kit import playlist_named, sign_in

from bot.domain.errors import SpotifyRefused, SpotifyUnavailable
from bot.domain.quota import background
from bot.sandbox.spotify import SpotifyServer
from bot.spotify import SpotifyAdapter
from bot.spotify.arguments import LARGEST_COVER
from bot.spotify.errors import COVER_NOT_ACCEPTED, NOT_YOURS

JPEG = b"\xff\xd8\xff\xe0" + bytes(2000)
SNAPSHOT = as_json({"snapshot_id": "s2"}, 201)
MIRA = "mirasolenne"


def uris(count: int, spotify: SpotifyServer | None = None) -> list[str]:
    known = list(spotify.state.music.tracks) if spotify else [f"{number:022d}" for number in range(count)]
    return [f"spotify:track:{identifier}" for identifier in known[:count]]


async def test_a_playlist_is_filled_added_to_renamed_covered_and_taken_away(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    token = (await sign_in(client)).access_token
    tracks = uris(150, spotify)
    made = await client.create_playlist(token, "Found", "", public=False)
    stored = spotify.state.playlists[made.spotify_id]

    await client.put_items(token, made.spotify_id, tracks[:100])
    await client.add_items(token, made.spotify_id, tracks[100:])
    await client.change_playlist(token, made.spotify_id, name="Week\n48", description="a & b", public=True)
    await client.upload_cover(token, made.spotify_id, JPEG)

    assert [entry.uri for entry in stored.entries] == tracks
    assert (stored.name, stored.description, stored.public, stored.cover) == ("Week 48", "a & b", True, JPEG)
    assert await client.has_playlist(token, made.spotify_id)
    await client.remove_playlist(token, made.spotify_id)
    await client.remove_playlist(token, made.spotify_id)
    assert not await client.has_playlist(token, made.spotify_id)
    assert made.spotify_id not in [playlist.spotify_id for playlist in await client.playlists(token)]


async def test_putting_nothing_empties_a_playlist_and_adding_nothing_asks_nothing(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    token = (await sign_in(client)).access_token
    made = await client.create_playlist(token, "Found", "", public=False)
    await client.put_items(token, made.spotify_id, uris(3, spotify))
    spotify.state.journal.clear()

    await client.add_items(token, made.spotify_id, [])
    await client.put_items(token, made.spotify_id, [])

    assert spotify.state.playlists[made.spotify_id].entries == []
    assert len(spotify.state.journal) == 1


async def test_more_than_a_call_takes_is_refused_before_anything_is_asked(
    adapter: SpotifyAdapter, faulty: FaultyServer
) -> None:
    for attempt in (adapter.put_items, adapter.add_items):
        with pytest.raises(ValueError, match="100"):
            await attempt(TOKEN, "5pLaYLiSt", uris(101))
    assert faulty.seen == []


@pytest.mark.parametrize("picture", [b"", b"\x89PNG\r\n", b"\xff\xd8" + bytes(LARGEST_COVER - 1)])
async def test_a_cover_that_spotify_would_refuse_is_never_sent(
    adapter: SpotifyAdapter, faulty: FaultyServer, picture: bytes
) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        await adapter.upload_cover(TOKEN, "5pLaYLiSt", picture)
    assert faulty.seen == []


async def test_the_largest_cover_is_taken_and_a_refused_one_is_said(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    token = (await sign_in(client)).access_token
    made = await client.create_playlist(token, "Found", "", public=False)

    await client.upload_cover(token, made.spotify_id, JPEG[:4] + bytes(LARGEST_COVER - 4))
    spotify.state.faults.add("PUT", "/v1/playlists/*/images", status=413)
    with pytest.raises(SpotifyRefused, match=re.escape(COVER_NOT_ACCEPTED)):
        await client.upload_cover(token, made.spotify_id, JPEG)


async def test_a_cover_is_sent_as_base64_with_its_own_type(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    faulty.plan(Reply(202, b""))

    await adapter.upload_cover(TOKEN, "5pLaYLiSt", JPEG)

    (seen,) = faulty.seen
    assert (seen.method, seen.path, seen.headers["Content-Type"]) == (
        "PUT",
        "/v1/playlists/5pLaYLiSt/images",
        "image/jpeg",
    )
    assert seen.body.startswith(b"/9j/")


async def test_somebody_elses_playlist_is_not_changed(client: SpotifyAdapter) -> None:
    token = (await sign_in(client)).access_token
    followed = (await playlist_named(client, token, "neon nights")).spotify_id

    for attempt in (
        client.put_items(token, followed, []),
        client.change_playlist(token, followed, name="mine", description="", public=True),
        client.upload_cover(token, followed, JPEG),
    ):
        with pytest.raises(SpotifyRefused, match=re.escape(NOT_YOURS)):
            await attempt


@pytest.mark.parametrize("spotify_id", ["", "../me", "a/b", "a?x=1", "spotify:playlist:abc", "abc,spotify:track:x"])
async def test_what_is_no_id_never_comes_into_a_request(
    adapter: SpotifyAdapter, faulty: FaultyServer, spotify_id: str
) -> None:
    for attempt in (
        adapter.put_items(TOKEN, spotify_id, []),
        adapter.add_items(TOKEN, spotify_id, uris(1)),
        adapter.change_playlist(TOKEN, spotify_id, name="x", description="", public=True),
        adapter.upload_cover(TOKEN, spotify_id, JPEG),
        adapter.has_playlist(TOKEN, spotify_id),
        adapter.remove_playlist(TOKEN, spotify_id),
    ):
        with pytest.raises(SpotifyRefused, match="no such playlist"):
            await attempt
    assert faulty.seen == []


@pytest.mark.parametrize("reply", [Reply(500, b""), Reply(503, b""), Reply(200, b'{"snap', promised=99)])
async def test_no_change_is_ever_sent_twice(adapter: SpotifyAdapter, faulty: FaultyServer, reply: Reply) -> None:
    faulty.plan(reply)

    for attempt in (
        adapter.put_items(TOKEN, "abc", uris(1)),
        adapter.add_items(TOKEN, "abc", uris(1)),
        adapter.change_playlist(TOKEN, "abc", name="x", description="", public=True),
        adapter.upload_cover(TOKEN, "abc", JPEG),
        adapter.remove_playlist(TOKEN, "abc"),
    ):
        faulty.seen.clear()
        with pytest.raises(SpotifyUnavailable):
            await attempt
        assert len(faulty.seen) == 1


@pytest.mark.parametrize("answer", [[], [True, False], ["yes"], {}, {"contains": True}])
async def test_an_odd_answer_is_not_taken_for_a_deleted_playlist(
    adapter: SpotifyAdapter, faulty: FaultyServer, answer: object
) -> None:
    faulty.plan(as_json(answer))

    with pytest.raises(SpotifyUnavailable):
        await adapter.has_playlist(TOKEN, "abc")


async def test_a_person_is_told_soon_and_background_work_waits(
    adapters: Adapters, spotify: SpotifyServer, client: SpotifyAdapter
) -> None:
    token = (await sign_in(client)).access_token
    hurried = adapters(client_id="crossfade-sample-client", api_url=f"{spotify.url}/v1/", patience=0.3, retry_delays=())
    spotify.state.latency = 0.8

    with pytest.raises(SpotifyUnavailable):
        await hurried.profile(token)
    with background():
        assert (await hurried.profile(token)).user_id == MIRA


async def test_nothing_is_read_before_a_change_that_was_given_up_has_been_heard_out(
    adapters: Adapters, spotify: SpotifyServer, client: SpotifyAdapter
) -> None:
    token = (await sign_in(client)).access_token
    hurried = adapters(client_id="crossfade-sample-client", api_url=f"{spotify.url}/v1/", patience=0.6, retry_delays=())
    spotify.state.faults.add("POST", "/v1/me/playlists", hang=20)

    with pytest.raises(SpotifyUnavailable):
        await hurried.create_playlist(token, "Late one", "", public=False)
    with pytest.raises(SpotifyUnavailable):
        await hurried.playlists(token)
    threading.Timer(0.1, spotify.state.faults.clear).start()

    assert "Late one" in [playlist.name for playlist in await hurried.playlists(token)]


async def test_another_member_is_not_kept_waiting_by_a_change_that_hangs(
    adapters: Adapters, spotify: SpotifyServer, client: SpotifyAdapter
) -> None:
    mira, jonas = await sign_in(client), await sign_in(client, "jonaskettleburn")
    hurried = adapters(client_id="crossfade-sample-client", api_url=f"{spotify.url}/v1/", patience=0.6, retry_delays=())
    spotify.state.faults.add("POST", "/v1/me/playlists", hang=20)

    with pytest.raises(SpotifyUnavailable):
        await hurried.create_playlist(mira.access_token, "Late one", "", public=False)

    async with asyncio.timeout(3):
        assert await hurried.playlists(jonas.access_token)
    spotify.state.faults.clear()
