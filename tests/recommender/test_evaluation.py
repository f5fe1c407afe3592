"""The protocol holds playlists back for good, and the report ranks what is measured."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from taste_groups import make_corpus, make_features, make_playlists, make_track

from recommender import AudioFeatures, CorpusError, Hybrid, Playlist, PlaylistCorpus
from recommender.candidates import Content, Popularity
from recommender.candidates.interactions import IntArray
from recommender.evaluation import KINDS, evaluate, split
from recommender.evaluation.report import single
from recommender.records import SOURCE_CHALLENGE

LONG = make_corpus(n_playlists=220, n_tracks=3000, longest=400)


class TestProtocol:
    def test_test_playlists_take_no_part_in_training(self) -> None:
        held_back = split(LONG, 40, 1)
        tested = {int(LONG.pids[case.playlist]) for case in held_back.cases}
        assert len(tested) == 40
        assert not tested & set(held_back.training.pids.tolist())
        assert held_back.training.n_playlists == LONG.n_playlists - 40

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

    def test_random_seeds_come_from_the_whole_playlist(self) -> None:
        drawn = [case for case in split(LONG, 40, 1).cases if case.kind.random and case.kind.n_seeds == 25]
        assert drawn
        assert any((case.seeds != LONG.tracks_of(case.playlist)[:25]).any() for case in drawn)

    def test_all_ten_kinds_are_there_and_even(self) -> None:
        counts = [sum(case.kind == kind for case in split(LONG, 40, 1).cases) for kind in KINDS]
        assert len(KINDS) == 10
        assert min(counts) >= 3
        assert max(counts) <= 5

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


class TestReport:
    def test_every_ranker_gets_the_same_cases_and_a_row_a_kind(self) -> None:
        report = evaluate(LONG, make_features(LONG), playlists=40, random_state=1)
        assert list(report.overall()) == [
            "hybrid",
            "neighbours",
            "cooccurrence",
            "artists",
            "titles",
            "content",
            "popularity",
            "raw-cooccurrence",
        ]
        assert {row.cases for row in report.overall().values()} == {40} == {report.n_cases}
        for name in report.overall():
            of_ranker = [row for row in report.rows if row.ranker == name]
            assert sum(row.cases for row in of_ranker if row.kind != "all") == 40
            weighted = sum(row.ndcg * row.cases for row in of_ranker if row.kind != "all") / 40
            assert report.overall()[name].ndcg == pytest.approx(weighted)
            assert report.fit_seconds[name] >= 0

    def test_the_hybrid_beats_popularity_where_there_is_taste(self) -> None:
        overall = evaluate(LONG, playlists=40, baselines=[Popularity()]).overall()
        assert overall["hybrid"].ndcg > 1.1 * overall["popularity"].ndcg

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
        evaluate(corpus, features, playlists=10, random_state=1, hybrid=Overheard(), baselines=[])
        held_back = split(corpus, 10, 1)
        content = Content().fit(held_back.training, features)
        for case in held_back.cases:
            answered.update(single(content, held_back.unseen)(case).tolist())
        assert len(held_back.unseen)
        assert answered
        assert not answered & set(held_back.unseen.tolist())

    def test_the_report_is_json(self) -> None:
        report = evaluate(LONG, playlists=10, baselines=[Popularity()])
        told = json.loads(json.dumps(report.to_json()))
        assert told["n_training"] == LONG.n_playlists - 10
        assert told["rows"][-1]["ranker"] == "popularity"
        assert set(told["rows"][0]) >= {"r_precision", "r_precision_with_artists", "ndcg", "clicks", "recall"}

    def test_progress_counts_to_the_end_of_each_ranker(self) -> None:
        told: list[tuple[str, int, int]] = []
        evaluate(LONG, playlists=10, baselines=[Popularity()], progress=lambda *step: told.append(step))
        assert [step for step in told if step[1] == step[2]] == [("hybrid", 10, 10), ("popularity", 10, 10)]
        assert len(told) == 20

    def test_times_come_from_the_timer(self) -> None:
        ticks = itertools.count()
        report = evaluate(LONG, playlists=10, baselines=[Popularity()], timer=lambda: float(next(ticks)))
        assert report.fit_seconds == {"hybrid": 1.0, "popularity": 1.0}
        assert {row.milliseconds for row in report.rows} == {1000.0}

    def test_a_given_model_is_the_one_that_is_measured(self) -> None:
        popular = Hybrid({}, generators=[Popularity()])
        overall = evaluate(LONG, playlists=20, hybrid=popular, baselines=[Popularity()]).overall()
        assert overall["hybrid"].ndcg == overall["popularity"].ndcg

    def test_what_a_generator_does_not_know_is_filled_up_by_popularity(self) -> None:
        report = evaluate(LONG, playlists=40, random_state=1)
        by = {(row.ranker, row.kind): row for row in report.rows}
        assert by["cooccurrence", "title only"].ndcg == by["popularity", "title only"].ndcg > 0


@pytest.mark.slow
def test_on_real_playlists_the_hybrid_beats_each_generator_and_plain_cooccurrence(development_data: Path) -> None:
    corpus = PlaylistCorpus.from_mpd([development_data / "mpd", development_data / "challenge_set.json.gz"])
    features = AudioFeatures.read_csv(development_data / "audio_features.csv.gz")
    overall = evaluate(corpus, features, playlists=500, random_state=0).overall()
    hybrid = overall.pop("hybrid")
    assert hybrid.r_precision > max(row.r_precision for row in overall.values())
    assert hybrid.ndcg > max(row.ndcg for row in overall.values())
    assert hybrid.ndcg >= 1.08 * overall["raw-cooccurrence"].ndcg
