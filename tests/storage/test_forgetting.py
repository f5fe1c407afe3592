"""Tests that a member who leaves is gone from the database, whatever happens at the same time."""

from __future__ import annotations

import asyncio

from sqlalchemy import select, text
from storage_samples import (
    GUILD,
    MEMBER,
    NOW,
    OTHER,
    SCHEDULE,
    attempt,
    entries,
    new_set,
    profile,
    remote,
    rows_as_text,
    tokens,
    track,
)

from bot.domain.accounts import DeletedCounts
from bot.domain.library import SOURCE_EXPORT, SOURCE_SPOTIFY, PlaylistKind
from bot.domain.listening import TimeRange
from bot.domain.recommendations import SetKind
from bot.domain.saving import SaveStatus
from bot.storage.encryption import TokenCipher
from bot.storage.models import (
    ArtistRow,
    DigestRow,
    LibrarySyncRow,
    ListenRow,
    PlaylistEntryRow,
    PlaylistRow,
    SavedPlaylistRow,
    SpotifyAppRow,
    TopArtistRow,
    TopTrackRow,
)
from bot.storage.repositories import (
    SqlAccountRepository,
    SqlDigestRepository,
    SqlLibraryRepository,
    SqlRecommendationRepository,
)
from bot.storage.repositories.tracks import store_tracks
from bot.storage.session import Database


async def _fill(
    database: Database, cipher: TokenCipher, member_id: int, name: str, *, playlists: int, picks: int
) -> None:
    accounts, library = SqlAccountRepository(database, cipher), SqlLibraryRepository(database)
    shown, digests = SqlRecommendationRepository(database), SqlDigestRepository(database)
    await accounts.link(member_id, profile(name), tokens(name), NOW)
    await accounts.remember_in_guild(GUILD, member_id, NOW)
    await accounts.add_login(f"hash of {name}", attempt(member_id))
    for number in range(playlists):
        mine = remote(f"{name}-{number}", owner_id=f"user-{name}", owner_name=name)
        await library.replace_playlist(
            member_id, f"account-{name}", number, mine, entries(range(5), f"user-{name}"), NOW
        )
    stored = await shown.add(new_set(range(picks), member_id=member_id))
    await _save(database, stored.id, member_id)
    await digests.put(GUILD + member_id, SCHEDULE, NOW, created_by=member_id)


async def _save(database: Database, set_id: int, member_id: int) -> None:
    values = {"status": SaveStatus.CLAIMED.value, "claimed_at": NOW, "attempts": 1}
    async with database.transaction() as session:
        session.add(SavedPlaylistRow(set_id=set_id, member_id=member_id, **values))


async def _listen(database: Database, member_id: int, name: str) -> None:
    """Store liked songs, an imported list, listens, most played, a sync and a server's app."""
    async with database.transaction() as session:
        ids = list(
            (await store_tracks(session, [track(n) for n in (61, 62, 63)], SOURCE_EXPORT, overwrite=False)).values()
        )
        for kind in (PlaylistKind.LIKED, PlaylistKind.IMPORT):
            row = PlaylistRow(
                source=SOURCE_EXPORT,
                kind=kind.value,
                member_id=member_id,
                name=f"{kind} of {name}",
                spotify_id=f"{kind}:{name}",
                snapshot_id="m",
                collaborative=False,
                total=3,
                n_tracks=3,
                rank=0,
                synced_at=NOW,
            )
            session.add(row)
            await session.flush()
            session.add_all(PlaylistEntryRow(playlist_id=row.id, position=n, track_id=ids[n]) for n in range(3))
        session.add_all(
            ListenRow(member_id=member_id, track_id=one, played_at=NOW, source=SOURCE_EXPORT) for one in ids[:2]
        )
        top = {"member_id": member_id, "time_range": TimeRange.LONG.value, "source": SOURCE_SPOTIFY}
        artist_id = (await session.scalars(select(ArtistRow.id).limit(1))).one()
        session.add_all(TopTrackRow(rank=rank, track_id=one, **top) for rank, one in enumerate(ids))
        session.add(TopArtistRow(rank=0, artist_id=artist_id, **top))
        session.add(LibrarySyncRow(member_id=member_id, fault=f"fault of {name}"))
        session.add(
            SpotifyAppRow(
                guild_id=GUILD + member_id,
                client_id="app",
                client_secret="s",
                registered_by=member_id,
                registered_at=NOW,
            )
        )


async def test_leaving_deletes_listening_imports_and_liked_songs_and_counts_them(
    accounts: SqlAccountRepository, database: Database, cipher: TokenCipher
) -> None:
    for member_id, name in ((MEMBER, "ada"), (OTHER, "bob")):
        await _fill(database, cipher, member_id, name, playlists=1, picks=1)
        await _listen(database, member_id, name)

    deleted = await accounts.delete_member(MEMBER)

    assert deleted == DeletedCounts(1, 11, 1, 1, imported=1, liked=3, listens=2, top_items=4)
    rows = await rows_as_text(database)
    for trace in (str(MEMBER), "fault of ada", "import of ada", "liked of ada"):
        assert trace not in rows
    async with database.reading() as session:
        apps = dict((await session.execute(select(SpotifyAppRow.guild_id, SpotifyAppRow.registered_by))).all())
        left = (await session.scalars(select(ListenRow.member_id))).all()
    assert apps == {GUILD + MEMBER: None, GUILD + OTHER: OTHER}, "the server keeps its app"
    assert left == [OTHER, OTHER]
    assert await accounts.delete_member(OTHER) == deleted


