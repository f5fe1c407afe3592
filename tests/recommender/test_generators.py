"""What every generator of candidates promises, and what each one is for."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark import ParameterSet
from taste_groups import NOW, group_of, make_corpus, make_features, make_playlists, make_track

from recommender import AudioFeatures, Playlist, PlaylistCorpus, Track
from recommender.artifacts import read_artifact, write_artifact
from recommender.candidates import (
    GENERATORS,
    Artists,
    CandidateGenerator,
    Content,
    Cooccurrence,
    GeneratorState,
    Interactions,
    PlaylistNeighbours,
    Popularity,
    Query,
    RawCooccurrence,
    Titles,
)
from recommender.candidates.interactions import Incidence, slices
from recommender.features import FEATURE_NAMES

CORPUS = make_corpus()
FEATURES = make_features(CORPUS)
ADDITIVE = (Cooccurrence, RawCooccurrence, Artists)


def queries(corpus: PlaylistCorpus) -> list[Query]:
    """Return queries of every shape: no seeds, some, all, seeds that no playlist has, only an unknown seed's artist."""
    rng = np.random.default_rng(5)
    several = rng.choice(corpus.n_tracks, min(6, corpus.n_tracks), replace=False).astype(np.int32)
    everything = np.arange(corpus.n_tracks, dtype=np.int32)
    return [
        Query(),
        Query(title="rainy day"),
        Query(title=""),
        Query(title="🌧️"),
        Query(title="x" * 10_000),
        Query(several[:1]),
        Query(several, "Été"),
        Query(everything),
        Query(artists=np.array([0, 0], np.int32)),
        Query(several[:2], artists=np.array([0], np.int32)),
    ]


def parameter(kind: type[CandidateGenerator]) -> ParameterSet:
    """Return a generator as a parameter of tests; they are skipped if what trains it is not installed."""
    absent = kind.framework is not None and find_spec(kind.framework) is None
    reason = f"{kind.name} is trained by {kind.framework}, which is not installed"
    return pytest.param(kind, id=kind.name, marks=pytest.mark.skipif(absent, reason=reason))


@pytest.fixture(params=[parameter(kind) for kind in GENERATORS])
def kind(request: pytest.FixtureRequest) -> type[CandidateGenerator]:
    return request.param


