"""What members bring by themselves: their copy of Spotify's data, an Exportify CSV, pasted links."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.errors import CrossfadeError
from bot.domain.library import PlaylistEntry
from bot.domain.listening import Listen

LINKS_NAME = "Pasted links"
"""What the pasted tracks are called as a playlist; pasting more adds to it."""

UNNAMED_TRACK = "Unknown track"
"""Stands where only a track's URI is known."""


class ImportRefused(CrossfadeError):
    """Nothing can be taken from what was brought; the text says why, and what to bring instead."""


class ImportStopped(CrossfadeError):
    """The member's data was deleted while their import was being stored."""

    def __init__(self) -> None:
        super().__init__("Your data was deleted while the import ran, so nothing more of it was kept.")


class LeftOut(StrEnum):
    """Why something in an import was left out; the values are never stored."""

    EPISODES = "episodes"
    LOCAL_FILES = "local files"
    NO_TRACK = "no track"
    DAMAGED = "damaged"
    SHORT_PLAYS = "short plays"
    BAD_TIMES = "bad times"
    UNMATCHED = "unmatched"
    DOUBLE_HISTORY = "double history"
    EMPTY_PLAYLISTS = "empty playlists"
    TOO_MANY_PLAYLISTS = "too many playlists"
    TOO_MANY_ENTRIES = "too many entries"
    TOO_MANY_LISTENS = "too many listens"
    SHORT_LINKS = "short links"
    OTHER_LINKS = "other links"


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """How much of what somebody brings is looked at; sizes in bytes, `ratio` of unzipped to zipped.

    `elements` are records and lines of all files together (Spotify's 300 MB have less than a million),
    `remembered_bytes` what their different names and tracks take in memory. Beyond the numbers of playlists, entries
    and listens the newest are kept.
    """

    file_bytes: int = 25_000_000
    members: int = 2_000
    member_bytes: int = 64_000_000
    total_bytes: int = 300_000_000
    ratio: int = 200
    elements: int = 3_000_000
    remembered_bytes: int = 150_000_000
    playlists: int = 2_000
    entries_per_playlist: int = 10_000
    entries: int = 100_000
    listens: int = 500_000


@dataclass(frozen=True, slots=True)
class ImportedPlaylist:
    """A list of tracks that was brought, in its order; `description` as its owner wrote it."""

    name: str
    entries: tuple[PlaylistEntry, ...]
    description: str | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NamedListen:
    """A play of which only the names are known: the account data's history holds no URIs."""

    title: str
    artist: str
    played_at: datetime
    ms_played: int


@dataclass(frozen=True, slots=True)
class ImportedLibrary:
    """What was read from one file or text; `left_out` counts by reason, `problems` names files that fell short."""

    source: str
    playlists: tuple[ImportedPlaylist, ...] = ()
    liked: tuple[PlaylistEntry, ...] = ()
    listens: tuple[Listen, ...] = ()
    named_listens: tuple[NamedListen, ...] = ()
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it to keep."""
        return not (self.playlists or self.liked or self.listens or self.named_listens)


@dataclass(frozen=True, slots=True)
class BroughtFile:
    """A file that a member brings, not yet fetched."""

    name: str
    size: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class ImportedCounts:
    """How much of a member's library was imported; `liked` is among `playlists`."""

    playlists: int = 0
    entries: int = 0
    listens: int = 0

    def reaches(self, most: ImportedCounts) -> bool:
        """Return whether one of the numbers is as large as that of `most`."""
        return self.playlists >= most.playlists or self.entries >= most.entries or self.listens >= most.listens

    def __bool__(self) -> bool:
        return bool(self.playlists or self.listens)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import has stored; `listens` counts the new ones, `listens_known` those that were there before.

    `fault` says why it ended early: what is counted was stored all the same.
    """

    playlists: int
    entries: int
    liked: int
    listens: int
    listens_known: int
    left_out: Mapping[LeftOut, int]
    problems: tuple[str, ...]
    fault: str | None = None


def left_out_in_words(reason: LeftOut, count: int, limits: ImportLimits | None = None) -> str:
    """Return a sentence about so many things that were left out.

    >>> left_out_in_words(LeftOut.EPISODES, 1)
    '1 podcast episode or audiobook: only tracks count.'
    """
    limits = limits or ImportLimits()
    one, many, why = _WORDS[reason]
    why = why.format(
        playlists=limits.playlists,
        per_playlist=limits.entries_per_playlist,
        entries=limits.entries,
        listens=limits.listens,
    )
    return f"{count:,} {one if count == 1 else many}: {why}."


_WORDS: Mapping[LeftOut, tuple[str, str, str]] = {
    LeftOut.EPISODES: ("podcast episode or audiobook", "podcast episodes or audiobooks", "only tracks count"),
    LeftOut.LOCAL_FILES: ("local file", "local files", "Spotify does not know them"),
    LeftOut.NO_TRACK: ("entry", "entries", "they name no track"),
    LeftOut.DAMAGED: ("entry", "entries", "they are damaged"),
    LeftOut.SHORT_PLAYS: ("play", "plays", "shorter than 30 seconds is no listen"),
    LeftOut.BAD_TIMES: ("play", "plays", "their time cannot be right"),
    LeftOut.UNMATCHED: ("play", "plays", "I know no track of that name by that artist"),
    LeftOut.DOUBLE_HISTORY: ("play", "plays", "your extended history has them more exactly"),
    LeftOut.EMPTY_PLAYLISTS: ("playlist", "playlists", "no track in them"),
    LeftOut.TOO_MANY_PLAYLISTS: (
        "playlist",
        "playlists",
        "I keep the newest {playlists:,}, with {entries:,} tracks in all",
    ),
    LeftOut.TOO_MANY_ENTRIES: ("track", "tracks", "I keep the newest {per_playlist:,} of a playlist"),
    LeftOut.TOO_MANY_LISTENS: ("play", "plays", "I keep the newest {listens:,}"),
    LeftOut.SHORT_LINKS: (
        "shortened link",
        "shortened links",
        "open it in a browser and paste the address that it leads to",
    ),
    LeftOut.OTHER_LINKS: (
        "link to a playlist, album or artist",
        "links to playlists, albums or artists",
        "I cannot look inside: in Spotify select the tracks, copy them with Ctrl+C and paste those links",
    ),
}
