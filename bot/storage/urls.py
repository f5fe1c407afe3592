"""Database addresses: which are understood, and which is used when none is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import platformdirs
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.storage.errors import StorageError

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "sqlite+pysqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "postgresql+psycopg2": "postgresql+psycopg",
    "postgresql+asyncpg": "postgresql+psycopg",
}


def parse_url(url: str) -> URL:
    """Return the address with the driver that Crossfade uses for its kind of database.

    Args:
        url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`, with or without a driver's name.

    Raises:
        StorageError: it is no address, names another kind of database, or a SQLite database without a file.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StorageError(
            "The database address cannot be read: "
            "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME into CROSSFADE_DATABASE_URL."
        ) from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise StorageError(
            f"The database address begins with {parsed.drivername}://, but Crossfade uses sqlite:/// or postgresql://."
        )
    if driver.startswith("sqlite") and parsed.database in {None, "", ":memory:"}:
        raise StorageError("A SQLite database needs a file, because several connections share it: sqlite:///FILE.")
    return parsed.set(drivername=driver)


def url_from_environment(environment: Mapping[str, str]) -> str:
    """Return `CROSSFADE_DATABASE_URL`, or the address of `crossfade.db` in the home folder (`CROSSFADE_HOME`).

    Args:
        environment: the environment's variables.
    """
    given = environment.get("CROSSFADE_DATABASE_URL")
    if given:
        return given
    home = environment.get("CROSSFADE_HOME") or platformdirs.user_data_dir("crossfade", appauthor=False)
    return f"sqlite+aiosqlite:///{Path(home).expanduser().absolute() / 'crossfade.db'}"


def make_parent_folder(url: URL) -> None:
    """Make the folder of a SQLite file; nothing for other databases.

    Raises:
        StorageError: it cannot be made.
    """
    if url.get_backend_name() != "sqlite" or url.database is None or url.database.startswith("file:"):
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The database's folder {folder} cannot be made: {error.strerror or error}.") from error
