"""The repositories on each kind of database, and a second engine on the same one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.storage.encryption import TokenCipher
from bot.storage.repositories import (
    SqlAccountRepository,
    SqlDigestRepository,
    SqlLibraryRepository,
    SqlRecommendationRepository,
    SqlSaveRepository,
)
from bot.storage.session import Database

if TYPE_CHECKING:
    from tests.conftest import PostgresServer


@pytest.fixture
async def second_database(database_url: str) -> AsyncIterator[Database]:
    """Another engine on the same database, as another process has one."""
    opened = Database(database_url)
    yield opened
    await opened.dispose()


@pytest.fixture
def accounts(database: Database, cipher: TokenCipher) -> SqlAccountRepository:
    return SqlAccountRepository(database, cipher)


@pytest.fixture
def library(database: Database) -> SqlLibraryRepository:
    return SqlLibraryRepository(database)


@pytest.fixture
def recommendations(database: Database) -> SqlRecommendationRepository:
    return SqlRecommendationRepository(database)


@pytest.fixture
def saves(database: Database) -> SqlSaveRepository:
    return SqlSaveRepository(database)


@pytest.fixture
def digests(database: Database) -> SqlDigestRepository:
    return SqlDigestRepository(database)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'folder' / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name, url = server.create_database()
    yield url
    server.drop_database(name)
