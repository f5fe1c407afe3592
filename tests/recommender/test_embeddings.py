"""What vectors learnt from playlists promise beyond what every generator does."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from taste_groups import group_of, make_corpus

from recommender import Playlist, PlaylistCorpus, Track
from recommender.candidates import Embeddings, GeneratorState, Query

CORPUS = make_corpus()
FITTED = Embeddings().fit(CORPUS)


@settings(max_examples=40, deadline=None)
@given(
    seeds=st.lists(st.integers(0, CORPUS.n_tracks - 1), max_size=12, unique=True),
    asked=st.lists(st.integers(0, CORPUS.n_tracks - 1), max_size=20),
    limit=st.integers(0, 300),
)
def test_scores_of_some_and_the_best_agree_with_the_scores_of_all(
    seeds: list[int], asked: list[int], limit: int
) -> None:
    scoring = FITTED.score(Query(np.array(seeds, np.int32)))
    everything = scoring.dense()
    assert np.isfinite(everything).all()
    assert (everything >= 0).all()
    np.testing.assert_allclose(scoring.at(np.array(asked, np.int32)), everything[asked], rtol=1e-4)
    best = scoring.top(limit)
    assert len(best) == min(limit, np.count_nonzero(everything))
    assert len(np.unique(best)) == len(best)
    if 0 < len(best) < np.count_nonzero(everything):
        others = np.delete(everything, best)
        assert everything[best].min() >= others.max() * (1 - 1e-4)


def test_a_playlist_is_the_mean_of_those_of_its_tracks_that_have_a_vector() -> None:
    rows = np.arange(CORPUS.n_playlists, dtype=np.int32)
    vectors = FITTED.playlist_vectors(rows)
    for row in rows:
        expected = FITTED.vectors_[np.isin(FITTED.tracks_, CORPUS.tracks_of(row))].mean(axis=0)
        np.testing.assert_allclose(vectors[row], expected, rtol=1e-3, atol=1e-6)
        one = FITTED.playlist_vector(CORPUS.tracks_of(row))
        assert one is not None
        np.testing.assert_allclose(one, expected, rtol=1e-3, atol=1e-6)


def test_tracks_of_a_taste_group_lie_nearer_to_each_other_than_to_others() -> None:
    groups = np.array([group_of(track) for track in CORPUS.catalogue.tracks(FITTED.tracks_)])
    directions = FITTED.directions(np.arange(len(FITTED.tracks_)))
    cosines = directions @ directions.T
    same = groups[:, None] == groups[None, :]
    np.fill_diagonal(same, False)
    assert cosines[same].mean() > cosines[groups[:, None] != groups[None, :]].mean() + 0.2


def test_only_tracks_of_enough_playlists_have_a_vector() -> None:
    counts = np.bincount(CORPUS.indices, minlength=CORPUS.n_tracks)
    np.testing.assert_array_equal(FITTED.tracks_, np.flatnonzero(counts >= 3))
    rare = np.flatnonzero((counts > 0) & (counts < 3))[:3].astype(np.int32)
    assert len(rare)
    assert not FITTED.scores(Query(rare)).any()
    assert not FITTED.scores(Query(CORPUS.tracks_of(0)))[rare].any()
    few = Embeddings(max_tracks=20, max_passes=2).fit(CORPUS)
    assert len(few.tracks_) == 20
    assert counts[few.tracks_].min() >= np.sort(counts)[-20]


def test_a_query_without_tracks_that_have_a_vector_gets_no_score() -> None:
    assert not FITTED.scores(Query(title="rainy day", artists=np.array([0], np.int32))).any()


def test_the_seed_that_a_reason_names_is_the_nearest_one() -> None:
    query = Query(CORPUS.tracks_of(0)[:8])
    explain = FITTED.explainer(query)
    told = 0
    for track in FITTED.tracks_.tolist():
        reasons = explain(track)
        seeds = np.array([seed for seed in query.seeds if FITTED.places[seed] >= 0 and seed != track])
        cosines = FITTED.directions(FITTED.places[seeds]) @ FITTED.directions(FITTED.places[[track]])[0]
        assert bool(reasons) == (cosines.max() >= 0.5)
        if reasons:
            told += 1
            seed = CORPUS.catalogue.track(int(seeds[np.argmax(cosines)]))
            assert reasons[0].seeds == (seed.uri,)
            assert reasons[0].text == f"near {seed.name} in the map of tracks that share playlists"
    assert told


def test_another_random_state_gives_another_model_and_the_same_one_the_same() -> None:
    first, again, other = (Embeddings(random_state=state, max_passes=2).fit(CORPUS) for state in (1, 1, 2))
    np.testing.assert_array_equal(first.vectors_, again.vectors_)
    np.testing.assert_array_equal(first.predicted_, again.predicted_)
    assert np.abs(first.vectors_ - other.vectors_).max() > 1e-3


@pytest.mark.parametrize("dimensions", [1, 32, 48])
def test_vectors_have_as_many_dimensions_as_asked_for(dimensions: int) -> None:
    fitted = Embeddings(dimensions=dimensions, max_passes=2).fit(CORPUS)
    assert fitted.vectors_.shape == fitted.predicted_.shape == (len(fitted.tracks_), dimensions)
    assert fitted.vectors_.dtype == np.float32


def test_a_corpus_in_which_every_track_is_rare_has_nothing_to_say() -> None:
    corpus = PlaylistCorpus.from_playlists([Playlist(1, (Track("spotify:track:a"), Track("spotify:track:b")))])
    fitted = Embeddings().fit(corpus)
    query = Query(np.array([0], np.int32))
    assert fitted.vectors_.shape == (0, 32)
    assert not fitted.scores(query).any()
    assert fitted.reasons(query, 1) == []
    assert fitted.playlist_vectors(np.array([0], np.int32)).tolist() == [[0] * 32]


def test_a_fit_on_another_corpus_forgets_the_first() -> None:
    generator = Embeddings(max_passes=2).fit(CORPUS)
    generator.scores(Query(CORPUS.tracks_of(0)))
    smaller = make_corpus(seed=3, n_playlists=40, n_tracks=80)
    anew = Embeddings(max_passes=2).fit(smaller)
    query = Query(smaller.tracks_of(0))
    np.testing.assert_array_equal(generator.fit(smaller).scores(query), anew.scores(query))


def test_the_score_stays_finite_however_large_the_vectors_are() -> None:
    arrays = {"tracks_": FITTED.tracks_, "vectors_": FITTED.vectors_ * 1e6, "predicted_": FITTED.predicted_ * 1e6}
    huge = Embeddings.from_state(GeneratorState(FITTED.parameters(), arrays), FITTED.interactions_)
    scores = huge.scores(Query(CORPUS.tracks_of(0)))
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()


def test_serving_needs_no_gensim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gensim", None)
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    restored = Embeddings.from_state(FITTED.state(), FITTED.interactions_)
    query = Query(CORPUS.tracks_of(0))
    assert restored.scores(query).any()
    assert restored.reasons(query, int(FITTED.tracks_[0])) == FITTED.reasons(query, int(FITTED.tracks_[0]))
    with pytest.raises(ImportError):
        Embeddings().fit(CORPUS)
