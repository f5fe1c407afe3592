"""Lists that are saved into a member's Spotify: how they want it, how far a save is, and what it took the place of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.library import CreatedPlaylist

UNDO_WITHIN: Final = timedelta(days=1)
"""How long after it is finished a save can be undone."""
STALE_AFTER: Final = timedelta(minutes=2)
"""How long a claim may stand still before another click may take it over."""


class SaveSwitch(StrEnum):
    """What a member can switch on or off about how their lists are saved."""

    PUBLIC = "public"
    COVER = "cover"
    REUSE = "reuse"


@dataclass(frozen=True, slots=True)
class SavePreferences:
    """A member's choices: public or private, with a cover of ours, into last week's playlist or a new one each time."""

    public: bool = False
    cover: bool = True
    reuse: bool = True

    def on(self, which: SaveSwitch) -> bool:
        """Return whether a switch is on."""
        return {SaveSwitch.PUBLIC: self.public, SaveSwitch.COVER: self.cover, SaveSwitch.REUSE: self.reuse}[which]


class SaveMode(StrEnum):
    """How a click wants a list saved: as usual, as a playlist of its own, or so that last week's stays as it is."""

    USUAL = "usual"
    NEW = "new"
    KEEP = "keep"


class SaveStatus(StrEnum):
    """How far a save has come: claimed by a click, its playlist known but not filled, done."""

    CLAIMED = "claimed"
    CREATED = "created"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class PreviousContent:
    """What a playlist was before a save took it over, so that an undo can bring it back.

    `skipped` counts the items that nobody can put back (local files, episodes). `set_id` is the list that was in it,
    whose cover is drawn again; None if it had no cover of ours.
    """

    name: str
    description: str
    public: bool
    uris: tuple[str, ...]
    skipped: int = 0
    set_id: int | None = None


@dataclass(frozen=True, slots=True)
class SaveTerms:
    """What is settled when a playlist is first asked for: its series, who sees it, how many tracks it gets."""

    series: str | None
    public: bool
    n_tracks: int


@dataclass(frozen=True, slots=True)
class SavedPlaylist:
    """The one playlist that a member's clicks on one set lead to.

    `attempts` counts the claims: whoever holds a smaller number than the stored one has been taken over. `mark` is what
    the playlist's description ends with; None until the playlist was first asked for. `previous` is None when the
    playlist was made by this save. Of the `n_tracks` to write Spotify has taken `written` so far.
    """

    id: int
    set_id: int
    member_id: int
    status: SaveStatus
    claimed_at: datetime
    attempts: int
    mark: str | None
    spotify_id: str | None
    name: str | None
    url: str | None
    finished_at: datetime | None = None
    series: str | None = None
    n_tracks: int | None = None
    written: int = 0
    public: bool | None = None
    covered_at: datetime | None = None
    undoing_at: datetime | None = None
    frozen_at: datetime | None = None
    previous: PreviousContent | None = None

    @property
    def playlist(self) -> CreatedPlaylist:
        """The playlist that it led to; blank as long as none is known."""
        return CreatedPlaylist(self.spotify_id or "", self.name or "", self.url or "")

    @property
    def reusable(self) -> bool:
        """Whether the next list of the series may go into its playlist."""
        return self.status is SaveStatus.DONE and self.frozen_at is None and self.undoing_at is None

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be undone; None for a save that is not finished."""
        return None if self.finished_at is None else self.finished_at + UNDO_WITHIN


@dataclass(frozen=True, slots=True)
class SaveClaim:
    """The outcome of trying to claim a save: `won` says that the caller is the one to do the work."""

    saved: SavedPlaylist
    won: bool
    taken_over: bool
