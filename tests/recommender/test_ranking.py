"""The ranker learns what was in playlists that the statistics have not seen, and is stored with the model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ranked_worlds import CORPUS, fitted, quick_generators
from taste_groups import NOW, make_corpus, make_playlists, make_track

from recommender import ArtifactError, Hybrid, Playlist, PlaylistCorpus, RecommenderError, Track
from recommender.blending import WEIGHTS
from recommender.candidates import Content, Cooccurrence, Interactions, PlaylistNeighbours, Popularity, Query
from recommender.candidates.base import CandidateGenerator
from recommender.candidates.interactions import FloatArray, IntArray
from recommender.hybrid import RANKED
from recommender.manifest import read_manifest
from recommender.ranking import LambdaRank, RankerChoice, RankerTraining, RankingFeatures, learn_ranker
from recommender.ranking.pairs import SUMMARIES, SeedPairs, summaries
from recommender.ranking.sampling import KINDS, LEAST_LENGTH, LEAST_WITHHELD, draw_query, kinds_for
from recommender.records import SOURCE_CHALLENGE
from recommender.retrieval import Retrieval
from recommender.roles import folds

SEEDS = CORPUS.tracks_of(0)[:5]
QUICK = RankerTraining(least_playlists=20, max_queries=500, folds=2, misses=30, validated=600, limit=60, top=50)


def learn(corpus: PlaylistCorpus, *, forced: bool = True, seed: int = 0, **changes: Any) -> RankerChoice:  # noqa: ANN401
    """Learn a small ranker."""
    options: dict[str, Any] = {"settings": QUICK, "folds": folds, "weights": None, "progress": None, **changes}
    ranker = LambdaRank(trees=20, leaves=7, least_rows=10, random_state=seed)
    generators = [generator for generator in quick_generators() if not isinstance(generator, Content)]
    return learn_ranker(
        corpus,
        None,
        generators,
        RANKED,
        options["weights"],
        options["settings"],
        ranker,
        folds=options["folds"],
        forced=forced,
        random_state=seed,
        progress=options["progress"],
    )


def random_playlists(n_playlists: int = 60) -> list[Playlist]:
    """Return playlists that say nothing of each other: random tracks, each by its own artist, and random titles."""
    rng = np.random.default_rng(4)
    tracks = [Track(f"spotify:track:{n:022d}", f"Song {n}", f"Artist {n}") for n in range(300)]
    playlists = []
    for pid in range(n_playlists):
        title = "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 9))
        chosen = rng.choice(len(tracks), 14, replace=False)
        playlists.append(Playlist(pid, tuple(tracks[int(n)] for n in chosen), title))
    return playlists


def lists(seed: int, n_lists: int = 40, size: int = 30) -> tuple[FloatArray, npt.NDArray[np.bool_], IntArray]:
    """Return rows of which the first figure tells hits from misses, mostly, and the second and third say nothing."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_lists * size, 3)).astype(np.float32)
    hits = rows[:, 0] + 0.3 * rng.normal(size=len(rows)) > 1.2
    return rows, hits, np.full(n_lists, size, np.int32)


def small_ranker(**changes: Any) -> LambdaRank:  # noqa: ANN401
    return LambdaRank(**{"trees": 20, "leaves": 7, "least_rows": 10, **changes})


