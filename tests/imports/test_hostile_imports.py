"""Files made to hurt, or hurt on the way: each gives a library or one clear sentence, and little is unpacked."""

from __future__ import annotations

import contextlib
import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from import_samples import NOW, exportify, item, liked, named, play, playlist, uri, zipped

from bot.domain.imports import ImportedLibrary, ImportLimits, ImportRefused
from bot.imports.collecting import Collection
from bot.imports.reader import UploadReader

GOOD = {"Playlist1.json": {"playlists": [playlist("Rainy", 1, 2)]}}


def read(content: bytes, name: str = "my_spotify_data.zip", **limits: int) -> ImportedLibrary:
    return UploadReader(replace(ImportLimits(), **limits)).read_file(name, content, NOW)


def refusal(content: bytes, name: str = "my_spotify_data.zip", **limits: int) -> str:
    with pytest.raises(ImportRefused) as refused:
        read(content, name, **limits)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert len(sentence) < 300
    return sentence


def with_member(info: zipfile.ZipInfo, content: bytes = b"{}") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, good in GOOD.items():
            archive.writestr(name, json.dumps(good))
        archive.writestr(info, content)
    return written.getvalue()


@pytest.mark.parametrize(
    "path",
    ["/etc/Playlist2.json", "../Playlist2.json", "a/../../Playlist2.json", "C:/Playlist2.json", "a\\Playlist2.json"],
)
def test_a_member_whose_path_leads_elsewhere_is_named_and_not_opened(path: str) -> None:
    library = read(with_member(zipfile.ZipInfo(path), json.dumps({"playlists": [playlist("Evil", 9)]}).encode()))
    assert [one.name for one in library.playlists] == ["Rainy"]
    assert "was not opened: its path" in library.problems[0]


def test_a_symbolic_link_is_named_and_not_opened() -> None:
    link = zipfile.ZipInfo("Playlist2.json")
    link.external_attr = 0o120777 << 16
    library = read(with_member(link, b"/etc/passwd"))
    assert "is a link or a device" in library.problems[0]
    assert [one.name for one in library.playlists] == ["Rainy"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_with_one_name_the_first_is_read() -> None:
    library = read(with_member(zipfile.ZipInfo("Playlist1.json"), json.dumps({"playlists": []}).encode()))
    assert [one.name for one in library.playlists] == ["Rainy"]
    assert "in the ZIP twice" in library.problems[0]


def test_a_zip_inside_the_zip_is_not_opened() -> None:
    assert "another ZIP inside" in refusal(zipped({"inner.zip": zipped(GOOD)}))


def test_a_password_is_named() -> None:
    content = bytearray(zipped(GOOD))
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + flags] |= 1
    assert "locked with a password" in refusal(bytes(content))


def test_other_ways_of_packing_are_not_unpacked() -> None:
    assert "packed in a way" in refusal(zipped(GOOD, zipfile.ZIP_LZMA))


def test_a_wrong_checksum_leaves_the_whole_file_out() -> None:
    content = bytearray(zipped({**GOOD, "YourLibrary.json": {"tracks": liked(4)}}, zipfile.ZIP_STORED))
    content[content.index(b"Song 1") + 5] = ord("7")
    library = read(bytes(content))
    assert library.playlists == ()
    assert len(library.liked) == 1
    assert "Playlist1.json was left out: it is damaged" in library.problems[0]


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x05\x06" + bytes(3), zipped(GOOD)[:200], b"hello"])
def test_what_is_no_zip_or_cut_off_is_one_sentence(content: bytes) -> None:
    assert "no ZIP file, or it was cut off" in refusal(content)


def test_an_empty_zip_and_one_without_anything_of_use_say_what_is_expected() -> None:
    for files in ({}, {"Identity.json": {}, "photo.jpg": b"x", "budget.csv": b"month,money\n1,2\n"}):
        assert "nothing in this ZIP" in refusal(zipped(files))


def test_sizes_and_numbers_are_limited() -> None:
    assert "larger than 1 MB" in refusal(bytes(1_000_001), file_bytes=1_000_000)
    assert "more than 5 files" in refusal(zipped({f"{n}.json": {} for n in range(6)}), members=5)
    big = {"Playlist1.json": json.dumps({"playlists": [], "x": "a" * 900_000}).encode()}
    assert "larger than 0 MB" in refusal(zipped(big), member_bytes=500_000)
    assert "more than 0 MB" in refusal(zipped(big), total_bytes=500_000)


