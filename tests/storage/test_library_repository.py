"""Tests of playlists, entries and tracks in the database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text, update
from sqlalchemy.engine import Engine
from storage_samples import MEMBER, NOW, OTHER, entries, profile, remote, tokens, track

from bot.domain.accounts import AccountChanged
from bot.domain.errors import NotConnected
from bot.domain.library import LIKED_ID, SOURCE_LINKS, ArtistRef, LibraryPlaylist, PlaylistEntry, PlaylistKind
from bot.storage.models import AlbumRow, ArtistRow, PlaylistEntryRow, PlaylistRow, TrackRow
from bot.storage.repositories import SqlAccountRepository, SqlLibraryRepository
from bot.storage.session import Database


@pytest.fixture(autouse=True)
async def _members(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens(), NOW)
    await accounts.link(OTHER, profile("bob"), tokens(), NOW)


async def _only(library: SqlLibraryRepository, member_id: int = MEMBER) -> LibraryPlaylist:
    [playlist] = await library.playlists(member_id)
    return playlist


async def test_a_stored_playlist_comes_back_with_its_tracks_in_order(library: SqlLibraryRepository) -> None:
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("p1", total=9), entries([5, 1, 5, 3]), NOW)

    playlist = await _only(library)
    assert playlist == LibraryPlaylist(
        playlist.id,
        MEMBER,
        "p1",
        "Playlist p1",
        True,
        "snapshot-1",
        4,
        "https://open.spotify.com/playlist/p1",
        None,
        NOW,
    )
    assert await library.track_uris([playlist.id]) == {
        playlist.id: [track(number).uri for number in (5, 1, 5, 3)],
    }


async def test_every_field_of_a_track_comes_back(library: SqlLibraryRepository) -> None:
    full = track(1, artists=(ArtistRef("Zoé", "spotify:artist:z"), ArtistRef("Ä", "spotify:artist:a")))
    bare = track(
        2, artists=(), album_name=None, album_uri=None, duration_ms=None, explicit=None, isrc=None, image_url=None
    )
    named = track(3, artists=(ArtistRef("Only a name"),), album_name="Only a name", album_uri=None)
    given = {item.uri: item for item in (full, bare, named)}
    await library.replace_playlist(
        MEMBER, "account-ada", 0, remote(), [PlaylistEntry(item) for item in given.values()], NOW
    )

    assert await library.tracks([*given, "spotify:track:unknown"]) == given
    assert await library.known_tracks([MEMBER]) == list(given.values())


async def test_replacing_a_playlist_leaves_only_what_is_new_and_keeps_its_id(library: SqlLibraryRepository) -> None:
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), entries(range(10)), NOW)
    before = await _only(library)
    later = NOW + timedelta(days=1)
    await library.replace_playlist(
        MEMBER, "account-ada", 3, remote(name="New", snapshot_id="snapshot-2"), entries([7, 2]), later
    )

    after = await _only(library)
    assert (after.id, after.name, after.snapshot_id) == (before.id, "New", "snapshot-2")
    assert (after.n_tracks, after.synced_at) == (2, later)
    assert (await library.track_uris([after.id]))[after.id] == [track(7).uri, track(2).uri]


async def test_replacing_twice_with_the_same_is_the_same_as_once(
    library: SqlLibraryRepository, database: Database
) -> None:
    async def rows() -> list[object]:
        async with database.reading() as session:
            tables = "playlists", "playlist_entries", "tracks", "artists", "albums", "track_artists"
            return [sorted((await session.execute(text(f"SELECT * FROM {name}"))).all(), key=str) for name in tables]  # noqa: S608

    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), entries(range(30)), NOW)
    once = await rows()
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), entries(range(30)), NOW)
    assert await rows() == once


async def test_an_emptied_playlist_stays_without_tracks(library: SqlLibraryRepository) -> None:
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), entries(range(3)), NOW)
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), [], NOW)

    playlist = await _only(library)
    assert playlist.n_tracks == 0
    assert await library.track_uris([playlist.id, 999]) == {playlist.id: [], 999: []}


async def test_who_added_a_track_and_when_is_kept(library: SqlLibraryRepository, database: Database) -> None:
    items = [PlaylistEntry(track(1), NOW, "user-bob"), PlaylistEntry(track(2))]
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), items, NOW)

    async with database.reading() as session:
        rows = await session.scalars(select(PlaylistEntryRow).order_by(PlaylistEntryRow.position))
        assert [(row.added_at, row.added_by) for row in rows] == [(NOW, "user-bob"), (None, None)]


async def test_a_track_is_stored_once_and_takes_what_is_newly_known(
    library: SqlLibraryRepository, database: Database
) -> None:
    old = track(1, name="Old", isrc=None, artists=(ArtistRef("A", "spotify:artist:a"), ArtistRef("B")))
    new = track(1, name="New", duration_ms=None, artists=(ArtistRef("A renamed", "spotify:artist:a"),))
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("p1"), [PlaylistEntry(old)], NOW)
    await library.replace_playlist(OTHER, "account-bob", 0, remote("p2"), [PlaylistEntry(new)], NOW)

    assert await library.tracks([old.uri]) == {old.uri: replace(new, duration_ms=old.duration_ms)}
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(TrackRow)) == 1
        assert await session.scalar(select(func.count()).select_from(AlbumRow)) == 1
        assert await session.scalar(select(func.count()).select_from(ArtistRow)) == 2


async def test_what_is_not_known_this_time_blanks_nothing(library: SqlLibraryRepository) -> None:
    bare = track(1, artists=(), album_name=None, album_uri=None, duration_ms=None, isrc=None, image_url=None, url=None)
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), [PlaylistEntry(track(1))], NOW)
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), [PlaylistEntry(bare)], NOW)
    assert await library.tracks([bare.uri]) == {bare.uri: track(1)}


async def test_playlists_come_in_the_order_of_the_listing(library: SqlLibraryRepository) -> None:
    for rank, spotify_id in ((2, "c"), (0, "a"), (1, "b")):
        await library.replace_playlist(MEMBER, "account-ada", rank, remote(spotify_id), entries([1]), NOW)
    assert [playlist.spotify_id for playlist in await library.playlists(MEMBER)] == ["a", "b", "c"]

    later = NOW + timedelta(hours=1)
    await library.touch_playlists(MEMBER, "account-ada", {"a": 9, "b": 4, "unknown": 1}, later)
    await library.touch_playlists(MEMBER, "account-ada", {}, later)
    assert [(p.spotify_id, p.synced_at) for p in await library.playlists(MEMBER)] == [
        ("c", NOW),
        ("b", later),
        ("a", later),
    ]


async def test_playlists_belong_to_one_member(library: SqlLibraryRepository) -> None:
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("shared"), entries([1]), NOW)
    await library.replace_playlist(OTHER, "account-bob", 0, remote("shared"), entries([1, 2]), NOW)
    mine, theirs = await _only(library), await _only(library, OTHER)

    assert (mine.n_tracks, theirs.n_tracks) == (1, 2)
    assert await library.playlist(MEMBER, mine.id) == mine
    assert await library.playlist(MEMBER, theirs.id) is None
    await library.touch_playlists(MEMBER, "account-ada", {"shared": 5}, NOW + timedelta(days=1))
    assert (await _only(library, OTHER)).synced_at == NOW


async def test_playlists_that_are_gone_are_removed_with_their_entries(
    library: SqlLibraryRepository, database: Database
) -> None:
    for rank in range(5):
        await library.replace_playlist(MEMBER, "account-ada", rank, remote(f"p{rank}"), entries(range(4)), NOW)
    await library.replace_playlist(OTHER, "account-bob", 0, remote("p0"), entries(range(4)), NOW)

    assert await library.remove_playlists_except(MEMBER, "account-ada", {"p1", "p3", "unknown"}) == 3
    assert [playlist.spotify_id for playlist in await library.playlists(MEMBER)] == ["p1", "p3"]
    assert await library.remove_playlists_except(MEMBER, "account-ada", set()) == 2
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(PlaylistEntryRow)) == 4


async def test_known_tracks_are_distinct_and_only_of_these_members(library: SqlLibraryRepository) -> None:
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("p1"), entries([1, 2, 1]), NOW)
    await library.replace_playlist(MEMBER, "account-ada", 1, remote("p2"), entries([2, 3]), NOW)
    await library.replace_playlist(OTHER, "account-bob", 0, remote("p3"), entries([3, 4]), NOW)

    assert {item.uri for item in await library.known_tracks([MEMBER])} == {track(n).uri for n in (1, 2, 3)}
    assert len(await library.known_tracks([MEMBER, OTHER, MEMBER])) == 4
    assert await library.known_tracks([]) == []


async def test_nothing_is_stored_for_a_member_who_is_not_connected(
    library: SqlLibraryRepository, accounts: SqlAccountRepository, database: Database
) -> None:
    await accounts.delete_member(MEMBER)
    with pytest.raises(NotConnected):
        await library.replace_playlist(MEMBER, "account-ada", 0, remote(), entries([1]), NOW)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(PlaylistRow)) == 0


async def test_nothing_is_written_for_another_account_than_the_one_that_was_read(
    library: SqlLibraryRepository, accounts: SqlAccountRepository
) -> None:
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("old"), entries([1]), NOW)
    await accounts.link(MEMBER, profile("eve"), tokens("2"), NOW)
    await library.replace_playlist(MEMBER, "account-eve", 7, remote("new"), entries([2]), NOW)
    before = await library.playlists(MEMBER)

    with pytest.raises(AccountChanged, match="/sync"):
        await library.replace_playlist(MEMBER, "account-ada", 0, remote("old"), entries([1]), NOW)
    with pytest.raises(AccountChanged):
        await library.touch_playlists(MEMBER, "account-ada", {"new": 0}, NOW + timedelta(days=1))
    with pytest.raises(AccountChanged):
        await library.remove_playlists_except(MEMBER, "account-ada", {"old"})
    assert await library.playlists(MEMBER) == before


async def test_members_who_sync_the_same_new_tracks_at_once_do_not_wait_for_each_other_in_a_circle(
    library: SqlLibraryRepository, database: Database, second_database: Database
) -> None:
    """The tracks come in opposite orders and have nothing else in common that would let one sync wait for the other."""
    elsewhere = SqlLibraryRepository(second_database)
    for attempt in range(4):
        numbers = range(attempt * 300, attempt * 300 + 300)
        bare = [PlaylistEntry(track(number, artists=(), album_name=None, album_uri=None)) for number in numbers]
        await asyncio.gather(
            library.replace_playlist(MEMBER, "account-ada", 0, remote("p1", snapshot_id=f"{attempt}"), bare, NOW),
            elsewhere.replace_playlist(
                OTHER, "account-bob", 0, remote("p2", snapshot_id=f"{attempt}"), bare[::-1], NOW
            ),
        )
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(TrackRow)) == 1200


async def test_members_who_sync_different_news_of_the_same_tracks_at_once_both_succeed(
    library: SqlLibraryRepository, database: Database, second_database: Database
) -> None:
    elsewhere = SqlLibraryRepository(second_database)
    known = entries(range(200))
    renamed = [PlaylistEntry(replace(e.track, name="Renamed", artists=e.track.artists * 2)) for e in known[::-1]]
    for _ in range(3):
        await asyncio.gather(
            library.replace_playlist(MEMBER, "account-ada", 0, remote("p1"), known, NOW),
            elsewhere.replace_playlist(OTHER, "account-bob", 0, remote("p2"), renamed, NOW),
            library.replace_playlist(MEMBER, "account-ada", 1, remote("p3"), renamed, NOW),
            elsewhere.replace_playlist(MEMBER, "account-ada", 0, remote("p1"), known, NOW),
        )
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(PlaylistEntryRow)) == 600
    for item in await library.known_tracks([MEMBER]):
        assert item in ({e.track for e in known} | {e.track for e in renamed})


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """Collect what is sent to the database; many rows at once are one statement."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


