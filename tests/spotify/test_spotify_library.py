"""Reading a library of the Spotify stand-in, and making playlists in it."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from spotify_kit import NOW
from standin_kit import playlist_named, sign_in

from bot.domain.errors import (
    AccessTokenRejected,
    SpotifyRateLimited,
    SpotifyRefused,
    SpotifyUnavailable,
)
from bot.sandbox.catalogue import SampleWorld
from bot.sandbox.spotify import SpotifyServer
from bot.spotify import SpotifyAdapter


async def test_a_library_is_read_as_the_listener_has_it(client: SpotifyAdapter, spotify: SpotifyServer) -> None:
    tokens = await sign_in(client)

    listed = await client.playlists(tokens.access_token)

    library = [spotify.state.playlists[spotify_id] for spotify_id in spotify.state.listener("mirasolenne").library]
    assert [(p.spotify_id, p.name, p.owner_id, p.total, p.snapshot_id, p.collaborative, p.public) for p in listed] == [
        (p.id, p.name, p.owner, len(p.entries), p.snapshot_id, p.collaborative, p.public) for p in library
    ]
    assert all(p.url and p.url.startswith(spotify.url) and p.owner_name for p in listed)


async def test_a_library_of_many_pages_is_read_whole(client: SpotifyAdapter, spotify: SpotifyServer) -> None:
    tokens = await sign_in(client)
    for number in range(120):
        spotify.state.create_playlist("mirasolenne", f"no {number}", description="", public=False, collaborative=False)

    listed = await client.playlists(tokens.access_token)

    assert [p.spotify_id for p in listed] == spotify.state.listener("mirasolenne").library
    assert len(listed) > 120


async def test_a_long_playlist_is_read_whole_and_in_order(
    client: SpotifyAdapter, spotify: SpotifyServer, world: SampleWorld
) -> None:
    tokens = await sign_in(client)
    playlist = await playlist_named(client, tokens.access_token, "everything i ever loved")

    items = await client.playlist_items(tokens.access_token, playlist.spotify_id)

    stored = spotify.state.playlists[playlist.spotify_id].entries
    assert len(items.entries) == playlist.total == 137
    assert [(e.track.uri, e.added_at, e.added_by) for e in items.entries] == [
        (e.uri, e.added_at.astimezone(UTC), e.added_by) for e in stored
    ]
    known = {track.record.uri: track for track in world.music.tracks}
    for entry in items.entries:
        track = known[entry.track.uri]
        assert (entry.track.name, entry.track.isrc) == (track.record.name, track.isrc)
        assert entry.track.duration_ms == track.record.duration_ms
        assert entry.track.artists[0].uri is not None
        assert entry.track.album_name is not None
        assert entry.track.url is not None
        assert entry.track.image_url is not None
    pages = spotify.state.journal.find("GET", f"/v1/playlists/{playlist.spotify_id}/items")
    assert [page.query["offset"] for page in pages] == ["0", "50", "100"]


async def test_lost_items_episodes_and_local_files_are_skipped_and_counted(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    tokens = await sign_in(client, "ifemarlowe")
    playlist = await playlist_named(client, tokens.access_token, "odds and ends")

    items = await client.playlist_items(tokens.access_token, playlist.spotify_id)

    stored = [entry.uri for entry in spotify.state.playlists[playlist.spotify_id].entries]
    assert [e.track.uri for e in items.entries] == [uri for uri in stored if uri and uri.startswith("spotify:track:")]
    assert (len(items.entries), items.skipped) == (12, 3)


async def test_one_track_is_looked_up(client: SpotifyAdapter, world: SampleWorld) -> None:
    tokens = await sign_in(client)
    wanted = world.music.tracks[3]

    found = await client.track(tokens.access_token, wanted.record.uri)

    assert (found.uri, found.name, found.isrc) == (wanted.record.uri, wanted.record.name, wanted.isrc)
    with pytest.raises(SpotifyRefused, match="no such track"):
        await client.track(tokens.access_token, "spotify:track:0000000000000000000000")


async def test_a_playlist_is_made_filled_replaced_and_cleared(
    client: SpotifyAdapter, spotify: SpotifyServer, world: SampleWorld
) -> None:
    token = (await sign_in(client)).access_token
    uris = [track.record.uri for track in world.music.tracks[:230]]

    made = await client.create_playlist(token, "Crossfade finds", "thirty of them", public=False)
    stored = spotify.state.playlists[made.spotify_id]
    assert (stored.owner, stored.name, stored.description, stored.public) == (
        "mirasolenne",
        "Crossfade finds",
        "thirty of them",
        False,
    )
    assert made.url == f"{spotify.url}/playlist/{made.spotify_id}"

    for wanted in (uris, uris, uris[:30], []):
        await client.put_items(token, made.spotify_id, wanted[:100])
        await client.add_items(token, made.spotify_id, wanted[100:200])
        await client.add_items(token, made.spotify_id, wanted[200:])
        assert [entry.uri for entry in stored.entries] == wanted
    assert all("bare array body" not in exchange.remarks for exchange in spotify.state.journal)


async def test_a_lost_answer_to_creating_makes_no_second_playlist(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    token = (await sign_in(client)).access_token
    before = len(spotify.state.playlists_of("mirasolenne"))
    spotify.state.faults.add("POST", "/v1/me/playlists", status=500, after=True)

    with pytest.raises(SpotifyUnavailable):
        await client.create_playlist(token, "Crossfade finds", "", public=False)

    assert len(spotify.state.playlists_of("mirasolenne")) == before + 1


async def test_a_rate_limit_in_the_middle_of_a_playlist_ends_the_reading(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    token = (await sign_in(client)).access_token
    playlist = await playlist_named(client, token, "everything i ever loved")
    spotify.state.faults.add("GET", "/v1/playlists/*/items", status=429, headers={"Retry-After": "48925"})
    spotify.state.faults.add("GET", "/v1/me/playlists", status=429)

    with pytest.raises(SpotifyRateLimited) as long:
        await client.playlist_items(token, playlist.spotify_id)
    with pytest.raises(SpotifyRateLimited) as short:
        await client.playlists(token)

    assert long.value.retry_at == NOW + timedelta(seconds=48925)
    assert short.value.retry_at == NOW + timedelta(seconds=30)


async def test_a_short_outage_while_reading_goes_unnoticed(client: SpotifyAdapter, spotify: SpotifyServer) -> None:
    token = (await sign_in(client)).access_token
    spotify.state.faults.add("GET", "/v1/me/playlists", status=500, times=2)

    assert await client.playlists(token)


async def test_a_token_that_spotify_rejects_is_not_tried_again(client: SpotifyAdapter, spotify: SpotifyServer) -> None:
    token = (await sign_in(client)).access_token
    spotify.state.faults.add("GET", "/v1/me", status=401, times=None)

    with pytest.raises(AccessTokenRejected):
        await client.profile(token)

    assert len(spotify.state.journal.find("GET", "/v1/me")) == 1
