"""The whole way: the real bot, Spotify's stand-in over HTTP, a real database; connect, sync, discover, save, digest."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import discord
import httpx
import simcord
from discord_scene import buttons_of, shown, text_of

from bot.sandbox.guests import agree, consent

if TYPE_CHECKING:
    from conftest import FakeClock
    from simcord.builders import ChannelHandle
    from simcord.results import ResponseMessage

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer
    from bot.settings import Settings

MONDAY_NINE_IN_LISBON = datetime(2026, 11, 23, 9, tzinfo=UTC)


def link_of(message: ResponseMessage | discord.Message, label: str) -> str:
    return str(buttons_of(message)[label]["url"])


async def test_from_connect_to_a_saved_playlist_and_a_digest(
    system: Core, settings: Settings, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    from bot.app import create_bot, create_jobs, web_part
    from bot.web.server import listen

    listener = listen("127.0.0.1", 0)
    web = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as stack:
        bot = create_bot(system, settings, shard_count=1)
        env = await stack.enter_async_context(simcord.run(bot, check_errors=False))
        await stack.enter_async_context(web_part(system, bot, listener))
        browser = await stack.enter_async_context(httpx.AsyncClient(base_url=web))
        guild = env.create_guild("Listening Room")
        music, weekly = guild.create_text_channel("music"), guild.create_text_channel("weekly")
        manager = guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
        alice = guild.add_member(env.create_user("alice"), roles=[manager])

        refused = shown(await alice.slash(music, "discover"))
        assert "connect" in text_of(refused)

        connecting = await alice.slash(music, "connect")
        assert shown(connecting).ephemeral
        back = await consent(link_of(shown(connecting), "Connect Spotify"), "mirasolenne")
        question = await browser.get(back.raw_path.decode())
        assert "@alice" in question.text
        assert "Listening Room" in question.text
        page = await agree(browser, back)
        assert "Connected as Mira Solenne" in page.text
        await first_sync(system)
        await env.settle()
        assert "6 playlists" in text_of(shown(connecting))

        found = shown(await alice.slash(music, "discover"))
        assert "30" in text_of(found)
        assert text_of(found).count("](") >= 10

        await env.restart_bot(create_bot(system, settings, shard_count=1))
        saved = shown(await alice.click(found, label="Save to Spotify"))
        again = shown(await alice.click(found, label="Save to Spotify"))
        link = link_of(saved, "Open in Spotify")
        assert link_of(again, "Open in Spotify") == link
        ours = [p for p in spotify_server.state.playlists_of("mirasolenne") if p.name.startswith("Crossfade")]
        assert len(ours) == 1
        assert "30 tracks" in (await browser.get(link)).text

        await alice.slash(music, "digest set", channel=weekly, day=0, hour=9, time_zone="Europe/Lisbon")
        jobs = create_jobs(system, env.bot, settings)
        await jobs.post_digests()
        assert weekly.last_message is None
        clock.set(MONDAY_NINE_IN_LISBON)
        await asyncio.gather(jobs.post_digests(), jobs.post_digests())
        await jobs.post_digests()
        assert digests_in(weekly) == 1
        assert "This week’s discoveries" in text_of(weekly.last_message)
        copied = shown(await alice.click(weekly.last_message, label="Save to Spotify"))
        assert link_of(copied, "Open in Spotify") != link


def digests_in(channel: ChannelHandle) -> int:
    return sum("This week’s discoveries" in text_of(message) for message in channel.history())


async def first_sync(system: Core) -> None:
    """Wait for the sync that the callback has started."""
    await asyncio.wait_for(asyncio.gather(*system.services.onboarding.running), 30)
