"""What each step of re-ranking costs and brings, measured over its strength on playlists that were held back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import IntArray
from recommender.evaluation.metrics import SHOWN, ndcg
from recommender.evaluation.tradeoff import Tradeoff
from recommender.rerank.adventure import Adventurousness, Novelty
from recommender.rerank.base import CandidateRows, Ranked, RerankContext, Step, rerank
from recommender.rerank.diversity import Diversity
from recommender.rerank.filters import ArtistCap, OnePerRecording
from recommender.rerank.order import SHAPES, SmoothOrder
from recommender.rerank.sound import jumps

if TYPE_CHECKING:
    from recommender.evaluation.measuring import Meter
    from recommender.evaluation.protocol import Case
    from recommender.hybrid import Hybrid

Ranker = Callable[["Case"], tuple[Ranked, RerankContext]]
Progress = Callable[[int, int], None]
Timer = Callable[[], float]

FIGURES = (
    "ndcg_30",
    "r_precision_30",
    "novelty",
    "popularity",
    "artist_diversity",
    "sound_diversity",
    "new_artists",
    "energy_jump",
    "tempo_jump",
    "milliseconds",
)
"""The names of a point's figures; see `measure_tradeoffs`."""

POOL = 500
"""How many candidates steps choose from."""


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One setting that is measured.

    Attributes:
        step: what is turned.
        value: how far.
        steps: what is applied; empty for the ranking as it is.
    """

    step: str
    value: float
    steps: tuple[Step, ...]


def default_sweep() -> tuple[SweepPoint, ...]:
    """Return the settings that are measured unless others are given; of each step the first changes nothing.

    The values of "playing order" are places: 0 is best first, then come the SHAPES.
    """
    points = [SweepPoint("artist cap", SHOWN, ())]
    points += [SweepPoint("artist cap", maximum, (ArtistCap(maximum),)) for maximum in (10, 5, 3, 2, 1)]
    for value in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9):
        points.append(SweepPoint("diversity", value, (Diversity(value),)))
    for value in (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0):
        points.append(SweepPoint("novelty", value, (Novelty(value),)))
    for value in (0.0, -0.1, -0.25, -0.5, -0.75, -1.0):
        points.append(SweepPoint("closer to home", value, (Adventurousness(value),)))
    for value in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0):
        points.append(SweepPoint("more surprising", value, (Adventurousness(value),)))
    points.append(SweepPoint("playing order", 0, ()))
    points += [SweepPoint("playing order", place, (SmoothOrder(shape),)) for place, shape in enumerate(SHAPES, 1)]
    return tuple(points)


def model_ranker(
    model: Hybrid,
    *,
    features: npt.NDArray[np.floating[Any]] | None = None,
    vectors: npt.NDArray[np.floating[Any]] | CandidateRows | None = None,
    unseen: IntArray | None = None,
    pool: int = POOL,
) -> Ranker:
    """Return what ranks a case by a fitted model, without any step.

    Args:
        model: fitted on the training part.
        features: shape (n_tracks, 11), aligned with the catalogue.
        vectors: as in `RerankContext`.
        unseen: tracks that must not be answered.
        pool: how many candidates.
    """
    base = RerankContext.of(model.interactions_, recordings=model.recordings_, features=features, vectors=vectors)

    def rank(case: Case) -> tuple[Ranked, RerankContext]:
        context = replace(base, seeds=case.seeds)
        found = Ranked.in_order(model.rank(case.seeds, case.title, pool, exclude=unseen))
        return OnePerRecording().apply(found, context, pool), context

    return rank


def measure_tradeoffs(
    ranker: Ranker,
    cases: Sequence[Case],
    meter: Meter,
    *,
    sweep: Sequence[SweepPoint] | None = None,
    k: int = SHOWN,
    progress: Progress | None = None,
    timer: Timer = time.perf_counter,
) -> tuple[Tradeoff, ...]:
    """Return the means over the cases at each point of a sweep, of the k tracks that are shown.

    The figures, by the names in FIGURES; what no case has is left out:

    - ndcg_30: NDCG of the k; r_precision_30: hits among the first min(k, |G|) / min(k, |G|);
    - novelty (bits), popularity (playlists), artist_diversity, sound_diversity: as `Meter.beyond` has them;
    - new_artists: the share of the k that is not by an artist of a seed, of cases with seeds;
    - energy_jump (0 to 1), tempo_jump (octaves, 0 to 0.5): mean over neighbours of which both are known;
    - milliseconds: the steps alone.

    Args:
        ranker: gives for a case the candidates, some ten times k, and the context.
        cases: made from playlists that the model has not seen.
        meter: over the same catalogue.
        sweep: the points; None for those of `default_sweep`.
        k: how many are shown.
        progress: called with the number of cases done and of all.
        timer: returns seconds.
    """
    points = default_sweep() if sweep is None else sweep
    figures = np.full((len(points), len(cases), len(FIGURES)), np.nan)
    for done, case in enumerate(cases):
        ranked, context = ranker(case)
        for place, point in enumerate(points):
            start = timer()
            shown = rerank(ranked, point.steps, context, k).tracks
            milliseconds = (timer() - start) * 1000
            figures[place, done] = (*_accuracy(shown, case, k), *_beyond(shown, meter, context), milliseconds)
        if progress is not None:
            progress(done + 1, len(cases))
    return tuple(Tradeoff(point.step, point.value, _means(rows)) for point, rows in zip(points, figures, strict=True))


def _accuracy(shown: IntArray, case: Case, k: int) -> tuple[float, float]:
    recommended, withheld = shown.tolist(), set(case.withheld.tolist())
    first = min(k, len(withheld))
    return ndcg(recommended, withheld, k), len(withheld & set(recommended[:first])) / first if first else np.nan


def _beyond(shown: IntArray, meter: Meter, context: RerankContext) -> tuple[float, ...]:
    novelty, artists, sounds, popularity = meter.beyond(shown)[:4].tolist()
    familiar = len(shown) and (len(context.seeds) or len(context.known_artists))
    new_artists = 1 - float(context.by_known_artist(shown).mean()) if familiar else np.nan
    energy, tempo = (_mean(apart.diagonal(1)) for apart in jumps(context.features_of(shown)))
    return novelty, popularity, artists, sounds, new_artists, energy, tempo


def _means(rows: npt.NDArray[np.float64]) -> dict[str, float]:
    means = {name: _mean(column) for name, column in zip(FIGURES, rows.T, strict=True)}
    return {name: mean for name, mean in means.items() if np.isfinite(mean)}


def _mean(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan
