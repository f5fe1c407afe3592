"""The adapter with its limiter and a real database, against the stand-in that answers 429."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest
from spotify_kit import NOW, StandingClock
from standin_kit import CALLBACK, CLIENT_ID, sign_in

from bot.domain.errors import SpotifyRateLimited
from bot.domain.quota import LimitReason, background
from bot.sandbox.spotify import SpotifyServer
from bot.spotify import SpotifyAdapter
from bot.spotify.call_queue import QueueLimits
from bot.spotify.quota import QuotaLimiter
from bot.storage.repositories.quotas import SqlQuotaRepository
from bot.storage.session import Database

QUOTA_EXCEEDED = {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}


@dataclass
class Process:
    """What one process of the program has."""

    database: Database
    limiter: QuotaLimiter
    adapter: SpotifyAdapter

    async def stop(self) -> None:
        await self.adapter.close()
        await self.limiter.close()
        await self.database.dispose()


Processes = Callable[..., Process]


@pytest.fixture
async def processes(spotify: SpotifyServer, clock: StandingClock, sqlite_url: str) -> AsyncIterator[Processes]:
    async with AsyncExitStack() as stack:

        def start(**changes: object) -> Process:
            database = Database(sqlite_url)
            limiter = QuotaLimiter(CLIENT_ID, SqlQuotaRepository(database), clock, **changes)
            adapter = SpotifyAdapter(
                CLIENT_ID,
                None,
                CALLBACK,
                clock=clock,
                accounts_url=spotify.url,
                api_url=f"{spotify.url}/v1/",
                request_timeout=5.0,
                retry_delays=(0.0, 0.0),
                limiter=limiter,
            )
            process = Process(database, limiter, adapter)
            stack.push_async_callback(process.stop)
            return process

        yield start


def api_calls(spotify: SpotifyServer) -> int:
    return sum(exchange.path.startswith("/v1/") for exchange in spotify.state.journal)


async def refused(adapter: SpotifyAdapter, token: str) -> SpotifyRateLimited:
    """Ask as a command does; the answer is there before Discord gives up."""
    async with asyncio.timeout(3):
        with pytest.raises(SpotifyRateLimited) as caught:
            await adapter.playlists(token)
    return caught.value


@pytest.mark.parametrize(
    ("headers", "body", "seconds", "reason"),
    [
        ({"Retry-After": "1"}, None, 1, LimitReason.TOO_FAST),
        ({"Retry-After": "48925"}, None, 48925, LimitReason.TOO_FAST),
        ({}, None, 30, LimitReason.TOO_FAST),
        ({"Retry-After": "86400"}, QUOTA_EXCEEDED, 86400, LimitReason.QUOTA_EXCEEDED),
        ({}, QUOTA_EXCEEDED, 900, LimitReason.QUOTA_EXCEEDED),
    ],
    ids=["1 s", "48,925 s", "no end", "quota of the day", "quota of the day, no end"],
)
async def test_a_429_is_answered_at_once_and_spotify_is_left_alone_until_it_ends(
    spotify: SpotifyServer,
    clock: StandingClock,
    processes: Processes,
    headers: dict[str, str],
    body: object,
    seconds: int,
    reason: LimitReason,
) -> None:
    running = processes()
    tokens = await sign_in(running.adapter)
    token = tokens.access_token
    end = NOW + timedelta(seconds=seconds)
    spotify.state.faults.add("GET", "/v1/*", status=429, headers=headers, body=body)
    before = api_calls(spotify)

    answers = [await refused(running.adapter, token) for _ in range(3)]
    restarted = processes()
    answers.append(await refused(restarted.adapter, token))
    clock.moment = end - timedelta(seconds=0.5)
    answers.append(await refused(restarted.adapter, token))

    assert [(answer.retry_at, answer.reason) for answer in answers] == [(end, reason)] * 5
    assert all(f"<t:{int(end.timestamp())}:R>" in str(answer) for answer in answers)
    assert api_calls(spotify) == before + 1

    clock.moment = end
    token = (await running.adapter.refresh(tokens.refresh_token)).access_token
    assert await running.adapter.playlists(token)
    assert await restarted.adapter.playlists(token)


async def test_a_429_met_by_many_at_once_costs_no_more_calls_than_were_under_way(
    spotify: SpotifyServer, processes: Processes
) -> None:
    running = processes(limits=QueueLimits(concurrency=4))
    token = (await sign_in(running.adapter)).access_token
    spotify.state.faults.add("GET", "/v1/*", status=429, headers={"Retry-After": "48925"}, times=None)
    before = api_calls(spotify)

    await asyncio.gather(*(refused(running.adapter, token) for _ in range(30)))

    assert api_calls(spotify) - before <= 4


async def test_every_call_counts_also_each_further_try(spotify: SpotifyServer, processes: Processes) -> None:
    running = processes()
    token = (await sign_in(running.adapter)).access_token
    before = api_calls(spotify)
    spotify.state.faults.add("GET", "/v1/me", status=503, times=2)
    await running.adapter.profile(token)
    await running.adapter.playlists(token)
    playlist = await running.adapter.create_playlist(token, "Found", "", public=False)
    await running.adapter.put_items(token, playlist.spotify_id, [])
    await running.limiter.close()

    record = await SqlQuotaRepository(running.database).read(CLIENT_ID)
    assert record is not None
    assert record.calls == api_calls(spotify) - before


async def test_a_sync_that_fills_its_share_leaves_a_command_its_turn(
    spotify: SpotifyServer, processes: Processes
) -> None:
    running = processes(limits=QueueLimits(calls_per_window=8, background_share=0.5))
    token = (await sign_in(running.adapter)).access_token
    with background():
        syncing = [asyncio.create_task(running.adapter.profile(token)) for _ in range(10)]
    await asyncio.wait(syncing, timeout=0.5)

    async with asyncio.timeout(3):
        assert (await running.adapter.profile(token)).user_id == "mirasolenne"
    assert sum(task.done() for task in syncing) == 4
    for task in syncing:
        task.cancel()
    await asyncio.gather(*syncing, return_exceptions=True)


async def test_a_429_of_the_token_endpoint_leaves_the_web_api_open(
    spotify: SpotifyServer, processes: Processes
) -> None:
    running = processes()
    tokens = await sign_in(running.adapter)
    spotify.state.faults.add("POST", "/api/token", status=429, headers={"Retry-After": "60"})

    for _ in range(2):
        with pytest.raises(SpotifyRateLimited) as caught:
            await running.adapter.refresh(tokens.refresh_token)
        assert caught.value.retry_at == NOW + timedelta(seconds=60)
    assert len([e for e in spotify.state.journal.find("POST", "/api/token") if e.status == 429]) == 1
    assert await running.adapter.playlists(tokens.access_token)
