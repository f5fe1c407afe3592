"""`crossfade members` as a host types it when a member asks for their data, or to be forgotten."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import members
from bot.cli.console import State
from bot.domain.accounts import SpotifyProfile, TokenSet
from bot.domain.errors import CrossfadeError
from bot.storage.encryption import TokenCipher, new_key
from bot.storage.repositories import SqlAccountRepository
from bot.storage.session import Database

ADA = 4_100_000_000_000_000_001
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKENS = TokenSet("access", "refresh", NOW + timedelta(hours=1), frozenset())


@pytest.fixture
def crossfade(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """Give the commands on a database in which Ada is linked."""
    key = new_key()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROSSFADE_HOME", str(tmp_path))
    monkeypatch.setenv("CROSSFADE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CROSSFADE_ENCRYPTION_KEYS", key)

    async def link() -> None:
        database = Database(sqlite_url)
        accounts = SqlAccountRepository(database, TokenCipher([key]))
        await accounts.link(ADA, SpotifyProfile("account", "user", "Ada"), TOKENS, NOW)
        await database.dispose()

    asyncio.run(link())
    app = typer.Typer()
    members.register(app)

    @app.callback()
    def options(context: typer.Context) -> None:
        context.obj = State(env_file=Path(".env"), debug=False)

    return app


def test_a_member_is_exported_into_a_new_file_and_no_other_is_written_over(
    crossfade: typer.Typer, tmp_path: Path
) -> None:
    out = tmp_path / "ada.zip"
    done = CliRunner().invoke(crossfade, ["members", "export", str(ADA), str(out)])
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(io.BytesIO(out.read_bytes())) as packed:
        assert "Ada" in packed.read("profile.json").decode()
    again = CliRunner().invoke(crossfade, ["members", "export", str(ADA), str(out)])
    assert isinstance(again.exception, CrossfadeError)
    assert "is there already" in str(again.exception)


def test_deleting_asks_first_and_leaves_nothing(crossfade: typer.Typer, tmp_path: Path) -> None:
    refused = CliRunner().invoke(crossfade, ["members", "delete", str(ADA)], input="n\n")
    assert refused.exit_code == 1
    done = CliRunner().invoke(crossfade, ["members", "delete", str(ADA), "--yes"])
    assert done.exit_code == 0, done.output
    assert "Deleted" in done.output
    for command in (["delete", str(ADA), "--yes"], ["export", str(ADA), str(tmp_path / "x.zip")]):
        nobody = CliRunner().invoke(crossfade, ["members", *command])
        assert isinstance(nobody.exception, CrossfadeError)
        assert "Nothing is kept" in str(nobody.exception)
    assert not (tmp_path / "x.zip").exists()
