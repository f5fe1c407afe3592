"""Quotas of Spotify apps, seen from one process and from two."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.domain.quota import LONGEST_COOLDOWN, Cooldown, LimitReason, QuotaRecord
from bot.storage.models import SpotifyQuotaRow
from bot.storage.repositories.quotas import SqlQuotaRepository
from bot.storage.session import Database

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)
APP = "crossfade-client"
SHORT = Cooldown(NOW + timedelta(seconds=30))
LONG = Cooldown(NOW + timedelta(seconds=48925), LimitReason.QUOTA_EXCEEDED)


@pytest.fixture
def quotas(database: Database) -> SqlQuotaRepository:
    return SqlQuotaRepository(database)


@pytest.fixture
def others(second_database: Database) -> SqlQuotaRepository:
    return SqlQuotaRepository(second_database)


async def test_nothing_is_known_of_a_new_app(quotas: SqlQuotaRepository) -> None:
    assert await quotas.read(APP) is None


async def test_calls_of_a_day_add_up(quotas: SqlQuotaRepository) -> None:
    await quotas.record(APP, TODAY, 25)
    await quotas.record("another app", TODAY, 7)

    assert await quotas.record(APP, TODAY, 10) == QuotaRecord(TODAY, 35)
    assert await quotas.read(APP) == QuotaRecord(TODAY, 35)


async def test_a_new_day_begins_at_nothing_and_keeps_the_cooldown(quotas: SqlQuotaRepository) -> None:
    await quotas.record(APP, TODAY, 25, LONG)

    assert await quotas.record(APP, TOMORROW, 3) == QuotaRecord(TOMORROW, 3, LONG)


async def test_calls_reported_after_midnight_do_not_count_for_the_new_day(quotas: SqlQuotaRepository) -> None:
    await quotas.record(APP, TOMORROW, 3)

    assert await quotas.record(APP, TODAY, 25) == QuotaRecord(TOMORROW, 3)


async def test_a_clock_that_was_months_ahead_does_not_stop_the_count(quotas: SqlQuotaRepository) -> None:
    await quotas.record(APP, TODAY + timedelta(days=180), 3)

    assert await quotas.record(APP, TODAY, 25) == QuotaRecord(TODAY, 25)


@pytest.mark.parametrize("order", [(SHORT, LONG), (LONG, SHORT)], ids=["longer later", "longer first"])
async def test_the_later_of_two_cooldowns_stands(
    quotas: SqlQuotaRepository, others: SqlQuotaRepository, order: tuple[Cooldown, Cooldown]
) -> None:
    first, second = order
    await quotas.record(APP, TODAY, 0, first)

    assert (await others.record(APP, TODAY, 0, second)).cooldown == LONG
    assert await quotas.read(APP) == QuotaRecord(TODAY, 0, LONG)


async def test_calls_alone_leave_the_cooldown_as_it_is(quotas: SqlQuotaRepository) -> None:
    await quotas.record(APP, TODAY, 1, LONG)

    assert await quotas.record(APP, TODAY, 4) == QuotaRecord(TODAY, 5, LONG)


async def test_a_cooldown_from_a_clock_that_was_months_ahead_gives_way(quotas: SqlQuotaRepository) -> None:
    await quotas.record(APP, TODAY, 0, Cooldown(NOW + timedelta(days=180)))

    assert (await quotas.record(APP, TODAY, 0, SHORT)).cooldown == SHORT


async def test_a_cooldown_of_a_week_does_not_give_way(quotas: SqlQuotaRepository) -> None:
    week = Cooldown(NOW + LONGEST_COOLDOWN)
    await quotas.record(APP, TODAY, 0, week)

    assert (await quotas.record(APP, TODAY, 0, SHORT)).cooldown == week


async def test_a_reason_of_a_newer_version_can_be_read(database: Database, quotas: SqlQuotaRepository) -> None:
    await quotas.record(APP, TODAY, 0, LONG)
    async with database.transaction() as session:
        await session.execute(update(SpotifyQuotaRow).values(cooldown_reason="SOMETHING_NEW"))

    assert (await quotas.read(APP)) == QuotaRecord(TODAY, 0, Cooldown(LONG.until, LimitReason.TOO_FAST))


async def test_no_call_and_no_cooldown_is_lost_between_two_processes(
    quotas: SqlQuotaRepository, others: SqlQuotaRepository
) -> None:
    async def use(repository: SqlQuotaRepository, day: date, offset: int) -> None:
        for number in range(20):
            await repository.record(APP, day, 3, Cooldown(NOW + timedelta(seconds=2 * number + offset)))

    await asyncio.gather(*(use(repository, TODAY, offset) for offset, repository in enumerate((quotas, others))))

    expected = QuotaRecord(TODAY, 120, Cooldown(NOW + timedelta(seconds=39)))
    assert await quotas.read(APP) == await others.read(APP) == expected
