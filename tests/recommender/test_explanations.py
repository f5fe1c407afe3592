"""A reason is true: its counts are in the data, and its share of the score is what the score would lose."""

from __future__ import annotations

import re

import numpy as np
import pytest
from ranked_worlds import fitted, quick_generators
from taste_groups import make_corpus, make_features, make_track

from recommender import Hybrid, Playlist, PlaylistCorpus, Reason, Recommendation, Track
from recommender.blending import WEIGHTS, kind_of
from recommender.candidates import (
    GENERATORS,
    Artists,
    Content,
    Cooccurrence,
    Factors,
    PlaylistNeighbours,
    Popularity,
    Query,
    Titles,
)
from recommender.explain import Explanations
from recommender.features import FEATURE_NAMES
from recommender.topk import top_mean

CORPUS = make_corpus()
FEATURES = make_features(CORPUS, known=1.0)
MODEL = Hybrid(generators=quick_generators(), ranker="blend").fit(CORPUS, FEATURES)
SEEDS = CORPUS.tracks_of(0)[:6]
HAS = CORPUS.matrix.toarray() > 0
ARTISTS_OF = [{track.artist_name for track in CORPUS.catalogue.tracks(CORPUS.tracks_of(row))} for row in range(80)]
SEED_URIS = [CORPUS.catalogue.uri(int(index)) for index in SEEDS]


@pytest.fixture(params=["blend", "lambdarank"])
def model(request: pytest.FixtureRequest) -> Hybrid:
    """Return a model of all generators, without and with a ranker."""
    return MODEL if request.param == "blend" else fitted(request.param)


def only(name: str, weight: float = 1.0) -> Hybrid:
    """Return a fitted model in which one generator does all the work."""
    generator = next(kind for kind in GENERATORS if kind.name == name)()
    return Hybrid({kind: {name: weight} for kind in WEIGHTS}, generators=[generator]).fit(CORPUS, FEATURES)


def with_reason(answer: list[Recommendation], kind: str) -> list[tuple[Track, Reason]]:
    found = [(r.track, reason) for r in answer for reason in r.reasons if reason.kind == kind]
    assert found
    return found


def playlists_with(*uris: str) -> int:
    return int(HAS[:, [CORPUS.catalogue.index_of(uri) for uri in uris]].all(axis=1).sum())


def test_together_counts_the_playlists_that_have_both() -> None:
    for track, reason in with_reason(only("cooccurrence").recommend(SEED_URIS), "cooccurrence"):
        (seed,) = reason.seeds
        name = CORPUS.catalogue.track(CORPUS.catalogue.index_of(seed)).name
        assert reason.count == playlists_with(track.uri, seed) > 0
        noun = "playlist" if reason.count == 1 else "playlists"
        assert reason.text == f"in {reason.count} {noun} together with {name}"


def test_without_the_named_seed_the_score_falls_by_what_it_contributed(model: Hybrid) -> None:
    generator = next(generator for generator in model.generators_ if generator.name == "cooccurrence")
    explained = [track for track in model.rank(SEEDS, k=10).tolist() if generator.reasons(Query(SEEDS), track)]
    assert len(explained) >= 5
    for track in explained:
        reason = generator.reasons(Query(SEEDS), track)[0]
        contributions = generator.contributions(Query(SEEDS), track)
        assert contributions is not None
        place = SEED_URIS.index(reason.seeds[0])
        assert contributions[place] == contributions.max()
        lost = generator.scores(Query(SEEDS))[track] - generator.scores(Query(np.delete(SEEDS, place)))[track]
        assert lost == pytest.approx(contributions[place], rel=1e-3)


def test_neighbours_count_the_nearest_playlists_that_have_the_track() -> None:
    generator = PlaylistNeighbours().fit(CORPUS)
    nearest, _ = generator.neighbours(Query(SEEDS), 100)
    for track, reason in with_reason(only("neighbours").recommend(SEED_URIS), "neighbours"):
        index = CORPUS.catalogue.index_of(track.uri)
        count = sum(index in CORPUS.tracks_of(int(playlist)) for playlist in nearest)
        assert reason.count == count > 0
        assert reason.text.startswith(f"{count} of the {len(nearest)} playlists most like your playlist ha")


