"""The limiter of a client id: cooldowns, guesses, the budget of a day, and what it shares with other processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from quota_kit import MemoryStore, Spotify, VirtualTime, guessed, refusal_of
from spotify_kit import NOW, StandingClock

from bot.domain.errors import SpotifyRateLimited, SpotifyUnavailable
from bot.domain.quota import Cooldown, LimitReason, QuotaRecord, background, in_background
from bot.spotify.call_queue import QueueLimits
from bot.spotify.quota import QuotaLimiter

APP = "crossfade-client"
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
LONG = NOW + timedelta(seconds=48925)

Limiters = Callable[..., QuotaLimiter]


@pytest.fixture
def passing() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def limiters(clock: StandingClock, store: MemoryStore, passing: VirtualTime) -> Limiters:
    """Make limiters of one client id, each as another process has one."""

    def make(**changes: object) -> QuotaLimiter:
        return QuotaLimiter(APP, store, clock, monotonic=passing.monotonic, sleep=passing.sleep, **changes)

    return make


@pytest.fixture
def limiter(limiters: Limiters) -> QuotaLimiter:
    return limiters()


async def test_nothing_is_asked_during_a_cooldown_and_everything_after_it(
    limiter: QuotaLimiter, clock: StandingClock
) -> None:
    spotify = Spotify(SpotifyRateLimited(LONG))

    assert (await refusal_of(limiter.call(spotify))).retry_at == LONG
    assert (await refusal_of(limiter.call(spotify))).retry_at == LONG
    assert spotify.asked == 1
    clock.moment = LONG
    assert await limiter.call(spotify) == "fine"


async def test_a_cooldown_sends_away_who_already_waits(limiters: Limiters, passing: VirtualTime) -> None:
    limiter, spotify = limiters(limits=QueueLimits(calls_per_window=1)), Spotify()
    answering = asyncio.Event()

    async def slow() -> None:
        await answering.wait()
        raise SpotifyRateLimited(LONG, LimitReason.QUOTA_EXCEEDED)

    calls = [asyncio.create_task(limiter.call(slow))]
    await passing.settle()
    with background():
        calls += [asyncio.create_task(limiter.call(spotify)) for _ in range(3)]
    await passing.settle()
    answering.set()

    for call in calls:
        refusal = await refusal_of(call)
        assert (refusal.retry_at, refusal.reason) == (LONG, LimitReason.QUOTA_EXCEEDED)
    assert spotify.asked == 0


async def test_the_429_of_a_call_whose_caller_is_gone_is_heard(limiter: QuotaLimiter, passing: VirtualTime) -> None:
    answering = asyncio.Event()

    async def slow() -> None:
        await answering.wait()
        raise SpotifyRateLimited(LONG)

    leaving = asyncio.create_task(limiter.call(slow))
    await passing.settle()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    answering.set()
    await passing.settle()

    assert (await refusal_of(limiter.call(Spotify()))).retry_at == LONG


async def test_guesses_double_up_to_a_quarter_of_an_hour_until_a_call_goes_through(
    limiter: QuotaLimiter, clock: StandingClock
) -> None:
    waits = []
    spotify = Spotify(*(guessed() for _ in range(8)))
    while spotify.planned:
        refusal = await refusal_of(limiter.call(spotify))
        waits.append((refusal.retry_at - clock.moment).total_seconds())
        clock.moment = refusal.retry_at
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]

    assert await limiter.call(spotify) == "fine"
    assert (await refusal_of(limiter.call(Spotify(guessed())))).retry_at == clock.moment + timedelta(seconds=30)


async def test_calls_that_are_refused_together_are_one_guess(limiter: QuotaLimiter, clock: StandingClock) -> None:
    spotify = Spotify(guessed(), guessed(), guessed())
    refusals = await asyncio.gather(*(limiter.call(spotify) for _ in range(3)), return_exceptions=True)
    clock.moment = NOW + timedelta(seconds=30)

    assert [error.retry_at for error in refusals] == [clock.moment] * 3
    assert (await refusal_of(limiter.call(Spotify(guessed())))).retry_at == clock.moment + timedelta(seconds=60)


async def test_a_used_up_quota_without_an_end_is_asked_about_every_quarter_of_an_hour(limiter: QuotaLimiter) -> None:
    refusal = await refusal_of(limiter.call(Spotify(guessed(LimitReason.QUOTA_EXCEEDED))))

    assert refusal.retry_at == NOW + timedelta(minutes=15)
    assert "quota for the day" in str(refusal)


async def test_an_absurd_end_is_cut_to_a_week(limiter: QuotaLimiter) -> None:
    refusal = await refusal_of(limiter.call(Spotify(SpotifyRateLimited(NOW + timedelta(days=4000)))))

    assert refusal.retry_at == NOW + timedelta(days=7)


async def test_a_cooldown_from_a_clock_that_was_months_ahead_is_not_believed(
    limiter: QuotaLimiter, store: MemoryStore
) -> None:
    store.records[APP] = QuotaRecord(NOW.date(), 0, Cooldown(NOW + timedelta(days=180)))

    assert await limiter.call(Spotify()) == "fine"


async def test_a_cooldown_survives_a_restart(limiters: Limiters) -> None:
    await refusal_of(limiters().call(Spotify(SpotifyRateLimited(LONG, LimitReason.QUOTA_EXCEEDED))))
    spotify = Spotify()

    refusal = await refusal_of(limiters().call(spotify))

    assert (refusal.retry_at, refusal.reason, spotify.asked) == (LONG, LimitReason.QUOTA_EXCEEDED, 0)


async def test_another_processs_cooldown_is_honoured_within_seconds(limiters: Limiters, passing: VirtualTime) -> None:
    here, there = limiters(), limiters()
    await here.call(Spotify())
    await refusal_of(there.call(Spotify(SpotifyRateLimited(LONG))))
    await passing.advance(3)

    assert (await refusal_of(here.call(Spotify()))).retry_at == LONG


async def test_a_database_that_fails_or_hangs_holds_no_call_up(
    limiters: Limiters, store: MemoryStore, passing: VirtualTime, clock: StandingClock
) -> None:
    store.failing = True
    limiter = limiters()
    assert await limiter.call(Spotify()) == "fine"

    store.failing, store.stuck = False, asyncio.Event()
    await passing.advance(3)
    async with asyncio.timeout(3):
        assert await limiter.call(Spotify()) == "fine"
    assert (await refusal_of(limiter.call(Spotify(SpotifyRateLimited(LONG))))).retry_at == LONG

    store.stuck.set()
    await limiter.close()
    assert store.records[APP].cooldown == Cooldown(LONG)
    assert store.records[APP].calls == 3


async def test_a_cooldown_that_could_not_be_stored_is_stored_later(
    limiter: QuotaLimiter, store: MemoryStore, passing: VirtualTime
) -> None:
    store.failing = True
    await refusal_of(limiter.call(Spotify(SpotifyRateLimited(LONG))))
    store.failing = False
    await passing.advance(3)
    await refusal_of(limiter.call(Spotify()))

    assert store.records[APP].cooldown == Cooldown(LONG)


async def test_calls_are_stored_in_batches_and_the_rest_at_the_end(limiters: Limiters, store: MemoryStore) -> None:
    limiter = limiters(limits=QueueLimits(calls_per_window=1000))
    for _ in range(60):
        await limiter.call(Spotify())
    assert (store.reads, store.writes) == (1, 2)

    await limiter.close()
    assert store.records[APP] == QuotaRecord(NOW.date(), 60)


async def test_the_budget_of_a_day_keeps_a_reserve_for_people(limiters: Limiters, clock: StandingClock) -> None:
    limiter, spotify = limiters(daily_budget=10, foreground_reserve=0.2), Spotify()
    with background():
        for _ in range(8):
            await limiter.call(spotify)
        refusal = await refusal_of(limiter.call(spotify))
    assert (refusal.retry_at, refusal.reason) == (MIDNIGHT, LimitReason.DAILY_BUDGET)

    await limiter.call(spotify)
    await limiter.call(spotify)
    assert (await refusal_of(limiter.call(spotify))).retry_at == MIDNIGHT
    assert spotify.asked == 10

    clock.moment = MIDNIGHT
    assert await limiter.call(spotify) == "fine"


async def test_calls_that_queue_together_do_not_overdraw_the_budget(limiters: Limiters) -> None:
    limiter, spotify = limiters(daily_budget=3, limits=QueueLimits(concurrency=1)), Spotify()

    answers = await asyncio.gather(*(limiter.call(spotify) for _ in range(8)), return_exceptions=True)

    assert (spotify.asked, answers.count("fine")) == (3, 3)


async def test_processes_share_the_budget_of_a_day(limiters: Limiters, passing: VirtualTime) -> None:
    here, there = limiters(daily_budget=10), limiters(daily_budget=10)
    await here.call(Spotify())
    for _ in range(9):
        await there.call(Spotify())
    await there.close()
    await passing.advance(3)

    assert (await refusal_of(here.call(Spotify()))).reason is LimitReason.DAILY_BUDGET


async def test_a_full_window_answers_a_person_at_once_and_lets_a_sync_wait(
    limiters: Limiters, passing: VirtualTime
) -> None:
    limiter, spotify = limiters(limits=QueueLimits(window=30, calls_per_window=4, background_share=0.5)), Spotify()
    for _ in range(4):
        await limiter.call(spotify)

    refusal = await refusal_of(limiter.call(spotify))
    assert (refusal.retry_at, refusal.reason) == (NOW + timedelta(seconds=30), LimitReason.BUSY)
    with background():
        syncing = asyncio.create_task(limiter.call(spotify))
    await passing.advance(29)
    assert not syncing.done()
    await passing.advance(1)
    assert await syncing == "fine"


async def test_signing_in_has_a_cooldown_of_its_own(limiter: QuotaLimiter, clock: StandingClock) -> None:
    accounts, web = Spotify(SpotifyRateLimited(LONG), guessed()), Spotify(SpotifyRateLimited(LONG))
    await refusal_of(limiter.call_accounts(accounts))
    assert (await refusal_of(limiter.call_accounts(accounts))).retry_at == LONG
    assert accounts.asked == 1
    await refusal_of(limiter.call(web))
    assert web.asked == 1

    clock.moment = LONG
    assert (await refusal_of(limiter.call_accounts(accounts))).retry_at == LONG + timedelta(seconds=30)
    clock.moment = LONG + timedelta(seconds=30)
    assert await limiter.call_accounts(accounts) == "fine"


async def test_signing_in_goes_on_while_the_web_api_cools_down(limiter: QuotaLimiter) -> None:
    await refusal_of(limiter.call(Spotify(SpotifyRateLimited(LONG))))

    assert await limiter.call_accounts(Spotify()) == "fine"


async def test_closing_sends_away_who_waits(limiters: Limiters, passing: VirtualTime) -> None:
    limiter = limiters(limits=QueueLimits(calls_per_window=1))
    await limiter.call(Spotify())
    with background():
        syncing = asyncio.create_task(limiter.call(Spotify()))
    await passing.settle()
    await limiter.close()

    for call in (syncing, limiter.call(Spotify())):
        with pytest.raises(SpotifyUnavailable, match="restarted"):
            await call
    await passing.settle()
    assert passing.sleepers == []


async def test_a_task_begun_in_the_background_stays_there() -> None:
    async def ask() -> bool:
        await asyncio.sleep(0)
        return in_background()

    with background():
        task = asyncio.create_task(ask())
    assert await task
    assert not in_background()
