"""The challenge's metrics, against the published definitions and each other."""

from __future__ import annotations

import doctest
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import text
from recommender.evaluation import metrics
from recommender.rerank import limits

RECOMMENDED = st.lists(st.integers(0, 60), unique=True, max_size=60)
WITHHELD = st.sets(st.integers(0, 60), min_size=1, max_size=30)


@pytest.mark.parametrize("module", [metrics, limits, text], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
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


def test_a_track_in_no_playlist_is_one_bit_more_novel_than_one_in_a_single_playlist() -> None:
    alone, unknown, everywhere = (metrics.novelty(np.array([count]), 1024) for count in (1.0, 0.0, 1024.0))
    assert (alone, unknown, everywhere) == (10, 11, 0)


@given(st.lists(st.integers(-1, 5), min_size=2, max_size=30))
def test_artist_diversity_is_the_share_of_pairs_by_different_artists(artists: list[int]) -> None:
    pairs = list(itertools.combinations(artists, 2))
    different = sum(one != other or one < 0 for one, other in pairs)
    assert metrics.artist_diversity(np.array(artists)) == pytest.approx(different / len(pairs))


@given(st.integers(0, 2**32), st.integers(2, 15), st.floats(0, 1))
def test_sound_diversity_is_the_mean_over_all_pairs(seed: int, tracks: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    sounds = np.where(rng.random((tracks, 3)) < missing, math.nan, rng.random((tracks, 3)))
    means = []
    for column in sounds.T:
        pairs = list(itertools.combinations(column[~np.isnan(column)], 2))
        if pairs:
            means.append(sum(6 * (one - other) ** 2 for one, other in pairs) / len(pairs))
    found = metrics.sound_diversity(sounds)
    assert (math.isnan(found) and not means) or found == pytest.approx(sum(means) / len(means), abs=1e-9)


def test_sound_diversity_is_one_for_tracks_at_random_and_zero_for_equal_ones() -> None:
    at_random = np.random.default_rng(0).random((20_000, 4))
    assert metrics.sound_diversity(at_random) == pytest.approx(1, abs=0.02)
    assert metrics.sound_diversity(np.full((30, 4), 0.3)) == pytest.approx(0, abs=1e-12)


def test_too_few_tracks_have_no_diversity_and_none_no_novelty() -> None:
    nothing = [metrics.artist_diversity(np.array([3])), metrics.novelty(np.zeros(0), 5)]
    nothing += [metrics.sound_diversity(np.zeros((1, 2))), metrics.sound_diversity(np.zeros((0, 2)))]
    assert all(math.isnan(value) for value in nothing)
