"""The web face: Spotify's callback, health, and what strangers get."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.domain.errors import CrossfadeError
from bot.sandbox.guests import consent
from bot.services.onboarding import Linked, OnboardingEvent, Synced, SyncFailed
from bot.web.server import listen

if TYPE_CHECKING:
    from bot.app import Core
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


async def callback_of(system: Core, listener: str = MIRA) -> str:
    """Return the path that the consent page leads back to."""
    link = await system.services.accounts.begin_login(ALICE, GUILD)
    return (await consent(link.url, listener)).raw_path.decode()


async def test_the_callback_links_the_account_and_starts_the_first_sync(
    system: Core, browser: httpx.AsyncClient
) -> None:
    steps = Steps()
    system.services.onboarding.watch(ALICE, steps)
    page = await browser.get(await callback_of(system))
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
    path = await callback_of(system)
    spotify_server.state.faults.add("GET", "/v1/me/playlists", status=503, times=None)
    await browser.get(path)
    await asyncio.wait_for(steps.over.wait(), 20)
    assert [type(event) for event in steps.seen] == [Linked, SyncFailed]


async def test_a_link_used_twice_is_refused(system: Core, browser: httpx.AsyncClient) -> None:
    path = await callback_of(system)
    await browser.get(path)
    again = await browser.get(path)
    assert again.status_code == 400
    assert "already used" in again.text


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


async def test_a_member_who_is_not_allow_listed_is_told_why(
    system: Core, browser: httpx.AsyncClient, spotify_server: SpotifyServer
) -> None:
    path = await callback_of(system)
    spotify_server.state.faults.add(
        "GET", "/v1/me", status=403, body="User not registered in the Developer Dashboard", times=None
    )
    answer = await browser.get(path)
    assert answer.status_code == 502
    assert "Not connected" in answer.text
    assert "developer dashboard" in answer.text


async def test_names_are_escaped(system: Core, browser: httpx.AsyncClient, spotify_server: SpotifyServer) -> None:
    path = await callback_of(system)
    profile = {"id": "x", "account_id": "x", "display_name": "<script>alert(1)</script>", "type": "user"}
    spotify_server.state.faults.add("GET", "/v1/me", status=200, body=profile)
    answer = await browser.get(path)
    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text


async def test_pages_are_kept_to_themselves(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/spotify/callback?state=x&code=y")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


async def test_health_says_whether_the_database_answers(system: Core, browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": {"database": True}}


def test_a_port_that_is_taken_is_named() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(CrossfadeError, match="CROSSFADE_WEB_PORT"):
        listen("127.0.0.1", taken.getsockname()[1])
