"""Peers that need nothing but the project's own environment: implicit, gensim, the Memgraph demo and plain references.

Each library continues a playlist that it has not seen in the way that it offers: implicit's item-item models and ALS
by `recommend` (ALS with `recalculate_user`, an exact fold-in), BPR, which has no fold-in, by the sum of `similar_items`
over the seeds, Word2Vec by `most_similar`.
"""

from __future__ import annotations

import importlib.metadata
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from peer_base import Answer, Peer, Settings, Training, best_of, peer
from scipy.sparse import csr_matrix

from recommender.candidates import Popularity, RawCooccurrence
from recommender.evaluation import Contender, generator_contender
from recommender.evaluation.metrics import LENGTH

POPULARITY = "popularity"
MEMGRAPH = "Memgraph demo"
REFERENCE = "reference blend"


def own_peers() -> list[Peer]:
    """Return the peers, each with its settings."""
    implicit, gensim = (f"{name} {importlib.metadata.version(name)}" for name in ("implicit", "gensim"))
    return [
        Peer(POPULARITY, lambda name, *_: generator_contender(Popularity(), name), [{}]),
        # The same sum as the demo's query, which visits a graph: see tests/benchmarks.
        Peer(MEMGRAPH, lambda name, *_: generator_contender(RawCooccurrence(), name), [{}]),
        _peer(
            "implicit cosine", partial(_item_item, "CosineRecommender"), [{"K": k} for k in (500, 200, 50)], implicit
        ),
        _peer("implicit TF-IDF", partial(_item_item, "TFIDFRecommender"), [{"K": k} for k in (500, 200, 50)], implicit),
        _peer(
            "implicit BM25",
            partial(_item_item, "BM25Recommender"),
            [
                {"K": 500, "K1": 1.2, "B": 0.75},
                {"K": 200, "K1": 1.2, "B": 0.75},
                {"K": 500, "K1": 1.2, "B": 0.4},
                {"K": 500, "K1": 100, "B": 0.75},
            ],
            implicit,
        ),
        _peer(
            "implicit ALS",
            _als,
            [
                {"factors": 128, "alpha": 40, "regularization": 0.05, "iterations": 12},
                {"factors": 128, "alpha": 20, "regularization": 0.05, "iterations": 12},
                {"factors": 128, "alpha": 40, "regularization": 5.0, "iterations": 12},
                {"factors": 64, "alpha": 40, "regularization": 0.05, "iterations": 12},
                {"factors": 128, "alpha": 2, "regularization": 0.05, "iterations": 12, "bm25": True},
            ],
            implicit,
        ),
        _peer(
            "implicit BPR",
            _bpr,
            [
                {"factors": 64, "learning_rate": 0.05, "regularization": 0.01, "iterations": 100},
                {"factors": 128, "learning_rate": 0.05, "regularization": 0.01, "iterations": 100},
                {"factors": 128, "learning_rate": 0.01, "regularization": 0.01, "iterations": 100},
            ],
            implicit,
        ),
        _peer(
            "gensim Word2Vec",
            _word2vec,
            [
                {"vector_size": 64, "window": 20, "sg": 1, "epochs": 15, "min_count": 2},
                {"vector_size": 64, "window": 20, "sg": 1, "epochs": 15, "min_count": 2, "ns_exponent": -0.5},
                {"vector_size": 100, "window": 5, "sg": 0, "epochs": 15, "min_count": 2},
            ],
            gensim,
        ),
        _peer(REFERENCE, _reference_blend, [{}], implicit),
    ]


def _peer(name: str, learn: Callable[[Training, Settings], Answer], choices: list[Settings], library: str) -> Peer:
    return Peer(name, lambda named, settings, _: _limited(peer(named, learn, settings)), choices, library)


def _limited(contender: Contender) -> Contender:
    """Let implicit's own threads work alone while it learns: those of BLAS within them make it slower, as it warns."""
    from threadpoolctl import threadpool_limits

    def fit(corpus: Any, features: Any) -> Any:  # noqa: ANN401 - handed through
        with threadpool_limits(1, "blas"), warnings.catch_warnings():
            # Its item-item models convert matrices for themselves and warn of that.
            warnings.filterwarnings("ignore", "Method expects CSR input")
            return contender.fit(corpus, features)

    return Contender(contender.name, fit)


def _item_item(model: str, training: Training, settings: Settings) -> Answer:
    from implicit import nearest_neighbours

    fitted = getattr(nearest_neighbours, model)(**settings)
    fitted.fit(training.matrix, show_progress=False)

    def answer(seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.integer]:
        found, scores = fitted.recommend(0, _row(seeds, training), N=LENGTH)
        return found[scores > 0]

    return answer


