"""What a member is told while they sign in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.domain.accounts import SpotifyAccount
from bot.domain.library import RemoteItems
from bot.sandbox.guests import consent
from bot.services.onboarding import Linked, OnboardingEvent, Reading, Synced, Watcher

if TYPE_CHECKING:
    from bot.core import Core

ALICE, GUILD = 4_100_000_000_000_000_001, 4_200_000_000_000_000_001
MIRA, JONAS = "mirasolenne", "jonaskettleburn"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Run on SQLite alone: what differs between databases is tested in tests/storage."""
    return sqlite_url


async def test_a_sync_of_an_account_that_was_exchanged_says_nothing_to_who_waits_for_the_new_one(
    system: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = asyncio.Event(), asyncio.Event()
    read = system.spotify.playlist_items

    async def slowly(access_token: str, spotify_id: str) -> RemoteItems:
        reading.set()
        await go_on.wait()
        return await read(access_token, spotify_id)

    monkeypatch.setattr(system.spotify, "playlist_items", slowly)
    told: list[OnboardingEvent] = []

    async def tell(event: OnboardingEvent) -> None:
        told.append(event)

    onboarding = system.services.onboarding
    onboarding.connected(await link(system, MIRA))
    await reading.wait()
    onboarding.watch(ALICE, tell)
    jonas = await link(system, JONAS)
    onboarding.connected(jonas)
    go_on.set()
    await asyncio.gather(*onboarding.running)

    assert [type(event) for event in told] == [Linked, Synced]
    assert {event.account.display_name for event in told} == {jonas.display_name}
    names = {playlist.name for playlist in await system.services.library.playlists(ALICE)}
    assert names
    assert "rainy sunday" not in names


async def test_a_long_first_sync_tells_how_far_it_is(system: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = asyncio.Event()
    read = system.spotify.playlist_items
    paces: asyncio.Queue[None] = asyncio.Queue()

    async def slowly(access_token: str, spotify_id: str) -> RemoteItems:
        paces.put_nowait(None)
        await go_on.wait()
        return await read(access_token, spotify_id)

    monkeypatch.setattr(system.spotify, "playlist_items", slowly)
    onboarding = system.services.onboarding
    monkeypatch.setattr(onboarding, "_pace", paces.get)
    told: list[OnboardingEvent] = []

    async def tell(event: OnboardingEvent) -> None:
        told.append(event)
        if isinstance(event, Reading):
            go_on.set()

    onboarding.watch(ALICE, tell)
    onboarding.connected(await link(system, MIRA))
    await asyncio.gather(*onboarding.running)
    assert [type(told[0]), type(told[1]), type(told[-1])] == [Linked, Reading, Synced]
    assert told[1].progress.total > 4


async def link(system: Core, listener: str) -> SpotifyAccount:
    url = (await system.services.accounts.begin_login(ALICE, GUILD)).url
    back = await consent(url, listener)
    return await system.services.accounts.complete_login(back.params["state"], back.params["code"])


async def test_a_sign_in_that_is_begun_during_a_first_sync_hears_of_its_own_steps_only(
    system: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = asyncio.Event(), asyncio.Event()
    read = system.spotify.playlist_items

    async def slowly(access_token: str, spotify_id: str) -> RemoteItems:
        reading.set()
        await go_on.wait()
        return await read(access_token, spotify_id)

    monkeypatch.setattr(system.spotify, "playlist_items", slowly)
    told: dict[str, list[type[OnboardingEvent]]] = {"first": [], "second": []}

    def telling(which: str) -> Watcher:
        async def tell(event: OnboardingEvent) -> None:
            told[which].append(type(event))

        return tell

    onboarding = system.services.onboarding
    onboarding.watch(ALICE, telling("first"))
    onboarding.connected(await link(system, MIRA))
    await reading.wait()
    onboarding.watch(ALICE, telling("second"))
    go_on.set()
    await asyncio.gather(*onboarding.running)
    assert told == {"first": [Linked, Synced], "second": []}
    onboarding.connected(await link(system, MIRA))
    await asyncio.gather(*onboarding.running)
    assert told["second"] == [Linked, Synced]
