"""A reason is true: its counts are in the data, and its share of the score is what the score would lose."""

from __future__ import annotations

import re

import numpy as np
import pytest
from taste_groups import make_corpus, make_features, make_track

from recommender import Hybrid, Playlist, PlaylistCorpus, Reason, Recommendation, Track
from recommender.blending import WEIGHTS
from recommender.candidates import Artists, Content, Cooccurrence, PlaylistNeighbours, Popularity, Query, Titles
from recommender.explain import Explanations
from recommender.features import FEATURE_NAMES

CORPUS = make_corpus()
FEATURES = make_features(CORPUS, known=1.0)
MODEL = Hybrid().fit(CORPUS, FEATURES)
SEEDS = CORPUS.tracks_of(0)[:6]
SEED_URIS = [CORPUS.catalogue.uri(int(index)) for index in SEEDS]


def only(name: str, weight: float = 1.0) -> Hybrid:
    """Return a fitted model in which one generator does all the work."""
    return Hybrid({kind: {name: weight} for kind in WEIGHTS}).fit(CORPUS, FEATURES)


def with_reason(answer: list[Recommendation], kind: str) -> list[tuple[Track, Reason]]:
    found = [(r.track, reason) for r in answer for reason in r.reasons if reason.kind == kind]
    assert found
    return found


def playlists_with(*uris: str) -> int:
    rows = [set(np.flatnonzero(CORPUS.matrix[:, CORPUS.catalogue.index_of(uri)].toarray().ravel())) for uri in uris]
    return len(set.intersection(*rows))


def test_together_counts_the_playlists_that_have_both() -> None:
    for track, reason in with_reason(only("cooccurrence").recommend(SEED_URIS), "cooccurrence"):
        (seed,) = reason.seeds
        name = CORPUS.catalogue.track(CORPUS.catalogue.index_of(seed)).name
        assert reason.count == playlists_with(track.uri, seed) > 0
        noun = "playlist" if reason.count == 1 else "playlists"
        assert reason.text == f"in {reason.count} {noun} together with {name}"


def test_without_the_named_seed_the_score_falls_by_what_it_contributed() -> None:
    generator = next(generator for generator in MODEL.generators_ if generator.name == "cooccurrence")
    for track in MODEL.rank(SEEDS, k=10).tolist():
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
    artist_of = [{track.artist_name for track in CORPUS.catalogue.tracks(CORPUS.tracks_of(p))} for p in range(80)]
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
        assert int(match[3]) == reason.count == sum({match[1], match[2]} <= artists for artists in artist_of)


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


def test_shares_are_the_generators_parts_of_the_score_and_in_order() -> None:
    query = Query(SEEDS, "rainy day")
    answer = MODEL.recommend(SEED_URIS, "rainy day", k=20)
    parts = {part.generator.name: part for part in MODEL._parts(query)}
    for recommendation in answer:
        index = CORPUS.catalogue.index_of(recommendation.track.uri)
        shares = [reason.share for reason in recommendation.reasons]
        assert shares == sorted(shares, reverse=True)
        total = sum(part.factor * float(part.scores[index]) for part in parts.values())
        assert recommendation.score == pytest.approx(total, rel=1e-4)
        for reason in recommendation.reasons:
            part = parts[reason.kind]
            assert reason.share == pytest.approx(part.factor * float(part.scores[index]) / total, rel=1e-3)


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
