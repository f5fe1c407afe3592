"""Telling recordings from releases."""

from __future__ import annotations

import pytest

from recommender.recordings import artist_key, recording_key
from recommender.records import Track


def key(name: str | None, artist: str | None = "Ann Lee") -> str:
    return recording_key(Track("spotify:track:1", name, artist))


@pytest.mark.parametrize(
    "release",
    [
        "blue door",
        "Blue Door - Remastered 2011",
        "Blue Door - 2011 Remaster",
        "Blue Door (Remastered)",
        "Blue Door (feat. Somebody Else)",
        "Blue Door - Radio Edit",
        "Blue Door (feat. X) - Remastered 2011",
        "Blüe Dóor",
    ],
)
def test_another_release_is_the_same_recording(release: str) -> None:
    assert key(release) == key("Blue Door")


@pytest.mark.parametrize("other", ["Blue Door - Live", "Blue Door (Someone Remix)", "Blue Doors", "Door"])
def test_a_live_version_or_a_remix_is_another_recording(other: str) -> None:
    assert key(other) != key("Blue Door")


def test_the_same_title_by_somebody_else_is_another_recording() -> None:
    assert key("Blue Door", "Bob Ray") != key("Blue Door")


@pytest.mark.parametrize("name", ["", None])
def test_a_track_without_a_name_is_a_recording_of_its_own(name: str | None) -> None:
    assert recording_key(Track("spotify:track:1", name, "Ann")) != recording_key(Track("spotify:track:2", name, "Ann"))


def test_a_title_of_punctuation_alone_keeps_it() -> None:
    assert key("???") != key("!!!")


def test_artists_are_compared_without_case_and_accents() -> None:
    assert artist_key(Track("a", "x", "BJÖRN")) == artist_key(Track("b", "y", "Bjorn"))
