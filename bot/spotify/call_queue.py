"""The queue before Spotify: so many calls in a rolling window, so many at once, and people before background work."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

_SHORTEST_SLEEP = 0.001


class QueueTooLong(Exception):
    """A call could not begin in time.

    Args:
        seconds: after how many it may go better.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"a call could begin in {seconds:.1f} s at the earliest")


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What the queue lets through.

    Attributes:
        window: the length of the rolling window in seconds.
        calls_per_window: how many calls may begin within any window.
        concurrency: how many calls may be under way at once.
        background_share: background work begins only while fewer than this share of the window's calls have begun, and
            leaves one of the concurrent places free, so that somebody who comes then need not wait.
        foreground_patience: seconds that a call which a person waits for may queue.
        background_patience: seconds that any other call may queue.
    """

    window: float = 30.0
    calls_per_window: int = 90
    concurrency: int = 4
    background_share: float = 0.75
    foreground_patience: float = 2.5
    background_patience: float = 120.0

    def __post_init__(self) -> None:
        """Refuse limits that would let nothing through.

        Raises:
            ValueError: the window, the calls or the concurrency are not positive, or the share is not within (0, 1].
        """
        if self.window <= 0 or self.calls_per_window < 1 or self.concurrency < 1:
            raise ValueError("a queue needs a window, calls in it and places, each more than nothing")
        if not 0 < self.background_share <= 1:
            raise ValueError("the share of background work is more than 0 and at most 1")


@dataclass(slots=True, eq=False)
class _Waiter:
    turn: asyncio.Future[None]
    deadline: float


class _Lane:
    """Those who wait with the same rights, in the order in which they came."""

    def __init__(self, calls: int, places: int, patience: float) -> None:
        self.calls = calls
        self.places = places
        self.patience = patience
        self.waiting: deque[_Waiter] = deque()


class CallQueue:
    """Decides when a call may begin; it belongs to one event loop.

    Waiting costs nothing: one timer sleeps until the next moment at which something can change.

    Args:
        limits: what it lets through.
        monotonic: returns seconds that never go back.
        sleep: waits for a number of such seconds.
    """

    def __init__(
        self, limits: QueueLimits, monotonic: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._window = limits.window
        self._monotonic = monotonic
        self._sleep = sleep
        places = limits.concurrency
        self._people = _Lane(limits.calls_per_window, places, limits.foreground_patience)
        self._background = _Lane(
            max(1, int(limits.calls_per_window * limits.background_share)),
            max(1, places - 1),
            limits.background_patience,
        )
        self._begun: deque[float] = deque()
        self._under_way = 0
        self._timer: asyncio.Task[None] | None = None
        self._timer_due = 0.0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(lane.waiting) for lane in self._lanes())

    async def enter(self, *, background: bool) -> None:
        """Wait until the call may begin; each `enter` that returns is followed by one `leave`.

        Raises:
            QueueTooLong: it could not begin in time; when that is known before, it is raised at once.
        """
        lane = self._background if background else self._people
        now = self._monotonic()
        self._forget(now)
        delay = self._delay(lane, now)
        if delay > lane.patience:
            raise QueueTooLong(delay)
        waiter = _Waiter(asyncio.get_running_loop().create_future(), now + lane.patience)
        lane.waiting.append(waiter)
        self._advance()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled() and waiter.turn.exception() is None:
                self.leave()
            elif waiter in lane.waiting:
                lane.waiting.remove(waiter)
                self._advance()
            raise

    def leave(self) -> None:
        """Note that a call has ended."""
        self._under_way -= 1
        self._advance()

    def dismiss(self, reason: Callable[[], Exception]) -> None:
        """Send everybody who waits away with an error, each with one of its own."""
        for lane in self._lanes():
            while lane.waiting:
                turn = lane.waiting.popleft().turn
                if not turn.done():
                    turn.set_exception(reason())
        self._arm(None)

    def _lanes(self) -> Iterator[_Lane]:
        yield self._people
        yield self._background

    def _advance(self) -> None:
        """Let in whoever may come in, send away whoever has waited too long, and set the timer for the next change."""
        now = self._monotonic()
        self._forget(now)
        for lane in self._lanes():
            while lane.waiting and self._is_open(lane):
                self._begin(lane.waiting.popleft(), now)
            while lane.waiting and lane.waiting[0].deadline <= now:
                late = lane.waiting.popleft()
                if not late.turn.done():
                    late.turn.set_exception(QueueTooLong(max(self._delay(lane, now), lane.patience)))
        self._arm(min((self._next_change(lane) for lane in self._lanes() if lane.waiting), default=None))

    def _begin(self, waiter: _Waiter, now: float) -> None:
        # A waiter whose task was cancelled is still in the lane until that task comes round to leave it.
        if not waiter.turn.done():
            self._begun.append(now)
            self._under_way += 1
            waiter.turn.set_result(None)

    def _is_open(self, lane: _Lane) -> bool:
        return len(self._begun) < lane.calls and self._under_way < lane.places

    def _forget(self, now: float) -> None:
        while self._begun and self._begun[0] + self._window <= now:
            self._begun.popleft()

    def _delay(self, lane: _Lane, now: float) -> float:
        """Return in how many seconds the window has room for one who joins the lane now, if nobody overtakes them."""
        ahead = len(self._people.waiting) + (len(lane.waiting) if lane is self._background else 0)
        freed = len(self._begun) + ahead - lane.calls
        if freed < 0:
            return 0.0
        if freed < len(self._begun):
            return self._begun[freed] + self._window - now
        return self._window * (1 + ahead // lane.calls)

    def _next_change(self, lane: _Lane) -> float:
        """Return when the lane's first waiter can begin, as far as the window goes, or has waited too long."""
        deadline = lane.waiting[0].deadline
        surplus = len(self._begun) - lane.calls
        if surplus < 0:
            # Only a call that ends can change something, and `leave` looks for itself.
            return deadline
        return min(deadline, self._begun[surplus] + self._window)

    def _arm(self, due: float | None) -> None:
        if self._timer is not None and (due is None or due != self._timer_due):
            self._timer.cancel()
            self._timer = None
        if due is not None and self._timer is None:
            self._timer_due = due
            delay = max(due - self._monotonic(), _SHORTEST_SLEEP)
            self._timer = asyncio.create_task(self._wake(delay), name="spotify queue")

    async def _wake(self, delay: float) -> None:
        await self._sleep(delay)
        self._timer = None
        self._advance()
