"""Whatever a caller gives, there is a right answer or one clear sentence: no NaN, no seed, no stack trace."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ranked_worlds import CORPUS, FEATURES, fitted, quick_generators
from taste_groups import NOW, make_features, make_track

from recommender import (
    ArtifactError,
    AudioFeatures,
    CorpusError,
    Hybrid,
    Playlist,
    PlaylistCorpus,
    Recommendation,
    Track,
)
from recommender.artifacts import FORMAT_VERSION, ModelStore, read_artifact
from recommender.candidates import Content, Cooccurrence, Popularity
from recommender.features import FEATURE_NAMES
from recommender.manifest import MANIFEST, _checksum, _serialised
from recommender.rerank import steps_for

RANKERS = ("blend", "lambdarank")
SEEDS = [CORPUS.catalogue.uri(int(index)) for index in CORPUS.tracks_of(0)[:5]]
STEPS = steps_for(adventurousness=0.5, novelty=0.3, diversity=0.3, max_per_artist=3, order="arc")
UNKNOWN = ["spotify:track:\ud800", "spotify:track:Été", *(f"spotify:track:{number}" for number in range(9))]
NO_URIS = ("", "x", "\ud800", "https://open.spotify.com/track/1", "not a uri", "spotify//track")


def assert_sound(answer: list[Recommendation], seeds: object, k: int) -> None:
    """Fail if an answer has a seed, a track twice, a score or a share that is no number, or too many tracks."""
    found = [recommendation.track.uri for recommendation in answer]
    assert len(found) == len(set(found)) <= k
    assert not set(found) & set(seeds)  # type: ignore[call-overload]
    assert all(np.isfinite(recommendation.score) for recommendation in answer)
    shares = [reason.share for recommendation in answer for reason in recommendation.reasons]
    assert all(0 < share <= 1 + 1e-5 for share in shares)


@pytest.mark.parametrize("ranker", RANKERS)
class TestQueries:
    @settings(max_examples=20, deadline=None)
    @given(
        seeds=st.lists(st.sampled_from(SEEDS) | st.sampled_from(UNKNOWN), max_size=40),
        title=st.none() | st.text(max_size=60) | st.sampled_from(["a" * 10_000, "Été " * 2500, "\ud800" * 10_000]),
        k=st.sampled_from([0, 1, 7, 20]),
    )
    def test_seeds_that_repeat_or_are_unknown_and_any_title_are_answered(
        self, ranker: str, seeds: list[str], title: str | None, k: int
    ) -> None:
        answer = fitted(ranker).recommend(seeds, title, k)
        assert_sound(answer, seeds, k)
        assert len(answer) == k

    def test_more_than_the_catalogue_has_gets_all_there_is(self, ranker: str) -> None:
        answer = fitted(ranker).recommend([*SEEDS, *SEEDS, *UNKNOWN], "Été", 10**9, max_reasons=1)
        assert_sound(answer, SEEDS, CORPUS.n_tracks)
        assert len(answer) == CORPUS.n_tracks - len(SEEDS)

    @pytest.mark.parametrize("k", [0, 1, 10**9])
    def test_a_ranking_is_as_long_as_asked_for_or_as_there_is(self, ranker: str, k: int) -> None:
        ranked = fitted(ranker).rank(SEEDS, "Été", k)
        assert len(ranked) == min(k, CORPUS.n_tracks - len(SEEDS))
        assert len(set(ranked.tolist())) == len(ranked)
        assert not np.isin(CORPUS.catalogue.indices_of(SEEDS), ranked).any()

    def test_every_track_as_a_seed_leaves_nothing(self, ranker: str) -> None:
        everything = [CORPUS.catalogue.uri(index) for index in range(CORPUS.n_tracks)]
        assert fitted(ranker).recommend(everything, "rainy day") == []
        assert len(fitted(ranker).recommend(everything[1:], "rainy day")) == 1

    def test_records_with_nothing_or_nonsense_in_them_are_answered(self, ranker: str) -> None:
        odd = [
            Track("spotify:track:a"),
            Track("spotify:track:b", "", "", "", "", ""),
            Track("spotify:track:c", "x" * 10_000, "Artist 0-0" * 1000, duration_ms=-1),
            Track("spotify:track:d", "\ud800", "\x00"),
            Track(SEEDS[0], "another name", "another artist"),
        ]
        answer = fitted(ranker).recommend([*odd, *odd], k=20)
        assert_sound(answer, [track.uri for track in odd], 20)
        assert len(answer) == 20

    @settings(max_examples=20, deadline=None)
    @given(seed=st.sampled_from(NO_URIS) | st.text(max_size=15).filter(lambda text: ":" not in text))
    def test_a_seed_that_is_no_uri_is_refused_in_one_sentence(self, ranker: str, seed: str) -> None:
        with pytest.raises(Exception, match=r"is not a Spotify URI: give tracks as spotify:track:") as refused:
            fitted(ranker).recommend([*SEEDS, seed])
        assert type(refused.value).__name__ == "RecommenderError"
        assert len(str(refused.value)) < 250

    def test_no_weight_for_a_kind_of_query_leaves_popular_tracks(self, ranker: str) -> None:
        weightless = Hybrid({}, generators=quick_generators(), ranker=ranker, limit=40).fit(
            CORPUS.subset(np.arange(25))
        )
        for seeds in ((), SEEDS[:1], SEEDS):
            answer = weightless.recommend(seeds, k=10)
            assert_sound(answer, seeds, 10)
            assert len(answer) == 10


FAULTS = ("none", "nan", "inf", "-inf", "constant", "huge", "some nan", "some inf")


def spoilt(values: np.ndarray, faults: list[str]) -> np.ndarray:
    """Return features with a fault in each column."""
    values = values.copy()
    for column, fault in enumerate(faults):
        whole = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf, "constant": 0.5, "huge": 3e38}
        if fault in whole:
            values[:, column] = whole[fault]
        elif fault.startswith("some"):
            values[:: 3 + column, column] = np.nan if fault == "some nan" else np.inf
    return values


class TestFeatures:
    @settings(max_examples=15, deadline=None)
    @given(faults=st.lists(st.sampled_from(FAULTS), min_size=len(FEATURE_NAMES), max_size=len(FEATURE_NAMES)))
    def test_of_any_kind_give_answers_in_numbers(self, faults: list[str]) -> None:
        features = AudioFeatures(FEATURES.uris, spoilt(FEATURES.values, faults))
        generators = [Content(), Cooccurrence(), Popularity()]
        model = Hybrid(generators=generators, ranker="blend").fit(CORPUS, features)
        described = [uri.decode() for uri in FEATURES.uris[:3].tolist()]
        for seeds in (described, SEEDS, ()):
            answer = model.recommend(seeds, k=30)
            assert_sound(answer, seeds, 30)
            assert len(answer) == 30
            stepped = model.recommend(seeds, k=12, steps=STEPS)
            assert_sound(stepped, seeds, 12)
            assert stepped

    @pytest.mark.parametrize("ranker", RANKERS)
    def test_with_all_faults_at_once_are_survived_by_the_whole_model(self, ranker: str, tmp_path: Path) -> None:
        corpus = CORPUS.subset(np.arange(30))
        faults = [FAULTS[column % len(FAULTS)] for column in range(len(FEATURE_NAMES))]
        features = AudioFeatures(FEATURES.uris, spoilt(FEATURES.values, faults))
        model = Hybrid(generators=quick_generators(), ranker=ranker, limit=50).fit(corpus, features)
        answer = model.recommend(SEEDS, "rainy day", 20, steps=STEPS)
        assert_sound(answer, SEEDS, 20)
        assert answer
        model.save(tmp_path / "model", created_at=NOW)
        assert Hybrid.load(tmp_path / "model").recommend(SEEDS, "rainy day", 20, steps=STEPS) == answer

    def test_of_tracks_that_nobody_has_or_of_none_make_no_difference(self) -> None:
        strangers = AudioFeatures(
            np.array([b"spotify:track:stranger"]), np.full((1, len(FEATURE_NAMES)), 0.5, np.float32)
        )
        nobody = AudioFeatures(np.zeros(0, "S1"), np.zeros((0, len(FEATURE_NAMES)), np.float32))
        generators = [Content(), Cooccurrence(), Popularity()]
        expected = Hybrid(generators=generators).fit(CORPUS).recommend(SEEDS)
        for features in (strangers, nobody):
            assert Hybrid(generators=generators).fit(CORPUS, features).recommend(SEEDS) == expected


@pytest.mark.parametrize("ranker", ["auto", *RANKERS])
class TestSmallCorpora:
    def test_without_a_track_are_refused_in_one_sentence(self, ranker: str) -> None:
        empty = PlaylistCorpus.from_playlists([Playlist(1, (), "empty"), Playlist(2, ())])
        for corpus in (CORPUS.subset(np.arange(0)), empty):
            with pytest.raises(CorpusError, match=r"^There are no playlists with tracks to learn from: import some"):
                Hybrid(generators=quick_generators(), ranker=ranker).fit(corpus)

    @settings(max_examples=10, deadline=None)
    @given(
        contents=st.lists(
            st.tuples(st.lists(st.integers(0, 20), max_size=14), st.none() | st.sampled_from(["mix", "Été", ""])),
            min_size=1,
            max_size=3,
        ).filter(lambda contents: any(numbers for numbers, _ in contents)),
        bare=st.booleans(),
    )
    def test_of_a_few_playlists_answer_with_all_they_have(
        self, ranker: str, contents: list[tuple[list[int], str | None]], bare: bool
    ) -> None:
        def track(number: int) -> Track:
            return Track(make_track(number).uri) if bare else make_track(number)

        corpus = PlaylistCorpus.from_playlists(
            Playlist(pid, tuple(map(track, numbers)), title) for pid, (numbers, title) in enumerate(contents)
        )
        features = make_features(corpus, known=1.0)
        model = Hybrid(generators=quick_generators(), ranker=ranker, limit=20).fit(corpus, features)
        first = corpus.catalogue.uri(0)
        for seeds, title in (((), None), ((), "mix"), ([first], None), ([first, "spotify:track:unknown"], "Été")):
            answer = model.recommend(seeds, title, 50)
            assert_sound(answer, seeds, 50)
            assert len(answer) == corpus.n_tracks - bool(seeds)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a saved model with a ranker; whoever damages it mends it."""
    directory = tmp_path_factory.mktemp("models") / "good"
    fitted("lambdarank").save(directory, created_at=NOW)
    return directory


