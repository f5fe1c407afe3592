"""What the services need to post digests: their store, and a way into a channel."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.domain.digests import Digest, DigestRun, DigestSchedule, RunStatus
from bot.domain.recommendations import RecommendationSet


class DigestRepository(Protocol):
    """Digests and their runs; each method is one transaction."""

    async def put(self, guild_id: int, schedule: DigestSchedule, next_due_at: datetime, created_by: int) -> Digest:
        """Set or change a server's digest and switch it on; the guild and member rows are made when missing."""
        ...

    async def get(self, guild_id: int) -> Digest | None:
        """Return a server's digest."""
        ...

    async def switch_off(self, guild_id: int, because: str | None, *, channel_id: int | None = None) -> bool:
        """Switch a digest off (if it is still for that channel, where one is given); say whether one was on."""
        ...

    async def due(self, now: datetime, limit: int) -> list[Digest]:
        """Return digests that are on and due, the longest due first."""
        ...

    async def claim(
        self, digest: Digest, period: str, next_due_at: datetime, worker: str, now: datetime
    ) -> DigestRun | None:
        """Claim a period: one conditional update moves `next_due_at` on and one row, unique by period, is inserted.

        A period that FAILED or was SKIPPED is opened again, with what was prepared for it. Returns None when another
        process was first, the digest has changed since it was read, or the period is `dealt_with`.
        """
        ...

    async def dealt_with(self, guild_id: int, period: str) -> bool:
        """Say whether a period was posted or is being worked on, so that it cannot be claimed again."""
        ...

    async def reclaim_stale(self, stale_before: datetime, worker: str, now: datetime, limit: int) -> list[DigestRun]:
        """Take over unfinished runs (CLAIMED or POSTING) whose claim is older, each by a conditional update."""
        ...

    async def set_prepared(self, run_id: int, set_id: int) -> int:
        """Note what the run will post, unless that is settled already; return the id of the set that is settled."""
        ...

    async def begin_posting(self, run_id: int, worker: str, now: datetime) -> bool:
        """Move a run to POSTING and renew the claim, if this worker holds it and the digest is on; say whether."""
        ...

    async def finish(self, run_id: int, worker: str, status: RunStatus, message_id: int | None, now: datetime) -> bool:
        """End the run (POSTED, SKIPPED or FAILED) if this worker still holds it; say whether it did."""
        ...

    async def runs(self, guild_id: int, limit: int) -> list[DigestRun]:
        """Return a server's runs, newest first."""
        ...


class DigestPoster(Protocol):
    """Writes a digest into a channel."""

    async def post(self, channel_id: int, recommendations: RecommendationSet, nonce: str) -> int:
        """Send the message once and return its id; raises `PostRefused` when it can never be sent there as it is.

        Any other error leaves it open whether the message was sent.
        """
        ...

    async def find(self, channel_id: int, set_id: int, since: datetime) -> int | None:
        """Return the id of a message of ours that shows the set, if it was sent since then.

        Raises `OutcomeUnknown` when there are too many messages to tell, `PostRefused` when they cannot be read.
        """
        ...
