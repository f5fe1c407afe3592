"""The JSON files of Spotify's account data and of its extended streaming history, under their names of all years.

Only what is named here is ever looked at: addresses, countries and devices in the same records are passed over, and the
other files of the archive (payments, searches, identity) are not opened.

Source: https://support.spotify.com/article/understanding-your-data/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from bot.domain.imports import UNNAMED_TRACK, ImportedPlaylist, LeftOut, NamedListen
from bot.domain.library import PlaylistEntry
from bot.domain.listening import Listen
from bot.imports.budget import Budget
from bot.imports.collecting import Collection, Entries, TrackCache, cleaned_name
from bot.imports.json_stream import DamagedJson, JsonStream
from bot.imports.values import MIN_LISTEN_MS, milliseconds, moment, text, uri_of


class Content(StrEnum):
    """What a file of the export holds."""

    PLAYLISTS = "playlists"
    LIBRARY = "library"
    HISTORY = "history"
    EXTENDED = "extended"


_NAMES = {
    Content.PLAYLISTS: re.compile(r"playlists?[ _]?\d*\.json"),
    Content.LIBRARY: re.compile(r"your_?library\d*\.json"),
    Content.HISTORY: re.compile(r"streaminghistory(?:_music_)?\d*\.json"),
    Content.EXTENDED: re.compile(r"(?:streaming_history_(?:audio|music)_.*|endsong(?:_\d+)?)\.json"),
}
_PLAYLIST_UNNAMED = "Untitled playlist"


def content_of(basename: str) -> Content | None:
    """Return what a file of this name holds; None for one that is none of ours."""
    name = basename.casefold()
    return next((content for content, pattern in _NAMES.items() if pattern.fullmatch(name)), None)


class AccountDataReader:
    """Reads the files of one export into a collection each.

    Args:
        now: times later than tomorrow are wrong.
        budget: what all files together may cost.
    """

    def __init__(self, now: datetime, budget: Budget) -> None:
        self._now = now
        self._budget = budget
        self._tracks = TrackCache(budget)

    def read(self, content: Content, name: str, chunks: Iterator[bytes], into: Collection) -> None:
        """Read a file as far as it goes; where it is damaged that is named."""
        readers: Mapping[Content, Callable[[JsonStream, Collection], None]] = {
            Content.PLAYLISTS: self._playlists,
            Content.LIBRARY: self._library,
            Content.HISTORY: self._history,
            Content.EXTENDED: self._extended,
        }
        stream = JsonStream(chunks, self._budget)
        try:
            if stream.peek() == "":
                into.add_problem(f"{name} is empty.")
                return
            readers[content](stream, into)
        except DamagedJson as fault:
            into.add_problem(f"{name} is {fault}: only what stands before that place was read.")

    def _playlists(self, stream: JsonStream, into: Collection) -> None:
        for key in _members(stream):
            if key == "playlists" and stream.peek() == "[":
                for _ in stream.items():
                    if stream.peek() == "{":
                        self._playlist(stream, into)
                    else:
                        stream.skip()
                        into.left_out[LeftOut.DAMAGED] += 1
            else:
                stream.skip()

    def _playlist(self, stream: JsonStream, into: Collection) -> None:
        said: dict[str, object] = {}
        entries = into.entries()
        try:
            for key in stream.members():
                if key in {"items", "tracks"} and stream.peek() == "[":
                    for _ in stream.items():
                        self._entry(stream.value(), entries, into)
                elif key in {"name", "description", "lastModifiedDate"}:
                    said[key] = stream.value()
                else:
                    stream.skip()
        finally:
            # Where the file is cut off, what was read of the playlist counts.
            taken = entries.taken()
            if taken or "name" in said:
                into.add_playlist(
                    ImportedPlaylist(
                        cleaned_name(said.get("name"), _PLAYLIST_UNNAMED),
                        taken,
                        text(said.get("description")),
                        moment(said.get("lastModifiedDate"), self._now),
                    )
                )

    def _entry(self, item: object, entries: Entries, into: Collection) -> None:
        if not isinstance(item, dict):
            into.left_out[LeftOut.DAMAGED] += 1
            return
        track = item.get("track")
        if not isinstance(track, dict):
            into.left_out[_why_no_track(item)] += 1
            return
        uri = uri_of(track.get("trackUri"))
        if uri is None:
            into.left_out[_why_no_uri(track.get("trackUri"))] += 1
            return
        name = text(track.get("trackName")) or UNNAMED_TRACK
        info = self._tracks.track(uri, name, text(track.get("artistName")), text(track.get("albumName")))
        entries.add(PlaylistEntry(info, moment(item.get("addedDate"), self._now)))

    def _library(self, stream: JsonStream, into: Collection) -> None:
        liked = into.entries()
        try:
            for key in _members(stream):
                if key == "tracks" and stream.peek() == "[":
                    for _ in stream.items():
                        self._liked(stream.value(), liked, into)
                else:
                    stream.skip()
        finally:
            into.add_liked(liked.taken())

    def _liked(self, item: object, liked: Entries, into: Collection) -> None:
        if not isinstance(item, dict):
            into.left_out[LeftOut.DAMAGED] += 1
            return
        uri = uri_of(item.get("uri"))
        if uri is None:
            into.left_out[_why_no_uri(item.get("uri"))] += 1
            return
        name = text(item.get("track")) or UNNAMED_TRACK
        info = self._tracks.track(uri, name, text(item.get("artist")), text(item.get("album")))
        liked.add(PlaylistEntry(info, moment(item.get("addedDate"), self._now)))

    def _history(self, stream: JsonStream, into: Collection) -> None:
        for item in _plays(stream, into):
            ms, played_at = self._play(item, "msPlayed", "endTime", into)
            if ms is None or played_at is None:
                continue
            title, artist = (self._budget.name(text(item.get(key))) for key in ("trackName", "artistName"))
            if title is None or artist is None:
                into.left_out[LeftOut.NO_TRACK] += 1
            else:
                into.add_named_listen(NamedListen(title, artist, played_at, ms))

    def _extended(self, stream: JsonStream, into: Collection) -> None:
        for item in _plays(stream, into):
            uri = uri_of(item.get("spotify_track_uri"))
            if uri is None:
                into.left_out[_why_no_stream(item)] += 1
                continue
            ms, played_at = self._play(item, "ms_played", "ts", into)
            if ms is None or played_at is None:
                continue
            info = self._tracks.track(
                uri,
                text(item.get("master_metadata_track_name")) or UNNAMED_TRACK,
                text(item.get("master_metadata_album_artist_name")),
                text(item.get("master_metadata_album_album_name")),
            )
            into.add_listen(Listen(info, played_at, ms))

    def _play(
        self, item: Mapping[str, object], ms_key: str, time_key: str, into: Collection
    ) -> tuple[int | None, datetime | None]:
        ms, played_at = milliseconds(item.get(ms_key)), moment(item.get(time_key), self._now)
        if ms is None:
            into.left_out[LeftOut.DAMAGED] += 1
        elif ms < MIN_LISTEN_MS:
            into.left_out[LeftOut.SHORT_PLAYS] += 1
            ms = None
        elif played_at is None:
            into.left_out[LeftOut.BAD_TIMES] += 1
        return ms, played_at


def _members(stream: JsonStream) -> Iterator[str]:
    if stream.peek() != "{":
        raise DamagedJson("not what Spotify writes under this name")
    return stream.members()


def _plays(stream: JsonStream, into: Collection) -> Iterator[Mapping[str, object]]:
    if stream.peek() != "[":
        raise DamagedJson("not what Spotify writes under this name")
    for _ in stream.items():
        item = stream.value()
        if isinstance(item, dict):
            yield item
        else:
            into.left_out[LeftOut.DAMAGED] += 1


def _why_no_track(item: Mapping[str, object]) -> LeftOut:
    if item.get("localTrack"):
        return LeftOut.LOCAL_FILES
    return LeftOut.EPISODES if item.get("episode") or item.get("audiobook") else LeftOut.NO_TRACK


def _why_no_uri(uri: object) -> LeftOut:
    if isinstance(uri, str) and uri.startswith("spotify:local:"):
        return LeftOut.LOCAL_FILES
    return LeftOut.EPISODES if isinstance(uri, str) and uri.startswith("spotify:episode:") else LeftOut.NO_TRACK


def _why_no_stream(item: Mapping[str, object]) -> LeftOut:
    spoken = ("spotify_episode_uri", "audiobook_uri", "audiobook_chapter_uri")
    return LeftOut.EPISODES if any(item.get(key) for key in spoken) else _why_no_uri(item.get("spotify_track_uri"))
