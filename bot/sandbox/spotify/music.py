"""The catalogue by identifier, as the stand-in looks things up."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from bot.sandbox.catalogue import SampleEpisode, SampleWorld
from recommender.audio import FEATURES, AudioFeatures
from recommender.synthetic import SyntheticAlbum, SyntheticArtist, SyntheticTrack


def bare_id(uri: str) -> str:
    """Return the last part of a Spotify URI."""
    return uri.rpartition(":")[2]


def folded(text: str) -> str:
    """Return text without case and accents, for comparing."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@dataclass(frozen=True, slots=True)
class SearchText:
    """The words that a track is found by, folded."""

    title: str
    artist: str
    album: str


@dataclass(slots=True)
class MusicIndex:
    """Looks up artists, albums, tracks and episodes of a sample world."""

    artists: dict[str, SyntheticArtist] = field(default_factory=dict)
    albums: dict[str, SyntheticAlbum] = field(default_factory=dict)
    tracks: dict[str, SyntheticTrack] = field(default_factory=dict)
    episodes: dict[str, SampleEpisode] = field(default_factory=dict)
    texts: dict[str, SearchText] = field(default_factory=dict)
    albums_of: dict[str, list[str]] = field(default_factory=dict)
    _features: AudioFeatures | None = None
    _features_at: dict[str, int] = field(default_factory=dict)
    _artist_at: tuple[SyntheticArtist, ...] = ()
    _album_at: tuple[SyntheticAlbum, ...] = ()
    _track_at: tuple[SyntheticTrack, ...] = ()

    @classmethod
    def of(cls, world: SampleWorld) -> MusicIndex:
        """Index a world."""
        music = world.music
        index = cls(_artist_at=music.artists, _album_at=music.albums, _track_at=music.tracks)
        index.artists = {bare_id(artist.uri): artist for artist in music.artists}
        index.albums = {bare_id(album.uri): album for album in music.albums}
        index.tracks = {bare_id(track.record.uri): track for track in music.tracks}
        index.episodes = {episode.id: episode for episode in world.episodes}
        for track_id, track in index.tracks.items():
            record = track.record
            index.texts[track_id] = SearchText(
                folded(record.name or ""), folded(record.artist_name or ""), folded(record.album_name or "")
            )
        index._features = music.features
        index._features_at = {bare_id(uri.decode()): row for row, uri in enumerate(music.features.uris)}
        newest_first = sorted(index.albums.items(), key=lambda item: item[1].release_date, reverse=True)
        for album_id, album in newest_first:
            index.albums_of.setdefault(bare_id(music.artists[album.artist].uri), []).append(album_id)
        return index

    def artist_of(self, item: SyntheticTrack | SyntheticAlbum) -> SyntheticArtist:
        """Return the artist of a track or an album."""
        return self._artist_at[item.artist]

    def album_of(self, track: SyntheticTrack) -> SyntheticAlbum:
        """Return the release that a track is on."""
        return self._album_at[track.album]

    def tracks_of(self, album: SyntheticAlbum) -> list[SyntheticTrack]:
        """Return the tracks of a release, in order."""
        return [self._track_at[position] for position in album.tracks]

    def top_tracks(self, artist_id: str, count: int) -> list[SyntheticTrack]:
        """Return the artist's most popular tracks."""
        tracks = [track for album in self.albums_of.get(artist_id, ()) for track in self.tracks_of(self.albums[album])]
        return sorted(tracks, key=lambda track: -track.popularity)[:count]

    def audio_features(self, track_id: str) -> dict[str, float] | None:
        """Return a track's audio features by name; None for a track that has none."""
        row = self._features_at.get(track_id)
        if row is None or self._features is None:
            return None
        values = self._features.values[row].tolist()
        return {feature.name: value for feature, value in zip(FEATURES, values, strict=True) if value == value}

    def has(self, uri: str) -> bool:
        """Tell whether a track or episode URI names something that can be in a playlist."""
        kind, identifier = uri.split(":")[1], bare_id(uri)
        return identifier in (self.tracks if kind == "track" else self.episodes)
