"""Track links in any text that somebody pastes."""

from __future__ import annotations

import re

from bot.domain.imports import LINKS_NAME, UNNAMED_TRACK, ImportedLibrary, ImportedPlaylist, ImportLimits, LeftOut
from bot.domain.library import SOURCE_LINKS, PlaylistEntry, TrackInfo
from bot.imports.collecting import Collection

# A link's host is not asked for: a test's or a demo's Spotify is on this machine.
_TRACK = re.compile(r"(?:spotify:track:|/track/)([0-9A-Za-z]{22})(?![0-9A-Za-z])")
_SHORT = re.compile(r"(?:spotify\.link|spotify\.app\.link|spoti\.fi)/\w+")
_OTHER = re.compile(
    r"(?:spotify:|open\.spotify\.com/(?:intl-[a-z-]{2,8}/)?)(?:playlist|album|artist|episode|show)[:/][0-9A-Za-z]{22}"
)


def read_links(text: str, limits: ImportLimits) -> ImportedLibrary:
    """Return the tracks that a text links to, each once and in order; other links are counted."""
    found = Collection(limits)
    entries = found.entries()
    for track_id in dict.fromkeys(match.group(1) for match in _TRACK.finditer(text)):
        entries.add(PlaylistEntry(TrackInfo(f"spotify:track:{track_id}", UNNAMED_TRACK)))
    found.left_out[LeftOut.SHORT_LINKS] += sum(1 for _ in _SHORT.finditer(text))
    found.left_out[LeftOut.OTHER_LINKS] += sum(1 for _ in _OTHER.finditer(text))
    taken = entries.taken()
    if taken:
        found.add_playlist(ImportedPlaylist(LINKS_NAME, taken))
    return found.library(SOURCE_LINKS)
