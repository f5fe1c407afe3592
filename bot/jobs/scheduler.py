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
        patience: seconds that a tick under way may go on for when the jobs are stopped.
    """

    def __init__(
        self, services: Services, poster: DigestPoster, *, every: float = 20.0, patience: float = 10.0
    ) -> None:
        self._services = services
        self._poster = poster
        self._every = every
        self._patience = patience
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._under_way: set[asyncio.Task[None]] = set()
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
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop ticking and wait for a tick under way; one that outlasts the patience is broken off.

        What a broken tick leaves behind is taken over later, by this process's successor or by another process.
        """
        self._stopping = True
        if not self._scheduler.running:
            return
        self._scheduler.pause()
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

    def _guarded(self, tick: Tick) -> Tick:
        """Return the tick with its failures logged, so that the next one comes all the same."""

        async def run() -> None:
            if self._stopping:
                return
            task = asyncio.create_task(tick(), name=tick.__name__)
            self._under_way.add(task)
            try:
                await asyncio.wait({task})
            finally:
                self._under_way.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                _log.error("a job failed, it runs again at its next time", job=tick.__name__, exc_info=error)

        return run
