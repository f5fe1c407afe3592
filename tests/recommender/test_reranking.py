"""Steps of re-ranking keep their promises: nothing added, nothing twice, strength 0 changes nothing, more is more."""

from __future__ import annotations

import doctest
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise, permutations
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.candidates.interactions import Interactions
from recommender.errors import RecommenderError
from recommender.features import FEATURE_NAMES
from recommender.rerank import (
    LEVELS,
    SHAPES,
    Adventurousness,
    ArtistCap,
    CandidateRows,
    Diversity,
    ExplicitFilter,
    Novelty,
    OnePerRecording,
    Ranked,
    RerankContext,
    Similarities,
    SmoothOrder,
    Step,
    adventure,
    base,
    level_of,
    rerank,
    sound,
    steps_for,
)
from recommender.rerank.similarity import closeness
from tests.recommender.taste_groups import make_corpus, make_features

N_TRACKS = 60
ENERGY, TEMPO = FEATURE_NAMES.index("energy"), FEATURE_NAMES.index("tempo")
shares = st.floats(0, 1)
levels = st.floats(-1, 1)
steps = st.one_of(
    st.builds(ArtistCap, st.integers(1, 4)),
    st.just(OnePerRecording()),
    st.builds(ExplicitFilter, st.booleans()),
    st.builds(Diversity, shares),
    st.builds(Novelty, shares),
    st.builds(Adventurousness, levels),
    st.builds(SmoothOrder, st.sampled_from(SHAPES)),
)
lengths = st.integers(0, 40)
ks = st.integers(0, 50)


def make_context(seed: int, **changed: Any) -> RerankContext:  # noqa: ANN401
    """Return a context with every kind of gap: no artist, no features, single ones missing or infinite, no vector."""
    rng = np.random.default_rng(seed)
    features = rng.random((N_TRACKS, len(FEATURE_NAMES))).astype(np.float32)
    features[:, TEMPO] = rng.integers(60, 200, N_TRACKS)
    features[rng.random(features.shape) < 0.2] = np.nan
    features[rng.random(features.shape) < 0.02] = np.inf
    features[rng.random(N_TRACKS) < 0.2] = np.nan
    vectors = rng.normal(size=(N_TRACKS, 6)).astype(np.float32)
    vectors[rng.random(N_TRACKS) < 0.1] = rng.choice([0.0, np.nan])
    context = RerankContext(
        artist_ids=rng.integers(-1, 12, N_TRACKS).astype(np.int32),
        popularity=rng.integers(0, 50, N_TRACKS).astype(np.float32),
        n_playlists=60,
        recordings=rng.integers(0, 45, N_TRACKS).astype(np.int32),
        features=features,
        explicit=rng.integers(-1, 2, N_TRACKS).astype(np.int8),
        vectors=vectors,
        seeds=rng.choice(N_TRACKS, int(rng.integers(0, 5)), replace=False).astype(np.int32),
    )
    return replace(context, **changed)


def make_ranked(seed: int, length: int) -> Ranked:
    rng = np.random.default_rng(seed + 1)
    scores = np.sort(rng.integers(0, 20, length))[::-1].astype(np.float32)
    return Ranked(rng.permutation(N_TRACKS)[:length].astype(np.int32), scores)


def sounding(energy: Sequence[float], tempo: Sequence[float]) -> RerankContext:
    """Return a context of tracks of which energy and tempo alone are known."""
    features = np.full((len(energy), len(FEATURE_NAMES)), np.nan, np.float32)
    features[:, ENERGY], features[:, TEMPO] = energy, tempo
    artists = np.arange(len(energy), dtype=np.int32)
    return RerankContext(artists, np.ones(len(energy), np.float32), 10, features=features)


def in_order(n: int) -> Ranked:
    return Ranked.in_order(np.arange(n, dtype=np.int32))


def jump(context: RerankContext, tracks: np.ndarray) -> float:
    """Return the sum of the jumps between neighbours, computed one by one."""
    features = context.features_of(tracks)
    known = features[np.isfinite(features[:, [ENERGY, TEMPO]]).all(axis=1)]
    total = 0.0
    for one, other in pairwise(known):
        octaves = abs(np.log2(one[TEMPO] / other[TEMPO])) % 1
        total += abs(one[ENERGY] - other[ENERGY]) + min(octaves, 1 - octaves)
    return total


