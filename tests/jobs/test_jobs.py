"""The timed jobs: they tick, survive their failures, and end in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from bot.jobs.scheduler import Jobs

SOON = 0.01
"""Seconds between two ticks."""


class Ticks:
    """Stands for the digests' service: counts the ticks, and makes each do as it is told."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.failure: Exception | None = None
        self.wanted = 1

    async def post_due(self, poster: object) -> None:
        self.begun += 1
        if self.begun >= self.wanted:
            self.has_begun.set()
        if self.failure is not None:
            raise self.failure
        await self.may_end.wait()
        self.ended += 1


@asynccontextmanager
async def ticking(ticks: Ticks, **options: float) -> AsyncIterator[Jobs]:
    """Run jobs until they have begun, and stop them whatever happens."""
    jobs = Jobs(SimpleNamespace(digests=ticks), object(), every=SOON, **options)
    jobs.start()
    try:
        async with asyncio.timeout(10):
            await ticks.has_begun.wait()
        yield jobs
    finally:
        ticks.may_end.set()
        await jobs.stop()


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged with a traceback or as an error."""
    return [record.getMessage() for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]


async def test_a_tick_under_way_ends_before_stop_returns(caplog: pytest.LogCaptureFixture) -> None:
    ticks = Ticks()
    async with ticking(ticks) as jobs:
        stopping = asyncio.create_task(jobs.stop())
        await _turns()
        assert not stopping.done()
        ticks.may_end.set()
        await stopping
        assert (ticks.begun, ticks.ended) == (1, 1)
    assert complaints(caplog) == []


async def test_a_tick_that_outlasts_the_patience_is_broken_off_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ticks = Ticks()
    with capture_logs() as logged:
        async with ticking(ticks, patience=0.0) as jobs:
            await jobs.stop()
            assert (ticks.begun, ticks.ended) == (1, 0)
            assert len(asyncio.all_tasks()) == 1, "nothing runs on but this test"
    assert [entry["event"] for entry in logged] == ["a job was broken off, what it leaves is taken over later"]
    assert complaints(caplog) == []


async def test_no_tick_begins_once_it_was_told_to_stop(caplog: pytest.LogCaptureFixture) -> None:
    ticks = Ticks()
    async with ticking(ticks) as jobs:
        stopping = asyncio.create_task(jobs.stop())
        await _turns()
        tick = jobs._scheduler.get_job("digests").func
        await tick()
        ticks.may_end.set()
        await stopping
    assert ticks.begun == 1
    assert complaints(caplog) == []


async def test_ticks_come_one_after_the_other_and_never_two_at_once() -> None:
    ticks = Ticks()
    under_way, most = 0, 0
    post_due = ticks.post_due

    async def watched(poster: object) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            await post_due(poster)
        finally:
            under_way -= 1

    ticks.post_due = watched
    ticks.wanted = 4
    ticks.may_end.set()
    async with ticking(ticks):
        assert ticks.begun >= 4
    assert most == 1


async def test_a_failed_tick_is_logged_and_the_next_one_comes() -> None:
    ticks = Ticks()
    ticks.failure = RuntimeError("the database is away")
    ticks.wanted = 3
    with capture_logs() as logged:
        async with ticking(ticks):
            assert ticks.begun >= 3
    failed = [entry for entry in logged if entry["event"].startswith("a job failed")]
    assert len(failed) >= 2
    assert failed[0]["job"] == "post_digests"
    assert failed[0]["exc_info"] is ticks.failure


class EndlessSyncs:
    """Stands for the syncs' service: a tick of it takes for ever."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()

    async def sync_due(self) -> None:
        self.has_begun.set()
        await asyncio.Event().wait()


async def test_syncs_are_broken_off_at_once_since_they_go_on_later(caplog: pytest.LogCaptureFixture) -> None:
    syncs = EndlessSyncs()
    jobs = Jobs(SimpleNamespace(digests=Ticks(), syncing=syncs), object(), syncs_every=SOON, patience=3600)
    jobs.start()
    async with asyncio.timeout(10):
        await syncs.has_begun.wait()
        await jobs.stop()
    assert len(asyncio.all_tasks()) == 1, "nothing runs on but this test"
    assert complaints(caplog) == []


@pytest.mark.parametrize("prepare", [Jobs.start, lambda jobs: None], ids=["started", "never started"])
async def test_stop_may_be_called_twice_and_before_the_first_tick(prepare: Callable[[Jobs], None]) -> None:
    ticks = Ticks()
    jobs = Jobs(SimpleNamespace(digests=ticks), object())
    prepare(jobs)
    await jobs.stop()
    await jobs.stop()
    assert ticks.begun == 0
    assert len(asyncio.all_tasks()) == 1


async def _turns() -> None:
    """Let everything else run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)
