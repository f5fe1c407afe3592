"""The periodic jobs; each tick calls one service and survives its failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.services.ports import DigestPoster
from bot.services.registry import Services

_log = structlog.get_logger(__name__)


class Jobs:
    """Runs the ticks in the current event loop.

    What is due is always read from the database, so nothing is lost when this process is down, and any number of
    processes may tick: the services claim what they do.

    Args:
        services: the use cases.
        poster: writes digests into channels.
        every: seconds between two looks for due digests.
    """

    def __init__(self, services: Services, poster: DigestPoster, *, every: float = 20.0) -> None:
        self._services = services
        self._poster = poster
        self._every = every
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def start(self) -> None:
        """Begin to tick; the first look comes after one interval."""
        self._scheduler.add_job(
            guarded(self.post_digests),
            IntervalTrigger(seconds=self._every),
            id="digests",
            max_instances=1,
            coalesce=True,
        )
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; a tick under way ends by itself or is taken over later."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def post_digests(self) -> None:
        """Post the digests that are due."""
        await self._services.digests.post_due(self._poster)


def guarded(tick: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return the tick with its failures logged, so that the next one comes all the same."""

    async def run() -> None:
        try:
            await tick()
        except Exception:
            _log.exception("a job failed, it runs again at its next time", job=getattr(tick, "__name__", "job"))

    return run
