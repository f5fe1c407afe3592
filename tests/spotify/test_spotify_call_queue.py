"""The queue before Spotify: its limits hold for any arrivals, and waiting has an end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quota_kit import VirtualTime

from bot.spotify.call_queue import CallQueue, QueueLimits, QueueTooLong


@dataclass(frozen=True)
class Arrival:
    gap: int
    background: bool
    duration: int
    cancelled_after: int | None


@dataclass
class Seen:
    arrival: Arrival
    queued: float
    began: float | None = None
    ended: float | None = None
    turned_away: float | None = None

    @property
    def left_the_queue(self) -> float:
        """When it began, was turned away or was cancelled."""
        cancelled = None if self.arrival.cancelled_after is None else self.queued + self.arrival.cancelled_after
        return min(moment for moment in (self.began, self.turned_away, cancelled) if moment is not None)


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        gap=st.sampled_from([0, 0, 0, 1, 2, 5]),
        background=st.booleans(),
        duration=st.integers(0, 12),
        cancelled_after=st.none() | st.none() | st.integers(0, 15),
    ),
    max_size=40,
)
LIMITS = st.builds(
    QueueLimits,
    window=st.integers(1, 20).map(float),
    calls_per_window=st.integers(1, 8),
    concurrency=st.integers(1, 4),
    background_share=st.sampled_from([0.1, 0.5, 0.75, 1.0]),
    foreground_patience=st.integers(0, 10).map(float),
    background_patience=st.integers(0, 60).map(float),
)


async def play(arrivals: list[Arrival], limits: QueueLimits) -> tuple[list[Seen], CallQueue, VirtualTime]:
    """Let the calls come and return what became of each."""
    time = VirtualTime()
    queue = CallQueue(limits, time.monotonic, time.sleep)
    calls: list[Seen] = []
    tasks = []

    async def call(seen: Seen) -> None:
        try:
            await queue.enter(background=seen.arrival.background)
        except QueueTooLong:
            seen.turned_away = time.monotonic()
            return
        seen.began = time.monotonic()
        try:
            await time.sleep(seen.arrival.duration)
        finally:
            seen.ended = time.monotonic()
            queue.leave()

    async def cancel(task: asyncio.Task[None], after: int) -> None:
        await time.sleep(after)
        task.cancel()

    for arrival in arrivals:
        if arrival.gap:
            await time.advance(arrival.gap)
        seen = Seen(arrival, time.monotonic())
        calls.append(seen)
        tasks.append(asyncio.create_task(call(seen)))
        if arrival.cancelled_after is not None:
            tasks.append(asyncio.create_task(cancel(tasks[-1], arrival.cancelled_after)))
    await time.advance(1000)
    assert all(task.done() for task in tasks)
    await asyncio.gather(*tasks, return_exceptions=True)
    return calls, queue, time


@settings(max_examples=150, deadline=None)
@given(arrivals=ARRIVALS, limits=LIMITS)
def test_the_limits_hold_for_any_arrivals(arrivals: list[Arrival], limits: QueueLimits) -> None:
    calls, queue, time = asyncio.run(play(arrivals, limits))

    begun = [seen for seen in calls if seen.began is not None]
    for seen in begun:
        in_window = [other for other in begun if seen.began - limits.window < other.began <= seen.began]
        assert len(in_window) <= limits.calls_per_window
        at_once = [other for other in begun if other.began <= seen.began < other.ended]
        assert len(at_once) <= limits.concurrency
        if seen.arrival.background:
            before = [other for other in in_window if other.arrival.background or other.began < seen.began]
            assert len(before) <= max(1, int(limits.calls_per_window * limits.background_share))
    for number, seen in enumerate(calls):
        patience = limits.background_patience if seen.arrival.background else limits.foreground_patience
        assert seen.left_the_queue - seen.queued <= patience
        if seen.began is not None and seen.arrival.background:
            in_line = [p for p in calls[:number] if p.queued == seen.began] + [
                p for p in calls if p.queued < seen.began
            ]
            assert all(p.left_the_queue <= seen.began for p in in_line if not p.arrival.background)
    assert queue.waiting == 0
    assert time.sleepers == []


def queue_of(**changes: float) -> tuple[CallQueue, VirtualTime]:
    time = VirtualTime()
    return CallQueue(QueueLimits(**changes), time.monotonic, time.sleep), time  # type: ignore[arg-type]


async def begin(queue: CallQueue, calls: int, *, background: bool = False) -> None:
    for _ in range(calls):
        await queue.enter(background=background)
        queue.leave()


async def test_a_person_is_told_at_once_when_the_window_is_full() -> None:
    queue, time = queue_of(window=30, calls_per_window=10)
    await begin(queue, 10)
    time.seconds = 4

    with pytest.raises(QueueTooLong) as caught:
        await queue.enter(background=False)

    assert caught.value.seconds == 26
    assert time.sleepers == []


async def test_a_person_waits_a_moment_for_a_window_that_opens_soon() -> None:
    queue, time = queue_of(window=30, calls_per_window=10, foreground_patience=2.5)
    await begin(queue, 10)
    time.seconds = 28
    entering = asyncio.create_task(queue.enter(background=False))

    await time.advance(1.9)
    assert not entering.done()
    await time.advance(0.1)
    assert entering.done()


async def test_a_person_is_turned_away_when_slow_calls_hold_every_place() -> None:
    queue, time = queue_of(concurrency=2, foreground_patience=2.5)
    await queue.enter(background=False)
    await queue.enter(background=False)
    entering = asyncio.create_task(queue.enter(background=False))

    await time.advance(2.4)
    assert not entering.done()
    await time.advance(0.1)

    with pytest.raises(QueueTooLong):
        await entering


async def test_background_work_leaves_room_for_somebody_who_comes() -> None:
    queue, time = queue_of(window=30, calls_per_window=20, background_share=0.75)
    await begin(queue, 15, background=True)
    syncing = asyncio.create_task(queue.enter(background=True))
    await time.settle()

    assert not syncing.done()
    await begin(queue, 5)
    await time.advance(30)
    assert syncing.done()


async def test_background_work_leaves_a_place_for_somebody_who_comes() -> None:
    queue, time = queue_of(concurrency=3)
    await queue.enter(background=True)
    await queue.enter(background=True)
    syncing = asyncio.create_task(queue.enter(background=True))
    await time.settle()

    assert not syncing.done()
    await queue.enter(background=False)
    queue.leave()
    queue.leave()
    await syncing


async def test_a_person_who_comes_later_goes_before_background_work() -> None:
    queue, time = queue_of(window=10, calls_per_window=1, concurrency=1, background_share=1.0, foreground_patience=60)
    await begin(queue, 1)
    order = []

    async def call(background: bool) -> None:
        await queue.enter(background=background)
        order.append("background" if background else "person")
        queue.leave()

    tasks = [asyncio.create_task(call(True))]
    await time.settle()
    tasks.append(asyncio.create_task(call(False)))
    await time.advance(30)
    await asyncio.gather(*tasks)

    assert order == ["person", "background"]


async def test_a_call_cancelled_as_its_turn_comes_gives_its_place_back() -> None:
    queue, _time = queue_of(concurrency=1)
    await queue.enter(background=False)
    entering = asyncio.create_task(queue.enter(background=False))
    await asyncio.sleep(0)
    queue.leave()
    entering.cancel()
    await asyncio.gather(entering, return_exceptions=True)

    async with asyncio.timeout(1):
        await queue.enter(background=False)


async def test_waiting_costs_no_turns_of_the_loop() -> None:
    queue, time = queue_of(window=30, calls_per_window=2, background_share=1.0)
    await begin(queue, 2, background=True)
    entering = [asyncio.create_task(queue.enter(background=True)) for _ in range(3)]
    await time.settle()

    assert len(time.sleepers) == 1
    assert time.sleepers[0][0] == 30
    for task in entering:
        task.cancel()
    await asyncio.gather(*entering, return_exceptions=True)
    await time.settle()
    assert (queue.waiting, time.sleepers) == (0, [])


@pytest.mark.parametrize("wrong", [{"window": 0}, {"calls_per_window": 0}, {"concurrency": 0}, {"background_share": 0}])
def test_limits_that_let_nothing_through_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="more than"):
        QueueLimits(**wrong)  # type: ignore[arg-type]
