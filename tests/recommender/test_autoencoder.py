"""What the autoencoder promises beyond what every generator does; serving is tested without what trains it."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from taste_groups import group_of, make_corpus

from recommender import PlaylistCorpus, RecommenderError
from recommender.candidates import Autoencoder, GeneratorState, Interactions, Query
from recommender.candidates.autoencoding import AutoencoderSettings, Batches

CORPUS = make_corpus()
INTERACTIONS = Interactions.of(CORPUS)
N_ARTISTS = len(CORPUS.catalogue.artist_keys)
ARTIST_IDS = CORPUS.catalogue.artist_ids
TRACKS = np.arange(0, CORPUS.n_tracks, 2, dtype=np.int32)
ARTISTS = np.arange(0, N_ARTISTS, 3, dtype=np.int32)
needs_jax = pytest.mark.skipif(find_spec("jax") is None, reason="the autoencoder is trained by JAX, not installed here")

queries = st.builds(
    lambda seeds, artists: Query(np.array(seeds, np.int32), artists=np.array(artists, np.int32)),
    st.lists(st.integers(0, CORPUS.n_tracks - 1), max_size=12, unique=True),
    st.lists(st.integers(0, N_ARTISTS - 1), max_size=4),
)


def made_up(scale: float = 1.0, **parameters: float) -> Autoencoder:
    """Return an autoencoder of random weights in which every other track and every third artist takes part."""
    rng = np.random.default_rng(3)
    arrays = {
        "tracks_": TRACKS,
        "artists_": ARTISTS,
        "inputs_": (scale * rng.standard_normal((len(TRACKS) + len(ARTISTS), 8))).astype(np.float32),
        "bias_": (scale * rng.standard_normal(8)).astype(np.float32),
        "outputs_": (scale * rng.standard_normal((len(TRACKS), 9))).astype(np.float32),
    }
    state = GeneratorState({**Autoencoder().parameters(), "hidden": 8, **parameters}, arrays)
    return Autoencoder.from_state(state, INTERACTIONS)


SERVING = made_up()


def expected_scores(generator: Autoencoder, query: Query) -> np.ndarray:
    """Return the scores by the formula, from dense inputs."""
    tracks = np.bincount(query.seeds, minlength=CORPUS.n_tracks)[TRACKS]
    by = np.concatenate([ARTIST_IDS[query.seeds], query.artists])
    artists = generator.artist_weight * np.log2(1 + np.bincount(by, minlength=N_ARTISTS)[ARTISTS])
    shown = np.concatenate([tracks, artists])
    scores = np.zeros(CORPUS.n_tracks)
    if shown.any():
        hidden = np.tanh(shown / np.linalg.norm(shown) @ generator.inputs_ + generator.bias_)
        outputs = generator.outputs_[:, :-1] @ hidden + generator.outputs_[:, -1]
        scores[TRACKS] = np.exp(generator.sharpness * outputs)
    return scores


@settings(max_examples=60, deadline=None)
@given(query=queries)
def test_the_score_is_the_likelihood_that_the_formula_gives(query: Query) -> None:
    np.testing.assert_allclose(SERVING.scores(query), expected_scores(SERVING, query), rtol=1e-4)


@settings(max_examples=40, deadline=None)
@given(query=queries, asked=st.lists(st.integers(0, CORPUS.n_tracks - 1), max_size=20), limit=st.integers(0, 300))
def test_scores_of_some_and_the_best_agree_with_the_scores_of_all(query: Query, asked: list[int], limit: int) -> None:
    scoring = SERVING.score(query)
    everything = scoring.dense()
    np.testing.assert_allclose(scoring.at(np.array(asked, np.int32)), everything[asked], rtol=1e-4)
    best = scoring.top(limit)
    assert len(np.unique(best)) == len(best) == min(limit, np.count_nonzero(everything))
    if 0 < len(best) < np.count_nonzero(everything):
        assert everything[best].min() >= np.delete(everything, best).max() * (1 - 1e-4)


@settings(max_examples=60, deadline=None)
@given(query=queries, track=st.sampled_from(TRACKS.tolist()))
def test_a_reason_names_the_track_without_which_the_score_falls_most(query: Query, track: int) -> None:
    full = SERVING.scores(query)[track]
    falls = []
    for place in range(len(query.seeds)):
        rest = Query(np.delete(query.seeds, place), artists=query.artists)
        falls.append(full - _without(rest, track))
    for place in range(len(query.artists)):
        falls.append(full - _without(Query(query.seeds, artists=np.delete(query.artists, place)), track))
    reasons = SERVING.reasons(query, track)
    if not full or max(falls, default=0) < 0.049 * full:
        assert reasons == []
    elif max(falls) > 0.051 * full:
        (reason,) = reasons
        named = [
            place for place, seed in enumerate(query.seeds.tolist()) if reason.seeds == (CORPUS.catalogue.uri(seed),)
        ]
        if not named:
            assert int(np.argmax(falls)) >= len(query.seeds)
            named = [int(np.argmax(falls))]
        assert falls[named[0]] >= max(falls) - 1e-3 * full


def _without(rest: Query, track: int) -> float:
    """Return what the score is without an entry; if nothing is left, what the network expects of nothing."""
    score = SERVING.scores(rest)[track]
    if score:
        return float(score)
    place = int(SERVING.places[track])
    output = SERVING.outputs_[place, :-1] @ np.tanh(SERVING.bias_) + SERVING.outputs_[place, -1]
    return float(np.exp(SERVING.sharpness * output))


def test_what_brought_an_unknown_seed_in_is_told_by_its_artist() -> None:
    query = Query(artists=ARTISTS[:1])
    name = CORPUS.catalogue.track(int(np.argmax(ARTIST_IDS == ARTISTS[0]))).artist_name
    texts = {reason.text for track in TRACKS.tolist() for reason in SERVING.reasons(query, track)}
    assert texts == {f"a network that learnt playlists expects it beside {name}"}


def test_a_query_of_which_nothing_takes_part_gets_no_score() -> None:
    outside = np.setdiff1d(np.arange(CORPUS.n_tracks), TRACKS)
    outside = outside[~np.isin(ARTIST_IDS[outside], ARTISTS)][:3].astype(np.int32)
    assert len(outside)
    for query in (Query(), Query(title="rainy day"), Query(outside), Query(artists=np.array([1, 1], np.int32))):
        assert not SERVING.scores(query).any()
        assert SERVING.reasons(query, int(TRACKS[0])) == []


def test_the_score_stays_finite_however_large_the_weights_are() -> None:
    huge = made_up(1e6, sharpness=1.0)
    scores = huge.scores(Query(CORPUS.tracks_of(0), artists=ARTISTS))
    assert np.isfinite(scores).all()
    assert (scores[TRACKS] > 0).all()
    huge.reasons(Query(CORPUS.tracks_of(0)), int(TRACKS[0]))


def test_sharpness_changes_no_order() -> None:
    query = Query(CORPUS.tracks_of(0))
    orders = [np.argsort(made_up(sharpness=sharpness).scores(query)[TRACKS]) for sharpness in (0.3, 1.0)]
    np.testing.assert_array_equal(*orders)


def test_an_autoencoder_of_no_track_has_nothing_to_say() -> None:
    arrays = {
        "tracks_": TRACKS[:0],
        "artists_": ARTISTS[:0],
        "inputs_": np.zeros((0, 8), np.float32),
        "bias_": np.zeros(8, np.float32),
        "outputs_": np.zeros((0, 9), np.float32),
    }
    empty = Autoencoder.from_state(GeneratorState(Autoencoder().parameters(), arrays), INTERACTIONS)
    query = Query(CORPUS.tracks_of(0), artists=ARTISTS[:2])
    assert not empty.scores(query).any()
    assert empty.reasons(query, 1) == []


def test_training_without_its_framework_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(RecommenderError, match=r'pip install "crossfade\[neural\]"'):
        Autoencoder(learning_rate=0.0123).fit(CORPUS)


class TestBatches:
    """What training looks at; made without its framework."""

    @staticmethod
    def batches(**changes: float) -> Batches:
        parameters = AutoencoderSettings(**{"batch": 16, "least_steps": 30, "passes": 1.0, "dropout": 0.5, **changes})
        return Batches(INTERACTIONS, parameters, TRACKS, ARTISTS, np.random.default_rng(0))

    def test_show_a_part_of_each_playlist_and_want_the_rest(self) -> None:
        playlists = {frozenset(np.flatnonzero(np.isin(TRACKS, tracks)).tolist()) for tracks in _playlists()}
        for batch in self.batches():
            for row in batch.wanted:
                parts = [set(batch.output_rows[np.flatnonzero(row == sign)].tolist()) for sign in (1, -1)]
                assert frozenset(parts[0] | parts[1]) in playlists

    def test_never_show_what_is_wanted(self) -> None:
        for batch in self.batches(hidden_tracks=0.0, artists_only=0.0):
            for shown, wanted in zip(batch.shown, batch.wanted, strict=True):
                told = set(batch.input_rows[np.flatnonzero(shown)].tolist())
                assert not told & set(batch.output_rows[np.flatnonzero(wanted > 0)].tolist())
                of_tracks = {place for place in told if place < len(TRACKS)}
                assert of_tracks == set(batch.output_rows[np.flatnonzero(wanted < 0)].tolist())

    def test_show_the_artists_of_shown_tracks_and_of_no_other(self) -> None:
        everything = np.arange(CORPUS.n_tracks, dtype=np.int32), np.arange(N_ARTISTS, dtype=np.int32)
        parameters = AutoencoderSettings(batch=16, least_steps=30)
        for batch in Batches(INTERACTIONS, parameters, *everything, np.random.default_rng(0)):
            for shown, wanted in zip(batch.shown, batch.wanted, strict=True):
                told = batch.input_rows[np.flatnonzero(shown)] - CORPUS.n_tracks
                of_shown = ARTIST_IDS[batch.output_rows[np.flatnonzero(wanted < 0)]]
                assert set(told[told >= 0].tolist()) == set(of_shown.tolist())

    def test_give_all_tracks_by_their_artists_only_where_asked_to(self) -> None:
        for batch in self.batches(artists_only=1.0):
            assert (batch.input_rows >= len(TRACKS)).all()
        several = [batch.input_rows for batch in self.batches(artists_only=0.0, hidden_tracks=0.0)]
        assert all((rows < len(TRACKS)).any() for rows in several)

    def test_have_inputs_of_length_one_or_nothing(self) -> None:
        for batch in self.batches():
            lengths = np.linalg.norm(batch.shown, axis=1)
            assert np.all(np.isclose(lengths, 1, atol=1e-5) | (lengths == 0))

    def test_correct_each_drawn_track_by_how_often_it_is_there(self) -> None:
        batches = self.batches(least_steps=1500, negatives=20)
        there, corrections = np.zeros(len(TRACKS)), np.zeros(len(TRACKS))
        for batch in batches:
            there[batch.output_rows] += 1
            corrections[batch.output_rows] = batch.corrections[: len(batch.output_rows)]
            assert (batch.corrections[len(batch.output_rows) :] < -1e8).all()
        np.testing.assert_allclose(there / batches.n_steps, np.exp(-corrections), atol=0.08)

    def test_take_as_many_steps_as_passes_within_bounds(self) -> None:
        assert self.batches(least_steps=1, passes=4.0).n_steps == 20
        assert self.batches(least_steps=50, passes=4.0).n_steps == 50
        assert self.batches(least_steps=1, most_steps=7, passes=4.0).n_steps == 7


def _playlists() -> list[np.ndarray]:
    return [CORPUS.tracks_of(row) for row in range(CORPUS.n_playlists)]


@needs_jax
class TestTraining:
    def test_learns_which_tracks_go_together(self) -> None:
        fitted = Autoencoder().fit(CORPUS)
        for row in range(4):
            seeds = CORPUS.tracks_of(row)[:5]
            scores = fitted.scores(Query(seeds))
            scores[seeds] = 0
            best = CORPUS.catalogue.tracks(np.argsort(-scores, kind="stable")[:10])
            assert [group_of(track) for track in best].count(row) >= 8

    def test_understands_an_unknown_seed_by_its_artist(self) -> None:
        fitted = Autoencoder().fit(CORPUS)
        for group in range(4):
            artists = ARTIST_IDS[CORPUS.tracks_of(group)]
            of_group = [track for track in CORPUS.tracks_of(group).tolist() if _group(track) == group]
            artist = int(ARTIST_IDS[of_group[0]])
            assert artist in artists
            best = np.argsort(-fitted.scores(Query(artists=np.array([artist], np.int32))), kind="stable")[:10]
            assert [_group(track) for track in best.tolist()].count(group) >= 8

    def test_is_the_same_for_the_same_random_state_and_another_for_another(self) -> None:
        first, again, other = (Autoencoder(random_state=state, least_steps=20).fit(CORPUS) for state in (1, 1, 2))
        np.testing.assert_array_equal(first.inputs_, again.inputs_)
        np.testing.assert_array_equal(first.outputs_, again.outputs_)
        assert np.abs(first.outputs_ - other.outputs_).max() > 1e-3

    def test_leaves_rare_tracks_out(self) -> None:
        fitted = Autoencoder(least_steps=5).fit(CORPUS)
        counts = np.bincount(CORPUS.indices, minlength=CORPUS.n_tracks)
        np.testing.assert_array_equal(fitted.tracks_, np.flatnonzero(counts >= 3))
        few = Autoencoder(least_steps=5, max_tracks=20, hidden=3).fit(CORPUS)
        assert few.outputs_.shape == (20, 4)
        assert counts[few.tracks_].min() >= np.sort(counts)[-20]

    def test_a_fit_on_another_corpus_forgets_the_first(self) -> None:
        generator = Autoencoder(least_steps=5).fit(CORPUS)
        generator.scores(Query(CORPUS.tracks_of(0)))
        smaller: PlaylistCorpus = make_corpus(seed=3, n_playlists=40, n_tracks=80)
        query = Query(smaller.tracks_of(0))
        anew = Autoencoder(least_steps=5).fit(smaller).scores(query)
        np.testing.assert_array_equal(generator.fit(smaller).scores(query), anew)


def _group(track: int) -> int:
    return group_of(CORPUS.catalogue.track(track))
