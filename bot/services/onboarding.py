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
from bot.services.library import LibraryService


@dataclass(frozen=True, slots=True)
class Linked:
    """The account is linked; its playlists are being read."""

    account: SpotifyAccount


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


OnboardingEvent: TypeAlias = Linked | Synced | SyncFailed
Watcher: TypeAlias = Callable[[OnboardingEvent], Awaitable[None]]

_log = structlog.get_logger(__name__)


class OnboardingService:
    """Starts the first sync of a newly linked account and reports its steps.

    Args:
        library: reads the playlists.
        clock: tells the time.
        patience: how long a watcher is kept (Discord's interaction tokens live 15 minutes).
    """

    def __init__(self, library: LibraryService, clock: Clock, patience: timedelta = timedelta(minutes=15)) -> None:
        self._library = library
        self._clock = clock
        self._patience = patience
        self._watchers: dict[int, tuple[datetime, Watcher]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def watch(self, member_id: int, callback: Watcher) -> None:
        """Call back with each step of the member's next sign-in; a newer watcher replaces an older one."""
        now = self._clock.now()
        self._watchers = {member: kept for member, kept in self._watchers.items() if kept[0] > now}
        self._watchers[member_id] = (now + self._patience, callback)

    def connected(self, account: SpotifyAccount) -> None:
        """Start the first sync in the background."""
        task = asyncio.create_task(self._first_sync(account), name=f"first sync of {account.member_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def running(self) -> tuple[asyncio.Task[None], ...]:
        """The first syncs that are under way."""
        return tuple(self._tasks)

    async def close(self) -> None:
        """Stop what runs in the background; what was stored stays."""
        for task in tuple(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _first_sync(self, account: SpotifyAccount) -> None:
        await self._tell(account.member_id, Linked(account))
        try:
            report = await self._library.sync(account.member_id)
        except AccountChanged:
            # The newer sign-in has a sync of its own, and the watcher is waiting for that one.
            return
        except CrossfadeError as error:
            await self._tell(account.member_id, SyncFailed(account, error))
        except Exception:
            _log.exception("first sync failed", member=account.member_id)
            failure = CrossfadeError("Your playlists could not be read: try /sync in a few minutes.")
            await self._tell(account.member_id, SyncFailed(account, failure))
        else:
            await self._tell(account.member_id, Synced(account, report))
        self._watchers.pop(account.member_id, None)

    async def _tell(self, member_id: int, event: OnboardingEvent) -> None:
        deadline, callback = self._watchers.get(member_id, (None, None))
        if deadline is None or callback is None or deadline <= self._clock.now():
            return
        try:
            await callback(event)
        except Exception:
            _log.warning("could not tell a member about their sign-in", member=member_id, exc_info=True)
