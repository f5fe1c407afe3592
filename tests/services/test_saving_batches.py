"""Long lists, written a hundred at a time: finished after a failure, never repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from saving_kit import ALICE, MIRA, connect, made_by_us, some_tracks, store_list, uris_in

from bot.domain.errors import PlaylistOutOfReach, SpotifyError, SpotifyRateLimited
from bot.domain.saving import SaveSwitch
from bot.services.saving.values import CoverState

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer

ITEMS = "/v1/playlists/*/items"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Take SQLite alone: the database makes no difference here."""
    return sqlite_url


@pytest.mark.parametrize("lost", [False, True], ids=["not taken", "taken, answer lost"])
@pytest.mark.parametrize("failing", [("PUT",), ("POST",), ("PUT", "POST", "POST")], ids="+".join)
async def test_failures_in_any_batches_are_finished_and_nothing_is_written_twice(
    system: Core, spotify_server: SpotifyServer, failing: tuple[str, ...], *, lost: bool
) -> None:
    await connect(system)
    await system.services.keeping.switch(ALICE, SaveSwitch.COVER, on=False)
    tracks = some_tracks(spotify_server, 250)
    found = await store_list(system, tracks)
    for method in failing:
        spotify_server.state.faults.add(method, ITEMS, status=502, after=lost)
        with pytest.raises(SpotifyError):
            await system.services.playlists.save(ALICE, found.id)
    outcome = await system.services.playlists.save(ALICE, found.id)
    [playlist] = made_by_us(spotify_server)
    assert uris_in(playlist) == tracks
    assert outcome.n_tracks == 250


async def test_what_is_there_already_is_not_sent_again(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    await system.services.keeping.switch(ALICE, SaveSwitch.COVER, on=False)
    found = await store_list(system, some_tracks(spotify_server, 250))
    spotify_server.state.faults.add("POST", ITEMS, status=502, after=True)
    with pytest.raises(SpotifyError, match="after 100 of 250 tracks"):
        await system.services.playlists.save(ALICE, found.id)
    spotify_server.state.journal.clear()
    await system.services.playlists.save(ALICE, found.id)
    writes = [exchange.method for exchange in spotify_server.state.journal if exchange.method != "GET"]
    assert writes == ["POST"]


async def test_a_playlist_that_somebody_changed_meanwhile_is_written_from_the_start(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    tracks = some_tracks(spotify_server, 150)
    found = await store_list(system, tracks)
    spotify_server.state.faults.add("POST", ITEMS, status=503)
    with pytest.raises(SpotifyError):
        await system.services.playlists.save(ALICE, found.id)
    [playlist] = made_by_us(spotify_server)
    del playlist.entries[3]
    await system.services.playlists.save(ALICE, found.id)
    assert uris_in(playlist) == tracks


async def test_a_playlist_that_was_deleted_half_written_is_made_anew(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    found = await store_list(system, tracks := some_tracks(spotify_server, 150))
    spotify_server.state.faults.add("POST", ITEMS, status=503)
    with pytest.raises(SpotifyError):
        await system.services.playlists.save(ALICE, found.id)
    spotify_server.state.listeners[MIRA].library.remove(made_by_us(spotify_server)[0].id)
    outcome = await system.services.playlists.save(ALICE, found.id)
    [playlist] = made_by_us(spotify_server)
    assert (outcome.playlist.spotify_id, uris_in(playlist)) == (playlist.id, tracks)


async def test_a_rate_limit_in_the_middle_says_when_and_is_finished_then(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await connect(system)
    found = await store_list(system, tracks := some_tracks(spotify_server, 150))
    spotify_server.state.faults.add("POST", ITEMS, status=429, headers={"Retry-After": "3600"})
    for _ in range(2):
        with pytest.raises(SpotifyRateLimited, match="<t:"):
            await system.services.playlists.save(ALICE, found.id)
    clock.advance(hours=1, seconds=1)
    await system.services.playlists.save(ALICE, found.id)
    assert [uris_in(playlist) for playlist in made_by_us(spotify_server)] == [tracks]


async def test_a_playlist_that_spotify_does_not_find_yet_says_what_to_do(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    found = await store_list(system, some_tracks(spotify_server, 5))
    spotify_server.state.faults.add("PUT", ITEMS, status=404)
    with pytest.raises(PlaylistOutOfReach, match="click again in a minute and I go on where I stopped"):
        await system.services.playlists.save(ALICE, found.id)


async def test_a_saved_playlist_has_a_cover_where_the_member_wants_one(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    found = await store_list(system, some_tracks(spotify_server, 5))
    assert (await system.services.playlists.save(ALICE, found.id)).cover is CoverState.DRAWN
    [playlist] = made_by_us(spotify_server)
    assert playlist.cover is not None
    assert 10_000 < len(playlist.cover) <= 190_000
    await system.services.keeping.switch(ALICE, SaveSwitch.COVER, on=False)
    other = await store_list(system, some_tracks(spotify_server, 6, skip=9))
    spotify_server.state.journal.clear()
    assert (await system.services.playlists.save(ALICE, other.id)).cover is CoverState.SWITCHED_OFF
    assert not any("/images" in exchange.path for exchange in spotify_server.state.journal)


async def test_a_cover_that_fails_does_not_fail_the_save(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    found = await store_list(system, some_tracks(spotify_server, 5))
    spotify_server.state.faults.add("PUT", "/v1/playlists/*/images", status=500)
    first = await system.services.playlists.save(ALICE, found.id)
    again = await system.services.playlists.save(ALICE, found.id)
    assert (first.already, first.cover, again.already, again.cover) == (False, CoverState.FAILED, True, None)
    assert made_by_us(spotify_server)[0].cover is None


@pytest.mark.parametrize("public", [False, True])
async def test_the_member_chooses_who_sees_it(system: Core, spotify_server: SpotifyServer, *, public: bool) -> None:
    await connect(system)
    await system.services.keeping.switch(ALICE, SaveSwitch.PUBLIC, on=public)
    found = await store_list(system, some_tracks(spotify_server, 5))
    assert (await system.services.playlists.save(ALICE, found.id)).public is public
    assert made_by_us(spotify_server)[0].public is public
