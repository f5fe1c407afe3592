"""Drives the live Discord page in a real browser, as a visitor would: open it, run a command, read, click."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the system's Chromium, or skip the test where there is none."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"no browser: {CHROMIUM} is missing (on Debian: apt install chromium)")
    expect.set_options(timeout=15_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(frozen=True)
class DiscordPage:
    """One open tab of the live Discord page."""

    tab: Page
    requests: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, browser: Browser, url: str, *, width: int = 1280, height: int = 900) -> DiscordPage:
        """Open `url` in a window of its own, since a browser slows hidden tabs down, and wait for the channel."""
        tab = await browser.new_page(viewport={"width": width, "height": height})
        page = cls(tab)
        tab.on("request", lambda request: page.requests.append(request.url))
        await tab.goto(url)
        await page.wait_until_ready()
        return page

    async def close(self) -> None:
        """Close the tab as a visitor does."""
        await self.tab.close()

    async def wait_until_ready(self) -> None:
        """Wait until the page shows the channel and takes input."""
        await self.tab.wait_for_function("() => window.simcordPreview?.ready")

    async def view_as(self, display_name: str) -> None:
        """Become another member."""
        chosen = await self.tab.get_by_label("Viewing as").select_option(label=display_name)
        shown = "([id]) => window.simcordPreview.ready && window.simcordPreview.viewerId === id"
        await self.tab.wait_for_function(shown, arg=chosen)

    async def viewer(self) -> str:
        """Return the display name of the member the page is opened as."""
        return await self.tab.get_by_label("Viewing as").locator("option:checked").inner_text()

    async def offered_commands(self) -> list[str]:
        """Type `/` and return the commands that are offered, in order."""
        composer = self.tab.locator("#channel-composer-input")
        await composer.fill("/")
        await expect(self.tab.locator(".command-entry").first).to_be_visible()
        names = await self.tab.locator(".command-entry-title strong").all_inner_texts()
        await composer.fill("")
        return names

    async def run_command(self, name: str, options: Mapping[str, str] | None = None) -> None:
        """Type `/name`, choose it, fill the options in order (from the suggestions where there are some), send it.

        Returns once the bot has acknowledged the command; a deferred answer may still be on its way.
        """
        await self.tab.locator("#channel-composer-input").fill(f"/{name}")
        entry = self.tab.locator(".command-entry").filter(has=self.tab.get_by_text(f"/{name}", exact=True))
        await entry.click()
        row = self.tab.locator(".command-row")
        await expect(row).to_be_visible()
        for option, value in (options or {}).items():
            await self._fill_option(row, option, value)
        await self.tab.locator("#send-message").click()
        await expect(row).to_have_count(0)

    async def _fill_option(self, row: Locator, option: str, value: str) -> None:
        field = row.locator(f'.command-option-input[data-option="{option}"]')
        if await field.count() == 0:
            await row.locator(".command-ghost").click()
            await self._suggestion(option).click()
        await field.fill(value)
        if await field.get_attribute("role") == "combobox":
            await self._suggestion(value).click()

    async def attach(self, name: str, option: str, path: Path) -> None:
        """Run `/name` with a file as its one option."""
        await self.tab.locator("#channel-composer-input").fill(f"/{name}")
        entry = self.tab.locator(".command-entry").filter(has=self.tab.get_by_text(f"/{name}", exact=True))
        await entry.click()
        row = self.tab.locator(".command-row")
        field = row.locator(f'.command-file-input[data-option="{option}"]')
        if await field.count() == 0:
            await row.locator(".command-ghost").click()
            await self._suggestion(option).click()
        await field.set_input_files(path)
        await self.tab.locator("#send-message").click()
        await expect(row).to_have_count(0)

    def _suggestion(self, text: str) -> Locator:
        return self.tab.locator(".command-suggestion").filter(has_text=text).first

    def messages(self) -> Locator:
        """All messages in view, oldest first."""
        return self.tab.locator(".channel-message[data-message-id]")

    def message(self, text: str | re.Pattern[str]) -> Locator:
        """The latest message that contains `text`; wait for it with `expect(...)`."""
        return self.messages().filter(has_text=text).last

    async def last_text(self) -> str:
        """The text of the latest message."""
        return await self.messages().last.inner_text()

    async def click(self, label: str, *, within: Locator | None = None) -> None:
        """Click the button `label` of the latest message that has one (or of `within`) once it can be clicked."""
        scope = within or self.messages()
        await scope.locator(".component-button").filter(has_text=label).last.click()

    async def follow(self, link: str, *, within: Locator | None = None) -> str:
        """Click the latest link or link button `link`, and return the text of the tab that it opens."""
        scope = within or self.tab.locator("#channel-timeline")
        async with self.tab.context.expect_page() as opened:
            await scope.get_by_role("link", name=link).last.click()
        target = await opened.value
        text = await target.inner_text("body")
        await target.close()
        return text

    async def submit_modal(self, values: Mapping[str, str]) -> None:
        """Fill the open dialog's fields by their labels and send it."""
        dialog = self.tab.get_by_role("dialog")
        for label, value in values.items():
            await dialog.get_by_label(label).fill(value)
        await dialog.get_by_role("button", name="Submit").click()
        await expect(dialog).to_have_count(0)

    async def wait_for_pictures(self, message: Locator, count: int) -> None:
        """Wait until `count` pictures of `message` have arrived and are drawn."""
        handle = await message.element_handle()
        await self.tab.wait_for_function(
            "([message, count]) => [...message.querySelectorAll('img')].filter((i) => i.naturalWidth).length === count",
            arg=[handle, count],
        )

    async def wait_for_end(self) -> None:
        """Wait until the latest message is scrolled into view entirely."""
        timeline = await self.tab.locator("#channel-timeline").element_handle()
        await self.tab.wait_for_function("(t) => t.scrollHeight - t.scrollTop - t.clientHeight <= 1", arg=timeline)

    async def keep(self, name: str) -> None:
        """Save a picture of the tab as `name`.png in the folder SCREENSHOTS names, if it names one."""
        if folder := os.environ.get("SCREENSHOTS"):
            await self.tab.screenshot(path=Path(folder) / f"{name}.png")