def test_a_headers_promise_of_a_small_size_is_not_believed() -> None:
    content = bytearray(zipped({"Playlist1.json": b'{"playlists": [' + b" " * 3_000_000 + b"]}"}))
    for magic, size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(magic) + size, 10)
    refusal(bytes(content))


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    bomb = zipped({"endsong_0.json": b"[" + b" " * 60_000_000})
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        assert "unpacks to far more" in refusal(bomb)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("element", [b"[],", b"{},", b'"\\\\",', b"1,", b'{"ts":"2026-01-02","ms_played":1},'])
def test_a_file_that_would_be_large_in_memory_is_read_piece_by_piece(element: bytes) -> None:
    content = b"[" + element * (600_000 // len(element)) + b"0]"
    tracemalloc.start()
    try:
        refusal(content, "endsong_0.json")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


DAMAGED = {
    "deep": b'{"playlists": ' + b"[" * 200_000,
    "deep object": b'{"a":' * 200_000,
    "cut off": b'{"playlists": [{"name": "A", "items": [',
    "no JSON": b"%PDF-1.7",
    "an array": b"[1, 2]",
    "a huge string": b'{"playlists": [{"name": "' + bytes(range(35, 91)) * 40_000,
    "nothing": b"",
    "a key that is none": b"{1: 2}",
    "nul": b"\x00\x00\x00",
    "a bare number": b"12",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_json_is_one_sentence(content: bytes) -> None:
    assert "Playlist1.json" in refusal(zipped({"Playlist1.json": content}))


def test_a_file_made_to_take_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.imports.json_stream._MOST_ELEMENTS", 1_000)
    assert "longer than any of Spotify's" in refusal(b"[" + b"{}," * 2_000 + b"{}]", "endsong_0.json")
    assert "longer than any" in refusal(b'{"x":[' + b"1," * 2_000 + b"1]}", "Playlist1.json")
    assert len(read(json.dumps([play(n) for n in range(1_000)]).encode(), "endsong_0.json").listens) == 1_000


def test_what_stands_before_the_damage_is_kept() -> None:
    content = json.dumps({"playlists": [playlist("A", 1, 2), playlist("B", 3, 4)]}).encode()
    library = read(zipped({"Playlist1.json": content[:-160]}))
    assert [(one.name, len(one.entries)) for one in library.playlists] == [("A", 2), ("B", 1)]
    assert "only what stands before" in library.problems[0]


def test_long_numbers_nul_and_half_surrogates_hurt_nobody() -> None:
    raw = json.dumps([play(1), play(2, master_metadata_track_name="a\x00b\ud800c")])
    raw = raw.replace("180000", "1" * 100_000, 1)
    library = read(raw.encode(), "endsong_0.json")
    assert [one.track.name for one in library.listens] == ["a b\ufffdc"]


def test_names_are_cut_to_a_length_that_a_table_takes() -> None:
    long = playlist("x" * 100_000) | {"items": [item(1, trackName="y" * 100_000)]}
    [one] = read(zipped({"Playlist1.json": {"playlists": [long]}})).playlists
    assert (len(one.name), len(one.entries[0].track.name)) == (200, 500)


@pytest.mark.parametrize("content", [b'Track URI,Track Name\n"' + b"x" * 300_000, exportify(1)[:-30] + b'"\x00\n'])
def test_a_damaged_csv_is_a_library_or_a_sentence(content: bytes) -> None:
    with contextlib.suppress(ImportRefused):
        assert read(content, "x.csv").playlists


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"month,money\n1,2\n", b"<html>"])
def test_other_files_are_told_what_to_bring(content: bytes) -> None:
    assert "bring" in refusal(content, "file.bin")


