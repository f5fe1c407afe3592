"""Time that passes when a test says so, a store in memory, and a Spotify that answers as planned."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import date

import pytest
from spotify_kit import NOW

from bot.domain.errors import SpotifyRateLimited
from bot.domain.quota import Cooldown, LimitReason, QuotaRecord


class VirtualTime:
    """Seconds and sleepers for a limiter; nothing passes but by `advance`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, delay: float) -> None:
        entry = (self.seconds + delay, asyncio.get_running_loop().create_future())
        self.sleepers.append(entry)
        try:
            await entry[1]
        finally:
            self.sleepers.remove(entry)

    async def settle(self) -> None:
        """Let everything run that does not wait for time."""
        for _ in range(12):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Let time pass; who sleeps wakes at their own moment."""
        await self.settle()
        end = self.seconds + seconds
        while due := [entry for entry in self.sleepers if entry[0] <= end and not entry[1].done()]:
            moment, sleeper = min(due, key=lambda entry: entry[0])
            self.seconds = max(moment, self.seconds)
            sleeper.set_result(None)
            await self.settle()
        self.seconds = end


class MemoryStore:
    """Fits `QuotaStore`; it counts what it is asked, fails when told to, and hangs while `stuck`."""

    def __init__(self) -> None:
        self.records: dict[str, QuotaRecord] = {}
        self.reads = 0
        self.writes = 0
        self.failing = False
        self.stuck: asyncio.Event | None = None

    async def read(self, client_id: str) -> QuotaRecord | None:
        self.reads += 1
        await self._trouble()
        return self.records.get(client_id)

    async def record(self, client_id: str, day: date, calls: int, cooldown: Cooldown | None = None) -> QuotaRecord:
        self.writes += 1
        await self._trouble()
        known = self.records.get(client_id)
        standing = known.cooldown if known else None
        if cooldown is not None and (standing is None or standing.until < cooldown.until):
            standing = cooldown
        before = known.calls if known is not None and known.day == day else 0
        self.records[client_id] = QuotaRecord(day, before + calls, standing)
        return self.records[client_id]

    async def _trouble(self) -> None:
        if self.stuck is not None:
            await self.stuck.wait()
        if self.failing:
            raise ConnectionError("the database is away")


class Spotify:
    """Answers with what is planned, then with "fine"; it counts what it is asked."""

    def __init__(self, *planned: Exception) -> None:
        self.planned = list(planned)
        self.asked = 0

    async def __call__(self) -> str:
        self.asked += 1
        if self.planned:
            raise self.planned.pop(0)
        return "fine"


def guessed(reason: LimitReason = LimitReason.TOO_FAST) -> SpotifyRateLimited:
    return SpotifyRateLimited(NOW, reason, guessed=True)


async def refusal_of(call: Awaitable[object]) -> SpotifyRateLimited:
    async with asyncio.timeout(3):
        with pytest.raises(SpotifyRateLimited) as caught:
            await call
    return caught.value
