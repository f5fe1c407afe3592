"""What the services need of the store of saves, and of who draws their covers."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.domain.library import CreatedPlaylist
from bot.domain.saving import (
    PreviousContent,
    SaveClaim,
    SavedPlaylist,
    SavePreferences,
    SaveSwitch,
    SaveTerms,
)


class SaveRepository(Protocol):
    """Saves of recommendations into members' Spotify; each method is one transaction."""

    async def claim_save(self, set_id: int, member_id: int, now: datetime, stale_before: datetime) -> SaveClaim:
        """Claim a member's save of a set; an unfinished claim older than `stale_before` is taken over.

        A unique row decides: of any number of callers at the same time, in any number of processes, one wins. Raises
        `NotConnected` for a member without an account. The steps of a save below are for whoever holds it: they take
        what the claim returned and return the save as it then stands, finished by somebody else if that one took it
        over; while that one is still at work they raise `SaveInProgress`.
        """
        ...

    async def begin_creating(self, held: SavedPlaylist, mark: str, terms: SaveTerms, now: datetime) -> SavedPlaylist:
        """Renew the claim right before the playlist is asked for, and note its mark and terms; earlier ones stay."""
        ...

    async def save_created(self, held: SavedPlaylist, playlist: CreatedPlaylist) -> SavedPlaylist:
        """Note that the playlist exists in Spotify."""
        ...

    async def begin_reusing(
        self,
        held: SavedPlaylist,
        last: SavedPlaylist,
        previous: PreviousContent,
        mark: str,
        terms: SaveTerms,
        now: datetime,
        stale_before: datetime,
    ) -> SavedPlaylist | None:
        """Take over the playlist of `last`, noting before the first write what it was; None if it has changed hands.

        What a save left there that was begun and given up is forgotten: what it had found there is what is noted.
        Raises `SaveInProgress` while another save writes into the playlist.
        """
        ...

    async def note_written(self, held: SavedPlaylist, written: int, now: datetime) -> SavedPlaylist:
        """Renew the claim, and note how many tracks Spotify has taken."""
        ...

    async def save_done(self, held: SavedPlaylist, playlist: CreatedPlaylist, now: datetime) -> SavedPlaylist:
        """Note that the playlist is filled, and what it is called now."""
        ...

    async def note_cover(self, saved: SavedPlaylist, now: datetime) -> None:
        """Note that a finished save has its cover."""
        ...

    async def release_save(self, held: SavedPlaylist) -> None:
        """Give an unfinished claim back after a clean failure, if it is still held: the next click tries at once."""
        ...

    async def restart_save(self, held: SavedPlaylist, now: datetime) -> SavedPlaylist:
        """Forget the playlist of an unfinished save, because it is gone; the claim stays."""
        ...

    async def reopen_save(self, saved: SavedPlaylist, now: datetime) -> SaveClaim:
        """Claim a finished save again, because its playlist is gone or holds a newer list; of many callers one wins."""
        ...

    async def save(self, member_id: int, save_id: int) -> SavedPlaylist | None:
        """Return one of the member's saves."""
        ...

    async def save_of_set(self, member_id: int, set_id: int) -> SavedPlaylist | None:
        """Return the member's save of a set."""
        ...

    async def newer_in_playlist(self, saved: SavedPlaylist) -> SavedPlaylist | None:
        """Return the newest save that has gone into the same playlist later than this one, finished or not."""
        ...

    async def last_of_series(self, member_id: int, series: str) -> SavedPlaylist | None:
        """Return the member's last finished save of a series, frozen or not."""
        ...

    async def last_to_undo(self, member_id: int) -> SavedPlaylist | None:
        """Return the member's last finished save; one whose undo was begun and not finished comes first."""
        ...

    async def series_playlists(self, member_id: int) -> list[SavedPlaylist]:
        """Return the last finished save of each playlist that belongs to a series, the newest first."""
        ...

    async def set_frozen(self, saved: SavedPlaylist, frozen_at: datetime | None) -> bool:
        """Freeze the playlist of a save, or un-freeze it; False if by now another save has gone into it."""
        ...

    async def claim_undo(self, saved: SavedPlaylist, now: datetime, stale_before: datetime) -> SavedPlaylist | None:
        """Claim the undo of a finished save and return it; None if somebody is at it, or a newer save is in the way.

        Nor is one claimed whose earlier content was forgotten since `saved` was read. An undo that was begun before
        `stale_before` and not finished is taken over. The claim counts as one of the save's `attempts`, by which the
        steps below know who holds it.
        """
        ...

    async def renew_undo(self, held: SavedPlaylist, now: datetime, *, previous: PreviousContent | None = None) -> None:
        """Renew the claim before the next write, and note what is brought back if it has changed.

        Raises `UndoInProgress` if it was taken over.
        """
        ...

    async def release_undo(self, held: SavedPlaylist, *, begun: bool) -> None:
        """Give the claim of an undo back after a failure: the next click finishes at once what was begun.

        If nothing was begun, the save is again as it was.
        """
        ...

    async def finish_undo(self, held: SavedPlaylist) -> None:
        """Forget the save, if the claim is still held: a new click saves anew."""
        ...

    async def preferences(self, member_id: int) -> SavePreferences:
        """Return the member's choices, or the defaults for somebody who is not known."""
        ...

    async def set_preference(self, member_id: int, which: SaveSwitch, *, on: bool) -> SavePreferences:
        """Switch one choice on or off, making the member's row when missing; return all of them."""
        ...


class CoverArtist(Protocol):
    """Draws covers for saved playlists."""

    def draw(self, title: str, subtitle: str, seed: str) -> bytes:
        """Return a square JPEG of at most 190 KB; the same arguments give the same picture."""
        ...
