"""Tracks that a playlist like the query's would name next, by vectors learnt as words are learnt from sentences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.candidates.base import CandidateGenerator, Explainer, Query, track_name
from recommender.candidates.interactions import FloatArray, IntArray, slices
from recommender.candidates.latent import most_popular
from recommender.candidates.scoring import Scoring
from recommender.records import Reason
from recommender.topk import top_indices

_FEWEST_PASSES = 2
_NEAR = 0.5
# The exponential of more than this leaves the range of float32.
_GREATEST_LOGARITHM = 80.0


class Embeddings(CandidateGenerator):
    """Word2Vec (Mikolov et al. 2013) over playlists: a playlist is a sentence, its tracks are the words.

    Continuous bag of words with negative sampling: from the mean of the vectors of the tracks around it, each track is
    told apart from tracks drawn at random. Every track t has two vectors, v_t as context and o_t as the one that is
    predicted, and what is learnt is o_t . v(playlist) = log P(t | playlist) - ns_exponent * log n_t + constant, where n
    is the number of playlists. So a playlist is the mean of its tracks' v, and the score of t is

        (n_t ** popularity * exp(o_t . v(playlist))) ** sharpness.

    Order says little about what belongs together: in each pass the tracks of every playlist are shuffled, so that a
    narrow window, which is quick, sees pairs from the whole playlist.

    Only tracks in `least_playlists` playlists or more take part, at most `max_tracks` of them, the most popular. Each
    training looks at about `entries` entries: small corpora are passed more often (`max_passes` times at most), large
    ones twice at least.

    Chosen by measurement alone as a ranker, on some 300 held-back playlists with seeds (NDCG@500). What is compared
    matters most: the cosine of mean v and v_t .118 after skip-gram, .131 after bags of words; o_t . v(playlist) .184.
    Then (10 passes of 15,000 playlists): ns_exponent 1 .167, .75 .184, .25 .194, 0 .194; 15 drawn at random .216
    instead of .194 with 5; popularity .25 .216, .5 .212, 1 .202; 64 dimensions .182 instead of .184 with 32. As it
    stands, with no frequent tracks skipped and a learning rate that falls to 0: .224.

    Training takes one thread: with two, the order of updates is left to chance and no two models are the same.

    Args:
        dimensions: of the vectors.
        window: how many tracks to either side are looked at.
        entries: how many entries of playlists are looked at, over all passes.
        max_passes: how often the corpus is passed at most.
        negative: how many tracks are drawn at random for each one that is there.
        ns_exponent: they are drawn by n ** ns_exponent (Caselles-Dupre, Lesaint and Royo-Letelier 2018).
        learning_rate: at the start; it falls to 0.
        popularity: exponent of the number of playlists with a track in its score.
        sharpness: exponent of the score; it changes no order, only how far the best stand out.
        least_playlists: in how many playlists a track must be.
        max_tracks: how many tracks have vectors at most.
        random_state: seed of the first vectors, the shuffling and the drawing.

    Attributes:
        tracks_: int32, ascending: the tracks that have vectors.
        vectors_: float32, shape (len(tracks_), dimensions): v, of which a playlist is the mean.
        predicted_: float32, shape (len(tracks_), dimensions): o.
    """

    name: ClassVar[str] = "embeddings"
    learnt: ClassVar[tuple[str, ...]] = ("tracks_", "vectors_", "predicted_")
    tracks_: IntArray
    vectors_: FloatArray
    predicted_: FloatArray

    def __init__(
        self,
        *,
        dimensions: int = 32,
        window: int = 15,
        entries: int = 8_500_000,
        max_passes: int = 25,
        negative: int = 15,
        ns_exponent: float = 0.0,
        learning_rate: float = 0.05,
        popularity: float = 0.25,
        sharpness: float = 0.5,
        least_playlists: int = 3,
        max_tracks: int = 400_000,
        random_state: int = 0,
    ) -> None:
        self.dimensions = dimensions
        self.window = window
        self.entries = entries
        self.max_passes = max_passes
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.learning_rate = learning_rate
        self.popularity = popularity
        self.sharpness = sharpness
        self.least_playlists = least_playlists
        self.max_tracks = max_tracks
        self.random_state = random_state

    def _learn(self, features: object) -> None:
        counts = self.interactions_.tracks.column_sizes
        self.tracks_ = most_popular(counts, self.least_playlists, self.max_tracks)
        for computed in ("places", "logarithms"):
            self.__dict__.pop(computed, None)
        n_entries = int(counts[self.tracks_].sum())
        if not n_entries:
            self.vectors_ = self.predicted_ = np.zeros((0, self.dimensions), np.float32)
            return
        from gensim.models import Word2Vec

        passes = int(np.clip(round(self.entries / n_entries), _FEWEST_PASSES, self.max_passes))
        model = Word2Vec(
            vector_size=self.dimensions,
            window=self.window,
            shrink_windows=False,
            sg=0,
            negative=self.negative,
            ns_exponent=self.ns_exponent,
            alpha=self.learning_rate,
            min_alpha=0.0,
            min_count=1,
            sample=0,
            sorted_vocab=0,
            seed=self.random_state % 2**32,
            workers=1,
        )
        # The words are places in `tracks_`, in their order: so row i of the vectors is that of tracks_[i].
        frequencies = dict(enumerate(counts[self.tracks_].astype(np.int64).tolist()))
        model.build_vocab_from_freq(frequencies, corpus_count=self.interactions_.tracks.n_rows)
        sentences = _Sentences(self, np.random.default_rng(self.random_state))
        model.train(sentences, total_examples=sentences.count, total_words=n_entries, epochs=passes)
        self.vectors_ = np.array(model.wv.vectors, np.float32)
        self.predicted_ = np.array(model.syn1neg, np.float32)

    def score(self, query: Query) -> Scoring:
        """Return how likely each track is in a playlist like the query's, on no scale in particular."""
        mean = self.playlist_vector(query.seeds)
        if mean is None:
            return self._nothing()
        return _Likelihoods(self, self.interactions_.corpus.n_tracks, mean)

    def playlist_vector(self, tracks: IntArray) -> FloatArray | None:
        """Return the mean of the vectors of a playlist's tracks, shape (dimensions,); None if none has a vector."""
        places = self.places[tracks]
        places = places[places >= 0]
        if not len(places):
            return None
        mean: FloatArray = self.vectors_[places].mean(axis=0, dtype=np.float32)
        return mean

    def playlist_vectors(self, rows: IntArray) -> FloatArray:
        """Return the vectors of playlists of the corpus, shape (len(rows), dimensions); 0 if no track has a vector."""
        tracks = self.interactions_.tracks
        positions, lengths = slices(tracks.row_offsets, rows)
        places = self.places[tracks.row_columns[positions]]
        of = np.repeat(np.arange(len(rows)), lengths)[places >= 0]
        places = places[places >= 0]
        counts = np.bincount(of, minlength=len(rows))
        weights = (1 / np.maximum(counts, 1)).astype(np.float32)[of]
        shape = (len(rows), len(self.tracks_))
        vectors: FloatArray = csr_matrix((weights, (of, places)), shape=shape) @ self.vectors_
        return vectors

    def explainer(self, query: Query, scoring: Scoring | None = None) -> Explainer:
        """Name the seed that is nearest to the track, if one is near (cosine of at least a half)."""
        places = self.places[query.seeds]
        seeds, places = query.seeds[places >= 0], places[places >= 0]
        near_seeds = self.directions(places)

        def explain(track: int) -> list[Reason]:
            place = self.places[[track]]
            if place[0] < 0 or not len(seeds):
                return []
            cosines = near_seeds @ self.directions(place)[0]
            cosines[seeds == track] = 0
            nearest = int(np.argmax(cosines))
            if cosines[nearest] < _NEAR:
                return []
            seed = self._track(int(seeds[nearest]))
            text = f"near {track_name(seed)} in the map of tracks that share playlists"
            return [Reason(self.name, text, 1.0, (seed.uri,))]

        return explain

    def directions(self, places: npt.NDArray[np.integer]) -> FloatArray:
        """Return the vectors at these places of `tracks_` scaled to length 1, shape (len(places), dimensions)."""
        vectors = self.vectors_[places]
        directions: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return directions

    @cached_property
    def places(self) -> IntArray:
        """The row of each track in the vectors, or -1; shape (n_tracks,)."""
        places = np.full(self.interactions_.corpus.n_tracks, -1, np.int32)
        places[self.tracks_] = np.arange(len(self.tracks_), dtype=np.int32)
        return places

    @cached_property
    def logarithms(self) -> FloatArray:
        """What popularity adds to the logarithm of a score, shape (len(tracks_),): popularity * log n."""
        counts = np.maximum(self.interactions_.tracks.column_sizes[self.tracks_], 1)
        logarithms: FloatArray = (self.popularity * np.log(counts)).astype(np.float32)
        return logarithms


