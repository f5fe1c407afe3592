"""The catalogue finds tracks by URI, merges what files say about them, and tells artists and albums apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalogue import TRACKS_SCHEMA, TrackCatalogue
from recommender.records import Track

uris = st.from_regex(r"spotify:track:[0-9A-Za-z]{1,8}", fullmatch=True)


def rows(*tracks: Track) -> pa.Table:
    names = TRACKS_SCHEMA.names
    values = [{name: track.uri if name == "track_uri" else getattr(track, name) for name in names} for track in tracks]
    return pa.Table.from_pylist(values, schema=TRACKS_SCHEMA)


def catalogue(*tracks: Track) -> TrackCatalogue:
    return TrackCatalogue.merged([rows(*tracks)])


def artists(*tracks: tuple[str | None, str | None]) -> list[int]:
    """Return the artist ids of tracks that are given by (artist URI, artist name)."""
    numbered = enumerate(tracks)
    return catalogue(
        *[Track(f"{n:03}", artist_uri=uri, artist_name=name) for n, (uri, name) in numbered]
    ).artist_ids.tolist()


@given(st.lists(uris, unique=True, max_size=30), st.lists(uris | st.text(max_size=60), max_size=20))
def test_every_known_uri_is_found_and_no_other(known: list[str], asked: list[str]) -> None:
    tracks = catalogue(*map(Track, known))
    assert [tracks.uri(index) for index in range(len(tracks))] == sorted(known)
    expected = [sorted(known).index(uri) if uri in known else -1 for uri in [*known, *asked]]
    assert tracks.indices_of([*known, *asked]).tolist() == expected
    assert tracks.indices_of(known).dtype == np.int32
    for uri in asked:
        assert tracks.index_of(uri) == (sorted(known).index(uri) if uri in known else -1)


@pytest.mark.parametrize(
    "uri", ["", "spotify:track:a\0", "spotify:track:ab", "spotify:track:", "é", "\udc00", "a" * 99]
)
def test_a_uri_that_is_almost_known_is_unknown(uri: str) -> None:
    assert catalogue(Track("spotify:track:a")).index_of(uri) == -1


def test_a_memory_mapped_catalogue_answers_the_same(tmp_path: Path) -> None:
    whole = catalogue(Track("b", name="B"), Track("a", name="A"))
    np.save(tmp_path / "uris.npy", whole.uris)
    mapped = TrackCatalogue(np.load(tmp_path / "uris.npy", mmap_mode="r"), whole.table)
    assert mapped.indices_of(["b", "c"]).tolist() == [1, -1]
    assert mapped.track(1) == Track("b", name="B")


def test_tracks_come_in_the_order_asked_for_with_all_that_is_known() -> None:
    first = Track("a", "A", "Artist", "artist:1", "Album", "album:1", 1000)
    tracks = catalogue(Track("b"), first)
    assert tracks.tracks([1, 0, 1]) == [Track("b"), first, Track("b")]
    assert tracks.tracks(np.array([], np.int64)) == []


def test_of_each_field_the_first_value_that_is_known_counts() -> None:
    tables = [
        rows(Track("a", name=None, artist_name="first"), Track("b", duration_ms=1)),
        rows(Track("a", name="second", artist_name="second", duration_ms=2), Track("a", name="third")),
    ]
    merged = TrackCatalogue.merged(tables)
    assert merged.track(0) == Track("a", name="second", artist_name="first", duration_ms=2)


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.sampled_from("xyz"))), max_size=6))
def test_merging_in_batches_is_merging_at_once(tables: list[list[tuple[str, str | None]]]) -> None:
    known: dict[str, str | None] = {}
    for uri, name in (row for table in tables for row in table):
        known[uri] = known.get(uri) or name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.catalogue._ROWS_A_MERGE", 2)
        merged = TrackCatalogue.merged(rows(*[Track(uri, name=name) for uri, name in table]) for table in tables)
    assert [(t.uri, t.name) for t in merged.tracks(range(len(merged)))] == sorted(known.items())


def test_an_artist_is_told_by_uri_else_by_folded_name() -> None:
    ids = artists(("u:1", "Beyoncé"), ("u:2", "Beyoncé"), (None, "STRASSE"), (None, " straße "), (None, None))
    assert ids[0] != ids[1]
    assert ids[2] == ids[3]
    assert ids[4] == -1
    assert len(set(ids)) == 4


def test_a_name_without_uri_joins_the_one_uri_that_goes_with_it() -> None:
    ids = artists((None, "soja"), ("u:1", "SOJA"), ("u:1", "SOJA feat. X"), (None, "Soja feat. x"))
    assert len(set(ids)) == 1


def test_a_name_that_two_artists_share_stays_by_itself() -> None:
    ids = artists((None, "Nova"), ("u:1", "Nova"), ("u:2", "nova"), (None, "NOVA"))
    assert ids[0] == ids[3]
    assert len(set(ids)) == 3


def test_artist_keys_name_the_artists() -> None:
    tracks = catalogue(Track("a", artist_uri="u:1", artist_name="X"), Track("b", artist_name="The  Y"), Track("c"))
    assert [tracks.artist_keys[index] for index in tracks.artist_ids[:2]] == ["u:1", "the y"]
    assert tracks.artist_ids.dtype == np.int32


def test_albums_of_one_title_by_two_artists_are_two_albums() -> None:
    tracks = catalogue(
        Track("a", artist_name="X", album_name="Greatest Hits"),
        Track("b", artist_name="Y", album_name="Greatest Hits"),
        Track("c", artist_name="x", album_name="greatest hits"),
        Track("d", artist_name="Y", album_name="Greatest Hits", album_uri="album:1"),
        Track("e", album_name="Greatest Hits"),
        Track("f", artist_name="Y"),
    )
    a, b, c, d, e, f = tracks.album_ids.tolist()
    assert a == c != b
    assert b == d
    assert e == f == -1
    assert tracks.album_keys[b] == "album:1"
    assert tracks.album_keys[a] == "x / greatest hits"


def test_an_empty_catalogue_answers() -> None:
    empty = TrackCatalogue.merged([])
    assert (len(empty), empty.index_of("a"), empty.artist_ids.tolist(), empty.album_keys) == (0, -1, [], [])


def test_uris_and_metadata_must_be_of_one_length() -> None:
    with pytest.raises(ValueError, match="1 URIs but 0 rows"):
        TrackCatalogue(np.array([b"a"]), TRACKS_SCHEMA.empty_table())
