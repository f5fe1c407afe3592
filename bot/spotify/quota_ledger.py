"""What a client id has used up: a cooldown and the day's calls, in memory and, in batches, in the store."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date

from bot.domain.clock import Clock
from bot.domain.quota import Cooldown, QuotaRecord, QuotaStore

_log = logging.getLogger(__name__)


class QuotaLedger:
    """Keeps a client id's cooldown and count of calls in step with what other processes store.

    The store is asked when a call wants to begin and the last answer is a few seconds old, so an idle process asks
    nothing. While the store is slow or fails, calls go on with what is known in memory.

    Args:
        client_id: the Spotify app.
        store: what the processes share.
        clock: tells the time; a day is a UTC day.
        monotonic: returns seconds that never go back.
        refresh_every: seconds after which the store is asked again.
        flush_after: so many calls that are not stored yet are stored sooner.
        patience: seconds that a call waits for the store.
    """

    def __init__(
        self,
        client_id: str,
        store: QuotaStore,
        clock: Clock,
        monotonic: Callable[[], float],
        *,
        refresh_every: float = 3.0,
        flush_after: int = 25,
        patience: float = 0.5,
    ) -> None:
        self._client_id = client_id
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._refresh_every = refresh_every
        self._flush_after = flush_after
        self._patience = patience
        self._stored: QuotaRecord | None = None
        self._cooldown: Cooldown | None = None
        self._unsaved_cooldown: Cooldown | None = None
        self._unsaved_calls: Counter[date] = Counter()
        self._exchange: asyncio.Task[None] | None = None
        self._exchanged_at: float | None = None

    @property
    def cooldown(self) -> Cooldown | None:
        """The cooldown that runs, or None."""
        return self._cooldown if self._cooldown and self._cooldown.stands(self._clock.now()) else None

    @property
    def calls_today(self) -> int:
        """How many calls all processes are known to have made on this UTC day."""
        today = self._today()
        stored = self._stored.calls if self._stored and self._stored.day == today else 0
        return stored + self._unsaved_calls[today]

    def count_call(self) -> None:
        """Count a call that begins."""
        self._unsaved_calls[self._today()] += 1

    async def refresh(self) -> None:
        """Bring memory and store in step if that is due; waits no longer than the patience."""
        due = (
            self._exchanged_at is None
            or self._monotonic() - self._exchanged_at >= self._refresh_every
            or self._unsaved_calls.total() >= self._flush_after
        )
        if due:
            await self._synchronise()

    def cool_down(self, cooldown: Cooldown) -> Cooldown:
        """Begin a cooldown, unless a later one runs already; return the one that stands."""
        standing = self.cooldown
        if standing is not None and standing.until >= cooldown.until:
            return standing
        self._cooldown = self._unsaved_cooldown = cooldown
        return cooldown

    async def save(self) -> None:
        """Store a cooldown that is not stored yet; waits no longer than the patience, but goes on trying."""
        if self._unsaved_cooldown is not None:
            await self._synchronise()

    async def close(self) -> None:
        """Store what is not stored yet."""
        if self._unsaved_calls or self._unsaved_cooldown:
            self._begin_exchange()
        if self._exchange is not None:
            await asyncio.wait({self._exchange}, timeout=10 * self._patience)

    async def _synchronise(self) -> None:
        """Exchange with the store; nobody waits for one that has been under way for longer than the patience."""
        began = self._begin_exchange()
        left = began + self._patience - self._monotonic()
        if self._exchange is not None and not self._exchange.done() and left > 0:
            await asyncio.wait({self._exchange}, timeout=left)

    def _begin_exchange(self) -> float:
        """Begin an exchange unless one is under way; return when it was begun."""
        if self._exchange is None or self._exchange.done():
            self._exchanged_at = self._monotonic()
            self._exchange = asyncio.create_task(self._run_exchange(), name="spotify quota")
        return self._exchanged_at or 0.0

    async def _run_exchange(self) -> None:
        try:
            await self._exchange_once()
            # What has come up meanwhile and must outlive this process does not wait for the next turn.
            while self._unsaved_cooldown is not None:
                await self._exchange_once()
        except Exception:
            _log.warning("the Spotify quota could not be brought in step with the database", exc_info=True)

    async def _exchange_once(self) -> None:
        cooldown, days = self._unsaved_cooldown, dict(self._unsaved_calls)
        if cooldown is not None:
            days.setdefault(self._today(), 0)
        if not days:
            self._learn(await self._store.read(self._client_id))
        for day, calls in sorted(days.items()):
            record = await self._store.record(self._client_id, day, calls, cooldown)
            self._unsaved_calls[day] -= calls
            if self._unsaved_calls[day] <= 0:
                del self._unsaved_calls[day]
            if self._unsaved_cooldown is cooldown:
                self._unsaved_cooldown = None
            self._learn(record)

    def _learn(self, record: QuotaRecord | None) -> None:
        self._stored = record
        if self._unsaved_cooldown is None:
            self._cooldown = record.cooldown if record else None

    def _today(self) -> date:
        return self._clock.now().astimezone(UTC).date()
