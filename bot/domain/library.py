"""Playlists and tracks as the community's database keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SOURCE_SPOTIFY = "spotify"
SOURCE_CATALOGUE = "catalogue"


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
    """A member's playlist in the database; `public` says whether Spotify shows it on their profile."""

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


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did: playlists read, left as they were, removed, out of reach; tracks stored; items skipped."""

    playlists_read: int
    playlists_unchanged: int
    playlists_removed: int
    playlists_out_of_reach: int
    tracks: int
    items_skipped: int
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class CreatedPlaylist:
    """A playlist that was made in Spotify."""

    spotify_id: str
    name: str
    url: str
