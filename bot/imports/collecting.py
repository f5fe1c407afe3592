"""What has been read so far: counted where it is left out, and cut back to the newest where it is too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from bot.domain.imports import ImportedLibrary, ImportedPlaylist, ImportLimits, LeftOut, NamedListen
from bot.domain.library import ArtistRef, PlaylistEntry, TrackInfo
from bot.domain.listening import Listen
from bot.imports.budget import Budget
from bot.imports.values import text

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_PROBLEMS_KEPT = 20
_TRACKS_REMEMBERED = 200_000

_Played = TypeVar("_Played", Listen, NamedListen)


class TrackCache:
    """Makes each track once, however many entries name it; of several with one URI the first counts.

    Args:
        budget: how much may be remembered.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._tracks: dict[str, TrackInfo] = {}

    def track(self, uri: str, name: str, artist: str | None, album: str | None) -> TrackInfo:
        """Return the track."""
        known = self._tracks.get(uri)
        if known is None:
            if len(self._tracks) >= _TRACKS_REMEMBERED:
                self._tracks.clear()
            self._budget.track()
            artists = (ArtistRef(self._budget.name(artist) or artist),) if artist else ()
            named = self._budget.name(name) or name
            known = self._tracks[uri] = TrackInfo(uri, named, artists, self._budget.name(album))
        return known


class Entries:
    """The entries of one list, in order; of too many the newest are kept, and those without a date for last ones.

    Args:
        limit: how many are kept.
        left_out: counts what is not.
    """

    def __init__(self, limit: int, left_out: Counter[LeftOut]) -> None:
        self._limit = limit
        self._left_out = left_out
        self._entries: list[PlaylistEntry] = []

    def add(self, entry: PlaylistEntry) -> None:
        """Add an entry behind the others."""
        self._entries.append(entry)
        if len(self._entries) >= 2 * self._limit:
            self._cut()

    def taken(self) -> tuple[PlaylistEntry, ...]:
        """Return the entries that are kept."""
        self._cut()
        return tuple(self._entries)

    def _cut(self) -> None:
        excess = len(self._entries) - self._limit
        if excess > 0:
            self._left_out[LeftOut.TOO_MANY_ENTRIES] += excess
            by_age = sorted(range(len(self._entries)), key=lambda i: (self._entries[i].added_at or _LONG_AGO, i))
            self._entries = [self._entries[i] for i in sorted(by_age[excess:])]


class Collection:
    """What one file, or all of them together, gave.

    Args:
        limits: how much is kept.
    """

    def __init__(self, limits: ImportLimits) -> None:
        self._limits = limits
        self.left_out: Counter[LeftOut] = Counter()
        self.problems: list[str] = []
        self._playlists: list[ImportedPlaylist] = []
        self._n_entries = 0
        self._liked: list[PlaylistEntry] = []
        self._listens: list[Listen] = []
        self._named: list[NamedListen] = []

    def entries(self) -> Entries:
        """Return an empty list of entries, whose losses are counted here."""
        return Entries(self._limits.entries_per_playlist, self.left_out)

    def add_playlist(self, playlist: ImportedPlaylist) -> None:
        """Take a playlist in; one without entries is only counted."""
        if not playlist.entries:
            self.left_out[LeftOut.EMPTY_PLAYLISTS] += 1
            return
        self._playlists.append(playlist)
        self._n_entries += len(playlist.entries)
        if len(self._playlists) > 2 * self._limits.playlists or self._n_entries > 2 * self._limits.entries:
            self._cut_playlists()

    def add_liked(self, entries: Iterable[PlaylistEntry]) -> None:
        """Take liked songs in."""
        self._liked += entries

    def add_listen(self, listen: Listen) -> None:
        """Take a play in."""
        self._listens.append(listen)
        if len(self._listens) > 1.5 * self._limits.listens:
            self._cut_listens()

    def add_named_listen(self, listen: NamedListen) -> None:
        """Take a play in of which only names are known."""
        self._named.append(listen)
        if len(self._named) > 1.5 * self._limits.listens:
            self._cut_listens()

    def add_problem(self, sentence: str) -> None:
        """Name a file that fell short; the first ones are kept."""
        if len(self.problems) < _PROBLEMS_KEPT:
            self.problems.append(sentence)

    def absorb(self, other: Collection) -> None:
        """Take in what another file gave."""
        self.left_out.update(other.left_out)
        for problem in other.problems:
            self.add_problem(problem)
        for playlist in other._playlists:
            self.add_playlist(playlist)
        self.add_liked(other._liked)
        self._listens += other._listens
        self._named += other._named
        # Not after each file: sorting is dear, and an archive may have two thousand of them.
        if max(len(self._listens), len(self._named)) > 1.5 * self._limits.listens:
            self._cut_listens()

    def library(self, source: str) -> ImportedLibrary:
        """Return everything, within the limits; the extended history stands for the plain one where there are both."""
        if self._listens and self._named:
            self.left_out[LeftOut.DOUBLE_HISTORY] += len(self._named)
            self._named = []
        self._cut_playlists()
        self._cut_listens()
        liked = self.entries()
        # Liked songs are listed newest first, and what is cut off is to be the oldest.
        for entry in {entry.track.uri: entry for entry in reversed(self._liked)}.values():
            liked.add(entry)
        return ImportedLibrary(
            source=source,
            playlists=tuple(self._playlists),
            liked=tuple(reversed(liked.taken())),
            listens=tuple(self._listens),
            named_listens=tuple(self._named),
            left_out={reason: count for reason, count in self.left_out.items() if count},
            problems=tuple(self.problems),
        )

    def _cut_playlists(self) -> None:
        """Keep the playlists that were changed last, as many as fit; they stay in their order."""
        by_age = sorted(range(len(self._playlists)), key=lambda i: (_newness(self._playlists[i]), -i), reverse=True)
        kept: list[int] = []
        room = self._limits.entries
        for place in by_age:
            size = len(self._playlists[place].entries)
            if len(kept) < self._limits.playlists and size <= room:
                kept.append(place)
                room -= size
        self.left_out[LeftOut.TOO_MANY_PLAYLISTS] += len(self._playlists) - len(kept)
        self._playlists = [self._playlists[place] for place in sorted(kept)]
        self._n_entries = self._limits.entries - room

    def _cut_listens(self) -> None:
        self._listens = self._newest(self._listens)
        self._named = self._newest(self._named)

    def _newest(self, listens: list[_Played]) -> list[_Played]:
        excess = len(listens) - self._limits.listens
        if excess <= 0:
            return listens
        self.left_out[LeftOut.TOO_MANY_LISTENS] += excess
        return sorted(listens, key=lambda listen: listen.played_at)[excess:]


def cleaned_name(value: object, otherwise: str) -> str:
    """Return a playlist's name, which is never empty."""
    return text(value, 200) or otherwise


def _newness(playlist: ImportedPlaylist) -> datetime:
    added = (entry.added_at for entry in playlist.entries if entry.added_at is not None)
    return playlist.changed_at or max(added, default=_LONG_AGO)
