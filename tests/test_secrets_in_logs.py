"""No token, secret or e-mail address comes into the log, at DEBUG neither: every flow is run and the log searched."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import discord
import httpx
import pytest
import simcord
import structlog
from discord_scene import buttons_of, shown, text_of

from bot.sandbox.exports import SampleExports
from bot.sandbox.guests import agree, consent

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.catalogue import SampleWorld
    from bot.sandbox.spotify import SpotifyServer
    from bot.settings import Settings

MIRA = "mirasolenne"
APP_ID, APP_SECRET = "5e" * 16, "c4" * 16
THE_MEMBERS_BROWSER = re.compile(r'"logger": "(httpx|httpcore)')
"""It walks through the consent page, and is no part of the program."""

EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Run on SQLite alone: what differs between databases is tested in tests/storage."""
    return sqlite_url


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Log as the program does at DEBUG, and let every library speak at DEBUG too; give what is written."""
    from bot.logs import configure_logging

    root = logging.getLogger()
    before = root.handlers[:], root.level, structlog.get_config()
    written = io.StringIO()
    with contextlib.redirect_stderr(written):
        configure_logging("DEBUG", "json")
        root.setLevel(logging.DEBUG)
        yield written
    root.handlers[:], level, configuration = before
    root.setLevel(level)
    structlog.configure(**configuration)


class Known:
    """Every secret that was made or given out."""

    def __init__(self) -> None:
        self.secrets: set[str] = {APP_SECRET}

    def noting(self, make: Callable[..., str]) -> Callable[..., str]:
        """Return the maker of secrets with each of them noted."""

        def noted(*arguments: Any) -> str:  # noqa: ANN401 - as the maker takes them
            secret = make(*arguments)
            self.secrets.add(secret)
            return secret

        return noted


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    """Note the stand-in's codes and tokens, and the bot's own states and verifiers."""
    from bot import core
    from bot.sandbox.spotify.ids import IdSource

    known = Known()
    monkeypatch.setattr(IdSource, "token", known.noting(IdSource.token))
    monkeypatch.setattr(core, "new_secret", known.noting(core.new_secret))
    monkeypatch.setattr(core, "new_state", known.noting(core.new_state))
    return known


def link_of(message: Any, label: str) -> str:  # noqa: ANN401 - a response or a message
    return str(buttons_of(message)[label]["url"])


async def test_no_flow_logs_a_secret_at_debug(
    log: io.StringIO,
    known: Known,
    settings: Settings,
    open_core: Callable[[], AbstractAsyncContextManager[Core]],
    spotify_server: SpotifyServer,
    sample_world: SampleWorld,
    clock: FakeClock,
) -> None:
    from bot.app import create_bot, create_jobs, web_part
    from bot.web.server import listen

    state = spotify_server.state
    state.register_app(APP_ID, APP_SECRET)
    listener = listen("127.0.0.1", 0)
    web = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as stack:
        system = await stack.enter_async_context(open_core())
        bot = create_bot(system, settings, shard_count=1)
        env = await stack.enter_async_context(simcord.run(bot, check_errors=False))
        await stack.enter_async_context(web_part(system, bot, listener))
        browser = await stack.enter_async_context(httpx.AsyncClient(base_url=web))
        guild = env.create_guild("Listening Room")
        music = guild.create_text_channel("music")
        manager = guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
        alice = guild.add_member(env.create_user("alice"), roles=[manager])

        async def connect() -> None:
            connecting = await alice.slash(music, "connect")
            back = await consent(link_of(shown(connecting), "Connect Spotify"), MIRA)
            page = await agree(browser, back)
            assert "Connected as" in page.text
            await asyncio.gather(*system.services.onboarding.running)
            await env.settle()

        form = await alice.slash(music, "spotify-app set")
        opened = await alice.click(shown(form), label="Enter the app") if form.modal is None else form
        await alice.submit_modal(opened, {"client_id": APP_ID, "client_secret": APP_SECRET})
        await connect()
        account = await system.services.accounts.account(alice.id)
        assert account is not None
        assert account.client_id == APP_ID
        await alice.slash(music, "spotify-app test")
        found = shown(await alice.slash(music, "discover"))
        saved = shown(await alice.click(found, label="Save to Spotify"))
        await alice.click(saved, label="Undo")
        await alice.slash(music, "privacy export")

        # A refresh that goes well, a token that is rejected, an outage, a limit, and the end of the authorisation.
        clock.advance(hours=2)
        await alice.slash(music, "sync")
        for fault in (
            {"status": 401, "body": {"error": {"status": 401, "message": f"Invalid token {known.secrets}"}}},
            {"status": 500, "times": 4},
            {"status": 429, "headers": {"Retry-After": "1"}},
            {"status": 200, "body": "{"},
        ):
            state.faults.add("GET", "/v1/me/playlists", **fault)
            await alice.slash(music, "sync")
            state.faults.clear()
            clock.advance(minutes=30)
        state.revoke(MIRA)
        clock.advance(hours=2)
        ended = shown(await alice.slash(music, "sync"))
        assert "connect" in text_of(ended).lower()
        await connect()

        export = SampleExports(sample_world, MIRA).account_data()
        taken = shown(await alice.slash(music, "import", file=("my_spotify_data.zip", export)))
        assert "playlists" in text_of(taken)
        await create_jobs(system, bot, settings).sync_due()
        await alice.slash(music, "spotify-app remove")
        leaving = shown(await alice.slash(music, "disconnect"))
        await alice.click(leaving, label="Disconnect and delete")

    lines = [line for line in log.getvalue().splitlines() if not THE_MEMBERS_BROWSER.search(line)]
    text = "\n".join(lines)
    assert "401 to GET /v1/me/playlists" in text
    assert "spotify account linked" in text
    assert len(known.secrets) > 10
    told = [line for line in lines if any(secret in line for secret in known.secrets)]
    assert [line[:400] for line in told] == []
    assert EMAIL.findall(text) == []