class TestEveryGenerator:
    def test_gives_each_track_a_finite_score_of_at_least_zero(self, kind: type[CandidateGenerator]) -> None:
        generator = kind().fit(CORPUS, FEATURES)
        for query in queries(CORPUS):
            scores = generator.scores(query)
            assert scores.shape == (CORPUS.n_tracks,)
            assert scores.dtype == np.float32
            assert np.isfinite(scores).all()
            assert (scores >= 0).all()

    def test_finds_something(self, kind: type[CandidateGenerator]) -> None:
        query = Query(CORPUS.tracks_of(0)[:8], "rainy day")
        assert kind().fit(CORPUS, FEATURES).scores(query).any()

    def test_does_not_change_when_it_is_asked(self, kind: type[CandidateGenerator]) -> None:
        generator = kind().fit(CORPUS, FEATURES)
        query = Query(CORPUS.tracks_of(0)[:8], "rainy day")
        before = generator.scores(query)
        before_kept = before.copy()
        before[:] = 7
        np.testing.assert_array_equal(generator.scores(query), before_kept)

    def test_learns_the_same_from_the_same_corpus(self, kind: type[CandidateGenerator]) -> None:
        first, again = kind().fit(make_corpus(), make_features(CORPUS)), kind().fit(CORPUS, FEATURES)
        for query in queries(CORPUS):
            np.testing.assert_array_equal(again.scores(query), first.scores(query))

    def test_answers_alike_after_a_round_through_an_artefact(
        self, kind: type[CandidateGenerator], tmp_path: Path
    ) -> None:
        generator = kind().fit(CORPUS, FEATURES)
        state = generator.state()
        write_artifact(
            tmp_path / "model",
            kind="generator",
            parameters=state.parameters,
            arrays=state.arrays,
            tables={},
            corpus_fingerprint="",
            metrics={},
            created_at=NOW,
        )
        artifact = read_artifact(tmp_path / "model")
        restored = kind.from_state(
            GeneratorState(artifact.manifest.parameters, artifact.arrays), Interactions.of(CORPUS)
        )
        for query in queries(CORPUS):
            np.testing.assert_array_equal(restored.scores(query), generator.scores(query))
            assert restored.reasons(query, 3) == generator.reasons(query, 3)

    def test_has_parameters_that_json_can_hold(self, kind: type[CandidateGenerator]) -> None:
        generator = kind()
        assert (
            kind(**json.loads(json.dumps(generator.parameters()))).parameters().keys() == generator.parameters().keys()
        )

    def test_works_on_one_playlist_of_one_track(self, kind: type[CandidateGenerator]) -> None:
        corpus = PlaylistCorpus.from_playlists([Playlist(1, (Track("spotify:track:only"),))])
        generator = kind().fit(corpus)
        for query in (Query(), Query(title="any"), Query(np.array([0], np.int32))):
            assert np.isfinite(generator.scores(query)).all()
            generator.reasons(query, 0)

    def test_works_where_a_playlist_has_no_tracks(self, kind: type[CandidateGenerator]) -> None:
        playlists = [*make_playlists(n_playlists=5), Playlist(1000, (), "rainy day")]
        corpus = PlaylistCorpus.from_playlists(playlists)
        scores = kind().fit(corpus, make_features(corpus)).scores(Query(corpus.tracks_of(0)[:2], "rainy day"))
        assert np.isfinite(scores).all()

    def test_works_where_nobody_has_a_title_an_artist_or_features(self, kind: type[CandidateGenerator]) -> None:
        bare = [
            Playlist(playlist.pid, tuple(Track(track.uri) for track in playlist.tracks))
            for playlist in make_playlists(n_playlists=8)
        ]
        generator = kind().fit(PlaylistCorpus.from_playlists(bare))
        scores = generator.scores(Query(np.array([0, 1], np.int32), "rainy day"))
        assert np.isfinite(scores).all()
        generator.reasons(Query(np.array([0, 1], np.int32), "rainy day"), 2)

    def test_knows_tracks_that_no_playlist_has(self, kind: type[CandidateGenerator]) -> None:
        corpus = CORPUS.subset(np.arange(10))
        unseen = np.setdiff1d(np.arange(corpus.n_tracks), corpus.indices).astype(np.int32)
        scores = kind().fit(corpus, FEATURES).scores(Query(unseen[:2]))
        assert np.isfinite(scores).all()

    def test_gives_reasons_only_with_a_score(self, kind: type[CandidateGenerator]) -> None:
        generator = kind().fit(CORPUS, FEATURES)
        query = Query(CORPUS.tracks_of(0)[:8], "rainy day")
        scores = generator.scores(query)
        explain = generator.explainer(query)
        for track in range(CORPUS.n_tracks):
            reasons = explain(track)
            assert all(reason.kind == generator.name and reason.text for reason in reasons)
            if not scores[track]:
                assert reasons == []


@pytest.mark.parametrize("kind", [parameter(kind) for kind in GENERATORS if kind is not Popularity])
def test_all_that_look_at_the_query_prefer_its_taste_group(kind: type[CandidateGenerator]) -> None:
    seeds = CORPUS.tracks_of(0)[:8]
    scores = kind().fit(CORPUS, FEATURES).scores(Query(seeds, "rainy day"))
    scores[seeds] = 0
    best = CORPUS.catalogue.tracks(np.argsort(-scores, kind="stable")[:10])
    assert [group_of(track) for track in best].count(group_of(make_track(0))) >= 7


