"""The connection to the database: an engine made when asked for, and transactions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Pool, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bot.storage.errors import StorageError
from bot.storage.urls import parse_url

_BUSY_TIMEOUT_MS = 30_000
_READ_ONLY = "crossfade_read_only"


class Database:
    """A database, shared by everything in the process.

    On SQLite a writing transaction takes the write lock when it begins: two processes that read first and wrote
    later would each wait for the other. Writers of this process queue up before the lock, in order, because SQLite
    itself makes them poll for it.

    Args:
        url: `sqlite:///FILE` or `postgresql://...`, with or without a driver's name.

    Raises:
        StorageError: the address cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        self._writing = async_sessionmaker(self._engine, expire_on_commit=False)
        self._reading = async_sessionmaker(
            self._engine.execution_options(**{_READ_ONLY: True}), expire_on_commit=False, autoflush=False
        )
        self._writers = asyncio.Lock() if self.dialect == "sqlite" else None

    @property
    def dialect(self) -> str:
        """The kind of database: "sqlite" or "postgresql"."""
        return self._engine.dialect.name

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Give a session whose work is committed at the end, or undone if an exception leaves the block."""
        queue: AbstractAsyncContextManager[None] = self._writers or nullcontext()
        async with queue, self._writing.begin() as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Give a session for reading only, which never waits for a writer; nothing done in it is kept."""
        async with self._reading() as session:
            yield session

    async def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StorageError: it cannot be reached; the text says where it was looked for.
        """
        if self.dialect == "sqlite" and not Path(self._engine.url.database or "").parent.is_dir():
            raise unreachable(self._engine, FileNotFoundError("its folder does not exist"))
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (DBAPIError, OSError) as error:
            raise unreachable(self._engine, error) from error

    async def dispose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def create_engine(url: str, *, foreign_keys: bool = True, poolclass: type[Pool] | None = None) -> AsyncEngine:
    """Return an engine for an address; nothing is connected yet.

    Args:
        url: see `Database`.
        foreign_keys: whether SQLite enforces them; migrations that rebuild a table must do without.
        poolclass: another pool than the dialect's own.

    Raises:
        StorageError: the address cannot be used.
    """
    parsed = parse_url(url)
    engine = create_async_engine(parsed, poolclass=poolclass, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, foreign_keys=foreign_keys)
    return engine


def unreachable(engine: AsyncEngine, error: Exception) -> StorageError:
    """Return the one sentence for a database that cannot be opened; passwords stay out of it."""
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()
    place = engine.url.set(query={}).render_as_string(hide_password=True)
    return StorageError(f"The database {place} cannot be opened ({cause[0] if cause else type(error).__name__}).")


def _prepare_sqlite(engine: AsyncEngine, *, foreign_keys: bool) -> None:
    """Switch the driver's own transaction handling off and set what SQLite forgets with each connection.

    https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#sqlite-transactions
    """

    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={_BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(_READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
