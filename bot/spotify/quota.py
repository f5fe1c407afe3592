"""One limiter for all that is asked of Spotify in the name of one client id."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import TypeVar

from bot.domain.clock import Clock
from bot.domain.errors import SpotifyRateLimited, SpotifyUnavailable
from bot.domain.quota import LONGEST_COOLDOWN, Cooldown, LimitReason, QuotaStore, in_background
from bot.spotify.call_queue import CallQueue, QueueLimits, QueueTooLong
from bot.spotify.quota_ledger import QuotaLedger

Answer = TypeVar("Answer")

FIRST_GUESS = timedelta(seconds=30)
LONGEST_GUESS = timedelta(minutes=15)
_CLOSING = "The bot is being restarted: try again in a minute."


class QuotaLimiter:
    """Lets calls to Spotify begin when they may, people's before background work, and none during a cooldown.

    All tasks of a process that use one client id share one limiter; through the store the cooldown and the count of the
    day hold for all processes. Spotify does not publish its numbers; docs/reliability.md gives the reasons for these.

    Args:
        client_id: the Spotify app.
        store: what the processes share.
        clock: tells the time of cooldowns and days.
        limits: the rolling window, the concurrency and how long a call may queue.
        daily_budget: calls in a UTC day; None for no limit.
        foreground_reserve: the share of the daily budget that background work leaves to people.
        refresh_every: seconds after which another process's cooldown and calls are looked for.
        monotonic: returns seconds that never go back.
        sleep: waits for a number of such seconds.
    """

    def __init__(
        self,
        client_id: str,
        store: QuotaStore,
        clock: Clock,
        *,
        limits: QueueLimits | None = None,
        daily_budget: int | None = 10_000,
        foreground_reserve: float = 0.2,
        refresh_every: float = 3.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._queue = CallQueue(limits or QueueLimits(), monotonic, sleep)
        self._ledger = QuotaLedger(client_id, store, clock, monotonic, refresh_every=refresh_every)
        self._people_budget = math.inf if daily_budget is None else daily_budget
        self._background_budget = self._people_budget * (1 - foreground_reserve)
        self._web_ends = _CooldownEnds()
        self._accounts_ends = _CooldownEnds()
        self._accounts_cooldown: Cooldown | None = None
        self._under_way: set[asyncio.Task[object]] = set()
        self._closed = False

    async def call(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask the Web API, once, as soon as that may be.

        A call that has begun goes on when its caller is cancelled, so that its place counts and its 429 is heard.

        Args:
            ask: makes the call.

        Raises:
            SpotifyRateLimited: a cooldown runs, the day's budget is used up, or it could not begin in time.
            SpotifyError: whatever `ask` raises.
        """
        background = in_background()
        await self._ledger.refresh()
        self._refuse_if_due(background)
        try:
            await self._queue.enter(background=background)
        except QueueTooLong as error:
            wait = timedelta(seconds=max(error.seconds, 1.0))
        else:
            return await self._begin(ask, background)
        raise SpotifyRateLimited(self._clock.now() + wait, LimitReason.BUSY)

    async def call_accounts(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask the accounts service: it has no part in the Web API's window and days, and a cooldown of its own.

        That cooldown is kept in memory: the service limits seldom and shortly.

        Args:
            ask: makes the call.

        Raises:
            SpotifyRateLimited: its cooldown runs.
            SpotifyError: whatever `ask` raises.
        """
        standing = self._accounts_cooldown
        if standing is not None and standing.stands(self._clock.now()):
            raise SpotifyRateLimited(standing.until, standing.reason)
        try:
            answer = await ask()
        except SpotifyRateLimited as error:
            refusal = error
        else:
            self._accounts_ends.reset()
            return answer
        now = self._clock.now()
        standing = self._accounts_cooldown
        running = standing if standing is not None and standing.stands(now) else None
        cooldown = self._accounts_cooldown = self._accounts_ends.after(refusal, running, now)
        raise SpotifyRateLimited(cooldown.until, cooldown.reason)

    async def close(self) -> None:
        """Send away who waits, and store what is not stored yet; the store must still be open."""
        self._closed = True
        self._queue.dismiss(lambda: SpotifyUnavailable(_CLOSING))
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=1.0)
        await self._ledger.close()

    def _refuse_if_due(self, background: bool) -> None:
        if self._closed:
            raise SpotifyUnavailable(_CLOSING)
        cooldown = self._ledger.cooldown
        if cooldown is not None:
            self._dismiss(cooldown)
            raise SpotifyRateLimited(cooldown.until, cooldown.reason)
        if self._ledger.calls_today >= (self._background_budget if background else self._people_budget):
            raise SpotifyRateLimited(_next_day(self._clock.now()), LimitReason.DAILY_BUDGET)

    def _dismiss(self, cooldown: Cooldown) -> None:
        self._queue.dismiss(lambda: SpotifyRateLimited(cooldown.until, cooldown.reason))

    async def _begin(self, ask: Callable[[], Awaitable[Answer]], background: bool) -> Answer:
        try:
            # While it queued another call may have met a 429 or used up the budget.
            self._refuse_if_due(background)
        except BaseException:
            self._queue.leave()
            raise
        self._ledger.count_call()
        task = asyncio.create_task(self._make(ask), name="spotify call")
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        # Unlike `await task`, this does not cancel the task with its caller.
        await asyncio.wait({task})
        return task.result()

    async def _make(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            answer = await ask()
        except SpotifyRateLimited as refusal:
            meant = self._web_ends.after(refusal, self._ledger.cooldown, self._clock.now())
            cooldown = self._ledger.cool_down(meant)
            self._dismiss(cooldown)
        else:
            # A call that began before the 429 says nothing about what comes after it.
            if self._ledger.cooldown is None:
                self._web_ends.reset()
            return answer
        finally:
            self._queue.leave()
        await self._ledger.save()
        raise SpotifyRateLimited(cooldown.until, cooldown.reason)

    def _ended(self, task: asyncio.Task[Answer]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Nobody is left to hear the fault of a call whose caller was cancelled.
            task.exception()


class _CooldownEnds:
    """Says when a cooldown ends; where Spotify does not say, each guess is twice the last one."""

    def __init__(self) -> None:
        self._guess = FIRST_GUESS

    def reset(self) -> None:
        """Begin the guesses anew, after a call that went through."""
        self._guess = FIRST_GUESS

    def after(self, refusal: SpotifyRateLimited, running: Cooldown | None, now: datetime) -> Cooldown:
        """Return the cooldown that a 429 begins.

        Args:
            refusal: the 429.
            running: the cooldown that runs already: calls that were under way together are refused together, once.
            now: the current moment.
        """
        if not refusal.guessed:
            return Cooldown(min(refusal.retry_at, now + LONGEST_COOLDOWN), refusal.reason)
        if running is not None:
            return running
        if refusal.reason is LimitReason.QUOTA_EXCEEDED:
            # It ends within about a day, so there is no use in asking soon.
            return Cooldown(now + LONGEST_GUESS, refusal.reason)
        wait, self._guess = self._guess, min(2 * self._guess, LONGEST_GUESS)
        return Cooldown(now + wait, refusal.reason)


def _next_day(now: datetime) -> datetime:
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time_of_day.min, UTC)
