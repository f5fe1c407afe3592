"""The artists of a catalogue by URI and by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

import numpy as np

from recommender.candidates.interactions import IntArray, Interactions
from recommender.errors import RecommenderError
from recommender.search import fold

_URI = "spotify:artist:"


@dataclass(frozen=True, eq=False)
class Artists:
    """Artists by the ids that the catalogue gives them.

    Args:
        interactions: a counted corpus.
    """

    interactions: Interactions

    @cached_property
    def names(self) -> list[str]:
        """What each artist is called on his most popular track."""
        ids = self.interactions.artist_ids
        order = np.lexsort((-self.interactions.tracks.column_sizes, ids))
        order = order[ids[order] >= 0]
        _, first = np.unique(ids[order], return_index=True)
        names = self.interactions.corpus.catalogue.table["artist_name"].take(order[first]).to_pylist()
        return [name or key for name, key in zip(names, self.keys, strict=True)]

    @property
    def keys(self) -> list[str]:
        """What tells the artists apart: the URI, or the case-folded name where none is known."""
        return self.interactions.corpus.catalogue.artist_keys

    def uri(self, artist: int) -> str | None:
        """Return the URI of an artist, None where it is not known."""
        key = self.keys[artist]
        return key if key.startswith(_URI) else None

    def word(self, artist: int) -> str:
        """Return an artist without spaces: the URI, or "artist:" and the name, percent-encoded (RFC 3986)."""
        return self.uri(artist) or f"artist:{quote(self.names[artist], safe='')}"

    def find(self, artist: str) -> int:
        """Return the artist of a URI, a name, or the form of `word`; of several of one name the most popular.

        Raises:
            RecommenderError: there is none.
        """
        wanted = artist.strip()
        found = self._by_key.get(wanted, -1)
        if found < 0:
            found = self._by_word.get(wanted, -1) if wanted.startswith("artist:") else -1
        if found < 0:
            found = self._by_name.get(fold(wanted), -1)
        if found < 0:
            raise RecommenderError(
                f"The model does not know the artist {wanted[:80]!r}: give a name or a URI as playlists have it, or "
                "import playlists with tracks of that artist and train again."
            )
        return found

    @cached_property
    def by_popularity(self) -> IntArray:
        """The artists whom a playlist has, those in most playlists first, equal ones by id."""
        sizes = self.interactions.artists.column_sizes
        order = np.argsort(-sizes, kind="stable")
        return order[sizes[order] > 0].astype(np.int32)

    @cached_property
    def _by_key(self) -> dict[str, int]:
        return {key: artist for artist, key in enumerate(self.keys)}

    @cached_property
    def _by_word(self) -> dict[str, int]:
        return {self.word(artist): artist for artist in range(len(self.keys))}

    @cached_property
    def _by_name(self) -> dict[str, int]:
        order = np.argsort(self.interactions.artists.column_sizes, kind="stable")
        return {fold(self.names[artist]): int(artist) for artist in order}
