"""The recommender's promises: so many distinct tracks, no seed, for any query; and the same after a save."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ranked_worlds import fitted, quick_generators
from taste_groups import NOW, group_of, make_corpus, make_features, make_playlists, make_track

from recommender import (
    ArtifactError,
    CorpusError,
    Hybrid,
    Playlist,
    PlaylistCorpus,
    Recommendation,
    RecommenderError,
    Track,
)
from recommender.artifacts import write_artifact
from recommender.blending import WEIGHTS, kind_of
from recommender.candidates import Cooccurrence, Popularity, Query
from recommender.rerank import limit_per_group
from recommender.topk import top_indices, top_mean

CORPUS = make_corpus()
MODEL = Hybrid().fit(CORPUS, make_features(CORPUS))
KNOWN = [CORPUS.catalogue.uri(index) for index in range(40)]
SEEDS = [CORPUS.catalogue.uri(int(index)) for index in CORPUS.tracks_of(0)[:5]]


def uris(answer: list[Recommendation]) -> list[str]:
    return [recommendation.track.uri for recommendation in answer]


@pytest.mark.parametrize("ranker", ["auto", "lambdarank"])
@settings(max_examples=20, deadline=None)
@given(
    seeds=st.lists(
        st.sampled_from(KNOWN) | st.from_regex(r"spotify:track:[0-9A-Za-z]{22}", fullmatch=True), max_size=30
    ),
    title=st.none()
    | st.text(max_size=40)
    | st.sampled_from(["x" * 10_000, "🌧️" * 3000, "rainy day", " ", "\x00", "\ud800"]),
    k=st.integers(0, 40) | st.just(300),
    exclude=st.lists(st.sampled_from(KNOWN), max_size=5),
    max_per_artist=st.none() | st.integers(1, 3),
)
def test_any_query_gets_k_distinct_tracks_and_none_that_it_must_not(
    ranker: str, seeds: list[str], title: str | None, k: int, exclude: list[str], max_per_artist: int | None
) -> None:
    model = MODEL if ranker == "auto" else fitted(ranker)
    answer = model.recommend(seeds, title, k, exclude=exclude, max_per_artist=max_per_artist)
    found = uris(answer)
    assert len(found) == len(set(found))
    assert not set(found) & {*seeds, *exclude}
    scores = [recommendation.score for recommendation in answer]
    assert np.isfinite(scores).all()
    assert scores == sorted(scores, reverse=True)
    barred = {uri for uri in (*seeds, *exclude) if CORPUS.catalogue.index_of(uri) >= 0}
    if max_per_artist is None:
        assert len(answer) == min(k, CORPUS.n_tracks - len(barred))
    else:
        artists = [recommendation.track.artist_name for recommendation in answer]
        assert max((artists.count(artist) for artist in artists), default=0) <= max_per_artist
    for recommendation in answer:
        assert len(recommendation.reasons) <= 3
        assert all(0 < reason.share <= 1 + 1e-5 for reason in recommendation.reasons)


def test_an_empty_query_gets_the_popular_tracks() -> None:
    counts = np.bincount(CORPUS.indices, minlength=CORPUS.n_tracks)
    answer = MODEL.recommend(k=5)
    assert [counts[CORPUS.catalogue.index_of(uri)] for uri in uris(answer)] == sorted(counts, reverse=True)[:5]
    assert all(recommendation.reasons[0].text.startswith("popular: in ") for recommendation in answer)


def test_unknown_seeds_alone_get_popular_tracks_and_say_so() -> None:
    answer = MODEL.recommend(["spotify:track:unknown"], k=5)
    assert uris(answer) == uris(MODEL.recommend(k=5))
    assert "the tracks you gave are not known here" in answer[0].reasons[0].text


def test_unknown_seeds_make_no_difference_beside_known_ones() -> None:
    assert MODEL.recommend([*SEEDS, "spotify:track:unknown"]) == MODEL.recommend(SEEDS)


def test_an_unknown_seed_counts_by_its_artist_where_the_name_is_given() -> None:
    known = make_track(1)
    unknown = Track("spotify:track:unknown", "A new song", (known.artist_name or "").upper())
    answer = MODEL.recommend([unknown], k=10)
    assert answer[0].track.artist_name == known.artist_name
    assert [group_of(recommendation.track) for recommendation in answer].count(group_of(known)) >= 8


def test_repeated_seeds_count_once() -> None:
    assert MODEL.recommend([*SEEDS, *SEEDS, SEEDS[0]]) == MODEL.recommend(SEEDS)


def test_the_answer_is_of_the_seeds_taste() -> None:
    answer = MODEL.recommend(SEEDS, k=10)
    assert [group_of(recommendation.track) for recommendation in answer].count(0) >= 8


def test_the_answer_is_of_the_titles_taste() -> None:
    answer = MODEL.recommend(title="WORKOUT", k=10)
    assert [group_of(recommendation.track) for recommendation in answer].count(1) >= 8


def test_excluded_tracks_do_not_come_back() -> None:
    first = uris(MODEL.recommend(SEEDS, k=10))
    assert not set(uris(MODEL.recommend(SEEDS, k=30, exclude=first[:5]))) & set(first[:5])


def test_more_than_the_catalogue_has_gets_all_there_is() -> None:
    assert len(MODEL.recommend(SEEDS, k=10**6)) == CORPUS.n_tracks - len(SEEDS)


def test_tracks_that_no_playlist_has_come_last_but_they_come() -> None:
    few = CORPUS.subset(np.arange(6))
    model = Hybrid(generators=quick_generators()).fit(few)
    answer = uris(model.recommend(k=CORPUS.n_tracks))
    assert len(answer) == CORPUS.n_tracks
    counts = np.bincount(few.indices, minlength=CORPUS.n_tracks)[CORPUS.catalogue.indices_of(answer)]
    assert (np.diff(counts) <= 0).all()


@pytest.mark.parametrize("wrong", [{"k": -1}, {"max_per_artist": 0}])
def test_a_senseless_number_is_refused_in_one_sentence(wrong: dict[str, int]) -> None:
    with pytest.raises(RecommenderError, match="or more"):
        MODEL.recommend(SEEDS, **wrong)


@pytest.mark.parametrize(
    "seed", ["4uLU6hMCjMI75M1A2tKUQC", "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC", ""]
)
def test_a_seed_that_is_no_uri_is_refused_and_told_what_to_give(seed: str) -> None:
    with pytest.raises(RecommenderError, match="spotify:track:"):
        MODEL.recommend([seed])


def test_another_id_of_a_seeds_recording_does_not_come_back() -> None:
    again = Track("spotify:track:again", "SONG 0 - Remastered 2011", "artist 0-0")
    playlists = [
        Playlist(playlist.pid, (*playlist.tracks, again), playlist.title) for playlist in make_playlists(n_playlists=20)
    ]
    model = Hybrid(generators=quick_generators()).fit(PlaylistCorpus.from_playlists(playlists))
    assert again.uri in uris(model.recommend([make_track(4).uri], k=300))
    assert again.uri not in uris(model.recommend([make_track(0).uri], k=300))
    assert make_track(0).uri not in uris(model.recommend([again.uri], k=300))
    unknown = Track("spotify:track:yet-another", "Song 0", "Artist 0-0")
    assert not {again.uri, make_track(0).uri} & set(uris(model.recommend([unknown], k=300)))


def test_one_recording_does_not_come_twice() -> None:
    playlists = make_playlists(n_playlists=20)
    twins = [Track(f"spotify:track:twin{number}", "Twin", "Twins") for number in range(3)]
    playlists = [Playlist(p.pid, (*p.tracks, *twins), p.title) for p in playlists]
    model = Hybrid(generators=quick_generators()).fit(PlaylistCorpus.from_playlists(playlists))
    assert len({twin.uri for twin in twins} & set(uris(model.recommend(k=300)))) == 1


def test_the_order_of_seeds_makes_no_difference_to_the_set_of_answers() -> None:
    assert set(uris(MODEL.recommend(SEEDS[::-1], k=10))) == set(uris(MODEL.recommend(SEEDS, k=10)))


def test_seeds_do_not_set_the_scale_of_a_generator() -> None:
    generator = Cooccurrence().fit(CORPUS)
    assert np.isin(np.argsort(-generator.scores(Query(CORPUS.tracks_of(0)[:5])))[:5], CORPUS.tracks_of(0)[:5]).any()
    model = Hybrid({"several": {"cooccurrence": 2.0}}, generators=[Cooccurrence()], ranker="blend", top=10).fit(CORPUS)
    best = [recommendation.score for recommendation in model.recommend(SEEDS, k=10)]
    assert np.mean(best) == pytest.approx(2.0, rel=1e-4)


def test_rank_gives_the_same_order_as_recommend() -> None:
    seeds = CORPUS.tracks_of(0)[:5]
    ranked = MODEL.rank(seeds, "rainy day", 20)
    assert [CORPUS.catalogue.uri(int(index)) for index in ranked] == uris(MODEL.recommend(SEEDS, "rainy day", 20))
    np.testing.assert_array_equal(MODEL.rank(SEEDS, "rainy day", 20), ranked)
    assert ranked.dtype == np.int32


def test_rank_leaves_out_what_it_is_told_to() -> None:
    seeds = CORPUS.tracks_of(0)[:5]
    first = MODEL.rank(seeds, k=5)
    assert not set(first.tolist()) & set(MODEL.rank(seeds, k=50, exclude=first).tolist())


def test_rank_hears_the_artists_of_unknown_seeds() -> None:
    artist = CORPUS.catalogue.artist_ids[3]
    best = MODEL.rank(np.zeros(0, np.int32), k=3, artists=np.array([artist], np.int32))
    assert CORPUS.catalogue.artist_ids[best[0]] == artist


def test_a_saved_model_answers_as_before(tmp_path: Path) -> None:
    MODEL.save(tmp_path / "model", created_at=NOW, metrics={"ndcg": 0.5})
    loaded = Hybrid.load(tmp_path / "model")
    unknown = Track("spotify:track:unknown", "Song 4", "Artist 0-0")
    for seeds, title in (((), None), ((), "rainy day"), (SEEDS, None), (SEEDS[:1], "Été"), ([unknown], None)):
        assert loaded.recommend(seeds, title) == MODEL.recommend(seeds, title)
        np.testing.assert_array_equal(loaded.rank(seeds, title, 200), MODEL.rank(seeds, title, 200))
    assert loaded.metrics_ == {"ndcg": 0.5, "ranker": MODEL.ranker_report_}
    assert MODEL.ranker_report_["ranker"] == "blend"
    assert loaded.corpus_fingerprint_ == CORPUS.fingerprint()


def test_a_loaded_model_is_memory_mapped_and_can_be_saved_again(tmp_path: Path) -> None:
    MODEL.save(tmp_path / "first", created_at=NOW)
    loaded = Hybrid.load(tmp_path / "first")
    for array in (loaded.interactions_.tracks.row_columns, loaded.recordings_, loaded.generators_[3].feature_values_):
        assert isinstance(array.base, np.memmap)
    loaded.save(tmp_path / "second", created_at=NOW)
    assert Hybrid.load(tmp_path / "second").recommend(SEEDS) == MODEL.recommend(SEEDS)


def test_a_model_stores_no_titles_or_descriptions(tmp_path: Path) -> None:
    playlists = [Playlist(1, (make_track(1), make_track(2)), "Secret plans", description="hush hush")]
    Hybrid().fit(PlaylistCorpus.from_playlists(playlists)).save(tmp_path / "model", created_at=NOW)
    content = b"".join(path.read_bytes() for path in (tmp_path / "model").rglob("*") if path.is_file())
    assert b"Secret" not in content
    assert b"secret" not in content
    assert b"hush" not in content


def test_weights_and_parameters_survive_a_save(tmp_path: Path) -> None:
    weights = {kind: {"popularity": 1.0} for kind in WEIGHTS}
    generators = [Popularity(), Cooccurrence(shrinkage=3.0)]
    chosen = {"ranker": "blend", "max_seeds": 7, "top": 50, "limit": 70, "random_state": 3}
    model = Hybrid(weights, generators=generators, **chosen).fit(CORPUS)  # type: ignore[arg-type]
    model.save(tmp_path / "model", created_at=NOW)
    loaded = Hybrid.load(tmp_path / "model")
    assert loaded.weights == weights
    assert {name: getattr(loaded, name) for name in chosen} == chosen
    assert [generator.parameters() for generator in loaded.generators_] == [
        generator.parameters() for generator in model.generators_
    ]
    assert uris(loaded.recommend(SEEDS, k=5)) == uris(model.recommend(SEEDS, k=5))


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    MODEL.save(tmp_path / "model", created_at=NOW)
    damaged = tmp_path / "model" / "arrays" / "recordings.npy"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(ArtifactError, match=r"recordings\.npy"):
        Hybrid.load(tmp_path / "model")


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    write_artifact(
        tmp_path / "model",
        kind="taste",
        parameters={},
        arrays={},
        tables={},
        corpus_fingerprint="",
        metrics={},
        created_at=NOW,
    )
    with pytest.raises(ArtifactError, match="'taste'"):
        Hybrid.load(tmp_path / "model")


def test_a_model_with_a_generator_that_is_not_known_is_refused(tmp_path: Path) -> None:
    class Fortune(Popularity):
        name = "fortune"

    Hybrid(generators=[Fortune()]).fit(CORPUS).save(tmp_path / "model", created_at=NOW)
    with pytest.raises(ArtifactError, match="crossfade train"):
        Hybrid.load(tmp_path / "model")


def test_a_time_without_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        MODEL.save(tmp_path / "model", created_at=datetime(2026, 1, 1))


def test_no_playlists_are_refused() -> None:
    with pytest.raises(CorpusError, match="import some"):
        Hybrid().fit(CORPUS.subset(np.arange(0)))


def test_one_playlist_is_enough() -> None:
    corpus = PlaylistCorpus.from_playlists([Playlist(1, (make_track(1), make_track(2), make_track(3)), "trip")])
    model = Hybrid().fit(corpus)
    assert set(uris(model.recommend([make_track(1).uri]))) == {make_track(2).uri, make_track(3).uri}
    assert len(model.recommend(title="trip")) == 3


def test_fitting_leaves_the_given_generators_unfitted() -> None:
    generator = Popularity()
    Hybrid(generators=[generator]).fit(CORPUS)
    assert not hasattr(generator, "interactions_")


def test_only_so_many_seeds_are_looked_at_but_none_comes_back() -> None:
    model = Hybrid(generators=quick_generators(), max_seeds=3).fit(CORPUS)
    seeds = [CORPUS.catalogue.uri(index) for index in range(100)]
    assert not set(seeds) & set(uris(model.recommend(seeds, k=200)))


@pytest.mark.parametrize(
    ("n_seeds", "kind"),
    [
        (0, "title"),
        (1, "few"),
        (4, "few"),
        (5, "several"),
        (14, "several"),
        (15, "many"),
        (49, "many"),
        (50, "very many"),
    ],
)
def test_the_kind_of_a_query_is_told_by_its_seeds(n_seeds: int, kind: str) -> None:
    assert kind_of(Query(np.arange(n_seeds, dtype=np.int32))) == kind
    assert kind in WEIGHTS


@settings(deadline=None)
@given(scores=st.lists(st.integers(0, 5), max_size=40), k=st.integers(0, 50), data=st.data())
def test_the_greatest_scores_are_those_of_a_full_sort(scores: list[int], k: int, data: st.DataObject) -> None:
    excluded = data.draw(st.lists(st.integers(0, max(len(scores) - 1, 0)), max_size=10 if scores else 0))
    expected = sorted((i for i in range(len(scores)) if i not in excluded), key=lambda i: (-scores[i], i))[:k]
    assert top_indices(np.array(scores, np.float32), np.array(excluded, np.int64), k).tolist() == expected


def test_the_mean_of_the_greatest_counts_only_what_is_above_zero() -> None:
    assert top_mean(np.array([0, 4, 2, 0, 6], np.float32), 2) == 5
    assert top_mean(np.array([0, 4, 0], np.float32), 2) == 4
    assert top_mean(np.zeros(3, np.float32), 2) == 0


@settings(deadline=None)
@given(
    groups=st.lists(st.integers(-1, 4), max_size=30), maximum=st.integers(1, 3), rng=st.randoms(use_true_random=False)
)
def test_a_limit_per_group_keeps_the_first_of_each(groups: list[int], maximum: int, rng: object) -> None:
    ranking = list(range(len(groups)))
    rng.shuffle(ranking)  # type: ignore[attr-defined]
    seen: dict[int, int] = {}
    expected = []
    for track in ranking:
        seen[groups[track]] = seen.get(groups[track], 0) + 1
        if groups[track] < 0 or seen[groups[track]] <= maximum:
            expected.append(track)
    kept = limit_per_group(np.array(ranking, np.int32), np.array(groups, np.int32), maximum)
    assert kept.tolist() == expected


def cold_model(ranker: str) -> tuple[Hybrid, PlaylistCorpus]:
    """Return a model of a world with eight tracks that have features and nothing else: no playlist, artist or name."""
    alone = Playlist(5000, tuple(Track(f"spotify:track:{number:022d}") for number in range(10_000, 10_008)))
    everything = PlaylistCorpus.from_playlists([*make_playlists(n_playlists=40), alone])
    corpus = everything.subset(everything.pids < 5000)
    model = Hybrid(generators=quick_generators(), ranker=ranker, limit=60, top=50)
    return model.fit(corpus, make_features(corpus, known=1.0)), corpus


@pytest.fixture(scope="module", params=["blend", "lambdarank"])
def cold(request: pytest.FixtureRequest) -> Hybrid:
    model, corpus = cold_model(request.param)
    assert (model.ranker_ is None) == (request.param == "blend")
    unplayed = corpus.catalogue.indices_of([f"spotify:track:{number:022d}" for number in range(10_000, 10_008)])
    assert not np.isin(corpus.indices, unplayed).any()
    return model


class TestColdStart:
    UNPLAYED = tuple(f"spotify:track:{number:022d}" for number in range(10_000, 10_008))

    def test_a_query_of_which_only_sound_is_known_gets_tracks_that_sound_alike(self, cold: Hybrid) -> None:
        answer = cold.recommend(self.UNPLAYED[:1], k=20)
        assert len(answer) == 20
        assert [group_of(recommendation.track) for recommendation in answer].count(0) >= 18
        assert answer[0].reasons[0].kind == "content"
        assert {reason.kind for reason in answer[0].reasons} <= {"content", "popularity"}

    def test_a_track_with_features_and_no_playlists_is_recommended(self, cold: Hybrid) -> None:
        alike = self.UNPLAYED[4]
        among = uris(cold.recommend(self.UNPLAYED[:1], k=60))
        assert alike in among
        assert not set(self.UNPLAYED[1:4]) & set(among)
        cold_seeds = [make_track(number).uri for number in (0, 4, 8, 12)]
        assert {alike, self.UNPLAYED[0]} <= set(uris(cold.recommend(cold_seeds, k=200)))

    def test_unknown_tracks_only_get_popular_ones(self, cold: Hybrid) -> None:
        unknown = [f"spotify:track:unknown{number}" for number in range(5)]
        assert uris(cold.recommend(unknown, k=15)) == uris(cold.recommend(k=15))

    def test_one_track_gets_tracks_of_its_taste(self, cold: Hybrid) -> None:
        answer = cold.recommend([make_track(1).uri], k=10)
        assert [group_of(recommendation.track) for recommendation in answer].count(1) >= 7

    def test_a_title_alone_gets_tracks_of_its_taste(self, cold: Hybrid) -> None:
        answer = cold.recommend(title="Rainy Days", k=10)
        assert [group_of(recommendation.track) for recommendation in answer].count(0) >= 7

    @pytest.mark.parametrize("title", [None, "", "   ", "qqq zzz", "x" * 10_000])
    def test_nothing_gets_popular_tracks(self, cold: Hybrid, title: str | None) -> None:
        answer = cold.recommend(title=title, k=12)
        sizes = cold.interactions_.tracks.column_sizes
        counts = [sizes[cold.interactions_.corpus.catalogue.index_of(uri)] for uri in uris(answer)]
        assert len(set(uris(answer))) == 12
        assert min(counts) >= np.median(sizes[sizes > 0])


def test_importing_the_package_does_not_import_scikit_learn() -> None:
    code = "import sys, recommender; print('sklearn' in sys.modules, recommender.Track.__name__)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert shown.stdout.split() == ["False", "Track"]
