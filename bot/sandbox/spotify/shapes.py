"""The JSON objects of the Web API as development mode gives them since February 2026.

Absent on purpose: available_markets, popularity, linked_from, label, followers of artists, preview_url; see
https://developer.spotify.com/documentation/web-api/references/changes/february-2026.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote_plus

from bot.sandbox.catalogue import SampleEntry, SampleEpisode
from bot.sandbox.spotify.music import MusicIndex, bare_id
from bot.sandbox.spotify.playlists import StoredPlaylist
from bot.sandbox.spotify.state import Listener, SpotifyState
from recommender.synthetic import SyntheticAlbum, SyntheticArtist, SyntheticTrack

_WHOLE_FEATURES = ("key", "mode", "time_signature")
JsonObject = dict[str, object]
COVER_SIZE = 300


def timestamp(moment: datetime) -> str:
    """Return a moment as the Web API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Shapes:
    """Builds the objects for one stand-in, whose address is in every link."""

    def __init__(self, state: SpotifyState) -> None:
        self._state = state
        self._base = state.base_url
        self._music: MusicIndex = state.music

    def track(self, track: SyntheticTrack) -> JsonObject:
        """Return a TrackObject."""
        album = self.simple_album(self._music.album_of(track))
        return {"album": album, **self.simple_track(track), "external_ids": {"isrc": track.isrc}}

    def simple_track(self, track: SyntheticTrack) -> JsonObject:
        """Return a SimplifiedTrackObject."""
        return {
            "artists": [self.simple_artist(self._music.artist_of(track))],
            "disc_number": 1,
            "duration_ms": track.record.duration_ms,
            "explicit": track.explicit,
            **self._links("track", bare_id(track.record.uri)),
            "is_local": False,
            "is_playable": True,
            "name": track.record.name,
            "track_number": track.number,
        }

    def artist(self, artist: SyntheticArtist) -> JsonObject:
        """Return an ArtistObject; genres are deprecated and mostly empty, so they always are here."""
        identifier = bare_id(artist.uri)
        return {**self.simple_artist(artist), "genres": [], "images": self._images("artist", identifier)}

    def simple_artist(self, artist: SyntheticArtist) -> JsonObject:
        """Return a SimplifiedArtistObject."""
        return {**self._links("artist", bare_id(artist.uri)), "name": artist.name}

    def simple_album(self, album: SyntheticAlbum) -> JsonObject:
        """Return a SimplifiedAlbumObject."""
        identifier = bare_id(album.uri)
        return {
            "album_type": album.kind,
            "artists": [self.simple_artist(self._music.artist_of(album))],
            **self._links("album", identifier),
            "images": self._images("album", identifier),
            "name": album.name,
            "release_date": album.release_date,
            "release_date_precision": "day",
            "total_tracks": len(album.tracks),
        }

    def episode(self, episode: SampleEpisode) -> JsonObject:
        """Return an EpisodeObject."""
        return {
            "audio_preview_url": None,
            "description": episode.description,
            "html_description": f"<p>{episode.description}</p>",
            "duration_ms": episode.duration_ms,
            "explicit": False,
            **self._links("episode", episode.id),
            "images": self._images("episode", episode.id),
            "is_externally_hosted": False,
            "is_playable": True,
            "languages": ["en"],
            "name": episode.name,
            "release_date": episode.release_date,
            "release_date_precision": "day",
            "show": self._show(episode),
        }

    def entry(self, entry: SampleEntry) -> JsonObject:
        """Return a PlaylistTrackObject; the item of a lost track is null."""
        by = self._links("user", entry.added_by)
        local = entry.uri is not None and entry.uri.startswith("spotify:local:")
        return {
            "added_at": timestamp(entry.added_at),
            "added_by": by,
            "is_local": local,
            "item": self._item(entry.uri),
        }

    def simple_playlist(self, playlist: StoredPlaylist) -> JsonObject:
        """Return a SimplifiedPlaylistObject."""
        href = f"{self._base}/v1/playlists/{playlist.id}/items"
        owner = self._state.listeners[playlist.owner]
        return {
            "collaborative": playlist.collaborative,
            "description": playlist.description,
            **self._links("playlist", playlist.id),
            "images": self.playlist_images(playlist),
            "name": playlist.name,
            "owner": {**self._links("user", owner.id), "display_name": owner.profile.display_name},
            "public": playlist.public,
            "snapshot_id": playlist.snapshot_id,
            "items": {"href": href, "total": len(playlist.entries)},
        }

    def playlist_images(self, playlist: StoredPlaylist) -> list[JsonObject]:
        """Return the cover; a playlist with nothing in it and no cover of its own has none."""
        if playlist.cover is not None:
            return [{"url": f"{self._base}/image/playlist/{playlist.id}.jpg", "height": None, "width": None}]
        return self._images("playlist", playlist.id) if playlist.entries else []

    def me(self, listener: Listener) -> JsonObject:
        """Return a PrivateUserObject without the fields that are gone."""
        return {
            "account_id": listener.profile.account_id,
            "display_name": listener.profile.display_name,
            **self._links("user", listener.id),
            "images": self._images("user", listener.id),
        }

    def _item(self, uri: str | None) -> JsonObject | None:
        if uri is None:
            return None
        if uri.startswith("spotify:local:"):
            return _local_file(uri)
        if uri.startswith("spotify:episode:"):
            return self.episode(self._music.episodes[bare_id(uri)])
        return self.track(self._music.tracks[bare_id(uri)])

    def _show(self, episode: SampleEpisode) -> JsonObject:
        return {
            "copyrights": [],
            "description": episode.show_description,
            "html_description": f"<p>{episode.show_description}</p>",
            "explicit": False,
            **self._links("show", episode.show_id),
            "images": self._images("show", episode.show_id),
            "is_externally_hosted": False,
            "languages": ["en"],
            "media_type": "audio",
            "name": episode.show_name,
            "total_episodes": 1,
        }

    def _links(self, kind: str, identifier: str) -> JsonObject:
        return {
            "external_urls": {"spotify": f"{self._base}/{kind}/{identifier}"},
            "href": f"{self._base}/v1/{kind}s/{identifier}",
            "id": identifier,
            "type": kind,
            "uri": f"spotify:{kind}:{identifier}",
        }

    def _images(self, kind: str, identifier: str) -> list[JsonObject]:
        url = f"{self._base}/image/{kind}/{identifier}.png"
        return [{"url": url, "height": COVER_SIZE, "width": COVER_SIZE}]


