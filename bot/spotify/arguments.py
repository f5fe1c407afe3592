"""Checks what the services hand in, and makes texts fit, before anything is asked of Spotify."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.errors import SpotifyRefused
from bot.spotify import parsing
from bot.spotify.errors import NO_SUCH_PLAYLIST, NO_SUCH_TRACK

ITEMS_PER_CALL = 100
LARGEST_COVER = 190_000
"""Bytes of a JPEG: base64 makes them a third more, and Spotify takes 256 KB of it."""

_LONGEST_NAME = 100
_LONGEST_DESCRIPTION = 300
_JPEG_BEGINS = b"\xff\xd8"


def playlist_id(spotify_id: str) -> str:
    """Return a playlist's id; whatever else it is must not come into a path.

    Raises:
        SpotifyRefused: it is no id.
    """
    if not parsing.is_id(spotify_id):
        raise SpotifyRefused(NO_SUCH_PLAYLIST)
    return spotify_id


def track_id(uri: str) -> str:
    """Return the id in a `spotify:track:` URI.

    Raises:
        SpotifyRefused: there is none.
    """
    found = parsing.track_id(uri)
    if found is None:
        raise SpotifyRefused(NO_SUCH_TRACK)
    return found


def batch(uris: Sequence[str]) -> list[str]:
    """Return the URIs of one call.

    Raises:
        ValueError: more than 100.
    """
    if len(uris) > ITEMS_PER_CALL:
        raise ValueError(f"a call takes at most {ITEMS_PER_CALL} tracks")
    return list(uris)


def cover(jpeg: bytes) -> bytes:
    """Return a picture that Spotify takes.

    Raises:
        ValueError: it is no JPEG, or too large.
    """
    if len(jpeg) > LARGEST_COVER or not jpeg.startswith(_JPEG_BEGINS):
        raise ValueError(f"a cover is a JPEG of at most {LARGEST_COVER} bytes")
    return jpeg


def name(text: str) -> str:
    """Return a playlist's name in one line, cut to Spotify's 100 characters."""
    return _one_line(text, _LONGEST_NAME)


def description(text: str) -> str:
    """Return a playlist's description, in one line (Spotify refuses breaks), cut to its 300 characters."""
    return _one_line(text, _LONGEST_DESCRIPTION)


def _one_line(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
