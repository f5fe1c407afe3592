"""Takes a picture of every message that the bot sends: python tests/discord/gallery.py FOLDER."""

from __future__ import annotations

import asyncio
import colorsys
import io
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import discord
import simcord
from discord_fakes import World
from discord_samples import NOW, TRACKS, account, cover_url, playlist, recommendations, report
from discord_scene import Scene, furnish, make_bot
from discord_scene import shown as shown_message
from PIL import Image, ImageDraw
from playwright.async_api import Browser, async_playwright
from simcord.results import InteractionResult

from bot.discord.poster import ChannelDigestPoster
from bot.domain.errors import NoModel, SpotifyUnavailable
from bot.domain.recommendations import SetKind
from bot.services.onboarding import Linked, Synced

WIDTHS = (390, 1200)
CHROMIUM = "/usr/bin/chromium"
AS_IN_THE_APPS = ".component-section { grid-template-columns: minmax(0, 1fr) auto !important }"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


async def messages(scene: Scene) -> AsyncIterator[tuple[str, InteractionResult | discord.Message]]:
    """Yield each kind of message under its name, as members bring it about."""
    world, member, channel = scene.world, scene.admin, scene.channel
    yield "error-not-connected", await member.slash(channel, "discover")
    connecting = await member.slash(channel, "connect")
    yield "connect", connecting
    linked = account(member.id, "Mia")
    await world.watchers[member.id](Linked(linked))
    yield "connect-reading", connecting
    await world.watchers[member.id](Synced(linked, report(playlists_out_of_reach=3, items_skipped=4)))
    yield "connect-done", connecting
    world.connect(member.id)
    world.playlists[member.id] = [
        replace(playlist(n, name, size), image_url=cover_url(n)) for n, (name, size) in enumerate(PLAYLISTS.items())
    ]
    yield "playlists", await member.slash(channel, "playlists")
    yield "sync", await member.slash(channel, "sync")
    yield "recommend-playlist", await member.slash(channel, "recommend", playlist="3")
    yield "recommend-track", await member.slash(channel, "recommend", track="paper lanterns")
    discovered = await member.slash(channel, "discover")
    yield "discover", discovered
    first = discovered.response
    assert first is not None
    yield "saved", await member.click(first, label="Save to Spotify")
    yield "saved-before", await member.click(first, label="Save to Spotify")
    await member.click(first, label="Next")
    yield "discover-page-2", discovered
    digest = recommendations(10, SetKind.DIGEST, "This week’s discoveries", DIGEST_SUBTITLE)
    await ChannelDigestPoster(scene.bot).post(channel.id, world.store(digest), "digest-1")
    assert channel.last_message is not None
    yield "digest", channel.last_message
    yield "digest-status-none", await member.slash(channel, "digest status")
    settings = {"channel": channel, "day": 4, "hour": 18, "time_zone": "Europe/Berlin"}
    yield "digest-set", await member.slash(channel, "digest set", **settings)
    stopped = world.digests[scene.guild.id]
    world.digests[scene.guild.id] = replace(stopped, enabled=False, stopped_because=STOPPED)
    yield "digest-stopped", await member.slash(channel, "digest status")
    yield "digest-off", await member.slash(channel, "digest off")
    yield "disconnect", await member.slash(channel, "disconnect")
    world.script.errors = {"discover": NoModel(), "sync": SpotifyUnavailable(), "playlists": RuntimeError("broken")}
    yield "error-no-model", await member.slash(channel, "discover")
    yield "error-spotify", await member.slash(channel, "sync")
    yield "error-unexpected", await member.slash(channel, "playlists")
    asking = await member.slash(channel, "disconnect")
    assert asking.response is not None
    await member.click(asking.response, label="Disconnect and delete")
    yield "disconnected", asking


PLAYLISTS = {
    "Rainy day": 42,
    "Kitchen dancing": 67,
    "Late trains": 31,
    "Sunday, slowly": 58,
    "Songs Jon keeps sending me": 14,
}
DIGEST_SUBTITLE = "10 tracks that nobody here has yet, from the playlists of 6 members"
STOPPED = "I may not post in the channel: give me “View Channel” and “Send Messages” there."


def covers() -> Mapping[str, tuple[str, bytes]]:
    """Return a drawn cover for each address that the fictional tracks have."""
    return {cover_url(n): (f"{n}.png", _cover(n)) for n in range(len(TRACKS))}


def _cover(number: int) -> bytes:
    def colour(hue: float, lightness: float) -> tuple[int, int, int]:
        red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, 0.6)
        return int(red * 255), int(green * 255), int(blue * 255)

    hue = number * 0.381966
    image = Image.new("RGB", (160, 160), colour(hue, 0.35))
    draw = ImageDraw.Draw(image)
    for ring in range(4):
        edge = 12 + ring * 18 + number % 3 * 4
        draw.ellipse((edge, edge + 30, 160 - edge // 2, 190 - edge), fill=colour(hue + 0.08 * ring, 0.45 + 0.08 * ring))
    stored = io.BytesIO()
    image.save(stored, "PNG")
    return stored.getvalue()


async def photograph(browser: Browser, url: str, name: str, folder: Path) -> None:
    """Take the picture of the message that the page at `url` shows, at each width."""
    for width in WIDTHS:
        page = await browser.new_page(viewport={"width": width, "height": 2400}, bypass_csp=True)
        await page.goto(url)
        await page.add_style_tag(content=AS_IN_THE_APPS)
        await page.wait_for_function("() => window.simcordPreview?.ready")
        await page.locator("#focused-content").screenshot(path=folder / f"{name}-{width}.png")
        await page.close()


async def main(folder: Path) -> None:
    """Write all pictures into an existing folder."""
    world = World()
    bot = make_bot(world)
    async with simcord.run(bot, check_errors=False) as env, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        env.backend.bot_user.name = "Crossfade"
        scene = furnish(env, bot, world)
        now = NOW + timedelta(minutes=1)
        async with env.preview(scene.channel, viewers=[scene.admin], assets=covers(), presentation_time=now) as preview:
            async for name, shown in messages(scene):
                await preview.show(shown_message(shown) if isinstance(shown, InteractionResult) else shown)
                await photograph(browser, preview.url, name, folder)
        await browser.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
