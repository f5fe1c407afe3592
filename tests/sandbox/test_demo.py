"""`crossfade demo` as a visitor meets it: a real browser, the real bot, everything on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from discord_page import DiscordPage, chromium
from playwright.async_api import expect

from bot.sandbox.demo import demo

pytestmark = pytest.mark.browser


async def test_a_visitor_connects_discovers_saves_and_sees_the_digest(tmp_path: Path) -> None:
    async with demo(tmp_path, digest_every=0.5) as running, chromium() as browser:
        start = await browser.new_page(viewport={"width": 1200, "height": 820})
        await start.goto(running.links.start)
        await expect(start.get_by_role("heading", level=1)).to_contain_text("sample data")
        address = await start.get_by_role("link", name="Open the Discord page").get_attribute("href")
        page = await DiscordPage.open(browser, str(address))
        await DiscordPage(start).keep("1-start")

        await page.run_command("connect")
        await expect(page.message("Connect Spotify")).to_be_visible()
        await page.keep("2-connect")
        async with page.tab.context.expect_page() as opened:
            await page.tab.locator("#channel-timeline").get_by_role("link", name="Connect Spotify").last.click()
        consent = await opened.value
        await DiscordPage(consent).keep("3-consent")
        await consent.get_by_text("Mira Solenne").click()
        await consent.get_by_role("button", name=re.compile("agree", re.IGNORECASE)).click()
        await expect(consent.get_by_role("heading", level=1)).to_contain_text("Is this you")
        await expect(consent.locator(".who")).to_contain_text("You (@you)")
        await expect(consent.locator(".who")).to_contain_text("The Listening Room")
        await DiscordPage(consent).keep("4-question")
        await consent.get_by_role("button", name="Yes, connect").click()
        await expect(consent.get_by_role("heading", level=1)).to_contain_text("Connected as Mira Solenne")
        await DiscordPage(consent).keep("4-connected")
        await consent.close()
        await expect(page.message(re.compile(r"\d+ playlists"))).to_be_visible(timeout=30_000)
        await page.keep("5-playlists-read")

        await page.run_command("discover")
        await expect(page.message("Your discoveries")).to_be_visible(timeout=30_000)
        await page.wait_for_end()
        await page.keep("6-discoveries")
        await page.click("Save to Spotify")
        await expect(page.message("Open in Spotify")).to_be_visible(timeout=30_000)
        await page.wait_for_end()
        await page.keep("7-saved")
        saved = await page.follow("Open in Spotify")
        assert "Crossfade discoveries" in saved
        assert "30 tracks" in saved
        await page.click("Save to Spotify")
        await expect(page.message("already")).to_be_visible(timeout=30_000)
        names = [p.name for p in running.spotify.state.playlists_of("mirasolenne")]
        assert len([name for name in names if name.startswith("Crossfade")]) == 1

        await page.run_command(
            "digest set", {"channel": "weekly-digest", "day": "Monday", "hour": "9", "time_zone": "Europe/Berlin"}
        )
        await expect(page.message("Monday")).to_be_visible()
        await page.keep("8-digest-set")
        await start.reload()
        await start.get_by_role("button", name="Let the time pass").click()
        await expect(start.get_by_role("status")).to_contain_text("Monday")
        await DiscordPage(start).keep("9-time-has-passed")
        digest = await DiscordPage.open(browser, running.links.channels["weekly-digest"])
        await expect(digest.message("This week’s discoveries")).to_be_visible(timeout=30_000)
        await digest.wait_for_end()
        await digest.keep("10-digest")

        async with start.expect_download() as downloading:
            await start.get_by_role("link", name="account data").click()
        file = await downloading.value
        brought = tmp_path / file.suggested_filename
        await file.save_as(brought)
        await page.attach("import", "file", brought)
        await expect(page.message("Imported")).to_contain_text("tracks you like", timeout=30_000)
        await page.wait_for_end()
        await page.keep("11-imported")
        await page.run_command("playlists")
        await expect(page.message("Your playlists").get_by_role("link", name="Liked Songs").first).to_be_visible()
        await page.wait_for_end()
        await page.keep("12-playlists")
        assert "Mira Solenne" in await page.follow("Liked Songs")

        outside = [url for url in page.requests + digest.requests if urlsplit(url).hostname not in {"127.0.0.1", None}]
        assert outside == []
