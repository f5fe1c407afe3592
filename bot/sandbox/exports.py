"""What a sample listener would bring who cannot link Spotify: both kinds of Spotify's data, and an Exportify CSV."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.catalogue import SampleEntry, SampleListener, SamplePlaylist, SampleWorld
from bot.sandbox.listeners import EPISODE
from recommender.synthetic import SyntheticTrack

_PLAYED_MS = 187_000
_HEADER = (
    "Track URI",
    "Track Name",
    "Artist URI(s)",
    "Artist Name(s)",
    "Album URI",
    "Album Name",
    "Track Duration (ms)",
    "ISRC",
    "Added At",
    "Danceability",
)


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file to download, under the name that it has where members get it."""

    title: str
    name: str
    media_type: str
    content: bytes


class SampleExports:
    """Writes the files of one listener.

    Args:
        world: the sample world.
        listener_id: whose files they are.
    """

    def __init__(self, world: SampleWorld, listener_id: str) -> None:
        self._tracks = {track.record.uri: track for track in world.music.tracks}
        self._listener: SampleListener = next(one for one in world.listeners if one.id == listener_id)
        self._playlists = [playlist for playlist in world.playlists if playlist.owner == listener_id]

    def files(self) -> list[SampleFile]:
        """Return one file of each kind."""
        name, playlist = self.exportify()
        return [
            SampleFile("Spotify's account data", "my_spotify_data.zip", "application/zip", self.account_data()),
            SampleFile(
                "extended streaming history",
                "my_spotify_data_extended.zip",
                "application/zip",
                self.extended_history(),
            ),
            SampleFile("a playlist from Exportify", name, "text/csv; charset=utf-8", playlist),
        ]

    def account_data(self) -> bytes:
        """Return the ZIP that Spotify sends within days: playlists, liked songs, and a year of plays by name."""
        history = [
            {
                "endTime": f"{moment:%Y-%m-%d %H:%M}",
                "artistName": self._tracks[uri].record.artist_name,
                "trackName": self._tracks[uri].record.name,
                "msPlayed": _PLAYED_MS,
            }
            for uri, moment in reversed(self._listener.plays)
        ]
        files = {
            "Playlist1.json": {"playlists": [self._playlist(playlist) for playlist in self._playlists]},
            "YourLibrary.json": {"tracks": [self._liked(uri) for uri, _ in self._listener.saved], "albums": []},
            "StreamingHistory_music_0.json": history,
            "StreamingHistory_podcast_0.json": [],
            "Identity.json": {"displayName": self._listener.display_name},
            "Userdata.json": {"username": self._listener.id, "email": f"{self._listener.id}@example.org"},
        }
        return _zip({f"Spotify Account Data/{name}": content for name, content in files.items()})

    def extended_history(self) -> bytes:
        """Return the ZIP that Spotify sends within a month: every play with its track's URI."""
        plays = [self._play(uri, moment) for uri, moment in reversed(self._listener.plays)]
        years = f"{self._listener.plays[-1][1]:%Y}-{self._listener.plays[0][1]:%Y}" if plays else "2026"
        return _zip({f"Spotify Extended Streaming History/Streaming_History_Audio_{years}_0.json": plays})

    def exportify(self, name: str | None = None) -> tuple[str, bytes]:
        """Return the file name and the content of the CSV of a playlist, by default of the listener's first."""
        playlist = next(one for one in self._playlists if name in {None, one.name})
        written = io.StringIO()
        rows = csv.writer(written)
        rows.writerow(_HEADER)
        for entry in playlist.entries:
            if entry.uri in self._tracks:
                rows.writerow(self._row(self._tracks[entry.uri], entry.added_at))
        return f"{playlist.name.replace(' ', '_')}.csv", written.getvalue().encode()

    def _playlist(self, playlist: SamplePlaylist) -> Mapping[str, object]:
        last = max((entry.added_at for entry in playlist.entries), default=None)
        return {
            "name": playlist.name,
            "lastModifiedDate": f"{last:%Y-%m-%d}" if last else "",
            "items": [self._item(entry) for entry in playlist.entries],
            "description": playlist.description or None,
            "numberOfFollowers": 0,
        }

    def _item(self, entry: SampleEntry) -> Mapping[str, object]:
        item: dict[str, object] = {"track": None, "episode": None, "localTrack": None}
        added = {"addedDate": f"{entry.added_at:%Y-%m-%d}"}
        if entry.uri in self._tracks:
            record = self._tracks[entry.uri].record
            item["track"] = {
                "trackName": record.name,
                "artistName": record.artist_name,
                "albumName": record.album_name,
                "trackUri": record.uri,
            }
        elif entry.uri is not None and entry.uri.startswith("spotify:episode:"):
            item["episode"] = {"episodeName": EPISODE["name"], "episodeUri": entry.uri}
        elif entry.uri is not None:
            item["localTrack"] = {"uri": entry.uri}
        return {**item, **added}

    def _liked(self, uri: str) -> Mapping[str, object]:
        record = self._tracks[uri].record
        return {"artist": record.artist_name, "album": record.album_name, "track": record.name, "uri": uri}

    def _play(self, uri: str, moment: datetime) -> Mapping[str, object]:
        record = self._tracks[uri].record
        return {
            "ts": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "platform": "linux",
            "ms_played": _PLAYED_MS,
            "conn_country": "ZZ",
            "ip_addr": "192.0.2.17",
            "master_metadata_track_name": record.name,
            "master_metadata_album_artist_name": record.artist_name,
            "master_metadata_album_album_name": record.album_name,
            "spotify_track_uri": uri,
            "episode_name": None,
            "spotify_episode_uri": None,
            "reason_end": "trackdone",
            "shuffle": False,
            "skipped": False,
            "offline": False,
            "incognito_mode": False,
        }

    def _row(self, track: SyntheticTrack, added_at: datetime) -> tuple[object, ...]:
        record = track.record
        return (
            record.uri,
            record.name,
            record.artist_uri,
            (record.artist_name or "").replace(",", "\\,"),
            record.album_uri,
            record.album_name,
            record.duration_ms,
            track.isrc,
            f"{added_at:%Y-%m-%dT%H:%M:%SZ}",
            0.5,
        )


def _zip(files: Mapping[str, object]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, json.dumps(content, ensure_ascii=False, indent=2))
    return written.getvalue()
