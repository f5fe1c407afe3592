"""Tests of digests and their runs in the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from digest_claims import WEEK, claim, claimed
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from storage_samples import GUILD, MEMBER, NOW, OTHER, SCHEDULE, new_set

from bot.domain.digests import Digest, DigestRun, RunStatus
from bot.domain.recommendations import SetKind
from bot.storage.models import DigestRow, GuildRow
from bot.storage.repositories import SqlDigestRepository, SqlRecommendationRepository
from bot.storage.session import Database


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
    run = await claim(digests, digest)

    assert run is not None
    assert run == DigestRun(
        id=run.id,
        digest=replace(digest, next_due_at=NOW + WEEK),
        period="2026-W47",
        status=RunStatus.CLAIMED,
        claimed_at=NOW,
        claimed_by="one",
        set_id=None,
        channel_id=SCHEDULE.channel_id,
        due_at=NOW,
        message_id=None,
    )
    assert await digests.due(NOW, 10) == []
    assert await digests.runs(GUILD, 10) == [run]


@pytest.mark.parametrize("change", ["schedule", "moment", "off"])
async def test_a_digest_that_changed_since_it_was_read_is_notclaimed(digests: SqlDigestRepository, change: str) -> None:
    digest = await digests.put(GUILD, SCHEDULE, NOW, MEMBER)
    if change == "off":
        await digests.switch_off(GUILD, None)
    else:
        schedule = replace(SCHEDULE, channel_id=5) if change == "schedule" else SCHEDULE
        await digests.put(GUILD, schedule, NOW + timedelta(hours=change == "moment"), MEMBER)

    assert await claim(digests, digest) is None
    assert await digests.runs(GUILD, 10) == []


async def test_a_digest_is_switched_off_for_one_channel_only_while_it_is_for_that_channel(
    digests: SqlDigestRepository,
) -> None:
    await digests.put(GUILD, SCHEDULE, NOW, MEMBER)
    assert not await digests.switch_off(GUILD, "Gone.", channel_id=SCHEDULE.channel_id + 1)
    assert await digests.switch_off(GUILD, "Gone.", channel_id=SCHEDULE.channel_id)


@pytest.mark.parametrize("posted", [False, True], ids=["being worked on", "posted"])
async def test_a_period_that_was_dealt_with_is_not_worked_on_again_but_the_digest_moves_on(
    digests: SqlDigestRepository, *, posted: bool
) -> None:
    assert not await digests.dealt_with(GUILD, "2026-W47")
    run = await claimed(digests)
    if posted:
        await digests.finish(run.id, "one", RunStatus.POSTED, 1, NOW)
    assert await digests.dealt_with(GUILD, "2026-W47")
    assert not await digests.dealt_with(GUILD, "2026-W48")
    assert not await digests.dealt_with(GUILD + 1, "2026-W47")
    again = await digests.put(GUILD, SCHEDULE, NOW, MEMBER)

    assert await claim(digests, again) is None
    assert len(await digests.runs(GUILD, 10)) == 1
    assert await digests.due(NOW, 10) == []


@pytest.mark.parametrize(
    ("ended", "prepared", "opened"),
    [
        (RunStatus.FAILED, False, RunStatus.CLAIMED),
        (RunStatus.FAILED, True, RunStatus.CLAIMED),
        (RunStatus.SKIPPED, False, RunStatus.CLAIMED),
        (RunStatus.SKIPPED, True, RunStatus.POSTING),
    ],
)
async def test_a_period_that_came_to_nothing_is_opened_again_by_one_claim(
    digests: SqlDigestRepository,
    recommendations: SqlRecommendationRepository,
    ended: RunStatus,
    prepared: bool,
    opened: RunStatus,
) -> None:
    run = await claimed(digests)
    set_id = None
    if prepared:
        set_id = await digests.set_prepared(run.id, (await recommendations.add(new_set(kind=SetKind.DIGEST))).id)
    await digests.finish(run.id, "one", ended, None, NOW)
    assert not await digests.dealt_with(GUILD, run.period)
    later = NOW + timedelta(hours=2)
    again = await digests.put(GUILD, replace(SCHEDULE, channel_id=5), later, MEMBER)

    claims = [await claim(digests, again, "two"), await claim(digests, again, "three")]

    assert claims[1] is None
    assert claims[0] == replace(
        run,
        digest=replace(again, next_due_at=later + WEEK),
        status=opened,
        claimed_by="two",
        set_id=set_id,
        channel_id=5,
        due_at=later,
    )
    assert await digests.runs(GUILD, 10) == [claims[0]]


async def test_of_many_workers_at_once_exactly_one_claims(
    digests: SqlDigestRepository, second_database: Database
) -> None:
    elsewhere = SqlDigestRepository(second_database)
    digest = await digests.put(GUILD, SCHEDULE, NOW, MEMBER)
    claims = await asyncio.gather(*(claim((digests, elsewhere)[n % 2], digest, f"worker {n}") for n in range(24)))

    won = [claim for claim in claims if claim is not None]
    assert len(won) == 1
    assert await digests.runs(GUILD, 10) == won


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
