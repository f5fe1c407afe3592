"""Estimates of audio features: better than guessing where there is something to go by, silent where there is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.audio import AudioFeatures
from recommender.corpus import PlaylistCorpus
from recommender.estimation import FeatureEstimator
from recommender.feature_columns import skills
from recommender.features import FEATURE_NAMES, FEATURES
from recommender.records import Playlist, Track
from recommender.synthetic import SyntheticWorld, synthetic_world

ENERGY = FEATURE_NAMES.index("energy")
KEY = FEATURE_NAMES.index("key")


@pytest.fixture(scope="module")
def world() -> SyntheticWorld:
    return synthetic_world(11, n_artists=150, n_tracks=1500, n_playlists=600, missing_features=0.0)


@pytest.fixture(scope="module")
def corpus(world: SyntheticWorld) -> PlaylistCorpus:
    return PlaylistCorpus.from_playlists(world.playlists())


@pytest.fixture(scope="module")
def fitted(world: SyntheticWorld, corpus: PlaylistCorpus) -> FeatureEstimator:
    return FeatureEstimator().fit(corpus, world.features)


def held_out(
    corpus: PlaylistCorpus, features: AudioFeatures, tracks: npt.NDArray[np.int32]
) -> tuple[AudioFeatures, npt.NDArray[np.float64]]:
    """Return the features without those of some tracks, and what these are."""
    kept = ~np.isin(features.uris, corpus.catalogue.uris[tracks])
    true = features.aligned(corpus.catalogue)[tracks].astype(np.float64)
    return AudioFeatures(features.uris[kept], features.values[kept]), true


def some_of(corpus: PlaylistCorpus, share: float = 0.2) -> npt.NDArray[np.int32]:
    played = np.unique(corpus.indices)
    return np.sort(np.random.default_rng(0).permutation(played)[: int(len(played) * share)]).astype(np.int32)


def test_held_out_tracks_are_estimated_better_than_by_guessing(world: SyntheticWorld, corpus: PlaylistCorpus) -> None:
    tracks = some_of(corpus)
    known, true = held_out(corpus, world.features, tracks)
    estimator = FeatureEstimator().fit(corpus, known)
    found = skills(true, estimator.estimate(tracks).values.astype(np.float64))
    assert found[ENERGY] > 0.3
    assert (found[estimator.given_] > 0).all()


def test_tracks_of_unknown_artists_are_estimated_from_the_playlists_that_they_are_in(
    world: SyntheticWorld, corpus: PlaylistCorpus
) -> None:
    artists = corpus.catalogue.artist_ids
    chosen = np.random.default_rng(1).permutation(np.unique(artists))[:20]
    tracks = np.flatnonzero(np.isin(artists, chosen)).astype(np.int32)
    known, true = held_out(corpus, world.features, tracks)
    estimates = FeatureEstimator().fit(corpus, known).estimate(tracks)
    assert not estimates.of_artist.any()
    assert skills(true, estimates.values.astype(np.float64))[ENERGY] > 0.1


def test_a_key_drawn_by_lot_is_not_estimated(fitted: FeatureEstimator, corpus: PlaylistCorpus) -> None:
    assert not fitted.given_[KEY]
    assert np.isnan(fitted.estimate(some_of(corpus)).values[:, KEY]).all()


def test_a_key_that_goes_by_the_artist_is_estimated(world: SyntheticWorld, corpus: PlaylistCorpus) -> None:
    values = world.features.aligned(corpus.catalogue)
    values[:, KEY] = corpus.catalogue.artist_ids % 12
    tracks = some_of(corpus)
    known, true = held_out(corpus, AudioFeatures(corpus.catalogue.uris, values), tracks)
    keys = FeatureEstimator().fit(corpus, known).estimate(tracks).values[:, KEY]
    given_one = np.isfinite(keys)
    assert given_one.mean() > 0.9
    assert (keys[given_one] == true[given_one, KEY]).mean() > 0.9


def test_values_that_are_noise_are_not_estimated(world: SyntheticWorld, corpus: PlaylistCorpus) -> None:
    rng = np.random.default_rng(5)
    values = np.column_stack([rng.uniform(f.low, f.high, corpus.n_tracks) for f in FEATURES]).astype(np.float32)
    estimator = FeatureEstimator().fit(corpus, AudioFeatures(corpus.catalogue.uris, values))
    assert not estimator.given_.any()
    assert np.isnan(estimator.estimate(some_of(corpus)).values).all()


def test_a_track_without_evidence_gets_nothing(fitted: FeatureEstimator) -> None:
    estimates = fitted.estimate(np.array([-1], np.int32))
    assert np.isnan(estimates.values).all()
    assert (estimates.co_occurring[0], estimates.of_artist[0]) == (0, 0)


def test_the_evidence_is_counted_right() -> None:
    def track(name: str, artist: str) -> Track:
        return Track(f"spotify:track:{name}", name, artist, f"spotify:artist:{artist}")

    a1, a2, a3, b1, c1 = (track(name, name[0]) for name in ("a1", "a2", "a3", "b1", "c1"))
    corpus = PlaylistCorpus.from_playlists(
        [Playlist(pid=1, tracks=(a1, a2, b1)), Playlist(pid=2, tracks=(a1, b1, c1)), Playlist(pid=3, tracks=(a3,))]
    )
    measured = np.array([b"spotify:track:a1", b"spotify:track:a2", b"spotify:track:b1", b"spotify:track:c1"])
    estimator = FeatureEstimator().fit(corpus, AudioFeatures(measured, np.full((4, 11), 0.5, np.float32)))
    estimates = estimator.estimate(corpus.catalogue.indices_of([t.uri for t in (a1, a2, a3, b1, c1)]))
    assert estimates.co_occurring.tolist() == [2, 1, 0, 3, 2]
    assert estimates.of_artist.tolist() == [1, 1, 2, 0, 0]
    unheard = [Track("spotify:track:new", "New", None, "spotify:artist:a"), Track("spotify:track:new", "New", "A")]
    assert estimator.estimate_records(unheard).of_artist.tolist() == [2, 2]


def test_a_tracks_own_values_never_count(world: SyntheticWorld, corpus: PlaylistCorpus) -> None:
    tracks = some_of(corpus, 0.01)
    plain = FeatureEstimator(max_learnt=400, random_state=2)
    one = tracks[:1]
    moved = world.features.aligned(corpus.catalogue).copy()
    estimator = plain.fit(corpus, AudioFeatures(corpus.catalogue.uris, moved))
    before, means = estimator.estimate(one).values.copy(), estimator.means_.copy()
    # The same estimator with the measured value taken out of its sums: only the mean of all may have moved a little.
    known, _ = held_out(corpus, AudioFeatures(corpus.catalogue.uris, moved), one)
    after = FeatureEstimator(max_learnt=400, random_state=2).fit(corpus, known)
    assert np.abs(after.means_ - means).max() < 0.1
    given_both = estimator.given_ & after.given_
    spread = np.nanstd(moved, axis=0)[given_both]
    assert (np.abs(after.estimate(one).values - before)[0, given_both] < 0.2 * spread).all()


def test_a_track_without_an_artist_is_no_neighbour_of_itself() -> None:
    tracks = tuple(Track(f"spotify:track:{n}", f"T{n}") for n in range(3))
    corpus = PlaylistCorpus.from_playlists([Playlist(pid=1, tracks=tracks)])
    estimator = FeatureEstimator().fit(corpus, AudioFeatures(corpus.catalogue.uris, np.full((3, 11), 0.5, np.float32)))
    assert estimator.estimate(np.arange(3, dtype=np.int32)).co_occurring.tolist() == [2, 2, 2]


def test_the_same_seed_gives_the_same_estimates(world: SyntheticWorld, corpus: PlaylistCorpus) -> None:
    first, second = (FeatureEstimator(random_state=4).fit(corpus, world.features) for _ in range(2))
    tracks = some_of(corpus)
    assert np.array_equal(first.estimate(tracks).values, second.estimate(tracks).values, equal_nan=True)


def test_the_order_of_the_tracks_does_not_matter(fitted: FeatureEstimator, corpus: PlaylistCorpus) -> None:
    tracks = some_of(corpus)
    order = np.random.default_rng(3).permutation(len(tracks))
    straight, mixed = fitted.estimate(tracks), fitted.estimate(tracks[order])
    np.testing.assert_allclose(mixed.values, straight.values[order], rtol=1e-5)
    assert np.array_equal(mixed.co_occurring, straight.co_occurring[order])
    assert np.array_equal(mixed.of_artist, straight.of_artist[order])


def test_of_a_track_in_many_playlists_only_some_are_read(
    world: SyntheticWorld, fitted: FeatureEstimator, corpus: PlaylistCorpus
) -> None:
    popular = np.argsort(-np.bincount(corpus.indices, minlength=corpus.n_tracks))[:50].astype(np.int32)
    whole = fitted.estimate(popular)
    sampled = FeatureEstimator(max_playlists=5).fit(corpus, world.features).estimate(popular)
    assert (sampled.co_occurring < whole.co_occurring).all()
    assert np.corrcoef(sampled.values[:, ENERGY], whole.values[:, ENERGY])[0, 1] > 0.8


ODD = st.one_of(st.sampled_from([np.nan, np.inf, -np.inf, -1.0, 0.0, 1e30, -60.0]), st.floats(0, 1, width=32))


@st.composite
def small_corpora(draw: st.DrawFn) -> tuple[list[Playlist], AudioFeatures]:
    """Few tracks, some without an artist, some without a playlist, with all kinds of values."""
    count = draw(st.integers(1, 12))
    artists = draw(st.lists(st.sampled_from([None, "x", "y"]), min_size=count, max_size=count))
    tracks = [Track(f"spotify:track:{n:03}", f"T{n}", artists[n]) for n in range(count)]
    picks: Sequence[list[Track]] = draw(
        st.lists(st.lists(st.sampled_from(tracks), min_size=1, max_size=6, unique=True), max_size=8)
    )
    playlists = [Playlist(pid=pid, tracks=tuple(chosen)) for pid, chosen in enumerate(picks)]
    rows = draw(st.integers(0, count))
    values = draw(st.lists(st.lists(ODD, min_size=11, max_size=11), min_size=rows, max_size=rows))
    uris = np.array([track.uri.encode() for track in tracks[:rows]], dtype="S17")
    return playlists, AudioFeatures(uris, np.array(values, np.float32).reshape(rows, 11))


@settings(max_examples=60, deadline=None)
@given(small_corpora())
def test_whatever_is_learnt_from_estimates_are_within_their_ranges_or_missing(
    made: tuple[list[Playlist], AudioFeatures],
) -> None:
    playlists, features = made
    corpus = PlaylistCorpus.from_playlists(playlists)
    # Two folds and no demands, so that even this little is estimated from.
    estimator = FeatureEstimator(min_skill=-np.inf, n_folds=2, fewest_a_fold=1).fit(corpus, features)
    wanted = np.arange(-1, corpus.n_tracks, dtype=np.int32)
    estimates = estimator.estimate(wanted)
    assert estimates.values.shape == (len(wanted), 11)
    for place, feature in enumerate(FEATURES):
        column = estimates.values[:, place]
        column = column[np.isfinite(column)].astype(np.float64)
        assert ((column >= feature.low - 1e-6) & (column <= feature.high + 1e-6)).all()
        assert not feature.whole or (column == np.floor(column)).all()
    nothing = (estimates.co_occurring == 0) & (estimates.of_artist == 0)
    assert np.isnan(estimates.values[nothing]).all()
    assert not np.isinf(estimates.values).any()


@settings(max_examples=30, deadline=None)
@given(small_corpora())
def test_without_measured_tracks_nothing_is_estimated(made: tuple[list[Playlist], AudioFeatures]) -> None:
    corpus = PlaylistCorpus.from_playlists(made[0])
    nothing = AudioFeatures(np.zeros(0, "S1"), np.zeros((0, 11), np.float32))
    estimator = FeatureEstimator(min_skill=-np.inf, n_folds=2, fewest_a_fold=1).fit(corpus, nothing)
    estimates = estimator.estimate(np.arange(corpus.n_tracks, dtype=np.int32))
    assert np.isnan(estimates.values).all()
    assert not estimates.co_occurring.any()


@pytest.mark.slow
def test_on_real_playlists_the_estimates_beat_a_constant_and_the_artists_mean(development_data: Path) -> None:
    corpus = PlaylistCorpus.from_mpd([development_data / "mpd"])
    features = AudioFeatures.read_csv([development_data / "audio_features.csv.gz"])
    known = np.flatnonzero(np.isfinite(features.aligned(corpus.catalogue)).any(axis=1)).astype(np.int32)
    tracks = np.sort(np.random.default_rng(0).permutation(known)[: len(known) // 5])
    learning, true = held_out(corpus, features, tracks)
    estimator = FeatureEstimator().fit(corpus, learning)
    estimates = estimator.estimate(tracks).values.astype(np.float64)
    found = skills(true, estimates)
    given_ones = {name for name, one in zip(FEATURE_NAMES, estimator.given_, strict=True) if one}
    assert {"danceability", "energy", "loudness", "valence", "acousticness"} <= given_ones
    assert not {"key", "liveness"} & given_ones
    training = learning.aligned(corpus.catalogue)
    for name in ("danceability", "energy", "loudness", "valence"):
        place = FEATURE_NAMES.index(name)
        assert found[place] > 0.2
        there = np.isfinite(training[:, place]) & (corpus.catalogue.artist_ids >= 0)
        counts = np.bincount(corpus.catalogue.artist_ids[there], minlength=len(corpus.catalogue.artist_keys))
        sums = np.bincount(corpus.catalogue.artist_ids[there], training[there, place], minlength=len(counts))
        by_artist = np.where(counts > 0, sums / np.maximum(counts, 1), training[there, place].mean())
        baseline = np.abs(by_artist[corpus.catalogue.artist_ids[tracks]] - true[:, place])
        both = np.isfinite(estimates[:, place]) & np.isfinite(true[:, place])
        assert np.abs(estimates[:, place] - true[:, place])[both].mean() < 0.95 * baseline[both].mean()
