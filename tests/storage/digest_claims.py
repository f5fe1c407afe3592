"""Claims of digests, for the storage tests."""

from __future__ import annotations

from datetime import timedelta

from storage_samples import GUILD, MEMBER, NOW, SCHEDULE

from bot.domain.digests import Digest, DigestRun
from bot.storage.repositories import SqlDigestRepository

WEEK = timedelta(weeks=1)


async def claim(repository: SqlDigestRepository, digest: Digest, worker: str = "one") -> DigestRun | None:
    return await repository.claim(digest, "2026-W47", digest.next_due_at + WEEK, worker, NOW)


async def claimed(repository: SqlDigestRepository, guild_id: int = GUILD, worker: str = "one") -> DigestRun:
    run = await claim(repository, await repository.put(guild_id, SCHEDULE, NOW, MEMBER), worker)
    assert run is not None
    return run
