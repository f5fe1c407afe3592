"""Finding a track of the catalogue by words of its name and its artist's."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recommender.catalogue import TrackCatalogue
from recommender.records import Track


def fold(text: str) -> str:
    """Return the text without case, accents and repeated spaces, as it is compared in searches.

    >>> fold("  Café  DEL Mar ")
    'cafe del mar'
    """
    if text.isascii():
        # Nothing to decompose; most names are of this kind, and catalogues have millions of them.
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


class TrackSearch:
    """Every word must occur in "name artist"; names that begin with the text come first, then the more popular.

    Args:
        catalogue: the tracks.
        popularity: (n_tracks,) number of playlists that hold each track.
    """

    def __init__(self, catalogue: TrackCatalogue, popularity: np.ndarray) -> None:
        self._catalogue = catalogue
        self._popularity = np.asarray(popularity)

    @cached_property
    def _texts(self) -> pa.Array:
        """Every track's name and artist in one folded text; made at the first search."""
        names = self._catalogue.table.column("name").to_pylist()
        artists = self._catalogue.table.column("artist_name").to_pylist()
        return pa.array([fold(f"{name or ''} {artist or ''}") for name, artist in zip(names, artists, strict=True)])

    def find(self, text: str, limit: int = 25) -> list[Track]:
        """Return at most `limit` tracks that match, best first; the most popular ones for an empty text."""
        words = fold(text).split()
        chosen = self._matching(words)
        if chosen.size == 0 or limit <= 0:
            return []
        begins = self._begins(chosen, " ".join(words)) if words else np.zeros(chosen.size, dtype=bool)
        order = np.lexsort((chosen, -self._popularity[chosen], ~begins))[:limit]
        return [self._catalogue.track(int(index)) for index in chosen[order]]

    def _matching(self, words: Sequence[str]) -> np.ndarray:
        if not words:
            return np.arange(len(self._catalogue))
        mask = pc.match_substring(self._texts, words[0])
        for word in words[1:]:
            mask = pc.and_(mask, pc.match_substring(self._texts, word))
        return np.flatnonzero(mask.to_numpy(zero_copy_only=False))

    def _begins(self, chosen: np.ndarray, text: str) -> np.ndarray:
        flags = pc.starts_with(self._texts.take(pa.array(chosen)), text)
        result: np.ndarray = flags.to_numpy(zero_copy_only=False)
        return result
