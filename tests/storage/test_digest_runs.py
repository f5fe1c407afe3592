"""Tests of a digest's runs in the database, from the claim to the end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from digest_claims import WEEK, claimed
from storage_samples import GUILD, MEMBER, NOW, SCHEDULE, new_set

from bot.domain.digests import RunStatus
from bot.domain.recommendations import SetKind
from bot.storage.repositories import SqlDigestRepository, SqlRecommendationRepository
from bot.storage.session import Database

LEASE = timedelta(minutes=5)


async def test_a_run_keeps_the_channel_and_the_due_time_it_was_claimed_with(digests: SqlDigestRepository) -> None:
    await claimed(digests)
    await digests.put(GUILD, replace(SCHEDULE, channel_id=5, hour=3), NOW + WEEK, MEMBER)
    [kept] = await digests.runs(GUILD, 1)
    assert (kept.channel_id, kept.due_at) == (SCHEDULE.channel_id, NOW)
    assert kept.digest.schedule.channel_id == 5


async def test_a_run_goes_from_claimed_to_posting_to_posted(
    digests: SqlDigestRepository, recommendations: SqlRecommendationRepository
) -> None:
    run = await claimed(digests)
    prepared = await recommendations.add(new_set(kind=SetKind.DIGEST, member_id=None))
    await digests.set_prepared(run.id, prepared.id)
    later = NOW + timedelta(minutes=1)
    assert await digests.begin_posting(run.id, "one", later)
    [posting] = await digests.runs(GUILD, 1)
    assert (posting.status, posting.set_id, posting.claimed_at) == (RunStatus.POSTING, prepared.id, later)

    assert await digests.finish(run.id, "one", RunStatus.POSTED, 99, later)
    [posted] = await digests.runs(GUILD, 1)
    assert (posted.status, posted.message_id) == (RunStatus.POSTED, 99)


async def test_of_those_who_prepare_a_run_at_the_same_time_the_first_decides_for_all(
    digests: SqlDigestRepository, second_database: Database, recommendations: SqlRecommendationRepository
) -> None:
    elsewhere = SqlDigestRepository(second_database)
    run = await claimed(digests)
    offered = [(await recommendations.add(new_set(kind=SetKind.DIGEST))).id for _ in range(6)]
    settled = await asyncio.gather(
        *((digests, elsewhere)[n % 2].set_prepared(run.id, set_id) for n, set_id in enumerate(offered))
    )
    [stored] = await digests.runs(GUILD, 1)
    assert set(settled) == {stored.set_id}
    assert stored.set_id in offered


async def test_a_digest_that_was_switched_off_is_not_posted_any_more(digests: SqlDigestRepository) -> None:
    run = await claimed(digests)
    await digests.switch_off(GUILD, None)
    assert not await digests.begin_posting(run.id, "one", NOW)
    [still] = await digests.runs(GUILD, 1)
    assert still.status is RunStatus.CLAIMED
    await digests.put(GUILD, SCHEDULE, NOW, MEMBER)
    assert await digests.begin_posting(run.id, "one", NOW)


async def test_a_run_that_ended_stays_as_it_is(digests: SqlDigestRepository) -> None:
    run = await claimed(digests)
    assert await digests.finish(run.id, "one", RunStatus.SKIPPED, None, NOW)

    assert not await digests.begin_posting(run.id, "one", NOW)
    assert not await digests.finish(run.id, "one", RunStatus.POSTED, 1, NOW)
    assert await digests.reclaim_stale(NOW + WEEK, "two", NOW + WEEK, 10) == []
    with pytest.raises(ValueError, match="does not end"):
        await digests.finish(run.id, "one", RunStatus.POSTING, None, NOW)


@pytest.mark.parametrize("posting", [False, True], ids=["claimed", "posting"])
async def test_an_abandoned_run_is_taken_over_as_it_is_and_its_old_worker_has_lost_it(
    digests: SqlDigestRepository, *, posting: bool
) -> None:
    run = await claimed(digests)
    if posting:
        await digests.begin_posting(run.id, "one", NOW)
    later = NOW + LEASE + timedelta(seconds=1)
    assert await digests.reclaim_stale(NOW, "two", NOW + LEASE, 10) == []

    [taken] = await digests.reclaim_stale(later - LEASE, "two", later, 10)

    assert (taken.id, taken.claimed_by, taken.claimed_at) == (run.id, "two", later)
    assert taken.status is (RunStatus.POSTING if posting else RunStatus.CLAIMED)
    assert not await digests.begin_posting(run.id, "one", later)
    assert not await digests.finish(run.id, "one", RunStatus.POSTED, 1, later)
    assert await digests.begin_posting(run.id, "two", later)
    assert await digests.finish(run.id, "two", RunStatus.POSTED, 2, later)


async def test_each_abandoned_run_goes_to_exactly_one_of_many_workers(
    digests: SqlDigestRepository, second_database: Database
) -> None:
    elsewhere = SqlDigestRepository(second_database)
    runs = [await claimed(digests, guild_id) for guild_id in range(1, 7)]
    later = NOW + 2 * LEASE
    taken = await asyncio.gather(
        *((digests, elsewhere)[n % 2].reclaim_stale(later - LEASE, f"worker {n}", later, 10) for n in range(8))
    )
    assert sorted(run.id for found in taken for run in found) == [run.id for run in runs]


async def test_the_oldest_abandoned_runs_are_taken_first_up_to_the_limit(digests: SqlDigestRepository) -> None:
    for guild_id in (3, 1, 2):
        digest = await digests.put(guild_id, SCHEDULE, NOW, MEMBER)
        await digests.claim(digest, "week", NOW + WEEK, "one", NOW + timedelta(minutes=guild_id))
    taken = await digests.reclaim_stale(NOW + WEEK, "two", NOW + WEEK, 2)
    assert [run.digest.guild_id for run in taken] == [1, 2]


async def test_runs_are_listed_newest_first_for_their_server_only(digests: SqlDigestRepository) -> None:
    for week in range(4):
        for guild_id in (GUILD, GUILD + 1):
            digest = await digests.put(guild_id, SCHEDULE, NOW + week * WEEK, MEMBER)
            await digests.claim(digest, f"week {week}", NOW + (week + 1) * WEEK, "one", NOW)
    assert [run.period for run in await digests.runs(GUILD, 3)] == ["week 3", "week 2", "week 1"]
