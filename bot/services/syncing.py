"""When a member's library is synced, by whom, and what happens when that is broken off."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from bot.domain.accounts import AccountChanged, SpotifyAccount
from bot.domain.clock import Clock
from bot.domain.errors import (
    CrossfadeError,
    NotConnected,
    ReconnectNeeded,
    SpotifyRateLimited,
    SpotifyUnavailable,
)
from bot.domain.library import SyncReport
from bot.domain.listening import SyncElsewhere, SyncInterrupted, SyncPaused, SyncProgress, SyncState, SyncStep
from bot.domain.quota import background
from bot.services.accounts import AccountsService
from bot.services.library_reader import LibraryReader, Tell
from bot.services.ports import ListeningRepository, SyncRepository

AGAIN_AFTER = timedelta(hours=24)
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=6)
_LATEST_JITTER = timedelta(hours=2)
_NEW_FOR = timedelta(minutes=15)
_BROKEN = "Your playlists could not be read."
_CLOSING = "The bot is being restarted: your playlists are read when it is back."
Pace = Callable[[], Awaitable[object]]
_log = structlog.get_logger(__name__)


async def short_pause() -> None:
    """Wait as long as the progress of a sync may be old before anybody misses it."""
    await asyncio.sleep(3.0)


class Sync:
    """A sync that runs in this process; anybody may look how far it is and wait for what it comes to.

    Args:
        run: does the work and keeps `progress` up to date.
        name: the task's name.
    """

    def __init__(self, run: Callable[[Sync], Coroutine[Any, Any, SyncReport]], name: str | None = None) -> None:
        self.progress = SyncProgress(SyncStep.LISTING)
        self.task = asyncio.create_task(run(self), name=name)

    async def report(self, tell: Tell | None = None, pace: Pace | None = None) -> SyncReport:
        """Wait for the end; it goes on when the caller is cancelled.

        Args:
            tell: is told the progress as often as `pace` returns before the end.
            pace: waits for a while.

        Raises:
            CrossfadeError: see `SyncingService.sync`.
        """
        while not self.task.done():
            if tell is None or pace is None:
                # Unlike awaiting the task, this leaves it alone when the caller is cancelled.
                await asyncio.wait({self.task})
                continue
            pause = asyncio.ensure_future(pace())
            await asyncio.wait({self.task, pause}, return_when=asyncio.FIRST_COMPLETED)
            pause.cancel()
            if not self.task.done():
                await tell(self.progress)
        if self.task.cancelled():
            raise SpotifyUnavailable(_CLOSING)
        return self.task.result()


class SyncingService:
    """One sync a member at a time over all tasks and processes, taken up again by itself when it was broken off.

    A sync is claimed by a conditional update and gives signs of life while it runs; a claim without one for `lease` was
    left behind by a process that died. What was read is stored playlist by playlist, so going on reads only the rest.

    Args:
        syncs: claims, progress and when each library is due.
        reader: reads a library.
        listening: where outdated listens are deleted.
        accounts: whose libraries there are.
        clock: tells the time.
        worker: this process's own name, different in every process.
        lease: how long a claim stands without a sign of life.
        at_once: how many libraries the tick reads at the same time.
        patience: seconds that a sync has to come to its next playlist when the program ends.
        sleep: waits a number of seconds.
    """

    def __init__(
        self,
        syncs: SyncRepository,
        reader: LibraryReader,
        listening: ListeningRepository,
        accounts: AccountsService,
        clock: Clock,
        *,
        worker: str,
        lease: timedelta = timedelta(minutes=2),
        at_once: int = 2,
        patience: float = 5.0,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._syncs = syncs
        self._reader = reader
        self._listening = listening
        self._accounts = accounts
        self._clock = clock
        self._worker = worker
        self._lease = lease
        self._at_once = at_once
        self._patience = patience
        self._sleep = sleep
        self._attempts = itertools.count(1)
        self._running: dict[tuple[int, str], Sync] = {}
        self._pruned_on: date | None = None
        self._closing = False

    async def sync(self, member_id: int) -> SyncReport:
        """Bring the member's stored library up to date and wait for it; who comes while one runs gets the same report.

        A library takes many calls, so it gives way to people who wait for one.

        Raises:
            NotConnected, ReconnectNeeded: there is no authorisation to use.
            SyncElsewhere: another process is at it.
            SyncPaused, SyncInterrupted: it was broken off and goes on by itself; what was read stays stored.
            SpotifyRefused: Spotify does not give the playlists; the text says why.
            AccountChanged: the member has linked another account meanwhile; nothing of the old one is stored.
        """
        return await (await self.start(member_id)).report()

    async def start(self, member_id: int, *, unasked: bool = False) -> Sync:
        """Begin to sync, or return the sync of this member that runs already.

        Args:
            member_id: whose library.
            unasked: whether it is the tick that begins it.

        Raises:
            NotConnected, ReconnectNeeded: there is no authorisation to use.
        """
        account = await self._accounts.usable(member_id)
        key = member_id, account.account_id
        sync = self._running.get(key)
        if sync is not None:
            return sync
        if self._closing:
            raise SpotifyUnavailable(_CLOSING)
        sync = Sync(lambda running: self._run(account, running, unasked=unasked), f"sync of {member_id}")
        self._running[key] = sync

        def ended(task: asyncio.Task[SyncReport]) -> None:
            del self._running[key]
            if not task.cancelled():
                # Looked at even if every caller is gone, because asyncio would complain about it.
                task.exception()

        sync.task.add_done_callback(ended)
        return sync

    async def state(self, member_id: int) -> SyncState | None:
        """Return how the member's syncs stand; a claim that was left behind does not count as one that runs."""
        state = await self._syncs.state(member_id)
        if state is None or state.claimed_at is None or abs(self._clock.now() - state.claimed_at) < self._lease:
            return state
        return replace(state, claimed_at=None)

    async def sync_due(self, limit: int = 50) -> int:
        """Take up the syncs that are due: broken off, paused, or a day old; return how many were begun."""
        now = self._clock.now()
        if self._pruned_on != now.date():
            await self._listening.forget_old_listens(now)
            self._pruned_on = now.date()
        members = await self._syncs.due(now, now - self._lease, now - _NEW_FOR, limit)
        gate = asyncio.Semaphore(self._at_once)

        async def take_up(member_id: int) -> None:
            async with gate:
                try:
                    await (await self.start(member_id, unasked=True)).report()
                except CrossfadeError as error:
                    _log.info("a sync ended early", member=member_id, reason=str(error))
                except Exception as error:
                    _log.warning("a sync failed", member=member_id, exc_info=error)

        await asyncio.gather(*(take_up(member_id) for member_id in members))
        return len(members)

    async def close(self) -> None:
        """Break off what runs, at the next playlist; it is due at once for whoever comes next.

        Only what has not come to one in time is cancelled: a transaction that is cancelled can leave SQLite locked.
        """
        self._closing = True
        tasks = {sync.task for sync in self._running.values()}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self._patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, account: SpotifyAccount, sync: Sync, *, unasked: bool) -> SyncReport:
        member_id, holder = account.member_id, f"{self._worker}-{next(self._attempts)}"
        now = self._clock.now()
        before = await self._syncs.claim(member_id, account.account_id, holder, now, now - self._lease)
        if before is None:
            raise await self._elsewhere(member_id)

        async def tell(progress: SyncProgress) -> None:
            sync.progress = progress
            if self._closing:
                raise asyncio.CancelledError
            done = progress.done, progress.total
            if not await self._syncs.renew(member_id, holder, self._clock.now(), done):
                raise await self._lost(account)

        beat = asyncio.create_task(self._beat(member_id, holder), name=f"sign of life of {holder}")
        try:
            with background():
                report = await self._reader.read(account, before.top_read_at, tell)
        except asyncio.CancelledError:
            await self._syncs.release(member_id, holder, self._clock.now())
            raise
        except (AccountChanged, NotConnected, SyncElsewhere):
            # Nothing of this attempt is stored any more that could be noted.
            raise
        except Exception as error:
            ending = self._ending_of(error, before, sync.progress, unasked=unasked)
            fault = str(ending.error) if isinstance(ending.error, CrossfadeError) else _BROKEN
            await self._syncs.finish(
                member_id, holder, self._clock.now(), ending.due_at, fault=fault, outages=ending.outages
            )
            if ending.error is error:
                raise
            raise ending.error from error
        finally:
            beat.cancel()
        due_at = self._next_day(member_id)
        await self._syncs.finish(member_id, holder, self._clock.now(), due_at, fault=None, outages=0)
        return report

    def _ending_of(self, error: Exception, before: SyncState, progress: SyncProgress, *, unasked: bool) -> _Ending:
        """Say when a sync that was broken off goes on, and what whoever waits for it is told."""
        now = self._clock.now()
        match error:
            case ReconnectNeeded():
                return _Ending(error, None)
            case SpotifyRateLimited(retry_at=retry_at):
                return _Ending(SyncPaused(error, progress.done, progress.total), retry_at)
            case CrossfadeError() if not isinstance(error, SpotifyUnavailable):
                return _Ending(error, self._next_day(before.member_id))
        # Somebody who tries by hand again and again does not make the pauses longer.
        outages = before.outages + 1 if unasked else max(before.outages, 1)
        due_at = now + min(FIRST_PAUSE * 2 ** min(outages - 1, 10), LONGEST_PAUSE)
        if isinstance(error, SpotifyUnavailable):
            return _Ending(SyncInterrupted(due_at, progress.done, progress.total), due_at, outages)
        return _Ending(error, due_at, outages)

    async def _beat(self, member_id: int, holder: str) -> None:
        """Give signs of life between two playlists too: a long one takes minutes."""
        while True:
            await self._sleep(self._lease.total_seconds() / 4)
            try:
                if not await self._syncs.renew(member_id, holder, self._clock.now()):
                    return
            except Exception:
                _log.warning("a sync could not give a sign of life", member=member_id, exc_info=True)

    async def _elsewhere(self, member_id: int) -> SyncElsewhere:
        state = await self._syncs.state(member_id)
        return SyncElsewhere(state.done, state.total) if state else SyncElsewhere()

    async def _lost(self, account: SpotifyAccount) -> CrossfadeError:
        """Say why the claim is gone: with the account, or to a process that took this one for dead."""
        now = await self._accounts.account(account.member_id)
        if now is None:
            return NotConnected()
        return AccountChanged() if now.account_id != account.account_id else await self._elsewhere(account.member_id)

    def _next_day(self, member_id: int) -> datetime:
        """Return when a library is read again, a little later for some than for others so that not all come at once."""
        jitter = _LATEST_JITTER * (zlib.crc32(str(member_id).encode()) % 1000 / 1000)
        return self._clock.now() + AGAIN_AFTER + jitter


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a sync was broken off: with which fault, when it goes on, and how many in a row an outage has ended."""

    error: Exception
    due_at: datetime | None
    outages: int = 0
