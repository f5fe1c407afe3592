"""The challenge's metrics, against the published definitions and each other."""

from __future__ import annotations

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import rerank, text
from recommender.evaluation import metrics

RECOMMENDED = st.lists(st.integers(0, 60), unique=True, max_size=60)
WITHHELD = st.sets(st.integers(0, 60), min_size=1, max_size=30)


@pytest.mark.parametrize("module", [metrics, rerank, text], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
    import numpy as np

    failed, tried = doctest.testmod(module, extraglobs={"np": np})  # type: ignore[arg-type]
    assert tried
    assert not failed


@given(RECOMMENDED, WITHHELD)
def test_each_metric_stays_in_its_range(recommended: list[int], withheld: set[int]) -> None:
    artist_of = {track: track // 5 for track in range(50)}
    assert 0 <= metrics.r_precision(recommended, withheld) <= 1
    credited = metrics.r_precision_with_artists(recommended, withheld, artist_of)
    assert metrics.r_precision(recommended, withheld) <= credited <= 1
    assert 0 <= metrics.ndcg(recommended, withheld) <= 1 + 1e-12
    assert metrics.clicks(recommended, withheld) in range(52)
    assert metrics.r_precision(recommended, withheld) <= metrics.recall(recommended, withheld) <= 1


@given(WITHHELD)
def test_a_perfect_answer_gets_the_best_of_everything(withheld: set[int]) -> None:
    perfect = sorted(withheld)
    assert metrics.r_precision(perfect, withheld) == 1
    assert metrics.r_precision_with_artists(perfect, withheld, {}) == 1
    assert metrics.ndcg(perfect, withheld) == pytest.approx(1)
    assert metrics.clicks(perfect, withheld) == 0
    assert metrics.recall(perfect, withheld) == 1


@given(RECOMMENDED)
def test_an_answer_without_hits_gets_the_worst(recommended: list[int]) -> None:
    withheld = {1000, 1001}
    assert metrics.r_precision(recommended, withheld) == 0
    assert metrics.ndcg(recommended, withheld) == 0
    assert metrics.clicks(recommended, withheld) == 51
    assert metrics.recall(recommended, withheld) == 0


def test_ndcg_is_the_published_sum() -> None:
    recommended = ["a", "x", "b", *(f"y{number}" for number in range(30)), "c"]
    gained = 1 / math.log2(2) + 1 / math.log2(4) + 1 / math.log2(35)
    ideal = 1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert metrics.ndcg(recommended, {"a", "b", "c"}) == pytest.approx(gained / ideal)


def test_nothing_after_the_500th_counts() -> None:
    recommended = [f"x{number}" for number in range(500)] + ["a"]
    assert metrics.ndcg(recommended, {"a"}) == 0
    assert metrics.clicks(recommended, {"a"}) == 51
    assert metrics.recall(recommended, {"a"}) == 0


@pytest.mark.parametrize(("rank", "clicks"), [(1, 0), (10, 0), (11, 1), (500, 49)])
def test_clicks_count_pages_of_ten(rank: int, clicks: int) -> None:
    recommended = [f"x{number}" for number in range(rank - 1)] + ["a"]
    assert metrics.clicks(recommended, {"a"}) == clicks


def test_an_artist_is_credited_once_and_only_for_misses_among_the_first() -> None:
    artist_of = {"a": 1, "b": 2, "c": 3, "x": 2, "y": 2, "z": 3, "w": 9}
    withheld = {"a", "b", "c", "d"}
    assert metrics.r_precision_with_artists(["x", "y", "w", "a"], withheld, artist_of) == (1 + 0.25) / 4
    assert metrics.r_precision_with_artists(["w", "w2", "w3", "w4", "x"], withheld, artist_of) == 0
    assert metrics.r_precision_with_artists(["a", "b", "c", "d"], withheld, artist_of) == 1