@pytest.mark.parametrize("module", [adventure, base, sound], ids=lambda module: module.__name__)
def test_the_examples_of_re_ranking_hold(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module, extraglobs={"np": np})
    assert tried
    assert not failed


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000), length=lengths, k=ks, step=steps)
def test_a_step_adds_nothing_repeats_nothing_and_leaves_scores_with_their_tracks(
    seed: int, length: int, k: int, step: Step
) -> None:
    ranked, context = make_ranked(seed, length), make_context(seed)
    after = step.apply(ranked, context, k)
    assert len(set(after.tracks.tolist())) == len(after)
    score_of = dict(zip(ranked.tracks.tolist(), ranked.scores.tolist(), strict=True))
    assert [score_of[track] for track in after.tracks.tolist()] == after.scores.tolist()
    if not isinstance(step, ArtistCap | OnePerRecording | ExplicitFilter):
        assert len(after) == len(ranked)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), length=lengths, k=ks, chain=st.lists(steps, max_size=5))
def test_a_chain_gives_at_most_k_and_the_same_each_time(seed: int, length: int, k: int, chain: list[Step]) -> None:
    ranked, context = make_ranked(seed, length), make_context(seed)
    after = rerank(ranked, chain, context, k)
    assert len(after) <= min(k, length)
    assert len(set(after.tracks.tolist())) == len(after)
    assert set(after.tracks.tolist()) <= set(ranked.tracks.tolist())
    assert rerank(ranked, chain, context, k).tracks.tolist() == after.tracks.tolist()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), length=lengths, k=ks, step=steps)
def test_a_step_does_without_what_is_not_known(seed: int, length: int, k: int, step: Step) -> None:
    nothing = make_context(
        seed, artist_ids=np.full(N_TRACKS, -1, np.int32), recordings=None, features=None, explicit=None, vectors=None
    )
    ranked = make_ranked(seed, length)
    after = step.apply(ranked, nothing, k)
    if step == ExplicitFilter(strict=True):
        assert not len(after)
    else:
        assert sorted(after.tracks.tolist()) == sorted(ranked.tracks.tolist())


@pytest.mark.parametrize("step", [Diversity(0.0), Novelty(0.0), Adventurousness(0.0)], ids=repr)
def test_at_strength_0_nothing_changes(step: Step) -> None:
    ranked = make_ranked(1, 40)
    assert step.apply(ranked, make_context(1), 10).tracks.tolist() == ranked.tracks.tolist()


@pytest.mark.parametrize("step", [Diversity(1e-9), Novelty(1e-9), Adventurousness(1e-9), Adventurousness(-1e-9)])
def test_a_strength_of_almost_0_changes_nothing_either(step: Step) -> None:
    ranked = make_ranked(1, 40)
    assert step.apply(ranked, make_context(1), 10).tracks.tolist() == ranked.tracks.tolist()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    length=lengths,
    k=st.integers(1, 50),
    step=st.one_of(
        st.builds(ArtistCap, st.integers(1, 4)),
        st.just(OnePerRecording()),
        st.builds(ExplicitFilter, st.booleans()),
        st.builds(SmoothOrder, st.sampled_from(SHAPES)),
    ),
)
def test_a_filter_or_an_order_applied_again_changes_nothing(seed: int, length: int, k: int, step: Step) -> None:
    context = make_context(seed)
    once = step.apply(make_ranked(seed, length), context, k)
    assert step.apply(once, context, k).tracks.tolist() == once.tracks.tolist()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), maximum=st.integers(1, 4))
