"""What is kept of a member, as they are shown it, and what they may opt out of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.accounts import AccountStatus
from bot.domain.digests import DigestSchedule
from bot.domain.errors import CrossfadeError
from bot.domain.library import TrackInfo
from bot.domain.recommendations import SaveStatus, SetKind


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
            "Your data is larger than a file in Discord may be: ask the bot's host, who can copy it from the database."
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


@dataclass(frozen=True, slots=True)
class KeptSummary:
    """How much is kept of a member; `known` says whether they have a row at all."""

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

    @property
    def rows(self) -> int:
        """How many rows an export has to read, about."""
        return self.entries + self.recommendations + self.playlists + self.sets + self.saved_playlists


@dataclass(frozen=True, slots=True)
class KeptSignIn:
    """A sign-in that was begun, without its secrets."""

    server_id: int | None
    begun_at: datetime
    ends_at: datetime
    used_at: datetime | None


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
    """The record of a playlist that the member saved; the list may have been a server's."""

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


@dataclass(frozen=True, slots=True)
class KeptDigest:
    """A server's digest that the member set up."""

    server_id: int
    schedule: DigestSchedule
    enabled: bool
    next_due_at: datetime
    stopped_because: str | None


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


@dataclass(frozen=True, slots=True)
class MemberExport:
    """Everything that is kept of a member as a ZIP archive."""

    filename: str
    content: bytes
