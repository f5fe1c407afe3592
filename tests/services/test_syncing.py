"""Syncs that are broken off, shared, paused and taken up again, with everything that they read."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.errors import NotConnected, ReconnectNeeded, SpotifyRefused
from bot.domain.library import LibraryPart
from bot.domain.listening import SyncElsewhere, SyncInterrupted, SyncPaused, SyncProgress, SyncStep, TimeRange
from bot.sandbox.guests import consent, link_guest
from bot.storage.models import SpotifyAccountRow
from bot.storage.repositories.listening import SqlListeningRepository
from bot.storage.repositories.syncs import SqlSyncRepository

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer

ALICE, GUILD = 4_100_000_000_000_000_001, 4_200_000_000_000_000_001
MIRA, JONAS = "mirasolenne", "jonaskettleburn"
OpenCore = Callable[[], AbstractAsyncContextManager["Core"]]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Leave it at SQLite: what the databases do differently is tested with the repositories."""
    return sqlite_url


async def link(system: Core, listener: str = MIRA) -> None:
    """Link Alice, and read nothing yet."""
    asked = await system.services.accounts.begin_login(ALICE, GUILD)
    back = await consent(asked.url, listener)
    await system.services.accounts.complete_login(back.params["state"], back.params["code"])


def calls(server: SpotifyServer) -> Counter[str]:
    """Return how often each path of the Web API was called, and forget it."""
    counted = Counter(exchange.path for exchange in server.state.journal if exchange.path.startswith("/v1/"))
    server.state.journal.clear()
    return counted


class Held:
    """Holds a gateway's reading of playlists before a certain one."""

    def __init__(self, system: Core, monkeypatch: pytest.MonkeyPatch, before: int = 2) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self._left = before
        self._read = system.spotify.playlist_items
        monkeypatch.setattr(system.spotify, "playlist_items", self._items)

    async def _items(self, access_token: str, spotify_id: str) -> Any:  # noqa: ANN401
        if not self._left:
            self.reached.set()
            await self.go_on.wait()
        self._left = max(self._left - 1, 0)
        return await self._read(access_token, spotify_id)


async def test_a_first_sync_reads_everything_with_no_call_too_many(system: Core, spotify_server: SpotifyServer) -> None:
    await link(system)
    calls(spotify_server)
    report = await system.services.library.sync(ALICE)
    counted = calls(spotify_server)
    assert (counted["/v1/me/top/tracks"], counted["/v1/me/top/artists"]) == (3, 3)
    assert counted["/v1/me/player/recently-played"] == 1
    assert report.listens == 50
    assert report.liked == len(spotify_server.state.listeners[MIRA].saved)
    assert report.not_allowed == report.refused == frozenset()
    top = await SqlListeningRepository(system.database).top(ALICE)
    assert {len(top.tracks[time_range]) for time_range in (TimeRange.MEDIUM, TimeRange.LONG)} == {50}
    assert all(top.artists[time_range] for time_range in TimeRange)


