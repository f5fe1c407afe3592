"""What the services need of the store of what was shown and saved."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.domain.library import CreatedPlaylist
from bot.domain.recommendations import NewSet, RecommendationSet, SaveClaim, SavedPlaylist


class RecommendationRepository(Protocol):
    """Recommendations that were shown, and saves; each method is one transaction."""

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

    async def claim_save(self, set_id: int, member_id: int, now: datetime, stale_before: datetime) -> SaveClaim:
        """Claim a member's save of a set; an unfinished claim older than `stale_before` is taken over.

        A unique row decides: of any number of callers at the same time, in any number of processes, one wins. Raises
        `NotConnected` for a member without an account. The steps of a save below are for whoever holds it: they take
        what the claim returned and return the save as it then stands, finished by somebody else if that one took it
        over; while that one is still at work they raise `SaveInProgress`.
        """
        ...

    async def begin_creating(self, held: SavedPlaylist, mark: str, now: datetime) -> SavedPlaylist:
        """Renew the claim right before the playlist is asked for, and note what marks it; an earlier mark stays."""
        ...

    async def save_created(self, held: SavedPlaylist, playlist: CreatedPlaylist) -> SavedPlaylist:
        """Note that the playlist exists in Spotify."""
        ...

    async def save_done(self, held: SavedPlaylist, now: datetime) -> SavedPlaylist:
        """Note that the playlist is filled."""
        ...

    async def release_save(self, held: SavedPlaylist) -> None:
        """Give an unfinished claim back after a clean failure, if it is still held: the next click tries at once."""
        ...

    async def discard_save(self, held: SavedPlaylist) -> None:
        """Forget a save whose playlist is gone, if it is still held: the next click makes a new one."""
        ...
