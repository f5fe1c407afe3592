"""The tables of a member's archive: what stands in which column, and how a cell is written."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from bot.domain.library import TrackInfo
from bot.domain.privacy import KeptData, KeptPlaylist, KeptSave

Cell = str | int | float | bool | datetime | None
Row = Sequence[Cell]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_TRACK_COLUMNS = ("track", "artists", "album", "isrc", "uri", "url")


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file: its columns, and the rows that a member's data give."""

    columns: Sequence[str]
    rows: Callable[[KeptData], Iterable[Row]]

    def write(self, into: TextIO, data: KeptData) -> None:
        """Write the header and the rows, one after the other."""
        writer = csv.writer(into)
        writer.writerow(self.columns)
        writer.writerows(map(_text, self.rows(data)))


def _playlists(data: KeptData) -> Iterable[Row]:
    return map(_playlist, data.playlists)


def _playlist(one: KeptPlaylist) -> Row:
    return (
        one.spotify_id,
        one.name,
        one.description,
        one.kind.value,
        one.left_out,
        _whose(one.owned),
        one.collaborative,
        one.public,
        one.n_tracks,
        one.total,
        one.url,
        one.image_url,
        one.snapshot_id,
        one.source,
        one.rank,
        one.synced_at,
    )


def _entries(data: KeptData) -> Iterable[Row]:
    playlists = {playlist.id: playlist for playlist in data.playlists}
    for entry in data.entries:
        playlist = playlists[entry.playlist_id]
        yield (
            playlist.spotify_id,
            playlist.name,
            entry.position,
            *_track(data.tracks[entry.track_id]),
            entry.added_at,
            _whose(entry.by_member),
        )


def _listens(data: KeptData) -> Iterable[Row]:
    for listen in data.listens:
        yield (listen.played_at, *_track(data.tracks[listen.track_id]), listen.ms_played, listen.source)


def _top_tracks(data: KeptData) -> Iterable[Row]:
    for one in data.top_tracks:
        yield (one.time_range.value, one.rank, *_track(data.tracks[one.track_id]), one.source)


def _top_artists(data: KeptData) -> Iterable[Row]:
    for one in data.top_artists:
        yield (one.time_range.value, one.rank, one.name, one.uri, one.source)


def _saves(data: KeptData) -> Iterable[Row]:
    return map(_save, data.saves)


def _save(one: KeptSave) -> Row:
    return (
        one.set_id,
        one.set_title,
        one.status.value,
        one.claimed_at,
        one.finished_at,
        one.attempts,
        one.spotify_id,
        one.name,
        one.url,
        one.mark,
        one.series,
        one.n_tracks,
        one.written,
        one.public,
        one.covered_at,
        one.frozen_at,
        one.undoing_at,
        None if one.previous is None else json.dumps(one.previous, ensure_ascii=False),
    )


TABLES: Mapping[str, Table] = {
    "playlists.csv": Table(
        (
            "id",
            "name",
            "description",
            "kind",
            "left_out",
            "owner",
            "collaborative",
            "public",
            "tracks_kept",
            "items_in_spotify",
            "url",
            "image_url",
            "snapshot_id",
            "source",
            "place",
            "read_at",
        ),
        _playlists,
    ),
    "playlist_entries.csv": Table(
        ("playlist_id", "playlist", "position", *_TRACK_COLUMNS, "added_at", "added_by"), _entries
    ),
    "listens.csv": Table(("played_at", *_TRACK_COLUMNS, "ms_played", "source"), _listens),
    "top_tracks.csv": Table(("time_range", "place", *_TRACK_COLUMNS, "source"), _top_tracks),
    "top_artists.csv": Table(("time_range", "place", "artist", "uri", "source"), _top_artists),
    "saved_playlists.csv": Table(
        (
            "list",
            "title",
            "status",
            "clicked_at",
            "finished_at",
            "attempts",
            "playlist_id",
            "name",
            "url",
            "mark",
            "series",
            "tracks",
            "tracks_written",
            "public",
            "cover_at",
            "frozen_at",
            "undo_begun_at",
            "before",
        ),
        _saves,
    ),
}
"""Every CSV file of the archive, by name."""


def _track(track: TrackInfo) -> Row:
    return track.name, track.artist_names, track.album_name, track.isrc, track.uri, track.url


def _whose(by_member: bool | None) -> str | None:
    return None if by_member is None else "me" if by_member else "somebody else"


def _text(row: Row) -> list[str]:
    return [_cell(value) for value in row]


def _cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(timespec="seconds")
        case str() if value.startswith(_FORMULA_STARTS):
            # Somebody else may have named the track (https://owasp.org/www-community/attacks/CSV_Injection).
            return f"'{value}"
        case _:
            return str(value)
