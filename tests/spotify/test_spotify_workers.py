"""A call whose answer must not be lost is brought to its end, once it was begun."""

from __future__ import annotations

import asyncio
import threading

import pytest
from faulty_server import FaultyServer, Reply
from spotify_kit import REFRESH_TOKEN, Adapters

from bot.domain.errors import SpotifyUnavailable
from bot.spotify.transport import Workers


async def test_an_answer_after_the_deadline_is_given_to_whoever_needs_it() -> None:
    workers = Workers(1, deadline=0.01)
    leave = threading.Event()

    def slow() -> str:
        leave.wait(5)
        return "tokens"

    running = asyncio.create_task(workers.run(slow, to_the_end=True))
    await asyncio.wait({running}, timeout=0.1)
    assert not running.done()
    leave.set()
    assert await running == "tokens"


async def test_a_call_that_must_not_be_lost_is_never_begun_too_late() -> None:
    workers = Workers(1, deadline=0.02)
    leave, begun = threading.Event(), []
    blocking = asyncio.create_task(workers.run(lambda: leave.wait(5), to_the_end=True))
    await asyncio.sleep(0)

    with pytest.raises(SpotifyUnavailable):
        await workers.run(lambda: begun.append("late"), to_the_end=True)
    leave.set()
    await blocking
    await workers.close()
    assert begun == []


async def test_what_such_a_call_raises_is_raised() -> None:
    workers = Workers(1, deadline=5)

    def fail() -> None:
        raise SpotifyUnavailable("as planned")

    with pytest.raises(SpotifyUnavailable, match="as planned"):
        await workers.run(fail, to_the_end=True)


async def test_the_adapter_does_not_give_up_a_refresh_that_was_begun(adapters: Adapters, faulty: FaultyServer) -> None:
    faulty.plan(Reply(trickle=True, promised=10_000))
    adapter = adapters(request_timeout=0.1)
    asking = asyncio.create_task(adapter.refresh(REFRESH_TOKEN))
    await asyncio.wait({asking}, timeout=0.6)
    assert not asking.done()
    faulty.release()
    with pytest.raises(SpotifyUnavailable):
        await asking
