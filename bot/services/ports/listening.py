"""What the services need of the store of listening and of syncs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.library import TrackInfo
from bot.domain.listening import Listen, SyncState, TopItems


class ListeningRepository(Protocol):
    """What members play; each method is one transaction.

    Those that write raise `NotConnected`, or `AccountChanged` when another account than `account_id` is linked.
    """

    async def replace_top(self, member_id: int, account_id: str, top: TopItems, now: datetime) -> None:
        """Replace what was read of the member's top tracks and artists, and note when."""
        ...

    async def add_listens(self, member_id: int, account_id: str, listens: Sequence[Listen], now: datetime) -> int:
        """Store what was played, each listen once; return how many were new."""
        ...

    async def forget_old_listens(self, now: datetime) -> int:
        """Delete everybody's listens from Spotify that are older than `LISTENS_KEPT_FOR`; return how many."""
        ...

    async def newest_listen(self, member_id: int) -> datetime | None:
        """Return when the newest listen that was read from Spotify happened."""
        ...

    async def top(self, member_id: int) -> TopItems:
        """Return the member's top tracks and artists."""
        ...

    async def heard_since(self, member_id: int, since: datetime) -> list[TrackInfo]:
        """Return every track that the member played since a moment, each once."""
        ...


class SyncRepository(Protocol):
    """Who syncs which library, how far that is, and when it is due again; each method is one transaction."""

    async def state(self, member_id: int) -> SyncState | None:
        """Return what is stored of a member's syncs."""
        ...

    async def claim(
        self, member_id: int, account_id: str, holder: str, now: datetime, stale_before: datetime
    ) -> SyncState | None:
        """Begin a sync unless one is under way; return what was stored before, or None if it is not free.

        A claim without a sign of life since `stale_before` is taken over. Raises `NotConnected`, `AccountChanged`.
        """
        ...

    async def renew(self, member_id: int, holder: str, now: datetime, progress: tuple[int, int] | None = None) -> bool:
        """Give a sign of life, and perhaps how many of how many playlists are done; False if the claim is lost."""
        ...

    async def finish(
        self, member_id: int, holder: str, now: datetime, due_at: datetime | None, *, fault: str | None, outages: int
    ) -> None:
        """End the sync that `holder` has, and note when the next one is due."""
        ...

    async def release(self, member_id: int, holder: str, due_at: datetime) -> None:
        """Give a claim back in the middle; what is left to do is due then."""
        ...

    async def due(self, now: datetime, stale_before: datetime, new_before: datetime, limit: int) -> list[int]:
        """Return members with an active account whose sync is due or was left behind, the longest waiting first.

        Of an account that was never synced the sync is due when it was linked before `new_before`.
        """
        ...