@pytest.mark.parametrize("kind", ADDITIVE)
class TestAdditiveGenerators:
    def test_contributions_add_up_to_the_score(self, kind: type[CandidateGenerator]) -> None:
        generator = kind().fit(CORPUS, FEATURES)
        query = Query(CORPUS.tracks_of(0)[:6], artists=np.array([1, 1, 2], np.int32))
        scores = generator.scores(query)
        for track in range(0, CORPUS.n_tracks, 7):
            contributions = generator.contributions(query, track)
            assert contributions is not None
            assert contributions.shape == (query.n_seeds,)
            assert contributions.sum() == pytest.approx(scores[track], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("kind", [Cooccurrence, RawCooccurrence])
def test_without_a_seed_the_score_falls_by_what_the_seed_contributed(kind: type[CandidateGenerator]) -> None:
    generator = kind().fit(CORPUS)
    seeds = CORPUS.tracks_of(0)[:6]
    scores = generator.scores(Query(seeds))
    for place in range(len(seeds)):
        without = generator.scores(Query(np.delete(seeds, place)))
        for track in np.flatnonzero(scores)[::9]:
            contributed = generator.contributions(Query(seeds), int(track))
            assert contributed is not None
            assert scores[track] - without[track] == pytest.approx(contributed[place], rel=1e-3, abs=1e-5)


def test_cooccurrence_agrees_with_the_formula_computed_from_the_dense_matrix() -> None:
    matrix = CORPUS.matrix.toarray().astype(np.float64)
    lengths = matrix.sum(axis=1)
    weights = np.maximum(lengths, 1) ** -0.5
    weights /= (weights * lengths).sum() / lengths.sum()
    sizes = matrix.sum(axis=0)
    similarity = (matrix.T @ (weights[:, None] * matrix)) / (sizes[:, None] + sizes[None, :] + 20)
    seeds = CORPUS.tracks_of(3)[:5]
    np.testing.assert_allclose(
        Cooccurrence().fit(CORPUS).scores(Query(seeds)), similarity[seeds].sum(axis=0), rtol=1e-4, atol=1e-7
    )


def test_neighbours_agree_with_the_formula_computed_from_the_dense_matrix() -> None:
    matrix = CORPUS.matrix.toarray().astype(np.float64)
    artist_ids = CORPUS.catalogue.artist_ids
    by_artist = np.stack(
        [matrix[:, artist_ids == artist].sum(axis=1) for artist in range(artist_ids.max() + 1)], axis=1
    )
    seeds = CORPUS.tracks_of(3)[:8]
    shown = np.bincount(artist_ids[seeds], minlength=by_artist.shape[1])
    idf = np.log((len(matrix) + 1) / np.maximum(matrix.sum(axis=0), 1))
    artist_idf = np.log((len(matrix) + 1) / np.maximum((by_artist > 0).sum(axis=0), 1))
    overlap = matrix[:, seeds] @ idf[seeds] ** 2 + np.log1p(by_artist) @ (artist_idf**2 * np.sqrt(shown))
    votes = (overlap**2 * np.maximum(matrix.sum(axis=1), 1) ** -0.75) @ matrix
    expected = votes * np.maximum(matrix.sum(axis=0), 1) ** -0.1
    np.testing.assert_allclose(PlaylistNeighbours().fit(CORPUS).scores(Query(seeds)), expected, rtol=1e-4)


def test_raw_cooccurrence_counts_pairs_of_seed_and_playlist() -> None:
    matrix = CORPUS.matrix.toarray()
    seeds = CORPUS.tracks_of(3)[:5]
    np.testing.assert_array_equal(
        RawCooccurrence().fit(CORPUS).scores(Query(seeds)), (matrix.T @ matrix)[seeds].sum(axis=0)
    )


def test_cooccurrence_reads_only_so_many_playlists_of_a_seed_and_scales_them_up() -> None:
    seeds = np.array([np.argmax(np.bincount(CORPUS.indices))], np.int32)
    exact = Cooccurrence().fit(CORPUS).scores(Query(seeds))[seeds[0]]
    sampled = Cooccurrence(max_playlists=4).fit(CORPUS).scores(Query(seeds))[seeds[0]]
    assert sampled == pytest.approx(exact, rel=0.5)
    assert sampled != exact


def test_a_popular_track_does_not_swamp_a_track_that_always_goes_with_the_seed() -> None:
    seed, companion, hit = (Track(f"spotify:track:{name}") for name in ("seed", "companion", "hit"))
    with_seed = [Playlist(pid, (seed, companion, hit)) for pid in range(10)]
    with_seed += [Playlist(pid, (seed, hit)) for pid in range(10, 11)]
    elsewhere = [Playlist(pid, (hit, Track(f"spotify:track:other{pid}"))) for pid in range(20, 220)]
    corpus = PlaylistCorpus.from_playlists(with_seed + elsewhere)
    index = corpus.catalogue.index_of
    query = Query(np.array([index(seed.uri)], np.int32))
    raw, normalised = RawCooccurrence().fit(corpus).scores(query), Cooccurrence().fit(corpus).scores(query)
    assert raw[index(hit.uri)] > raw[index(companion.uri)]
    assert normalised[index(companion.uri)] > 2 * normalised[index(hit.uri)]


def test_a_neighbour_that_shares_a_rare_track_counts_more_than_one_that_shares_a_common_one() -> None:
    common, rare = Track("spotify:track:common"), Track("spotify:track:rare")
    beside_common, beside_rare = Track("spotify:track:beside-common"), Track("spotify:track:beside-rare")
    playlists = [Playlist(0, (common, beside_common)), Playlist(1, (rare, beside_rare))]
    playlists += [Playlist(pid, (common, Track(f"spotify:track:{pid}"))) for pid in range(2, 30)]
    corpus = PlaylistCorpus.from_playlists(playlists)
    seeds = corpus.catalogue.indices_of([common.uri, rare.uri])
    scores = PlaylistNeighbours().fit(corpus).scores(Query(seeds))
    assert scores[corpus.catalogue.index_of(beside_rare.uri)] > scores[corpus.catalogue.index_of(beside_common.uri)]


def test_neighbours_understand_a_seed_that_no_playlist_has_by_its_artist() -> None:
    playlists = [Playlist(0, (Track("spotify:track:a", "A", "Ann"), Track("spotify:track:b", "B", "Bob")))]
    corpus = PlaylistCorpus.from_playlists(playlists)
    ann = int(corpus.catalogue.artist_ids[corpus.catalogue.index_of("spotify:track:a")])
    generator = PlaylistNeighbours().fit(corpus)
    assert generator.scores(Query(artists=np.array([ann], np.int32))).all()
    assert not PlaylistNeighbours(artist_weight=0).fit(corpus).scores(Query(artists=np.array([ann], np.int32))).any()


def test_only_the_nearest_playlists_vote() -> None:
    query = Query(CORPUS.tracks_of(0)[:5])
    generator = PlaylistNeighbours().fit(CORPUS)
    nearest, weights = generator.neighbours(query, 3)
    everybody, all_weights = generator.neighbours(query, 10_000)
    assert len(nearest) == 3
    assert len(everybody) > 3
    assert weights.min() >= np.sort(all_weights)[-3]


def test_a_track_with_features_and_no_playlists_is_found_by_its_sound() -> None:
    sounds_alike, sounds_different = make_track(10_000), make_track(10_001)
    corpus = PlaylistCorpus.from_playlists([*make_playlists(), Playlist(5000, (sounds_alike, sounds_different))])
    alone = corpus.subset(corpus.pids < 5000)
    index = alone.catalogue.index_of(sounds_alike.uri)
    assert not (alone.indices == index).any()
    seeds = alone.catalogue.indices_of([make_track(number).uri for number in (0, 4, 8, 12)])
    features = make_features(alone, known=1.0)
    scores = Content().fit(alone, features).scores(Query(seeds))
    assert scores[index] > 5 * scores[alone.catalogue.index_of(sounds_different.uri)]
    for kind in (Cooccurrence, PlaylistNeighbours, Titles):
        assert kind().fit(alone, features).scores(Query(seeds, "rainy day"))[index] == 0


def test_tracks_without_enough_features_get_no_content_score() -> None:
    values = FEATURES.values.copy()
    values[0] = np.nan
    values[0, FEATURE_NAMES.index("energy")] = 0.5
    sparse = AudioFeatures(FEATURES.uris, values)
    index = CORPUS.catalogue.index_of(FEATURES.uris[0].decode())
    others = CORPUS.catalogue.indices_of(FEATURES.uris[1:6])
    scores = Content().fit(CORPUS, sparse).scores(Query(others))
    assert scores[index] == 0
    assert scores[others].all()


def test_a_column_of_features_that_is_missing_everywhere_is_left_out() -> None:
    values = FEATURES.values.copy()
    values[:, FEATURE_NAMES.index("energy")] = np.nan
    described = CORPUS.catalogue.indices_of(FEATURES.uris)
    generator = Content().fit(CORPUS, AudioFeatures(FEATURES.uris, values))
    assert generator.scores(Query(described[:3])).any()
    texts = [reason.text for track in described for reason in generator.reasons(Query(described[:3]), int(track))]
    assert texts
    assert not any("energy" in text for text in texts)


def test_the_same_artist_comes_before_a_related_one_and_that_before_a_stranger() -> None:
    tracks = {name: Track(f"spotify:track:{name}", name, name[0]) for name in ("a1", "a2", "b1", "c1")}
    playlists = [Playlist(pid, (tracks["a1"], tracks["b1"])) for pid in range(5)]
    playlists += [Playlist(pid, (tracks["a2"], tracks["c1"])) for pid in range(5, 6)]
    playlists += [Playlist(pid, (tracks["c1"],)) for pid in range(6, 10)]
    corpus = PlaylistCorpus.from_playlists(playlists)
    index = {name: corpus.catalogue.index_of(track.uri) for name, track in tracks.items()}
    scores = Artists().fit(corpus).scores(Query(np.array([index["a1"]], np.int32)))
    assert scores[index["b1"]] > scores[index["c1"]] > 0
    assert scores[index["a2"]] / np.sqrt(1) > scores[index["b1"]] / np.sqrt(5)


def test_the_rest_of_an_album_comes_before_other_tracks_of_its_artist() -> None:
    tracks = [Track(f"spotify:track:{n}", f"n{n}", "Ann", album_name=f"album {n // 2}") for n in range(4)]
    corpus = PlaylistCorpus.from_playlists([Playlist(n, (track,)) for n, track in enumerate(tracks)])
    scores = Artists().fit(corpus).scores(Query(np.array([0], np.int32)))
    assert scores[1] > scores[2] == scores[3] > 0


@pytest.mark.parametrize("title", ["rainy day", "RAINY  DAY!!", "Ráiny-day 🌧", "rainy days"])
def test_titles_that_differ_in_dress_only_find_the_same_playlists(title: str) -> None:
    scores = Titles().fit(CORPUS).scores(Query(title=title))
    best = CORPUS.catalogue.tracks(np.argsort(-scores, kind="stable")[:10])
    assert [group_of(track) for track in best].count(0) >= 8


def test_an_emoji_is_a_title() -> None:
    scores = Titles().fit(CORPUS).scores(Query(title="💪🏽"))
    best = CORPUS.catalogue.tracks(np.argsort(-scores, kind="stable")[:10])
    assert [group_of(track) for track in best].count(1) >= 8


def test_a_title_that_nobody_uses_finds_nothing() -> None:
    assert not Titles().fit(CORPUS).scores(Query(title="qqq zzz")).any()


def test_a_title_alone_also_leads_to_tracks_beside_those_of_similar_titles() -> None:
    on_title, beside = Track("spotify:track:on-title"), Track("spotify:track:beside")
    playlists = [Playlist(0, (on_title,), "rainy day"), Playlist(1, (on_title, beside), "misc")]
    corpus = PlaylistCorpus.from_playlists(playlists)
    index = corpus.catalogue.index_of(beside.uri)
    generator = Titles().fit(corpus)
    assert generator.scores(Query(title="rainy day"))[index] > 0
    assert generator.scores(Query(corpus.tracks_of(0), "rainy day"))[index] == 0
    assert Titles(presumed_seeds=0).fit(corpus).scores(Query(title="rainy day"))[index] == 0


def test_popularity_counts_playlists() -> None:
    counts = np.bincount(CORPUS.indices, minlength=CORPUS.n_tracks)
    np.testing.assert_array_equal(Popularity().fit(CORPUS).scores(Query()), counts)


def test_an_incidence_reads_the_same_by_row_and_by_column() -> None:
    rng = np.random.default_rng(1)
    rows, columns = rng.integers(0, 7, 40).astype(np.int32), rng.integers(0, 5, 40).astype(np.int32)
    dense = np.zeros((7, 5))
    np.add.at(dense, (rows, columns), 1)
    incidence = Incidence.of_pairs(rows, columns, 7, 5)
    for column in range(5):
        np.testing.assert_array_equal(incidence.rows_with(column), np.flatnonzero(dense[:, column]))
        np.testing.assert_array_equal(incidence.counts_with(column), dense[incidence.rows_with(column), column])
    weights = rng.random(7).astype(np.float32)
    columns, votes = incidence.votes(np.arange(7, dtype=np.int32), weights)
    total = np.zeros(incidence.n_columns)
    total[columns] = votes
    np.testing.assert_allclose(total, weights @ (dense > 0), rtol=1e-6)


def test_slices_of_any_length_are_read_one_after_another() -> None:
    starts = np.array([0, 3, 3, 5], np.int64)
    positions, lengths = slices(starts, np.array([2, 1, 0, 2]))
    assert positions.tolist() == [3, 4, 0, 1, 2, 3, 4]
    assert lengths.tolist() == [2, 0, 3, 2]
