"""Weekly lists: one playlist that is updated, unless it is kept, gone, or holds a newer list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import pytest
from saving_kit import ALICE, BOB, GUILD, JONAS, MIRA, connect, made_by_us, some_tracks, store_list, uris_in

from bot.domain.errors import BadInput, SaveInProgress, SpotifyError
from bot.domain.recommendations import SetKind
from bot.domain.saving import SaveMode, SaveSwitch
from bot.services.saving.values import WhyNew

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Take SQLite alone where the database makes no difference."""
    return sqlite_url


async def test_next_weeks_list_goes_into_last_weeks_playlist(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await connect(system)
    first = await store_list(system, some_tracks(spotify_server, 5))
    await system.services.playlists.save(ALICE, first.id)
    clock.advance(days=7)
    tracks = some_tracks(spotify_server, 8, skip=20)
    second = await store_list(system, tracks)
    outcome = await system.services.playlists.save(ALICE, second.id)
    [playlist] = made_by_us(spotify_server)
    assert uris_in(playlist) == tracks
    assert playlist.name == outcome.playlist.name == "Crossfade discoveries · 27 Nov 2026"
    assert "27 Nov 2026" in playlist.description
    assert outcome.replaced == ("Crossfade discoveries · 20 Nov 2026", 5)
    again = await system.services.playlists.save(ALICE, second.id)
    assert (again.already, again.outdated) == (True, False)


async def test_a_saved_list_whose_playlist_was_updated_since_says_so_and_can_be_saved_by_itself(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    older, newer = some_tracks(spotify_server, 5), some_tracks(spotify_server, 5, skip=20)
    first = await store_list(system, older)
    await system.services.playlists.save(ALICE, first.id)
    second = await store_list(system, newer)
    await system.services.playlists.save(ALICE, second.id)
    again = await system.services.playlists.save(ALICE, first.id)
    assert (again.already, again.outdated, again.undo_until) == (True, True, None)
    alone = await system.services.playlists.save(ALICE, first.id, SaveMode.NEW)
    assert not alone.already
    assert sorted(map(uris_in, made_by_us(spotify_server))) == sorted([older, newer])


async def test_an_older_list_never_takes_the_place_of_a_newer_one(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    first = await store_list(system, some_tracks(spotify_server, 5))
    second = await store_list(system, newer := some_tracks(spotify_server, 6, skip=20))
    new = await system.services.playlists.save(ALICE, second.id)
    old = await system.services.playlists.save(ALICE, first.id)
    assert old.why_new is WhyNew.OLDER
    assert uris_in(spotify_server.state.playlists[new.playlist.spotify_id]) == newer
    third = await store_list(system, some_tracks(spotify_server, 7, skip=40))
    assert (await system.services.playlists.save(ALICE, third.id)).playlist.spotify_id == new.playlist.spotify_id


async def test_a_playlist_that_is_kept_is_not_changed_until_it_is_let_go(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    kept = some_tracks(spotify_server, 5)
    first = await system.services.playlists.save(ALICE, (await store_list(system, kept)).id)
    await system.services.keeping.freeze(ALICE)
    second = await system.services.playlists.save(
        ALICE, (await store_list(system, some_tracks(spotify_server, 5, skip=20))).id
    )
    assert second.why_new is WhyNew.FROZEN
    assert uris_in(spotify_server.state.playlists[first.playlist.spotify_id]) == kept
    assert not (await system.services.keeping.unfreeze(ALICE, first.save_id)).is_next
    third = await system.services.playlists.save(
        ALICE, (await store_list(system, some_tracks(spotify_server, 5, skip=40))).id
    )
    assert third.playlist.spotify_id == second.playlist.spotify_id


async def test_keeping_the_last_one_makes_a_new_one_that_later_lists_go_into(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    saves = system.services.playlists
    lists = [await store_list(system, some_tracks(spotify_server, 5, skip=20 * n)) for n in range(3)]
    first = await saves.save(ALICE, lists[0].id)
    second = await saves.save(ALICE, lists[1].id, SaveMode.KEEP)
    third = await saves.save(ALICE, lists[2].id)
    assert (second.why_new, third.why_new) == (WhyNew.KEPT, None)
    ids = [one.playlist.spotify_id for one in (first, second, third)]
    assert ids[0] != ids[1] == ids[2]


async def test_a_playlist_by_itself_is_not_touched_by_later_lists(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    saves = system.services.playlists
    lists = [await store_list(system, some_tracks(spotify_server, 5, skip=20 * n)) for n in range(3)]
    first = await saves.save(ALICE, lists[0].id)
    alone = await saves.save(ALICE, lists[1].id, SaveMode.NEW)
    third = await saves.save(ALICE, lists[2].id)
    assert alone.playlist.spotify_id != first.playlist.spotify_id == third.playlist.spotify_id


async def test_who_wants_a_new_one_each_week_gets_it(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    await system.services.keeping.switch(ALICE, SaveSwitch.REUSE, on=False)
    for skip in (0, 20):
        found = await store_list(system, some_tracks(spotify_server, 5, skip=skip))
        await system.services.playlists.save(ALICE, found.id)
    assert len(made_by_us(spotify_server)) == 2


async def test_a_playlist_that_was_deleted_in_spotify_is_made_anew(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await connect(system)
    first = await store_list(system, some_tracks(spotify_server, 5))
    gone = await system.services.playlists.save(ALICE, first.id)
    spotify_server.state.listeners[MIRA].library.remove(gone.playlist.spotify_id)
    clock.advance(minutes=5)
    again = await system.services.playlists.save(ALICE, first.id)
    assert not again.already
    spotify_server.state.listeners[MIRA].library.remove(again.playlist.spotify_id)
    second = await store_list(system, some_tracks(spotify_server, 5, skip=20))
    assert (await system.services.playlists.save(ALICE, second.id)).why_new is WhyNew.GONE


async def test_each_series_and_each_member_has_a_playlist_of_its_own(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    await connect(system, BOB, JONAS)
    saves = system.services.playlists
    ids = set()
    for kind, guild_id in ((SetKind.DISCOVER, GUILD), (SetKind.DIGEST, GUILD), (SetKind.DIGEST, GUILD + 1)):
        owner = ALICE if kind is SetKind.DISCOVER else None
        found = await store_list(system, some_tracks(spotify_server, 5), kind=kind, guild_id=guild_id, member_id=owner)
        ids |= {(await saves.save(member, found.id)).playlist.spotify_id for member in (ALICE, BOB)}
    track = await store_list(system, some_tracks(spotify_server, 5), kind=SetKind.TRACK)
    assert (await saves.save(ALICE, track.id)).why_new is WhyNew.NO_SERIES
    assert len(ids) == 6


async def test_a_failure_while_updating_is_finished_by_the_next_click(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    saves = system.services.playlists
    await saves.save(ALICE, (await store_list(system, some_tracks(spotify_server, 5))).id)
    second = await store_list(system, tracks := some_tracks(spotify_server, 250, skip=20))
    for method, path in (
        ("PUT", "/v1/playlists/*"),
        ("PUT", "/v1/playlists/*/items"),
        ("POST", "/v1/playlists/*/items"),
    ):
        spotify_server.state.faults.add(method, path, status=503)
        with pytest.raises(SpotifyError):
            await saves.save(ALICE, second.id)
    outcome = await saves.save(ALICE, second.id)
    [playlist] = made_by_us(spotify_server)
    assert uris_in(playlist) == tracks
    assert outcome.replaced == ("Crossfade discoveries · 20 Nov 2026", 5)


async def test_a_third_list_takes_over_what_a_second_left_half_written(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await connect(system)
    saves = system.services.playlists
    before = some_tracks(spotify_server, 5)
    await saves.save(ALICE, (await store_list(system, before)).id)
    second = await store_list(system, some_tracks(spotify_server, 150, skip=20))
    spotify_server.state.faults.add("POST", "/v1/playlists/*/items", status=503)
    with pytest.raises(SpotifyError, match="after 100 of 150 tracks: click again"):
        await saves.save(ALICE, second.id)
    third = await saves.save(ALICE, (await store_list(system, some_tracks(spotify_server, 6, skip=300))).id)
    assert third.replaced == ("Crossfade discoveries · 20 Nov 2026", 5)
    await system.services.undoing.undo(ALICE, third.save_id)
    [playlist] = made_by_us(spotify_server)
    assert uris_in(playlist) == before


async def test_there_is_nothing_to_keep_before_the_first_save(system: Core) -> None:
    with pytest.raises(BadInput, match="save a list of /discover"):
        await system.services.keeping.freeze(ALICE)


async def test_the_plan_says_what_the_save_then_does(system: Core, spotify_server: SpotifyServer) -> None:
    await connect(system)
    saves = system.services.playlists
    first = await saves.save(ALICE, (await store_list(system, some_tracks(spotify_server, 5))).id)
    tracks = some_tracks(spotify_server, 6, skip=20)
    second = await store_list(system, [*tracks, tracks[0]])
    spotify_server.state.journal.clear()
    plan = await saves.plan(ALICE, second.id)
    methods = {exchange.method for exchange in spotify_server.state.journal}
    assert methods <= {"GET"}
    assert plan.target.last is not None
    assert (plan.target.reuses, plan.target.last.id, plan.n_tracks, plan.repeated) == (True, first.save_id, 6, 1)
    done = await saves.save(ALICE, second.id)
    assert (done.playlist.name, done.n_tracks, done.repeated) == (plan.name, 6, 1)
    description = spotify_server.state.playlists[done.playlist.spotify_id].description
    assert description.startswith(plan.description)


@pytest.mark.usefixtures("database_url")
class TestInTwoProcesses:
    """Two processes on each kind of database."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def database_url(self, request: pytest.FixtureRequest) -> str:
        """Give a fresh database of each kind."""
        return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))

    async def test_two_lists_at_once_never_mix_in_one_playlist(
        self, open_core: Callable[[], AbstractAsyncContextManager[Core]], spotify_server: SpotifyServer
    ) -> None:
        async with open_core() as one, open_core() as other:
            await connect(one)
            await one.services.playlists.save(ALICE, (await store_list(one, some_tracks(spotify_server, 5))).id)
            lists = [some_tracks(spotify_server, 150, skip=20), some_tracks(spotify_server, 150, skip=300)]
            sets = [await store_list(one, uris) for uris in lists]
            outcomes = await asyncio.gather(
                *(process.services.playlists.save(ALICE, found.id) for process in (one, other) for found in sets),
                return_exceptions=True,
            )
            assert {type(outcome) for outcome in outcomes if isinstance(outcome, Exception)} <= {SaveInProgress}
            for found in sets:
                await other.services.playlists.save(ALICE, found.id)
            held = [uris_in(playlist) for playlist in made_by_us(spotify_server)]
            assert lists[1] in held
            assert all(uris in lists for uris in held)
