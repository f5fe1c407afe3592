"""A digest that is switched off, moved or set anew while a run of it is under way."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from digest_channel import ALICE, CHANNEL, DIED, GUILD, MONDAY_NINE, Channel, die_while_posting, only_run, set_up
from structlog.testing import capture_logs

from bot.domain.digests import OutcomeUnknown, RunStatus
from bot.domain.errors import PostRefused

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core

REFUSED = PostRefused("I may not post in the channel.")
OTHER_CHANNEL = CHANNEL + 1


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """Give what is logged; drawing every traceback would take longer than the tests."""
    with capture_logs() as entries:
        yield entries


async def test_off_stops_a_run_that_waits_for_its_next_try(
    system: Core, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    with monkeypatch.context() as crash:
        crash.setattr(system.services.discovery, "for_server", _fail)
        await system.services.digests.post_due(channel)
    assert (await only_run(system)).status is RunStatus.CLAIMED
    await system.services.digests.off(GUILD)
    clock.advance(minutes=6)
    assert await system.services.digests.post_due(channel) == []
    assert channel.messages == []
    assert (await only_run(system)).status is RunStatus.SKIPPED


async def test_off_stops_a_run_that_is_being_composed(
    system: Core, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    compose = system.services.discovery.for_server

    async def compose_while_it_is_switched_off(*args: object) -> object:
        await system.services.digests.off(GUILD)
        return await compose(*args)

    monkeypatch.setattr(system.services.discovery, "for_server", compose_while_it_is_switched_off)
    await system.services.digests.post_due(channel)
    assert channel.messages == []
    assert (await only_run(system)).status is RunStatus.SKIPPED


@pytest.mark.parametrize("sent", [False, True])
async def test_off_stops_a_run_that_died_while_it_posted(system: Core, clock: FakeClock, sent: bool) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=sent)
    await system.services.digests.off(GUILD)
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == sent
    assert (await only_run(system)).status is (RunStatus.POSTED if sent else RunStatus.SKIPPED)


async def test_off_during_the_search_is_heeded_too(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=False)
    channel.meanwhile = lambda: system.services.digests.off(GUILD)
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    assert channel.messages == []


@pytest.mark.parametrize("sent", [False, True])
async def test_a_run_ends_in_the_channel_it_was_claimed_for(system: Core, clock: FakeClock, sent: bool) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=sent)
    digest = await system.services.digests.set(GUILD, OTHER_CHANNEL, 0, 9, "Europe/Berlin", ALICE)
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    assert [channel_id for channel_id, _, _ in channel.messages] == [CHANNEL]
    clock.set(digest.next_due_at)
    await system.services.digests.post_due(channel)
    assert [channel_id for channel_id, _, _ in channel.messages] == [CHANNEL, OTHER_CHANNEL]


async def test_an_old_channel_that_refuses_does_not_stop_the_digest_of_the_new_one(
    system: Core, clock: FakeClock
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=False)
    await system.services.digests.set(GUILD, OTHER_CHANNEL, 0, 9, "Europe/Berlin", ALICE)
    channel.before = REFUSED
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    assert (await only_run(system)).status is RunStatus.FAILED
    assert (await system.services.digests.status(GUILD)).enabled


async def test_how_late_a_run_is_counts_from_when_it_was_due_and_not_from_a_newer_schedule(
    system: Core, clock: FakeClock
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=False)
    await system.services.digests.set(GUILD, CHANNEL, 0, 23, "America/Los_Angeles", ALICE)
    clock.set(MONDAY_NINE + timedelta(hours=37))
    await system.services.digests.post_due(channel)
    assert channel.messages == []


async def test_set_anew_on_the_day_it_was_stopped_it_comes_that_day(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    channel.before = REFUSED
    clock.set(MONDAY_NINE)
    await system.services.digests.post_due(channel)
    channel.before = None
    digest = await system.services.digests.set(GUILD, OTHER_CHANNEL, 0, 11, "Europe/Berlin", ALICE)
    assert digest.next_due_at == MONDAY_NINE + timedelta(hours=2)
    clock.set(digest.next_due_at)
    await system.services.digests.post_due(channel)
    await system.services.digests.post_due(channel)
    assert [channel_id for channel_id, _, _ in channel.messages] == [OTHER_CHANNEL]
    assert channel.searched == 0, "a refused message was not sent, so that there is nothing to look for"


async def test_set_anew_on_the_day_it_was_switched_off_while_posting_it_comes_once(
    system: Core, clock: FakeClock
) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=True)
    await system.services.digests.off(GUILD)
    channel.unsearchable = OutcomeUnknown("there are too many messages")
    clock.advance(minutes=6)
    await system.services.digests.post_due(channel)
    channel.unsearchable = None
    digest = await system.services.digests.set(GUILD, CHANNEL, 0, 11, "Europe/Berlin", ALICE)
    clock.set(digest.next_due_at)
    await system.services.digests.post_due(channel)
    assert len(channel.messages) == 1
    assert (await only_run(system)).status is RunStatus.POSTED


async def test_while_a_run_is_under_way_a_new_setting_promises_the_next_week(system: Core, clock: FakeClock) -> None:
    await set_up(system)
    channel = Channel()
    clock.set(MONDAY_NINE)
    await die_while_posting(system, channel, sent=False)
    digest = await system.services.digests.set(GUILD, CHANNEL, 0, 11, "Europe/Berlin", ALICE)
    assert digest.next_due_at == MONDAY_NINE + timedelta(weeks=1, hours=2)


async def _fail(*_: object) -> None:
    raise DIED