def test_of_one_track_neighbours_say_which_playlists_they_are() -> None:
    generator = PlaylistNeighbours().fit(CORPUS)
    seed = CORPUS.catalogue.index_of(SEED_URIS[0])
    artist = CORPUS.catalogue.artist_ids[seed]
    nearest, _ = generator.neighbours(Query(np.array([seed], np.int32)), 100)
    for playlist in nearest.tolist():
        tracks = CORPUS.tracks_of(playlist)
        assert seed in tracks or artist in CORPUS.catalogue.artist_ids[tracks]
    named = CORPUS.catalogue.track(seed).name
    for _, reason in with_reason(only("neighbours").recommend(SEED_URIS[:1]), "neighbours"):
        assert f"playlists with {named} or its artist ha" in reason.text


def test_titles_count_playlists_with_a_title_that_is_alike() -> None:
    similar, similarities = Titles().fit(CORPUS).similar_playlists("rainy day")
    alike = similar[similarities >= 0.5].tolist()
    assert {CORPUS.title(row) for row in alike} == {"rainy day"}
    for track, reason in with_reason(only("titles").recommend(title="rainy day"), "titles"):
        if "title like" not in reason.text:
            continue
        index = CORPUS.catalogue.index_of(track.uri)
        assert reason.count == sum(index in CORPUS.tracks_of(row) for row in alike)
        assert reason.text.endswith("with a title like 'rainy day'")


def test_a_track_found_beside_a_title_says_beside_what() -> None:
    on_title, beside = Track("spotify:track:on-title", "Umbrella"), Track("spotify:track:beside", "Coat")
    playlists = [Playlist(0, (on_title,), "rainy day"), Playlist(1, (on_title, beside), "misc")]
    corpus = PlaylistCorpus.from_playlists(playlists)
    reasons = Titles().fit(corpus).reasons(Query(title="rainy day"), corpus.catalogue.index_of(beside.uri))
    assert [reason.text for reason in reasons] == ["in 1 playlist together with Umbrella, which fits the title"]


def test_a_very_long_title_is_shortened_in_the_sentence() -> None:
    title = "rainy day " * 1000
    for _, reason in with_reason(only("titles").recommend(title=title), "titles"):
        assert len(reason.text) < 120


def test_the_same_artist_is_said_to_be_in_the_playlist() -> None:
    names = {track.artist_name for track in CORPUS.catalogue.tracks(SEEDS)}
    for track, reason in with_reason(only("artists").recommend(SEED_URIS), "artists"):
        if reason.text.startswith("more by"):
            assert track.artist_name in names
            assert reason.text == f"more by {track.artist_name}, who is in your playlist"
            seeds = [CORPUS.catalogue.track(CORPUS.catalogue.index_of(uri)) for uri in reason.seeds]
            assert {seed.artist_name for seed in seeds} == {track.artist_name}
        else:
            assert track.artist_name not in names


def test_a_related_artist_shares_as_many_playlists_as_is_said() -> None:
    related = [
        (track, reason)
        for track, reason in with_reason(only("artists").recommend(SEED_URIS, k=200), "artists")
        if "share" in reason.text
    ]
    assert related
    for track, reason in related:
        match = re.fullmatch(r"(.+) and (.+) share (\d+) playlists?", reason.text)
        assert match is not None
        assert match[1] == track.artist_name
        assert int(match[3]) == reason.count == rows_of({match[1], match[2]})


def test_the_features_that_are_named_are_near_the_seeds() -> None:
    generator = Content().fit(CORPUS, FEATURES)
    values = FEATURES.aligned(CORPUS.catalogue)
    for track, reason in with_reason(only("content").recommend(SEED_URIS), "content"):
        named = reason.text.removesuffix(" near your playlist").split(" and ")
        assert 1 <= len(named) <= 2
        for name in named:
            column = values[:, FEATURE_NAMES.index("valence" if name == "mood" else name)]
            ranks = np.array([np.nanmean(column <= value) for value in column])
            mean = np.mean(ranks[SEEDS][np.isfinite(column[SEEDS])])
            assert abs(ranks[CORPUS.catalogue.index_of(track.uri)] - mean) < 0.25
    assert generator.reasons(Query(), 0) == []


