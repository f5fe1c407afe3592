"""The periodic jobs; each tick calls one service and survives its failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.services.ports import DigestPoster
from bot.services.registry import Services

_log = structlog.get_logger(__name__)

Tick = Callable[[], Coroutine[Any, Any, None]]


class Jobs:
    """Runs the ticks in the current event loop.

    What is due is always read from the database, so nothing is lost when this process is down, and any number of
    processes may tick: the services claim what they do.

    Args:
        services: the use cases.
        poster: writes digests into channels.
        every: seconds between two looks for due digests.
        syncs_every: seconds between two looks for libraries that are to be read again.
        patience: seconds that a tick under way may go on for when the jobs are stopped.
    """

    def __init__(
        self,
        services: Services,
        poster: DigestPoster,
        *,
        every: float = 20.0,
        syncs_every: float = 60.0,
        patience: float = 10.0,
    ) -> None:
        self._services = services
        self._poster = poster
        self._every = every
        self._syncs_every = syncs_every
        self._patience = patience
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._under_way: set[asyncio.Task[None]] = set()
        self._breakable: set[asyncio.Task[None]] = set()
        self._stopping = False

    def start(self) -> None:
        """Begin to tick; the first look comes after one interval."""
        self._scheduler.add_job(
            self._guarded(self.post_digests),
            IntervalTrigger(seconds=self._every),
            id="digests",
            max_instances=1,
            coalesce=True,
        )
        self._scheduler.add_job(
            self._guarded(self.sync_due, patiently=False),
            IntervalTrigger(seconds=self._syncs_every),
            id="syncs",
            max_instances=1,
            coalesce=True,
        )
        self._scheduler.add_job(
            self._guarded(self.look_up_features),
            IntervalTrigger(hours=1),
            id="audio features",
            max_instances=1,
            coalesce=True,
        )
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop ticking and wait for a tick under way; one that outlasts the patience is broken off.

        What a broken tick leaves behind is taken over later, by this process's successor or by another process.
        """
        self._stopping = True
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        for tick in self._breakable:
            tick.cancel()
        if self._under_way:
            _, pending = await asyncio.wait(self._under_way, timeout=self._patience)
            for tick in pending:
                tick.cancel()
            if pending:
                _log.warning("a job was broken off, what it leaves is taken over later", after=self._patience)
                await asyncio.wait(pending, timeout=1)
        # The scheduler cancels jobs that have not returned, with a traceback: those above need a turn to return.
        await asyncio.sleep(0)
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)

    async def post_digests(self) -> None:
        """Post the digests that are due."""
        await self._services.digests.post_due(self._poster)

    async def sync_due(self) -> None:
        """Take up the syncs that are due."""
        await self._services.syncing.sync_due()

    async def look_up_features(self) -> None:
        """Ask about some of the tracks that have no audio features, if a provider on the network is on."""
        await self._services.features.tick()

    def _guarded(self, tick: Tick, *, patiently: bool = True) -> Tick:
        """Return the tick with its failures logged, so that the next one comes all the same.

        Args:
            tick: what is done.
            patiently: whether it may end when the jobs are stopped; what loses nothing is broken off at once.
        """

        async def run() -> None:
            if self._stopping:
                return
            task = asyncio.create_task(tick(), name=tick.__name__)
            self._under_way.add(task)
            if not patiently:
                self._breakable.add(task)
            try:
                await asyncio.wait({task})
            finally:
                self._under_way.discard(task)
                self._breakable.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                _log.error("a job failed, it runs again at its next time", job=tick.__name__, exc_info=error)

        return run
