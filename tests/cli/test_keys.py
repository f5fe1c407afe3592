"""`crossfade keys` as an operator types it when a key is to be changed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import keys
from bot.cli.console import State
from bot.domain.accounts import SpotifyProfile, TokenSet
from bot.storage.encryption import TokenCipher, new_key
from bot.storage.repositories import SqlAccountRepository
from bot.storage.session import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKENS = TokenSet("access", "refresh", NOW + timedelta(hours=1), frozenset())


@pytest.fixture
def crossfade() -> typer.Typer:
    app = typer.Typer()
    keys.register(app)

    @app.callback()
    def options(context: typer.Context) -> None:
        context.obj = State(env_file=Path(".env"), debug=False)

    return app


async def link(url: str, key: str) -> None:
    database = Database(url)
    accounts = SqlAccountRepository(database, TokenCipher([key]))
    await accounts.link(1, SpotifyProfile("account", "user", "Ada"), TOKENS, NOW)
    await database.dispose()


async def stored_tokens(url: str, key: str) -> TokenSet | None:
    database = Database(url)
    found = await SqlAccountRepository(database, TokenCipher([key])).authorisation(1)
    await database.dispose()
    return found.tokens if found else None


def test_a_key_is_changed_without_losing_a_token(
    crossfade: typer.Typer, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = new_key()
    asyncio.run(link(sqlite_url, old))
    new = CliRunner().invoke(crossfade, ["keys", "new"]).stdout.strip()
    assert new != CliRunner().invoke(crossfade, ["keys", "new"]).stdout.strip()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROSSFADE_HOME", str(tmp_path))
    monkeypatch.setenv("CROSSFADE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CROSSFADE_ENCRYPTION_KEYS", f"{new},{old}")

    rotated = CliRunner().invoke(crossfade, ["keys", "rotate"])
    assert rotated.exit_code == 0, rotated.exception
    assert "1 accounts, 0 open sign-ins and 0 servers' Spotify apps" in rotated.stdout
    assert asyncio.run(stored_tokens(sqlite_url, new)) == TOKENS
    assert asyncio.run(stored_tokens(sqlite_url, old)) is None


def test_what_cannot_be_read_is_named(
    crossfade: typer.Typer, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(link(sqlite_url, new_key()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROSSFADE_HOME", str(tmp_path))
    monkeypatch.setenv("CROSSFADE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CROSSFADE_ENCRYPTION_KEYS", new_key())

    rotated = CliRunner().invoke(crossfade, ["keys", "rotate"])
    assert rotated.exit_code == 0
    assert "1 could not be read" in rotated.stderr
