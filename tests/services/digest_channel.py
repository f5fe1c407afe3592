"""What the digest's tests share: a channel that fails as it is told, and a server with a digest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.storage.repositories import SqlDigestRepository

if TYPE_CHECKING:
    from bot.core import Core
    from bot.domain.digests import DigestRun
    from bot.domain.recommendations import RecommendationSet

ALICE, GUILD, CHANNEL = 4_100_000_000_000_000_001, 4_200_000_000_000_000_001, 4_300_000_000_000_000_001
MONDAY_NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
DIED = ConnectionResetError("the process died here")


class Channel:
    """A channel that remembers what was written into it, and fails as it is told."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, RecommendationSet, str]] = []
        self.before: Exception | None = None
        self.after: BaseException | None = None
        self.unsearchable: Exception | None = None
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.searched = 0
        self.tried = 0

    async def post(self, channel_id: int, recommendations: RecommendationSet, nonce: str) -> int:
        self.tried += 1
        if self.before is not None:
            raise _afresh(self.before)
        await asyncio.sleep(0)
        self.messages.append((channel_id, recommendations, nonce))
        if self.after is not None:
            failure, self.after = self.after, None
            raise _afresh(failure)
        return 9_000 + len(self.messages)

    async def find(self, channel_id: int, set_id: int, since: datetime) -> int | None:
        self.searched += 1
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.unsearchable is not None:
            raise _afresh(self.unsearchable)
        places = enumerate(self.messages, 1)
        return next((9_000 + i for i, (where, shown, _) in places if (where, shown.id) == (channel_id, set_id)), None)


def _afresh(failure: BaseException) -> BaseException:
    """Return a copy: one that is raised again and again gathers an ever longer traceback for the log."""
    return type(failure)(*failure.args)


async def set_up(system: Core) -> None:
    """Set a digest for Mondays at nine in Berlin."""
    await system.services.digests.set(GUILD, CHANNEL, 0, 9, "Europe/Berlin", ALICE)


async def die_while_posting(system: Core, channel: Channel, *, sent: bool) -> None:
    """Post what is due, and die before or after the message was sent."""
    channel.before, channel.after = (None, DIED) if sent else (DIED, None)
    await system.services.digests.post_due(channel)
    channel.before = None


async def only_run(system: Core) -> DigestRun:
    """Return the only run of the server."""
    [run] = await SqlDigestRepository(system.database).runs(GUILD, 10)
    return run
