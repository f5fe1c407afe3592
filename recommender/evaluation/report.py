"""How good the recommender is: every generator, plain co-occurrence and the hybrid on the same held-back playlists."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.candidates import CandidateGenerator, Query, RawCooccurrence
from recommender.candidates.interactions import IntArray
from recommender.corpus import PlaylistCorpus
from recommender.evaluation import metrics
from recommender.evaluation.protocol import KINDS, Case, Split, split
from recommender.hybrid import Hybrid, default_generators
from recommender.topk import top_indices

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures

OVERALL = "all"
HYBRID = "hybrid"

Progress = Callable[[str, int, int], None]
Ranker = Callable[[Case], IntArray]
Timer = Callable[[], float]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """The means of one ranker over the cases of one kind, or over all.

    Attributes:
        ranker: a generator's name, or "hybrid".
        kind: a challenge kind's name, or "all".
        cases: how many playlists.
        r_precision: tracks only.
        r_precision_with_artists: with the challenge's credit for artists.
        ndcg: at 500, binary.
        clicks: fewer is better.
        recall: at 500.
        milliseconds: for one playlist.
    """

    ranker: str
    kind: str
    cases: int
    r_precision: float
    r_precision_with_artists: float
    ndcg: float
    clicks: float
    recall: float
    milliseconds: float


@dataclass(frozen=True)
class EvaluationReport:
    """What an evaluation found.

    Attributes:
        rows: for each ranker one row a kind that has cases, and one over all.
        fit_seconds: how long each ranker took to learn; that of the hybrid includes its generators.
        n_training: how many playlists were learnt from.
        n_tracks: how many tracks they have.
        n_cases: how many playlists were continued.
        random_state: the seed of the split.
    """

    rows: tuple[ReportRow, ...]
    fit_seconds: Mapping[str, float]
    n_training: int
    n_tracks: int
    n_cases: int
    random_state: int

    def overall(self) -> dict[str, ReportRow]:
        """Return the row over all cases of each ranker."""
        return {row.ranker: row for row in self.rows if row.kind == OVERALL}

    def to_json(self) -> dict[str, Any]:
        """Return the report as values that JSON can hold."""
        return {**asdict(self), "rows": [asdict(row) for row in self.rows], "fit_seconds": dict(self.fit_seconds)}


def evaluate(
    corpus: PlaylistCorpus,
    features: AudioFeatures | None = None,
    *,
    playlists: int = 1000,
    random_state: int = 0,
    hybrid: Hybrid | None = None,
    baselines: Sequence[CandidateGenerator] | None = None,
    progress: Progress | None = None,
    timer: Timer = time.perf_counter,
) -> EvaluationReport:
    """Train on all but some playlists and continue those.

    Test playlists take no part in training. An answer is 500 tracks; what a generator says nothing about comes by
    popularity.

    Args:
        corpus: all playlists.
        features: audio features, if there are any.
        playlists: how many are held back; at most a fifth of the complete ones.
        random_state: the seed of the split.
        hybrid: the model to be measured, unfitted; None for one with default parameters.
        baselines: unfitted rankers to compare it with; None for every single generator and plain co-occurrence.
        progress: called with the ranker's name, the number of cases done and of all.
        timer: returns seconds.

    Raises:
        CorpusError: no playlist is long enough to be held back.
    """
    held_back = split(corpus, playlists, random_state)
    measured = _Measurement(held_back, progress, timer)
    start = timer()
    model = (hybrid or Hybrid()).fit(held_back.training, features)
    measured.fit_seconds[HYBRID] = timer() - start
    measured.rank(HYBRID, lambda case: model.rank(case.seeds, case.title, exclude=held_back.unseen))
    for baseline in [*default_generators(), RawCooccurrence()] if baselines is None else baselines:
        start = timer()
        baseline.learn(model.interactions_, features)
        measured.fit_seconds[baseline.name] = timer() - start
        measured.rank(baseline.name, single(baseline, held_back.unseen))
    return EvaluationReport(
        rows=tuple(measured.rows),
        fit_seconds=measured.fit_seconds,
        n_training=held_back.training.n_playlists,
        n_tracks=corpus.n_tracks - len(held_back.unseen),
        n_cases=len(held_back.cases),
        random_state=random_state,
    )


def single(generator: CandidateGenerator, unseen: IntArray) -> Ranker:
    """Return a ranker by one fitted generator alone, filled up by popularity; `unseen` tracks are never answered."""
    popularity = generator.interactions_.tracks.column_sizes
    most = max(float(popularity.max(initial=0)), 1.0)

    def rank(case: Case) -> IntArray:
        scores = generator.scores(Query(case.seeds, case.title)).astype(np.float64)
        scores /= max(float(scores.max(initial=0)), 1e-30)
        # Less than any difference between two scores that a float32 can tell apart.
        scores += popularity * (1e-9 / most)
        return top_indices(scores, np.concatenate([case.seeds, unseen]), metrics.LENGTH)

    return rank


class _Measurement:
    """Runs rankers over the same cases and collects the rows of the report."""

    def __init__(self, held_back: Split, progress: Progress | None, timer: Timer) -> None:
        self._cases = held_back.cases
        self._progress = progress
        self._timer = timer
        artists = held_back.training.catalogue.artist_ids
        self._artist_of = {track: artist for track, artist in enumerate(artists.tolist()) if artist >= 0}
        self.rows: list[ReportRow] = []
        self.fit_seconds: dict[str, float] = {}

    def rank(self, name: str, ranker: Ranker) -> None:
        figures = np.zeros((len(self._cases), 6))
        for place, case in enumerate(self._cases):
            start = self._timer()
            ranking = ranker(case).tolist()
            milliseconds = (self._timer() - start) * 1000
            figures[place] = (*self._metrics(ranking, case.withheld.tolist()), milliseconds)
            if self._progress is not None:
                self._progress(name, place + 1, len(self._cases))
        for kind in KINDS:
            of_kind = np.array([case.kind == kind for case in self._cases], np.bool_)
            if of_kind.any():
                self._add(name, kind.name, figures[of_kind])
        self._add(name, OVERALL, figures)

    def _metrics(self, ranking: list[int], withheld: list[int]) -> tuple[float, ...]:
        return (
            metrics.r_precision(ranking, withheld),
            metrics.r_precision_with_artists(ranking, withheld, self._artist_of),
            metrics.ndcg(ranking, withheld),
            metrics.clicks(ranking, withheld),
            metrics.recall(ranking, withheld),
        )

    def _add(self, name: str, kind: str, figures: np.ndarray) -> None:
        self.rows.append(ReportRow(name, kind, len(figures), *figures.mean(axis=0).tolist()))
