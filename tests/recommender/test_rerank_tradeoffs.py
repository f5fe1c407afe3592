"""Curves of re-ranking start at the ranking as it was and show what a step is for."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from recommender import Hybrid
from recommender.evaluation.measuring import Meter
from recommender.evaluation.metrics import ndcg
from recommender.evaluation.protocol import split
from recommender.evaluation.tradeoff import Tradeoff
from recommender.rerank import Ranked, RerankContext
from recommender.rerank.tradeoffs import (
    FIGURES,
    SweepPoint,
    default_sweep,
    measure_tradeoffs,
    model_ranker,
)
from tests.recommender.taste_groups import make_corpus, make_features

CORPUS = make_corpus(n_playlists=120)
FEATURES = make_features(CORPUS, known=0.8)
SPLIT = split(CORPUS, 20, 0)
MODEL = Hybrid().fit(SPLIT.training, FEATURES)
METER = Meter(SPLIT.training, FEATURES)
RANKER = model_ranker(MODEL, features=FEATURES.aligned(CORPUS.catalogue), unseen=SPLIT.unseen, pool=120)
CASES = [case for case in SPLIT.cases if len(case.seeds)][:12]
K = 10


@pytest.fixture(scope="module")
def curves() -> dict[str, list[Tradeoff]]:
    seconds = count()
    found: dict[str, list[Tradeoff]] = {}
    for point in measure_tradeoffs(RANKER, CASES, METER, k=K, timer=lambda: float(next(seconds))):
        found.setdefault(point.step, []).append(point)
    return found


def figures(curves: dict[str, list[Tradeoff]], step: str, name: str) -> list[float]:
    return [point.figures[name] for point in curves[step]]


def test_every_curve_starts_with_the_ranking_as_it_was(curves: dict[str, list[Tradeoff]]) -> None:
    assert len(curves) == 6
    starts = [curve[0].figures for curve in curves.values()]
    assert all(start == starts[0] for start in starts)
    assert set(starts[0]) == set(FIGURES)
    expected = []
    for case in CASES:
        shown = MODEL.rank(case.seeds, case.title, 120, exclude=SPLIT.unseen)
        _, first = np.unique(MODEL.recordings_[shown], return_index=True)
        expected.append(ndcg(shown[np.sort(first)][:K].tolist(), case.withheld.tolist(), K))
    assert starts[0]["ndcg_30"] == pytest.approx(np.mean(expected))


def test_each_step_does_what_it_is_for(curves: dict[str, list[Tradeoff]]) -> None:
    assert figures(curves, "novelty", "novelty") == sorted(figures(curves, "novelty", "novelty"))
    new = figures(curves, "closer to home", "new_artists")
    assert new == sorted(new, reverse=True)
    wild = figures(curves, "more surprising", "new_artists")
    assert wild == sorted(wild)
    assert new[-1] < new[0] == wild[0] < wild[-1]
    capped = figures(curves, "artist cap", "artist_diversity")
    assert capped == sorted(capped)
    assert capped[-1] == 1 > capped[0]
    assert figures(curves, "diversity", "artist_diversity")[-1] > figures(curves, "diversity", "artist_diversity")[0]
    smooth = curves["playing order"][1].figures
    assert smooth["energy_jump"] + smooth["tempo_jump"] < first_jump(curves)
    assert smooth["novelty"] == pytest.approx(curves["playing order"][0].figures["novelty"])


def first_jump(curves: dict[str, list[Tradeoff]]) -> float:
    start = curves["playing order"][0].figures
    return start["energy_jump"] + start["tempo_jump"]


def test_time_is_that_of_the_steps_alone(curves: dict[str, list[Tradeoff]]) -> None:
    assert {point.figures["milliseconds"] for curve in curves.values() for point in curve} == {1000.0}


def test_the_sweep_is_said_and_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    points = measure_tradeoffs(
        RANKER,
        CASES[:2],
        METER,
        sweep=[SweepPoint("as it is", 0, ())],
        progress=lambda done, of: told.append((done, of)),
    )
    assert [(point.step, point.value) for point in points] == [("as it is", 0)]
    assert told == [(1, 2), (2, 2)]
    assert default_sweep()[0].step == "artist cap"


def test_what_nothing_is_known_of_has_no_figure() -> None:
    def nothing(_: object) -> tuple[Ranked, RerankContext]:
        context = RerankContext(CORPUS.catalogue.artist_ids, np.zeros(CORPUS.n_tracks, np.float32), 1)
        return Ranked.in_order(np.zeros(0, np.int32)), context

    (point,) = measure_tradeoffs(nothing, CASES[:1], METER, sweep=[SweepPoint("none", 0, ())])
    assert set(point.figures) == {"ndcg_30", "r_precision_30", "milliseconds"}
    assert point.figures["ndcg_30"] == 0
    assert measure_tradeoffs(nothing, [], METER, sweep=[SweepPoint("none", 0, ())])[0].figures == {}
