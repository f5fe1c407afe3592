"""The records of the synthetic world that know more than a playlist entry does."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.records import Track


@dataclass(frozen=True, slots=True)
class SyntheticArtist:
    """An artist; `group` is the key of the taste group, `scene` a smaller circle inside it."""

    uri: str
    name: str
    group: str
    scene: int


@dataclass(frozen=True, slots=True)
class SyntheticAlbum:
    """A release: `kind` is "album" or "single" (up to three tracks), in the words of Spotify's `album_type`.

    `artist` is the position in the world's artists, `tracks` the positions in its tracks, in album order.
    """

    uri: str
    name: str
    kind: str
    artist: int
    release_date: str
    tracks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SyntheticTrack:
    """A track with what a catalogue knows about it.

    `artist` and `album` are positions in the world's artists and albums, `number` counts from 1 on the album, and
    `popularity` is the relative weight with which playlists pick the track. The same recording on another release
    has the same `isrc`.
    """

    record: Track
    isrc: str
    explicit: bool
    release_year: int
    group: str
    scene: int
    artist: int
    album: int
    number: int
    popularity: float
