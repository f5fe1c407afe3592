"""Checking single values of files that may hold anything: texts, track URIs, times, durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_TRACK = re.compile(r"(?:spotify:track:|https?://open\.spotify\.com/(?:intl-[a-z-]{2,8}/)?track/)?([0-9A-Za-z]{22})")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_TEXT_LIMIT = 500
_LONGEST_MS = 24 * 3_600_000
# Nobody heard anything on Spotify before; a day ahead is left to clocks that are wrong.
_FIRST = datetime(2006, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)

MIN_LISTEN_MS = 30_000
"""Spotify counts a play as a stream from here on."""


def text(value: object, limit: int = _TEXT_LIMIT) -> str | None:
    """Return a text that every database takes (no NUL, no half surrogate), on one line and cut; None if it is none."""
    if not isinstance(value, str):
        return None
    if len(value) <= limit and value.isprintable() and "  " not in value:
        return value.strip() or None
    whole = value[: 4 * limit].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(_CONTROL.sub(" ", whole).split())[:limit].rstrip() or None


def uri_of(value: object) -> str | None:
    """Return a track's URI, given as that, as a link or as a bare id; None for anything else."""
    found = _TRACK.fullmatch(value.partition("?")[0]) if isinstance(value, str) else None
    return f"spotify:track:{found.group(1)}" if found else None


def moment(value: object, now: datetime) -> datetime | None:
    """Return an aware time, whatever of ISO 8601 it is written in (UTC if it does not say); None if it cannot be."""
    if not isinstance(value, str) or not 8 <= len(value) <= 40 or not value.isascii():
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        aware = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return aware if _FIRST <= aware <= now + _AHEAD else None


def milliseconds(value: object) -> int | None:
    """Return a duration of up to a day in milliseconds; None if it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_MS:
        return None
    return value


def isrc_of(value: object) -> str | None:
    """Return an ISRC without hyphens; None if it is none."""
    code = value.replace("-", "").strip().upper() if isinstance(value, str) and len(value) < 40 else ""
    return code if _ISRC.fullmatch(code) else None
