"""What members listen to: liked songs, top tracks and artists, single listens, and how a sync goes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.errors import CrossfadeError, SpotifyRateLimited, SpotifyUnavailable
from bot.domain.library import ArtistRef, RemoteItems, TrackInfo


class TimeRange(StrEnum):
    """Over which time Spotify counts: about four weeks, six months, a year."""

    SHORT = "short_term"
    MEDIUM = "medium_term"
    LONG = "long_term"


LISTENS_KEPT_FOR = timedelta(days=180)
"""Listens that were read from Spotify are forgotten so long after they happened; imported ones stay."""


@dataclass(frozen=True, slots=True)
class Listen:
    """A track that was played at a moment (aware); `ms_played` is known of imported listens only."""

    track: TrackInfo
    played_at: datetime
    ms_played: int | None = None


@dataclass(frozen=True, slots=True)
class LikedSongs:
    """The liked songs, newest first; `mark` changes whenever they do, as a playlist's snapshot_id does."""

    items: RemoteItems
    mark: str


@dataclass(frozen=True, slots=True)
class TopItems:
    """What a member played most, by time range, the most played first."""

    tracks: dict[TimeRange, tuple[TrackInfo, ...]]
    artists: dict[TimeRange, tuple[ArtistRef, ...]]


class SyncStep(StrEnum):
    """What a sync is at."""

    LISTING = "listing"
    PLAYLISTS = "playlists"
    LIKED = "liked"
    LISTENING = "listening"


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a sync has come: `done` of `total` playlists have been dealt with."""

    step: SyncStep
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class SyncState:
    """What is stored of a member's syncs; `due_at` is None while none is wanted.

    `claimed_at` is the last sign of life of one that runs; `outages` counts those in a row that an outage ended.
    """

    member_id: int
    due_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    done: int = 0
    total: int = 0
    fault: str | None = None
    top_read_at: datetime | None = None
    claimed_at: datetime | None = None
    outages: int = 0


class SyncElsewhere(CrossfadeError):
    """Another process is reading the member's library at this moment."""

    def __init__(self, done: int = 0, total: int = 0) -> None:
        self.done = done
        self.total = total
        so_far = f", {done:,} of {total:,} so far" if total else ""
        super().__init__(f"Your playlists are being read already{so_far}: look at /playlists in a minute.")


class SyncPaused(SpotifyRateLimited):
    """Spotify wants to be left alone until `retry_at`; the sync goes on then by itself."""

    def __init__(self, limit: SpotifyRateLimited, done: int = 0, total: int = 0) -> None:
        super().__init__(limit.retry_at, limit.reason, guessed=limit.guessed)
        self.done = done
        self.total = total
        self.args = (f"{_so_far(done, total)}Spotify wants a pause: I go on by myself {_when(limit.retry_at)}.",)


class SyncInterrupted(SpotifyUnavailable):
    """Spotify does not answer; the sync goes on by itself at `goes_on_at`."""

    def __init__(self, goes_on_at: datetime, done: int = 0, total: int = 0) -> None:
        self.goes_on_at = goes_on_at
        self.done = done
        self.total = total
        super().__init__(
            f"{_so_far(done, total)}Spotify does not answer at the moment: I try again by myself {_when(goes_on_at)}."
        )


def _so_far(done: int, total: int) -> str:
    return f"{done:,} of {total:,} playlists are read. " if total else ""


def _when(moment: datetime) -> str:
    return f"<t:{math.ceil(moment.timestamp())}:R>"
