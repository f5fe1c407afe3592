"""How much may be asked of Spotify: who goes first, why we have to wait, and what processes tell each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

LONGEST_COOLDOWN: Final = timedelta(days=7)
"""A cooldown that ends later than this comes from a clock that was wrong: Spotify's longest known one is a day."""

_nobody_waits: ContextVar[bool] = ContextVar("nobody_waits", default=False)


class LimitReason(StrEnum):
    """Why Spotify cannot be asked now."""

    TOO_FAST = "TOO_FAST"
    """Spotify's rolling window of half a minute."""
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    """Spotify's quota of about a day; the word is the one in its answer."""
    DAILY_BUDGET = "DAILY_BUDGET"
    """The calls that the bot allows itself in a day."""
    BUSY = "BUSY"
    """Too many others wait in the bot's own queue."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Until when a client id leaves Spotify alone, and why."""

    until: datetime
    reason: LimitReason = LimitReason.TOO_FAST

    def stands(self, now: datetime) -> bool:
        """Return whether it still runs; one from a clock that was wrong does not count."""
        return now < self.until <= now + LONGEST_COOLDOWN


@dataclass(frozen=True, slots=True)
class QuotaRecord:
    """What is stored of a client id: the cooldown, if there ever was one, and the calls of a UTC day."""

    day: date
    calls: int
    cooldown: Cooldown | None = None


class QuotaStore(Protocol):
    """What the processes that use one client id know of each other; each method is one transaction."""

    async def read(self, client_id: str) -> QuotaRecord | None:
        """Return what is stored of a client id."""
        ...

    async def record(self, client_id: str, day: date, calls: int, cooldown: Cooldown | None = None) -> QuotaRecord:
        """Add calls to a UTC day's count, keep the later one of two cooldowns, and return what stands then.

        The first calls of another day begin a new count; calls of the day before the stored one come too late to count.
        A stored cooldown that ends more than `LONGEST_COOLDOWN` after the given one is replaced by it.
        """
        ...


@contextmanager
def background() -> Iterator[None]:
    """Mark the calls to Spotify in this block, and in tasks started in it, as ones that nobody sits and waits for.

    They begin after those that people wait for, and leave a share of the quota to them.
    """
    token = _nobody_waits.set(True)
    try:
        yield
    finally:
        _nobody_waits.reset(token)


def in_background() -> bool:
    """Return whether the code that asks runs under `background`."""
    return _nobody_waits.get()