class _Sentences:
    """The playlists as gensim reads them, in another order on each pass, none of them held as a list for long."""

    def __init__(self, generator: Embeddings, rng: np.random.Generator) -> None:
        self._tracks = generator.interactions_.tracks
        self._places = generator.places
        self._rng = rng
        self.count = self._tracks.n_rows

    def __iter__(self) -> Iterator[list[int]]:
        offsets, columns = self._tracks.row_offsets, self._tracks.row_columns
        order = self._rng.permutation(self.count)
        for row in order:
            places = self._places[columns[offsets[row] : offsets[row + 1]]]
            places = places[places >= 0]
            self._rng.shuffle(places)
            yield places.tolist()


class _Likelihoods(Scoring):
    """The scores of `Embeddings`, computed for as many tracks as are asked about.

    Args:
        generator: fitted.
        n_tracks: how many tracks there are.
        mean: shape (dimensions,): the vector of the playlist.
    """

    def __init__(self, generator: Embeddings, n_tracks: int, mean: FloatArray) -> None:
        self._generator = generator
        self._n_tracks = n_tracks
        self._mean = mean

    def top(self, limit: int) -> IntArray:
        """Return the most likely tracks."""
        scores = self._of(slice(None))
        best = top_indices(scores, np.zeros(0, np.int32), limit)
        return self._generator.tracks_[best[scores[best] > 0]]

    def at(self, tracks: IntArray) -> FloatArray:
        """Return the scores of these tracks."""
        places = self._generator.places[tracks]
        known = places >= 0
        scores = np.zeros(len(tracks), np.float32)
        scores[known] = self._of(places[known])
        return scores

    def dense(self) -> FloatArray:
        """Return the scores of all tracks."""
        scores = np.zeros(self._n_tracks, np.float32)
        scores[self._generator.tracks_] = self._of(slice(None))
        return scores

    def _of(self, places: IntArray | slice) -> FloatArray:
        generator = self._generator
        logarithms = generator.predicted_[places] @ self._mean + generator.logarithms[places]
        logarithms *= np.float32(generator.sharpness)
        scores: FloatArray = np.exp(np.clip(logarithms, -_GREATEST_LOGARITHM, _GREATEST_LOGARITHM))
        return scores
