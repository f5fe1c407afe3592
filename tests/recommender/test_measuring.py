"""All metrics at once from arrays are the definitions' own; means come with intervals that hold what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from taste_groups import make_corpus, make_features

from recommender.evaluation import METRICS, Meter, metrics
from recommender.evaluation.bootstrap import Bootstrap
from recommender.evaluation.memory import PeakMemory

CORPUS = make_corpus(n_playlists=60, n_tracks=400)
FEATURES = make_features(CORPUS)
METER = Meter(CORPUS, FEATURES)
ARTIST_OF = {track: artist for track, artist in enumerate(CORPUS.catalogue.artist_ids.tolist()) if artist >= 0}
TRACKS = st.integers(0, CORPUS.n_tracks - 1)


@settings(deadline=None, max_examples=50)
@given(
    recommended=st.lists(TRACKS, unique=True, max_size=80),
    withheld=st.lists(TRACKS, unique=True, min_size=1, max_size=40),
)
def test_the_metrics_are_those_of_the_definitions(recommended: list[int], withheld: list[int]) -> None:
    found = dict(
        zip(METRICS, METER.measure(np.array(recommended, np.int32), np.array(withheld, np.int32)), strict=True)
    )
    assert found["r_precision"] == pytest.approx(metrics.r_precision(recommended, withheld))
    credited = metrics.r_precision_with_artists(recommended, withheld, ARTIST_OF)
    assert found["r_precision_with_artists"] == pytest.approx(credited)
    assert found["ndcg"] == pytest.approx(metrics.ndcg(recommended, withheld))
    assert found["clicks"] == metrics.clicks(recommended, withheld)
    assert found["recall"] == pytest.approx(metrics.recall(recommended, withheld))


def test_what_lies_beyond_accuracy_is_counted_in_the_training_playlists() -> None:
    shown = np.arange(30, dtype=np.int32)
    counts = np.array([sum(track in CORPUS.tracks_of(row) for row in range(60)) for track in shown.tolist()])
    novelty, artists, _, mean, median = METER.beyond(shown).tolist()
    assert novelty == pytest.approx(-np.log2(counts / 60).mean())
    assert artists == metrics.artist_diversity(CORPUS.catalogue.artist_ids[shown])
    assert (mean, median) == (counts.mean(), np.median(counts))


def test_only_the_first_thirty_count_beyond_accuracy_and_the_first_500_for_it() -> None:
    order = np.random.default_rng(0).permutation(CORPUS.n_tracks).astype(np.int32)
    other = np.concatenate([order[:30], order[:29:-1]])
    one, two = (METER.measure(ranking, order[-5:]) for ranking in (order, other))
    np.testing.assert_array_equal(one[5:], two[5:])
    long = Meter(make_corpus(n_playlists=200, n_tracks=2400, longest=60))
    everything = np.arange(700, dtype=np.int32)
    assert long.measure(everything, np.array([650], np.int32))[:5].tolist() == [0, 0, 0, 51, 0]


def test_tracks_of_one_taste_sound_more_alike_than_a_mixture() -> None:
    groups = np.array([int(uri.rsplit(b":", 1)[1]) % 4 for uri in CORPUS.catalogue.uris.tolist()])
    alike = np.flatnonzero(groups == 1)[:30].astype(np.int32)
    mixture = np.arange(30, dtype=np.int32)
    place = METRICS.index("sound_diversity") - 5
    assert METER.beyond(alike)[place] < 0.5 * METER.beyond(mixture)[place]


def test_without_features_or_without_tracks_there_is_no_diversity_but_no_fault() -> None:
    assert np.isnan(Meter(CORPUS).beyond(np.arange(30, dtype=np.int32))[2])
    assert np.isnan(METER.beyond(np.zeros(0, np.int32))).all()


def test_one_answer_leaves_nothing_behind_for_the_next() -> None:
    rng = np.random.default_rng(0)
    asked = [rng.permutation(CORPUS.n_tracks).astype(np.int32) for _ in range(6)]
    forward = [METER.measure(ranking[10:], ranking[:10]) for ranking in asked]
    backward = [METER.measure(ranking[10:], ranking[:10]) for ranking in asked[::-1]][::-1]
    np.testing.assert_array_equal(forward, backward)


class TestIntervals:
    def test_they_hold_the_true_mean_as_often_as_they_say(self) -> None:
        rng = np.random.default_rng(0)
        samples = rng.exponential(1.0, (120, 300))
        _, low, high = Bootstrap(1, 1000).intervals(samples, "all")
        assert 0.88 < ((low < 1) & (high > 1)).mean() < 0.99

    def test_more_playlists_make_them_narrower(self) -> None:
        values = np.random.default_rng(0).random((1600, 1))
        widths = []
        for count in (100, 1600):
            _, low, high = Bootstrap(1, 1000).intervals(values[:count], "all")
            widths.append(float(high[0] - low[0]))
        assert widths[1] == pytest.approx(widths[0] / 4, rel=0.25)

    def test_the_same_seed_gives_the_same_and_rankers_share_resamples(self) -> None:
        values = np.random.default_rng(0).random((50, 2))
        values[:, 1] = values[:, 0] + 3
        means, low, high = Bootstrap(4, 1000).intervals(values, "all")
        again = Bootstrap(4, 1000).intervals(values, "all")
        np.testing.assert_array_equal((means, low, high), again)
        assert (low[1] - low[0], high[1] - high[0]) == pytest.approx((3, 3))
        assert not np.array_equal(low, Bootstrap(5, 1000).intervals(values, "all")[1])

    def test_missing_values_are_left_out(self) -> None:
        values = np.full((40, 3), np.nan)
        values[:, 0] = 2.0
        values[3, 1] = 7.0
        means, low, high = Bootstrap(1, 1000).intervals(values, "all")
        assert (means[0], low[0], high[0]) == (2, 2, 2)
        assert (means[1], low[1], high[1]) == (7, 7, 7)
        assert all(math.isnan(values[2]) for values in (means, low, high))

    def test_blocks_of_resamples_change_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        values = np.random.default_rng(0).random((30, 2))
        _, low, _ = Bootstrap(1, 1000).intervals(values, "all")
        monkeypatch.setattr("recommender.evaluation.bootstrap._DRAWS_AT_ONCE", 100)
        _, in_blocks, _ = Bootstrap(1, 1000).intervals(values, "all")
        np.testing.assert_allclose(low, in_blocks)


def test_peak_memory_belongs_to_one_stretch_of_work() -> None:
    memory = PeakMemory()
    memory.start()
    held = np.ones(20_000_000)
    first = memory.stop()
    if first.most is None:
        pytest.skip("this system does not tell")
    del held
    memory.start()
    second = memory.stop()
    assert first.added is not None
    assert second.added is not None
    assert second.most is not None
    assert 150 < first.added < 260
    assert second.added < 80
    assert second.most < first.most - 80
