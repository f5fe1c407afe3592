"""Playlists as Exportify writes them: one CSV a playlist, with the headers of both generations.

Source: https://github.com/watsonbox/exportify and https://github.com/pavelkomarov/exportify
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.domain.imports import UNNAMED_TRACK, ImportedPlaylist, LeftOut
from bot.domain.library import LIKED_NAME, ArtistRef, PlaylistEntry, TrackInfo
from bot.imports.budget import Budget
from bot.imports.collecting import Collection, cleaned_name
from bot.imports.values import isrc_of, milliseconds, moment, text, uri_of

_COLUMNS = {
    "uri": ("track uri", "spotify uri", "spotify id", "spotify track id", "track id"),
    "name": ("track name", "name"),
    "artists": ("artist name(s)", "artist name", "artist names", "artists"),
    "artist_uris": ("artist uri(s)", "artist uris"),
    "album": ("album name", "album"),
    "album_uri": ("album uri",),
    "added_at": ("added at", "date added"),
    "duration": ("track duration (ms)", "duration (ms)", "duration_ms"),
    "isrc": ("isrc",),
}
_LONGEST_HEADER = 8_000
_AGAIN = re.compile(r"\s*\(\d{1,3}\)$")
_BETWEEN_ARTISTS = re.compile(r"(?<!\\),(?! )")
_BETWEEN_SPACED_ARTISTS = re.compile(r"(?<!\\),\s*")
_LIKED = frozenset({LIKED_NAME.casefold(), "liked", "liked tracks", "saved tracks"})
_ALBUM = re.compile(r"spotify:album:[0-9A-Za-z]{22}")
_ARTIST = re.compile(r"spotify:artist:[0-9A-Za-z]{22}")


def looks_like_playlist(beginning: bytes) -> bool:
    """Say whether a file begins like Exportify's: with a header that names the column of the tracks."""
    return _header(beginning) is not None


def playlist_name(basename: str) -> str:
    """Return the name of the playlist that a file was written for.

    >>> playlist_name("rainy_sunday (1).csv")
    'rainy sunday'
    """
    stem = re.sub(r"\.(?:csv|txt)$", "", basename, flags=re.IGNORECASE)
    return cleaned_name(_AGAIN.sub("", stem.replace("_", " ")), "Exportify playlist")


class ExportifyReader:
    """Reads one CSV into a collection.

    Args:
        now: times later than tomorrow are wrong.
        budget: what all files together may cost.
    """

    def __init__(self, now: datetime, budget: Budget) -> None:
        self._now = now
        self._budget = budget

    def read(self, basename: str, chunks: Iterator[bytes], into: Collection) -> bool:
        """Read a file as far as it goes; say whether it was one of Exportify's."""
        lines = _lines(chunks)
        first = next(lines, "")
        layout = _header(first.encode())
        if layout is None:
            return False
        delimiter, columns = layout
        entries = into.entries()
        try:
            for row in csv.reader(self._counted(lines), delimiter=delimiter):
                if not any(row):
                    continue
                entry = self._entry({key: row[at] for key, at in columns.items() if at < len(row)}, into)
                if entry is not None:
                    entries.add(entry)
        except csv.Error:
            into.add_problem(f"{basename} is damaged: only what stands before that place was read.")
        name = playlist_name(basename)
        if name.casefold() in _LIKED:
            into.add_liked(entries.taken())
        else:
            into.add_playlist(ImportedPlaylist(name, entries.taken()))
        return True

    def _counted(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            self._budget.count()
            yield line

    def _entry(self, row: Mapping[str, str], into: Collection) -> PlaylistEntry | None:
        given = row.get("uri", "").strip()
        uri = uri_of(given)
        if uri is None:
            local, spoken = given.startswith("spotify:local:"), given.startswith("spotify:episode:")
            why = LeftOut.LOCAL_FILES if local else LeftOut.EPISODES if spoken else LeftOut.NO_TRACK
            into.left_out[why] += 1
            return None
        album_uri = row.get("album_uri", "").strip()
        album = self._budget.name(text(row.get("album")))
        track = TrackInfo(
            uri,
            self._budget.name(text(row.get("name"))) or UNNAMED_TRACK,
            _artists(row.get("artists", ""), row.get("artist_uris", ""), self._budget),
            album,
            album_uri if album and _ALBUM.fullmatch(album_uri) else None,
            milliseconds(row.get("duration", "").strip()),
            isrc=isrc_of(row.get("isrc")),
        )
        return PlaylistEntry(track, moment(row.get("added_at"), self._now))


def _header(beginning: bytes) -> tuple[str, dict[str, int]] | None:
    """Return the delimiter and where each column of ours stands; None if no column names the tracks."""
    line = beginning[:_LONGEST_HEADER].decode("utf-8-sig", "replace").split("\n", 1)[0].strip("\r\x00")
    delimiter = max(",;\t", key=line.count)
    try:
        names = [name.strip().casefold() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return None
    columns = {key: at for key, known in _COLUMNS.items() if (at := _first(names, known)) is not None}
    return (delimiter, columns) if "uri" in columns and len(columns) > 1 else None


def _first(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    """Yield the lines of a text that arrives in pieces, without NULs; a line that never ends is cut."""
    rest = b""
    started = False
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > 1_000_000:
            whole, rest = [*whole, rest], b""
        for line in whole:
            yield _line(line + b"\n", first=not started)
            started = True
    if rest:
        yield _line(rest, first=not started)


def _line(line: bytes, *, first: bool) -> str:
    return line.decode("utf-8-sig" if first else "utf-8", "replace").replace("\x00", "")


def _artists(names: str, uris: str, budget: Budget) -> tuple[ArtistRef, ...]:
    """Return the artists: separated by semicolons or commas, which are within some names too; their URIs tell."""
    known = [uri.strip() for uri in re.split(r"[;,]", uris) if _ARTIST.fullmatch(uri.strip())]
    splits = [[names], names.split(";"), _BETWEEN_SPACED_ARTISTS.split(names), _BETWEEN_ARTISTS.split(names)]
    fitting = next((split for split in splits if len(split) == len(known)), None)
    if fitting is None:
        fitting, known = (splits[1] if ";" in names else splits[3]), []
    found = [(budget.name(text(name.replace("\\,", ","))), at) for at, name in enumerate(fitting)]
    return tuple(ArtistRef(name, known[at] if known else None) for name, at in found if name)