def test_the_cap_holds_and_keeps_the_best_of_each_artist(seed: int, maximum: int) -> None:
    context, ranked = make_context(seed), make_ranked(seed, 40)
    kept = ArtistCap(maximum).apply(ranked, context, 10).tracks.tolist()
    for artist in range(12):
        of_artist = [track for track in ranked.tracks.tolist() if context.artist_ids[track] == artist]
        assert [track for track in kept if context.artist_ids[track] == artist] == of_artist[:maximum]
    unnamed = [track for track in ranked.tracks.tolist() if context.artist_ids[track] < 0]
    assert [track for track in kept if context.artist_ids[track] < 0] == unnamed


def test_explicit_tracks_go_and_unknown_ones_only_when_it_is_strict() -> None:
    context = make_context(0, explicit=np.array([1, 0, -1] * 20, np.int8))
    assert ExplicitFilter().apply(in_order(6), context, 6).tracks.tolist() == [1, 2, 4, 5]
    assert ExplicitFilter(strict=True).apply(in_order(6), context, 6).tracks.tolist() == [1, 4]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 12), strength=st.sampled_from([0.2, 0.5, 0.8, 1.0]))
def test_diversity_takes_the_greatest_marginal_relevance_each_time(seed: int, k: int, strength: float) -> None:
    context, ranked = make_context(seed), make_ranked(seed, 25)
    similarities = Similarities(context, ranked.tracks)
    alike = np.array([similarities.to(place) for place in range(25)])
    shown = Diversity(strength).apply(ranked, context, k).tracks[:k]
    taken = [ranked.tracks.tolist().index(track) for track in shown.tolist()]
    assert taken[0] == 0
    for turn in range(1, k):
        values = (1 - strength) * 0.5 ** (np.arange(25) / k) - strength * alike[taken[:turn]].max(axis=0)
        values[taken[:turn]] = -np.inf
        # Equal but for rounding counts as equal.
        assert values[taken[turn]] > values.max() - 1e-5


def test_more_diversity_makes_an_answer_less_alike() -> None:
    means = []
    for strength in (0.0, 0.3, 0.6, 0.9):
        alike = []
        for seed in range(20):
            context = make_context(seed)
            shown = rerank(make_ranked(seed, 50), [Diversity(strength)], context, 10)
            alike.append(Similarities(context, shown.tracks).mean())
        means.append(np.mean(alike))
    assert means == sorted(means, reverse=True)
    assert means[0] > means[-1] + 0.05


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_similarity_is_symmetric_within_0_and_1_and_greatest_to_itself(seed: int) -> None:
    similarities = Similarities(make_context(seed), np.arange(20, dtype=np.int32))
    alike = np.array([similarities.to(place) for place in range(20)])
    np.testing.assert_allclose(alike, alike.T, atol=1e-5)
    assert alike.min() >= 0
    assert alike.max() <= 1 + 1e-5
    off = ~np.eye(20, dtype=bool)
    assert similarities.mean() == pytest.approx(float(alike[off].mean()), abs=1e-5)


def test_a_track_that_nobody_knows_the_sound_of_is_neither_shunned_nor_sought() -> None:
    rng = np.random.default_rng(0)
    features = rng.random((N_TRACKS, len(FEATURE_NAMES)))
    features[:, TEMPO] = 60 + 120 * features[:, TEMPO]
    features[7] = np.nan
    context = make_context(0, artist_ids=np.arange(N_TRACKS, dtype=np.int32), features=features, vectors=None)
    similarities = Similarities(context, np.arange(30, dtype=np.int32))
    alike = np.array([similarities.to(place) for place in range(30)])
    others = np.delete(alike[0], [0, 7])
    assert others.min() < alike[0, 7] < others.max()
    assert alike[7, 3] == pytest.approx(alike[3, 7], abs=1e-6)


# On a grid: between two strengths that differ by a rounding error alone there is nothing to promise.
weaker_and_stronger = st.tuples(st.integers(-20, 20), st.integers(-20, 20)).map(
    lambda two: [level / 20 for level in sorted(two)]
)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 40), two=weaker_and_stronger)
def test_more_novelty_never_makes_the_first_m_better_known(seed: int, k: int, two: list[float]) -> None:
    context, ranked = make_context(seed), make_ranked(seed, 40)
    weak, strong = (Novelty(strength).apply(ranked, context, k).tracks for strength in sorted(map(abs, two)))
    bits = np.log2(1 + context.popularity)
    assert (np.cumsum(bits[strong]) <= np.cumsum(bits[weak]) + 1e-4).all()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 40), two=weaker_and_stronger)
