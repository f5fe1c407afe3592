"""What happens after a member has consented: the first sync, and telling whoever watches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from bot.domain.accounts import AccountChanged, SpotifyAccount
from bot.domain.clock import Clock
from bot.domain.errors import CrossfadeError
from bot.domain.library import SyncReport
from bot.domain.listening import SyncProgress
from bot.services.syncing import Pace, SyncingService, short_pause


@dataclass(frozen=True, slots=True)
class Linked:
    """The account is linked; its playlists are being read."""

    account: SpotifyAccount


@dataclass(frozen=True, slots=True)
class Reading:
    """The first sync takes a while; this is how far it has come."""

    account: SpotifyAccount
    progress: SyncProgress


@dataclass(frozen=True, slots=True)
class Synced:
    """The first sync is done."""

    account: SpotifyAccount
    report: SyncReport


@dataclass(frozen=True, slots=True)
class SyncFailed:
    """The account is linked, but its playlists could not be read."""

    account: SpotifyAccount
    error: CrossfadeError


OnboardingEvent: TypeAlias = Linked | Reading | Synced | SyncFailed
Watcher: TypeAlias = Callable[[OnboardingEvent], Awaitable[None]]
_Watching: TypeAlias = tuple[datetime, Watcher]
"""Who watches, and until when."""

_log = structlog.get_logger(__name__)


class OnboardingService:
    """Starts the first sync of a newly linked account and reports its steps.

    Args:
        syncing: reads the playlists.
        clock: tells the time.
        patience: how long a watcher is kept (Discord's interaction tokens live 15 minutes).
        pace: waits for the time between two looks at how far a long sync is.
    """

    def __init__(
        self,
        syncing: SyncingService,
        clock: Clock,
        patience: timedelta = timedelta(minutes=15),
        pace: Pace = short_pause,
    ) -> None:
        self._syncing = syncing
        self._clock = clock
        self._patience = patience
        self._pace = pace
        self._watchers: dict[int, _Watching] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def watch(self, member_id: int, callback: Watcher) -> None:
        """Call back with each step of the member's next sign-in; a newer watcher replaces an older one."""
        now = self._clock.now()
        self._watchers = {member: kept for member, kept in self._watchers.items() if kept[0] > now}
        self._watchers[member_id] = (now + self._patience, callback)

    def connected(self, account: SpotifyAccount) -> None:
        """Start the first sync in the background, and tell its steps to who watches now: a later one waits for more."""
        watcher = self._watchers.pop(account.member_id, None)
        task = asyncio.create_task(self._first_sync(account, watcher), name=f"first sync of {account.member_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def running(self) -> tuple[asyncio.Task[None], ...]:
        """The first syncs that are under way."""
        return tuple(self._tasks)

    async def close(self) -> None:
        """Tell nobody anything more; the syncs themselves are the syncing service's."""
        for task in tuple(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _first_sync(self, account: SpotifyAccount, watcher: _Watching | None) -> None:
        await self._tell(watcher, Linked(account))
        try:
            sync = await self._syncing.start(account.member_id)
            report = await sync.report(lambda progress: self._tell(watcher, Reading(account, progress)), self._pace)
        except AccountChanged:
            # The newer sign-in has a sync and a watcher of its own.
            return
        except CrossfadeError as error:
            await self._tell(watcher, SyncFailed(account, error))
        except Exception:
            _log.exception("first sync failed", member=account.member_id)
            failure = CrossfadeError("Your playlists could not be read: try /sync in a few minutes.")
            await self._tell(watcher, SyncFailed(account, failure))
        else:
            await self._tell(watcher, Synced(account, report))

    async def _tell(self, watcher: _Watching | None, event: OnboardingEvent) -> None:
        if watcher is None or watcher[0] <= self._clock.now():
            return
        try:
            await watcher[1](event)
        except Exception:
            _log.warning("could not tell a member about their sign-in", member=event.account.member_id, exc_info=True)