PARTS = st.sampled_from(
    [
        b'{"playlists": [', b'{"name": "A", "items": [', b"]}", b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\",
        b"\x00", b"null", b"1e999", b"NaN", b"-", b"\xff", b"\xf0\x9f", b'"\\ud800"', b'"tracks"', b'"items"', b"\n",
        b";", json.dumps(item(1)).encode(),
        json.dumps(play(2)).encode(), json.dumps(named(3)).encode(), uri(4).encode(),
        exportify(5), b"Track URI,Track Name", b"9" * 5000,
    ]
)  # fmt: skip
BYTES = st.one_of(st.binary(max_size=400), st.lists(PARTS, max_size=30).map(b"".join))
NAMES = st.sampled_from(
    ["Playlist1.json", "YourLibrary.json", "StreamingHistory0.json", "endsong_0.json", "x.csv", "x.txt", "x.zip", ""]
)


def attempt(name: str, content: bytes) -> None:
    with contextlib.suppress(ImportRefused):
        library = read(content, name)
        assert not library.is_empty
        repr(library).encode()


@settings(max_examples=80, deadline=None)
@given(NAMES, BYTES)
def test_any_bytes_give_a_library_or_a_refusal(name: str, content: bytes) -> None:
    attempt(name, content)


@settings(max_examples=60, deadline=None)
@given(NAMES, BYTES)
def test_any_member_of_a_zip_gives_a_library_or_a_refusal(name: str, content: bytes) -> None:
    attempt("my_spotify_data.zip", zipped({name or "x": content}))


WHOLE = zipped({**GOOD, "endsong_0.json": [play(1)], "YourLibrary.json": {"tracks": liked(1)}, "a.csv": exportify(1)})


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@example([(WHOLE.index(b"PK\x01\x02") + 10, 99)])
def test_a_zip_with_wrong_bytes_gives_a_library_or_a_refusal(changes: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE)
    for place, byte in changes:
        content[place] = byte
    attempt("my_spotify_data.zip", bytes(content))


def cuts() -> Iterator[int]:
    yield from range(0, len(WHOLE), 29)


def test_a_zip_that_is_cut_anywhere_gives_a_refusal() -> None:
    for cut in cuts():
        assert refusal(WHOLE[:cut])


def test_many_files_together_are_given_up_before_they_take_minutes() -> None:
    lines = b"Track URI,Track Name\n" + b"\n" * 400
    for files in (
        {f"{n}.csv": lines for n in range(3)},
        {f"endsong_{n}.json": [{}] * 400 for n in range(3)},
        {"a.csv": lines, "YourLibrary.json": {"artists": [1] * 300}, "endsong_1.json": [{}] * 400},
    ):
        assert "more than 1,000 entries" in refusal(zipped(files), elements=1_000)
        assert "more than 1,000" not in refusal(zipped(files), elements=2_000)


def test_different_names_may_not_fill_the_memory_and_the_same_one_costs_nothing_more() -> None:
    long = "x" * 400 + "\N{GRINNING FACE}"
    plays = [{"endTime": "2026-01-02 03:04", "artistName": "A", "trackName": f"{n}{long}"} for n in range(200)]
    many = {"StreamingHistory0.json": [{**one, "msPlayed": 40_000} for one in plays]}
    assert "too many different names" in refusal(zipped(many), remembered_bytes=200_000)
    tracks = {"tracks": [{"uri": uri(n), "track": f"{n}{long}", "artist": "A"} for n in range(200)]}
    assert "too many different names" in refusal(zipped({"YourLibrary.json": tracks}), remembered_bytes=200_000)
    rows = "".join(f"{uri(n)},{n}{long}\n" for n in range(200))
    assert "too many different names" in refusal(
        zipped({"a.csv": f"Track URI,Track Name\n{rows}".encode()}), remembered_bytes=200_000
    )
    same = {"StreamingHistory0.json": [{**plays[0], "msPlayed": 40_000}] * 5_000}
    assert len(read(zipped(same), remembered_bytes=200_000, ratio=10_000).named_listens) == 5_000


def test_files_without_end_do_not_sort_all_plays_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    cuts = 0
    cut = Collection._cut_listens

    def counting(collection: Collection) -> None:
        nonlocal cuts
        cuts += 1
        cut(collection)

    monkeypatch.setattr(Collection, "_cut_listens", counting)
    library = read(zipped({f"endsong_{n}.json": [play(n), play(n + 1)] for n in range(100)}), listens=50)
    assert len(library.listens) == 50
    assert cuts < 10
