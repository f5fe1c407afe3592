"""Undoing a save: once, within a day, and to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from saving_kit import ALICE, BOB, JONAS, MIRA, connect, made_by_us, some_tracks, store_list, uris_in

from bot.domain.errors import CannotUndo, SpotifyError, UndoInProgress
from bot.domain.saving import SaveSwitch
from bot.services.saving.values import SaveOutcome, UndoKind

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Take SQLite alone where the database makes no difference."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


async def saved(core: Core, server: SpotifyServer, count: int = 5, skip: int = 0) -> SaveOutcome:
    """Save a list of so many tracks, without a cover."""
    await core.services.keeping.switch(ALICE, SaveSwitch.COVER, on=False)
    found = await store_list(core, some_tracks(server, count, skip))
    return await core.services.playlists.save(ALICE, found.id)


async def test_a_playlist_that_was_made_is_removed_and_a_new_click_saves_anew(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    outcome = await saved(system, spotify_server)
    undone = await system.services.undoing.undo(ALICE, outcome.save_id)
    assert undone.kind is UndoKind.REMOVED
    assert made_by_us(spotify_server) == []
    again = await system.services.playlists.save(ALICE, outcome.set_id)
    assert not again.already
    with pytest.raises(CannotUndo, match="undone before"):
        await system.services.undoing.undo(ALICE, outcome.save_id)
    assert len(made_by_us(spotify_server)) == 1


async def test_a_playlist_that_was_reused_gets_everything_back(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    await saved(system, spotify_server, 150)
    [playlist] = made_by_us(spotify_server)
    playlist.name, playlist.public = "Mine & <only> mine", True
    before = uris_in(playlist), playlist.name, playlist.description, playlist.public
    second = await saved(system, spotify_server, 10, skip=300)
    assert uris_in(playlist) != before[0]
    undone = await system.services.undoing.undo(ALICE, second.save_id)
    assert (undone.kind, undone.n_tracks, undone.lost) == (UndoKind.RESTORED, 150, 0)
    assert (uris_in(playlist), playlist.name, playlist.description, playlist.public) == before
    assert (await saved(system, spotify_server, 4, skip=500)).playlist.spotify_id == playlist.id


async def test_a_day_later_it_is_too_late(system: Core, spotify_server: SpotifyServer, clock: FakeClock) -> None:
    await connect(system)
    outcome = await saved(system, spotify_server)
    assert outcome.undo_until == clock.now() + timedelta(days=1)
    clock.advance(days=1, seconds=1)
    for undoing in (system.services.undoing.undo(ALICE, outcome.save_id), system.services.undoing.undo_last(ALICE)):
        with pytest.raises(CannotUndo, match="for a day"):
            await undoing
    assert len(made_by_us(spotify_server)) == 1


async def test_an_undo_that_was_interrupted_is_finished_by_the_next_click_however_late(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await connect(system)
    await saved(system, spotify_server, 150)
    [playlist] = made_by_us(spotify_server)
    before = uris_in(playlist)
    second = await saved(system, spotify_server, 10, skip=300)
    spotify_server.state.faults.add("POST", "/v1/playlists/*/items", status=502, after=True)
    with pytest.raises(SpotifyError):
        await system.services.undoing.undo(ALICE, second.save_id)
    with pytest.raises(CannotUndo, match="use /undo to finish it"):
        await system.services.playlists.save(ALICE, second.set_id)
    clock.advance(days=3)
    await system.services.undoing.undo_last(ALICE)
    assert uris_in(playlist) == before


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_outage_leaves_the_undo_to_the_next_click(
    system: Core, spotify_server: SpotifyServer, method: str
) -> None:
    await connect(system)
    outcome = await saved(system, spotify_server)
    path = "/v1/me/library/contains" if method == "GET" else "/v1/me/library"
    spotify_server.state.faults.add(method, path, status=403)
    with pytest.raises(SpotifyError):
        await system.services.undoing.undo(ALICE, outcome.save_id)
    assert (await system.services.undoing.undo(ALICE, outcome.save_id)).kind is UndoKind.REMOVED


async def test_what_the_member_deleted_by_themselves_is_no_fault(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    outcome = await saved(system, spotify_server)
    spotify_server.state.listeners[MIRA].library.remove(outcome.playlist.spotify_id)
    assert (await system.services.undoing.undo(ALICE, outcome.save_id)).kind is UndoKind.GONE


async def test_only_the_last_list_in_a_playlist_can_be_undone(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    first = await saved(system, spotify_server)
    second = await saved(system, spotify_server, 6, skip=20)
    with pytest.raises(CannotUndo, match="undo that one first"):
        await system.services.undoing.undo(ALICE, first.save_id)
    await system.services.undoing.undo_last(ALICE)
    assert (await system.services.undoing.undo_last(ALICE)).kind is UndoKind.REMOVED
    assert second.playlist.spotify_id == first.playlist.spotify_id
    assert made_by_us(spotify_server) == []


async def test_a_kept_playlist_is_not_undone(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    outcome = await saved(system, spotify_server)
    await system.services.keeping.freeze(ALICE, outcome.save_id)
    with pytest.raises(CannotUndo, match="kept as it is"):
        await system.services.undoing.undo(ALICE, outcome.save_id)
    assert len(made_by_us(spotify_server)) == 1


async def test_nobody_undoes_what_somebody_else_saved(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    await connect(system, BOB, JONAS)
    outcome = await saved(system, spotify_server)
    with pytest.raises(CannotUndo):
        await system.services.undoing.undo(BOB, outcome.save_id)
    assert len(made_by_us(spotify_server)) == 1


async def test_a_cover_is_drawn_again_that_was_there_before(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    first = await store_list(system, some_tracks(spotify_server, 5))
    await system.services.playlists.save(ALICE, first.id)
    [playlist] = made_by_us(spotify_server)
    cover = playlist.cover
    second = await store_list(system, some_tracks(spotify_server, 5, skip=20))
    outcome = await system.services.playlists.save(ALICE, second.id)
    assert playlist.cover != cover
    assert not (await system.services.undoing.undo(ALICE, outcome.save_id)).cover_stays
    assert playlist.cover == cover


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("reused", [False, True], ids=["made", "reused"])
async def test_clicks_in_two_processes_undo_once(
    open_core: Callable[[], AbstractAsyncContextManager[Core]], spotify_server: SpotifyServer, *, reused: bool
) -> None:
    async with open_core() as one, open_core() as other:
        await connect(one)
        first = await saved(one, spotify_server)
        outcome = await saved(one, spotify_server, 6, skip=20) if reused else first
        spotify_server.state.journal.clear()
        outcomes = await asyncio.gather(
            *(process.services.undoing.undo(ALICE, outcome.save_id) for process in (one, other) * 4),
            return_exceptions=True,
        )
        assert sum(not isinstance(found, Exception) for found in outcomes) == 1
        assert {type(found) for found in outcomes if isinstance(found, Exception)} <= {UndoInProgress, CannotUndo}
        writes = [exchange.method for exchange in spotify_server.state.journal if exchange.method != "GET"]
        assert writes == (["PUT", "PUT"] if reused else ["DELETE"])
        assert [uris_in(playlist) for playlist in made_by_us(spotify_server)] == (
            [some_tracks(spotify_server, 5)] if reused else []
        )
