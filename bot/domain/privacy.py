"""What is kept of a member, as they are shown it, and what they may opt out of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.accounts import AccountStatus
from bot.domain.digests import DigestSchedule
from bot.domain.errors import CrossfadeError
from bot.domain.library import PlaylistKind, TrackInfo
from bot.domain.listening import TimeRange
from bot.domain.recommendations import SetKind
from bot.domain.saving import SavePreferences, SaveStatus


class OptOut(StrEnum):
    """What a member's data is not to be used for, although it is kept."""

    DIGESTS = "digests"
    """Choosing the music of the weekly digests of the servers that they are in."""
    LEARNING = "learning"
    """Training models."""
    BLENDS = "blends"
    """Lists that are mixed for several members."""


class ExportTooLarge(CrossfadeError):
    """What is kept of a member does not fit into an attachment."""

    def __init__(self) -> None:
        super().__init__(
            "Your data is larger than a file in Discord may be: ask the bot's host for it, who has a command for that."
        )


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """The link to Spotify, without its secrets."""

    account_id: str
    user_id: str
    display_name: str
    url: str | None
    status: AccountStatus
    scopes: tuple[str, ...]
    authorised_at: datetime
    token_ends_at: datetime
    told_of_end_at: datetime | None
    told_of_coming_end_at: datetime | None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class KeptSummary:
    """How much is kept of a member; `known` says whether they have a row at all.

    `playlists` counts those of Spotify, `imported` the lists that the member brought, `liked` the liked songs;
    `entries` are the tracks in all of them. `top_items` are places among the most played tracks and artists.
    """

    known: bool = False
    account_name: str | None = None
    authorised_at: datetime | None = None
    playlists: int = 0
    entries: int = 0
    sets: int = 0
    recommendations: int = 0
    saved_playlists: int = 0
    servers: int = 0
    digests: int = 0
    sign_ins: int = 0
    opt_outs: frozenset[OptOut] = frozenset()
    imported: int = 0
    liked: int = 0
    listens: int = 0
    top_items: int = 0
    apps: int = 0

    @property
    def rows(self) -> int:
        """How many rows an export has to read, about."""
        return self.entries + self.listens + self.recommendations + self.playlists + self.imported + self.sets


@dataclass(frozen=True, slots=True)
class KeptSignIn:
    """A sign-in that was begun, without its secrets."""

    server_id: int | None
    begun_at: datetime
    ends_at: datetime
    used_at: datetime | None
    client_id: str | None = None
    member_name: str | None = None


@dataclass(frozen=True, slots=True)
class KeptServer:
    """A server in which the member uses the bot."""

    server_id: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class KeptPlaylist:
    """A playlist of the member's library; of another owner only that it is another is told.

    `id` is the database's, which entries refer to; `owned` is None where no owner is known.
    """

    id: int
    spotify_id: str
    source: str
    name: str
    description: str | None
    owned: bool | None
    collaborative: bool
    public: bool | None
    snapshot_id: str
    total: int
    n_tracks: int
    url: str | None
    image_url: str | None
    rank: int
    synced_at: datetime
    kind: PlaylistKind = PlaylistKind.PLAYLIST
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """A track at its place in a playlist (from 0); `by_member` is None where nobody knows who added it."""

    playlist_id: int
    position: int
    track_id: int
    added_at: datetime | None
    by_member: bool | None


@dataclass(frozen=True, slots=True)
class KeptPick:
    """A recommended track of a list."""

    track_id: int
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptSet:
    """Recommendations that were shown to the member together, best first."""

    id: int
    kind: SetKind
    title: str
    subtitle: str
    server_id: int | None
    model: str
    shown_at: datetime
    picks: tuple[KeptPick, ...]


@dataclass(frozen=True, slots=True)
class KeptSave:
    """The record of a playlist that the member saved; the list may have been a server's.

    `previous` is what the playlist held before it was changed, for an undo.
    """

    set_id: int
    set_title: str
    status: SaveStatus
    claimed_at: datetime
    finished_at: datetime | None
    attempts: int
    mark: str | None
    spotify_id: str | None
    name: str | None
    url: str | None
    series: str | None = None
    n_tracks: int | None = None
    written: int = 0
    public: bool | None = None
    covered_at: datetime | None = None
    undoing_at: datetime | None = None
    frozen_at: datetime | None = None
    previous: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class KeptDigest:
    """A server's digest that the member set up."""

    server_id: int
    schedule: DigestSchedule
    enabled: bool
    next_due_at: datetime
    stopped_because: str | None


@dataclass(frozen=True, slots=True)
class KeptApp:
    """The Spotify app that the member registered for a server, without its secret."""

    server_id: int
    client_id: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class KeptSync:
    """How far the sync of the member's library has come."""

    due_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    done: int
    total: int
    fault: str | None
    top_read_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeptListen:
    """A track that the member played; `ms_played` is known of imported listens only."""

    track_id: int
    played_at: datetime
    ms_played: int | None
    source: str


@dataclass(frozen=True, slots=True)
class KeptTopTrack:
    """A track among those that the member played most, the most played at rank 0."""

    time_range: TimeRange
    rank: int
    track_id: int
    source: str


@dataclass(frozen=True, slots=True)
class KeptTopArtist:
    """An artist among those that the member played most, the most played at rank 0."""

    time_range: TimeRange
    rank: int
    name: str
    uri: str | None
    source: str


@dataclass(frozen=True, slots=True)
class KeptData:
    """Everything that is kept of a member, but for secrets and other people's data.

    `named_in_entries` and `named_in_playlists` count where other members' libraries name the member's Spotify account,
    as who added a track or who owns a playlist; the libraries themselves are those members'.
    """

    member_id: int
    opt_outs: frozenset[OptOut]
    account: KeptAccount | None
    sign_ins: tuple[KeptSignIn, ...]
    servers: tuple[KeptServer, ...]
    playlists: tuple[KeptPlaylist, ...]
    entries: tuple[KeptEntry, ...]
    sets: tuple[KeptSet, ...]
    saves: tuple[KeptSave, ...]
    digests: tuple[KeptDigest, ...]
    tracks: Mapping[int, TrackInfo]
    named_in_entries: int
    named_in_playlists: int
    preferences: SavePreferences = field(default_factory=SavePreferences)
    sync: KeptSync | None = None
    apps: tuple[KeptApp, ...] = ()
    listens: tuple[KeptListen, ...] = ()
    top_tracks: tuple[KeptTopTrack, ...] = ()
    top_artists: tuple[KeptTopArtist, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberExport:
    """Everything that is kept of a member as a ZIP archive."""

    filename: str
    content: bytes
