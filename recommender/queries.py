"""From what a caller names to what the generators are asked: seeds by index, and what must not come back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.candidates.base import Query
from recommender.candidates.interactions import IntArray
from recommender.catalogue import TrackCatalogue
from recommender.errors import RecommenderError
from recommender.recordings import recording_key
from recommender.records import Track
from recommender.search import fold


@dataclass(frozen=True, eq=False)
class Request:
    """A query, and what must not be answered.

    Attributes:
        query: what the generators are asked.
        excluded: int32: seeds, other ids of the same recordings, and what the caller excludes.
        n_unknown: how many distinct seeds the catalogue does not have.
    """

    query: Query
    excluded: IntArray
    n_unknown: int = 0


@dataclass(frozen=True, eq=False)
class RequestReader:
    """Finds seeds in a catalogue.

    Args:
        catalogue: the tracks that are known.
        artist_ids: int32, shape (n_tracks,): the artist of each track, or -1.
        recordings: int32, shape (n_tracks,): equal for the ids of one recording.
        max_seeds: how many seeds a query has at most; of more, that many evenly spaced ones are taken.
    """

    catalogue: TrackCatalogue
    artist_ids: IntArray
    recordings: IntArray
    max_seeds: int

    def read(self, seeds: Sequence[str | Track], title: str | None, exclude: Collection[str]) -> Request:
        """Read seeds and excluded tracks given as URIs or records.

        Raises:
            RecommenderError: a seed is no URI.
        """
        given = {seed.uri: seed for seed in (Track(seed) if isinstance(seed, str) else seed for seed in seeds)}
        indices = self.catalogue.indices_of(list(given))
        unknown = [track for track, index in zip(given.values(), indices, strict=True) if index < 0]
        for track in unknown:
            _require_uri(track.uri)
        barred = self.catalogue.indices_of(list(exclude))
        artists = np.array([self._artist(track) for track in unknown], np.int32)
        twins = [self._twins(track, int(artist)) for track, artist in zip(unknown, artists, strict=True)]
        request = self.request(indices[indices >= 0], title, artists[artists >= 0])
        excluded = np.concatenate([request.excluded, barred[barred >= 0], *twins])
        return Request(request.query, np.unique(excluded).astype(np.int32), len(unknown))

    def request(self, seeds: IntArray, title: str | None, artists: IntArray) -> Request:
        """Read seeds given as catalogue indices (repeats count once), and artists of unknown seeds."""
        _, first = np.unique(seeds, return_index=True)
        unique = np.asarray(seeds, np.int32)[np.sort(first)]
        same = np.flatnonzero(np.isin(self.recordings, self.recordings[unique])).astype(np.int32)
        query = Query(_spaced(unique, self.max_seeds), title, _spaced(np.asarray(artists, np.int32), self.max_seeds))
        return Request(query, same)

    def _artist(self, track: Track) -> int:
        by_uri = self._artist_of_key.get(track.artist_uri or "", -1)
        return by_uri if by_uri >= 0 else self._artist_of_name.get(fold(track.artist_name or ""), -1)

    def _twins(self, track: Track, artist: int) -> IntArray:
        """Return the tracks that are the same recording as one that the catalogue does not have."""
        if artist < 0:
            return np.zeros(0, np.int32)
        key = recording_key(track)
        by_artist = np.flatnonzero(self.artist_ids == artist).astype(np.int32)
        same = [recording_key(other) == key for other in self.catalogue.tracks(by_artist)]
        return by_artist[np.array(same, np.bool_)]

    @cached_property
    def _artist_of_key(self) -> dict[str, int]:
        return {key: artist for artist, key in enumerate(self.catalogue.artist_keys)}

    @cached_property
    def _artist_of_name(self) -> dict[str, int]:
        _, first = np.unique(self.artist_ids, return_index=True)
        tracks = first[self.artist_ids[first] >= 0]
        names = [fold(track.artist_name or "") for track in self.catalogue.tracks(tracks)]
        return {name: int(self.artist_ids[track]) for name, track in zip(names, tracks, strict=True) if name}


def _spaced(values: IntArray, limit: int) -> IntArray:
    return values if len(values) <= limit else values[np.linspace(0, len(values) - 1, limit).astype(np.int64)]


def _require_uri(uri: str) -> None:
    if ":" not in uri or "//" in uri:
        raise RecommenderError(
            f"{uri[:80]!r} is not a Spotify URI: give tracks as spotify:track: followed by their id of 22 characters."
        )
