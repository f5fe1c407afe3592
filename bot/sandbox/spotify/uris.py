"""Checks of the Spotify URIs that requests carry."""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.sandbox.spotify.errors import ApiError
from bot.sandbox.spotify.music import MusicIndex

_URI = re.compile(r"spotify:(?P<kind>[a-z]+):(?P<id>[0-9A-Za-z]+)")
_PLAYLIST_KINDS = ("track", "episode")
MOST_ITEMS = 100
MOST_LIBRARY = 40


def playlist_uris(value: object, music: MusicIndex) -> list[str]:
    """Return the URIs of tracks and episodes that a playlist write names, or refuse with 400."""
    if not isinstance(value, list) or not all(isinstance(uri, str) for uri in value):
        raise ApiError(400, "Error parsing JSON.")
    if not value:
        raise ApiError(400, "No uris provided")
    if len(value) > MOST_ITEMS:
        raise ApiError(400, "You can add a maximum of 100 tracks per request.")
    for uri in value:
        match = _URI.fullmatch(uri)
        if match is None or match["kind"] not in _PLAYLIST_KINDS:
            raise ApiError(400, f"Invalid track uri: {uri}")
        if not music.has(uri):
            raise ApiError(400, "Payload contains a non-existing ID")
    return list(value)


def library_uris(text: str | None, kinds: Collection[str]) -> list[tuple[str, str]]:
    """Return (kind, URI) of a comma-separated `uris` parameter, or refuse with 400."""
    if not text:
        raise ApiError(400, "Missing required parameter: uris")
    uris = [uri.strip() for uri in text.split(",")]
    if len(uris) > MOST_LIBRARY:
        raise ApiError(400, "Too many uris requested")
    found = []
    for uri in uris:
        match = _URI.fullmatch(uri)
        if match is None:
            raise ApiError(400, f"Invalid uri: {uri}")
        if match["kind"] not in kinds:
            raise ApiError(400, f"Unsupported uri type: {match['kind']}")
        found.append((match["kind"], uri))
    return found
