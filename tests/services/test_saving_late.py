"""Saves that are taken over, looked for or given up: still one playlist, and the member's own."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from saving_kit import saving_service

from bot.domain.errors import (
    NotConnected,
    PlaylistOutOfReach,
    SaveInProgress,
    SpotifyError,
    SpotifyUnavailable,
    UnknownSet,
)
from bot.domain.recommendations import RecommendationSet
from bot.domain.saving import SaveClaim
from bot.sandbox.guests import link_guest
from bot.services.playlists import PlaylistsService
from bot.storage.repositories import SqlSaveRepository

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer

ALICE, GUILD = 4_100_000_000_000_000_001, 4_200_000_000_000_000_001
MIRA, JONAS = "mirasolenne", "jonaskettleburn"
MARK = "k3J9xQ2a"


class Suspended:
    """The rows of a process that stands still once it has claimed a save, until it is let go."""

    def __init__(self, core: Core) -> None:
        self._rows = SqlSaveRepository(core.database)
        self.has_claimed = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def claim_save(self, set_id: int, member_id: int, now: datetime, stale_before: datetime) -> SaveClaim:
        claim = await self._rows.claim_save(set_id, member_id, now, stale_before)
        self.has_claimed.set()
        await self.may_go_on.wait()
        return claim

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the rows have
        return getattr(self._rows, name)


def saving(core: Core, saves: Suspended | None = None) -> PlaylistsService:
    """Return a service whose marks are known and whose rows may stand still."""
    rows: Any = saves or SqlSaveRepository(core.database)
    return saving_service(core, rows, new_mark=lambda: MARK)


async def shown(core: Core, picks: int = 5) -> RecommendationSet:
    """Connect Alice and return recommendations for her."""
    await link_guest(core.services, ALICE, GUILD, MIRA)
    return await core.services.discovery.discover(ALICE, GUILD, k=picks)


def saved_by(server: SpotifyServer, listener: str) -> list[str]:
    """Return the names of the playlists that we made for a listener."""
    return [p.name for p in server.state.playlists_of(listener) if p.name.startswith("Crossfade")]


async def test_a_process_that_wakes_up_late_makes_no_second_playlist(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    found = await shown(system)
    asleep = Suspended(system)
    late = asyncio.create_task(saving(system, asleep).save(ALICE, found.id))
    await asleep.has_claimed.wait()
    clock.advance(minutes=3)
    quick = await saving(system).save(ALICE, found.id)
    asleep.may_go_on.set()
    outcome = await late
    assert (quick.already, outcome.already) == (False, True)
    assert outcome.playlist == quick.playlist
    assert len(saved_by(spotify_server, MIRA)) == 1
    assert (await saving(system).save(ALICE, found.id)).playlist == quick.playlist


async def test_who_wakes_up_late_leaves_the_work_to_who_took_over(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    found = await shown(system)
    first, second = Suspended(system), Suspended(system)
    late = asyncio.create_task(saving(system, first).save(ALICE, found.id))
    await first.has_claimed.wait()
    clock.advance(minutes=3)
    quick = asyncio.create_task(saving(system, second).save(ALICE, found.id))
    await second.has_claimed.wait()
    first.may_go_on.set()
    with pytest.raises(SaveInProgress):
        await late
    assert saved_by(spotify_server, MIRA) == []
    second.may_go_on.set()
    assert not (await quick).already
    assert len(saved_by(spotify_server, MIRA)) == 1


async def test_nothing_is_made_for_who_disconnects_meanwhile(system: Core, spotify_server: SpotifyServer) -> None:
    found = await shown(system)
    asleep = Suspended(system)
    late = asyncio.create_task(saving(system, asleep).save(ALICE, found.id))
    await asleep.has_claimed.wait()
    await system.services.accounts.disconnect(ALICE)
    asleep.may_go_on.set()
    with pytest.raises((NotConnected, UnknownSet)):
        await late
    assert saved_by(spotify_server, MIRA) == []


async def test_the_description_says_why_and_ends_with_the_mark(system: Core, spotify_server: SpotifyServer) -> None:
    found = await shown(system)
    outcome = await saving(system).save(ALICE, found.id)
    description = spotify_server.state.playlists[outcome.playlist.spotify_id].description
    assert description.startswith(f"{found.subtitle}. ")
    assert description.endswith(f". 20 Nov 2026. Made by Crossfade #{MARK}")
    assert len(description) <= 300


async def test_somebody_elses_playlist_with_the_same_mark_is_not_taken_for_ours(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    found = await shown(system)
    state = spotify_server.state
    state.faults.add("POST", "/v1/me/playlists", status=502)
    with pytest.raises(SpotifyUnavailable):
        await saving(system).save(ALICE, found.id)
    bait = state.create_playlist(
        JONAS, "Crossfade", description=f"Mine. Crossfade #{MARK}", public=True, collaborative=False
    )
    state.listeners[MIRA].library.insert(0, bait.id)
    clock.advance(minutes=3)
    outcome = await saving(system).save(ALICE, found.id)
    assert outcome.playlist.spotify_id != bait.id
    assert bait.entries == []
    assert len(saved_by(spotify_server, MIRA)) == 1


async def test_a_look_for_the_playlist_that_fails_lets_the_next_click_look_at_once(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    found = await shown(system)
    faults = spotify_server.state.faults
    faults.add("POST", "/v1/me/playlists", status=502, after=True)
    with pytest.raises(SpotifyUnavailable):
        await saving(system).save(ALICE, found.id)
    clock.advance(minutes=3)
    faults.add("GET", "/v1/me/playlists", status=429, headers={"Retry-After": "1"})
    with pytest.raises(SpotifyError):
        await saving(system).save(ALICE, found.id)
    clock.advance(seconds=2)
    assert not (await saving(system).save(ALICE, found.id)).already
    assert len(saved_by(spotify_server, MIRA)) == 1


async def test_a_playlist_that_is_gone_before_it_was_filled_is_made_anew(
    system: Core, spotify_server: SpotifyServer
) -> None:
    found = await shown(system)
    state = spotify_server.state
    state.faults.add("PUT", "/v1/playlists/*/items", status=500)
    with pytest.raises(SpotifyError):
        await saving(system).save(ALICE, found.id)
    [made] = [playlist for playlist in state.playlists_of(MIRA) if playlist.description.endswith(MARK)]
    state.listeners[MIRA].library.remove(made.id)
    del state.playlists[made.id]
    outcome = await saving(system).save(ALICE, found.id)
    assert (outcome.already, outcome.playlist.spotify_id == made.id) == (False, False)
    assert len(state.playlists[outcome.playlist.spotify_id].entries) == 5


async def test_a_playlist_that_spotify_does_not_know_yet_is_not_given_up(
    system: Core, spotify_server: SpotifyServer
) -> None:
    found = await shown(system)
    spotify_server.state.faults.add("PUT", "/v1/playlists/*/items", status=404)
    with pytest.raises(PlaylistOutOfReach):
        await saving(system).save(ALICE, found.id)
    assert (await saving(system).save(ALICE, found.id)).n_tracks == 5
    assert len(saved_by(spotify_server, MIRA)) == 1