def _als(training: Training, settings: Settings) -> Answer:
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import bm25_weight

    given = dict(settings)
    weighted = given.pop("bm25", False)
    model = AlternatingLeastSquares(**given, random_state=1)
    # As implicit's tutorial weighs its counts; weights of tracks are the same for a new playlist.
    matrix = bm25_weight(training.matrix, K1=100, B=0.8).tocsr().astype(np.float32) if weighted else training.matrix
    of_tracks = np.asarray(matrix.sum(axis=0)).ravel() / np.maximum(training.popularity, 1) if weighted else None
    model.fit(matrix, show_progress=False)

    def answer(seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.integer]:
        row = _row(seeds, training)
        if of_tracks is not None:
            row.data = of_tracks[row.indices].astype(np.float32)
        found, _ = model.recommend(0, row, N=LENGTH, recalculate_user=True)
        return np.asarray(found)

    return answer


def _bpr(training: Training, settings: Settings) -> Answer:
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    # More than one thread makes its result another one each time.
    model = BayesianPersonalizedRanking(**settings, random_state=1, num_threads=1)
    model.fit(training.matrix, show_progress=False)
    n_columns = training.matrix.shape[1]

    def answer(seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.integer]:
        found, scores = model.similar_items(seeds, N=min(LENGTH, n_columns))
        return best_of(np.bincount(found.ravel(), np.maximum(scores.ravel(), 0), minlength=n_columns), seeds)

    return answer


def _word2vec(training: Training, settings: Settings) -> Answer:
    from gensim.models import Word2Vec

    corpus = training.corpus
    sentences = [training.columns[corpus.tracks_of(row)].tolist() for row in range(corpus.n_playlists)]
    # One worker: with more the vectors are others each time.
    model = Word2Vec(sentences, seed=1, workers=1, **settings)
    vectors = model.wv

    def answer(seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.integer]:
        known = [seed for seed in seeds.tolist() if seed in vectors.key_to_index]
        near = vectors.most_similar(positive=known, topn=LENGTH) if known else []
        return np.array([column for column, _ in near], np.intp)

    return answer


def _reference_blend(training: Training, _: Settings) -> Answer:
    """Return IDF-weighted playlist neighbours + .3 ALS + .3 same artist, each divided by the mean of its best 200."""
    from implicit.cpu.als import AlternatingLeastSquares

    rows, by_track = training.matrix, training.matrix.T.tocsr()
    n_playlists, n_columns = rows.shape
    idf = np.log(n_playlists / training.popularity)
    damping = np.maximum(np.diff(rows.indptr), 1) ** -0.75
    model = AlternatingLeastSquares(factors=128, alpha=20, regularization=0.05, iterations=12, random_state=1)
    model.fit(rows, show_progress=False)
    artists = training.corpus.catalogue.artist_ids[training.tracks]
    n_artists = len(training.corpus.catalogue.artist_keys)
    fame = np.log1p(training.popularity)

    def neighbours(seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.floating]:
        overlap = np.zeros(n_playlists, np.float32)
        for seed in seeds:
            overlap[by_track.indices[by_track.indptr[seed] : by_track.indptr[seed + 1]]] += idf[seed] ** 2
        shared = np.flatnonzero(overlap)
        return np.asarray(rows[shared].T @ (overlap[shared] ** 1.5 * damping[shared])).ravel()

    def same_artist(seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.floating]:
        of_seeds = artists[seeds]
        counts = np.bincount(of_seeds[of_seeds >= 0], minlength=n_artists)
        scores: npt.NDArray[np.floating] = np.where(artists >= 0, counts[artists], 0) / len(seeds) * fame
        return scores

    def answer(seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.integer]:
        factors = model.item_factors @ model.recalculate_user(0, _row(seeds, training)).ravel()
        scores = _unit(neighbours(seeds)) + 0.3 * _unit(factors) + 0.3 * _unit(same_artist(seeds))
        scores += training.popularity * 1e-9
        scores[seeds] = -1e9
        found = np.argpartition(-scores, min(LENGTH, n_columns - 1))[:LENGTH]
        return found[np.argsort(-scores[found], kind="stable")]

    return answer


def _unit(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    scaled: npt.NDArray[np.floating] = scores / (np.sort(scores)[-200:].mean() + 1e-9)
    return scaled


def _row(seeds: npt.NDArray[np.intp], training: Training) -> csr_matrix:
    """Return a playlist of these seeds as a row."""
    columns = np.sort(seeds).astype(np.int32)
    ones = np.ones(len(columns), np.float32)
    return csr_matrix((ones, columns, [0, len(columns)]), shape=(1, training.matrix.shape[1]))
