"""The plain records that the library takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SOURCE_MPD = "mpd"
SOURCE_CHALLENGE = "mpd-challenge"
SOURCE_SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class Track:
    """One recording as a playlist names it; only the URI is always known."""

    uri: str
    name: str | None = None
    artist_name: str | None = None
    artist_uri: str | None = None
    album_name: str | None = None
    album_uri: str | None = None
    duration_ms: int | None = None
    explicit: bool | None = None


@dataclass(frozen=True, slots=True)
class Playlist:
    """An ordered list of tracks with what is known about it; `pid` is unique within its `source`."""

    pid: int
    tracks: tuple[Track, ...]
    title: str | None = None
    description: str | None = None
    followers: int | None = None
    collaborative: bool | None = None
    modified_at: datetime | None = None
    source: str = SOURCE_MPD


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a track is recommended: a sentence that is true, and what it rests on.

    `kind` is the generator that the reason comes from ("neighbours", "content" ...); `seeds` are the URIs of the
    seeds that it names; `count` is the raw number the text mentions, where there is one; `share` is the part of the
    track's score (0 to 1) that came from this generator.
    """

    kind: str
    text: str
    share: float
    seeds: tuple[str, ...] = ()
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommended track, its score (higher is better; comparable within one answer only) and its reasons."""

    track: Track
    score: float
    reasons: tuple[Reason, ...] = ()
