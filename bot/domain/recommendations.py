"""What was shown to whom, when and why, and what was saved of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.library import TrackInfo


class SetKind(StrEnum):
    """What asked for the recommendations."""

    DISCOVER = "discover"
    PLAYLIST = "playlist"
    TRACK = "track"
    TITLE = "title"
    DIGEST = "digest"
    PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Pick:
    """A recommended track with its score and the sentences that say why."""

    track: TrackInfo
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewSet:
    """Recommendations that are about to be stored; `member_id` is None for a server's digest."""

    kind: SetKind
    title: str
    subtitle: str
    member_id: int | None
    guild_id: int | None
    model: str
    created_at: datetime
    picks: tuple[Pick, ...]


@dataclass(frozen=True, slots=True)
class RecommendationSet:
    """Stored recommendations, best first."""

    id: int
    kind: SetKind
    title: str
    subtitle: str
    member_id: int | None
    guild_id: int | None
    model: str
    created_at: datetime
    picks: tuple[Pick, ...]


class SaveStatus(StrEnum):
    """How far a save has come: claimed by a click, made in Spotify but not filled, done."""

    CLAIMED = "claimed"
    CREATED = "created"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SavedPlaylist:
    """The one playlist that a member's clicks on one set lead to."""

    id: int
    set_id: int
    member_id: int
    status: SaveStatus
    claimed_at: datetime
    spotify_id: str | None
    name: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class SaveClaim:
    """The outcome of trying to claim a save: `won` says that the caller is the one to do the work."""

    saved: SavedPlaylist
    won: bool
    taken_over: bool
