"""Tracks by the seeds' artists, and by artists who share playlists with them."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from recommender.candidates.base import CandidateGenerator, Explainer, Query, playlists
from recommender.candidates.interactions import FloatArray, IntArray
from recommender.candidates.scoring import DenseScores, Scoring
from recommender.candidates.similarity import PairSimilarity, SimilarityTo, damped
from recommender.records import Reason


class ArtistScores(DenseScores):
    """Scores of tracks by their artists.

    Args:
        values: as for `DenseScores`.
        relations: float32, shape (n_artists,): how each artist relates to the query; None if the query has no artist.
    """

    def __init__(self, values: FloatArray, relations: FloatArray | None) -> None:
        super().__init__(values)
        self.relations = relations


class Artists(CandidateGenerator):
    """Same and related artists: relation(query, artist of track) * sqrt(popularity of track) * album factor.

    relation = sum over the query's tracks of similarity(their artist, this artist) / sqrt(n), n being the number of
    the query's tracks by the same artist: twice as many tracks by one artist do not count twice. The similarity of two
    artists is that of `Cooccurrence`, over the playlists that have both; an artist's to himself is `same_artist`.
    The album factor is 1 + album_boost for a track of an album from which the query has a track: people who have part
    of an album often want the rest (the "gap" features of the RecSys Challenge 2018).

    Chosen by measurement on 540 held-back playlists (NDCG@500): the same artists alone .153, related ones too .208.

    Args:
        same_artist: the similarity of an artist to himself.
        shrinkage: added to the denominator of the similarity.
        length_damping: exponent of the playlist's length in it.
        album_boost: what a shared album adds.
        max_playlists: how many playlists of one artist are read at most.
    """

    name: ClassVar[str] = "artists"
    learnt: ClassVar[tuple[str, ...]] = ("album_ids_",)
    album_ids_: IntArray

    def __init__(
        self,
        *,
        same_artist: float = 0.5,
        shrinkage: float = 20.0,
        length_damping: float = 0.5,
        album_boost: float = 0.5,
        max_playlists: int = 500,
    ) -> None:
        self.same_artist = same_artist
        self.shrinkage = shrinkage
        self.length_damping = length_damping
        self.album_boost = album_boost
        self.max_playlists = max_playlists

    def _learn(self, features: object) -> None:
        self.album_ids_ = self.interactions_.corpus.catalogue.album_ids

    def score(self, query: Query) -> ArtistScores:
        """Return the relation of each track's artist to the query, times the track's own factors."""
        relation = self.relations(query)
        if relation is None:
            return ArtistScores(np.zeros(self.interactions_.corpus.n_tracks, np.float32), None)
        # One more, for tracks whose artist is not known: -1 is the last place.
        related = np.append(relation, np.float32(0))[self.interactions_.artist_ids]
        related *= self._popularity_roots
        self._boost_albums(query, related)
        return ArtistScores(related, relation)

    def relations(self, query: Query) -> FloatArray | None:
        """Return the relation of each artist to the query, shape (n_artists,); None if the query has no artist."""
        artists, _, weights = self._artists(query)
        if not len(artists):
            return None
        similarity = self._similarity.to(artists)
        found, relations = similarity.scores(weights)
        relation = np.zeros(self.interactions_.artists.n_columns, np.float32)
        relation[found] = relations
        relation[artists] += weights * (np.float32(self.same_artist) - similarity.own())
        return np.maximum(relation, 0)

    def contributions(self, query: Query, track: int) -> FloatArray:
        """Return for each of the query's tracks its equal part of what its artist adds, album factor included."""
        artists, places, weights = self._artists(query)
        contributions = np.zeros(query.n_seeds, np.float32)
        artist = int(self.interactions_.artist_ids[track])
        if artist < 0 or not len(artists):
            return contributions
        parts = self._relations(self._similarity.to(artists), artist) * weights
        parts *= self._popularity_roots[track]
        if self.album_ids_[track] >= 0 and self.album_ids_[track] in self.album_ids_[query.seeds]:
            parts *= np.float32(1 + self.album_boost)
        known = places >= 0
        contributions[known] = (parts / np.bincount(places[known], minlength=len(artists)))[places[known]]
        return contributions

    def explainer(self, query: Query, scoring: Scoring | None = None) -> Explainer:
        """Name the track's artist if the query has him, else the related artist who counts most."""
        artists, places, weights = self._artists(query)
        similarity = self._similarity.to(artists)
        seed_places = places[: len(query.seeds)]

        def explain(track: int) -> list[Reason]:
            artist = int(self.interactions_.artist_ids[track])
            named = self._track(track).artist_name
            if artist < 0 or named is None:
                return []
            if artist in artists:
                same = query.seeds[seed_places == np.searchsorted(artists, artist)]
                uris = tuple(self.interactions_.corpus.catalogue.uri(int(seed)) for seed in same)
                where = f", who is in {query.called}" if query.n_seeds > 1 else ""
                return [Reason(self.name, f"more by {named}{where}", 1.0, uris)]
            relations = self._relations(similarity, artist) * weights
            nearest = int(np.argmax(relations)) if len(relations) else -1
            seeds = query.seeds[seed_places == nearest]
            if nearest < 0 or relations[nearest] <= 0 or not len(seeds):
                return []
            seed, count = self._track(int(seeds[0])), similarity.together(nearest, artist)
            text = f"{named} and {seed.artist_name} share {playlists(count)}"
            return [Reason(self.name, text, 1.0, (seed.uri,), count)]

        return explain

    def _artists(self, query: Query) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the query's artists, ascending; the place of each of its tracks among them (or -1); their weights."""
        by = np.concatenate([self.interactions_.artist_ids[query.seeds], query.artists]).astype(np.int32)
        artists, counts = np.unique(by[by >= 0], return_counts=True)
        places = np.where(by >= 0, np.searchsorted(artists, by), -1).astype(np.int32)
        return artists, places, np.sqrt(counts).astype(np.float32)

    def _relations(self, similarity: SimilarityTo, artist: int) -> FloatArray:
        relations = similarity.pairs(artist)
        relations[similarity.columns == artist] = self.same_artist
        return relations

    def _boost_albums(self, query: Query, scores: FloatArray) -> None:
        albums = self.album_ids_[query.seeds]
        albums = albums[albums >= 0]
        if len(albums):
            scores[np.isin(self.album_ids_, albums)] *= np.float32(1 + self.album_boost)

    @cached_property
    def _popularity_roots(self) -> FloatArray:
        return np.sqrt(self.interactions_.tracks.column_sizes)

    @cached_property
    def _similarity(self) -> PairSimilarity:
        artists = self.interactions_.artists
        weights = damped(self.interactions_.tracks.row_sizes, self.length_damping)
        return PairSimilarity(artists, weights, self.shrinkage, self.max_playlists)
