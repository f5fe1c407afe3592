"""Processes that are killed at any moment and started again: each digest comes exactly once."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from ticking_process import post_until_killed

from bot.domain.digests import DigestSchedule, RunStatus
from bot.storage.repositories import SqlDigestRepository
from bot.storage.session import Database

DIGESTS = 80
LEASE = 1.5
KILLS = 60


class Fleet:
    """Two processes that post digests, each started anew when it was killed.

    They come from a server that has imported everything already, so that they are not killed while they import.
    """

    def __init__(self, url: str, channel: Path, chance: random.Random) -> None:
        self._work = url, channel
        self._chance = chance
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["ticking_process"])
        self._running: list[ForkServerProcess] = []

    def man(self) -> None:
        """Start what is missing."""
        while len(self._running) < 2:
            work = (*self._work, self._chance.randrange(10**6), LEASE)
            process = self._context.Process(target=post_until_killed, args=work, daemon=True)
            process.start()
            self._running.append(process)

    def kill_one(self) -> None:
        """Kill one without a warning."""
        self._end(self._running.pop(self._chance.randrange(len(self._running))))

    def kill_all(self) -> None:
        """Kill every one."""
        while self._running:
            self._end(self._running.pop())

    def _end(self, process: ForkServerProcess) -> None:
        assert process.is_alive(), "it ended by itself"
        process.kill()
        process.join()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20261121])
async def test_whoever_is_killed_when_each_digest_is_posted_exactly_once(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    # The server of processes is a new interpreter, which knows nothing of the paths that pytest has added.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    chance = random.Random(seed)  # noqa: S311 - it decides whom to kill when
    channel = tmp_path / "channel"
    channel.touch()
    database = Database(sqlite_url)
    digests = SqlDigestRepository(database)
    for guild_id in range(1, DIGESTS + 1):
        due = datetime.now(UTC) - timedelta(minutes=1)
        await digests.put(guild_id, DigestSchedule(guild_id, due.weekday(), due.hour, "UTC"), due, 1)
    fleet = Fleet(sqlite_url, channel, chance)
    began = time.monotonic()
    kills = 0
    try:
        while await _statuses(digests) != {RunStatus.POSTED: DIGESTS}:
            assert time.monotonic() - began < 55, await _statuses(digests)
            await asyncio.to_thread(fleet.man)
            await asyncio.sleep(chance.uniform(0.02, 0.5))
            if kills < KILLS:
                await asyncio.to_thread(fleet.kill_one)
                kills += 1
    finally:
        await asyncio.to_thread(fleet.kill_all)
        statuses = await _statuses(digests)
        await database.dispose()

    sent = Counter(line.split()[1] for line in channel.read_text().splitlines())
    searches_file = channel.with_suffix(".searches")
    searches = Counter(searches_file.read_text().splitlines() if searches_file.exists() else [])
    print(
        f"\n{kills} kills in {time.monotonic() - began:.0f} s: {DIGESTS} digests, {statuses[RunStatus.POSTED]} posted, "
        f"{sent.total()} messages, {sum(n > 1 for n in sent.values())} of them twice; after a kill "
        f"{searches['found']} were found in the channel and {searches['not found']} were not"
    )
    assert statuses == {RunStatus.POSTED: DIGESTS}
    assert len(sent) == DIGESTS
    assert set(sent.values()) == {1}
    assert searches["found"], "no kill came between sending a message and noting it"
    assert searches["not found"], "no kill came between announcing a message and sending it"


async def _statuses(digests: SqlDigestRepository) -> Counter[RunStatus]:
    runs = [await digests.runs(guild_id, 10) for guild_id in range(1, DIGESTS + 1)]
    return Counter(run.status for found in runs for run in found)