def test_content_is_silent_about_a_track_far_from_the_seeds() -> None:
    far = CORPUS.catalogue.index_of(make_track(3).uri)
    near_only = [make_track(number).uri for number in (0, 4, 8, 12, 16)]
    query = Query(CORPUS.catalogue.indices_of(near_only))
    assert Content().fit(CORPUS, FEATURES).reasons(query, far) == []


def test_popularity_counts_playlists() -> None:
    for track, reason in with_reason(only("popularity").recommend(SEED_URIS), "popularity"):
        assert reason.count == playlists_with(track.uri)


def parts_of_the_blend(model: Hybrid, query: Query) -> dict[str, np.ndarray]:
    """Return what each generator adds to the blended score of every track, reckoned from its scores of all tracks."""
    parts = {}
    for generator in model.generators_:
        scores = generator.scores(query)
        scores[query.seeds] = 0
        weight = WEIGHTS[kind_of(query)].get(generator.name, 0.0)
        weight = max(weight, 1e-6) if generator.name == "popularity" else weight
        scale = top_mean(scores, model.top)
        if weight and scale:
            parts[generator.name] = weight * scores / scale
    return parts


def test_shares_are_the_generators_parts_of_what_speaks_for_a_track_and_in_order(model: Hybrid) -> None:
    answer = model.recommend(SEED_URIS, "rainy day", k=20)
    parts = parts_of_the_blend(model, Query(SEEDS, "rainy day"))
    total = sum(parts.values())
    for recommendation in answer:
        index = CORPUS.catalogue.index_of(recommendation.track.uri)
        shares = [reason.share for reason in recommendation.reasons]
        assert shares == sorted(shares, reverse=True)
        if model is MODEL:
            assert recommendation.score == pytest.approx(total[index], rel=1e-3)
        for reason in recommendation.reasons:
            assert reason.share == pytest.approx(parts[reason.kind][index] / total[index], rel=1e-3)


TOGETHER = re.compile(r"in (\d+) playlists? together with (.+)")
NEAREST = re.compile(
    r"(?:(\d+) of the (\d+)|the one) playlists? (?:most )?(like your playlist|with .+ or its artist) ha\S+ it"
)
SHARED = re.compile(r"(.+) and (.+) share (\d+) playlists?")
TITLED = re.compile(r"in (\d+) playlists? with a title like '(.+)'")
NEIGHBOURS, TITLES = PlaylistNeighbours().fit(CORPUS), Titles().fit(CORPUS)
POPULAR = re.compile(r"popular: in (\d+) playlists?")


def rows_of(names: set[str]) -> int:
    """Return how many playlists have tracks by all of these artists."""
    return sum(names <= artists for artists in ARTISTS_OF)


def counted_again(model: Hybrid, track: Track, reason: Reason, query: Query) -> None:
    """Fail unless a sentence is one that is known here and every number in it can be counted in the corpus."""
    catalogue, index = CORPUS.catalogue, CORPUS.catalogue.index_of(track.uri)
    named = [catalogue.track(catalogue.index_of(uri)) for uri in reason.seeds]
    if reason.kind == "cooccurrence":
        match = TOGETHER.fullmatch(reason.text)
        assert match is not None
        assert [seed.name for seed in named] == [match[2]]
        assert int(match[1]) == reason.count == playlists_with(track.uri, named[0].uri) > 0
    elif reason.kind == "neighbours":
        match = NEAREST.fullmatch(reason.text)
        assert match is not None
        nearest, _ = NEIGHBOURS.neighbours(query, 100)
        count = int(HAS[nearest, index].sum())
        assert (int(match[1] or 1), int(match[2] or 1)) == (count, len(nearest))
        assert count == reason.count > 0
    elif reason.kind == "artists":
        match = SHARED.fullmatch(reason.text)
        if match is None:
            assert reason.text.split(", ")[0] == f"more by {track.artist_name}"
            assert named
            assert {seed.artist_name for seed in named} == {track.artist_name}
        else:
            assert match[1] == track.artist_name
            assert match[2] == named[0].artist_name
            assert int(match[3]) == reason.count == rows_of({match[1], match[2]}) > 0
    elif reason.kind == "popularity":
        match = POPULAR.fullmatch(reason.text)
        assert match is not None
        assert int(match[1]) == reason.count == playlists_with(track.uri)
    elif reason.kind == "titles":
        rows, similarities = TITLES.similar_playlists(query.title)
        match = TITLED.fullmatch(reason.text)
        if match is None:
            match = TOGETHER.fullmatch(reason.text.removesuffix(", which fits the title"))
            assert match is not None
            (beside,) = [t.uri for t in catalogue.tracks(np.arange(CORPUS.n_tracks)) if t.name == match[2]]
            assert int(match[1]) == reason.count == playlists_with(track.uri, beside) > 0
        else:
            assert match[2] == query.title
            count = int(HAS[rows[similarities >= 0.5], index].sum())
            assert int(match[1]) == reason.count == count > 0
    elif reason.kind == "factors":
        factors = next(generator for generator in model.generators_ if isinstance(generator, Factors))
        assert reason.text == f"turns up in the same kind of playlists as {named[0].name}"
        cosines = factors.cosines(np.array([index]), query.seeds)[0]
        assert cosines.max() > 0.5
        assert query.seeds[np.argmax(cosines)] == catalogue.index_of(named[0].uri)
    elif reason.kind == "title-map":
        assert reason.text == f"turns up in the kind of playlists that are called like '{query.title}'"
    else:
        assert reason.kind == "content"
        assert reason.text.endswith(" near your playlist")
    assert (reason.count is None) == (reason.kind in ("factors", "title-map", "content") or "more by" in reason.text)


