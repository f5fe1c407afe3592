"""Telling that two tracks are one recording though their URIs differ: the single, the album, the remaster."""

from __future__ import annotations

import re

from recommender.records import Track
from recommender.search import fold

_REMASTERED = r"(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?remaster(?:ed)?(?:\s+version)?(?:\s+\d{4})?"
_SAME_RECORDING = (
    rf"(?:{_REMASTERED}|(?:single|album|original|radio)\s+(?:version|mix|edit)|(?:feat\.?|ft\.?|with)\s.*)"
)
_SUFFIX = re.compile(rf"\s+(?:-\s+{_SAME_RECORDING}|[(\[]{_SAME_RECORDING}[)\]])$")
_PUNCTUATION = re.compile(r"[^\w\s]+")


def recording_key(track: Track) -> str:
    r"""Return a text that is equal for releases of one recording: folded artist and title without release suffixes.

    A live version, a remix or a cover is another recording. A track without a name or an artist is a recording of its
    own, known by its URI.

    >>> recording_key(Track("spotify:track:1", "Blue Door - Remastered 2011", "Ann Lee"))
    'ann lee\x1fblue door'
    """
    if not track.name or not track.artist_name:
        return track.uri
    title = fold(track.name)
    while (shorter := _SUFFIX.sub("", title)) != title:
        title = shorter
    return f"{fold(track.artist_name)}\x1f{_plain(title) or title}"


def artist_key(track: Track) -> str:
    """Return a text that is equal for tracks of one artist; a track without an artist has one of its own."""
    return fold(track.artist_name) if track.artist_name else track.artist_uri or track.uri


def _plain(text: str) -> str:
    return " ".join(_PUNCTUATION.sub(" ", text).split())
