"""Artists that a playlist's title names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.candidates.interactions import IntArray, Interactions
from recommender.candidates.title_text import HashArray, TitleParts, hashed, name_key

_SHORTEST_KEY = 3
_LEAST_ENTRIES = 5
_PRIOR = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class NamedArtist:
    """An artist whose name is in a title.

    Attributes:
        tracks: int32, ascending: all tracks by the artist.
        name: as the catalogue spells it.
        share: the name's share of the title's words, less where the word may mean something else.
    """

    tracks: IntArray
    name: str
    share: float


@dataclass(frozen=True, eq=False)
class ArtistNames:
    """The names of all artists, to be found in titles.

    Args:
        hashes: uint32, ascending: of the artists' `name_key`s.
        artists: int32: who that is; of several with one name the one with most entries.
    """

    hashes: HashArray
    artists: IntArray

    @classmethod
    def of(cls, interactions: Interactions) -> ArtistNames:
        """Read the names of artists with at least 5 entries: those of fewer are mostly met as words."""
        artist_ids = interactions.artist_ids
        known = artist_ids >= 0
        entries = np.bincount(artist_ids[known], interactions.tracks.column_sizes[known])
        _, first = np.unique(artist_ids, return_index=True)
        first = first[known[first]]
        first = first[entries[artist_ids[first]] >= _LEAST_ENTRIES]
        artists = artist_ids[first]
        by_entries = np.lexsort((artists, -entries[artists]))
        names = interactions.corpus.catalogue.table["artist_name"].take(first[by_entries]).to_pylist()
        keys = [name_key(name or "") for name in names]
        told = np.array([len(key) >= _SHORTEST_KEY for key in keys], np.bool_)
        hashes, chosen = np.unique(hashed(keys)[told], return_index=True)
        return cls(hashes, artists[by_entries][told][chosen].astype(np.int32))

    def find(self, title: TitleParts, alike: IntArray, interactions: Interactions) -> NamedArtist | None:
        """Return the artist with the longest name in a title; None if there is none, or the word means something else.

        Args:
            title: the title.
            alike: int32: playlists with a title much like it. Where hardly any of them has the artist, the word is not
                meant as a name ("Chill" is one): the share is multiplied by ((those with + 2) / (all + 2)) ** 2.
            interactions: what the names were read from.
        """
        candidates = list(title.names())
        if not candidates or not len(self.hashes):
            return None
        hashes = hashed([key for key, _ in candidates])
        places = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        found = np.flatnonzero(self.hashes[places] == hashes)
        for place in sorted(found.tolist(), key=lambda place: (-candidates[place][1], place)):
            key, share = candidates[place]
            artist = int(self.artists[places[place]])
            tracks = np.flatnonzero(interactions.artist_ids == artist).astype(np.int32)
            name = interactions.corpus.catalogue.track(int(tracks[0])).artist_name or ""
            if name_key(name) == key:
                having = np.isin(alike, interactions.artists.rows_with(artist)).sum()
                share *= ((float(having) + _PRIOR) / (len(alike) + _PRIOR)) ** 2
                return NamedArtist(tracks, name, share)
        return None
