"""Scores that are held sparsely say the same as scores that are all there; candidates are named on one scale."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ranked_worlds import CORPUS, fitted, quick_generators

from recommender.blending import WEIGHTS
from recommender.candidates import Cooccurrence, Interactions, PlaylistNeighbours, Popularity, Query
from recommender.candidates.interactions import FloatArray, Incidence, at_places, summed
from recommender.candidates.latent import HeadScores
from recommender.candidates.neighbours import NeighbourScores
from recommender.candidates.scoring import DenseScores, Scoring, SparseScores
from recommender.retrieval import Retrieval
from recommender.topk import greatest, top_mean

SEEDS = CORPUS.tracks_of(0)[:5]
NAMES = [generator.name for generator in quick_generators()]


def as_scorings(values: FloatArray) -> list[Scoring]:
    """Return the same scores held in each way, beginning with the plainest."""
    scored = np.flatnonzero(values).astype(np.int32)
    places = np.full(len(values), -1, np.int32)
    places[scored] = np.arange(len(scored), dtype=np.int32)
    # Two factors whose product is the score, and a third that is never asked for.
    vectors = np.stack([values[scored] / 2, np.full(len(scored), 3), np.zeros(len(scored))], axis=1).astype(np.float32)
    nobody = np.zeros(0, np.int32)
    return [
        DenseScores(values),
        SparseScores(len(values), scored, values[scored]),
        NeighbourScores(len(values), scored, values[scored], nobody, np.zeros(0, np.float32)),
        HeadScores(len(values), scored, places, vectors, np.array([2, 0, 5])),
    ]


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.integers(0, 6), max_size=40).map(lambda numbers: np.array(numbers, np.float32)),
    limit=st.integers(-1, 50),
    data=st.data(),
)
def test_scores_are_the_same_however_they_are_held(values: FloatArray, limit: int, data: st.DataObject) -> None:
    asked = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=20)) if len(values) else []
    tracks = np.array(asked, np.int32)
    expected = sorted(range(len(values)), key=lambda track: (-values[track], track))
    expected = [track for track in expected if values[track] > 0][: max(limit, 0)]
    for scoring in as_scorings(values):
        np.testing.assert_array_equal(scoring.dense(), values)
        np.testing.assert_array_equal(scoring.at(tracks), values[tracks])
        top = scoring.top(limit)
        assert top.dtype == np.int32
        assert sorted(top.tolist()) == sorted(expected)


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.integers(1, 6), min_size=1, max_size=20))
def test_dense_scores_are_the_callers_to_write_into(values: list[int]) -> None:
    for scoring in as_scorings(np.array(values, np.float32)):
        scoring.dense()[:] = 99
        assert scoring.dense().tolist() == values


def test_products_below_zero_are_nothing_to_say() -> None:
    vectors = np.array([[1, 0], [-1, 0], [0.5, 0]], np.float32)
    scoring = HeadScores(4, np.array([0, 1, 3], np.int32), np.array([0, 1, -1, 2], np.int32), vectors, np.array([2, 7]))
    assert scoring.dense().tolist() == [2, 0, 0, 1]
    assert scoring.at(np.array([1, 2, 3], np.int32)).tolist() == [0, 0, 1]
    assert sorted(scoring.top(10).tolist()) == [0, 3]


@settings(max_examples=40, deadline=None)
@given(weights=st.lists(st.integers(0, 5), max_size=15), limit=st.integers(0, 20))
def test_the_nearest_playlists_are_the_weightiest_in_order(weights: list[int], limit: int) -> None:
    playlists = np.arange(10, 10 + len(weights), dtype=np.int32)
    nobody = np.zeros(0, np.int32)
    scoring = NeighbourScores(3, nobody, np.zeros(0, np.float32), playlists, np.array(weights, np.float32))
    nearest, of = scoring.nearest(limit)
    assert of.tolist() == sorted(weights, reverse=True)[:limit]
    assert [weights[playlist - 10] for playlist in nearest.tolist()] == of.tolist()


# With few columns the sums are made in an array of all of them, with many by sorting.
@pytest.mark.parametrize("n_columns", [10, 100_000])
@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(-4, 4)), max_size=40))
def test_sums_are_those_of_each_column_whatever_the_way(n_columns: int, pairs: list[tuple[int, int]]) -> None:
    spread = n_columns // 10
    expected: dict[int, float] = defaultdict(float)
    for column, value in pairs:
        expected[column * spread] += value
    columns = np.array([column * spread for column, _ in pairs], np.int32)
    found, sums = summed(columns, np.array([value for _, value in pairs], np.float32), n_columns)
    assert dict(zip(found.tolist(), sums.tolist(), strict=True)) == {c: v for c, v in expected.items() if v}
    assert found.tolist() == sorted(found.tolist())
    assert (found.dtype, sums.dtype) == (np.int32, np.float32)


@pytest.mark.parametrize("n_columns", [8, 50_000])
@settings(max_examples=40, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=60),
    weights=st.lists(st.integers(0, 5), min_size=6, max_size=6),
    rows=st.lists(st.integers(0, 5), max_size=8),
    wanted=st.lists(st.integers(0, 7), max_size=10),
)
def test_votes_for_some_columns_are_the_votes_at_their_places(
    n_columns: int, pairs: list[tuple[int, int]], weights: list[int], rows: list[int], wanted: list[int]
) -> None:
    spread = n_columns // 8
    of_pairs = np.array([(row, column * spread) for row, column in pairs], np.int32).reshape(-1, 2)
    incidence = Incidence.of_pairs(of_pairs[:, 0], of_pairs[:, 1], 6, n_columns)
    voters, their = np.array(rows, np.int32), np.array([weights[row] for row in rows], np.float32)
    columns = np.array(wanted, np.int32) * np.int32(spread)
    expected = [
        sum(weights[row] for row in rows if (row, column // spread) in set(pairs)) for column in columns.tolist()
    ]
    found, votes = incidence.votes(voters, their)
    assert incidence.votes_for(voters, their, columns).tolist() == expected
    assert at_places(found, votes, columns).tolist() == expected


def ask(query: Query, limit: int, top: int) -> Retrieval:
    """Ask all generators of the small model."""
    return Retrieval.of(fitted("blend").generators_, query, limit, top)


@pytest.mark.parametrize("name", NAMES)
def test_every_generator_says_the_same_of_few_tracks_as_of_all(name: str) -> None:
    generator = next(generator for generator in fitted("blend").generators_ if generator.name == name)
    rng = np.random.default_rng(3)
    for query in (
        Query(),
        Query(SEEDS),
        Query(SEEDS, "rainy day"),
        Query(title="Été"),
        Query(artists=np.array([3], np.int32)),
    ):
        scoring = generator.score(query)
        dense = scoring.dense()
        some = rng.choice(CORPUS.n_tracks, 30, replace=False).astype(np.int32)
        np.testing.assert_allclose(scoring.at(some), dense[some], rtol=1e-4, atol=1e-7)
        top = scoring.top(10)
        assert len(set(top.tolist())) == len(top) == min(10, int((dense > 0).sum()))
        assert dense[top].min(initial=np.inf) >= np.sort(dense)[::-1][: len(top)].min(initial=np.inf) - 1e-6


class TestRetrieval:
    def test_names_no_seed_and_nothing_that_is_excluded(self) -> None:
        retrieval = ask(Query(SEEDS, "rainy day"), 40, 20)
        for opinion in retrieval.opinions.values():
            assert not np.isin(opinion.found, SEEDS).any()
            assert opinion.found.size <= 40 + len(SEEDS)
        whole = retrieval.candidates(SEEDS)
        excluded = np.concatenate([SEEDS, whole[:7]])
        left = retrieval.candidates(excluded)
        assert left.tolist() == sorted(set(whole.tolist()) - set(excluded.tolist()))

    def test_names_for_each_generator_its_greatest_scores(self) -> None:
        retrieval = ask(Query(SEEDS), 15, 20)
        for name, opinion in retrieval.opinions.items():
            scores = opinion.scoring.dense()
            scores[SEEDS] = 0
            named = set(opinion.found.tolist())
            best = {int(track) for track in greatest(scores, 15) if scores[track] > np.sort(scores)[-16]}
            assert best <= named, name

    def test_seeds_do_not_set_the_scale_of_a_generator(self) -> None:
        for query in (Query(SEEDS, "rainy day"), Query(SEEDS[:1])):
            retrieval = ask(query, CORPUS.n_tracks, 20)
            for opinion in retrieval.opinions.values():
                scores = opinion.scoring.dense()
                scores[query.seeds] = 0
                assert opinion.scale == pytest.approx(top_mean(scores, 20), rel=1e-4)

    def test_brings_generators_of_any_scale_to_one(self) -> None:
        retrieval = ask(Query(SEEDS, "rainy day"), CORPUS.n_tracks, 20)
        for opinion in retrieval.opinions.values():
            relative = opinion.relative(retrieval.candidates(SEEDS))
            assert top_mean(relative, 20) == pytest.approx(1.0 if relative.any() else 0.0, rel=1e-3)

    def test_blends_by_weights_and_tells_the_parts(self) -> None:
        retrieval = ask(Query(SEEDS, "rainy day"), 50, 20)
        tracks = retrieval.candidates(SEEDS)
        total, parts = retrieval.blended(tracks, WEIGHTS["several"])
        np.testing.assert_allclose(total, sum(parts.values()), rtol=1e-5)
        for name, part in parts.items():
            expected = WEIGHTS["several"][name] * retrieval.opinions[name].relative(tracks)
            np.testing.assert_allclose(part, expected, rtol=1e-4, atol=1e-6)
        only, parts = retrieval.blended(tracks, {"cooccurrence": 2.0})
        assert set(parts) == {"cooccurrence", "popularity"}
        assert parts["popularity"].max() < 1e-4 * only.max()

    def test_says_whether_anybody_has_found_something(self) -> None:
        names = {"cooccurrence", "neighbours"}
        assert ask(Query(SEEDS), 10, 10).says_something(names)
        assert not ask(Query(title="rainy day"), 10, 10).says_something(names)
        assert not ask(Query(SEEDS), 10, 10).says_something({"titles"})

    def test_of_no_generators_or_of_ones_without_an_answer_is_empty(self) -> None:
        interactions = Interactions.of(CORPUS)
        silent = Retrieval.of([Cooccurrence().learn(interactions)], Query(), 10, 10)
        for retrieval in (Retrieval.of([], Query(), 10, 10), silent):
            nothing = retrieval.candidates(np.zeros(0, np.int32))
            assert nothing.tolist() == []
            total, parts = retrieval.blended(nothing, WEIGHTS["title"])
            assert (total.tolist(), parts) == ([], {})

    def test_hands_out_only_the_kind_of_scores_that_a_generator_gives(self) -> None:
        retrieval = Retrieval.of([Popularity().fit(CORPUS), PlaylistNeighbours().fit(CORPUS)], Query(SEEDS), 10, 10)
        assert len(retrieval.scoring("neighbours", NeighbourScores).playlists)
        with pytest.raises(TypeError, match="popularity gave DenseScores, not NeighbourScores"):
            retrieval.scoring("popularity", NeighbourScores)
