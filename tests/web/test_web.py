"""The web face: Spotify's callback, health, and what strangers get."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.domain.errors import CrossfadeError, LoginFailed
from bot.sandbox.guests import agree, consent
from bot.services.onboarding import Linked, OnboardingEvent, Synced, SyncFailed
from bot.web.app import create_web
from bot.web.server import listen

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer

ALICE, GUILD = 4_100_000_000_000_000_001, 4_200_000_000_000_000_001
MIRA = "mirasolenne"


class Steps:
    """Collects what a member is told while they connect."""

    def __init__(self) -> None:
        self.seen: list[OnboardingEvent] = []
        self.over = asyncio.Event()

    async def __call__(self, event: OnboardingEvent) -> None:
        self.seen.append(event)
        if not isinstance(event, Linked):
            self.over.set()


async def callback_of(system: Core, listener: str = MIRA, name: str | None = "Alice (@alice)") -> httpx.URL:
    """Return the address that the consent page leads back to."""
    link = await system.services.accounts.begin_login(ALICE, GUILD, member_name=name)
    return await consent(link.url, listener)


async def test_the_callback_links_the_account_and_starts_the_first_sync(
    system: Core, browser: httpx.AsyncClient
) -> None:
    steps = Steps()
    system.services.onboarding.watch(ALICE, steps)
    page = await agree(browser, await callback_of(system))
    assert page.status_code == 200
    assert "Connected as Mira Solenne" in page.text
    await asyncio.wait_for(steps.over.wait(), 20)
    assert [type(event) for event in steps.seen] == [Linked, Synced]
    assert await system.services.library.playlists(ALICE)


async def test_a_sync_that_fails_is_told_too(
    system: Core, browser: httpx.AsyncClient, spotify_server: SpotifyServer
) -> None:
    steps = Steps()
    system.services.onboarding.watch(ALICE, steps)
    back = await callback_of(system)
    spotify_server.state.faults.add("GET", "/v1/me/playlists", status=503, times=None)
    await agree(browser, back)
    await asyncio.wait_for(steps.over.wait(), 20)
    assert [type(event) for event in steps.seen] == [Linked, SyncFailed]


async def test_a_link_used_twice_is_refused(system: Core, browser: httpx.AsyncClient) -> None:
    back = await callback_of(system)
    await agree(browser, back)
    again = await browser.get(back.raw_path.decode())
    assert again.status_code == 400
    assert "already used" in again.text


async def test_nothing_is_linked_before_the_question_is_answered(
    system: Core, browser: httpx.AsyncClient, spotify_server: SpotifyServer
) -> None:
    back = await callback_of(system)
    for _ in range(2):
        page = await browser.get(back.raw_path.decode())
        assert page.status_code == 200
        assert "Alice (@alice)" in page.text
        assert "Yes, connect" in page.text
        assert "That is not me" in page.text
        assert "/disconnect" in page.text
    assert await system.services.accounts.account(ALICE) is None
    assert spotify_server.state.journal.find("POST", "/api/token") == []
    assert "Connected as Mira Solenne" in (await agree(browser, back)).text


async def test_whoever_followed_somebody_elses_link_can_say_so_and_it_works_no_more(
    system: Core, browser: httpx.AsyncClient, spotify_server: SpotifyServer
) -> None:
    back = await callback_of(system)
    declined = await agree(browser, back, "decline")
    assert declined.status_code == 200
    assert "Nothing was connected" in declined.text
    assert spotify_server.state.journal.find("POST", "/api/token") == []
    assert (await browser.get(back.raw_path.decode())).status_code == 400
    with pytest.raises(LoginFailed, match="already used"):
        await system.services.accounts.complete_login(back.params["state"], back.params["code"])
    assert await system.services.accounts.account(ALICE) is None


async def test_an_answer_given_twice_does_not_look_like_a_failure(system: Core, browser: httpx.AsyncClient) -> None:
    back = await callback_of(system)
    form = {"state": back.params["state"], "code": back.params["code"], "decision": "connect"}
    answers = [await browser.post("/spotify/callback", data=form) for _ in range(2)]
    assert "Connected as" in answers[0].text
    assert answers[1].status_code == 400
    assert "Already answered" in answers[1].text
    assert "Discord says whether you are connected" in answers[1].text


@pytest.mark.parametrize("minutes", [10, 60])
async def test_an_answer_that_comes_too_late_says_so(
    system: Core, browser: httpx.AsyncClient, clock: FakeClock, minutes: int
) -> None:
    back = await callback_of(system)
    form = {"state": back.params["state"], "code": back.params["code"], "decision": "connect"}
    clock.advance(minutes=minutes)
    for late in (await browser.get(back.raw_path.decode()), await browser.post("/spotify/callback", data=form)):
        assert late.status_code == 400
        assert "has expired: use /connect" in late.text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"state": "x", "code": "y"},
        {"state": "x", "code": "y", "decision": "perhaps"},
        {"state": "x", "code": "y" * 5000, "decision": "connect"},
        {"state": "made-up", "code": "y", "decision": "connect"},
        {"state": "made-up", "code": "y", "decision": "decline"},
    ],
)
async def test_an_answer_that_makes_no_sense_gets_a_page_that_says_what_to_do(
    browser: httpx.AsyncClient, form: dict[str, str]
) -> None:
    answer = await browser.post("/spotify/callback", data=form)
    assert answer.status_code == 400
    assert "/connect" in answer.text


async def test_the_question_names_the_server_where_it_is_known(system: Core) -> None:
    names = {GUILD: "Listening <b>Room</b>"}
    web = create_web(system.services, _nothing, guild_name=names.get)
    transport = httpx.ASGITransport(web)
    async with httpx.AsyncClient(transport=transport, base_url="http://web") as browser:
        page = (await browser.get((await callback_of(system)).raw_path.decode())).text
        assert "Listening &lt;b&gt;Room&lt;/b&gt;" in page
        names.clear()
        assert "who asked in" not in (await browser.get((await callback_of(system)).raw_path.decode())).text


async def test_who_came_without_a_name_is_asked_by_their_id(system: Core, browser: httpx.AsyncClient) -> None:
    page = await browser.get((await callback_of(system, name=None)).raw_path.decode())
    assert f"with the id {ALICE}" in page.text


async def test_the_name_in_discord_is_escaped(system: Core, browser: httpx.AsyncClient) -> None:
    page = await browser.get((await callback_of(system, name='"><script>alert(1)</script>')).raw_path.decode())
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text


async def _nothing() -> dict[str, bool]:
    return {}


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/spotify/callback", 400, "/connect"),
        ("/spotify/callback?state=made-up&code=x", 400, "already used or was never given out"),
        ("/spotify/callback?state=made-up&error=access_denied", 400, "/connect"),
        ("/spotify/callback?code=" + "x" * 5000, 400, "damaged"),
        ("/nothing", 404, "check the link"),
        ("/static/../settings.py", 404, ""),
    ],
)
async def test_what_makes_no_sense_gets_a_page_that_says_what_to_do(
    browser: httpx.AsyncClient, path: str, status: int, text: str
) -> None:
    answer = await browser.get(path)
    assert answer.status_code == status
    assert text in answer.text


async def test_whoever_cancels_is_told_that_nothing_was_linked(system: Core, browser: httpx.AsyncClient) -> None:
    link = await system.services.accounts.begin_login(ALICE, GUILD)
    state = (await consent(link.url, MIRA)).params["state"]
    answer = await browser.get("/spotify/callback", params={"state": state, "error": "access_denied"})
    assert "You did not agree" in answer.text
    assert await system.services.accounts.account(ALICE) is None


async def test_whoever_cancels_may_change_their_mind(system: Core, browser: httpx.AsyncClient) -> None:
    link = await system.services.accounts.begin_login(ALICE, GUILD)
    state = (await consent(link.url, MIRA)).params["state"]
    await browser.get("/spotify/callback", params={"state": state, "error": "access_denied"})
    assert "Connected as Mira Solenne" in (await agree(browser, await consent(link.url, MIRA))).text


async def test_a_member_who_is_not_allow_listed_is_told_why(
    system: Core, browser: httpx.AsyncClient, spotify_server: SpotifyServer
) -> None:
    back = await callback_of(system)
    spotify_server.state.faults.add(
        "GET", "/v1/me", status=403, body="User not registered in the Developer Dashboard", times=None
    )
    answer = await agree(browser, back)
    assert answer.status_code == 502
    assert "Not connected" in answer.text
    assert "developer dashboard" in answer.text
    assert "/import" in answer.text


async def test_names_are_escaped(system: Core, browser: httpx.AsyncClient, spotify_server: SpotifyServer) -> None:
    back = await callback_of(system)
    profile = {"id": "x", "account_id": "x", "display_name": "<script>alert(1)</script>", "type": "user"}
    spotify_server.state.faults.add("GET", "/v1/me", status=200, body=profile)
    answer = await agree(browser, back)
    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text


async def test_pages_are_kept_to_themselves(system: Core, browser: httpx.AsyncClient) -> None:
    question = await browser.get((await callback_of(system)).raw_path.decode())
    assert question.status_code == 200
    for answer in (question, await browser.get("/spotify/callback?state=x&code=y")):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "form-action 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


async def test_health_says_whether_the_database_answers(system: Core, browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": {"database": True}}


def test_a_port_that_is_taken_is_named() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(CrossfadeError, match="CROSSFADE_WEB_PORT"):
        listen("127.0.0.1", taken.getsockname()[1])
