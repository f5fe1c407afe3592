"""INSERT ... ON CONFLICT for both databases, and work cut into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Base

Item = TypeVar("Item")

BATCH = 1000
"""Parameters of one IN list: far below the limits of SQLite (32,766) and PostgreSQL (65,535)."""


def table_of(row: type[Base]) -> Table:
    """Return the table behind a mapped class, for statements that need no objects."""
    return cast(Table, row.__table__)


def insert_into(session: AsyncSession, row: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into a table that knows the database's ON CONFLICT."""
    table = table_of(row)
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


async def affected(session: AsyncSession, statement: Executable) -> int:
    """Execute an UPDATE or DELETE and return how many rows it changed; INSERTs do not tell on every database."""
    return cast("CursorResult[Any]", await session.execute(statement)).rowcount


def batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Cut items into lists of at most `size`."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