def _local_file(uri: str) -> JsonObject:
    """Return a local file, `spotify:local:ARTIST:ALBUM:TITLE:SECONDS`; Spotify knows no id for any part of it."""
    artist, album, title, seconds = (unquote_plus(part) for part in uri.split(":")[2:6])
    nothing: JsonObject = {"external_urls": {}, "href": None, "id": None, "uri": None}
    return {
        "album": {
            **nothing,
            "album_type": None,
            "artists": [],
            "images": [],
            "name": album,
            "release_date": None,
            "release_date_precision": None,
            "type": "album",
        },
        "artists": [{**nothing, "name": artist, "type": "artist"}],
        "disc_number": 0,
        "duration_ms": int(seconds) * 1000,
        "explicit": False,
        "external_ids": {},
        "external_urls": {},
        "href": None,
        "id": None,
        "is_local": True,
        "name": title,
        "track_number": 0,
        "type": "track",
        "uri": uri,
    }


def features_of(music: MusicIndex, base_url: str, track_id: str) -> JsonObject | None:
    """Return an AudioFeaturesObject; None for a track that is unknown or has no features."""
    values, track = music.audio_features(track_id), music.tracks.get(track_id)
    if values is None or track is None:
        return None
    whole = {name: int(values[name]) for name in _WHOLE_FEATURES if name in values}
    return {
        **values,
        **whole,
        "type": "audio_features",
        "id": track_id,
        "uri": track.record.uri,
        "track_href": f"{base_url}/v1/tracks/{track_id}",
        "analysis_url": f"{base_url}/v1/audio-analysis/{track_id}",
        "duration_ms": track.record.duration_ms,
    }
