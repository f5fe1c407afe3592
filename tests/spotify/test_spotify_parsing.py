"""Spotify's JSON, well-formed and not, as the domain's values."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.library import ArtistRef, TrackInfo
from bot.spotify import parsing

TRACK: dict[str, object] = {
    "album": {
        "images": [
            {"url": "https://i.scdn.co/image/640", "height": 640, "width": 640},
            {"url": "https://i.scdn.co/image/300", "height": 300, "width": 300},
            {"url": "https://i.scdn.co/image/64", "height": 64, "width": 64},
        ],
        "name": "Night Bus Home",
        "uri": "spotify:album:1A2B3C4D5E6F7G8H9I0J1K",
    },
    "artists": [{"name": "Paper Lanterns", "uri": "spotify:artist:0L1M2N3O4P5Q6R7S8T9U0V"}, {"name": "Ostrich Hour"}],
    "duration_ms": 201_000,
    "explicit": False,
    "external_ids": {"isrc": "zz-abc-26-00001"},
    "external_urls": {"spotify": "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC"},
    "name": "Last Stop",
    "type": "track",
    "uri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
}

_KEYS = (
    "account_id added_at added_by album artists collaborative description display_name duration_ms explicit "
    "external_ids external_urls id images is_local isrc item items name next owner public snapshot_id spotify "
    "total track tracks type uri url width"
).split()
_words = st.one_of(
    st.text(st.characters(), max_size=20),
    st.sampled_from(
        [
            "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
            "spotify:track:",
            "spotify:local:a:b:c:1",
            "4uLU6hMCjMI75M1A2tKUQC",
            "https://x.example/?offset=100",
            "http://[",
            "track",
            "2026-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "a\0b",
            "\ud800",
            "&#0;&amp;",
        ]
    ),
)
_scalars = st.none() | st.booleans() | st.integers() | st.floats() | _words
_json = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=6,
)
_spoilt_track = st.dictionaries(st.sampled_from(_KEYS), _json, max_size=3).map(lambda changes: TRACK | changes)


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for inner in value:
            yield from texts_in(inner)
    elif dataclasses.is_dataclass(value):
        yield from texts_in(tuple(getattr(value, field.name) for field in dataclasses.fields(value)))


@settings(max_examples=150, deadline=None)
@given(_json | _spoilt_track | _spoilt_track.map(lambda track: {"item": track}))
def test_no_json_whatever_is_a_crash_and_all_text_can_be_stored(answer: object) -> None:
    values = [
        parsing.profile(answer),
        parsing.playlist(answer),
        parsing.entry(answer),
        parsing.track(answer),
        parsing.created_playlist(answer, "mine"),
    ]

    for text in texts_in(tuple(values)):
        assert "\0" not in text
        assert text.encode("utf-8").decode("utf-8") == text
    assert parsing.page_items(answer) is None or isinstance(parsing.page_items(answer), list)


@settings(max_examples=150, deadline=None)
@given(_json, st.integers(0, 1000))
def test_pages_always_come_to_an_end(answer: object, offset: int) -> None:
    try:
        following = parsing.next_offset(answer, offset)
    except ValueError:
        return

    assert following is None or following > offset


def test_a_track_keeps_what_is_known_of_it() -> None:
    assert parsing.track(TRACK) == TrackInfo(
        uri="spotify:track:4uLU6hMCjMI75M1A2tKUQC",
        name="Last Stop",
        artists=(ArtistRef("Paper Lanterns", "spotify:artist:0L1M2N3O4P5Q6R7S8T9U0V"), ArtistRef("Ostrich Hour")),
        album_name="Night Bus Home",
        album_uri="spotify:album:1A2B3C4D5E6F7G8H9I0J1K",
        duration_ms=201_000,
        explicit=False,
        isrc="ZZABC2600001",
        image_url="https://i.scdn.co/image/300",
        url="https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
    )


def test_a_track_of_which_nothing_but_the_uri_is_known_is_still_a_track() -> None:
    found = parsing.track({"uri": TRACK["uri"], "name": None, "artists": "?", "album": [], "duration_ms": "long"})

    assert found == TrackInfo(
        uri="spotify:track:4uLU6hMCjMI75M1A2tKUQC",
        name="Untitled track",
        url="https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
    )


@pytest.mark.parametrize("key", ["item", "track"])
def test_an_entry_is_read_under_its_old_and_its_new_name(key: str) -> None:
    found = parsing.entry(
        {"added_at": "2025-03-01T10:20:30Z", "added_by": {"id": "mira"}, "is_local": False, key: TRACK}
    )

    assert found is not None
    assert found.track.name == "Last Stop"
    assert found.added_at == datetime(2025, 3, 1, 10, 20, 30, tzinfo=UTC)
    assert found.added_by == "mira"


@pytest.mark.parametrize(
    "item",
    [
        None,
        {"item": None},
        {"item": TRACK | {"type": "episode", "uri": "spotify:episode:4uLU6hMCjMI75M1A2tKUQC"}},
        {"item": TRACK | {"uri": "spotify:local:Grandpa:Kitchen+Tapes:Polka:187"}},
        {"item": TRACK | {"is_local": True}},
        {"item": TRACK, "is_local": True},
        {"item": TRACK | {"uri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC\n"}},
        {"item": {"name": "no address"}},
    ],
)
def test_what_is_no_track_of_spotifys_is_skipped(item: object) -> None:
    assert parsing.entry(item) is None


@pytest.mark.parametrize("moment", ["1970-01-01T00:00:00Z", None, "yesterday", 5])
def test_a_moment_that_nobody_knows_is_none(moment: object) -> None:
    found = parsing.entry({"added_at": moment, "added_by": {"id": ""}, "item": TRACK})

    assert found is not None
    assert (found.added_at, found.added_by) == (None, None)


def test_a_playlist_keeps_what_is_known_of_it() -> None:
    found = parsing.playlist(
        {
            "id": "37abc",
            "name": " rainy sunday ",
            "description": "rock &amp; roll &#x2F; tea",
            "owner": {"id": "mira", "display_name": "Mira Solenne"},
            "collaborative": True,
            "public": None,
            "snapshot_id": "s1",
            "items": {"total": 34},
            "external_urls": {"spotify": "https://open.spotify.com/playlist/37abc"},
            "images": [{"url": "https://mosaic.scdn.co/x", "height": None, "width": None}],
        }
    )

    assert found is not None
    assert dataclasses.astuple(found) == (
        "37abc",
        "rainy sunday",
        "rock & roll / tea",
        "mira",
        "Mira Solenne",
        True,
        None,
        "s1",
        34,
        "https://open.spotify.com/playlist/37abc",
        "https://mosaic.scdn.co/x",
    )


@pytest.mark.parametrize("key", ["items", "tracks"])
def test_the_size_of_a_playlist_is_read_under_its_old_and_its_new_name(key: str) -> None:
    found = parsing.playlist({"id": "1", key: {"total": 7}})

    assert found is not None
    assert (found.total, found.name) == (7, "Untitled playlist")


@pytest.mark.parametrize("answer", [None, {}, {"id": ""}, {"id": "../me"}, {"id": "a/b"}, {"id": 5}, {"name": "x"}])
def test_a_playlist_without_a_usable_id_is_left_out(answer: object) -> None:
    assert parsing.playlist(answer) is None


def test_the_profile_is_keyed_by_account_id_and_falls_back_to_id() -> None:
    both = parsing.profile({"account_id": "acc", "id": "mira", "display_name": "Mira"})
    old = parsing.profile({"id": "mira", "display_name": None})

    assert both is not None
    assert (both.account_id, both.user_id, both.display_name) == ("acc", "mira", "Mira")
    assert old is not None
    assert (old.account_id, old.user_id, old.display_name) == ("mira", "mira", "mira")
    assert parsing.profile({"display_name": "nobody"}) is None


def test_links_that_are_no_web_addresses_are_not_shown() -> None:
    found = parsing.track(TRACK | {"external_urls": {"spotify": "javascript:alert(1)"}})

    assert found is not None
    assert found.url == "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC"


@pytest.mark.parametrize(
    ("address", "offset"),
    [
        (None, None),
        ("https://api.spotify.com/v1/users/mira/playlists?offset=50&limit=50", 50),
        ("https://elsewhere.example/?limit=20&offset=20", 20),
    ],
)
def test_only_the_offset_of_the_next_page_is_taken(address: str | None, offset: int | None) -> None:
    assert parsing.next_offset({"next": address}, 0) == offset


@pytest.mark.parametrize("address", ["https://x.example/?offset=50", "https://x.example/", "http://[", "?offset=x", 5])
def test_a_next_page_that_does_not_lead_on_is_a_fault(address: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsing.next_offset({"next": address}, 50)


def test_json_numbers_beyond_a_database_integer_are_left_out() -> None:
    found = parsing.track(json.loads(json.dumps(TRACK | {"duration_ms": 10**30})))

    assert found is not None
    assert found.duration_ms is None