def test_more_adventure_never_means_fewer_new_artists_among_the_first_m(seed: int, k: int, two: list[float]) -> None:
    context, ranked = make_context(seed), make_ranked(seed, 40)
    tame, wild = (Adventurousness(level).apply(ranked, context, k).tracks for level in two)
    new = ~context.by_known_artist(np.arange(N_TRACKS, dtype=np.int32))
    assert (np.cumsum(new[wild]) >= np.cumsum(new[tame])).all()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 40), two=weaker_and_stronger)
def test_more_adventure_takes_farther_and_rarer_tracks_of_new_artists(seed: int, k: int, two: list[float]) -> None:
    context, ranked = make_context(seed), make_ranked(seed, 40)
    near = np.zeros(N_TRACKS)
    near[ranked.tracks] = 2 * closeness(context, ranked.tracks)
    near += np.log2(1 + context.popularity) / 2
    tame, wild = (Adventurousness(level).apply(ranked, context, k).tracks for level in two)
    for known in (False, True):
        sums = [np.cumsum(near[order[context.by_known_artist(order) == known]]) for order in (tame, wild)]
        assert (sums[1] <= sums[0] + 1e-4).all()


def test_close_to_home_stays_with_known_artists_and_surprise_me_leaves_them() -> None:
    artists = np.arange(N_TRACKS, dtype=np.int32) % 6
    context = make_context(3, artist_ids=artists, seeds=np.array([0, 1], np.int32))
    ranked = Ranked.in_order(np.arange(6, N_TRACKS, dtype=np.int32))

    def new(level: str) -> float:
        shown = rerank(ranked, [Adventurousness(LEVELS[level])], context, 12).tracks
        return float(1 - context.by_known_artist(shown).mean())

    assert new("balanced") == pytest.approx(2 / 3)
    assert new("close to home") < 0.2
    assert new("surprise me") == 1
    at_home = replace(context, known_artists=np.arange(6, dtype=np.int32))
    assert rerank(ranked, [Adventurousness(1)], at_home, 12).tracks.tolist() != ranked.tracks[:12].tolist()
    assert at_home.by_known_artist(ranked.tracks).all()


def test_among_artists_of_one_kind_surprise_me_prefers_rare_tracks_and_close_to_home_known_ones() -> None:
    popularity = np.array([5, 100, 1, 5, 100, 1], np.float32)
    artists = np.array([0, 0, 0, 1, 1, 1], np.int32)
    context = RerankContext(artists, popularity, 200, known_artists=np.array([0], np.int32))
    for level, of_new, of_known in ((1, [5, 3, 4], [2, 0, 1]), (-1, [4, 3, 5], [1, 0, 2])):
        order = Adventurousness(level).apply(in_order(6), context, 3).tracks.tolist()
        assert [track for track in order if track >= 3] == of_new
        assert [track for track in order if track < 3] == of_known


def test_nearness_is_to_the_seeds_by_sound_and_by_vectors() -> None:
    features = np.full((4, len(FEATURE_NAMES)), 0.5, np.float32)
    features[:, TEMPO] = 100
    features[:, ENERGY] = [0.1, 0.9, 0.2, 0.5]
    vectors = np.array([[1, 0], [0, 1], [1, 0.1], [0.5, 0.5]], np.float32)
    bare = RerankContext(np.arange(4, dtype=np.int32), np.ones(4, np.float32), 9, seeds=np.array([0], np.int32))
    for context in (replace(bare, features=features), replace(bare, vectors=vectors)):
        near = closeness(context, np.array([1, 2, 3], np.int32))
        assert near[1] > near[2] > near[0]
    assert closeness(bare, np.array([1, 2], np.int32)).tolist() == [0.5, 0.5]
    unknown = replace(bare, features=np.where([[False], [True], [False], [False]], np.nan, features))
    assert closeness(unknown, np.array([1, 2, 3], np.int32))[0] == 0.5