@pytest.mark.parametrize(
    ("n_seeds", "title"),
    [(0, None), (0, "rainy day"), (1, None), (3, "Été"), (6, None), (6, "rainy day"), (40, "misc")],
)
def test_whatever_a_reason_says_can_be_counted_again(model: Hybrid, n_seeds: int, title: str | None) -> None:
    seeds = np.unique(CORPUS.indices)[:: 240 // max(n_seeds, 1) - 1][:n_seeds] if n_seeds > 6 else SEEDS[:n_seeds]
    query = Query(seeds.astype(np.int32), title)
    given = {CORPUS.catalogue.uri(int(index)) for index in seeds}
    parts = parts_of_the_blend(model, query)
    answer = model.recommend(list(map(CORPUS.catalogue.uri, seeds.tolist())), title, k=25)
    assert len(answer) == 25
    for recommendation in answer:
        assert recommendation.reasons
        shares = {reason.kind: reason.share for reason in recommendation.reasons}
        assert 0 < sum(shares.values()) <= 1 + 1e-5
        index = CORPUS.catalogue.index_of(recommendation.track.uri)
        for reason in recommendation.reasons:
            assert set(reason.seeds) <= given
            assert parts[reason.kind][index] > 0
            assert reason.share == shares[reason.kind]
            counted_again(model, recommendation.track, reason, query)


def test_every_recommendation_of_a_taste_has_a_reason_and_at_most_as_many_as_asked() -> None:
    answer = MODEL.recommend(SEED_URIS, "rainy day", k=20, max_reasons=2)
    assert all(1 <= len(recommendation.reasons) <= 2 for recommendation in answer)
    assert all(r.reasons == () for r in MODEL.recommend(SEED_URIS, k=5, max_reasons=0))


def test_each_generator_speaks_once_before_any_speaks_twice() -> None:
    def talkative(kind: str) -> list[Reason]:
        return [Reason(kind, f"{kind} {number}", 1.0) for number in range(3)]

    explanations = Explanations([lambda _: talkative("a"), lambda _: talkative("b"), lambda _: talkative("c")], 3)
    assert [reason.text for reason in explanations.reasons(0, [0.2, 0.5, 0.3])] == ["b 0", "c 0", "a 0"]
    assert [reason.text for reason in explanations.reasons(0, [0.2, 0.78, 0.02])] == ["b 0", "b 1", "a 0"]
    assert [reason.text for reason in explanations.reasons(0, [0.0, 0.03, 0.0])] == ["b 0", "b 1", "b 2"]


def test_no_generator_speaks_that_added_nothing() -> None:
    generators = [Cooccurrence(), Popularity(), Artists()]
    model = Hybrid({kind: {"cooccurrence": 1.0} for kind in WEIGHTS}, generators=generators).fit(CORPUS)
    kinds = {reason.kind for r in model.recommend(SEED_URIS, k=10) for reason in r.reasons}
    assert kinds == {"cooccurrence"}
