"""Takes a picture of every message that the bot sends: python tests/discord/gallery.py FOLDER [BEGINNING ...].

With beginnings of names only the messages with such a name are photographed.
"""

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
from saving_fakes import LAST_NAME, saved
from simcord.results import InteractionResult, ResponseMessage

from bot.discord.poster import ChannelDigestPoster
from bot.domain.apps import SignInApp
from bot.domain.errors import NoModel, SpotifyRateLimited, SpotifyUnavailable
from bot.domain.library import LIKED_ID, LIKED_NAME, SOURCE_EXPORT, LibraryPart, PlaylistKind
from bot.domain.listening import SyncElsewhere, SyncInterrupted, SyncPaused, SyncProgress, SyncState, SyncStep
from bot.domain.privacy import KeptSummary
from bot.domain.quota import Cooldown, LimitReason
from bot.domain.recommendations import SetKind
from bot.domain.saving import SaveStatus
from bot.services.onboarding import Linked, Reading, Synced
from bot.services.saving.values import CoverState, UndoKind, UndoOutcome

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
    async for picture in library(scene):
        yield picture
    yield "recommend-playlist", await member.slash(channel, "recommend", playlist="3")
    yield "recommend-track", await member.slash(channel, "recommend", track="paper lanterns")
    discovered = await member.slash(channel, "discover")
    yield "discover", discovered
    first = discovered.response
    assert first is not None
    async for shown in saving(scene, first):
        yield shown
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
    async for picture in spotify_app(scene):
        yield picture
    async for picture in privacy(scene):
        yield picture
    yield "import-how", await member.slash(channel, "import")
    imported = await member.slash(channel, "import", file=("my_spotify_data.zip", b"PK"))
    yield "import-done", imported
    assert imported.response is not None
    forgetting = await member.click(imported.response, label="Forget imports")
    yield "import-forget", forgetting
    asked = forgetting.response or forgetting.followups[0]
    await member.click(asked, label="Delete them")
    yield "import-forgotten", forgetting
    world.script.errors = {"discover": NoModel(), "sync": SpotifyUnavailable(), "playlists": RuntimeError("broken")}
    yield "error-no-model", await member.slash(channel, "discover")
    yield "error-spotify", await member.slash(channel, "sync")
    yield "error-unexpected", await member.slash(channel, "playlists")
    asking = await member.slash(channel, "disconnect")
    assert asking.response is not None
    await member.click(asking.response, label="Disconnect and delete")
    yield "disconnected", asking


async def privacy(scene: Scene) -> AsyncIterator[tuple[str, InteractionResult]]:
    """Yield what is said about what is kept of a member."""
    member, channel = scene.admin, scene.channel
    yield "privacy-little", await member.slash(channel, "privacy show")
    counts = {"playlists": 5, "entries": 212, "sets": 7, "recommendations": 210, "saved_playlists": 1, "servers": 2}
    more = {"digests": 1, "sign_ins": 3, "imported": 2, "liked": 412, "listens": 9_321, "top_items": 300, "apps": 1}
    scene.world.kept[member.id] = replace(
        KeptSummary(known=True), account_name="Mia", authorised_at=NOW, **counts, **more
    )
    yield "privacy-show", await member.slash(channel, "privacy show")
    yield "privacy-opt-out", await member.slash(channel, "privacy opt-out", what="learning")
    yield "privacy-opted-out", await member.slash(channel, "privacy show")
    yield "privacy-export", await member.slash(channel, "privacy export")


async def library(scene: Scene) -> AsyncIterator[tuple[str, InteractionResult | discord.Message]]:
    """Yield what is said about reading a library and about what speaks for a member's taste."""
    world, member, channel = scene.world, scene.admin, scene.channel
    liked = replace(playlist(9, LIKED_NAME, 412), kind=PlaylistKind.LIKED, spotify_id=LIKED_ID)
    imported = replace(playlist(10, "From my account data", 96), kind=PlaylistKind.IMPORT, source=SOURCE_EXPORT)
    theirs = world.playlists[member.id]
    world.playlists[member.id] = [liked, *theirs, imported]
    yield "taste-left-out", await member.slash(channel, "taste leave-out", playlist="Late trains")
    yield "playlists", await member.slash(channel, "playlists")
    world.syncs[member.id] = SyncState(member.id, finished_at=NOW, fault=str(SyncInterrupted(NOW, 120, 300)))
    yield "playlists-after-a-fault", await member.slash(channel, "playlists")
    del world.syncs[member.id]
    yield "taste-taken-in", await member.slash(channel, "taste take-in", playlist="Late trains")
    world.playlists[member.id] = theirs
    parts = frozenset({LibraryPart.LIKED, LibraryPart.TOP, LibraryPart.RECENT})
    world.report = replace(report(playlists_out_of_reach=3, items_skipped=4), not_allowed=parts)
    yield "sync-not-allowed", await member.slash(channel, "sync")
    world.report = report(playlists_read=1, playlists_unchanged=4, liked=412, listens=37)
    yield "sync", await member.slash(channel, "sync")
    world.script.errors["sync"] = SyncPaused(SpotifyRateLimited(NOW + timedelta(hours=13)), 120, 300)
    paused = await member.slash(channel, "sync")
    yield "sync-paused", paused
    world.script.errors["sync"] = SyncElsewhere(120, 300)
    yield "sync-elsewhere", await member.slash(channel, "sync")
    del world.script.errors["sync"]
    connecting = await member.slash(channel, "connect")
    await world.watchers[member.id](Reading(world.accounts[member.id], SyncProgress(SyncStep.PLAYLISTS, 120, 300)))
    yield "sync-reading", connecting


