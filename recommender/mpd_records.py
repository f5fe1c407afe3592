"""One element of an MPD file's `playlists` array, checked field by field."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from recommender.columns import encodable
from recommender.records import SOURCE_CHALLENGE, Playlist, Track

_TRACK_URI = re.compile(r"spotify:track:[0-9A-Za-z]+")
_TRACK_TEXTS = ("track_name", "artist_name", "artist_uri", "album_name", "album_uri")
_KINDS = {
    type(None): "null",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}
_INT32_MAX = 2**31 - 1
_INT64_MAX = 2**63 - 1


class Fault(NamedTuple):
    """What is wrong in a record, and where in it; an empty place is the record itself."""

    where: str
    what: str


def parse_playlist(record: Any, source: str) -> tuple[Playlist | None, list[Fault]]:  # noqa: ANN401 - any JSON
    """Return the playlist, or None where it cannot be used, and all that was left out.

    A playlist without tracks is returned too where it can be continued all the same: by its title, or since it is part
    of a challenge set, which wants an answer for every playlist.

    Args:
        record: the decoded JSON value.
        source: where the playlist comes from.
    """
    if not isinstance(record, dict):
        return None, [Fault("", f"is {kind_of(record)} and no object, and left out")]
    pid, items = record.get("pid"), record.get("tracks")
    if type(pid) is not int or not 0 <= pid <= _INT64_MAX:
        return None, [Fault("", f"is left out: its pid {_found(pid)}")]
    if not isinstance(items, list):
        return None, [Fault("", f"is left out: its tracks are {'missing' if items is None else kind_of(items)}")]
    fields = _Fields(record)
    title = fields.text("name")
    if not items and title is None and source != SOURCE_CHALLENGE:
        return None, [*fields.faults, Fault("", "is left out: it has neither tracks nor a title")]
    tracks = [track for place, item in enumerate(items) if (track := _track(item, place, fields.faults)) is not None]
    if items and not tracks:
        return None, [*fields.faults, Fault("", f"is left out: none of its {len(items)} tracks can be used")]
    playlist = Playlist(
        pid=pid,
        tracks=tuple(tracks),
        title=title,
        description=fields.text("description"),
        followers=fields.number("num_followers"),
        collaborative=fields.truth("collaborative"),
        modified_at=fields.time("modified_at"),
        source=source,
    )
    return playlist, fields.faults


def kind_of(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Return what a JSON value is, in words."""
    return _KINDS[type(value)]


def _track(item: Any, position: int, faults: list[Fault]) -> Track | None:  # noqa: ANN401 - any JSON
    if type(item) is not dict:
        faults.append(Fault(f"track {position}", f"is {kind_of(item)} and no object, and left out"))
        return None
    uri = item.get("track_uri")
    if type(uri) is not str or _TRACK_URI.fullmatch(uri) is None:
        seen = f"is {_shortened(uri)}" if type(uri) is str else _found(uri)
        faults.append(Fault(f"track {position}", f"is left out: its track_uri {seen}"))
        return None
    texts: list[str | None] = []
    for key in _TRACK_TEXTS:
        text = item.get(key)
        if text is not None and type(text) is not str:
            faults.append(Fault(f"track {position}", f"{key} is {kind_of(text)} and taken as missing"))
            text = None
        texts.append(text or None)
    duration = item.get("duration_ms")
    if duration is not None and (type(duration) is not int or not 0 <= duration <= _INT32_MAX):
        faults.append(Fault(f"track {position}", f"duration_ms {_found(duration)} and taken as missing"))
        duration = None
    name, artist_name, artist_uri, album_name, album_uri = texts
    return Track(uri, name, artist_name, artist_uri, album_name, album_uri, duration)


class _Fields:
    """The optional fields of a playlist; one of a wrong type is named and taken as missing."""

    def __init__(self, record: dict[str, Any]) -> None:
        self._record = record
        self.faults: list[Fault] = []

    def text(self, name: str) -> str | None:
        value = self._record.get(name)
        if isinstance(value, str):
            return encodable(value) if value.strip() else None
        self._wrong(name, value)
        return None

    def number(self, name: str) -> int | None:
        value = self._record.get(name)
        if type(value) is int and 0 <= value <= _INT64_MAX:
            return value
        self._wrong(name, value)
        return None

    def truth(self, name: str) -> bool | None:
        """Return a truth value, which MPD writes as the text "true" or "false"."""
        value = self._record.get(name)
        if value in ("true", "false"):
            return bool(value == "true")
        if isinstance(value, bool):
            return value
        self._wrong(name, value)
        return None

    def time(self, name: str) -> datetime | None:
        """Return a time that is given in seconds since 1970, UTC."""
        value = self._record.get(name)
        if type(value) is int:
            with contextlib.suppress(ValueError, OverflowError, OSError):
                return datetime.fromtimestamp(value, UTC)
        self._wrong(name, value)
        return None

    def _wrong(self, name: str, value: Any) -> None:  # noqa: ANN401 - any JSON
        if value is not None:
            self.faults.append(Fault("", f"{name} {_found(value)} and taken as missing"))


def _found(value: Any) -> str:  # noqa: ANN401 - any JSON
    if value is None:
        return "is missing"
    return f"is {_shortened(value)}" if isinstance(value, bool | int | float | str) else f"is {kind_of(value)}"


def _shortened(value: Any) -> str:  # noqa: ANN401 - any JSON
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
