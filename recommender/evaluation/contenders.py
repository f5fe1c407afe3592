"""Who takes part in an evaluation: something that learns from playlists and then ranks tracks for a query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recommender.candidates import CandidateGenerator, RawCooccurrence
from recommender.candidates.base import Query
from recommender.candidates.interactions import IntArray
from recommender.errors import RecommenderError
from recommender.evaluation.metrics import LENGTH
from recommender.evaluation.protocol import unseen_tracks
from recommender.hybrid import Hybrid, default_generators
from recommender.topk import top_indices

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures
    from recommender.corpus import PlaylistCorpus

FULL = "full"
BLEND = "blend"

Ranker = Callable[[Query], IntArray]


@dataclass(frozen=True, slots=True)
class Contender:
    """A ranker that is yet to learn, under the name that reports call it.

    Attributes:
        name: unique within an evaluation.
        fit: learns from the training playlists (their catalogue also has tracks that none of them holds) and audio
            features, and returns the ranker. The ranker takes a query, of which seeds and title are set, and returns
            catalogue indices, best first, 500 if there are so many: no seed, none twice, and none of
            `unseen_tracks(training)`.
    """

    name: str
    fit: Callable[[PlaylistCorpus, AudioFeatures | None], Ranker]


@dataclass(frozen=True, slots=True, eq=False)
class HybridRanker:
    """A fitted model that never answers the `unseen` tracks."""

    model: Hybrid
    unseen: IntArray

    def __call__(self, query: Query) -> IntArray:
        """Return 500 tracks."""
        return self.model.rank(query.seeds, query.title, LENGTH, exclude=self.unseen)


def default_contenders() -> list[Contender]:
    """Return the full model, the plain blend, each generator alone, and plain summed co-occurrence."""
    generators = [*default_generators(), RawCooccurrence()]
    models = [(FULL, Hybrid()), (BLEND, Hybrid(ranker="blend"))]
    return [
        *(hybrid_contender(name, model) for name, model in models),
        *(generator_contender(generator) for generator in generators),
    ]


def hybrid_contender(name: str, model: Hybrid) -> Contender:
    """Return a contender for an unfitted model."""

    def fit(training: PlaylistCorpus, features: AudioFeatures | None) -> Ranker:
        return HybridRanker(model.fit(training, features), unseen_tracks(training))

    return Contender(name, fit)


def generator_contender(prototype: CandidateGenerator, name: str | None = None) -> Contender:
    """Return a contender for an unfitted generator alone, filled up by popularity; it bears the generator's name."""

    def fit(training: PlaylistCorpus, features: AudioFeatures | None) -> Ranker:
        generator = type(prototype)(**prototype.parameters()).fit(training, features)
        return single(generator, unseen_tracks(training))

    return Contender(name or prototype.name, fit)


def single(generator: CandidateGenerator, unseen: IntArray) -> Ranker:
    """Return a ranker by one fitted generator alone, filled up by popularity; `unseen` tracks are never answered."""
    popularity = generator.interactions_.tracks.column_sizes
    most = max(float(popularity.max(initial=0)), 1.0)

    def rank(query: Query) -> IntArray:
        scores = generator.scores(query).astype(np.float64)
        scores /= max(float(scores.max(initial=0)), 1e-30)
        # Less than any difference between two scores that a float32 can tell apart.
        scores += popularity * (1e-9 / most)
        return top_indices(scores, np.concatenate([query.seeds, unseen]), LENGTH)

    return rank


def require_valid(name: str, ranking: IntArray, query: Query, known: npt.NDArray[np.bool_]) -> None:
    """Refuse an answer that would be measured wrongly.

    Args:
        name: whose answer it is.
        ranking: the answer.
        query: the question.
        known: shape (n_tracks,): whether a training playlist has the track.

    Raises:
        RecommenderError: it is no list of track indices, a track comes twice, or a seed or unknown track is in it.
    """
    fault = None
    if ranking.ndim != 1 or not np.issubdtype(ranking.dtype, np.integer):
        fault = "anything but a list of track indices"
    elif len(np.unique(ranking)) < len(ranking):
        fault = "a track twice"
    elif np.isin(query.seeds, ranking).any():
        fault = "a seed"
    elif len(ranking) and (ranking.min() < 0 or ranking.max() >= len(known) or not known[ranking].all()):
        fault = "a track that no training playlist has"
    if fault is not None:
        raise RecommenderError(f"The ranker {name!r} answered {fault}: its answers must not hold that.")
