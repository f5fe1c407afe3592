"""Saving recommendations as a playlist: once, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import (
    NotConnected,
    SaveInProgress,
    SpotifyError,
    SpotifyUnavailable,
    UnknownSet,
)
from bot.domain.recommendations import NewSet, RecommendationSet, SetKind
from bot.sandbox.guests import link_guest
from bot.storage.repositories import SqlRecommendationRepository

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer

ALICE, BOB, GUILD = 4_100_000_000_000_000_001, 4_100_000_000_000_000_002, 4_200_000_000_000_000_001
MIRA, JONAS = "mirasolenne", "jonaskettleburn"


async def stored_again(core: Core, found: RecommendationSet, times: int) -> RecommendationSet:
    """Store a set in which each track comes some times."""
    picks = found.picks * times
    new = NewSet(SetKind.DISCOVER, found.title, found.subtitle, ALICE, GUILD, found.model, found.created_at, picks)
    return await SqlRecommendationRepository(core.database).add(new)


def saved_by(server: SpotifyServer, listener: str) -> list[str]:
    """Return the names of the playlists that we made for a listener."""
    return [p.name for p in server.state.playlists_of(listener) if p.name.startswith("Crossfade")]


async def test_a_saved_playlist_holds_the_recommended_tracks_in_order(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD, k=30)
    outcome = await system.services.playlists.save(ALICE, found.id)
    items = await system.services.accounts.with_token(
        ALICE, lambda token: system.spotify.playlist_items(token, outcome.playlist.spotify_id)
    )
    assert [entry.track.uri for entry in items.entries] == [pick.track.uri for pick in found.picks]
    assert outcome.playlist.url.startswith(spotify_server.url)
    assert not outcome.already


async def test_a_second_click_saves_nothing_twice(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD, k=5)
    first = await system.services.playlists.save(ALICE, found.id)
    second = await system.services.playlists.save(ALICE, found.id)
    assert second.already
    assert second.playlist == first.playlist
    assert len(saved_by(spotify_server, MIRA)) == 1


async def test_clicks_at_once_in_two_processes_save_once(
    open_core: Callable[[], AbstractAsyncContextManager[Core]], spotify_server: SpotifyServer
) -> None:
    async with open_core() as first, open_core() as second:
        await link_guest(first.services, ALICE, GUILD, MIRA)
        found = await first.services.discovery.discover(ALICE, GUILD, k=5)
        outcomes = await asyncio.gather(
            *(process.services.playlists.save(ALICE, found.id) for process in (first, second) * 4),
            return_exceptions=True,
        )
        assert {type(outcome).__name__ for outcome in outcomes} <= {"SaveOutcome", "SaveInProgress"}
        assert len(saved_by(spotify_server, MIRA)) == 1
        assert (await second.services.playlists.save(ALICE, found.id)).already


async def test_everybody_gets_a_copy_of_their_own(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await link_guest(system.services, BOB, GUILD, JONAS)
    found = await system.services.discovery.discover(ALICE, GUILD, k=5)
    mine = await system.services.playlists.save(ALICE, found.id)
    theirs = await system.services.playlists.save(BOB, found.id)
    assert mine.playlist.spotify_id != theirs.playlist.spotify_id


async def test_a_playlist_whose_answer_was_lost_is_found_again(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD, k=5)
    spotify_server.state.faults.add("POST", "/v1/me/playlists", status=502, after=True)
    with pytest.raises(SpotifyUnavailable):
        await system.services.playlists.save(ALICE, found.id)
    with pytest.raises(SaveInProgress):
        await system.services.playlists.save(ALICE, found.id)
    clock.advance(minutes=3)
    outcome = await system.services.playlists.save(ALICE, found.id)
    assert outcome.n_tracks == 5
    assert len(saved_by(spotify_server, MIRA)) == 1


async def test_a_failure_while_filling_is_finished_by_the_next_click(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD, k=5)
    spotify_server.state.faults.add("PUT", "/v1/playlists/*/items", status=500)
    with pytest.raises(SpotifyError):
        await system.services.playlists.save(ALICE, found.id)
    outcome = await system.services.playlists.save(ALICE, found.id)
    assert len(saved_by(spotify_server, MIRA)) == 1
    items = await system.services.accounts.with_token(
        ALICE, lambda token: system.spotify.playlist_items(token, outcome.playlist.spotify_id)
    )
    assert len(items.entries) == 5


async def test_a_refusal_makes_nothing_and_the_next_click_tries_at_once(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD, k=5)
    spotify_server.state.faults.add("POST", "/v1/me/playlists", status=403)
    with pytest.raises(SpotifyError):
        await system.services.playlists.save(ALICE, found.id)
    assert not (await system.services.playlists.save(ALICE, found.id)).already
    assert len(saved_by(spotify_server, MIRA)) == 1


async def test_who_is_not_connected_is_told_how(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD, k=5)
    with pytest.raises(NotConnected):
        await system.services.playlists.save(BOB, found.id)


async def test_recommendations_that_are_gone_say_so(system: Core) -> None:
    with pytest.raises(UnknownSet, match="/discover"):
        await system.services.playlists.save(ALICE, 987_654)


async def test_a_track_that_was_recommended_twice_is_saved_once(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD, k=5)
    twice = await stored_again(system, found, times=2)
    outcome = await system.services.playlists.save(ALICE, twice.id)
    entries = spotify_server.state.playlists[outcome.playlist.spotify_id].entries
    assert [entry.uri for entry in entries] == [pick.track.uri for pick in found.picks]
    assert outcome.n_tracks == 5


async def test_an_empty_set_cannot_be_saved(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    empty = await stored_again(system, await system.services.discovery.discover(ALICE, GUILD, k=5), times=0)
    for _ in range(2):
        with pytest.raises(UnknownSet, match="/discover"):
            await system.services.playlists.save(ALICE, empty.id)
    assert saved_by(spotify_server, MIRA) == []
