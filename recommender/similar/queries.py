"""Similar tracks, artists and playlists, each with a score and a reason that is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from recommender.candidates.base import playlists, track_name
from recommender.candidates.interactions import IntArray
from recommender.errors import RecommenderError
from recommender.records import Reason, Track
from recommender.similar.artists import Artists
from recommender.similar.pairs import NearestColumns
from recommender.similar.playlists import NearestPlaylists

if TYPE_CHECKING:
    from recommender.hybrid import Hybrid

_KIND = "similar"
_NAMED_TRACKS = 3


@dataclass(frozen=True, slots=True)
class SimilarTrack:
    """A track that is like another one.

    Attributes:
        track: the track.
        score: normalised co-occurrence: comparable between answers of one model; higher is more similar.
        reason: in how many playlists both are.
    """

    track: Track
    score: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class SimilarArtist:
    """An artist who is like another one.

    Attributes:
        key: what tells artists apart: the URI, or the case-folded name where none is known.
        uri: the URI, if one is known.
        name: as the artist's most popular track has it.
        score: normalised co-occurrence, as for tracks.
        reason: how many playlists have both.
    """

    key: str
    uri: str | None
    name: str
    score: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class SimilarPlaylist:
    """A playlist that has tracks in common with another one.

    Attributes:
        pid: unique within its source.
        source: where it comes from.
        title: None where it has none, and from a saved model, which keeps no titles.
        n_tracks: its length.
        score: from above 0 to 1: 1 has the same tracks and no others.
        shared: how many tracks both have.
        reason: the same in words, with the most telling of those tracks.
    """

    pid: int
    source: str
    title: str | None
    n_tracks: int
    score: float
    shared: int
    reason: Reason


class Similar:
    """Answers what is similar to what; keep one for each model, since the first question of a kind takes longest.

    Args:
        model: fitted or loaded.
    """

    def __init__(self, model: Hybrid) -> None:
        self.interactions = model.interactions_
        self._recordings = model.recordings_

    def tracks(self, uri: str, k: int = 20) -> list[SimilarTrack]:
        """Return the k tracks most similar to one, most similar first; fewer if no more share a playlist with it.

        Other ids of the same recording are left out; of several ids of another recording one is answered.

        Raises:
            RecommenderError: the model does not know the track, or k is negative.
        """
        _require_count(k)
        catalogue = self.interactions.corpus.catalogue
        seed = catalogue.index_of(uri)
        if seed < 0:
            raise RecommenderError(
                f"The model does not know {uri[:80]}: name a track that was imported, or import playlists that hold "
                "it and train again."
            )
        found = self.nearest_tracks.of(np.array([seed], np.int32), k)
        named = catalogue.track(seed)
        answer = []
        for other, track, score in zip(found.others, catalogue.tracks(found.others), found.scores, strict=True):
            count = self.nearest_tracks.together(seed, int(other))
            text = f"in {playlists(count)} together with {track_name(named)}"
            answer.append(SimilarTrack(track, float(score), Reason(_KIND, text, 1.0, (named.uri,), count)))
        return answer

    def artists(self, artist: str, k: int = 20) -> list[SimilarArtist]:
        """Return the k artists most similar to one, most similar first; fewer if no more share a playlist with them.

        Args:
            artist: the URI, or the name with any case and accents; of several of one name the most popular is meant.
            k: how many.

        Raises:
            RecommenderError: the model does not know the artist, or k is negative.
        """
        _require_count(k)
        names = self.artist_names
        seed = names.find(artist)
        found = self.nearest_artists.of(np.array([seed], np.int32), k)
        answer = []
        for other, score in zip(found.others.tolist(), found.scores.tolist(), strict=True):
            count = self.nearest_artists.together(seed, other)
            text = f"{names.names[other]} and {names.names[seed]} share {playlists(count)}"
            reason = Reason(_KIND, text, 1.0, (), count)
            answer.append(SimilarArtist(names.keys[other], names.uri(other), names.names[other], score, reason))
        return answer

    def playlists(
        self, playlist: int | Sequence[str | Track], k: int = 20, *, source: str | None = None
    ) -> list[SimilarPlaylist]:
        """Return the k playlists most similar to one, most similar first; fewer if no more share a track with it.

        Long playlists are not preferred: see `NearestPlaylists`.

        Args:
            playlist: the pid of a playlist of the model, which is not answered itself; or the tracks of any playlist:
                unknown ones are passed over, repeats count once.
            k: how many.
            source: the source of the pid, where several sources have it.

        Raises:
            RecommenderError: there is no such playlist, several have this pid, or k is negative.
        """
        _require_count(k)
        corpus = self.interactions.corpus
        if isinstance(playlist, int | np.integer):
            row = self._row(int(playlist), source)
            seeds, itself = np.asarray(corpus.tracks_of(row)), np.array([row], np.int32)
        else:
            given = [playlist] if isinstance(playlist, str) else playlist
            uris = [track if isinstance(track, str) else track.uri for track in given]
            seeds, itself = corpus.catalogue.indices_of(uris), np.zeros(0, np.int32)
            seeds = np.unique(seeds[seeds >= 0])
        nearest, scores = self.nearest_playlists.to(seeds, k, itself)
        return [self._playlist(row, score, seeds) for row, score in zip(nearest.tolist(), scores.tolist(), strict=True)]

    def _playlist(self, row: int, score: float, seeds: IntArray) -> SimilarPlaylist:
        corpus = self.interactions.corpus
        tracks = corpus.tracks_of(row)
        shared = tracks[np.isin(tracks, seeds)]
        telling = shared[np.argsort(-self.nearest_playlists.weights[shared], kind="stable")[:_NAMED_TRACKS]]
        named = corpus.catalogue.tracks(telling)
        among = "" if len(named) == len(shared) else "among them "
        count = "1 track" if len(shared) == 1 else f"{len(shared)} tracks"
        text = f"shares {count}: {among}{', '.join(map(track_name, named))}"
        fields = corpus.playlists.slice(row, 1).to_pylist()[0]
        reason = Reason(_KIND, text, 1.0, tuple(track.uri for track in named), len(shared))
        return SimilarPlaylist(
            fields["pid"], fields["source"], fields["title"], len(tracks), score, len(shared), reason
        )

    def _row(self, pid: int, source: str | None) -> int:
        corpus = self.interactions.corpus
        rows = [int(row) for row in np.flatnonzero(corpus.pids == pid) if source in (None, corpus.sources[row])]
        if not rows:
            of = "" if source is None else f" of {source}"
            raise RecommenderError(
                f"The model has no playlist {pid}{of}: name one that it was trained on, or give the tracks themselves."
            )
        if len(rows) > 1:
            sources = ", ".join(sorted({corpus.sources[row] for row in rows}))
            raise RecommenderError(f"There are several playlists {pid}: name the source too, one of {sources}.")
        return rows[0]

    @cached_property
    def nearest_tracks(self) -> NearestColumns:
        """Tracks that share playlists."""
        return NearestColumns(self.interactions.tracks, self._recordings)

    @cached_property
    def nearest_artists(self) -> NearestColumns:
        """Artists who share playlists."""
        return NearestColumns(self.interactions.artists)

    @cached_property
    def nearest_playlists(self) -> NearestPlaylists:
        """Playlists that share tracks."""
        return NearestPlaylists(self.interactions.tracks)

    @cached_property
    def artist_names(self) -> Artists:
        """The artists by URI and name."""
        return Artists(self.interactions)


def similar_tracks(model: Hybrid, uri: str, k: int = 20) -> list[SimilarTrack]:
    """Return the k tracks most similar to one; see `Similar.tracks`."""
    return Similar(model).tracks(uri, k)


def similar_artists(model: Hybrid, artist: str, k: int = 20) -> list[SimilarArtist]:
    """Return the k artists most similar to one; see `Similar.artists`."""
    return Similar(model).artists(artist, k)


def similar_playlists(
    model: Hybrid, playlist: int | Sequence[str | Track], k: int = 20, *, source: str | None = None
) -> list[SimilarPlaylist]:
    """Return the k playlists most similar to one; see `Similar.playlists`."""
    return Similar(model).playlists(playlist, k, source=source)


def _require_count(k: int) -> None:
    if k < 0:
        raise RecommenderError("k must be 0 or more.")
