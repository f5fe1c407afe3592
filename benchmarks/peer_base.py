"""What all peers share: the training playlists without columns that nobody has, and answers that are long enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.candidates.base import Query
from recommender.candidates.interactions import FloatArray, IntArray
from recommender.corpus import PlaylistCorpus
from recommender.evaluation import Case, Contender, unseen_tracks
from recommender.evaluation.metrics import LENGTH
from recommender.topk import top_indices

# Takes the columns of the seeds, returns columns, best first: seeds and repeats are left out afterwards.
Answer = Callable[[npt.NDArray[np.intp]], npt.NDArray[np.integer]]
Settings = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Training:
    """The playlists that a peer learns from.

    Attributes:
        corpus: the playlists over the whole catalogue.
        matrix: float32, playlists by the tracks that at least one has.
        tracks: int32: the catalogue index of each column.
        columns: int32, shape (n_tracks,): the column of each track, -1 where no playlist has it.
        popularity: float32, shape (n_columns,): how many playlists have the track.
        popular: int32: the catalogue indices of the most popular tracks, best first: more than an answer and seeds.
    """

    corpus: PlaylistCorpus
    matrix: csr_matrix
    tracks: IntArray
    columns: IntArray
    popularity: FloatArray
    popular: IntArray

    @classmethod
    def of(cls, corpus: PlaylistCorpus) -> Training:
        """Leave out the columns of tracks that no playlist has."""
        counts = np.bincount(corpus.indices, minlength=corpus.n_tracks).astype(np.float32)
        tracks = np.flatnonzero(counts).astype(np.int32)
        columns = np.full(corpus.n_tracks, -1, np.int32)
        columns[tracks] = np.arange(len(tracks), dtype=np.int32)
        longest = int(np.diff(corpus.indptr).max(initial=0))
        popular = top_indices(counts, unseen_tracks(corpus), 2 * LENGTH + longest)
        return cls(corpus, corpus.matrix[:, tracks].tocsr(), tracks, columns, counts[tracks], popular)

    def known(self, query: Query) -> npt.NDArray[np.intp]:
        """Return the columns of the seeds that some playlist has."""
        columns = self.columns[query.seeds]
        return columns[columns >= 0].astype(np.intp)

    def filled(self, answered: IntArray, query: Query) -> IntArray:
        """Return 500 tracks: what was answered without seeds and repeats, then the most popular others."""
        both = np.concatenate([answered, self.popular])
        both = both[~np.isin(both, query.seeds)]
        _, first = np.unique(both, return_index=True)
        return both[np.sort(first)][:LENGTH]


def peer(name: str, learn: Callable[[Training, Settings], Answer], settings: Settings) -> Contender:
    """Return a contender; without a known seed the answer is what is popular."""

    def fit(corpus: PlaylistCorpus, features: object) -> Callable[[Query], IntArray]:
        training = Training.of(corpus)
        answer = learn(training, settings)

        def rank(query: Query) -> IntArray:
            seeds = training.known(query)
            found = answer(seeds) if len(seeds) else np.zeros(0, np.intp)
            return training.filled(training.tracks[found], query)

        return rank

    return Contender(name, fit)


def best_of(scores: npt.NDArray[np.floating], seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return the columns with the greatest scores, best first; only those above 0, none of the seeds."""
    scores[seeds] = 0
    found = np.argpartition(-scores, min(LENGTH, len(scores) - 1))[:LENGTH]
    found = found[scores[found] > 0]
    return found[np.argsort(-scores[found], kind="stable")]


@dataclass(frozen=True)
class Peer:
    """A ranker of another project, and the settings that it is given a chance with.

    Attributes:
        name: as tables call it.
        contender: makes it a contender of this name with these settings, to be asked these cases: a peer in another
            process is sent all of them at once.
        choices: settings; the first are taken where nothing is tuned.
        library: whose it is, with its version.
    """

    name: str
    contender: Callable[[str, Settings, Sequence[Case]], Contender]
    choices: Sequence[Settings]
    library: str = ""


def told(settings: Settings) -> str:
    """Return settings in words: "factors 128, alpha 20"."""
    return ", ".join(f"{name} {value}" for name, value in settings.items()) or "as they come"
