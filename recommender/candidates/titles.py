"""Tracks of the playlists whose titles are like the query's, and of the artist whom the title names."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from recommender.candidates.base import CandidateGenerator, Explainer, Query, playlists, track_name
from recommender.candidates.interactions import FloatArray, IntArray, OffsetArray, slices, summed
from recommender.candidates.scoring import Scoring, SparseScores
from recommender.candidates.similarity import PairSimilarity, SimilarityTo, damped
from recommender.candidates.title_names import ArtistNames, NamedArtist
from recommender.candidates.title_text import DistinctTitles, HashArray, TitleParts, TitleVectors
from recommender.records import Reason
from recommender.topk import greatest, top_mean

_SHOWN_TITLE = 50
_SCALED_BY = 200
_SHRINKAGE = 20.0
_MOST_PLAYLISTS_OF_A_TRACK = 100
_LIKE = 0.5


class Titles(CandidateGenerator):
    """Playlists with a similar title vote for their tracks, and the artist whom it names has a say.

    similarity = the cosine of `TitleVectors`: n-grams, stems, and the telling words as one weigh a third each. The
    weight of a playlist is similarity ** power * length ** -length_damping; the `max_playlists` nearest vote.

    An artist's name in the title adds named_artist * (the name's share of the words) * sqrt(popularity) to each track
    of the artist, where 1 is the mean of the 200 greatest votes, and the artist's most popular track has all of it. It
    counts less the fewer of the playlists with such a title have the artist (`ArtistNames.find`).

    Where the title is all there is, the few best tracks are taken for seeds: tracks that share playlists with them (as
    in `Cooccurrence`) are added, on the scale of the votes (pseudo-relevance feedback, Rocchio 1971).

    Chosen by measurement on held-back playlists, title only (NDCG@500, R-precision / clicks; 1,000 playlists): votes
    alone .130, .068 / 14.5; with the artist named (weight 2: .137, 8: .143); with feedback too .153 (half weight), .158
    and .166 (name 8), .168 (name 16). N-grams, stems and telling words against n-grams and words as
    written: +.003 in `TitleMap`, nothing in the votes; sharper powers and more damping by length only lost.
    Reading 100 playlists of a presumed seed instead of 500 costs .000 in the blend.

    Args:
        power: how sharply similar titles are preferred.
        length_damping: exponent of the playlist's length.
        least_similarity: titles below it do not vote.
        named_artist: what an artist's name counts; 0 for nothing.
        presumed_seeds: how many tracks are taken for seeds where there are none; 0 for no feedback.
        feedback: what the tracks beside them count against the votes.
        max_playlists: how many playlists vote at most.
    """

    name: ClassVar[str] = "titles"
    learnt: ClassVar[tuple[str, ...]] = (
        "hashes_",
        "idf_",
        "feature_offsets_",
        "feature_titles_",
        "feature_values_",
        "title_offsets_",
        "title_playlists_",
        "name_hashes_",
        "name_artists_",
    )
    hashes_: HashArray
    idf_: FloatArray
    feature_offsets_: OffsetArray
    feature_titles_: IntArray
    feature_values_: FloatArray
    title_offsets_: OffsetArray
    title_playlists_: IntArray
    name_hashes_: HashArray
    name_artists_: IntArray

    def __init__(
        self,
        *,
        power: float = 1.5,
        length_damping: float = 0.15,
        least_similarity: float = 0.05,
        named_artist: float = 20.0,
        presumed_seeds: int = 10,
        feedback: float = 1.0,
        max_playlists: int = 1500,
    ) -> None:
        self.power = power
        self.length_damping = length_damping
        self.least_similarity = least_similarity
        self.named_artist = named_artist
        self.presumed_seeds = presumed_seeds
        self.feedback = feedback
        self.max_playlists = max_playlists

    def _learn(self, features: object) -> None:
        distinct = DistinctTitles.of(self.interactions_.corpus.titles)
        self.title_offsets_, self.title_playlists_ = distinct.starts, distinct.playlists
        vectors = TitleVectors.of(distinct.parts, distinct.repeats)
        self.hashes_, self.idf_ = vectors.hashes, vectors.idf
        by_feature = vectors.matrix(distinct.parts).tocsc()
        self.feature_offsets_ = by_feature.indptr.astype(np.int64)
        self.feature_titles_ = by_feature.indices.astype(np.int32)
        self.feature_values_ = by_feature.data.astype(np.float32)
        names = ArtistNames.of(self.interactions_)
        self.name_hashes_, self.name_artists_ = names.hashes, names.artists

    def score(self, query: Query) -> Scoring:
        """Return the votes of the playlists with similar titles and of the artist named; all 0 without a title."""
        title = TitleParts.of(query.title)
        voted = self._votes(title)
        if query.n_seeds or not self.presumed_seeds or not len(voted.tracks):
            return voted
        presumed = self._presumed(voted)
        beside, found = presumed.scores(np.ones(len(presumed.columns), np.float32))
        scale = top_mean(found, _SCALED_BY)
        factor = self.feedback * top_mean(voted.values, _SCALED_BY) / scale if scale else 0.0
        return self._sum(voted.tracks, voted.values, beside, found * np.float32(factor))

    def similar_playlists(self, title: str | None) -> tuple[IntArray, FloatArray]:
        """Return the playlists whose titles are like this one, and their similarities (0 to 1)."""
        return self._similar(TitleParts.of(title))

    def explainer(self, query: Query, scoring: Scoring | None = None) -> Explainer:
        """Say how many playlists whose title is much like this one (similarity 1/2 or more) have the track.

        A track that none has is by the artist named, or was found beside one that similar titles led to.
        """
        title = TitleParts.of(query.title)
        alike = self._alike(*self._similar(title))
        shown = " ".join((query.title or "").split())
        shown = shown if len(shown) <= _SHOWN_TITLE else shown[: _SHOWN_TITLE - 1] + "…"
        named = self._named(title, alike)
        nothing = self._similarity.to(np.zeros(0, np.int32))
        feedback = self.presumed_seeds and not query.n_seeds
        presumed = self._presumed(self._votes(title)) if feedback else nothing

        def explain(track: int) -> list[Reason]:
            reasons = []
            if named is not None and track in named.tracks:
                reasons.append(Reason(self.name, f"by {named.name}, whom the title '{shown}' names", 1.0))
            count = len(np.intersect1d(alike, self.interactions_.tracks.rows_with(track), assume_unique=True))
            if count:
                text = f"in {playlists(count)} with a title like '{shown}'"
                reasons.append(Reason(self.name, text, 1.0, count=count))
            if reasons:
                return reasons
            pairs = presumed.pairs(track)
            if not pairs.any():
                return []
            nearest = int(np.argmax(pairs))
            count = presumed.together(nearest, track)
            found = track_name(self._track(int(presumed.columns[nearest])))
            text = f"in {playlists(count)} together with {found}, which fits the title"
            return [Reason(self.name, text, 1.0, count=count)]

        return explain

    def _votes(self, title: TitleParts) -> SparseScores:
        similar, similarities = self._similar(title)
        named = self._named(title, self._alike(similar, similarities)) if self.named_artist else None
        nearest = _nearest(similarities, self.max_playlists)
        similar, similarities = similar[nearest], similarities[nearest]
        weights = similarities ** np.float32(self.power) * self._length_factors[similar]
        tracks, votes = self.interactions_.tracks.votes(similar, weights)
        if named is None:
            return self._sparse(tracks, votes)
        scale = top_mean(votes, _SCALED_BY) or 1.0
        roots = np.sqrt(self.interactions_.tracks.column_sizes[named.tracks])
        by_artist = roots * np.float32(self.named_artist * named.share * scale / max(float(roots.max()), 1.0))
        return self._sum(tracks, votes, named.tracks, by_artist)

    def _similar(self, title: TitleParts) -> tuple[IntArray, FloatArray]:
        n_titles = len(self.title_offsets_) - 1
        columns, values = TitleVectors(self.hashes_, self.idf_).vector(title)
        positions, lengths = slices(self.feature_offsets_, columns)
        parts = np.repeat(values, lengths) * self.feature_values_[positions]
        similarity = np.bincount(self.feature_titles_[positions], parts, minlength=n_titles)
        similar = np.flatnonzero(similarity >= self.least_similarity)
        places, sizes = slices(self.title_offsets_, similar)
        clipped = np.clip(similarity[similar], 0, 1).astype(np.float32)
        return self.title_playlists_[places], np.repeat(clipped, sizes)

    def _alike(self, similar: IntArray, similarities: FloatArray) -> IntArray:
        return np.sort(similar[similarities >= _LIKE])

    def _named(self, title: TitleParts, alike: IntArray) -> NamedArtist | None:
        return ArtistNames(self.name_hashes_, self.name_artists_).find(title, alike, self.interactions_)

    def _sum(self, tracks: IntArray, values: FloatArray, others: IntArray, more: FloatArray) -> SparseScores:
        every, parts = np.concatenate([tracks, others]), np.concatenate([values, more])
        return self._sparse(*summed(every, parts, self.interactions_.corpus.n_tracks))

    def _presumed(self, voted: SparseScores) -> SimilarityTo:
        return self._similarity.to(voted.tracks[greatest(voted.values, self.presumed_seeds)])

    @cached_property
    def _similarity(self) -> PairSimilarity:
        tracks = self.interactions_.tracks
        return PairSimilarity(tracks, damped(tracks.row_sizes, 0.5), _SHRINKAGE, _MOST_PLAYLISTS_OF_A_TRACK)

    @cached_property
    def _length_factors(self) -> FloatArray:
        factors: FloatArray = np.maximum(self.interactions_.tracks.row_sizes, 1) ** np.float32(-self.length_damping)
        return factors


def _nearest(similarities: FloatArray, limit: int) -> npt.NDArray[np.int64]:
    """Return the places of the `limit` greatest similarities, ascending; of equal ones evenly spaced ones."""
    limit = min(limit, len(similarities))
    if not limit:
        return np.zeros(0, np.int64)
    least = np.partition(similarities, len(similarities) - limit)[len(similarities) - limit]
    nearer, equal = np.flatnonzero(similarities > least), np.flatnonzero(similarities == least)
    spaced = np.linspace(0, len(equal) - 1, limit - len(nearer)).astype(np.int64)
    return np.sort(np.concatenate([nearer, equal[spaced]]))
