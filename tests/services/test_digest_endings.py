"""Every run of a digest comes to an end: posted, refused, switched off, too late, or not to be told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from digest_channel import ALICE, CHANNEL, DIED, GUILD, MONDAY_NINE, Channel, die_while_posting, only_run, set_up
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.domain.digests import OutcomeUnknown, RunStatus
from bot.domain.errors import PostRefused
from bot.storage.models import DigestRunRow

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """Give what is logged; drawing every traceback would take longer than the tests."""
    with capture_logs() as entries:
        yield entries


async def test_a_send_that_fails_for_ever_ends_when_it_is_too_late(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    channel.before = DIED
    clock.set(MONDAY_NINE)
    for _ in range(9):
        await system.services.digests.post_due(channel)
        clock.advance(hours=5)
    assert (await only_run(system)).status is RunStatus.SKIPPED
    tried = channel.tried
    clock.advance(days=2)
    channel.before = None
    assert await system.services.digests.post_due(channel) == []
    assert (channel.tried, channel.messages) == (tried, [])


async def test_after_weeks_without_success_one_digest_comes_and_not_several(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    channel.before = DIED
    for week in range(3):
        clock.set(MONDAY_NINE + timedelta(weeks=week))
        await system.services.digests.post_due(channel)
    channel.before = None
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == 1


async def test_one_that_was_sent_is_recorded_however_late_that_is_found(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=True)
    clock.advance(days=3)
    await system.services.digests.post_due(channel)
    run = await only_run(system)
    assert (run.status, run.message_id, len(channel.messages)) == (RunStatus.POSTED, 9_001, 1)


@pytest.mark.parametrize("sent", [False, True])
async def test_where_the_search_cannot_tell_it_is_rather_left_out_than_posted_twice(
    system: Core, clock: FakeClock, sent: bool, logged: list[MutableMapping[str, Any]]
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=sent)
    channel.unsearchable = OutcomeUnknown("there are too many messages")
    for _ in range(3):
        clock.advance(minutes=6)
        await system.services.digests.post_due(channel)
    assert (await only_run(system)).status is RunStatus.SKIPPED
    assert len(channel.messages) == sent
    assert channel.searched == 1
    [left_out] = [entry for entry in logged if entry["event"] == "digest left out"]
    assert "nobody can tell: there are too many messages" in left_out["because"]


async def test_a_search_that_fails_is_repeated_until_it_is_too_late(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=True)
    channel.unsearchable = DIED
    for hours in (1, 30):
        clock.set(MONDAY_NINE + timedelta(hours=hours))
        await system.services.digests.post_due(channel)
        assert (await only_run(system)).status is RunStatus.POSTING
    clock.set(MONDAY_NINE + timedelta(hours=37))
    await system.services.digests.post_due(channel)
    assert (await only_run(system)).status is RunStatus.SKIPPED


async def test_a_channel_that_can_no_longer_be_searched_stops_the_digest_without_a_second_message(
    system: Core, clock: FakeClock
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=True)
    channel.unsearchable = PostRefused("I may not read the channel.")
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    assert (await system.services.digests.status(GUILD)).stopped_because == "I may not read the channel."

    channel.unsearchable = None
    await system.services.digests.set(GUILD, CHANNEL, 0, 11, "Europe/Berlin", ALICE)
    clock.set(MONDAY_NINE + timedelta(hours=2))
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == 1
    assert (await only_run(system)).status is RunStatus.POSTED


async def test_a_run_whose_recommendations_are_gone_is_not_posted_a_second_time(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=True)
    async with system.database.transaction() as session:
        await session.execute(update(DigestRunRow).values(set_id=None))
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == 1
    assert (await only_run(system)).status is RunStatus.SKIPPED


async def test_a_run_from_before_channel_and_due_time_were_kept_goes_by_the_schedule(
    system: Core, clock: FakeClock
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=False)
    async with system.database.transaction() as session:
        await session.execute(update(DigestRunRow).values(channel_id=None, due_at=None))
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    assert [channel_id for channel_id, _, _ in channel.messages] == [CHANNEL]


async def test_a_look_that_has_lost_its_run_to_a_later_look_of_the_same_process_does_not_post(
    system: Core, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    compose = system.services.discovery.for_server
    slow_has_begun, fast_is_about_to_post, slow_is_done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    composed = []

    async def compose_slowly(*args: object) -> object:
        number = len(composed)
        composed.append(await compose(*args))
        if number == 0:
            slow_has_begun.set()
            await fast_is_about_to_post.wait()
        else:
            fast_is_about_to_post.set()
            await slow_is_done.wait()
        return composed[number]

    monkeypatch.setattr(system.services.discovery, "for_server", compose_slowly)
    slow = asyncio.create_task(system.services.digests.post_due(channel))
    await slow_has_begun.wait()
    clock.advance(minutes=6)
    fast = asyncio.create_task(system.services.digests.post_due(channel))
    await slow
    assert channel.messages == [], "the run is the later look's by now"
    slow_is_done.set()
    await fast
    [(_, posted, _)] = channel.messages
    assert len(composed) == 2
    assert posted.id == composed[0].id, "what was prepared first is posted, whoever posts it"
    assert (await only_run(system)).status is RunStatus.POSTED


async def test_processes_that_look_at_the_same_time_after_a_crash_post_once(
    open_core: Callable[[], AbstractAsyncContextManager[Core]], clock: FakeClock
) -> None:
    channel = Channel()
    async with open_core() as first, open_core() as second:
        await set_up(first)
        clock.set(MONDAY_NINE)
        await die_while_posting(first, channel, sent=False)
        clock.advance(minutes=6)
        await asyncio.gather(*(process.services.digests.post_due(channel) for process in (first, second) * 3))
    assert len(channel.messages) == 1
