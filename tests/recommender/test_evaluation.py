"""The protocol holds playlists back for good, and the report ranks what is measured."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from taste_groups import make_corpus, make_features, make_playlists, make_track

from recommender import AudioFeatures, CorpusError, Hybrid, Playlist, PlaylistCorpus, RecommenderError
from recommender.candidates import Content, Popularity, Query, RawCooccurrence
from recommender.candidates.interactions import IntArray
from recommender.evaluation import (
    GROUPS,
    KINDS,
    METRICS,
    RANDOM_KINDS,
    Contender,
    EvaluationReport,
    default_contenders,
    evaluate,
    generator_contender,
    hybrid_contender,
    split,
)
from recommender.records import SOURCE_CHALLENGE

LONG = make_corpus(n_playlists=220, n_tracks=3000, longest=400)
POPULARITY = generator_contender(Popularity())


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    """Measure three rankers."""
    contenders = [hybrid_contender("hybrid", Hybrid()), POPULARITY, generator_contender(RawCooccurrence())]
    return evaluate(LONG, make_features(LONG), playlists=40, random_state=1, contenders=contenders)


class TestProtocol:
    def test_seeds_and_withheld_tracks_make_up_the_playlist(self) -> None:
        for case in split(LONG, 40, 1).cases:
            tracks = LONG.tracks_of(case.playlist)
            assert sorted([*case.seeds, *case.withheld]) == sorted(tracks)
            assert len(case.seeds) == case.kind.n_seeds
            assert len(case.withheld) >= 5
            assert case.title == (LONG.title(case.playlist) if case.kind.with_title else None)
            if not case.kind.random:
                np.testing.assert_array_equal(case.seeds, tracks[: case.kind.n_seeds])
            places = [int(np.flatnonzero(tracks == seed)[0]) for seed in case.seeds]
            assert places == sorted(places)

    @pytest.mark.parametrize("group", GROUPS)
    def test_random_seeds_come_from_the_whole_playlist(self, group: str) -> None:
        drawn = [case for case in split(LONG, 40, 1).of_group(group) if case.kind.random and case.kind.n_seeds == 25]
        assert drawn
        assert any((case.seeds != LONG.tracks_of(case.playlist)[:25]).any() for case in drawn)

    def test_all_ten_kinds_are_there_and_even(self) -> None:
        counts = [sum(case.kind == kind for case in split(LONG, 40, 1).cases) for kind in KINDS]
        assert len(KINDS) == 10
        assert min(counts) >= 3
        assert max(counts) <= 5

    def test_all_four_kinds_with_random_seeds_are_there_and_even(self) -> None:
        counts = [sum(case.kind == kind for case in split(LONG, 40, 1).cases) for kind in RANDOM_KINDS]
        assert [kind.n_seeds for kind in RANDOM_KINDS] == [1, 5, 10, 25]
        assert not any(kind.with_title for kind in RANDOM_KINDS)
        assert min(counts) >= 8
        assert max(counts) <= 12

    def test_one_set_of_playlists_serves_both_groups(self) -> None:
        held_back = split(LONG, 40, 1)
        of_challenge, at_random = ([case.playlist for case in held_back.of_group(group)] for group in ("all", "random"))
        assert len(of_challenge) == len(set(of_challenge)) == 40 == held_back.n_playlists
        assert len(at_random) == len(set(at_random))
        # A playlist of five tracks has a title to be continued from, and no seed to spare.
        assert set(at_random) <= set(of_challenge)
        assert len(at_random) >= 38
        assert len(held_back.cases) == len(of_challenge) + len(at_random)

    def test_a_ranker_is_told_nothing_of_the_answer(self) -> None:
        case = split(LONG, 40, 1).cases[0]
        told = case.query
        assert isinstance(told, Query)
        assert (told.seeds == case.seeds).all()
        assert (told.title, len(told.artists)) == (case.title, 0)

    def test_a_playlist_too_short_for_a_kind_is_not_used_for_it(self) -> None:
        short = make_corpus(n_playlists=100, longest=14)
        kinds = {case.kind.n_seeds for case in split(short, 20, 1).cases}
        assert kinds <= {0, 1, 5}

    def test_a_playlist_without_title_is_used_without(self) -> None:
        playlists = [Playlist(p.pid, p.tracks) for p in make_playlists(n_playlists=50)]
        assert not any(case.kind.with_title for case in split(PlaylistCorpus.from_playlists(playlists), 10, 1).cases)

    def test_the_same_seed_gives_the_same_split(self) -> None:
        first, second, other = split(LONG, 30, 1), split(LONG, 30, 1), split(LONG, 30, 2)
        assert [case.playlist for case in first.cases] == [case.playlist for case in second.cases]
        assert all((a.seeds == b.seeds).all() for a, b in zip(first.cases, second.cases, strict=True))
        assert [case.playlist for case in first.cases] != [case.playlist for case in other.cases]

    def test_a_generator_of_random_numbers_serves_as_well_as_a_seed(self) -> None:
        first, second = (split(LONG, 30, np.random.default_rng(7)) for _ in range(2))
        assert [case.playlist for case in first.cases] == [case.playlist for case in second.cases]

    def test_playlists_of_a_challenge_set_are_never_held_back(self) -> None:
        cut = [Playlist(p.pid, p.tracks, p.title, source=SOURCE_CHALLENGE) for p in make_playlists(seed=1)]
        corpus = PlaylistCorpus.from_playlists([*make_playlists(), *cut])
        assert all(corpus.sources[case.playlist] != SOURCE_CHALLENGE for case in split(corpus, 10, 1).cases)

    def test_unseen_tracks_are_those_that_no_training_playlist_has(self) -> None:
        held_back = split(LONG, 40, 1)
        unseen = set(held_back.unseen.tolist())
        assert unseen == set(range(LONG.n_tracks)) - set(held_back.training.indices.tolist())

    def test_nothing_to_hold_back_is_said_in_a_sentence(self) -> None:
        corpus = PlaylistCorpus.from_playlists([Playlist(1, (make_track(1), make_track(2)), "short")])
        with pytest.raises(CorpusError, match="at least 5 tracks"):
            split(corpus, 10, 1)

    def test_too_few_playlists_for_tuning_is_said_in_a_sentence(self) -> None:
        corpus = PlaylistCorpus.from_playlists(
            [Playlist(pid, tuple(make_track(9 * pid + place) for place in range(9)), "few") for pid in range(3)]
        )
        with pytest.raises(CorpusError, match="tuning"):
            split(corpus, 10, 1, role="tuning")


class TestReport:
    def test_every_ranker_gets_the_same_cases_and_a_row_a_kind(self, report: EvaluationReport) -> None:
        assert report.rankers == ["hybrid", "popularity", "raw-cooccurrence"]
        assert list(report.overall()) == list(report.overall("random")) == report.rankers
        assert report.n_playlists == 40
        assert {row.cases for row in report.overall().values()} == {40}
        assert report.n_cases == 40 + report.overall("random")["hybrid"].cases
        for name, group in itertools.product(report.rankers, GROUPS):
            of_kinds = [row for row in report.rows if (row.ranker, row.group) == (name, group) and row.kind != group]
            together = report.overall(group)[name]
            assert sum(row.cases for row in of_kinds) == together.cases
            for metric in METRICS:
                weighted = sum(getattr(row, metric) * row.cases for row in of_kinds) / together.cases
                assert getattr(together, metric) == pytest.approx(weighted)
            assert together.coverage >= max(row.coverage for row in of_kinds)

    def test_each_mean_lies_in_its_interval(self, report: EvaluationReport) -> None:
        for row in report.rows:
            assert set(row.intervals) == set(METRICS)
            for metric, (low, high) in row.intervals.items():
                assert low - 1e-12 <= getattr(row, metric) <= high + 1e-12
        ndcg = report.overall()["hybrid"]
        assert 0.01 < ndcg.intervals["ndcg"][1] - ndcg.intervals["ndcg"][0] < 0.3

    def test_the_hybrid_is_ahead_of_popularity_beyond_chance_where_there_is_taste(
        self, report: EvaluationReport
    ) -> None:
        found = report.compare("hybrid", "popularity")["ndcg"]
        assert found.clear
        assert found.low > 0
        assert found.relative > 0.1
        assert found.first == pytest.approx(report.overall()["hybrid"].ndcg)
        assert found.difference == pytest.approx(found.first - found.second)

    def test_a_comparison_turns_around_with_its_rankers(self, report: EvaluationReport) -> None:
        one = report.compare("hybrid", "raw-cooccurrence", "random")["ndcg"]
        other = report.compare("raw-cooccurrence", "hybrid", "random")["ndcg"]
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low))

    def test_a_ranker_is_not_ahead_of_itself(self, report: EvaluationReport) -> None:
        for found in report.compare("hybrid", "hybrid", "title only").values():
            assert (found.difference, found.low, found.high, found.clear) == (0, 0, 0, False)

    def test_what_cannot_be_compared_is_said_in_a_sentence(self, report: EvaluationReport) -> None:
        with pytest.raises(RecommenderError, match=r"'nobody'.*hybrid, popularity"):
            report.compare("hybrid", "nobody")
        with pytest.raises(RecommenderError, match=r"'polka'.*title only"):
            report.compare("hybrid", "popularity", "polka")

    def test_the_lead_is_told_against_each_other_ranker_the_best_first(self, report: EvaluationReport) -> None:
        best, lead = report.lead("random")
        ndcg = {name: row.ndcg for name, row in report.overall("random").items()}
        assert [best, *lead] == sorted(ndcg, key=lambda name: -ndcg[name])

    def test_popularity_is_the_least_novel(self, report: EvaluationReport) -> None:
        overall = report.overall()
        assert overall["popularity"].novelty == min(row.novelty for row in overall.values())
        assert overall["popularity"].popularity == max(row.popularity for row in overall.values())
        assert overall["popularity"].coverage == min(row.coverage for row in overall.values())

    def test_the_report_is_json(self, report: EvaluationReport) -> None:
        told = json.loads(json.dumps(report.to_json(), allow_nan=False))
        assert told["n_training"] == LONG.n_playlists - 40
        assert told["rows"][-1]["ranker"] == "raw-cooccurrence"
        assert set(told["rows"][0]) >= {*METRICS, "coverage", "intervals"}
        assert set(told["costs"]) == set(report.rankers)
        assert set(told["compared"]) == set(GROUPS)
        assert "figures" not in told

    def test_without_features_the_diversity_of_sound_is_null_and_nothing_else(self) -> None:
        told = evaluate(LONG, playlists=10, contenders=[POPULARITY]).to_json()
        assert {row["sound_diversity"] for row in told["rows"]} == {None}
        assert all(row[metric] is not None for row in told["rows"] for metric in METRICS if metric != "sound_diversity")

    def test_progress_counts_from_learning_to_the_end_of_each_ranker(self) -> None:
        told: list[tuple[str, int, int]] = []
        contenders = [POPULARITY, generator_contender(Popularity(), "again")]
        cases = evaluate(LONG, playlists=10, contenders=contenders, progress=lambda *step: told.append(step)).n_cases
        assert told == [(name, done, cases) for name in ("popularity", "again") for done in range(cases + 1)]

    def test_times_come_from_the_timer(self) -> None:
        ticks = itertools.count()
        found = evaluate(LONG, playlists=10, contenders=[POPULARITY], timer=lambda: float(next(ticks)))
        cost = found.costs["popularity"]
        assert (cost.fit_seconds, cost.milliseconds, cost.milliseconds_p95) == (1.0, 1000.0, 1000.0)
        assert {row.milliseconds for row in found.rows} == {1000.0}

    def test_a_given_model_is_the_one_that_is_measured(self) -> None:
        popular = hybrid_contender("model", Hybrid({}, generators=[Popularity()]))
        overall = evaluate(LONG, playlists=20, contenders=[popular, POPULARITY]).overall()
        assert overall["model"].ndcg == overall["popularity"].ndcg

    def test_tuning_is_measured_on_other_playlists_than_the_test(self) -> None:
        test, tuning = (evaluate(LONG, playlists=20, contenders=[POPULARITY], role=role) for role in ("test", "tuning"))
        assert tuning.n_training == test.n_training - 20
        assert tuning.overall()["popularity"].ndcg != test.overall()["popularity"].ndcg

    def test_reranking_is_measured_on_the_first_model_if_asked_for(self) -> None:
        contenders = [POPULARITY, hybrid_contender("model", Hybrid({}, generators=[Popularity()]))]
        found = evaluate(LONG, make_features(LONG), playlists=20, contenders=contenders, tradeoff_cases=4)
        assert len({point.step for point in found.tradeoffs}) > 2
        assert all(0 <= point.figures["artist_diversity"] <= 1 for point in found.tradeoffs)
        assert not evaluate(LONG, playlists=20, contenders=contenders).tradeoffs


class TestContenders:
    def test_the_models_every_generator_and_plain_cooccurrence_take_part(self) -> None:
        names = [contender.name for contender in default_contenders()]
        assert len(set(names)) == len(names)
        assert names[0] in ("full", "blend")
        assert {"blend", "neighbours", "popularity", "raw-cooccurrence"} <= set(names)

    def test_anything_that_learns_and_ranks_can_take_part(self) -> None:
        def fit(training: PlaylistCorpus, features: AudioFeatures | None) -> Any:  # noqa: ANN401 - a function
            sizes = np.bincount(training.indices, minlength=training.n_tracks)
            order = np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())]
            return lambda query: order[~np.isin(order, query.seeds)][:500]

        overall = evaluate(LONG, playlists=20, contenders=[Contender("mine", fit), POPULARITY]).overall()
        assert overall["mine"].ndcg == pytest.approx(overall["popularity"].ndcg)

    @pytest.mark.parametrize(
        ("answer", "fault"),
        [
            (lambda query, unseen: query.seeds, "a seed"),
            (lambda query, unseen: np.array([3, 3]), "a track twice"),
            (lambda query, unseen: unseen[:1], "no training playlist"),
            (lambda query, unseen: np.array([-1]), "no training playlist"),
            (lambda query, unseen: np.array([0.5]), "list of track indices"),
            (lambda query, unseen: np.array([[1], [2]]), "list of track indices"),
            (lambda query, unseen: np.array([10**6]), "no training playlist"),
        ],
    )
    def test_an_answer_that_would_be_measured_wrongly_is_refused(self, answer: Any, fault: str) -> None:  # noqa: ANN401
        corpus = make_corpus(n_playlists=60, n_tracks=480)
        unseen = split(corpus, 10, 1).unseen
        assert len(unseen)
        contender = Contender("wrong", lambda training, features: lambda query: answer(query, unseen))
        with pytest.raises(RecommenderError, match=f"'wrong' answered.*{fault}"):
            evaluate(corpus, playlists=10, random_state=1, contenders=[contender])

    def test_a_ranker_with_nothing_to_say_gets_the_worst(self) -> None:
        silent = Contender("silent", lambda training, features: lambda query: np.zeros(0, np.int32))
        row = evaluate(LONG, playlists=10, contenders=[silent]).overall()["silent"]
        assert (row.ndcg, row.clicks, row.coverage) == (0, 51, 0)
        assert np.isnan(row.novelty)

    @pytest.mark.parametrize("contenders", [[], [POPULARITY, POPULARITY]])
    def test_no_ranker_or_two_of_one_name_are_refused(self, contenders: list[Contender]) -> None:
        with pytest.raises(RecommenderError, match="name of its own"):
            evaluate(LONG, playlists=10, contenders=contenders)

    def test_tracks_that_only_test_playlists_have_are_never_answered(self) -> None:
        class Overheard(Hybrid):
            def rank(self, *args: Any, **kwargs: Any) -> IntArray:  # noqa: ANN401 - handed on as they are
                ranking = super().rank(*args, **kwargs)
                answered.update(ranking.tolist())
                return ranking

        answered: set[int] = set()
        # Fewer than 500 tracks: an answer takes in all that it may.
        corpus = make_corpus(n_playlists=60, n_tracks=480)
        features = make_features(corpus, known=1.0)
        contenders = [hybrid_contender("heard", Overheard()), generator_contender(Content())]
        evaluate(corpus, features, playlists=10, random_state=1, contenders=contenders)
        held_back = split(corpus, 10, 1)
        assert len(held_back.unseen)
        assert answered
        assert not answered & set(held_back.unseen.tolist())

    def test_what_a_generator_does_not_know_is_filled_up_by_popularity(self, report: EvaluationReport) -> None:
        by = {(row.ranker, row.kind): row for row in report.rows}
        assert by["raw-cooccurrence", "title only"].ndcg == by["popularity", "title only"].ndcg > 0


@pytest.mark.slow
def test_on_real_playlists_the_blend_beats_each_generator_and_plain_cooccurrence(development_data: Path) -> None:
    corpus = PlaylistCorpus.from_mpd([development_data / "mpd", development_data / "challenge_set.json.gz"])
    features = AudioFeatures.read_csv(development_data / "audio_features.csv.gz")
    contenders = [contender for contender in default_contenders() if contender.name != "full"]
    report = evaluate(corpus, features, playlists=500, random_state=0, contenders=contenders)
    for group in GROUPS:
        best, lead = report.lead(group)
        assert best == "blend"
        assert lead["raw-cooccurrence"]["ndcg"].relative > 0.08