class TestLambdaRank:
    NAMES = ("told", "noise", "more.noise")

    @pytest.mark.parametrize("objective", ["rank_xendcg", "lambdarank"])
    def test_puts_hits_above_misses_in_lists_it_has_not_seen(self, objective: str) -> None:
        ranker = small_ranker(objective=objective).fit(*lists(1), self.NAMES)
        rows, hits, _ = lists(2)
        scores = ranker.predict(rows)
        above = np.mean([(scores[hits] > miss).mean() for miss in scores[~hits]])
        assert above > 0.9
        shuffled = ranker.predict(np.ascontiguousarray(rows[:, ::-1]))
        assert np.mean([(shuffled[hits] > miss).mean() for miss in shuffled[~hits]]) < 0.75

    def test_is_the_same_for_a_seed_and_another_for_another(self) -> None:
        first, again, other = (small_ranker(random_state=seed).fit(*lists(1), self.NAMES) for seed in (3, 3, 4))
        assert first.model_ == again.model_
        assert first.model_ != other.model_

    def test_survives_a_round_trip_through_its_text(self) -> None:
        ranker = small_ranker(learning_rate=0.1).fit(*lists(1), self.NAMES)
        parameters = json.loads(json.dumps(ranker.parameters()))
        restored = LambdaRank.of_text(ranker.model_, parameters)
        rows, _, _ = lists(2)
        np.testing.assert_array_equal(restored.predict(rows), ranker.predict(rows))
        assert restored.names_ == ranker.names_ == self.NAMES
        assert restored.model_ == ranker.model_
        assert restored.parameters() == ranker.parameters() == {**LambdaRank().parameters(), **ranker.parameters()}

    def test_gives_scores_between_0_and_1_for_any_figures(self) -> None:
        ranker = small_ranker().fit(*lists(1), self.NAMES)
        wild = np.array([[1e30, -1e30, 0], [np.nan, np.inf, -np.inf], [0, 0, 0]], np.float32)
        scores = ranker.predict(wild)
        assert scores.dtype == np.float32
        assert ((scores > 0) & (scores < 1)).all()
        assert ranker.predict(wild[:0]).tolist() == []

    def test_learns_from_a_single_short_list_without_complaint(self) -> None:
        rows, hits = np.eye(3, dtype=np.float32), np.array([True, False, False])
        scores = LambdaRank(trees=3).fit(rows, hits, np.array([3]), self.NAMES).predict(rows)
        assert np.isfinite(scores).all()

    def test_that_has_not_learnt_says_so(self) -> None:
        with pytest.raises(ValueError, match="not learnt"):
            LambdaRank().predict(np.zeros((1, 3), np.float32))

    @pytest.mark.parametrize("text", ["", "no trees", "tree\nversion=v4\n", "\x00" * 50])
    def test_that_is_no_ranker_is_refused_in_a_sentence(self, text: str) -> None:
        with pytest.raises(ArtifactError, match="crossfade train"):
            LambdaRank.of_text(text, LambdaRank().parameters())


class TestWhatIsShown:
    @pytest.mark.parametrize("titled", [True, False])
    def test_there_is_always_a_way_to_ask_and_enough_is_withheld(self, titled: bool) -> None:
        for length in range(LEAST_LENGTH, 130):
            kinds = kinds_for(length, titled)
            assert kinds
            assert all(length - kind.n_seeds >= LEAST_WITHHELD for kind in kinds)
            assert titled or not any(kind.with_title for kind in kinds)
        assert set(kinds_for(200, True)) == set(KINDS)

    @settings(max_examples=40, deadline=None)
    @given(kind=st.sampled_from(KINDS), length=st.integers(105, 150), seed=st.integers(0, 99))
    def test_what_is_shown_and_what_is_withheld_make_up_the_playlist(self, kind: Any, length: int, seed: int) -> None:  # noqa: ANN401
        tracks = np.random.default_rng(seed).permutation(1000)[:length].astype(np.int32)
        query, withheld = draw_query(tracks, "mix", kind, np.random.default_rng(seed))
        assert len(query.seeds) == kind.n_seeds
        assert sorted([*query.seeds.tolist(), *withheld.tolist()]) == sorted(tracks.tolist())
        # In the playlist's order, both of them.
        places = {int(track): place for place, track in enumerate(tracks)}
        for part in (query.seeds, withheld):
            assert (np.diff([places[int(track)] for track in part]) > 0).all()
        assert query.title == ("mix" if kind.with_title else None)
        if not kind.random:
            np.testing.assert_array_equal(query.seeds, tracks[: kind.n_seeds])


