"""Tracks of the playlists whose titles are like the query's."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from recommender.candidates.base import CandidateGenerator, Explainer, Query, playlists, track_name
from recommender.candidates.interactions import FloatArray, IntArray, OffsetArray, offsets, slices
from recommender.candidates.scoring import DenseScores, Scoring, SparseScores
from recommender.candidates.similarity import PairSimilarity, SimilarityTo, damped
from recommender.records import Reason
from recommender.text import normalised_text
from recommender.topk import top_indices, top_mean

_LONGEST_TITLE = 100
_SHOWN_TITLE = 50
_SCALED_BY = 200
_SHRINKAGE = 20.0
_MOST_PLAYLISTS = 2000
_LIKE = 0.5
_WORD_OR_SYMBOL = r"(?u)\w+|[^\w\s]"


class Titles(CandidateGenerator):
    """Playlists with a similar title vote for their tracks.

    similarity = half the cosine of TF-IDF vectors of character n-grams within words, half that of words and symbols
    (so "workout 🔥" is like "🔥"); the weight of a playlist is similarity ** power * length ** -length_damping. The
    n-grams are hashed, so nothing but their document frequencies is learnt.

    Where the title is all there is, the few tracks with most votes are taken for seeds: tracks that share playlists
    with them (as in `Cooccurrence`) are added, on the scale of the votes (pseudo-relevance feedback, Rocchio 1971).

    Chosen by measurement on held-back playlists, title only (NDCG@500): on 500 of them n-grams of 2 to 4 alone .132,
    of 3 to 5 with words .133; on 1,000 of them .134, with the tracks beside the ten best .149.

    Args:
        ngrams: shortest and longest n-gram.
        power: how sharply similar titles are preferred.
        length_damping: exponent of the playlist's length.
        least_similarity: titles below it do not vote.
        presumed_seeds: how many tracks are taken for seeds where there are none; 0 for no feedback.
        hash_bits: the number of hash buckets for n-grams, and for words, as a power of 2.
    """

    name: ClassVar[str] = "titles"
    learnt: ClassVar[tuple[str, ...]] = (
        "gram_idf_",
        "token_idf_",
        "feature_offsets_",
        "feature_titles_",
        "feature_values_",
        "title_offsets_",
        "title_playlists_",
    )
    gram_idf_: FloatArray
    token_idf_: FloatArray
    feature_offsets_: OffsetArray
    feature_titles_: IntArray
    feature_values_: FloatArray
    title_offsets_: OffsetArray
    title_playlists_: IntArray

    def __init__(
        self,
        *,
        ngrams: tuple[int, int] = (3, 5),
        power: float = 1.5,
        length_damping: float = 0.25,
        least_similarity: float = 0.1,
        presumed_seeds: int = 10,
        hash_bits: int = 17,
    ) -> None:
        self.ngrams = ngrams
        self.power = power
        self.length_damping = length_damping
        self.least_similarity = least_similarity
        self.presumed_seeds = presumed_seeds
        self.hash_bits = hash_bits

    def _learn(self, features: object) -> None:
        corpus = self.interactions_.corpus
        of_playlist = [_normalised(title) for title in corpus.titles]
        codes = {title: code for code, title in enumerate(sorted(set(of_playlist) - {""}))}
        coded = np.array([codes.get(title, -1) for title in of_playlist], np.int64)
        titled = np.flatnonzero(coded >= 0)
        self.title_playlists_ = titled[np.argsort(coded[titled], kind="stable")].astype(np.int32)
        self.title_offsets_ = offsets(np.bincount(coded[titled], minlength=len(codes)))
        # Document frequencies count playlists, not distinct titles: "chill" is common because many use it.
        repeats = np.diff(self.title_offsets_)
        self.gram_idf_ = _idf(self._gram_counter, list(codes), repeats)
        self.token_idf_ = _idf(self._token_counter, list(codes), repeats)
        vectors = self._vectors(list(codes)).tocsc()
        self.feature_offsets_ = vectors.indptr.astype(np.int64)
        self.feature_titles_ = vectors.indices.astype(np.int32)
        self.feature_values_ = vectors.data.astype(np.float32)

    def score(self, query: Query) -> Scoring:
        """Return the votes of the playlists with similar titles; all 0 without a title."""
        scoring = self._votes(query.title)
        if query.n_seeds or not len(scoring.tracks):
            return scoring
        votes = scoring.dense()
        presumed = self._presumed(votes)
        beside = presumed.scores(np.ones(len(presumed.columns), np.float32))
        scale = top_mean(beside, _SCALED_BY)
        return DenseScores(votes + beside * np.float32(top_mean(votes, _SCALED_BY) / scale if scale else 0))

    def similar_playlists(self, title: str | None) -> tuple[IntArray, FloatArray]:
        """Return the playlists whose titles are like this one, and their similarities (0 to 1)."""
        normalised = _normalised(title)
        n_titles = len(self.title_offsets_) - 1
        if not normalised or not n_titles:
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        vector = self._vectors([normalised])
        positions, lengths = slices(self.feature_offsets_, vector.indices)
        parts = np.repeat(vector.data, lengths) * self.feature_values_[positions]
        similarity = np.bincount(self.feature_titles_[positions], parts, minlength=n_titles)
        similar = np.flatnonzero(similarity >= self.least_similarity)
        places, sizes = slices(self.title_offsets_, similar)
        clipped = np.clip(similarity[similar], 0, 1).astype(np.float32)
        return self.title_playlists_[places], np.repeat(clipped, sizes)

    def explainer(self, query: Query) -> Explainer:
        """Say how many playlists whose title is much like this one (similarity 1/2 or more) have the track.

        A track that none has was found beside one that similar titles led to: that one is named.
        """
        similar, similarities = self.similar_playlists(query.title)
        alike = similar[similarities >= _LIKE]
        shown = " ".join((query.title or "").split())
        shown = shown if len(shown) <= _SHOWN_TITLE else shown[: _SHOWN_TITLE - 1] + "…"
        nothing = self._similarity.to(np.zeros(0, np.int32))
        presumed = nothing if query.n_seeds else self._presumed(self._votes(query.title).dense())

        def explain(track: int) -> list[Reason]:
            count = len(np.intersect1d(alike, self.interactions_.tracks.rows_with(track), assume_unique=True))
            if count:
                return [Reason(self.name, f"in {playlists(count)} with a title like '{shown}'", 1.0, count=count)]
            pairs = presumed.pairs(track)
            if not pairs.any():
                return []
            nearest = int(np.argmax(pairs))
            count = presumed.together(nearest, track)
            found = track_name(self._track(int(presumed.columns[nearest])))
            text = f"in {playlists(count)} together with {found}, which fits the title"
            return [Reason(self.name, text, 1.0, count=count)]

        return explain

    def _votes(self, title: str | None) -> SparseScores:
        similar, similarities = self.similar_playlists(title)
        weights = similarities ** np.float32(self.power) * self._length_factors[similar]
        return self._sparse(*self.interactions_.tracks.votes(similar, weights))

    def _presumed(self, votes: FloatArray) -> SimilarityTo:
        best = top_indices(votes, np.zeros(0, np.int32), self.presumed_seeds)
        return self._similarity.to(best[votes[best] > 0])

    def _vectors(self, titles: list[str]) -> csr_matrix:
        """Return one row a title; n-grams and words each of length sqrt(1/2), so that a product is the mean cosine."""
        if not titles:
            return csr_matrix((0, len(self.gram_idf_) + len(self.token_idf_)), dtype=np.float32)
        parts = []
        for counter, idf in ((self._gram_counter, self.gram_idf_), (self._token_counter, self.token_idf_)):
            transformer = TfidfTransformer(sublinear_tf=True)
            transformer.idf_ = idf
            parts.append(transformer.transform(counter.transform(titles)) * np.sqrt(0.5))
        return hstack(parts, format="csr", dtype=np.float32)

    @cached_property
    def _gram_counter(self) -> HashingVectorizer:
        return self._counter(analyzer="char_wb", ngram_range=tuple(self.ngrams))

    @cached_property
    def _token_counter(self) -> HashingVectorizer:
        return self._counter(analyzer="word", token_pattern=_WORD_OR_SYMBOL)

    def _counter(self, **analysis: object) -> HashingVectorizer:
        size = 2**self.hash_bits
        return HashingVectorizer(
            n_features=size, alternate_sign=False, norm=None, lowercase=False, dtype=np.float32, **analysis
        )

    @cached_property
    def _similarity(self) -> PairSimilarity:
        tracks = self.interactions_.tracks
        return PairSimilarity(tracks, damped(tracks.row_sizes, 0.5), _SHRINKAGE, _MOST_PLAYLISTS)

    @cached_property
    def _length_factors(self) -> FloatArray:
        factors: FloatArray = np.maximum(self.interactions_.tracks.row_sizes, 1) ** np.float32(-self.length_damping)
        return factors


def _normalised(title: str | None) -> str:
    # Normalising may lengthen a text at most 18-fold (NFKD); more than a screenful of title says nothing.
    return normalised_text((title or "")[: 4 * _LONGEST_TITLE])[:_LONGEST_TITLE].strip()


def _idf(counter: HashingVectorizer, titles: list[str], repeats: OffsetArray) -> FloatArray:
    """Return the smoothed inverse document frequency of each bucket, each title counted `repeats` times."""
    if not titles:
        return np.ones(counter.n_features, np.float32)
    present = counter.transform(titles)
    present.data[:] = 1
    frequencies = present.T @ repeats.astype(np.float64)
    idf: FloatArray = (np.log((repeats.sum() + 1) / (frequencies + 1)) + 1).astype(np.float32)
    return idf