async def test_a_library_of_ten_thousand_tracks_needs_few_statements_and_little_time(
    library: SqlLibraryRepository, statements: list[str]
) -> None:
    """The processor's time is bound, not the wall's, for the sake of busy machines; idle, each takes under a second."""
    began = time.process_time()
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), entries(range(10_000)), NOW)
    assert len(statements) < 60

    statements.clear()
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), entries(range(10_000)), NOW)
    assert not [sent for sent in statements if "INTO tracks" in sent], "known tracks are not written again"

    statements.clear()
    known = await library.known_tracks([MEMBER])
    assert len(statements) == 2
    assert len(known) == 10_000
    assert len(await library.tracks([item.uri for item in known])) == 10_000
    assert time.process_time() - began < 6


async def test_what_was_left_out_stays_so_when_the_playlist_is_read_again(library: SqlLibraryRepository) -> None:
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("p1"), entries([1]), NOW)
    playlist = await _only(library)
    assert await library.leave_out(MEMBER, playlist.id, left_out=True)
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("p1", name="New"), entries([2]), NOW)
    await library.touch_playlists(MEMBER, "account-ada", {"p1": 4}, NOW)
    assert ((await _only(library)).name, (await _only(library)).left_out) == ("New", True)
    assert not await library.leave_out(OTHER, playlist.id, left_out=False)
    assert (await _only(library)).left_out


