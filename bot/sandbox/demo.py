"""The demo: the whole system on sample data, with stand-ins for Spotify and Discord on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bot import app as composition
from bot.core import Core, core
from bot.domain.clock import SystemClock
from bot.sandbox.catalogue import SampleWorld, build_sample_world
from bot.sandbox.demo_pages import DemoLinks, demo_routes
from bot.sandbox.exports import SampleExports
from bot.sandbox.guests import link_guest
from bot.sandbox.live_discord import LiveDiscord, LiveMember, check_simcord, live_discord
from bot.sandbox.spotify import SpotifyServer
from bot.settings import Settings
from bot.web.server import listen
from recommender.artifacts import ModelStore
from recommender.corpus import PlaylistCorpus
from recommender.hybrid import Hybrid

CLIENT_ID = "crossfade-demo"
VISITOR = LiveMember("you", "You")
GUESTS = {"tomasz": "tomaszbrightwater", "priya": "priyalanternhouse"}
"""Members who are there already, and the sample listener of each."""
BRINGER = "jonaskettleburn"
"""The sample listener whose files can be downloaded from the start page."""


class SkippingClock:
    """A clock that can be put forward, so that nobody has to wait a week for a digest."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the demo's present."""
        return self._real.now() + self._ahead

    def skip_to(self, moment: datetime) -> None:
        """Go forward to `moment`; the past stays out of reach."""
        self._ahead = max(self._ahead, moment - self._real.now())


@dataclass(frozen=True)
class Demo:
    """A running demo."""

    links: DemoLinks
    core: Core
    discord: LiveDiscord
    spotify: SpotifyServer
    clock: SkippingClock


async def run_demo(*, port: int, announce: Callable[[str], None]) -> None:
    """Run the demo until Ctrl-C.

    Args:
        port: of the start page on 127.0.0.1; 0 picks a free one.
        announce: is given the lines to print.

    Raises:
        CrossfadeError: the port is taken, or the demo's extra is not installed.
    """
    check_simcord()
    announce("Crossfade demo: making sample playlists and training on them, this takes a few seconds ...")
    # Importing SimCord makes a client without any intent, about which discord.py warns.
    logging.getLogger("discord.state").setLevel(logging.ERROR)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no loop signal handlers; there Ctrl-C raises KeyboardInterrupt by itself.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="crossfade-demo-") as home:
        async with demo(Path(home), port=port) as running:
            announce(f"\nReady. Open this in a browser:\n\n    {running.links.start}\n\nCtrl-C ends it.")
            await stop.wait()
            announce("\nStopping.")


@contextlib.asynccontextmanager
async def demo(home: Path, *, port: int = 0, digest_every: float = 2.0) -> AsyncIterator[Demo]:
    """Run the demo while the block runs.

    Args:
        home: an empty folder for the database, the corpus and the model.
        port: of the start page; 0 picks a free one.
        digest_every: seconds between two looks for due digests.
    """
    clock = SkippingClock()
    listener = listen("127.0.0.1", port)
    web_port = listener.getsockname()[1]
    world = await asyncio.to_thread(build_sample_world, clock.now())
    await asyncio.to_thread(train_on_sample, world, home, clock.now())
    async with contextlib.AsyncExitStack() as stack:
        spotify = await stack.enter_async_context(
            SpotifyServer(world, clock.now, rng=np.random.default_rng(), client_id=CLIENT_ID)
        )
        settings = _settings(home, web_port, spotify.url, digest_every)
        the_core = await stack.enter_async_context(core(settings, clock))
        bot = composition.create_bot(the_core, settings, shard_count=1)
        discord_page = await stack.enter_async_context(
            live_discord(
                bot,
                guild_name="The Listening Room",
                channel_names=["music", "weekly-digest"],
                member_names=[VISITOR, *(LiveMember(name, name.title()) for name in GUESTS)],
                admin=VISITOR.name,
                topics={
                    "music": "Type /connect, then /discover. Everything here runs on this machine.",
                    "weekly-digest": "Where the weekly digest is posted",
                },
                now=clock.now,
            )
        )
        stack.push_async_callback(bot.close)
        links = DemoLinks(
            start=f"http://127.0.0.1:{web_port}/",
            channels={name: discord_page.page(name, VISITOR.name) for name in discord_page.pages},
            spotify=spotify.url,
        )
        files = SampleExports(world, BRINGER).files()
        pages = demo_routes(links, the_core.services, discord_page.guild_id, clock, files)
        await stack.enter_async_context(composition.web_part(the_core, bot, listener, [pages]))
        jobs = composition.create_jobs(the_core, bot, settings)
        jobs.start()
        stack.push_async_callback(jobs.stop)
        for guest, listener_id in GUESTS.items():
            await link_guest(the_core.services, discord_page.members[guest], discord_page.guild_id, listener_id)
        yield Demo(links, the_core, discord_page, spotify, clock)


def train_on_sample(world: SampleWorld, home: Path, now: datetime) -> None:
    """Train a model on the sample community's playlists and make it the current one of `home`."""
    corpus = PlaylistCorpus.from_playlists(world.music.playlists())
    # The demo must be ready in seconds; on so few playlists the learnt ranker has little to add.
    model = Hybrid(ranker="blend").fit(corpus, world.music.features)
    ModelStore(home / "models").publish(
        f"sample-{now.astimezone(UTC):%Y-%m-%d}", lambda directory: model.save(directory, created_at=now)
    )


def _settings(home: Path, web_port: int, spotify_url: str, digest_every: float) -> Settings:
    """Return settings that point at the stand-ins and heed neither the environment nor a .env file."""
    return Settings(
        None,
        core={"home": home, "database_url": f"sqlite+aiosqlite:///{home / 'crossfade.db'}", "encryption_keys": None},
        discord={"token": None, "development_guild": None},
        spotify={
            "client_id": CLIENT_ID,
            "client_secret": None,
            "accounts_url": spotify_url,
            "api_url": f"{spotify_url}/v1/",
            "open_url": spotify_url,
            "calls_per_window": 10_000,
        },
        web={"host": "127.0.0.1", "port": web_port, "public_url": None},
        jobs={"every": digest_every},
    )
