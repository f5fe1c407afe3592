"""Tests of connections, transactions and the column type for times."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, StatementError

from bot.storage.errors import StorageError
from bot.storage.models import GuildMemberRow, GuildRow, MemberRow, UtcDateTime
from bot.storage.session import Database
from bot.storage.urls import parse_url, url_from_environment

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def _see(database: Database, seen_at: datetime) -> None:
    async with database.transaction() as session:
        session.add_all([GuildRow(id=1), MemberRow(id=2)])
        await session.flush()
        session.add(GuildMemberRow(guild_id=1, member_id=2, seen_at=seen_at))


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive time"):
        await _see(database, datetime(2026, 11, 20, 12))


async def test_a_time_comes_back_aware_and_in_utc(database: Database) -> None:
    await _see(database, datetime(2026, 11, 20, 13, 30, 0, 123456, tzinfo=ZoneInfo("Europe/Berlin")))

    async with database.reading() as session:
        seen_at = await session.scalar(select(GuildMemberRow.seen_at))
    assert seen_at == datetime(2026, 11, 20, 12, 30, 0, 123456, tzinfo=UTC)
    assert seen_at is not None
    assert seen_at.tzinfo is UTC


@given(
    st.datetimes(
        min_value=datetime(1900, 1, 1),
        max_value=datetime(2200, 1, 1),
        timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    )
)
def test_any_aware_time_is_the_same_moment_after_storing(moment: datetime) -> None:
    column, dialect = UtcDateTime(), sqlite.dialect()
    bound = column.process_bind_param(moment, dialect)
    assert bound is not None
    assert column.process_result_value(bound.replace(tzinfo=None), dialect) == moment


async def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add(GuildMemberRow(guild_id=1, member_id=2, seen_at=NOON))


async def test_sqlite_runs_in_wal_mode_with_its_pragmas(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.reading() as session:
        pragmas = {
            name: await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    await database.dispose()
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 30_000}


async def test_an_exception_undoes_the_transaction(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            session.add(MemberRow(id=1))
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with database.reading() as session:
        assert await session.get(MemberRow, 1) is None


async def test_nothing_done_while_reading_is_kept(database: Database) -> None:
    async with database.reading() as session:
        session.add(MemberRow(id=1))
        await session.flush()
    async with database.reading() as session:
        assert await session.get(MemberRow, 1) is None


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.transaction() as writer:
        writer.add(MemberRow(id=1))
        await writer.flush()
        async with asyncio.timeout(5), database.reading() as reader:
            assert await reader.get(MemberRow, 1) is None


async def test_many_writers_that_read_first_lose_nothing_and_never_deadlock(
    database: Database, database_url: str
) -> None:
    """Each adds one to a row it has read: with two engines, so that no lock inside one process can help."""
    other = Database(database_url)
    async with database.transaction() as session:
        session.add_all([GuildRow(id=1), MemberRow(id=2)])
        await session.flush()
        session.add(GuildMemberRow(guild_id=1, member_id=2, seen_at=NOON))

    async def add_a_minute(shared: Database) -> None:
        async with shared.transaction() as session:
            row = await session.get_one(GuildMemberRow, (1, 2), with_for_update=True)
            row.seen_at += timedelta(minutes=1)

    await asyncio.gather(*(add_a_minute(shared) for _ in range(15) for shared in (database, other)))

    async with other.reading() as session:
        assert await session.scalar(select(GuildMemberRow.seen_at)) == NOON + timedelta(minutes=30)
    await other.dispose()


async def test_a_discord_id_of_64_bits_fits(database: Database) -> None:
    largest = 2**63 - 1
    async with database.transaction() as session:
        session.add(MemberRow(id=largest))
    async with database.reading() as session:
        assert await session.get(MemberRow, largest) is not None


async def test_ping_answers(database: Database) -> None:
    await database.ping()


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all/crossfade.db", "postgresql://crossfade:hunter2@127.0.0.1:1/crossfade"],
)
async def test_a_database_that_cannot_be_opened_is_one_sentence_without_the_password(url: str) -> None:
    database = Database(url)
    with pytest.raises(StorageError, match=r"^The database .* cannot be opened") as caught:
        await database.ping()
    await database.dispose()
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite"),
        ("postgres://localhost/a", "postgresql+psycopg"),
        ("postgresql://localhost/a", "postgresql+psycopg"),
        ("postgresql+psycopg2://localhost/a", "postgresql+psycopg"),
    ],
)
def test_plain_addresses_get_the_drivers_that_are_installed(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize("url", ["", "crossfade.db", "mysql://localhost/a", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_cannot_be_used_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(StorageError):
        Database(url)


def test_the_environment_names_the_database_or_its_folder(tmp_path: Path) -> None:
    assert url_from_environment({"CROSSFADE_DATABASE_URL": "postgresql://localhost/a"}) == "postgresql://localhost/a"
    assert url_from_environment({"CROSSFADE_HOME": str(tmp_path)}) == f"sqlite+aiosqlite:///{tmp_path / 'crossfade.db'}"
    assert url_from_environment({}).endswith("/crossfade.db")
