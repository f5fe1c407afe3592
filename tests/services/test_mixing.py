"""Merging ranked lists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.services.mixing import interleave
from recommender.recordings import artist_key, recording_key
from recommender.records import Recommendation, Track


def recommendation(number: int, artist: str = "", name: str = "") -> Recommendation:
    track = Track(f"spotify:track:{number:022d}", name or f"Song {number}", artist or f"Artist {number}")
    return Recommendation(track, 1.0)


def numbers(chosen: list[Recommendation]) -> list[int]:
    return [int(r.track.uri.rsplit(":", 1)[-1]) for r in chosen]


def test_every_list_has_its_turn() -> None:
    lists = [[recommendation(i) for i in range(start, start + 5)] for start in (0, 10, 20)]
    assert numbers(interleave(lists, 6, max_per_artist=9)) == [0, 10, 20, 1, 11, 21]


def test_a_list_whose_best_track_is_taken_gives_its_next_instead_of_losing_its_turn() -> None:
    lists = [[recommendation(1), recommendation(2)], [recommendation(1), recommendation(3)]]
    assert numbers(interleave(lists, 3, max_per_artist=9)) == [1, 3, 2]


def test_an_artist_comes_no_more_often_than_allowed() -> None:
    lists = [[recommendation(i, artist="The Same") for i in range(5)], [recommendation(9)]]
    assert numbers(interleave(lists, 5, max_per_artist=2)) == [0, 9, 1]


def test_another_release_of_a_recording_is_the_same_recording() -> None:
    lists = [[recommendation(1, "Ann", "Blue Door"), recommendation(2, "ANN", "Blue Door - Remastered 2011")]]
    assert numbers(interleave(lists, 5, max_per_artist=9)) == [1]


def test_a_recording_that_is_owned_is_left_out_whatever_its_uri() -> None:
    owned = recording_key(Track("spotify:track:x", "Blue Door", "Ann"))
    lists = [[recommendation(1, "Ann", "Blue Door"), recommendation(2)]]
    assert numbers(interleave(lists, 5, max_per_artist=9, known_recordings={owned})) == [2]


candidates = st.builds(recommendation, st.integers(0, 30), st.sampled_from(["A", "B", "C"]), st.just(""))


@given(st.lists(st.lists(candidates, max_size=20), max_size=5), st.integers(0, 40), st.integers(1, 4))
def test_no_repeats_no_more_than_asked_and_the_cap_holds(lists: list[list[Recommendation]], k: int, cap: int) -> None:
    chosen = interleave(lists, k, max_per_artist=cap)
    assert len(chosen) <= k
    assert len({r.track.uri for r in chosen}) == len(chosen)
    artists = [artist_key(r.track) for r in chosen]
    assert all(artists.count(artist) <= cap for artist in artists)
