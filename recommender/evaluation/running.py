"""Measuring: every contender learns from the same playlists and continues the same others."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from recommender.errors import RecommenderError
from recommender.evaluation.bootstrap import RESAMPLES, Bootstrap
from recommender.evaluation.contenders import Contender, HybridRanker, default_contenders, require_valid
from recommender.evaluation.measuring import METRICS, Meter
from recommender.evaluation.memory import PeakMemory
from recommender.evaluation.metrics import LENGTH, SHOWN
from recommender.evaluation.protocol import Split, split
from recommender.evaluation.report import Cost, EvaluationReport, ReportRow, rows_of
from recommender.evaluation.tradeoff import Tradeoff

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures
    from recommender.corpus import PlaylistCorpus

Progress = Callable[[str, int, int], None]
Timer = Callable[[], float]

_LIBRARIES = ("crossfade", "numpy", "scipy", "scikit-learn", "implicit", "gensim", "lightgbm")


def evaluate(
    corpus: PlaylistCorpus,
    features: AudioFeatures | None = None,
    *,
    playlists: int = 1000,
    random_state: int = 2018,
    contenders: Sequence[Contender] | None = None,
    role: Literal["test", "tuning"] = "test",
    resamples: int = RESAMPLES,
    tradeoff_cases: int = 0,
    progress: Progress | None = None,
    timer: Timer = time.perf_counter,
) -> EvaluationReport:
    """Train on all but some playlists and continue those, in one of ten kinds and with random seeds each.

    Test playlists take no part in training. An answer is 500 tracks. Every contender gets the same cases; one is
    fitted, measured and forgotten before the next.

    Args:
        corpus: all playlists.
        features: audio features, if there are any.
        playlists: how many are held back; at most a fifth of the complete ones.
        random_state: the seed of the split and the intervals.
        contenders: who is measured; None for `default_contenders`.
        role: "test", or "tuning" to choose parameters by: see `split`.
        resamples: how often the playlists are drawn anew for the intervals.
        tradeoff_cases: on how many cases to measure what re-ranking the first hybrid model among the contenders costs
            and brings; 0 for not at all.
        progress: called with the contender's name, the number of cases done (0 while it learns) and of all.
        timer: returns seconds.

    Raises:
        CorpusError: no playlist is long enough to be held back.
        RecommenderError: there is no contender, two have one name, or one answers what it must not.
    """
    taking_part = default_contenders() if contenders is None else list(contenders)
    names = [contender.name for contender in taking_part]
    if not names or len(set(names)) < len(names):
        raise RecommenderError("Give at least one ranker to evaluate, and each a name of its own.")
    held_back = split(corpus, playlists, random_state, role=role)
    measuring = _Measurement(held_back, features, Bootstrap(random_state, resamples), tradeoff_cases, progress, timer)
    for contender in taking_part:
        measuring.measure(contender)
    return EvaluationReport(
        rows=tuple(measuring.rows),
        costs=measuring.costs,
        n_training=held_back.training.n_playlists,
        n_tracks=measuring.meter.n_tracks,
        n_playlists=held_back.n_playlists,
        n_cases=len(held_back.cases),
        n_copies=held_back.n_copies,
        random_state=random_state,
        resamples=resamples,
        versions=_versions(),
        kinds=tuple(case.kind for case in held_back.cases),
        figures=measuring.figures,
        tradeoffs=measuring.tradeoffs,
    )


class _Measurement:
    """Runs contenders over the same cases and collects what the report tells."""

    def __init__(
        self,
        held_back: Split,
        features: AudioFeatures | None,
        bootstrap: Bootstrap,
        tradeoff_cases: int,
        progress: Progress | None,
        timer: Timer,
    ) -> None:
        self._held_back = held_back
        self._tradeoff_cases = tradeoff_cases
        self._features = features
        self._bootstrap = bootstrap
        self._progress = progress
        self._timer = timer
        self.meter = Meter(held_back.training, features)
        self.rows: list[ReportRow] = []
        self.costs: dict[str, Cost] = {}
        self.figures: dict[str, np.ndarray] = {}
        self.tradeoffs: tuple[Tradeoff, ...] = ()

    def measure(self, contender: Contender) -> None:
        name, cases = contender.name, self._held_back.cases
        figures, milliseconds = np.zeros((len(cases), len(METRICS))), np.zeros(len(cases))
        shown = np.full((len(cases), SHOWN), -1, np.int32)
        memory = PeakMemory()
        memory.start()
        self._tell(name, 0)
        start = self._timer()
        rank = contender.fit(self._held_back.training, self._features)
        fit_seconds = self._timer() - start
        # What is computed once, when it is first needed, is no part of any playlist's time.
        rank(cases[0].query)
        for place, case in enumerate(cases):
            query = case.query
            start = self._timer()
            ranking = rank(query)
            milliseconds[place] = (self._timer() - start) * 1000
            ranking = np.asarray(ranking)[:LENGTH]
            require_valid(name, ranking, query, self.meter.known)
            figures[place] = self.meter.measure(ranking, case.withheld)
            shown[place, : min(len(ranking), SHOWN)] = ranking[:SHOWN]
            self._tell(name, place + 1)
        peak = memory.stop()
        median, p95 = np.quantile(milliseconds, [0.5, 0.95]).tolist()
        mean = float(milliseconds.mean())
        self.costs[name] = Cost(fit_seconds, mean, median, p95, peak.most, peak.added)
        self.figures[name] = figures
        kinds = [case.kind for case in cases]
        self.rows += rows_of(name, kinds, figures, milliseconds, shown, self.meter.n_tracks, self._bootstrap)
        if self._tradeoff_cases and not self.tradeoffs and isinstance(rank, HybridRanker):
            self.tradeoffs = self._rerank(rank)

    def _rerank(self, ranker: HybridRanker) -> tuple[Tradeoff, ...]:
        from recommender.rerank.tradeoffs import measure_tradeoffs, model_ranker

        cases = self._held_back.cases
        # Evenly spaced, so that both groups and all kinds are among them.
        wanted = min(self._tradeoff_cases, len(cases))
        chosen = [cases[place] for place in np.linspace(0, len(cases) - 1, wanted).astype(int)]
        catalogue = self._held_back.training.catalogue
        aligned = None if self._features is None else self._features.aligned(catalogue)
        progress = self._progress
        return measure_tradeoffs(
            model_ranker(ranker.model, features=aligned, unseen=ranker.unseen),
            chosen,
            self.meter,
            progress=None if progress is None else lambda done, total: progress("re-ranking", done, total),
            timer=self._timer,
        )

    def _tell(self, name: str, done: int) -> None:
        if self._progress is not None:
            self._progress(name, done, len(self._held_back.cases))


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