async def test_what_is_played_most_is_read_again_after_a_day(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    calls(spotify_server)
    clock.advance(hours=23)
    await system.services.library.sync(ALICE)
    assert calls(spotify_server)["/v1/me/top/tracks"] == 0
    clock.advance(hours=1)
    await system.services.library.sync(ALICE)
    assert calls(spotify_server)["/v1/me/top/tracks"] == 3


async def test_a_listen_is_stored_once_and_forgotten_when_it_is_old(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    assert (await system.services.library.sync(ALICE)).listens == 0
    listening = SqlListeningRepository(system.database)
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    assert await listening.heard_since(ALICE, epoch)
    clock.advance(days=200)
    await system.services.syncing.sync_due()
    assert await listening.heard_since(ALICE, epoch) == []


async def test_without_permission_a_part_is_left_out_without_a_call_and_named(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await link(system)
    async with system.database.transaction() as session:
        (await session.get_one(SpotifyAccountRow, ALICE)).scopes = "playlist-read-private playlist-read-collaborative"
    calls(spotify_server)
    report = await system.services.library.sync(ALICE)
    assert report.not_allowed == frozenset(LibraryPart)
    assert (report.liked, report.listens) == (None, 0)
    assert report.playlists_read > 4
    assert not {path for path in calls(spotify_server) if "playlists" not in path}


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/v1/me/tracks", LibraryPart.LIKED),
        ("/v1/me/top/artists", LibraryPart.TOP),
        ("/v1/me/player/recently-played", LibraryPart.RECENT),
    ],
)
async def test_a_part_that_spotify_refuses_does_not_cost_the_playlists(
    system: Core, spotify_server: SpotifyServer, path: str, part: LibraryPart
) -> None:
    await link(system)
    spotify_server.state.faults.add("GET", path, status=403, times=None)
    report = await system.services.library.sync(ALICE)
    assert report.refused == {part}
    assert report.playlists_read > 4
    state = await system.services.syncing.state(ALICE)
    assert state is not None
    assert state.fault is None


async def test_liked_songs_that_are_refused_for_once_stay_stored(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    before = await system.services.library.playlists(ALICE)
    spotify_server.state.faults.add("GET", "/v1/me/tracks", status=403, times=None)
    await system.services.library.sync(ALICE)
    assert [p.id for p in await system.services.library.playlists(ALICE)] == [p.id for p in before]


async def test_after_a_crash_another_process_goes_on_and_reads_no_stored_playlist_again(
    open_core: OpenCore, spotify_server: SpotifyServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_core() as dying, open_core() as living:
        await link(dying)
        held = Held(dying, monkeypatch)
        # A process that dies says nothing any more.
        monkeypatch.setattr(SqlSyncRepository, "release", _nothing)
        calls(spotify_server)
        sync = await dying.services.syncing.start(ALICE)
        await held.reached.wait()
        sync.task.cancel()
        await asyncio.wait({sync.task})
        before = calls(spotify_server)
        stored = {playlist.spotify_id for playlist in await living.services.library.playlists(ALICE)}
        assert len(stored) == 2

        assert await living.services.syncing.sync_due() == 0, "the claim still stands"
        clock.advance(minutes=3)
        assert await living.services.syncing.sync_due() == 1
        after = calls(spotify_server)
        read_twice = {path for path in before.keys() & after.keys() if path.endswith("/items")}
        assert not read_twice
        assert not {path for path in after for identifier in stored if identifier in path}
        assert len(await living.services.library.playlists(ALICE)) > 4
        state = await living.services.syncing.state(ALICE)
        assert state is not None
        assert (state.fault, state.claimed_at) == (None, None)


async def test_a_process_that_is_stopped_leaves_its_sync_due_at_once(
    open_core: OpenCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_core() as stopped:
        await link(stopped)
        held = Held(stopped, monkeypatch)
        sync = await stopped.services.syncing.start(ALICE)
        await held.reached.wait()
    assert sync.task.cancelled()
    async with open_core() as next_one:
        assert await next_one.services.syncing.sync_due() == 1
        assert len(await next_one.services.library.playlists(ALICE)) > 4


async def test_who_asks_while_a_sync_runs_gets_its_report_and_another_process_is_told_how_far_it_is(
    open_core: OpenCore, spotify_server: SpotifyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_core() as one, open_core() as other:
        await link(one)
        held = Held(one, monkeypatch)
        calls(spotify_server)
        first = await one.services.syncing.start(ALICE)
        await held.reached.wait()
        assert await one.services.syncing.start(ALICE) is first
        assert first.progress.step is SyncStep.PLAYLISTS
        with pytest.raises(SyncElsewhere, match=f"{first.progress.done} of {first.progress.total}") as told:
            await other.services.library.sync(ALICE)
        assert (told.value.done, told.value.total) == (first.progress.done, first.progress.total)
        held.go_on.set()
        assert await one.services.library.sync(ALICE) is await first.report()
        assert calls(spotify_server)["/v1/me/playlists"] == 1


async def test_a_caller_that_goes_away_does_not_end_the_sync(system: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    await link(system)
    held = Held(system, monkeypatch)
    caller = asyncio.create_task(system.services.library.sync(ALICE))
    await held.reached.wait()
    caller.cancel()
    await asyncio.wait({caller})
    held.go_on.set()
    report = await (await system.services.syncing.start(ALICE)).report()
    assert report.playlists_read > 4


async def test_a_claim_that_was_taken_over_ends_the_sync_that_lost_it(
    open_core: OpenCore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_core() as slow, open_core() as quick:
        await link(slow)
        held = Held(slow, monkeypatch)
        sync = await slow.services.syncing.start(ALICE)
        await held.reached.wait()
        clock.advance(minutes=3)
        await quick.services.library.sync(ALICE)
        held.go_on.set()
        with pytest.raises(SyncElsewhere):
            await sync.report()
        state = await quick.services.syncing.state(ALICE)
        assert state is not None
        assert state.due_at is not None
        assert state.due_at >= clock.now() + timedelta(hours=24)


async def test_after_a_429_in_the_middle_the_tick_goes_on_when_spotify_lets_it(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await link(system)
    held = Held(system, monkeypatch)
    sync = await system.services.syncing.start(ALICE)
    await held.reached.wait()
    spotify_server.state.faults.add("GET", "/v1/playlists/*/items", status=429, headers={"Retry-After": "600"}, times=1)
    held.go_on.set()
    with pytest.raises(SyncPaused, match="by myself") as told:
        await sync.report()
    retry_at = told.value.retry_at
    assert retry_at >= clock.now() + timedelta(seconds=600)
    state = await system.services.syncing.state(ALICE)
    assert state is not None
    assert (state.due_at, state.fault) == (retry_at, str(told.value))
    stored = len(await system.services.library.playlists(ALICE))
    assert stored == 2
    assert await system.services.syncing.sync_due() == 0
    clock.set(retry_at + timedelta(seconds=1))
    assert await system.services.syncing.sync_due() == 1
    assert len(await system.services.library.playlists(ALICE)) > 4
    state = await system.services.syncing.state(ALICE)
    assert state is not None
    assert state.fault is None


async def test_after_outages_it_is_tried_at_ever_longer_intervals(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await link(system)
    spotify_server.state.faults.add("GET", "/v1/me/playlists", status=503, times=None)
    pauses = []
    for _ in range(2):
        with pytest.raises(SyncInterrupted, match="by myself") as told:
            await system.services.library.sync(ALICE)
        pauses.append(told.value.goes_on_at - clock.now())
    for _ in range(6):
        state = await system.services.syncing.state(ALICE)
        assert state is not None
        assert state.due_at is not None
        clock.set(state.due_at)
        assert await system.services.syncing.sync_due() == 1
        state = await system.services.syncing.state(ALICE)
        assert state is not None
        assert state.due_at is not None
        pauses.append(state.due_at - clock.now())
    minutes = [pause.total_seconds() / 60 for pause in pauses]
    assert minutes == [15, 15, 30, 60, 120, 240, 360, 360]
    spotify_server.state.faults.clear()
    await system.services.library.sync(ALICE)
    state = await system.services.syncing.state(ALICE)
    assert state is not None
    assert (state.outages, state.fault) == (0, None)


async def test_every_active_account_is_read_again_daily_and_no_other(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    clock.advance(hours=23)
    assert await system.services.syncing.sync_due() == 0
    clock.advance(hours=3)
    assert await system.services.syncing.sync_due() == 1
    assert await system.services.syncing.sync_due() == 0
    spotify_server.state.revoke(MIRA)
    clock.advance(hours=27)
    assert await system.services.syncing.sync_due() == 1
    state = await system.services.syncing.state(ALICE)
    assert state is not None
    assert state.due_at is None
    clock.advance(days=3)
    assert await system.services.syncing.sync_due() == 0
    with pytest.raises(ReconnectNeeded):
        await system.services.library.sync(ALICE)


async def test_an_account_whose_first_sync_never_began_is_read_by_the_tick(system: Core, clock: FakeClock) -> None:
    await link(system)
    assert await system.services.syncing.sync_due() == 0
    clock.advance(minutes=16)
    assert await system.services.syncing.sync_due() == 1
    assert await system.services.library.playlists(ALICE)


async def test_a_refusal_of_the_whole_app_is_noted_and_tried_again_the_next_day(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await link(system)
    spotify_server.state.faults.add("GET", "/v1/me/playlists", status=403, times=None)
    with pytest.raises(SpotifyRefused) as told:
        await system.services.library.sync(ALICE)
    state = await system.services.syncing.state(ALICE)
    assert state is not None
    assert state.fault == str(told.value)
    assert state.due_at is not None
    assert state.due_at >= clock.now() + timedelta(hours=24)


async def test_whoever_disconnects_in_the_middle_leaves_nothing_behind(
    system: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    await link(system)
    held = Held(system, monkeypatch)
    sync = await system.services.syncing.start(ALICE)
    await held.reached.wait()
    await system.services.accounts.disconnect(ALICE)
    held.go_on.set()
    with pytest.raises(NotConnected):
        await sync.report()
    assert await system.services.syncing.state(ALICE) is None
    with pytest.raises(NotConnected):
        await system.services.library.playlists(ALICE)


async def test_another_account_takes_over_nothing_that_the_last_one_played(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    listening = SqlListeningRepository(system.database)
    await link(system, JONAS)
    assert await listening.newest_listen(ALICE) is None
    assert (await listening.top(ALICE)).tracks == {}
    assert await system.services.syncing.state(ALICE) is None


async def test_signs_of_life_come_between_two_playlists_too(
    system: Core, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await link(system)
    beats: asyncio.Queue[None] = asyncio.Queue()
    syncing = system.services.syncing
    monkeypatch.setattr(syncing, "_sleep", lambda seconds: beats.get())
    held = Held(system, monkeypatch)
    sync = await syncing.start(ALICE)
    await held.reached.wait()
    moment = clock.advance(minutes=1)
    beats.put_nowait(None)
    while (state := await syncing.state(ALICE)) is None or state.claimed_at != moment:
        assert not sync.task.done()
        await asyncio.sleep(0)
    held.go_on.set()
    await sync.report()


async def test_progress_is_told_at_the_pace_that_is_asked_for(system: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    await link(system)
    held = Held(system, monkeypatch)
    paces: asyncio.Queue[None] = asyncio.Queue()
    seen: asyncio.Queue[SyncProgress] = asyncio.Queue()
    sync = await system.services.syncing.start(ALICE)
    await held.reached.wait()
    waiting = asyncio.create_task(sync.report(seen.put, paces.get))
    paces.put_nowait(None)
    progress = await seen.get()
    assert progress.step is SyncStep.PLAYLISTS
    assert 0 < progress.done < progress.total
    held.go_on.set()
    await waiting
    assert seen.empty()


async def _nothing(*args: object, **options: object) -> None:
    return None
