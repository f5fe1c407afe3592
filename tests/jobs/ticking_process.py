"""What a process does that test_kill.py starts and kills: it posts the digests that are due, again and again.

The channel is a file; every message is one line of it: the set's id, the nonce, the process's id.
"""

from __future__ import annotations

import asyncio
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.clock import SystemClock
from bot.domain.library import ArtistRef, TrackInfo
from bot.domain.recommendations import NewSet, Pick, RecommendationSet, SetKind
from bot.services.digests import DigestsService
from bot.storage.repositories import SqlDigestRepository, SqlRecommendationRepository
from bot.storage.session import Database

_TRACK = TrackInfo("spotify:track:1", "Song", (ArtistRef("Band", None),), None, None, None, None, None, None, None)


class FileChannel:
    """A channel in a file, slow enough to be killed at any point; nothing in it hinders a second message."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self._path = path
        self._chance = chance

    async def post(self, channel_id: int, recommendations: RecommendationSet, nonce: str) -> int:
        await self.linger()
        line = f"{recommendations.id} {nonce} {os.getpid()}\n".encode()
        with self._path.open("ab", buffering=0) as file:
            file.write(line)
        await self.linger()
        return recommendations.id

    async def find(self, channel_id: int, set_id: int, since: datetime) -> int | None:
        await self.linger()
        found = any(line.split()[0] == str(set_id) for line in self._path.read_text().splitlines())
        note(self._path, "found" if found else "not found")
        return set_id if found else None

    async def linger(self) -> None:
        """Take up to a tenth of a second."""
        await asyncio.sleep(self._chance.uniform(0, 0.1))


class Shown:
    """Composes and returns recommendations as the two services do that need a model."""

    def __init__(self, stored: SqlRecommendationRepository, channel: FileChannel) -> None:
        self._stored = stored
        self._channel = channel

    async def for_server(self, guild_id: int, k: int, *, preview: bool = False) -> RecommendationSet:
        await self._channel.linger()
        picks = (Pick(_TRACK, 1.0, ("It goes with it.",)),)
        return await self._stored.add(
            NewSet(SetKind.DIGEST, "Title", "Subtitle", None, guild_id, "model", datetime.now(UTC), picks)
        )

    async def get(self, set_id: int) -> RecommendationSet:
        stored = await self._stored.get(set_id)
        assert stored is not None
        return stored


def note(channel: Path, event: str) -> None:
    """Write down that a search came to something, for the counts."""
    with channel.with_suffix(".searches").open("a") as file:
        file.write(f"{event}\n")


def post_until_killed(url: str, path: Path, seed: int, lease: float) -> None:
    """Post what is due in the database, whose claims last for `lease` seconds, into the file."""
    asyncio.run(_post_for_ever(url, path, seed, lease))


async def _post_for_ever(url: str, path: Path, seed: int, lease: float) -> None:
    database = Database(url)
    channel = FileChannel(path, random.Random(seed))  # noqa: S311 - it decides how long to linger
    shown = Shown(SqlRecommendationRepository(database), channel)
    service = DigestsService(
        SqlDigestRepository(database),
        shown,
        shown,
        SystemClock(),
        worker=f"process {os.getpid()}",
        lease=timedelta(seconds=lease),
        send_timeout=timedelta(seconds=lease / 2),
    )
    while True:
        await service.post_due(channel)
        await asyncio.sleep(0.05)