async def test_leaving_deletes_all_of_the_member_and_nothing_else(
    accounts: SqlAccountRepository, database: Database, cipher: TokenCipher
) -> None:
    await _fill(database, cipher, MEMBER, "ada", playlists=3, picks=4)
    await _fill(database, cipher, OTHER, "bob", playlists=2, picks=6)
    shown = SqlRecommendationRepository(database)
    for_all = await shown.add(new_set((1, 2), kind=SetKind.DIGEST, member_id=None))
    await _save(database, for_all.id, MEMBER)

    assert await accounts.delete_member(MEMBER) == DeletedCounts(3, 15, 4, 2)

    rows = await rows_as_text(database)
    for trace in (str(MEMBER), "user-ada", "account-ada", "ada-0"):
        assert trace not in rows
    assert await shown.get(for_all.id) == for_all
    assert await accounts.delete_member(OTHER) == DeletedCounts(2, 10, 6, 1)
    assert await accounts.delete_member(OTHER) == DeletedCounts(0, 0, 0, 0)


async def test_leaving_keeps_a_servers_digest_without_its_author(
    accounts: SqlAccountRepository, database: Database, cipher: TokenCipher
) -> None:
    await _fill(database, cipher, MEMBER, "ada", playlists=0, picks=0)
    await accounts.delete_member(MEMBER)

    async with database.reading() as session:
        digest = (await session.scalars(select(DigestRow))).one()
    assert (digest.enabled, digest.created_by) == (True, None)


async def test_leaving_takes_the_members_name_out_of_others_collaborative_playlists(
    accounts: SqlAccountRepository, library: SqlLibraryRepository, database: Database
) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens(), NOW)
    await accounts.link(OTHER, profile("bob"), tokens(), NOW)
    shared = remote("shared", owner_id="user-ada", owner_name="Ada", collaborative=True)
    await library.replace_playlist(
        OTHER, "account-bob", 0, shared, [*entries([1], "user-ada"), *entries([2], "user-bob")], NOW
    )

    await accounts.delete_member(MEMBER)

    async with database.reading() as session:
        added_by = await session.scalars(select(PlaylistEntryRow.added_by).order_by(PlaylistEntryRow.position))
        assert list(added_by) == [None, "user-bob"]
        owners = await session.execute(select(PlaylistRow.owner_id, PlaylistRow.owner_name))
        assert owners.all() == [(None, None)]


async def test_nothing_of_a_member_is_left_who_leaves_in_the_middle_of_a_sync(
    accounts: SqlAccountRepository, second_database: Database, database: Database
) -> None:
    elsewhere = SqlLibraryRepository(second_database)
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    syncs = [
        elsewhere.replace_playlist(MEMBER, "account-ada", n, remote(f"p{n}"), entries(range(200)), NOW)
        for n in range(8)
    ]
    counts, *outcomes = await asyncio.gather(accounts.delete_member(MEMBER), *syncs, return_exceptions=True)

    assert isinstance(counts, DeletedCounts)
    assert {type(outcome).__name__ for outcome in outcomes} <= {"NoneType", "NotConnected"}
    assert (counts.playlists, counts.entries) == (outcomes.count(None), 200 * outcomes.count(None))
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM playlists")) == 0
        assert await session.scalar(text("SELECT count(*) FROM playlist_entries")) == 0


async def test_two_members_who_share_playlists_can_leave_at_once_while_others_sync_them(
    accounts: SqlAccountRepository, database: Database, second_database: Database, cipher: TokenCipher
) -> None:
    here, there = SqlLibraryRepository(database), SqlLibraryRepository(second_database)
    for member_id, name in ((MEMBER, "ada"), (OTHER, "bob"), (7, "eve")):
        await accounts.link(member_id, profile(name), tokens(name), NOW)
    both = [*entries(range(10), "user-ada"), *entries(range(10, 20), "user-bob")]
    for member_id, name in ((MEMBER, "ada"), (OTHER, "bob"), (7, "eve")):
        for number in range(3):
            await here.replace_playlist(
                member_id, f"account-{name}", number, remote(f"p{number}", collaborative=True), both, NOW
            )

    outcomes = await asyncio.gather(
        accounts.delete_member(MEMBER),
        there.replace_playlist(
            7, "account-eve", 0, remote("p0", owner_id="user-eve"), entries(range(20), "user-eve"), NOW
        ),
        SqlAccountRepository(second_database, cipher).delete_member(OTHER),
        here.touch_playlists(7, "account-eve", {"p2": 5, "p1": 6}, NOW),
        there.remove_playlists_except(7, "account-eve", {"p0", "p1"}),
        here.touch_playlists(7, "account-eve", {"p1": 6, "p2": 5}, NOW),
        return_exceptions=True,
    )

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    rows = await rows_as_text(database)
    assert "user-ada" not in rows
    assert "user-bob" not in rows
    assert "user-eve" in rows
