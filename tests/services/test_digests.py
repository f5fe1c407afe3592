"""The weekly digest: posted once, whoever crashes when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from digest_channel import ALICE, CHANNEL, GUILD, MONDAY_NINE, Channel, set_up

from bot.domain.digests import RunStatus
from bot.domain.errors import BadInput, NoDigest, PostRefused
from bot.sandbox.guests import link_guest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import FakeClock

    from bot.core import Core


async def test_a_digest_is_posted_when_it_is_due_and_not_before(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE - timedelta(seconds=1))
    await system.services.digests.post_due(channel)
    assert channel.messages == []
    clock.set(MONDAY_NINE)
    await system.services.digests.post_due(channel)
    assert [channel_id for channel_id, _, _ in channel.messages] == [CHANNEL]
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == 1


async def test_every_week_has_its_own_digest_at_the_same_wall_clock_hour(system: Core, clock: FakeClock) -> None:
    await system.services.digests.set(GUILD, CHANNEL, 0, 9, "America/New_York", ALICE)
    channel = Channel()
    clock.set(datetime(2027, 2, 22, 0, tzinfo=UTC))
    await system.services.digests.set(GUILD, CHANNEL, 0, 9, "America/New_York", ALICE)
    posted = []
    for _ in range(24 * 29):
        clock.advance(hours=1)
        before = len(channel.messages)
        await system.services.digests.post_due(channel)
        posted += [clock.now()] * (len(channel.messages) - before)
    assert [moment.isoformat() for moment in posted] == [
        "2027-02-22T14:00:00+00:00",
        "2027-03-01T14:00:00+00:00",
        "2027-03-08T14:00:00+00:00",
        "2027-03-15T13:00:00+00:00",
        "2027-03-22T13:00:00+00:00",
    ]


async def test_two_processes_post_once(
    open_core: Callable[[], AbstractAsyncContextManager[Core]], clock: FakeClock
) -> None:
    channel = Channel()
    async with open_core() as first, open_core() as second:
        await set_up(first)
        for _ in range(3):
            clock.set((await first.services.digests.status(GUILD)).next_due_at)
            await asyncio.gather(*(process.services.digests.post_due(channel) for process in (first, second) * 3))
    assert len(channel.messages) == 3
    assert len({nonce for _, _, nonce in channel.messages}) == 3


@pytest.mark.parametrize("sent", [False, True], ids=["before the message was sent", "after the message was sent"])
async def test_a_crash_while_posting_ends_in_one_message(
    open_core: Callable[[], AbstractAsyncContextManager[Core]], clock: FakeClock, sent: bool
) -> None:
    channel = Channel()
    crash = ConnectionResetError("the process died here")
    async with open_core() as dying, open_core() as heir:
        await set_up(dying)
        clock.set(MONDAY_NINE)
        channel.before, channel.after = (None, crash) if sent else (crash, None)
        await dying.services.digests.post_due(channel)
        channel.before = None
        await heir.services.digests.post_due(channel)
        assert len(channel.messages) == (1 if sent else 0), "the lease protects the run at first"
        clock.advance(minutes=6)
        await heir.services.digests.post_due(channel)
        await heir.services.digests.post_due(channel)
    assert len(channel.messages) == 1
    assert channel.searched == 1


async def test_a_crash_between_claim_and_post_is_gone_on_with(
    open_core: Callable[[], AbstractAsyncContextManager[Core]], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Channel()
    async with open_core() as dying, open_core() as heir:
        await set_up(dying)
        clock.set(MONDAY_NINE)

        async def die(*_: object) -> None:
            raise asyncio.CancelledError

        monkeypatch.setattr(dying.services.digests, "_prepared", die)
        with pytest.raises(asyncio.CancelledError):
            await dying.services.digests.post_due(channel)
        clock.advance(minutes=6)
        await heir.services.digests.post_due(channel)
    assert len(channel.messages) == 1
    assert channel.searched == 0


async def test_a_channel_that_is_gone_stops_the_digest_and_says_why(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    channel.before = PostRefused("The channel no longer exists.")
    clock.set(MONDAY_NINE)
    runs = await system.services.digests.post_due(channel)
    digest = await system.services.digests.status(GUILD)
    assert len(runs) == 1
    assert not digest.enabled
    assert digest.stopped_because == "The channel no longer exists."
    with pytest.raises(NoDigest):
        await system.services.digests.off(GUILD)


async def test_a_digest_that_is_days_late_is_left_out(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE + timedelta(days=3))
    await system.services.digests.post_due(channel)
    assert channel.messages == []
    assert (await system.services.digests.status(GUILD)).next_due_at == MONDAY_NINE + timedelta(weeks=1)


async def test_a_digest_that_is_hours_late_is_posted(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE + timedelta(hours=20))
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == 1


async def test_without_a_model_it_waits_and_is_posted_when_there_is_one(
    system: Core, clock: FakeClock, home: Path
) -> None:
    await set_up(system)
    channel = Channel()
    models = (home / "models").readlink()
    (home / "models").unlink()
    clock.set(MONDAY_NINE)
    await system.services.digests.post_due(channel)
    (home / "models").symlink_to(models)
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == 1


async def test_two_weeks_bring_different_tracks(system: Core, clock: FakeClock) -> None:
    await link_guest(system.services, ALICE, GUILD, "mirasolenne")
    await set_up(system)
    channel = Channel()
    for week in range(2):
        clock.set(MONDAY_NINE + timedelta(weeks=week))
        await system.services.digests.post_due(channel)
    first, second = ({pick.track.uri for pick in shown.picks} for _, shown, _ in channel.messages)
    assert first
    assert not first & second


async def test_switching_off_stops_it(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    await system.services.digests.off(GUILD)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await system.services.digests.post_due(channel)
    assert channel.messages == []


async def test_set_anew_on_the_day_it_was_posted_it_promises_and_keeps_the_next_week(
    system: Core, clock: FakeClock
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await system.services.digests.post_due(channel)
    next_week = MONDAY_NINE + timedelta(weeks=1, hours=6)
    digest = await system.services.digests.set(GUILD, CHANNEL, 0, 15, "Europe/Berlin", ALICE)
    assert digest.next_due_at == next_week
    clock.set(MONDAY_NINE + timedelta(hours=6))
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == 1
    clock.set(next_week)
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == 2


@pytest.mark.parametrize(
    ("weekday", "hour", "zone"), [(7, 9, "UTC"), (-1, 9, "UTC"), (0, 24, "UTC"), (0, 9, "Nowhere")]
)
async def test_values_that_make_no_sense_are_refused(system: Core, weekday: int, hour: int, zone: str) -> None:
    with pytest.raises(BadInput):
        await system.services.digests.set(GUILD, CHANNEL, weekday, hour, zone, ALICE)
    assert await system.services.digests.status(GUILD) is None


async def test_runs_are_recorded_with_their_message(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    clock.set(MONDAY_NINE)
    runs = await system.services.digests.post_due(Channel())
    assert runs[0].period == "2026-11-23"
    assert runs[0].status is RunStatus.CLAIMED
