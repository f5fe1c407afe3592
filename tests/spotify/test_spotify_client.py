"""Which requests are made of the Web API, and what is read from its answers."""

from __future__ import annotations

import pytest
from faulty_server import FaultyServer, Reply, as_json
from spotify_kit import TOKEN, Adapters

from bot.domain.errors import (
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


async def test_the_profile_is_asked_for_at_the_documented_path(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    faulty.plan(ME)

    profile = await adapter.profile(TOKEN)

    assert (profile.account_id, profile.user_id, profile.display_name) == ("acc-mira", "mira", "Mira")
    assert [(seen.method, seen.path) for seen in faulty.seen] == [("GET", "/v1/me")]
    assert faulty.seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


async def test_all_pages_are_read_and_a_token_follows_no_link_to_another_host(
    adapter: SpotifyAdapter, faulty: FaultyServer
) -> None:
    elsewhere = FaultyServer()
    faulty.plan(
        page(["a", "b"], f"{elsewhere.url}/v1/users/mira/playlists?offset=2&limit=2"),
        page(["b", "c"], "https://api.spotify.com/v1/users/mira/playlists?offset=4&limit=2"),
        page(["d"], None),
    )

    found = await adapter.playlists(TOKEN)

    elsewhere.close()
    assert [playlist.spotify_id for playlist in found] == ["a", "b", "c", "d"]
    assert [seen.path for seen in faulty.seen] == [f"/v1/me/playlists?limit=50&offset={offset}" for offset in (0, 2, 4)]
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    "following", ["https://api.spotify.com/v1/me/playlists?offset=0", "https://api.spotify.com/", 7]
)
async def test_pages_that_lead_nowhere_are_an_outage_and_no_short_list(
    adapter: SpotifyAdapter, faulty: FaultyServer, following: str
) -> None:
    faulty.plan(page(["a"], following))

    with pytest.raises(SpotifyUnavailable):
        await adapter.playlists(TOKEN)

    assert len(faulty.seen) == 1


async def test_odd_entries_are_skipped_and_counted(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    track = {"uri": f"spotify:track:{TRACK_ID}", "name": "Last Stop", "artists": [None, 7, {"name": "Paper Lanterns"}]}
    odd = [None, 7, [], {}, {"item": None}, {"item": {"uri": 5}}, {"item": {"type": "episode"}}]
    faulty.plan(as_json({"items": [{"item": track}, *odd, {"track": track}], "next": None}))

    items = await adapter.playlist_items(TOKEN, "abc")

    assert [(entry.track.name, entry.track.artist_names) for entry in items.entries] == [
        ("Last Stop", "Paper Lanterns")
    ] * 2
    assert items.skipped == len(odd)


@pytest.mark.parametrize("spotify_id", ["", "../me", "a/b", "a?x=1", "spotify:playlist:abc", "abc\n"])
async def test_what_is_no_id_never_comes_into_a_path(
    adapter: SpotifyAdapter, faulty: FaultyServer, spotify_id: str
) -> None:
    with pytest.raises(SpotifyRefused, match="no such playlist"):
        await adapter.playlist_items(TOKEN, spotify_id)
    with pytest.raises(SpotifyRefused, match="no such playlist"):
        await adapter.put_items(TOKEN, spotify_id, uris(1))
    with pytest.raises(SpotifyRefused, match="no such track"):
        await adapter.track(TOKEN, f"spotify:track:{spotify_id}")

    assert faulty.seen == []


async def test_a_playlist_is_private_unless_it_is_meant_to_be_public(
    adapter: SpotifyAdapter, faulty: FaultyServer
) -> None:
    faulty.plan(PLAYLIST)

    made = await adapter.create_playlist(TOKEN, "Found", "by Crossfade", public=False)
    await adapter.create_playlist(TOKEN, "Found", "by Crossfade", public=True)

    assert (made.spotify_id, made.name, made.url) == ("5pLaYLiSt", "Found", "https://open.spotify.com/p")
    assert [(seen.method, seen.path) for seen in faulty.seen] == [("POST", "/v1/me/playlists")] * 2
    assert [seen.json for seen in faulty.seen] == [
        {"name": "Found", "description": "by Crossfade", "public": public, "collaborative": False}
        for public in (False, True)
    ]


async def test_names_and_descriptions_are_made_to_fit(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    faulty.plan(PLAYLIST)

    await adapter.create_playlist(TOKEN, "long " * 50, "two\nlines " * 100, public=False)

    sent = faulty.seen[0].json
    assert (len(sent["name"]), sent["name"][-6:]) == (100, " long…")
    assert len(sent["description"]) <= 300
    assert "\n" not in sent["description"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b""),
        Reply(200, b"nonsense"),
        Reply(201, b'{"id": "x', promised=99),
        Reply(201, b"{}"),
        Reply(hang=True),
    ],
)
async def test_creating_is_never_tried_twice(adapters: Adapters, faulty: FaultyServer, reply: Reply) -> None:
    faulty.plan(reply)
    adapter = adapters(request_timeout=0.2 if reply.hang else 5.0)

    with pytest.raises(SpotifyUnavailable):
        await adapter.create_playlist(TOKEN, "Found", "", public=False)

    assert len(faulty.seen) == 1


@pytest.mark.parametrize("count", [0, 1, 100])
async def test_a_hundred_tracks_go_in_one_call_in_their_order(
    adapter: SpotifyAdapter, faulty: FaultyServer, count: int
) -> None:
    faulty.plan(SNAPSHOT)

    await adapter.put_items(TOKEN, "5pLaYLiSt", uris(count))

    (seen,) = faulty.seen
    assert (seen.method, seen.path, seen.json) == ("PUT", "/v1/playlists/5pLaYLiSt/items", {"uris": uris(count)})
