"""What titles say: how they are read, who votes, whom they name, and where they lie among playlists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from taste_groups import group_of, make_corpus

from recommender import Playlist, PlaylistCorpus, Track
from recommender.candidates import CandidateGenerator, Query, TitleMap, Titles
from recommender.candidates.title_map import _ridge
from recommender.candidates.title_text import DistinctTitles, TitleParts, TitleVectors, hashed, name_key
from recommender.candidates.titles import _nearest

CORPUS = make_corpus()
BOTH = (Titles, TitleMap)


def fitted(kind: type[CandidateGenerator], corpus: PlaylistCorpus, **parameters: object) -> CandidateGenerator:
    if kind is TitleMap:
        parameters = {"dimensions": 8, "ridge": 1.0, "least_playlists": 1, **parameters}
    return kind(**parameters).fit(corpus)


def track(name: str, artist: str | None = None) -> Track:
    return Track(f"spotify:track:{name}", name, artist)


def scored(generator: CandidateGenerator, title: str, seeds: tuple[str, ...] = ()) -> dict[str, float]:
    """Return the score of each track, by the last part of its URI."""
    catalogue = generator.interactions_.corpus.catalogue
    query = Query(catalogue.indices_of([f"spotify:track:{seed}" for seed in seeds]), title)
    names = [uri.decode().rsplit(":", 1)[1] for uri in catalogue.uris.tolist()]
    return dict(zip(names, generator.scores(query).tolist(), strict=True))


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Chillllllin'", ("chillin",)),
        ("90's", ("90s",)),
        ("the 1990s", ("the", "90s")),
        ("90 s", ("90s",)),
        ("C H R I S T M A S", ("christmas",)),
        ("summer17", ("summer", "17")),
        ("Été_2016", ("ete", "2016")),
        ("🔥🔥 gym", ("🔥", "🔥", "gym")),
        ("100000", ("100000",)),
        ("  \t\n ", ()),
        ("!!! ...", ()),
    ],
)
def test_a_title_is_read_as_people_mean_it(title: str, words: tuple[str, ...]) -> None:
    assert TitleParts.of(title).words == words


@pytest.mark.parametrize(
    ("one", "other"),
    [("workouts", "Work-out".replace("-", "")), ("chilling", "chillin"), ("parties", "party"), ("jamz", "jams")],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert TitleParts.of(one).kinds[1] == TitleParts.of(other).kinds[1]


def test_words_that_say_nothing_and_their_order_do_not_tell_titles_apart() -> None:
    assert TitleParts.of("my country music playlist").kinds[2] == TitleParts.of("Country").kinds[2]
    assert TitleParts.of("rock & roll").kinds[2] == TitleParts.of("roll, rock").kinds[2]
    assert TitleParts.of("my playlist").kinds[2] != TitleParts.of("the songs").kinds[2]


@given(st.text(max_size=60))
def test_any_text_is_read_and_case_and_punctuation_change_nothing(text: str) -> None:
    parts = TitleParts.of(text)
    assert all(kind == tuple(sorted(set(kind))) for kind in parts.kinds)
    assert bool(parts.words) == all(parts.kinds)
    if text.isascii():
        assert TitleParts.of(text.swapcase()) == parts
    assert TitleParts.of(f"  {text} !") == parts or len(text) > 30


def test_hashes_are_the_same_on_every_machine_and_tell_kinds_apart() -> None:
    assert hashed(["rain", "été"]).tolist() == [1345626796, 858864234]
    assert hashed(["rain"], 1) != hashed(["rain"])


@settings(max_examples=30)
@given(st.lists(st.text("abc 🔥2", max_size=12), min_size=1, max_size=12))
def test_a_title_is_like_itself_and_no_title_is_more_so(titles: list[str]) -> None:
    distinct = DistinctTitles.of(titles)
    vectors = TitleVectors.of(distinct.parts, distinct.repeats)
    matrix = vectors.matrix(distinct.parts).toarray()
    likeness = matrix @ matrix.T
    assert (likeness <= np.diag(likeness)[:, None] + 1e-5).all() or (np.diag(likeness) <= 1 + 1e-5).all()
    for row, parts in zip(matrix, distinct.parts, strict=True):
        columns, values = vectors.vector(parts)
        dense = np.zeros(len(row))
        np.add.at(dense, columns, values)
        np.testing.assert_allclose(dense, row, atol=1e-6)
        assert 0.5 < np.linalg.norm(row) < 1 + 1e-5


def test_each_titled_playlist_is_counted_with_its_title_and_no_other_is() -> None:
    distinct = DistinctTitles.of(["Chill", None, "rock", "chill!", "", "..."])
    assert [parts.words for parts in distinct.parts] == [("chill",), ("rock",)]
    assert distinct.repeats.tolist() == [2, 1]
    assert distinct.playlists.tolist() == [0, 3, 2]


@settings(max_examples=50)
@given(st.lists(st.sampled_from([0.1, 0.25, 0.5, 1.0]), max_size=30), st.integers(0, 35))
def test_only_the_nearest_vote_and_of_equal_ones_some_from_everywhere(similarities: list[float], limit: int) -> None:
    values = np.array(similarities, np.float32)
    places = _nearest(values, limit)
    assert len(places) == len(set(places.tolist())) == min(limit, len(values))
    assert sorted(values[places].tolist()) == sorted(values.tolist())[len(values) - len(places) :]


def test_of_many_playlists_with_the_title_the_whole_range_votes() -> None:
    playlists = [Playlist(pid, (track(f"t{pid:03d}"),), "same") for pid in range(100)]
    voted = scored(Titles(max_playlists=10, presumed_seeds=0).fit(PlaylistCorpus.from_playlists(playlists)), "same")
    voters = [int(name[1:]) for name, score in voted.items() if score]
    assert len(voters) == 10
    assert min(voters) == 0
    assert max(voters) == 99


@pytest.mark.parametrize("kind", BOTH)
class TestBoth:
    @pytest.mark.parametrize("title", ["", "   ", "!?", "漢字の歌", "qqqq", "\ud83d", "\u200d"])
    def test_have_nothing_to_say_of_a_title_that_says_nothing_known(
        self, kind: type[CandidateGenerator], title: str
    ) -> None:
        assert not fitted(kind, CORPUS).scores(Query(title=title)).any()

    def test_read_the_known_beginning_of_an_endless_title(self, kind: type[CandidateGenerator]) -> None:
        generator = fitted(kind, CORPUS)
        best = np.argsort(-generator.scores(Query(title="rainy day " + "z" * 10_000)), kind="stable")[:10]
        assert [group_of(track) for track in CORPUS.catalogue.tracks(best)].count(0) >= 7

    @pytest.mark.parametrize("title", ["Work Out!!", "💪🏽", "workoutttt", "WORKOUTS"])
    def test_understand_a_title_in_another_dress(self, kind: type[CandidateGenerator], title: str) -> None:
        best = np.argsort(-fitted(kind, CORPUS).scores(Query(title=title)), kind="stable")[:10]
        assert [group_of(track) for track in CORPUS.catalogue.tracks(best)].count(1) >= 7

    def test_say_the_same_with_seeds_that_have_nothing_to_do_with_the_title(
        self, kind: type[CandidateGenerator]
    ) -> None:
        generator = fitted(kind, CORPUS)
        some, others = Query(CORPUS.tracks_of(1)[:3], "rainy day"), Query(CORPUS.tracks_of(0)[:5], "rainy day")
        np.testing.assert_array_equal(generator.scores(some), generator.scores(others))

    def test_shorten_a_title_in_a_sentence(self, kind: type[CandidateGenerator]) -> None:
        generator = fitted(kind, CORPUS)
        query = Query(CORPUS.tracks_of(0)[:1], "rainy day " * 20)
        texts = [reason.text for index in range(CORPUS.n_tracks) for reason in generator.reasons(query, index)]
        assert texts
        assert max(map(len, texts)) < 150


class TestNamedArtists:
    PLAYLISTS = (
        *(Playlist(pid, (track("hit", "The Ann Band"), track(f"m{pid}", "Misc")), "party") for pid in range(8)),
        Playlist(8, (track("rare", "The Ann Band"), track("else", "Else")), "other"),
    )
    CORPUS = PlaylistCorpus.from_playlists(PLAYLISTS)

    @pytest.mark.parametrize("title", ["Ann Band", "best of the ANN BAND", "annband"])
    def test_have_their_tracks_found_where_no_playlist_is_called_so(self, title: str) -> None:
        scores = scored(Titles().fit(self.CORPUS), title, ("else",))
        assert {name for name, score in scores.items() if score} == {"hit", "rare"}
        assert scores["hit"] > scores["rare"]

    def test_are_named_in_the_reason(self) -> None:
        generator = Titles().fit(self.CORPUS)
        rare = self.CORPUS.catalogue.index_of("spotify:track:rare")
        assert [reason.text for reason in generator.reasons(Query(title="Ann Band"), rare)] == [
            "by The Ann Band, whom the title 'Ann Band' names"
        ]
        other = self.CORPUS.catalogue.index_of("spotify:track:m1")
        assert not any("names" in reason.text for reason in generator.reasons(Query(title="Ann Band"), other))

    def test_are_told_from_those_whose_name_is_part_of_theirs(self) -> None:
        short = [Playlist(20 + pid, (track("solo", "Ann"),), "other") for pid in range(9)]
        scores = scored(Titles().fit(PlaylistCorpus.from_playlists([*self.PLAYLISTS, *short])), "ann band", ("else",))
        assert scores["hit"]
        assert not scores["solo"]

    def test_count_more_the_more_of_the_title_their_name_is(self) -> None:
        generator = Titles(presumed_seeds=0).fit(self.CORPUS)
        assert scored(generator, "ann band")["rare"] > scored(generator, "ann band zzz qqq")["rare"] > 0

    def test_are_not_meant_by_a_word_that_playlists_use_for_something_else(self) -> None:
        chill = [Playlist(pid, (track(f"c{pid % 7}", "Calm"),), "chill") for pid in range(40)]
        named_so = [Playlist(100 + pid, (track("odd", "Chill"),), "other") for pid in range(9)]
        scores = scored(Titles(presumed_seeds=0).fit(PlaylistCorpus.from_playlists(chill + named_so)), "chill")
        assert 0 < scores["odd"] < min(scores[f"c{number}"] for number in range(7)) / 2

    def test_are_left_out_where_that_is_wished(self) -> None:
        assert not any(scored(Titles(named_artist=0).fit(self.CORPUS), "ann band").values())

    def test_are_found_however_they_are_spelt(self) -> None:
        assert name_key("The Beatles") == name_key("BEATLES")
        assert name_key("N.W.A") == name_key("n w a")
        assert name_key("Beyoncé") == "beyonce"


class TestTitleMap:
    def test_leads_from_a_title_to_tracks_that_only_playlists_of_other_titles_hold(self) -> None:
        shared = [track(f"s{number}") for number in range(6)]
        playlists = [Playlist(pid, (*shared[:5], track("wanted")), "feuer") for pid in range(10)]
        playlists += [Playlist(10 + pid, tuple(shared), "lagoon") for pid in range(10)]
        playlists += [Playlist(20 + pid, tuple(track(f"u{n}") for n in range(6)), "zzz") for pid in range(10)]
        corpus = PlaylistCorpus.from_playlists(playlists)
        scores = scored(fitted(TitleMap, corpus, dimensions=4), "lagoon")
        assert not scored(fitted(Titles, corpus, presumed_seeds=0), "lagoon")["wanted"]
        assert scores["wanted"] > 5 * max(scores[f"u{number}"] for number in range(6))

    def test_joins_what_two_words_hold(self) -> None:
        generator = fitted(TitleMap, CORPUS)
        both = np.argsort(-generator.scores(Query(title="old soul workout")), kind="stable")[:20]
        groups = [group_of(found) for found in CORPUS.catalogue.tracks(both)]
        assert groups.count(1) >= 4
        assert groups.count(3) >= 4

    def test_is_the_ridge_regression_of_all_titled_playlists(self) -> None:
        rng = np.random.default_rng(3)
        features, targets = rng.random((30, 12)) * (rng.random((30, 12)) < 0.4), rng.normal(size=(30, 5))
        expected = np.linalg.solve(features.T @ features + 2 * np.eye(12), features.T @ targets)
        found = _ridge(csr_matrix(features.astype(np.float32)), targets.astype(np.float32), 2.0)
        np.testing.assert_allclose(found, expected, atol=2e-4)

    def test_learns_from_so_many_titled_playlists_only(self) -> None:
        few, many = (fitted(TitleMap, CORPUS, max_titled=limit) for limit in (3, 1000))
        assert 0 < len(few.hashes_) < len(many.hashes_)

    def test_gives_a_reason_only_where_the_track_lies_the_titles_way(self) -> None:
        generator = fitted(TitleMap, CORPUS)
        query = Query(title="rainy day")
        explained = [index for index in range(CORPUS.n_tracks) if generator.reasons(query, index)]
        groups = [group_of(found) for found in CORPUS.catalogue.tracks(explained)]
        assert groups.count(0) > 0.7 * len(groups) > 10
