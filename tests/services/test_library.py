"""Reading playlists from Spotify into the database."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bot.domain.accounts import AccountChanged
from bot.domain.errors import NotConnected, SpotifyRefused, SpotifyUnavailable, UnknownPlaylist
from bot.domain.library import SOURCE_LINKS, PlaylistKind, RemoteItems
from bot.sandbox.guests import link_guest

if TYPE_CHECKING:
    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer

ALICE, BOB, GUILD = 4_100_000_000_000_000_001, 4_100_000_000_000_000_002, 4_200_000_000_000_000_001
MIRA, JONAS, IFE, NOOR = "mirasolenne", "jonaskettleburn", "ifemarlowe", "noorvale"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Run on SQLite alone: what differs between databases is tested in tests/storage."""
    return sqlite_url


async def test_own_and_collaborative_playlists_are_read_whole_others_left_out(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    playlists = {playlist.name: playlist for playlist in await system.services.library.playlists(ALICE)}
    assert playlists["everything i ever loved"].n_tracks == 137
    assert "flat 3b kitchen" in playlists
    assert "neon nights" not in playlists


async def test_a_second_sync_reads_only_the_listing(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    spotify_server.state.journal.clear()
    report = await system.services.library.sync(ALICE)
    assert report.playlists_read == 0
    assert report.playlists_unchanged > 4
    assert Counter(exchange.path for exchange in spotify_server.state.journal) == {
        "/v1/me/playlists": 1,
        "/v1/me/tracks": 1,
        "/v1/me/player/recently-played": 1,
    }


async def test_what_changed_is_read_again_and_what_went_is_removed(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    before = await system.services.library.playlists(ALICE)
    changed = next(playlist for playlist in before if playlist.name == "desk lamp")
    uris = (
        await system.services.accounts.with_token(
            ALICE, lambda token: system.spotify.playlist_items(token, changed.spotify_id)
        )
    ).entries
    await system.services.accounts.with_token(
        ALICE, lambda token: system.spotify.put_items(token, changed.spotify_id, [uris[0].track.uri])
    )
    report = await system.services.library.sync(ALICE)
    after = {playlist.name: playlist for playlist in await system.services.library.playlists(ALICE)}
    assert report.playlists_read == 1
    assert after["desk lamp"].n_tracks == 1


async def test_null_items_local_files_and_episodes_are_skipped_and_counted(system: Core) -> None:
    link = await link_guest(system.services, ALICE, GUILD, IFE)
    assert link.display_name == "Ife Marlowe"
    await system.services.accounts.disconnect(ALICE)
    await link_guest_without_sync(system, ALICE, IFE)
    report = await system.services.library.sync(ALICE)
    assert report.items_skipped == 3
    playlists = {playlist.name: playlist for playlist in await system.services.library.playlists(ALICE)}
    assert playlists["odds and ends"].n_tracks == 12


async def test_an_outage_in_the_middle_keeps_what_was_read(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest_without_sync(system, ALICE, MIRA)
    spotify_server.state.faults.add("GET", "/v1/playlists/*/items", status=503, times=None)
    with pytest.raises(SpotifyUnavailable):
        await system.services.library.sync(ALICE)
    spotify_server.state.faults.clear()
    assert (await system.services.library.sync(ALICE)).playlists_read > 4
    assert len(await system.services.library.playlists(ALICE)) > 4


async def test_a_refusal_of_the_whole_app_removes_nothing(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    before = await system.services.library.playlists(ALICE)
    desk_lamp = next(playlist for playlist in before if playlist.name == "desk lamp")
    await system.services.accounts.with_token(
        ALICE, lambda token: system.spotify.put_items(token, desk_lamp.spotify_id, [])
    )
    body = {"error": {"status": 403, "message": "Active premium subscription required for the owner of the app"}}
    spotify_server.state.faults.add("GET", "/v1/playlists/*/items", status=403, body=body, times=None)
    with pytest.raises(SpotifyRefused, match="Premium"):
        await system.services.library.sync(ALICE)
    assert len(await system.services.library.playlists(ALICE)) == len(before)


async def test_a_playlist_that_is_out_of_reach_now_leaves_the_library(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    before = await system.services.library.playlists(ALICE)
    desk_lamp = next(playlist for playlist in before if playlist.name == "desk lamp")
    await system.services.accounts.with_token(
        ALICE, lambda token: system.spotify.put_items(token, desk_lamp.spotify_id, [])
    )
    spotify_server.state.faults.add("GET", f"/v1/playlists/{desk_lamp.spotify_id}/items", status=404, times=None)
    report = await system.services.library.sync(ALICE)
    assert (report.playlists_out_of_reach, report.playlists_removed) == (2, 1)


async def test_a_sync_that_was_overtaken_by_another_account_says_so_and_writes_nothing_back(
    system: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    await link_guest_without_sync(system, ALICE, MIRA)
    read, calls = system.spotify.playlist_items, itertools.count()

    async def overtaken(access_token: str, spotify_id: str) -> RemoteItems:
        items = await read(access_token, spotify_id)
        if next(calls) == 1:
            await link_guest_without_sync(system, ALICE, JONAS)
        return items

    monkeypatch.setattr(system.spotify, "playlist_items", overtaken)
    with pytest.raises(AccountChanged, match="/sync"):
        await system.services.library.sync(ALICE)
    assert await system.services.library.playlists(ALICE) == []
    assert (await system.services.library.sync(ALICE)).playlists_read > 1


async def test_liked_songs_are_a_playlist_of_their_own_kind_before_all_others(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    first, *others = await system.services.library.playlists(ALICE)
    assert (first.kind, first.name, first.public) == (PlaylistKind.LIKED, "Liked Songs", False)
    assert first.n_tracks > 10
    assert {playlist.kind for playlist in others} == {PlaylistKind.PLAYLIST}


async def test_a_song_that_was_unliked_leaves(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    before = (await system.services.library.playlists(ALICE))[0]
    saved = spotify_server.state.listeners[MIRA].saved
    saved.pop(next(uri for uri in saved if uri.startswith("spotify:track:")))
    report = await system.services.library.sync(ALICE)
    after = (await system.services.library.playlists(ALICE))[0]
    assert (report.liked, after.n_tracks, after.id) == (before.n_tracks - 1, before.n_tracks - 1, before.id)
    saved.clear()
    assert (await system.services.library.sync(ALICE)).liked == 0
    assert {p.kind for p in await system.services.library.playlists(ALICE)} == {PlaylistKind.PLAYLIST}


async def test_what_is_left_out_stays_so_over_a_sync_and_is_found_apart(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    library = system.services.library
    [lamp] = await library.find_playlists(ALICE, "desk lamp")
    assert (await library.leave_out(ALICE, lamp.id, left_out=True)).left_out
    stored = spotify_server.state.playlists[lamp.spotify_id]
    stored.replace([entry.uri for entry in stored.entries[:3]], MIRA, spotify_server.state.now())
    await library.sync(ALICE)
    assert [(one.name, one.n_tracks) for one in await library.find_playlists(ALICE, "", left_out=True)] == [
        ("desk lamp", 3)
    ]
    assert "desk lamp" not in {one.name for one in await library.find_playlists(ALICE, "", left_out=False)}
    assert not (await library.leave_out(ALICE, lamp.id, left_out=False)).left_out


async def test_nobody_leaves_out_a_playlist_of_somebody_else(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await link_guest(system.services, BOB, GUILD, JONAS)
    alices = (await system.services.library.playlists(ALICE))[0]
    with pytest.raises(UnknownPlaylist):
        await system.services.library.leave_out(BOB, alices.id, left_out=True)
    assert not (await system.services.library.playlist(ALICE, alices.id)).left_out


async def test_who_has_imported_a_list_needs_no_account(system: Core) -> None:
    await import_list(system, ALICE)
    library = system.services.library
    [imported] = await library.playlists(ALICE)
    assert await library.playlist(ALICE, imported.id) == imported
    with pytest.raises(NotConnected):
        await library.playlists(BOB)
    with pytest.raises(NotConnected):
        await library.playlist(BOB, imported.id)
    with pytest.raises(NotConnected, match="/connect"):
        await library.sync(ALICE)


async def test_neither_a_sync_nor_another_account_touches_what_was_imported(system: Core) -> None:
    await import_list(system, ALICE)
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await link_guest_without_sync(system, ALICE, JONAS)
    [imported] = await system.services.library.playlists(ALICE)
    assert imported.source == SOURCE_LINKS
    await system.services.library.sync(ALICE)
    assert imported in await system.services.library.playlists(ALICE)


async def test_an_empty_library_is_no_fault(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, NOOR)
    assert await system.services.library.playlists(ALICE) == []


async def test_who_is_not_connected_is_told_how(system: Core) -> None:
    with pytest.raises(NotConnected, match="/connect"):
        await system.services.library.sync(ALICE)


async def test_playlists_are_found_by_any_part_of_their_name(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.library.find_playlists(ALICE, "NIGHT")
    assert [playlist.name for playlist in found] == ["late night jazz 🎷"]
    assert await system.services.library.find_playlists(BOB, "") == []


async def test_another_members_playlist_stays_theirs(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await link_guest(system.services, BOB, GUILD, JONAS)
    alices = (await system.services.library.playlists(ALICE))[0]
    with pytest.raises(UnknownPlaylist):
        await system.services.library.playlist(BOB, alices.id)


async def link_guest_without_sync(system: Core, member_id: int, listener: str) -> None:
    from bot.sandbox.guests import consent

    link = await system.services.accounts.begin_login(member_id, GUILD)
    back = await consent(link.url, listener)
    await system.services.accounts.complete_login(back.params["state"], back.params["code"])


async def import_list(system: Core, member_id: int) -> None:
    from bot.storage.models import MemberRow, PlaylistRow

    async with system.database.transaction() as session:
        session.add(MemberRow(id=member_id))
        await session.flush()
        session.add(
            PlaylistRow(
                source=SOURCE_LINKS,
                kind=PlaylistKind.IMPORT.value,
                member_id=member_id,
                spotify_id="crossfade:links:1",
                name="Pasted",
                snapshot_id="",
                collaborative=False,
                total=0,
                n_tracks=0,
                rank=0,
                synced_at=system.clock.now(),
            )
        )
