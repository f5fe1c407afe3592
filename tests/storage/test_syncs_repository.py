"""Tests of the claims of syncs and of when each is due."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from storage_samples import MEMBER, NOW, OTHER, profile, tokens

from bot.domain.accounts import AccountChanged
from bot.domain.errors import NotConnected
from bot.storage.repositories import SqlAccountRepository
from bot.storage.repositories.syncs import SqlSyncRepository
from bot.storage.session import Database

LEASE = timedelta(minutes=2)


@pytest.fixture(autouse=True)
async def _members(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens(), NOW)
    await accounts.link(OTHER, profile("bob"), tokens(), NOW)


@pytest.fixture
def syncs(database: Database) -> SqlSyncRepository:
    return SqlSyncRepository(database)


async def claim(syncs: SqlSyncRepository, holder: str = "one", now: datetime = NOW) -> bool:
    return await syncs.claim(MEMBER, "account-ada", holder, now, now - LEASE) is not None


async def due(syncs: SqlSyncRepository, now: datetime) -> list[int]:
    return await syncs.due(now, now - LEASE, now - timedelta(minutes=15), 10)


async def test_of_many_who_claim_at_the_same_time_one_wins(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(4)]
    won = await asyncio.gather(*(claim(SqlSyncRepository(one), f"{n}") for n, one in enumerate(databases)))
    assert sum(won) == 1
    await asyncio.gather(*(one.dispose() for one in databases))


async def test_a_claim_stands_as_long_as_it_is_renewed_and_is_then_taken_over(syncs: SqlSyncRepository) -> None:
    assert await claim(syncs)
    later = NOW + timedelta(minutes=1)
    assert await syncs.renew(MEMBER, "one", later, (120, 300))
    assert not await claim(syncs, "two", NOW + LEASE)
    state = await syncs.state(MEMBER)
    assert state is not None
    assert (state.done, state.total, state.claimed_at) == (120, 300, later)
    assert await due(syncs, later + LEASE) == [MEMBER]
    assert await claim(syncs, "two", later + LEASE)
    assert not await syncs.renew(MEMBER, "one", later)
    await syncs.finish(MEMBER, "one", later, None, fault="lost", outages=3)
    await syncs.release(MEMBER, "one", later)
    state = await syncs.state(MEMBER)
    assert state is not None
    assert (state.fault, state.outages, state.done, state.claimed_at) == (None, 0, 0, later + LEASE)


async def test_what_is_due_comes_the_longest_waiting_first(
    syncs: SqlSyncRepository, accounts: SqlAccountRepository
) -> None:
    assert await due(syncs, NOW) == [], "both were linked just now and are read by whoever linked them"
    assert await due(syncs, NOW + timedelta(minutes=15)) == [MEMBER, OTHER]
    assert await claim(syncs)
    await syncs.finish(MEMBER, "one", NOW, NOW + timedelta(hours=1), fault=None, outages=0)
    assert await due(syncs, NOW + timedelta(minutes=59)) == [OTHER]
    assert await due(syncs, NOW + timedelta(minutes=60)) == [OTHER, MEMBER]
    assert await claim(syncs)
    await syncs.finish(MEMBER, "one", NOW, None, fault="over", outages=0)
    await accounts.lapse(OTHER, tokens().refresh_token)
    assert await due(syncs, NOW + timedelta(days=9)) == []


async def test_a_claim_that_is_given_back_is_due_at_once(syncs: SqlSyncRepository) -> None:
    assert await claim(syncs)
    await syncs.release(MEMBER, "one", NOW)
    assert await due(syncs, NOW) == [MEMBER]
    assert await claim(syncs, "two")


async def test_only_the_linked_account_can_be_synced(syncs: SqlSyncRepository, accounts: SqlAccountRepository) -> None:
    with pytest.raises(AccountChanged):
        await syncs.claim(MEMBER, "account-eve", "one", NOW, NOW)
    assert await claim(syncs)
    await accounts.delete_member(MEMBER)
    assert await syncs.state(MEMBER) is None
    assert not await syncs.renew(MEMBER, "one", NOW)
    with pytest.raises(NotConnected):
        await claim(syncs)


async def test_what_was_noted_while_the_clock_was_half_a_year_ahead_holds_nothing_up(syncs: SqlSyncRepository) -> None:
    ahead = NOW + timedelta(days=183)
    assert await claim(syncs, "wrong clock", ahead)
    assert await due(syncs, NOW) == [MEMBER]
    assert await claim(syncs, "right clock", NOW)
    assert not await claim(syncs, "another", NOW + timedelta(seconds=30))
    await syncs.finish(MEMBER, "right clock", NOW, ahead + timedelta(days=1), fault=None, outages=0)
    assert await due(syncs, NOW) == [MEMBER]
    await syncs.finish(MEMBER, "right clock", NOW, NOW, fault=None, outages=0)
