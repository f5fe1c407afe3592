"""What the saving services answer, for a face to draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.library import CreatedPlaylist
from bot.domain.saving import SavedPlaylist, SavePreferences


class WhyNew(StrEnum):
    """Why a list goes into a new playlist and not into the last one of its series."""

    NO_SERIES = "no series"
    FIRST = "first"
    ASKED = "asked"
    KEPT = "kept"
    OLDER = "older"
    SWITCHED_OFF = "switched off"
    FROZEN = "frozen"
    BEING_UNDONE = "being undone"
    GONE = "gone"
    GROWN = "grown"


class CoverState(StrEnum):
    """Whether a saved playlist gets a cover of ours."""

    DRAWN = "drawn"
    SWITCHED_OFF = "switched off"
    NOT_ALLOWED = "not allowed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a list goes: into the playlist of `last`, or into a new one, because of `why`."""

    series: str | None
    last: SavedPlaylist | None = None
    why: WhyNew | None = None

    @property
    def reuses(self) -> bool:
        """Whether it goes into a playlist that is there already."""
        return self.last is not None and self.why is None


@dataclass(frozen=True, slots=True)
class SavePlan:
    """What a click on Save would write; `saved` is the save there is already, finished or begun.

    `outdated` says that a newer list has gone into its playlist since.
    """

    set_id: int
    name: str
    description: str
    n_tracks: int
    repeated: int
    unknown: int
    target: Target
    preferences: SavePreferences
    cover: CoverState
    saved: SavedPlaylist | None = None
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class SaveOutcome:
    """The saved playlist; `already` says that another click had made it.

    `replaced` is what was in the playlist before, if it was reused: its name then, and how many tracks. `outdated` says
    that a newer list has gone into the playlist since. `cover` is None where this click had no say in it.
    """

    playlist: CreatedPlaylist
    already: bool
    n_tracks: int
    save_id: int = 0
    set_id: int = 0
    repeated: int = 0
    unknown: int = 0
    public: bool = False
    replaced: tuple[str, int] | None = None
    why_new: WhyNew | None = None
    cover: CoverState | None = None
    undo_until: datetime | None = None
    outdated: bool = False
    weekly: bool = False


class UndoKind(StrEnum):
    """What an undo did: removed a playlist, gave one back what it was, or found that it was gone."""

    REMOVED = "removed"
    RESTORED = "restored"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class UndoOutcome:
    """What an undo did.

    `lost` counts the items that could not be put back, `kept` the tracks that the member had added since the save.
    `cover_stays` says that the playlist still has our cover.
    """

    kind: UndoKind
    name: str
    set_id: int
    url: str = ""
    n_tracks: int = 0
    lost: int = 0
    kept: int = 0
    cover_stays: bool = False