@settings(max_examples=60, deadline=None)
@given(
    contents=st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=9, unique=True), min_size=1, max_size=8),
    data=st.data(),
)
def test_seed_pairs_are_those_that_are_counted_one_by_one(contents: list[list[int]], data: st.DataObject) -> None:
    corpus = PlaylistCorpus.from_playlists(
        Playlist(pid, tuple(map(make_track, numbers))) for pid, numbers in enumerate(contents)
    )
    rows = [corpus.tracks_of(row).tolist() for row in range(corpus.n_playlists)]
    known = st.integers(0, corpus.n_tracks - 1)
    seeds = data.draw(st.lists(known, min_size=1, max_size=4, unique=True))
    tracks = sorted(data.draw(st.sets(known, min_size=1)))
    entries = sum(len(row) for row in rows)
    scale = entries / sum(len(row) ** 0.5 for row in rows)
    together, near = np.zeros((2, len(seeds), len(tracks)))
    for row in rows:
        for i, seed in enumerate(seeds):
            for j, track in enumerate(tracks):
                if seed in row and track in row:
                    weight = len(row) ** -0.5 * scale
                    together[i, j] += weight
                    near[i, j] += weight * np.exp(-abs(row.index(seed) - row.index(track)) / 10)
    generator = Cooccurrence().fit(corpus)
    read = generator.score(Query(np.array(seeds, np.int32))).to_seeds
    pairs = SeedPairs.of(read, np.array(tracks, np.int32))
    np.testing.assert_allclose(pairs.together, together, rtol=1e-5)
    np.testing.assert_allclose(pairs.near, near, rtol=1e-5)
    sizes = np.array([sum(track in row for row in rows) for track in range(corpus.n_tracks)])
    assert pairs.seed_sizes.ravel().tolist() == sizes[seeds].tolist()
    assert pairs.sizes.ravel().tolist() == sizes[tracks].tolist()
    figures = summaries(pairs, len(rows), 20.0)
    assert set(figures) == set(SUMMARIES)
    similarity = np.array(
        [[together[i, j] / (sizes[s] + sizes[t] + 20) for j, t in enumerate(tracks)] for i, s in enumerate(seeds)]
    )
    ordered = np.sort(similarity, axis=0)[::-1]
    np.testing.assert_allclose(figures["similarity.max"], ordered[0], rtol=1e-4)
    np.testing.assert_allclose(
        figures["similarity.second"], ordered[1] if len(seeds) > 1 else 0 * ordered[0], rtol=1e-4
    )
    np.testing.assert_allclose(figures["similarity.last"], similarity[-1], rtol=1e-4)
    np.testing.assert_allclose(figures["similarity.seeds"], (together > 0).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(figures["together.sum"], np.log1p(together.sum(axis=0)), rtol=1e-4)
    assert all(np.isfinite(values).all() and (values >= 0).all() for values in figures.values())


def features_of(generators: Sequence[CandidateGenerator]) -> RankingFeatures:
    interactions = next(generator.interactions_ for generator in generators)
    return RankingFeatures(interactions, generators, RANKED, None)


def learnt(corpus: PlaylistCorpus) -> list[CandidateGenerator]:
    interactions = Interactions.of(corpus)
    return [generator.learn(interactions) for generator in quick_generators()]


class TestFeatures:
    def columns(self, query: Query, tracks: IntArray, limit: int = 80) -> dict[str, FloatArray]:
        generators = fitted("blend").generators_
        features = features_of(generators)
        matrix = features.matrix(Retrieval.of(generators, query, limit, 50), tracks)
        return dict(zip(features.names, matrix.T, strict=True))

    def test_have_names_of_their_own(self) -> None:
        names = features_of(fitted("blend").generators_).names
        assert len(set(names)) == len(names) > 50
        assert not any(set(name) & set(' "\\,:[]{}\n') for name in names), "LightGBM's text format forbids them"

    @pytest.mark.parametrize("world", ["usual", "unseen tracks", "bare", "one playlist", "no titles"])
    def test_are_finite_and_of_one_shape_for_every_query(self, world: str) -> None:
        playlists = make_playlists(n_playlists=1 if world == "one playlist" else 30)
        if world == "bare":
            playlists = [Playlist(p.pid, tuple(Track(track.uri) for track in p.tracks)) for p in playlists]
        if world == "no titles":
            playlists = [Playlist(p.pid, p.tracks) for p in playlists]
        corpus = PlaylistCorpus.from_playlists(playlists)
        if world == "unseen tracks":
            corpus = corpus.subset(np.arange(15))
        generators = learnt(corpus)
        features = features_of(generators)
        everything = np.arange(corpus.n_tracks, dtype=np.int32)
        unseen = np.setdiff1d(everything, corpus.indices).astype(np.int32)
        assert len(unseen) or world != "unseen tracks"
        artists = everything[: len(corpus.catalogue.artist_keys)]
        queries = [
            Query(),
            Query(title="rainy day"),
            Query(title="x" * 10_000),
            Query(title="\ud800\x00"),
            Query(everything[:1]),
            Query(everything[::-1][:3], "Été"),
            Query(unseen[:2]),
            Query(np.concatenate([everything[:2], unseen[:2]])),
            Query(artists=artists[:2]),
            Query(everything[:2], artists=artists[:3]),
            Query(everything),
        ]
        for query in queries:
            retrieval = Retrieval.of(generators, query, 40, 20)
            for tracks in (retrieval.candidates(query.seeds), everything, everything[:1], everything[:0]):
                matrix = features.matrix(retrieval, tracks)
                assert matrix.shape == (len(tracks), len(features.names))
                assert matrix.dtype == np.float32
                assert np.isfinite(matrix).all()

    @pytest.mark.parametrize("query", [Query(SEEDS, "rainy day"), Query(title="Été"), Query(SEEDS[:1])])
    def test_only_ranks_and_what_is_measured_against_the_others_depend_on_the_other_candidates(
        self, query: Query
    ) -> None:
        everything = np.setdiff1d(np.arange(CORPUS.n_tracks, dtype=np.int32), query.seeds)
        some = everything[::3]
        of_all, of_some = self.columns(query, everything), self.columns(query, some)
        relative = {"blend.rank_within_artist", "blend.best_of_artist", "factors.artist", "near_playlists.score"}
        for name, values in of_some.items():
            among_all = of_all[name][::3]
            if name.endswith(".rank"):
                # The better of two stays the better; a rank can only get worse among more.
                assert (values <= among_all + 1e-6).all(), name
                assert (np.diff(values[np.argsort(among_all, kind="stable")]) >= 0).all(), name
            elif name not in relative:
                np.testing.assert_allclose(values, among_all, rtol=1e-4, atol=1e-6, err_msg=name)

    def test_say_how_a_track_relates_to_the_seeds_artists_and_albums(self) -> None:
        everything = np.arange(CORPUS.n_tracks, dtype=np.int32)
        query = Query(SEEDS, artists=np.array([0, 0], np.int32))
        columns, catalogue = self.columns(query, everything), CORPUS.catalogue
        by = [*catalogue.artist_ids[SEEDS].tolist(), 0, 0]
        expected = [by.count(artist) for artist in catalogue.artist_ids.tolist()]
        assert columns["artist.seeds"].tolist() == expected
        np.testing.assert_allclose(columns["artist.share"], np.array(expected) / 7, rtol=1e-6)
        np.testing.assert_array_equal(columns["artist.last"], catalogue.artist_ids == catalogue.artist_ids[SEEDS[-1]])
        albums = {catalogue.track(int(seed)).album_name for seed in SEEDS}
        same = [track.album_name in albums for track in catalogue.tracks(everything)]
        assert columns["album.same"].tolist() == same
        assert set(columns["query.seeds"]) == {7}
        assert set(columns["query.unknown"]) == {2}
        sizes = np.bincount(CORPUS.indices, minlength=CORPUS.n_tracks)
        np.testing.assert_allclose(columns["popularity"], np.log1p(sizes), rtol=1e-5)

    def test_say_how_many_of_the_nearest_playlists_have_a_track(self) -> None:
        everything = np.arange(CORPUS.n_tracks, dtype=np.int32)
        neighbours = PlaylistNeighbours().fit(CORPUS).neighbours(Query(SEEDS), 100)[0]
        share = [np.mean([track in CORPUS.tracks_of(int(row)) for row in neighbours]) for track in everything]
        columns = self.columns(Query(SEEDS), everything)
        np.testing.assert_allclose(columns["neighbours.near"], share, rtol=1e-5)

    def test_do_not_change_from_one_question_to_the_next(self) -> None:
        everything = np.arange(CORPUS.n_tracks, dtype=np.int32)
        first = self.columns(Query(SEEDS), everything)
        self.columns(Query(title="Été"), everything)
        for name, values in self.columns(Query(SEEDS), everything).items():
            np.testing.assert_array_equal(values, first[name])


class TestLearning:
    def test_finds_no_signal_where_there_is_none(self) -> None:
        """A stage that knew the playlist it is asked about would find its title and its tracks at once."""
        report = learn(PlaylistCorpus.from_playlists(random_playlists()), forced=False).report
        assert report["ranker"] == "blend"
        assert report["why"] == "the ranker was not clearly better"
        assert max(report["ndcg_of_blend"], report["ndcg_of_ranker"]) < 0.4
        assert abs(report["ndcg_of_ranker"] - report["ndcg_of_blend"]) < 4 * report["standard_error"] + 0.02

    def test_copies_of_a_playlist_do_not_tell_its_answer(self) -> None:
        twice = random_playlists(40)
        twice += [Playlist(p.pid + 1000, p.tracks, p.title) for p in twice]
        corpus = PlaylistCorpus.from_playlists(twice)
        honest = learn(corpus).report
        few = learn(corpus, settings=replace(QUICK, max_queries=30)).report
        apart = learn(corpus, folds=lambda corpus, n, seed: np.arange(corpus.n_playlists) // 40 % n).report
        # Where the copies are in the statistics, the answer lies open: so these figures would show it.
        assert apart["ndcg_of_blend"] > 0.8
        assert honest["ndcg_of_blend"] < 0.4
        assert few["ndcg_of_blend"] < 0.4

    def test_is_the_same_for_a_seed_and_another_for_another(self) -> None:
        corpus = make_corpus(n_playlists=30)
        first, again, other = (learn(corpus, seed=seed) for seed in (1, 1, 2))
        assert first.ranker is not None
        assert again.ranker is not None
        assert other.ranker is not None
        assert first.ranker.model_ == again.ranker.model_
        assert first.report == again.report
        assert first.ranker.model_ != other.ranker.model_

    def test_keeps_the_ranker_where_it_is_clearly_better(self) -> None:
        poor = {kind: {"popularity": 1.0} for kind in WEIGHTS}
        choice = learn(make_corpus(n_playlists=120, longest=20), forced=False, weights=poor)
        assert choice.ranker is not None
        assert choice.report["ranker"] == "lambdarank"
        assert choice.report["ndcg_of_ranker"] > choice.report["ndcg_of_blend"] + choice.report["standard_error"]
        assert choice.ranker.names_ == features_of(fitted("blend").generators_).names

    def test_compares_on_part_of_few_playlists_and_learns_from_the_others(self) -> None:
        report = learn(make_corpus(n_playlists=40), forced=False).report
        assert 0 < report["validated_on"] < report["queries"]

    def test_of_too_few_playlists_says_how_many_there_are(self) -> None:
        choice = learn(make_corpus(n_playlists=10), forced=False)
        assert choice.ranker is None
        assert choice.report["ranker"] == "blend"
        usable = int((np.diff(make_corpus(n_playlists=10).indptr) >= LEAST_LENGTH).sum())
        assert choice.report["why"] == f"{usable} complete playlists, fewer than 20"

    def test_counts_neither_cut_playlists_nor_short_ones(self) -> None:
        whole = make_playlists(n_playlists=30)
        cut = [Playlist(p.pid + 100, p.tracks, p.title, source=SOURCE_CHALLENGE) for p in whole]
        short = [Playlist(p.pid + 200, p.tracks[:4], p.title) for p in whole]
        usable = int((np.diff(PlaylistCorpus.from_playlists(whole).indptr) >= LEAST_LENGTH).sum())
        corpus = PlaylistCorpus.from_playlists([*whole, *cut, *short])
        settings = RankerTraining(least_playlists=500)
        assert learn(corpus, forced=False, settings=settings).report["playlists"] == usable

    @pytest.mark.parametrize("n_playlists", [1, 2, 3])
    def test_forced_on_next_to_nothing_gives_a_ranker_or_the_reason_for_none(self, n_playlists: int) -> None:
        corpus = PlaylistCorpus.from_playlists(make_playlists(n_playlists=80)[12 : 12 + n_playlists])
        choice = learn(corpus)
        assert choice.report["ranker"] == ("blend" if choice.ranker is None else "lambdarank")
        assert choice.ranker is not None or choice.report["why"]
        if n_playlists == 1:
            assert choice.report["why"] == "1 complete playlists, fewer than 2"

    def test_tells_how_far_it_is_and_a_report_that_json_can_hold(self) -> None:
        told: list[tuple[str, int, int]] = []
        report = learn(make_corpus(n_playlists=25), progress=lambda *step: told.append(step)).report
        assert told
        assert told[-1][1] == told[-1][2]
        assert [step[1] for step in told] == sorted(step[1] for step in told)
        assert json.loads(json.dumps(dict(report), allow_nan=False)) == report


class TestModelWithRanker:
    def test_orders_by_the_ranker_what_the_generators_have_found(self) -> None:
        ranked, blended = fitted("lambdarank"), fitted("blend")
        assert ranked.ranker_ is not None
        assert blended.ranker_ is None
        differences = 0
        for row in range(6):
            seeds = CORPUS.tracks_of(row)[:4]
            retrieval = Retrieval.of(ranked.generators_, Query(seeds), 80, 50)
            candidates = retrieval.candidates(seeds)
            scores = ranked.ranker_.predict(features_of(ranked.generators_).matrix(retrieval, candidates))
            answer = ranked.rank(seeds, k=20)
            place = np.searchsorted(candidates, answer)
            np.testing.assert_array_equal(candidates[place], answer)
            np.testing.assert_array_equal(scores[place], np.sort(scores)[::-1][:20])
            differences += answer.tolist() != blended.rank(seeds, k=20).tolist()
        assert differences

    def test_answers_as_before_after_a_save(self, tmp_path: Path) -> None:
        model = fitted("lambdarank")
        model.save(tmp_path / "model", created_at=NOW, metrics={"ndcg": 0.5})
        loaded = Hybrid.load(tmp_path / "model")
        uris = [CORPUS.catalogue.uri(int(index)) for index in SEEDS]
        unknown = Track("spotify:track:unknown", "Song 4", "Artist 0-0")
        for seeds, title in (((), None), ((), "rainy day"), (uris, None), (uris[:1], "Été"), ([unknown], None)):
            assert loaded.recommend(seeds, title) == model.recommend(seeds, title)
            np.testing.assert_array_equal(loaded.rank(seeds, title, 200), model.rank(seeds, title, 200))
        assert loaded.ranker_ is not None
        assert model.ranker_ is not None
        assert loaded.ranker_.parameters() == model.ranker_.parameters()
        assert loaded.ranker_report_ == model.ranker_report_
        assert loaded.metrics_ == {"ndcg": 0.5, "ranker": model.ranker_report_}
        assert (loaded.ranker, loaded.limit, loaded.top, loaded.random_state) == ("lambdarank", 80, 50, 0)
        assert isinstance(loaded.generators_[5].track_factors_.base, np.memmap)  # type: ignore[attr-defined]
        loaded.save(tmp_path / "again", created_at=NOW)
        assert Hybrid.load(tmp_path / "again").recommend(uris) == model.recommend(uris)

    def test_says_in_the_manifest_why_there_is_none(self, tmp_path: Path) -> None:
        model = Hybrid(generators=quick_generators(), ranker="auto").fit(make_corpus(n_playlists=20))
        assert model.ranker_ is None
        model.save(tmp_path / "model", created_at=NOW)
        told = read_manifest(tmp_path / "model").metrics["ranker"]
        assert told["ranker"] == "blend"
        assert told["why"].endswith("complete playlists, fewer than 300")
        assert not (tmp_path / "model" / "files").exists()
        assert Hybrid.load(tmp_path / "model").ranker_report_ == told

    def test_of_other_figures_than_this_version_reckons_is_refused(self, tmp_path: Path) -> None:
        model = Hybrid(generators=quick_generators(), ranker="blend").fit(make_corpus(n_playlists=20))
        model.ranker_ = small_ranker().fit(*lists(1), TestLambdaRank.NAMES)
        model.save(tmp_path / "model", created_at=NOW)
        with pytest.raises(ArtifactError, match=r"does not fit this version.*crossfade train"):
            Hybrid.load(tmp_path / "model")


def test_an_unknown_ranker_is_refused_with_those_there_are() -> None:
    with pytest.raises(RecommenderError, match=r"'nonsense' is no ranker: choose one of auto, lambdarank, blend"):
        Hybrid(ranker="nonsense").fit(CORPUS)


def test_a_ranker_without_its_generators_is_refused_with_their_names() -> None:
    generators = [generator for generator in quick_generators() if generator.name not in ("titles", "factors")]
    with pytest.raises(RecommenderError, match=r"needs the generators factors, titles: add them"):
        Hybrid(generators=generators, ranker="lambdarank").fit(CORPUS)


def test_without_its_generators_the_blend_is_taken_and_says_why() -> None:
    model = Hybrid(generators=[Cooccurrence(), Popularity()]).fit(CORPUS)
    assert model.ranker_report_ == {"ranker": "blend", "why": "generators are missing"}
    asked = Hybrid(generators=[Cooccurrence(), Popularity()], ranker="blend").fit(CORPUS)
    assert asked.ranker_report_ == {"ranker": "blend", "why": "as asked for"}
