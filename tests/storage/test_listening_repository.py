"""Tests of top tracks, top artists and listens in the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text, update
from storage_samples import MEMBER, NOW, OTHER, profile, tokens, track

from bot.domain.accounts import AccountChanged
from bot.domain.errors import NotConnected
from bot.domain.library import SOURCE_EXPORT, ArtistRef
from bot.domain.listening import LISTENS_KEPT_FOR, Listen, TimeRange, TopItems
from bot.storage.models import ArtistRow, ListenRow, TrackRow
from bot.storage.repositories import SqlAccountRepository
from bot.storage.repositories.listening import SqlListeningRepository
from bot.storage.repositories.syncs import SqlSyncRepository
from bot.storage.session import Database
from bot.storage.upsert import table_of

EPOCH = NOW - timedelta(days=3650)


@pytest.fixture(autouse=True)
async def _members(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens(), NOW)
    await accounts.link(OTHER, profile("bob"), tokens(), NOW)


@pytest.fixture
def listening(database: Database) -> SqlListeningRepository:
    return SqlListeningRepository(database)


def plays(*minutes: int) -> list[Listen]:
    """Plays of a track each, so many minutes ago."""
    return [Listen(track(ago), NOW - timedelta(minutes=ago)) for ago in minutes]


async def test_top_items_come_back_by_range_and_rank_and_are_replaced_as_a_whole(
    listening: SqlListeningRepository, database: Database
) -> None:
    syncs = SqlSyncRepository(database)
    await syncs.claim(MEMBER, "account-ada", "one", NOW, NOW)
    band, solo = ArtistRef("Band", "spotify:artist:b"), ArtistRef("Solo", "spotify:artist:s")
    first = TopItems(
        {TimeRange.SHORT: (track(3), track(1)), TimeRange.LONG: (track(1),)}, {TimeRange.MEDIUM: (solo, band)}
    )
    await listening.replace_top(MEMBER, "account-ada", first, NOW)
    assert await listening.top(MEMBER) == first
    state = await syncs.state(MEMBER)
    assert state is not None
    assert state.top_read_at == NOW

    second = TopItems({TimeRange.SHORT: (track(2),)}, {})
    await listening.replace_top(MEMBER, "account-ada", second, NOW)
    assert await listening.top(MEMBER) == second
    assert await listening.top(OTHER) == TopItems({}, {})


async def test_the_same_track_twice_in_a_ranking_counts_once(listening: SqlListeningRepository) -> None:
    await listening.replace_top(
        MEMBER, "account-ada", TopItems({TimeRange.SHORT: (track(1), track(2), track(1))}, {}), NOW
    )
    assert (await listening.top(MEMBER)).tracks == {TimeRange.SHORT: (track(1), track(2))}


async def test_each_listen_is_stored_once_however_often_it_is_read(listening: SqlListeningRepository) -> None:
    assert await listening.add_listens(MEMBER, "account-ada", plays(5, 10), NOW) == 2
    assert await listening.add_listens(MEMBER, "account-ada", [*plays(1, 5, 10), *plays(1)], NOW) == 1
    assert await listening.add_listens(OTHER, "account-bob", plays(5), NOW) == 1
    assert await listening.newest_listen(MEMBER) == NOW - timedelta(minutes=1)
    assert await listening.heard_since(MEMBER, NOW - timedelta(minutes=7)) == [track(5), track(1)]
    assert await listening.add_listens(MEMBER, "account-ada", [], NOW) == 0


async def test_old_listens_from_spotify_go_and_imported_ones_stay(
    listening: SqlListeningRepository, database: Database
) -> None:
    await listening.add_listens(MEMBER, "account-ada", plays(5), NOW)
    await listening.add_listens(OTHER, "account-bob", plays(6), NOW)
    async with database.transaction() as session:
        imported = {"member_id": MEMBER, "track_id": 1, "played_at": NOW - timedelta(days=900)}
        await session.execute(insert(table_of(ListenRow)).values(**imported, source=SOURCE_EXPORT))
    later = NOW + LISTENS_KEPT_FOR
    assert await listening.newest_listen(MEMBER) == NOW - timedelta(minutes=5)
    assert await listening.add_listens(MEMBER, "account-ada", plays(7), later) == 0, "it is too old to be kept"
    assert await listening.newest_listen(MEMBER) is None
    assert await listening.heard_since(MEMBER, EPOCH) == [track(5)]
    assert await listening.forget_old_listens(later) == 1
    assert await listening.heard_since(OTHER, EPOCH) == []


async def test_nothing_is_stored_of_an_account_that_is_no_longer_linked(listening: SqlListeningRepository) -> None:
    with pytest.raises(AccountChanged):
        await listening.add_listens(MEMBER, "account-eve", plays(1), NOW)
    with pytest.raises(NotConnected):
        await listening.replace_top(7, "account-ada", TopItems({}, {}), NOW)


async def test_another_account_inherits_only_what_was_imported(
    listening: SqlListeningRepository, accounts: SqlAccountRepository, database: Database
) -> None:
    await listening.add_listens(MEMBER, "account-ada", plays(5), NOW)
    await listening.replace_top(MEMBER, "account-ada", TopItems({TimeRange.SHORT: (track(1),)}, {}), NOW)
    async with database.transaction() as session:
        imported = {"member_id": MEMBER, "track_id": 1, "played_at": NOW - timedelta(days=9)}
        await session.execute(insert(table_of(ListenRow)).values(**imported, source=SOURCE_EXPORT))
    await accounts.link(MEMBER, profile("ada"), tokens("2"), NOW)
    assert len(await listening.heard_since(MEMBER, NOW - timedelta(days=1))) == 1, "the same account keeps all"
    await accounts.link(MEMBER, profile("eve"), tokens(), NOW)
    assert await listening.heard_since(MEMBER, NOW - timedelta(days=1)) == []
    assert len(await listening.heard_since(MEMBER, EPOCH)) == 1
    assert await listening.top(MEMBER) == TopItems({}, {})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_top_items_are_stored_in_the_order_of_tables_as_playlists_are(
    listening: SqlListeningRepository, database: Database, second_database: Database
) -> None:
    """Somebody who has an artist and wants a track next gets it: whoever waits for the artist has no track yet."""
    solo = ArtistRef("Solo", "spotify:artist:s")
    known = TopItems({TimeRange.SHORT: (track(1),)}, {TimeRange.SHORT: (solo,)})
    await listening.replace_top(MEMBER, "account-ada", known, NOW)
    news = TopItems({TimeRange.SHORT: (track(1, name="New"),)}, {TimeRange.SHORT: (replace(solo, name="New"),)})
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with second_database.transaction() as session:
        await session.execute(update(ArtistRow).where(ArtistRow.uri == solo.uri).values(name="Mine"))
        task = asyncio.create_task(listening.replace_top(MEMBER, "account-ada", news, NOW))
        async with asyncio.timeout(10), database.reading() as looking:
            while not await looking.scalar(waiting):
                await looking.rollback()
                await asyncio.sleep(0.02)
        await session.execute(update(TrackRow).where(TrackRow.uri == track(1).uri).values(name="Mine"))
    await task
    assert await listening.top(MEMBER) == news