class TestDamagedModels:
    def test_of_which_any_file_is_changed_are_refused_by_its_name(self, saved: Path) -> None:
        files = [path for path in saved.rglob("*") if path.is_file()]
        assert {"ranker.txt", "uris.npy", "tracks.arrow", MANIFEST} <= {path.name for path in files}
        for file in files:
            whole = file.read_bytes()
            file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
            with pytest.raises(ArtifactError, match=rf"is damaged \(.*{file.name} is not as it was written\)"):
                Hybrid.load(saved)
            file.write_bytes(whole)
        Hybrid.load(saved)

    def test_of_which_any_file_is_cut_or_gone_are_refused_even_without_reading_it(self, saved: Path) -> None:
        for file in [path for path in saved.rglob("*") if path.is_file()]:
            whole = file.read_bytes()
            file.write_bytes(whole[: len(whole) // 2])
            with pytest.raises(ArtifactError, match=r"is damaged"):
                Hybrid.load(saved, verify=False)
            file.unlink()
            with pytest.raises(ArtifactError, match=r"is damaged|holds no model"):
                Hybrid.load(saved, verify=False)
            file.write_bytes(whole)

    def test_whose_ranker_is_none_are_refused_even_without_verification(self, saved: Path, tmp_path: Path) -> None:
        directory = shutil.copytree(saved, tmp_path / "model")
        trees = directory / "files" / "ranker.txt"
        for junk in (b"x", b"\xff"):
            trees.write_bytes(junk * trees.stat().st_size)
            with pytest.raises(ArtifactError, match=r"crossfade train"):
                Hybrid.load(directory, verify=False)

    def test_of_another_version_are_refused_and_the_last_good_one_goes_on_serving(
        self, saved: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = ModelStore(tmp_path / "store")
        store.publish("good", lambda directory: shutil.copytree(saved, directory))
        expected = fitted("lambdarank").recommend(SEEDS)
        for version, says in ((1, "older version"), (FORMAT_VERSION + 1, "update Crossfade")):
            store.publish(f"v{version}", lambda directory: shutil.copytree(saved, directory))
            manifest = tmp_path / "store" / f"v{version}" / MANIFEST
            rewrite(manifest, format_version=version)
            with pytest.raises(ArtifactError, match=says):
                Hybrid.load(manifest.parent)
            with caplog.at_level(logging.WARNING):
                assert store.load_current(Hybrid.load).recommend(SEEDS) == expected
            assert "Serving the earlier model good" in caplog.text

    @pytest.mark.parametrize("changes", ["fewer", "more", "other generator", "other ranker"])
    def test_with_parameters_of_another_version_are_refused(self, saved: Path, tmp_path: Path, changes: str) -> None:
        directory = shutil.copytree(saved, tmp_path / "model")
        parameters = dict(read_artifact(directory).manifest.parameters)
        if changes == "fewer":
            del parameters["ranker_parameters"]
        elif changes == "more":
            parameters["moon"] = "full"
        elif changes == "other generator":
            parameters["generators"] = {**parameters["generators"], "content": {"moon": "full"}}
        else:
            parameters["ranker_parameters"] = {"moon": "full"}
        rewrite(directory / MANIFEST, parameters=parameters)
        with pytest.raises(
            ArtifactError, match=r"does not fit this version of Crossfade \(.*\): run `crossfade train`"
        ):
            Hybrid.load(directory)


def rewrite(manifest: Path, **changes: object) -> None:
    """Change a manifest and give it a checksum that fits, as another version of the program would."""
    body = {**json.loads(manifest.read_bytes()), **changes}
    del body["checksum"]
    manifest.write_bytes(_serialised({**body, "checksum": _checksum(body)}))