async def test_an_import_outlives_a_sync_and_another_account(
    library: SqlLibraryRepository, accounts: SqlAccountRepository, database: Database
) -> None:
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("p1"), entries([1]), NOW)
    await library.replace_playlist(MEMBER, "account-ada", 1, remote("p2"), entries([2]), NOW)
    async with database.transaction() as session:
        theirs = update(PlaylistRow).where(PlaylistRow.spotify_id == "p2")
        await session.execute(theirs.values(source=SOURCE_LINKS, kind=PlaylistKind.IMPORT.value))
    assert await library.remove_playlists_except(MEMBER, "account-ada", []) == 1
    await accounts.link(MEMBER, profile("eve"), tokens(), NOW)
    imported = await _only(library)
    assert (imported.kind, imported.source) == (PlaylistKind.IMPORT, SOURCE_LINKS)


async def test_liked_songs_keep_their_kind(library: SqlLibraryRepository) -> None:
    await library.replace_playlist(
        MEMBER, "account-ada", -1, remote(LIKED_ID), entries([1]), NOW, kind=PlaylistKind.LIKED
    )
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("p1"), entries([1]), NOW)
    assert [one.kind for one in await library.playlists(MEMBER)] == [PlaylistKind.LIKED, PlaylistKind.PLAYLIST]
