"""What an evaluation found: means with intervals for each ranker, by kind of query and together, and what it cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.errors import RecommenderError
from recommender.evaluation.bootstrap import Bootstrap
from recommender.evaluation.measuring import METRICS
from recommender.evaluation.protocol import CHALLENGE_GROUP, GROUPS, ChallengeKind
from recommender.evaluation.tradeoff import Tradeoff

OVERALL = CHALLENGE_GROUP
SMALLER_IS_BETTER = frozenset({"clicks"})


@dataclass(frozen=True, slots=True)
class ReportRow:
    """The means of one ranker over the cases of one kind, or of a group of kinds.

    Attributes:
        ranker: a contender's name.
        kind: a kind's name; "all" for the challenge's ten together, "random" for those with random seeds.
        group: the group of the kind, "all" or "random".
        cases: how many playlists.
        r_precision: tracks only.
        r_precision_with_artists: with the challenge's credit for artists.
        ndcg: at 500, binary.
        clicks: fewer is better.
        recall: at 500.
        novelty: of the first 30, in bits: -log2 of the share of training playlists that have a track.
        artist_diversity: of the first 30: the share of pairs by different artists.
        sound_diversity: of the first 30: how different pairs sound, 1 for tracks at random; NaN without features.
        popularity: how many training playlists have a track of the first 30, on average.
        popularity_median: the median of that within an answer, averaged.
        coverage: the share of the training playlists' tracks that are among the first 30 for any case. It grows with
            the number of cases: compare rankers within a row only.
        milliseconds: for one playlist.
        intervals: of each metric the lower and upper bound within which its mean lies with 95 % confidence.
    """

    ranker: str
    kind: str
    group: str
    cases: int
    r_precision: float
    r_precision_with_artists: float
    ndcg: float
    clicks: float
    recall: float
    novelty: float
    artist_diversity: float
    sound_diversity: float
    popularity: float
    popularity_median: float
    coverage: float
    milliseconds: float
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a ranker took.

    Attributes:
        fit_seconds: to learn.
        milliseconds: for one playlist, warm: the mean over all cases.
        milliseconds_median: half of the playlists took less.
        milliseconds_p95: 95 of 100 playlists took less.
        peak_mb: resident memory of the process at most while learning and ranking, with corpus and features, in 10^6
            bytes; None where the system does not tell.
        added_mb: by how much that is more than before.
    """

    fit_seconds: float
    milliseconds: float
    milliseconds_median: float
    milliseconds_p95: float
    peak_mb: float | None
    added_mb: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much one ranker's mean is above another's on the same playlists.

    Attributes:
        first: the mean of the one.
        second: the mean of the other.
        difference: first - second.
        low: lower bound of the difference, 95 %.
        high: upper bound.
    """

    first: float
    second: float
    difference: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves no doubt about the sign."""
        return self.low > 0 or self.high < 0

    @property
    def relative(self) -> float:
        """The difference as a share of the second mean; NaN if that is 0."""
        return self.difference / self.second if self.second else math.nan


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """What an evaluation found.

    Attributes:
        rows: for each ranker one row a kind that has cases, after the kinds of each group one for the group.
        costs: what each ranker took.
        n_training: how many playlists were learnt from.
        n_tracks: how many tracks they have.
        n_playlists: how many others were continued.
        n_cases: in how many cases: one of the ten kinds and one with random seeds each, if long enough.
        n_copies: how many playlists were left out since they hold exactly the tracks of one that was continued.
        random_state: the seed of the split and the intervals.
        resamples: how many times the playlists were drawn anew for the intervals.
        versions: of the libraries that took part.
        kinds: of each case.
        figures: of each ranker the metrics of each case: float64, shape (n_cases, len(METRICS)).
        tradeoffs: curves of re-ranking, if they were measured.
    """

    rows: tuple[ReportRow, ...]
    costs: Mapping[str, Cost]
    n_training: int
    n_tracks: int
    n_playlists: int
    n_cases: int
    n_copies: int
    random_state: int
    resamples: int
    versions: Mapping[str, str]
    kinds: tuple[ChallengeKind, ...]
    figures: Mapping[str, npt.NDArray[np.float64]]
    tradeoffs: tuple[Tradeoff, ...] = ()

    @property
    def rankers(self) -> list[str]:
        """The rankers' names, in the order in which they were measured."""
        return list(self.costs)

    def overall(self, group: str = OVERALL) -> dict[str, ReportRow]:
        """Return each ranker's row over all cases of a group, "all" or "random"; empty if it has none."""
        return {row.ranker: row for row in self.rows if row.kind == group}

    def compare(self, first: str, second: str, kind: str = OVERALL) -> dict[str, Difference]:
        """Return by how much one ranker is above another, for each metric, on the same playlists and resamples.

        Of `clicks` fewer are better: there a negative difference speaks for the first.

        Args:
            first: a ranker's name.
            second: another's.
            kind: a kind's name, or a group's.

        Raises:
            RecommenderError: there is no such ranker, or no case of this kind.
        """
        for name in (first, second):
            if name not in self.figures:
                raise RecommenderError(f"No ranker {name!r} was measured: choose of {', '.join(self.figures)}.")
        chosen = self._of(kind)
        if not chosen.any():
            raise RecommenderError(f"There is no case of {kind!r}: choose of {', '.join(self._present())}.")
        one, other = (self.figures[name][chosen] for name in (first, second))
        either = np.where(np.isnan(one) | np.isnan(other), np.nan, 1.0)
        columns = np.concatenate([one * either, other * either, one - other], axis=1)
        means, lows, highs = Bootstrap(self.random_state, self.resamples).intervals(columns, kind)
        m = len(METRICS)
        parts = (means[:m], means[m : 2 * m], means[2 * m :], lows[2 * m :], highs[2 * m :])
        return {name: Difference(*row) for name, row in zip(METRICS, np.stack(parts, axis=1).tolist(), strict=True)}

    def lead(self, group: str = OVERALL) -> tuple[str, dict[str, dict[str, Difference]]]:
        """Return the ranker with the highest NDCG in a group, and by how much it is above each other, best first."""
        ranked = sorted(self.overall(group).values(), key=lambda row: -row.ndcg)
        best, *others = [row.ranker for row in ranked]
        return best, {other: self.compare(best, other, group) for other in others}

    def to_json(self) -> dict[str, Any]:
        """Return the report as values that JSON can hold, NaN as None; the figures of single playlists stay out.

        `compared` has, for each group, how far its best ranker is ahead of each other one.
        """
        compared = {}
        for group in GROUPS:
            if self.overall(group):
                best, lead = self.lead(group)
                ahead_of = {
                    other: {metric: asdict(found) for metric, found in differences.items()}
                    for other, differences in lead.items()
                }
                compared[group] = {"best": best, "ahead_of": ahead_of}
        told = {
            "n_training": self.n_training,
            "n_tracks": self.n_tracks,
            "n_playlists": self.n_playlists,
            "n_cases": self.n_cases,
            "n_copies": self.n_copies,
            "random_state": self.random_state,
            "resamples": self.resamples,
            "versions": dict(self.versions),
            "rows": [asdict(row) for row in self.rows],
            "costs": {name: asdict(cost) for name, cost in self.costs.items()},
            "compared": compared,
            "tradeoffs": [asdict(point) for point in self.tradeoffs],
        }
        cleaned: dict[str, Any] = _without_nan(told)
        return cleaned

    def _of(self, kind: str) -> npt.NDArray[np.bool_]:
        return np.array([kind in (of_case.name, of_case.group) for of_case in self.kinds], np.bool_)

    def _present(self) -> list[str]:
        return list(dict.fromkeys(row.kind for row in self.rows))


