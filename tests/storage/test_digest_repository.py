"""Tests of digests and their runs in the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from storage_samples import GUILD, MEMBER, NOW, OTHER, SCHEDULE, new_set

from bot.domain.digests import Digest, DigestRun, RunStatus
from bot.domain.recommendations import SetKind
from bot.storage.models import DigestRow, GuildRow
from bot.storage.repositories import SqlDigestRepository, SqlRecommendationRepository
from bot.storage.session import Database

WEEK = timedelta(weeks=1)
LEASE = timedelta(minutes=5)


async def _claim(repository: SqlDigestRepository, digest: Digest, worker: str = "one") -> DigestRun | None:
    return await repository.claim(digest, "2026-W47", digest.next_due_at + WEEK, worker, NOW)


async def _claimed(repository: SqlDigestRepository, guild_id: int = GUILD, worker: str = "one") -> DigestRun:
    run = await _claim(repository, await repository.put(guild_id, SCHEDULE, NOW, MEMBER), worker)
    assert run is not None
    return run


async def test_a_digest_comes_back_and_can_be_changed(digests: SqlDigestRepository) -> None:
    first = await digests.put(GUILD, SCHEDULE, NOW, MEMBER)
    assert first == Digest(first.id, GUILD, SCHEDULE, enabled=True, next_due_at=NOW, stopped_because=None)
    assert await digests.get(GUILD) == first

    schedule = replace(SCHEDULE, weekday=0, hour=0, time_zone="America/Sao_Paulo", channel_id=5)
    second = await digests.put(GUILD, schedule, NOW + WEEK, OTHER)
    assert second == replace(first, schedule=schedule, next_due_at=NOW + WEEK)
    assert await digests.get(GUILD) == second
    assert await digests.get(GUILD + 1) is None


async def test_a_digest_is_switched_off_once_and_on_by_setting_it(digests: SqlDigestRepository) -> None:
    assert not await digests.switch_off(GUILD, None)
    await digests.put(GUILD, SCHEDULE, NOW, MEMBER)

    assert await digests.switch_off(GUILD, "The channel is gone.")
    assert not await digests.switch_off(GUILD, None)
    off = await digests.get(GUILD)
    assert off is not None
    assert (off.enabled, off.stopped_because) == (False, "The channel is gone.")

    on = await digests.put(GUILD, SCHEDULE, NOW, MEMBER)
    assert (on.enabled, on.stopped_because) == (True, None)


async def test_digests_that_are_on_are_due_from_their_moment_the_longest_due_first(
    digests: SqlDigestRepository,
) -> None:
    for guild_id, hours in ((1, 0), (2, -5), (3, -1), (4, 1), (5, -9)):
        await digests.put(guild_id, SCHEDULE, NOW + timedelta(hours=hours), MEMBER)
    await digests.switch_off(5, None)

    assert [digest.guild_id for digest in await digests.due(NOW, 10)] == [2, 3, 1]
    assert [digest.guild_id for digest in await digests.due(NOW, 2)] == [2, 3]
    assert await digests.due(NOW - timedelta(days=1), 10) == []


async def test_a_claim_makes_a_run_and_moves_the_digest_on(digests: SqlDigestRepository) -> None:
    digest = await digests.put(GUILD, SCHEDULE, NOW, MEMBER)
    run = await _claim(digests, digest)

    assert run is not None
    assert run == DigestRun(
        run.id, replace(digest, next_due_at=NOW + WEEK), "2026-W47", RunStatus.CLAIMED, NOW, "one", None, None
    )
    assert await digests.due(NOW, 10) == []
    assert await digests.runs(GUILD, 10) == [run]


@pytest.mark.parametrize("change", ["schedule", "moment", "off"])
async def test_a_digest_that_changed_since_it_was_read_is_not_claimed(
    digests: SqlDigestRepository, change: str
) -> None:
    digest = await digests.put(GUILD, SCHEDULE, NOW, MEMBER)
    if change == "off":
        await digests.switch_off(GUILD, None)
    else:
        schedule = replace(SCHEDULE, channel_id=5) if change == "schedule" else SCHEDULE
        await digests.put(GUILD, schedule, NOW + timedelta(hours=change == "moment"), MEMBER)

    assert await _claim(digests, digest) is None
    assert await digests.runs(GUILD, 10) == []


async def test_a_period_that_was_dealt_with_is_not_worked_on_again_but_the_digest_moves_on(
    digests: SqlDigestRepository,
) -> None:
    await _claimed(digests)
    again = await digests.put(GUILD, SCHEDULE, NOW, MEMBER)

    assert await _claim(digests, again) is None
    assert len(await digests.runs(GUILD, 10)) == 1
    assert await digests.due(NOW, 10) == []


async def test_of_many_workers_at_once_exactly_one_claims(
    digests: SqlDigestRepository, second_database: Database
) -> None:
    elsewhere = SqlDigestRepository(second_database)
    digest = await digests.put(GUILD, SCHEDULE, NOW, MEMBER)
    claims = await asyncio.gather(*(_claim((digests, elsewhere)[n % 2], digest, f"worker {n}") for n in range(24)))

    won = [claim for claim in claims if claim is not None]
    assert len(won) == 1
    assert await digests.runs(GUILD, 10) == won


async def test_a_run_goes_from_claimed_to_posting_to_posted(
    digests: SqlDigestRepository, recommendations: SqlRecommendationRepository
) -> None:
    run = await _claimed(digests)
    prepared = await recommendations.add(new_set(kind=SetKind.DIGEST, member_id=None))
    await digests.set_prepared(run.id, prepared.id)
    later = NOW + timedelta(minutes=1)
    assert await digests.begin_posting(run.id, "one", later)
    [posting] = await digests.runs(GUILD, 1)
    assert (posting.status, posting.set_id, posting.claimed_at) == (RunStatus.POSTING, prepared.id, later)

    assert await digests.finish(run.id, "one", RunStatus.POSTED, 99, later)
    [posted] = await digests.runs(GUILD, 1)
    assert (posted.status, posted.message_id) == (RunStatus.POSTED, 99)


async def test_a_run_that_ended_stays_as_it_is(digests: SqlDigestRepository) -> None:
    run = await _claimed(digests)
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
    run = await _claimed(digests)
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
    runs = [await _claimed(digests, guild_id) for guild_id in range(1, 7)]
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


@pytest.mark.parametrize("wrong", [{"weekday": 7}, {"weekday": -1}, {"hour": 24}])
async def test_the_database_itself_refuses_an_impossible_schedule(database: Database, wrong: dict[str, int]) -> None:
    row = {
        "guild_id": 1,
        "channel_id": 1,
        "weekday": 0,
        "hour": 0,
        "time_zone": "UTC",
        "enabled": True,
        "next_due_at": NOW,
    }

    async def store(values: dict[str, object]) -> None:
        async with database.transaction() as session:
            await session.execute(insert(GuildRow).values(id=1))
            await session.execute(insert(DigestRow).values(**values))

    with pytest.raises(IntegrityError):
        await store(row | wrong)
    await store(row)
