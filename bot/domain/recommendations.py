"""What was shown to whom, when and why."""

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


_FROM_THEIR_PLAYLISTS = frozenset({SetKind.DISCOVER, SetKind.PLAYLIST})


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

    @property
    def needs_account(self) -> bool:
        """Whether it was drawn from the member's own playlists, so that it must not outlive their connection."""
        return self.member_id is not None and self.kind in _FROM_THEIR_PLAYLISTS


@dataclass(frozen=True, slots=True)
class RecommendationSet:
    """Stored recommendations, best first; those of members without an account belong to nobody."""

    id: int
    kind: SetKind
    title: str
    subtitle: str
    member_id: int | None
    guild_id: int | None
    model: str
    created_at: datetime
    picks: tuple[Pick, ...]