@pytest.mark.parametrize("name", ["Surprise me", "SURPRISE-ME", " surprise_me "])
def test_a_level_is_known_by_its_name_in_any_spelling(name: str) -> None:
    assert level_of(name) == 1


def test_levels_rise_from_close_to_home_to_surprise_me() -> None:
    assert list(LEVELS.values()) == sorted(LEVELS.values())
    assert level_of("balanced") == 0


@settings(max_examples=40, deadline=None)
@given(
    energy=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=25),
    seed=st.integers(0, 100),
    k=st.integers(1, 30),
)
def test_a_smooth_order_never_jumps_more_than_the_given_one(energy: list[float], seed: int, k: int) -> None:
    context = sounding(energy, np.random.default_rng(seed).integers(50, 210, len(energy)).tolist())
    ranked = in_order(len(energy))
    after = SmoothOrder().apply(ranked, context, k)
    assert jump(context, after.tracks[:k]) <= jump(context, ranked.tracks[:k]) + 1e-5
    assert sorted(after.tracks[:k].tolist()) == list(range(min(k, len(energy))))
    assert after.tracks[k:].tolist() == ranked.tracks[k:].tolist()


def test_a_smooth_order_is_near_the_best_of_all_orders() -> None:
    orders = np.array([order for order in permutations(range(7)) if order[0] < order[-1]])
    excess = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        context = sounding(rng.random(7).tolist(), rng.integers(60, 200, 7).tolist())
        apart = np.sum(sound.jumps(context.features_of(np.arange(7, dtype=np.int32))), axis=0)
        best = apart[orders[:, :-1], orders[:, 1:]].sum(axis=1).min()
        excess.append(jump(context, SmoothOrder().apply(in_order(7), context, 7).tracks) / best)
    assert np.mean(excess) < 1.08


def test_half_and_double_tempo_are_near() -> None:
    context = sounding([0.5] * 4, [70, 100, 140, 101])
    order = SmoothOrder().apply(in_order(4), context, 4).tracks.tolist()
    assert abs(order.index(0) - order.index(2)) == 1
    assert abs(order.index(1) - order.index(3)) == 1


def test_the_better_placed_end_of_a_smooth_order_comes_first() -> None:
    energy = [0.9, 0.1, 0.5, 0.3, 0.7]
    assert SmoothOrder().apply(in_order(5), sounding(energy, [100] * 5), 5).tracks.tolist() == [0, 4, 2, 3, 1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 30))
def test_shapes_follow_the_energy_to_within_three_places(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    energy = rng.permutation(n) / n
    context = sounding(energy.tolist(), rng.integers(60, 200, n).tolist())
    wanted = np.argsort(energy)
    for shape, order in (("rising", wanted), ("falling", wanted[::-1])):
        played = SmoothOrder(shape).apply(in_order(n), context, n).tracks
        moved = np.abs(np.argsort(played) - np.argsort(order))
        assert moved.max() <= 3
        assert jump(context, played) <= jump(context, order) + 1e-6
    arc = energy[SmoothOrder("arc").apply(in_order(n), context, n).tracks]
    peak = int(arc.argmax())
    if n >= 12:
        assert 0.4 * n <= peak <= 0.9 * n
        assert arc[:3].mean() < arc[peak - 1 : peak + 2].mean() > arc[-3:].mean()


def test_tracks_without_features_stand_where_the_jump_is_widest_anyway() -> None:
    context = sounding([0.1, 0.15, 0.9, 0.95, np.nan, 0.2], [100, 100, 100, 100, np.nan, 100])
    order = SmoothOrder("rising").apply(in_order(6), context, 6).tracks.tolist()
    assert order == [0, 1, 5, 4, 2, 3]


def test_without_any_features_the_order_stays() -> None:
    context = sounding([np.nan] * 5, [np.nan] * 5)
    for shape in SHAPES:
        assert SmoothOrder(shape).apply(in_order(5), context, 5).tracks.tolist() == [0, 1, 2, 3, 4]


def test_rows_of_candidates_do_what_an_array_of_all_tracks_does() -> None:
    context, ranked = make_context(5), make_ranked(5, 30)
    assert isinstance(context.features, np.ndarray)
    assert isinstance(context.vectors, np.ndarray)
    needed = np.unique(np.concatenate([ranked.tracks, context.seeds]))[::-1]
    few = replace(
        context,
        features=CandidateRows(needed, context.features[needed]),
        vectors=CandidateRows(needed, context.vectors[needed]),
    )
    for step in (Diversity(0.5), Adventurousness(0.7), SmoothOrder()):
        assert step.apply(ranked, few, 10).tracks.tolist() == step.apply(ranked, context, 10).tracks.tolist()
    assert CandidateRows(np.zeros(0, np.int32), np.zeros((0, 3)))[np.array([4])].shape == (1, 3)


def test_steps_come_in_the_order_that_makes_sense() -> None:
    chosen = steps_for(adventurousness="curious", novelty=0.2, diversity=0.3, max_per_artist=2, clean=True, order="arc")
    assert chosen == (
        ExplicitFilter(),
        Novelty(0.2),
        Adventurousness(0.5),
        ArtistCap(2),
        Diversity(0.3),
        SmoothOrder("arc"),
    )
    assert steps_for() == ()
    assert steps_for(strictly_clean=True) == (ExplicitFilter(strict=True),)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), level=levels, diversity=shares, cap=st.integers(1, 3), k=st.integers(1, 20))
