"""Tests that the migrations make the tables that the models describe, and take them away again."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text
from sqlalchemy.pool import NullPool

from bot.storage import migrate
from bot.storage.errors import StorageError
from bot.storage.models import Base
from bot.storage.session import create_engine
from bot.storage.urls import make_parent_folder, parse_url

if TYPE_CHECKING:
    from tests.conftest import PostgresServer

ROOT = Path(__file__).parents[2]


def _inside(url: str, work: Callable[[Connection], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    async def run() -> Any:  # noqa: ANN401
        engine = create_engine(url, poolclass=NullPool)
        async with engine.begin() as connection:
            result = await connection.run_sync(work)
        await engine.dispose()
        return result

    return asyncio.run(run())


def _tables(url: str) -> set[str]:
    return set(_inside(url, lambda connection: inspect(connection).get_table_names()))


def _description(connection: Connection) -> dict[str, object]:
    """Describe all that can be asked of the tables, more than Alembic compares."""
    inspector = inspect(connection)
    on_sqlite = connection.dialect.name == "sqlite"
    made_by = dict(connection.execute(text("SELECT name, sql FROM sqlite_master")).all()) if on_sqlite else {}
    return {
        table: (
            "AUTOINCREMENT" in made_by.get(table, ""),
            {column["name"]: (str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)},
            inspector.get_pk_constraint(table)["constrained_columns"],
            {check["name"]: check["sqltext"] for check in inspector.get_check_constraints(table)},
            {unique["name"]: unique["column_names"] for unique in inspector.get_unique_constraints(table)},
            {index["name"]: index["column_names"] for index in inspector.get_indexes(table)},
            {key["name"]: (key["referred_table"], key["options"]) for key in inspector.get_foreign_keys(table)},
        )
        for table in sorted(set(inspector.get_table_names()) - {"alembic_version"})
    }


def test_upgrading_an_empty_database_leaves_no_difference_to_the_models(empty_database_url: str) -> None:
    assert migrate.current(empty_database_url) is None
    assert "run `crossfade db upgrade`" in migrate.check(empty_database_url)[0]

    migrate.upgrade(empty_database_url)

    assert migrate.current(empty_database_url) == migrate.newest()
    assert migrate.check(empty_database_url) == []
    assert _tables(empty_database_url) == {*Base.metadata.tables, "alembic_version"}
    migrate.upgrade(empty_database_url)


def test_migrated_tables_have_the_same_columns_checks_indices_and_keys_as_the_models_make(
    empty_database_url: str,
) -> None:
    make_parent_folder(parse_url(empty_database_url))
    _inside(empty_database_url, Base.metadata.create_all)
    expected = _inside(empty_database_url, _description)
    _inside(empty_database_url, Base.metadata.drop_all)

    migrate.upgrade(empty_database_url)
    assert _inside(empty_database_url, _description) == expected


def test_downgrading_to_base_leaves_nothing_and_upgrading_works_again(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    migrate.downgrade(empty_database_url, "base")
    assert migrate.current(empty_database_url) is None
    assert _tables(empty_database_url) == {"alembic_version"}

    migrate.upgrade(empty_database_url)
    assert migrate.check(empty_database_url) == []


@pytest.mark.parametrize(
    ("change", "trace"),
    [
        ("DROP INDEX ix_tracks_isrc", "ix_tracks_isrc"),
        ("ALTER TABLE members ADD COLUMN nickname TEXT", "nickname"),
        ("CREATE TABLE leftovers (id INTEGER)", "leftovers"),
    ],
)
def test_check_names_what_is_different(database_url: str, change: str, trace: str) -> None:
    _inside(database_url, lambda connection: connection.execute(text(change)))
    [difference] = migrate.check(database_url)
    assert trace in difference


def test_check_names_a_rule_that_is_missing(postgres_url: str) -> None:
    drop = text("ALTER TABLE digests DROP CONSTRAINT ck_digests_weekday")
    _inside(postgres_url, lambda connection: connection.execute(drop))
    [difference] = migrate.check(postgres_url)
    assert "ck_digests_weekday" in difference


def test_a_second_migration_waits_until_the_first_is_done(postgres_server: PostgresServer) -> None:
    name, url = postgres_server.create_database()
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(url) as first, ThreadPoolExecutor(1) as elsewhere:
        first.execute("SELECT pg_advisory_xact_lock(%s)", [migrate.LOCK_KEY])
        second = elsewhere.submit(migrate.upgrade, url)
        while first.execute(waiting).fetchone() == (0,):
            assert not second.done()
        first.commit()
        second.result(timeout=60)
    assert migrate.check(url) == []
    postgres_server.drop_database(name)


def test_a_database_of_a_newer_version_is_refused_in_one_sentence(database_url: str) -> None:
    _inside(
        database_url, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    )
    with pytest.raises(StorageError, match="newer Crossfade"):
        migrate.upgrade(database_url)
    assert "9999" in migrate.check(database_url)[0]


def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be made"):
        migrate.upgrade(f"sqlite:///{tmp_path / 'file' / 'crossfade.db'}")
    with pytest.raises(StorageError, match="cannot be opened"):
        migrate.upgrade("postgresql://crossfade@127.0.0.1:1/crossfade")


def _alembic(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "alembic", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("CROSSFADE_")} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def test_the_plain_command_uses_the_environments_database(postgres_server: PostgresServer) -> None:
    name, url = postgres_server.create_database()
    _alembic("upgrade", "head", CROSSFADE_DATABASE_URL=url)
    assert migrate.check(url) == []
    _alembic("downgrade", "base", CROSSFADE_DATABASE_URL=url)
    assert _tables(url) == {"alembic_version"}
    postgres_server.drop_database(name)


def test_the_plain_command_makes_the_default_file_in_the_home_folder(tmp_path: Path) -> None:
    _alembic("upgrade", "head", CROSSFADE_HOME=str(tmp_path / "home"))
    assert migrate.check(f"sqlite:///{tmp_path / 'home' / 'crossfade.db'}") == []


def test_the_sql_can_be_written_instead_of_executed() -> None:
    written = io.StringIO()
    config = Config(output_buffer=written)
    config.set_main_option("script_location", str(migrate.migrations_folder()))
    config.attributes["url"] = "postgresql://localhost/crossfade"
    command.upgrade(config, "head", sql=True)
    assert all(f"CREATE TABLE {table} " in written.getvalue() for table in Base.metadata.tables)


def test_going_back_leaves_nothing_of_lists_that_the_older_program_does_not_know(database_url: str) -> None:
    def add(connection: Connection) -> None:
        connection.execute(text("INSERT INTO members (id) VALUES (1)"))
        connection.execute(text("INSERT INTO tracks (id, uri, name, source) VALUES (1, 't', 'T', 'spotify')"))
        for number, kind in enumerate(("playlist", "liked", "import"), 1):
            connection.execute(
                text(
                    "INSERT INTO playlists (id, source, kind, member_id, spotify_id, name, snapshot_id, collaborative,"
                    " total, n_tracks, rank, synced_at) VALUES (:id, 's', :kind, 1, :place, 'A', 'x', :no, 1, 1, 0,"
                    " :at)"
                ),
                {
                    "id": number,
                    "kind": kind,
                    "place": f"p{number}",
                    "no": False,
                    "at": datetime(2026, 11, 20, tzinfo=UTC),
                },
            )
            entry = "INSERT INTO playlist_entries (playlist_id, position, track_id) VALUES (:id, 0, 1)"
            connection.execute(text(entry), {"id": number})

    _inside(database_url, add)
    migrate.downgrade(database_url, "0003")
    left = "SELECT playlist_id FROM playlist_entries"
    assert _inside(database_url, lambda connection: connection.execute(text(left)).all()) == [(1,)]
