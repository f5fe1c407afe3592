"""The composition root: builds adapters, services and faces, and starts and stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass

import aiohttp
import discord
import structlog
from fastapi import APIRouter

from bot.discord.client import CrossfadeBot
from bot.discord.poster import ChannelDigestPoster
from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import CrossfadeError
from bot.jobs.scheduler import Jobs
from bot.services.accounts import AccountsService
from bot.services.digests import DigestsService
from bot.services.discovery import DiscoveryService
from bot.services.library import LibraryService
from bot.services.models import ModelService
from bot.services.onboarding import OnboardingService
from bot.services.playlists import PlaylistsService
from bot.services.privacy import PrivacyService
from bot.services.recommendations import RecommendationsService
from bot.services.registry import Services
from bot.services.tracks import TrackDetails
from bot.settings import Settings
from bot.spotify.call_queue import QueueLimits
from bot.spotify.client import SpotifyAdapter
from bot.spotify.quota import QuotaLimiter
from bot.storage import migrate
from bot.storage.encryption import TokenCipher, load_or_create_key
from bot.storage.repositories.accounts import SqlAccountRepository
from bot.storage.repositories.digests import SqlDigestRepository
from bot.storage.repositories.library import SqlLibraryRepository
from bot.storage.repositories.privacy import SqlPrivacyRepository
from bot.storage.repositories.quotas import SqlQuotaRepository
from bot.storage.repositories.recommendations import SqlRecommendationRepository
from bot.storage.session import Database
from bot.web.app import create_web
from bot.web.server import listen, serving
from recommender.artifacts import ModelStore

_log = structlog.get_logger(__name__)
# Beyond those of the Web API, so that a token can be refreshed while that hangs.
_SPARE_THREADS = 2


@dataclass(frozen=True, slots=True)
class Core:
    """What stands below the faces: the database, the Spotify adapter and the services."""

    database: Database
    spotify: SpotifyAdapter
    services: Services
    clock: Clock


def new_secret() -> str:
    """Return 64 random bytes as 86 URL-safe characters (within RFC 7636's 43 to 128)."""
    return secrets.token_urlsafe(64)


def new_mark() -> str:
    """Return 6 random bytes as 8 URL-safe characters, for the description of a saved playlist."""
    return secrets.token_urlsafe(6)


@contextlib.asynccontextmanager
async def core(settings: Settings, clock: Clock | None = None, *, bring_up_to_date: bool = True) -> AsyncIterator[Core]:
    """Open the database (bringing its tables up to date), build the services, and close all again.

    Args:
        settings: the settings.
        clock: tells the time; the machine's own by default.
        bring_up_to_date: whether to upgrade the tables first.
    """
    clock = clock or SystemClock()
    make_home(settings)
    if bring_up_to_date:
        await asyncio.to_thread(migrate.upgrade, settings.database_url)
    database = Database(settings.database_url)
    limiter = _limiter(settings, database, clock)
    spotify = spotify_adapter(settings, clock, limiter)
    services = _services(settings, clock, database, spotify)
    try:
        yield Core(database, spotify, services, clock)
    finally:
        await services.onboarding.close()
        await services.accounts.close()
        await spotify.close()
        await limiter.close()
        await database.dispose()


def make_home(settings: Settings) -> None:
    """Make the home folder.

    Raises:
        CrossfadeError: it cannot be made.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CrossfadeError(
            f"The folder {settings.home} cannot be made ({error.strerror}): set CROSSFADE_HOME to another one."
        ) from None


def spotify_adapter(settings: Settings, clock: Clock, limiter: QuotaLimiter | None = None) -> SpotifyAdapter:
    """Return the Spotify adapter for the settings; without a limiter it asks as often as it likes."""
    spotify = settings.spotify
    return SpotifyAdapter(
        spotify.client_id or "",
        spotify.client_secret.get_secret_value() if spotify.client_secret else None,
        settings.web.redirect_uri,
        clock=clock,
        accounts_url=spotify.accounts_url,
        api_url=spotify.api_url,
        max_concurrency=spotify.concurrency + _SPARE_THREADS,
        limiter=limiter,
    )


def _limiter(settings: Settings, database: Database, clock: Clock) -> QuotaLimiter:
    spotify = settings.spotify
    return QuotaLimiter(
        spotify.client_id or "",
        SqlQuotaRepository(database),
        clock,
        limits=QueueLimits(calls_per_window=spotify.calls_per_window, concurrency=spotify.concurrency),
        daily_budget=spotify.daily_budget or None,
    )


def _services(settings: Settings, clock: Clock, database: Database, spotify: SpotifyAdapter) -> Services:
    account_rows = SqlAccountRepository(database, token_cipher(settings))
    library_rows = SqlLibraryRepository(database)
    recommendation_rows = SqlRecommendationRepository(database)
    privacy_rows = SqlPrivacyRepository(database)
    models = ModelService(ModelStore(settings.models_dir))
    accounts = AccountsService(account_rows, spotify, clock, new_secret=new_secret)
    library = LibraryService(library_rows, spotify, accounts, clock)
    details = TrackDetails(library_rows, spotify, accounts, clock, open_url=settings.spotify.open_url)
    recommendations = RecommendationsService(
        models, accounts, library, library_rows, recommendation_rows, details, clock
    )
    discovery = DiscoveryService(
        models, accounts, account_rows, library, library_rows, recommendation_rows, privacy_rows, details, clock
    )
    return Services(
        accounts=accounts,
        onboarding=OnboardingService(library, clock),
        library=library,
        models=models,
        recommendations=recommendations,
        discovery=discovery,
        playlists=PlaylistsService(recommendations, recommendation_rows, spotify, accounts, clock, new_mark=new_mark),
        digests=DigestsService(
            SqlDigestRepository(database),
            discovery,
            recommendations,
            clock,
            worker=f"{socket.gethostname()}-{secrets.token_hex(6)}",
        ),
        privacy=PrivacyService(privacy_rows, clock),
    )


def token_cipher(settings: Settings) -> TokenCipher:
    """Return what encrypts the tokens: the keys of the settings, or the one in the home folder, made when missing."""
    given = settings.core.encryption_keys
    if given is not None:
        return TokenCipher([key.strip() for key in given.get_secret_value().split(",") if key.strip()])
    return TokenCipher([load_or_create_key(settings.home / "secret.key")])


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
    application = create_web(the_core.services, lambda: health_of(the_core, bot), extra)
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
