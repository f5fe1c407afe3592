"""One playlist after another from JSON that may be cut off or damaged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from recommender.problems import Problem

_SPACE = re.compile(r"[ \t\n\r]*")
_BOUNDARY = re.compile(r"\}\s*,\s*(?=\{)")
_DECODER = json.JSONDecoder()


class Record(NamedTuple):
    """An element of the `playlists` array and its place in it, counted from 1."""

    number: int
    value: Any


def records(path: Path, content: bytes) -> Iterator[Record | Problem]:
    """Yield the elements of the `playlists` array; after a damaged one go on with the next that can be read."""
    fault: Problem | None = None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fault = Problem(str(path), f"byte {error.start}", "is not UTF-8; what cannot be read is replaced by U+FFFD")
        text = content.decode("utf-8-sig", "replace")
    try:
        position = _array_start(text)
    except (ValueError, RecursionError) as error:
        yield Problem(str(path), _where(error, 0), f"is not JSON ({_message(error)})")
        return
    if position is None:
        yield Problem(str(path), "", 'has no "playlists" array: it is neither an MPD slice nor a challenge set')
        return
    if fault is not None:
        yield fault
    yield from _elements(path, text, position)


def _array_start(text: str) -> int | None:
    """Return the position after the bracket that opens the top-level `playlists` array; None if there is none."""
    position = _skip(text, 0)
    if not text.startswith("{", position):
        _DECODER.raw_decode(text, position)
        return None
    position = _skip(text, position + 1)
    while not text.startswith("}", position):
        key, position = _DECODER.raw_decode(text, position)
        position = _expect(text, position, ":")
        if key == "playlists":
            return position + 1 if text.startswith("[", position) else None
        _, position = _DECODER.raw_decode(text, position)
        position = _skip(text, position)
        if not text.startswith("}", position):
            position = _expect(text, position, ",")
    return None


def _elements(path: Path, text: str, position: int) -> Iterator[Record | Problem]:
    number = 0
    while True:
        position = _skip(text, position)
        if text.startswith("]", position):
            if not number:
                yield Problem(str(path), "", 'its "playlists" array is empty')
            return
        number += 1
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            after = _next_start(text, _offset(error, position))
            what = (
                "is damaged and left out"
                if after is not None
                else "is damaged or cut off, and left out with all after it"
            )
            where = f"playlist {number}, {_where(error, position)}"
            yield Problem(str(path), where, f"{what} ({_message(error)})")
        else:
            yield Record(number, value)
            position = _skip(text, position)
            if text.startswith(",", position):
                position += 1
                continue
            if text.startswith("]", position):
                return
            after = _next_start(text, position)
            what = "the file is damaged here" if after is not None else "the file is cut off or damaged here"
            yield Problem(str(path), f"after playlist {number}, character {position}", what)
        if after is None:
            return
        position = after


def _next_start(text: str, position: int) -> int | None:
    """Return where the next object begins that looks like a playlist rather than like a track."""
    for boundary in _BOUNDARY.finditer(text, position):
        try:
            value, _ = _DECODER.raw_decode(text, boundary.end())
        except (ValueError, RecursionError):
            continue
        if "tracks" in value and "track_uri" not in value:
            return boundary.end()
    return None


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _expect(text: str, position: int, mark: str) -> int:
    position = _skip(text, position)
    if not text.startswith(mark, position):
        raise json.JSONDecodeError(f"Expecting {mark!r}", text, position)
    return _skip(text, position + 1)


def _offset(error: Exception, otherwise: int) -> int:
    return error.pos if isinstance(error, json.JSONDecodeError) else otherwise


def _where(error: Exception, otherwise: int) -> str:
    return f"character {_offset(error, otherwise)}"


def _message(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