async def spotify_app(scene: Scene) -> AsyncIterator[tuple[str, InteractionResult | discord.Message]]:
    """Yield the messages about a server's own Spotify app."""
    world, admin, channel = scene.world, scene.admin, scene.channel
    yield "app-guide", await admin.slash(channel, "spotify-app test")
    form = {"client_id": "0123456789abcdef" * 2, "client_secret": "fedcba9876543210" * 2}
    opened = await admin.slash(channel, "spotify-app set")
    yield "app-set", await admin.submit_modal(opened, form)
    world.apps[scene.guild.id] = replace(world.apps[scene.guild.id], members=5)
    opened = await admin.slash(channel, "spotify-app set")
    yield "app-renewed", await admin.submit_modal(opened, form)
    opened = await admin.slash(channel, "spotify-app set")
    yield "app-replaced", await admin.submit_modal(opened, {**form, "client_id": "a" * 32})
    world.apps[scene.guild.id] = replace(world.apps[scene.guild.id], members=5)
    yield "app-test", await admin.slash(channel, "spotify-app test")
    world.app_fault = "Spotify no longer accepts its client ID and secret: copy both again and use /spotify-app set."
    world.app_cooldown = Cooldown(NOW + timedelta(hours=13), LimitReason.QUOTA_EXCEEDED)
    yield "app-test-bad", await admin.slash(channel, "spotify-app test")
    removing = await admin.slash(channel, "spotify-app remove")
    yield "app-remove", removing
    assert removing.response is not None
    await admin.click(removing.response, label="Remove the app")
    yield "app-removed", removing
    world.sign_in_app = SignInApp("a" * 32, 5, admin.id)
    yield "connect-full", await admin.slash(channel, "connect")
    connected = world.accounts.pop(admin.id)
    world.kept[admin.id] = KeptSummary(known=True, sign_ins=1)
    yield "disconnect-data", await admin.slash(channel, "disconnect")
    world.accounts[admin.id] = connected


async def saving(scene: Scene, listed: ResponseMessage) -> AsyncIterator[tuple[str, InteractionResult]]:
    """Yield what saving a list, keeping it and undoing it looks like."""
    known, member, channel = scene.world.saving, scene.admin, scene.channel
    yield "save-preview-new", await member.click(listed, label="Preview")
    known.last, known.plan = saved(), {"repeated": 2}
    yield "save-preview-update", await member.click(listed, label="Preview")
    known.plan = {"saved": saved()}
    yield "save-preview-done", await member.click(listed, label="Preview")
    known.plan = {"saved": replace(saved(), status=SaveStatus.CREATED)}
    yield "save-preview-finish", await member.click(listed, label="Preview")
    known.plan = {}
    yield "saved", await member.click(listed, label="Save to Spotify")
    yield "saved-before", await member.click(listed, label="Save to Spotify")
    known.outcome = {"already": True, "outdated": True, "undo_until": None}
    yield "saved-outdated", await member.click(listed, label="Save to Spotify")
    scene.world.saves.clear()
    known.outcome = {"replaced": (LAST_NAME, 30), "repeated": 1, "cover": CoverState.FAILED}
    yield "saved-update", await member.click(listed, label="Save to Spotify")
    known.outcome = {}
    yield "save-undone", await member.slash(channel, "undo")
    await member.click(listed, label="Save to Spotify")
    known.undone = UndoOutcome(UndoKind.RESTORED, LAST_NAME, 501, PLAYLIST_URL, 32, lost=2, kept=2, cover_stays=True)
    yield "save-undone-restored", await member.slash(channel, "undo")
    yield "save-undone-nothing", await member.slash(channel, "undo")
    known.weekly = [saved()]
    frozen = await member.slash(channel, "freeze")
    yield "frozen", frozen
    assert frozen.response is not None
    await member.click(frozen.response, label="Let it be updated")
    yield "unfrozen", frozen
    yield "save-settings", await member.slash(channel, "settings")


PLAYLIST_URL = "https://open.spotify.com/playlist/7"
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


async def main(folder: Path, beginnings: tuple[str, ...]) -> None:
    """Write the pictures into an existing folder."""
    world = World()
    bot = make_bot(world)
    async with simcord.run(bot, check_errors=False) as env, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        env.backend.bot_user.name = "Crossfade"
        scene = furnish(env, bot, world)
        now = NOW + timedelta(minutes=1)
        async with env.preview(scene.channel, viewers=[scene.admin], assets=covers(), presentation_time=now) as preview:
            async for name, shown in messages(scene):
                if not name.startswith(beginnings or ""):
                    continue
                await preview.show(shown_message(shown) if isinstance(shown, InteractionResult) else shown)
                await photograph(browser, preview.url, name, folder)
        await browser.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target, tuple(sys.argv[2:])))
