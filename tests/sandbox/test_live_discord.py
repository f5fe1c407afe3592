"""The live Discord page: a real bot with timers, threads, servers and jobs, used through a real browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from apscheduler.schedulers.asyncio import AsyncIOScheduler

pytest.importorskip("simcord", reason="the demo extra is not installed")

from discord_page import DiscordPage, chromium
from listening_bot import ListeningBot, Site, card, serve
from playwright.async_api import Browser, expect

from bot.sandbox.live_discord import LiveDiscord, live_discord

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.browser]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    # Served before the page exists, so its handlers know nothing of it: the harder of the two orders.
    site = Site()
    async with serve(site):
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(site: Site) -> AsyncIterator[LiveDiscord]:
    site.bot = ListeningBot("first process", site.url)
    async with live_discord(
        site.bot,
        guild_name="Listening room",
        channel_names=["music", "weekly"],
        member_names=["Alice", "Bob"],
        admin="Alice",
        topics={"music": "What are you listening to?"},
    ) as live:
        yield live


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser, live: LiveDiscord) -> DiscordPage:
    """The tab of Alice, open through all the tests as a visitor's would be."""
    return await DiscordPage.open(browser, live.url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bob(browser: Browser, live: LiveDiscord) -> DiscordPage:
    """The tab of another member, beside that of Alice."""
    return await DiscordPage.open(browser, live.page("music", "Bob"))


async def post_card(live: LiveDiscord, site: Site, mood: str = "calm") -> None:
    channel: Any = live.bot.get_channel(live.channels["music"])
    await channel.send(view=card(mood, f"{mood}song", site.url))


async def test_a_deferred_answer_appears_by_itself_with_its_pictures(page: DiscordPage, site: Site) -> None:
    await page.run_command("recommend", {"mood": "cheer", "places": "7"})
    await expect(page.messages().last).to_contain_text("Thinking")
    site.release.set()
    answer = page.message("A cheerful track")
    await expect(answer).to_contain_text("slowtrack7")
    await page.wait_for_pictures(answer, 2)
    assert {"cover", "chart"} <= set(site.seen)
    await page.keep("card")


async def test_a_button_opens_a_dialog_and_its_answer_is_posted(
    page: DiscordPage, live: LiveDiscord, site: Site
) -> None:
    await post_card(live, site)
    await page.click("Rename")
    await page.keep("dialog")
    await page.submit_modal({"Name": "Rainy roads"})
    await expect(page.message("The playlist is called Rainy roads.")).to_be_visible()


async def test_messages_of_a_background_job_arrive_without_a_click_and_stay_in_view(
    browser: Browser, live: LiveDiscord
) -> None:
    weekly: Any = live.bot.get_channel(live.channels["weekly"])
    posted = 0

    async def post() -> None:
        nonlocal posted
        for _ in range(20):
            posted += 1
            await weekly.send(f"digest number {posted}.")

    page = await DiscordPage.open(browser, live.pages["weekly"])
    scheduler = AsyncIOScheduler()
    scheduler.add_job(post, "interval", seconds=0.3)
    scheduler.start()
    try:
        await expect(page.message("digest number 40.")).to_be_visible()
    finally:
        scheduler.shutdown()
    await expect(page.message(f"digest number {posted}.")).to_be_in_viewport()
    await page.close()


async def test_the_page_stays_at_the_end_while_pictures_arrive_and_where_the_visitor_reads(
    page: DiscordPage, live: LiveDiscord, site: Site
) -> None:
    for mood in ("first", "second", "third", "fourth"):
        await post_card(live, site, mood)
        await page.wait_for_pictures(page.message(f"A {mood} track"), 2)
        await page.wait_for_end()
    await page.tab.locator("#channel-timeline").hover()
    await page.tab.mouse.wheel(0, -700)
    await page.tab.wait_for_selector("#channel-timeline[data-reading]")
    await post_card(live, site, "fifth")
    await page.wait_for_pictures(page.message("A fifth track"), 2)
    await expect(page.tab.get_by_text("jump to latest")).to_be_visible()
    await expect(page.message("A fifth track")).not_to_be_in_viewport()
    await page.run_command("connect")
    await page.wait_for_end()


async def test_an_ephemeral_answer_is_edited_from_another_server_and_seen_by_one_member_only(
    page: DiscordPage, bob: DiscordPage
) -> None:
    await page.run_command("connect")
    await expect(page.message("Sign in")).to_contain_text("Only you can see this")
    assert await page.follow("Sign in") == '"done"'
    await expect(page.message("You are connected.")).to_be_visible()
    await bob.run_command("connect")
    await expect(bob.message("Sign in")).to_be_visible()
    await expect(bob.message("You are connected.")).to_have_count(0)


async def test_two_members_who_click_at_once_are_both_answered(
    page: DiscordPage, bob: DiscordPage, live: LiveDiscord, site: Site
) -> None:
    await post_card(live, site, "shared")
    await expect(page.message("A shared track")).to_be_visible()
    await expect(bob.message("A shared track")).to_be_visible()
    await asyncio.gather(page.click("Like"), bob.click("Like"))
    await expect(page.message("Alice likes sharedsong")).to_be_visible()
    await expect(bob.message("Bob likes sharedsong")).to_be_visible()


async def test_a_command_that_never_answers_holds_nobody_up(
    page: DiscordPage, bob: DiscordPage, live: LiveDiscord, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sandbox.live.world.ANSWER_SECONDS", 1.0)
    await post_card(live, site, "furious")
    await expect(bob.message("A furious track")).to_be_visible()
    unanswered = asyncio.create_task(page.run_command("mute"))
    assert site.bot is not None
    await site.bot.muted.wait()
    await bob.click("Like", within=bob.message("A furious track"))
    await expect(bob.message("Bob likes furioussong")).to_be_visible()
    await unanswered
    await expect(page.tab.locator("#action-status")).to_have_text("Action was not completed.")
    await page.click("Like", within=page.message("A furious track"))
    await expect(page.message("Alice likes furioussong")).to_be_visible()


async def test_a_reload_and_another_channel_keep_who_the_visitor_is(browser: Browser, live: LiveDiscord) -> None:
    page = await DiscordPage.open(browser, live.url)
    assert await page.viewer() == "Alice"
    await page.view_as("Bob")
    await page.tab.reload()
    await page.wait_until_ready()
    assert await page.viewer() == "Bob"
    await page.tab.get_by_role("link", name="# weekly").click()
    await page.tab.wait_for_function("() => document.title.startsWith('#weekly')")
    await page.wait_until_ready()
    assert await page.viewer() == "Bob"
    await page.close()


async def test_only_the_admin_is_offered_the_commands_of_those_who_manage_the_server(
    page: DiscordPage, bob: DiscordPage
) -> None:
    assert await page.offered_commands() == ["/connect", "/mute", "/recommend", "/settings"]
    assert await bob.offered_commands() == ["/connect", "/mute", "/recommend"]


async def test_the_page_works_inside_a_frame_of_a_page_of_ours(browser: Browser, live: LiveDiscord, site: Site) -> None:
    address, _, capability = live.url.partition("#")
    tab = await browser.new_page()
    await tab.goto(f"{site.url}/frame?of={address}&capability={capability}")
    frame = tab.frame_locator("iframe")
    await expect(frame.locator("#channel-composer-input")).to_be_enabled()
    await post_card(live, site, "framed")
    await expect(frame.get_by_role("heading", name="A framed track")).to_be_visible()
    assert await DiscordPage(tab).follow("Listen", within=frame.locator("body")) == '"listening to framedsong"'
    await tab.close()


async def test_a_visit_asks_nothing_of_another_machine(page: DiscordPage, live: LiveDiscord, site: Site) -> None:
    channel: Any = live.bot.get_channel(live.channels["music"])
    await channel.send(view=card("calm", "distant", "https://pictures.example"))
    await post_card(live, site, "cheerful")
    await page.wait_for_pictures(page.message("A cheerful track"), 2)
    addresses = {urlsplit(url).hostname for url in page.requests if not url.startswith("blob:")}
    assert addresses == {"127.0.0.1"}


async def test_tabs_that_never_said_goodbye_make_room_for_new_ones(page: DiscordPage, live: LiveDiscord) -> None:
    address, _, capability = live.url.partition("#")
    async with httpx.AsyncClient(headers={"X-Simcord-Capability": capability}) as visitor:
        # The tab is used between the two lots, so that it is never the one that was silent for longest.
        answers = [await visitor.post(f"{address}api/pages", json={}) for _ in range(10)]
        await page.run_command("connect")
        answers += [await visitor.post(f"{address}api/pages", json={}) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    await page.run_command("connect")
    await expect(page.messages().last).to_contain_text("Sign in")


async def test_a_button_posted_before_a_restart_works_after_it(
    page: DiscordPage, live: LiveDiscord, site: Site
) -> None:
    await post_card(live, site, "lasting")
    await expect(page.message("A lasting track")).to_be_visible()
    old = live.bot
    site.bot = ListeningBot("second process", site.url)
    await live.restart_bot(site.bot)
    await old.close()
    await page.click("Like", within=page.message("A lasting track"))
    await expect(page.message("likes lastingsong (second process)")).to_be_visible()
    assert live.bot is site.bot
