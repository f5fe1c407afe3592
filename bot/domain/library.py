"""Playlists and tracks as the community's database keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SOURCE_SPOTIFY = "spotify"
SOURCE_CATALOGUE = "catalogue"
SOURCE_EXPORT = "spotify-export"
"""The member's own copy of their data, which Spotify sends on request."""
SOURCE_EXPORTIFY = "exportify"
SOURCE_LINKS = "links"
UPLOADS = frozenset({SOURCE_EXPORT, SOURCE_EXPORTIFY, SOURCE_LINKS})
"""Sources that members bring by themselves."""


class PlaylistKind(StrEnum):
    """What a stored playlist is: one in Spotify, the liked songs, or a list that the member imported."""

    PLAYLIST = "playlist"
    LIKED = "liked"
    IMPORT = "import"


LIKED_ID = "crossfade:liked"
"""Stands for a Spotify id where the liked songs are stored as a playlist."""
LIKED_NAME = "Liked Songs"


class LibraryPart(StrEnum):
    """What a sync reads besides the playlists, each with a permission of its own."""

    LIKED = "liked"
    TOP = "top"
    RECENT = "recent"


@dataclass(frozen=True, slots=True)
class ArtistRef:
    """An artist; the URI is missing where only a name was known."""

    name: str
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """A track with what is known about it."""

    uri: str
    name: str
    artists: tuple[ArtistRef, ...] = ()
    album_name: str | None = None
    album_uri: str | None = None
    duration_ms: int | None = None
    explicit: bool | None = None
    isrc: str | None = None
    image_url: str | None = None
    url: str | None = None

    @property
    def artist_names(self) -> str:
        """The artists' names in their order, joined by commas."""
        return ", ".join(artist.name for artist in self.artists)


@dataclass(frozen=True, slots=True)
class PlaylistEntry:
    """A track at its place in a playlist."""

    track: TrackInfo
    added_at: datetime | None = None
    added_by: str | None = None


@dataclass(frozen=True, slots=True)
class RemotePlaylist:
    """A playlist as Spotify lists it."""

    spotify_id: str
    name: str
    description: str | None
    owner_id: str
    owner_name: str | None
    collaborative: bool
    public: bool | None
    snapshot_id: str
    total: int
    url: str | None
    image_url: str | None


@dataclass(frozen=True, slots=True)
class RemoteItems:
    """The tracks of a playlist, and how many items were skipped (local files, episodes, removed tracks)."""

    entries: tuple[PlaylistEntry, ...]
    skipped: int


@dataclass(frozen=True, slots=True)
class LibraryPlaylist:
    """A member's playlist in the database.

    `public` says whether Spotify shows it on their profile, `left_out` that it has no say in their taste.
    """

    id: int
    member_id: int
    spotify_id: str
    name: str
    public: bool | None
    snapshot_id: str
    n_tracks: int
    url: str | None
    image_url: str | None
    synced_at: datetime
    kind: PlaylistKind = PlaylistKind.PLAYLIST
    source: str = SOURCE_SPOTIFY
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did: playlists read, left as they were, removed, out of reach; tracks stored; items skipped.

    `liked` counts the liked songs and is None where they could not be read; `listens` counts those that were new.
    `not_allowed` names what the member's permission does not cover, `refused` what Spotify would not give all the same.
    """

    playlists_read: int
    playlists_unchanged: int
    playlists_removed: int
    playlists_out_of_reach: int
    tracks: int
    items_skipped: int
    finished_at: datetime
    liked: int | None = None
    listens: int = 0
    not_allowed: frozenset[LibraryPart] = frozenset()
    refused: frozenset[LibraryPart] = frozenset()


@dataclass(frozen=True, slots=True)
class CreatedPlaylist:
    """A playlist that was made in Spotify."""

    spotify_id: str
    name: str
    url: str
