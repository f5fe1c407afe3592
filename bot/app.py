"""The composition root: builds adapters, services and faces, and starts and stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Collection, Iterator, Sequence

import aiohttp
import discord
import structlog
from fastapi import APIRouter

from bot.core import Core, core
from bot.discord.client import CrossfadeBot
from bot.discord.poster import ChannelDigestPoster
from bot.domain.errors import CrossfadeError
from bot.jobs.scheduler import Jobs
from bot.settings import Settings
from bot.web.app import create_web
from bot.web.server import listen, serving

_log = structlog.get_logger(__name__)


async def health_of(the_core: Core, bot: CrossfadeBot | None) -> dict[str, bool]:
    """Return each part of the running program and whether it is ready."""
    parts = {"database": True}
    try:
        await the_core.database.ping()
    except CrossfadeError:
        parts["database"] = False
    if bot is not None:
        parts["discord"] = bot.is_ready()
    return parts


@contextlib.asynccontextmanager
async def web_part(
    the_core: Core, bot: CrossfadeBot | None, listener: socket.socket, extra: Sequence[APIRouter] = ()
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve the web face while the block runs."""

    def guild_name(guild_id: int) -> str | None:
        guild = bot.get_guild(guild_id) if bot is not None else None
        return guild.name if guild is not None else None

    application = create_web(the_core.services, lambda: health_of(the_core, bot), extra, guild_name)
    async with serving(application, listener) as task:
        yield task


def create_bot(the_core: Core, settings: Settings, *, shard_count: int | None = None) -> CrossfadeBot:
    """Return the Discord client, not yet logged in; by default it has as many shards as Discord advises."""
    return CrossfadeBot(
        the_core.services,
        the_core.clock,
        guild_for_sync=settings.discord.development_guild,
        shard_count=shard_count,
    )


def create_jobs(the_core: Core, bot: CrossfadeBot, settings: Settings) -> Jobs:
    """Return the timed jobs, not yet started; they post through the bot."""
    return Jobs(the_core.services, ChannelDigestPoster(bot), every=settings.jobs.every)


async def run(settings: Settings, parts: Collection[str]) -> None:
    """Run the chosen parts until the program is asked to stop (SIGINT, SIGTERM) or one of them fails.

    Raises:
        CrossfadeError: a setting is missing or wrong, a port is taken, a login is refused.
    """
    token = settings.discord.token
    needs_bot = "discord" in parts or "jobs" in parts
    if needs_bot and token is None:
        raise CrossfadeError("CROSSFADE_DISCORD_TOKEN is not set: put the bot's token into .env (see .env.example).")
    if not settings.spotify.client_id:
        raise CrossfadeError(
            "CROSSFADE_SPOTIFY_CLIENT_ID is not set: put your Spotify app's client id into .env (see .env.example)."
        )
    listener = listen(settings.web.host, settings.web.port) if "web" in parts else None
    async with contextlib.AsyncExitStack() as stack:
        the_core = await stack.enter_async_context(core(settings))
        running = [asyncio.create_task(_stop_signal(), name="stop signal")]
        bot = create_bot(the_core, settings) if needs_bot else None
        if listener is not None:
            gateway = bot if "discord" in parts else None
            running.append(await stack.enter_async_context(web_part(the_core, gateway, listener)))
            _log.info("web server listening", url=settings.web.base_url, redirect_uri=settings.web.redirect_uri)
        if bot is not None and token is not None:
            jobs = create_jobs(the_core, bot, settings) if "jobs" in parts else None
            speaking = _speak(bot, token.get_secret_value(), jobs, connect="discord" in parts)
            running.append(asyncio.create_task(speaking, name="discord"))
        await _first_to_end(running)


async def _speak(bot: CrossfadeBot, token: str, jobs: Jobs | None, *, connect: bool) -> None:
    """Log in, tick, and listen where that is wanted; posting alone needs no connection to the gateway."""
    try:
        with login_faults():
            await bot.login(token)
    except BaseException:
        await bot.http.close()
        raise
    try:
        if jobs is not None:
            jobs.start()
        with login_faults():
            await (bot.connect() if connect else asyncio.Event().wait())
    finally:
        if jobs is not None:
            await jobs.stop()
        await bot.close()


@contextlib.contextmanager
def login_faults() -> Iterator[None]:
    """Turn what a login to Discord fails with into a sentence."""
    try:
        yield
    except discord.LoginFailure:
        raise CrossfadeError(
            "Discord does not accept CROSSFADE_DISCORD_TOKEN: reset it in the Developer Portal, put it into .env."
        ) from None
    except discord.HTTPException as error:
        raise CrossfadeError(
            f"Discord refused the login ({error.status}): check CROSSFADE_DISCORD_DEVELOPMENT_GUILD, or try later."
        ) from None
    except (OSError, aiohttp.ClientError) as error:
        raise CrossfadeError(f"Discord cannot be reached ({error}): check this machine's connection.") from None


async def _stop_signal() -> None:
    """Return when the program is asked to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no loop signal handlers; there Ctrl-C raises KeyboardInterrupt by itself.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    await stop.wait()


async def _first_to_end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until one part ends, stop the others, and raise what it failed with."""
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stopped = [task for task in pending if task.get_name() != "web server"]  # its own context stops that one
    for task in stopped:
        task.cancel()
    await asyncio.gather(*stopped, return_exceptions=True)
    for task in done:
        task.result()
