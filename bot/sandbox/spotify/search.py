"""Search over the sample catalogue, with the field filters of the Web API."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.spotify.access import Caller
from bot.sandbox.spotify.music import MusicIndex, SearchText, bare_id, folded
from bot.sandbox.spotify.playlists import StoredPlaylist
from recommender.synthetic import SyntheticAlbum, SyntheticArtist, SyntheticTrack

SEARCHABLE = ("album", "artist", "playlist", "track", "show", "episode", "audiobook")
_FILTER = re.compile(r'\b(track|artist|album|isrc|year|genre|upc|tag):(?:"([^"]*)"|(\S+))', re.IGNORECASE)
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")
# Results of different kinds have nothing in common but that some shape fits them.
Found = tuple[Sequence[Any], Callable[[Any], object]]


@dataclass(frozen=True, slots=True)
class Query:
    """A search query: free words, and filters by field; all have to match."""

    words: tuple[str, ...]
    filters: dict[str, str]

    @classmethod
    def read(cls, text: str) -> Query:
        """Read `artist:"Mira Solenne" year:2019-2024 rainy` and the like."""
        filters = {field.lower(): folded(quoted or plain) for field, quoted, plain in _FILTER.findall(text)}
        words = folded(_FILTER.sub(" ", text)).replace('"', " ").split()
        return cls(tuple(words), filters)

    def matches(self, text: SearchText) -> bool:
        """Tell whether the words are anywhere in the text and each filter in its own field."""
        anywhere = f"{text.title} {text.artist} {text.album}"
        return (
            all(word in anywhere for word in self.words)
            and self.filters.get("track", "") in text.title
            and self.filters.get("artist", "") in text.artist
            and self.filters.get("album", "") in text.album
        )

    def has_year(self, year: int) -> bool:
        """Tell whether a year passes the `year` filter."""
        if "year" not in self.filters:
            return True
        match = _YEARS.fullmatch(self.filters["year"])
        return match is not None and int(match[1]) <= year <= int(match[2] or match[1])

    def only(self, *fields: str) -> bool:
        """Tell whether no other filter is used than those that this kind of result knows."""
        return set(self.filters) <= set(fields)


def search_items(caller: Caller, query: Query, kinds: Sequence[str]) -> dict[str, Found]:
    """Return for each kind asked for its results, best first, and what makes JSON of one.

    There are no shows, episodes and audiobooks to be found.
    """
    music, shapes = caller.state.music, caller.shapes
    finders: dict[str, Callable[[], Found]] = {
        "track": lambda: (_tracks(music, query), shapes.track),
        "artist": lambda: (_artists(music, query), shapes.artist),
        "album": lambda: (_albums(music, query), shapes.simple_album),
        "playlist": lambda: (_playlists(caller, query), shapes.simple_playlist),
    }
    nothing: Found = ([], lambda _: {})
    return {kind: finders[kind]() if kind in finders else nothing for kind in kinds}


def _tracks(music: MusicIndex, query: Query) -> list[SyntheticTrack]:
    if not query.only("track", "artist", "album", "year", "isrc", "genre"):
        return []
    found = [
        track
        for identifier, track in music.tracks.items()
        if query.matches(music.texts[identifier])
        and query.has_year(track.release_year)
        and query.filters.get("isrc", track.isrc.casefold()) == track.isrc.casefold()
        and query.filters.get("genre", "") in track.group
    ]

    def rank(track: SyntheticTrack) -> tuple[bool, float]:
        title = music.texts[bare_id(track.record.uri)].title
        return (not query.words or not all(word in title for word in query.words), -track.popularity)

    return sorted(found, key=rank)


def _artists(music: MusicIndex, query: Query) -> list[SyntheticArtist]:
    if not query.only("artist", "genre"):
        return []
    return [
        artist
        for artist in music.artists.values()
        if query.matches(SearchText("", folded(artist.name), "")) and query.filters.get("genre", "") in artist.group
    ]


def _albums(music: MusicIndex, query: Query) -> list[SyntheticAlbum]:
    if not query.only("album", "artist", "year"):
        return []
    return [
        album
        for album in music.albums.values()
        if query.matches(SearchText("", folded(music.artist_of(album).name), folded(album.name)))
        and query.has_year(int(album.release_date[:4]))
    ]


def _playlists(caller: Caller, query: Query) -> list[StoredPlaylist]:
    if query.filters:
        return []
    return [
        playlist
        for playlist in caller.state.playlists.values()
        if playlist.public and all(word in folded(playlist.name) for word in query.words)
    ]
