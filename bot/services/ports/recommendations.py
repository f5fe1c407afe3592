"""What the services need of the store of what was shown."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.domain.recommendations import NewSet, RecommendationSet


class RecommendationRepository(Protocol):
    """Recommendations that were shown; each method is one transaction."""

    async def add(self, new: NewSet) -> RecommendationSet:
        """Store a set and the tracks it names; of a member without an account nothing is kept.

        A set that needs an account raises `NotConnected` without one, any other is stored as nobody's.
        """
        ...

    async def get(self, set_id: int) -> RecommendationSet | None:
        """Return a stored set with its picks, best first."""
        ...

    async def recently_shown(self, member_id: int | None, guild_id: int | None, since: datetime) -> set[str]:
        """Return URIs shown since then: to the member (discoveries), or in the server's digests if member is None."""
        ...