def rows_of(
    ranker: str,
    kinds: Sequence[ChallengeKind],
    figures: npt.NDArray[np.float64],
    milliseconds: npt.NDArray[np.float64],
    shown: npt.NDArray[np.int32],
    n_tracks: int,
    bootstrap: Bootstrap,
) -> list[ReportRow]:
    """Return the rows of one ranker.

    Args:
        ranker: its name.
        kinds: of each case.
        figures: shape (n_cases, len(METRICS)).
        milliseconds: shape (n_cases,).
        shown: shape (n_cases, 30): what came first, -1 where there was no more.
        n_tracks: how many tracks the training playlists have.
        bootstrap: for the intervals.
    """
    rows = []
    for group, of_group in GROUPS.items():
        for name, wanted in (*((kind.name, {kind}) for kind in of_group), (group, set(of_group))):
            chosen = np.array([kind in wanted for kind in kinds], np.bool_)
            if not chosen.any():
                continue
            means, lows, highs = bootstrap.intervals(figures[chosen], name)
            covered = np.unique(shown[chosen])
            bounds = zip(lows.tolist(), highs.tolist(), strict=True)
            rows.append(
                ReportRow(
                    ranker,
                    name,
                    group,
                    int(chosen.sum()),
                    **dict(zip(METRICS, means.tolist(), strict=True)),
                    coverage=int((covered >= 0).sum()) / max(n_tracks, 1),
                    milliseconds=float(milliseconds[chosen].mean()),
                    intervals=dict(zip(METRICS, bounds, strict=True)),
                )
            )
    return rows


def _without_nan(value: Any) -> Any:  # noqa: ANN401 - any value that JSON can hold
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