def test_no_later_step_breaks_the_cap_or_brings_explicit_tracks_back(
    seed: int, level: float, diversity: float, cap: int, k: int
) -> None:
    context = make_context(seed)
    chosen = steps_for(adventurousness=level, diversity=diversity, max_per_artist=cap, clean=True, order="smooth")
    shown = rerank(make_ranked(seed, 50), chosen, context, k).tracks
    artists = context.artist_ids[shown]
    assert np.bincount(artists[artists >= 0], minlength=1).max() <= cap
    assert context.explicit is not None
    assert not (context.explicit[shown] == 1).any()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: ArtistCap(0), "at least 1"),
        (lambda: Diversity(1.1), "between 0 and 1"),
        (lambda: Diversity(float("nan")), "between 0 and 1"),
        (lambda: Novelty(-0.1), "between 0 and 1"),
        (lambda: Adventurousness(2), "between -1 and 1"),
        (lambda: level_of("wild"), "close to home, familiar, balanced, curious, surprise me"),
        (lambda: level_of(-3.0), "between -1 and 1"),
        (lambda: SmoothOrder("square"), "smooth, rising, falling, arc"),
        (lambda: steps_for(max_per_artist=0), "at least 1"),
        (partial(rerank, in_order(3), (), sounding([0.5], [100]), -1), "0 or more"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_sentence(wrong: Any, says: str) -> None:  # noqa: ANN401
    with pytest.raises(RecommenderError, match=says):
        wrong()


def test_a_ranking_that_makes_no_sense_is_refused() -> None:
    tracks = np.array([1, 2], np.int32)
    with pytest.raises(ValueError, match="shape"):
        Ranked(tracks, np.ones(3, np.float32))
    with pytest.raises(ValueError, match="NaN"):
        Ranked(tracks, np.array([1, np.nan], np.float32))
    with pytest.raises(ValueError, match="twice"):
        rerank(Ranked.in_order(np.array([1, 1], np.int32)), (), make_context(0), 2)
    with pytest.raises(ValueError, match="rows"):
        CandidateRows(tracks, np.zeros((3, 2)))


def test_the_context_of_a_corpus_knows_artists_popularity_and_explicit_flags() -> None:
    corpus = make_corpus()
    interactions = Interactions.of(corpus)
    features = make_features(corpus).aligned(corpus.catalogue)
    context = RerankContext.of(interactions, features=features, seeds=np.array([3], np.int32))
    assert context.n_playlists == corpus.n_playlists
    assert context.popularity.sum() == corpus.n_entries
    assert context.explicit is None
    same = context.artist_ids == context.artist_ids[3]
    assert context.by_known_artist(np.arange(corpus.n_tracks, dtype=np.int32)).tolist() == same.tolist()
