"""Bad input is named, counted and left out; all the rest is imported."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recommender.corpus import PlaylistCorpus
from recommender.errors import CorpusError
from recommender.mpd import ImportReport, import_mpd, read_playlists
from recommender.problems import Problem, ProblemLog
from recommender.records import SOURCE_CHALLENGE, SOURCE_MPD, Playlist


def uri(number: int) -> str:
    return f"spotify:track:{number:022d}"


def playlist(pid: object, *tracks: int, **fields: object) -> dict[str, Any]:
    items = [{"pos": pos, "track_uri": uri(number), "track_name": f"t{number}"} for pos, number in enumerate(tracks)]
    return {"name": f"p{pid}", "pid": pid, "tracks": items, **fields}


def slice_of(*playlists: object) -> str:
    return json.dumps({"info": {"version": "v1"}, "playlists": playlists})


GOOD = playlist(7, 1, 2, 3)
TWO = slice_of(playlist(1, 1, 2), playlist(2, 2, 3))


def import_text(tmp_path: Path, content: str | bytes, name: str = "slice.json") -> ImportReport:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return import_mpd([file], tmp_path / "corpus")


@pytest.mark.parametrize(
    ("bad", "where", "what"),
    [
        ("no object", "playlist 2", "is a text and no object"),
        (None, "playlist 2", "is null and no object"),
        ({"name": "x", "tracks": []}, "playlist 2", "its pid is missing"),
        (playlist("3", 1), "playlist 2", "its pid is '3'"),
        (playlist(True, 1), "playlist 2", "its pid is True"),
        (playlist(-1, 1), "playlist 2 (pid -1)", "its pid is -1"),
        (playlist(2**70, 1), "playlist 2", "its pid is"),
        ({"name": "x", "pid": 3}, "playlist 2 (pid 3)", "its tracks are missing"),
        (playlist(3, tracks={"0": 1}), "playlist 2 (pid 3)", "its tracks are an object"),
        (playlist(3, tracks="many"), "playlist 2 (pid 3)", "its tracks are a text"),
        (playlist(3), "playlist 2 (pid 3)", "has no tracks"),
        (playlist(3, name=None), "playlist 2 (pid 3)", "neither tracks nor a title"),
        (playlist(7, 4, 5), "playlist 2 (pid 7)", "playlist 1 of this file has the same pid"),
    ],
)
def test_a_bad_playlist_is_named_and_left_out_and_the_rest_is_imported(
    tmp_path: Path, bad: object, where: str, what: str
) -> None:
    report = import_text(tmp_path, slice_of(GOOD, bad, playlist(8, 9)))
    assert report.playlists == 2
    assert report.entries == 4
    assert report.problems.total == 1
    problem = report.problems.kept[0]
    assert problem.file.endswith("slice.json")
    assert problem.where.startswith(where)
    assert what in problem.what
    assert PlaylistCorpus.read(tmp_path / "corpus").pids.tolist() == [7, 8]


@pytest.mark.parametrize(
    ("track", "what"),
    [
        ({"track_name": "nameless"}, "its track_uri is missing"),
        ({"track_uri": None}, "its track_uri is missing"),
        ({"track_uri": 5}, "its track_uri is 5"),
        ({"track_uri": ["spotify:track:x"]}, "its track_uri is a list"),
        ({"track_uri": ""}, "its track_uri is ''"),
        ({"track_uri": "spotify:local:a:b:c:1"}, "its track_uri is 'spotify:local:a:b:c:1'"),
        ({"track_uri": "spotify:track:"}, "its track_uri is 'spotify:track:'"),
        ({"track_uri": "spotify:track:caf\u00e9"}, "its track_uri is"),
        ({"track_uri": uri(1) + "\n"}, "its track_uri is"),
        ("spotify:track:x", "is a text and no object"),
        (None, "is null and no object"),
    ],
)
def test_a_bad_track_is_left_out_and_its_playlist_kept(tmp_path: Path, track: object, what: str) -> None:
    items = [{"track_uri": uri(1)}, track, {"track_uri": uri(2)}]
    report = import_text(tmp_path, slice_of(GOOD, playlist(8, tracks=items)))
    assert report.entries == 5
    assert report.problems.total == 1
    assert report.problems.kept[0].where == "playlist 2 (pid 8), track 1"
    assert what in report.problems.kept[0].what


def test_a_playlist_whose_tracks_are_all_bad_is_left_out(tmp_path: Path) -> None:
    report = import_text(tmp_path, slice_of(GOOD, playlist(8, tracks=[{}, 5])))
    assert (report.playlists, report.problems.total) == (1, 3)
    assert "none of its 2 tracks" in report.problems.kept[-1].what


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5),
        ("name", ["x"]),
        ("description", False),
        ("num_followers", "many"),
        ("num_followers", -3),
        ("num_followers", 2**80),
        ("num_followers", 1.5),
        ("collaborative", "perhaps"),
        ("collaborative", []),
        ("modified_at", "yesterday"),
        ("modified_at", 10**18),
        ("modified_at", True),
    ],
)
def test_a_wrong_type_in_an_optional_field_is_counted_and_taken_as_missing(
    tmp_path: Path, field: str, value: object
) -> None:
    report = import_text(tmp_path, slice_of(playlist(7, 1, **{field: value})))
    assert (report.playlists, report.problems.total) == (1, 1)
    assert report.problems.kept[0].where == "playlist 1 (pid 7)"
    assert report.problems.kept[0].what.startswith(field)
    read = PlaylistCorpus.read(tmp_path / "corpus").playlist(0)
    names = {"name": "title", "num_followers": "followers"}
    assert getattr(read, names.get(field, field)) is None


@pytest.mark.parametrize(
    ("field", "value"), [("track_name", 1), ("artist_uri", {}), ("duration_ms", "long"), ("duration_ms", 2**31)]
)
def test_a_wrong_type_in_a_track_is_counted_and_taken_as_missing(tmp_path: Path, field: str, value: object) -> None:
    report = import_text(tmp_path, slice_of(playlist(7, tracks=[{"track_uri": uri(1), field: value}])))
    assert (report.entries, report.problems.total) == (1, 1)
    assert report.problems.kept[0].where == "playlist 1 (pid 7), track 0"


def test_every_field_of_the_data_set_is_read(tmp_path: Path) -> None:
    track = {
        "pos": 0,
        "artist_name": "Missy Elliott",
        "track_uri": uri(1),
        "artist_uri": "spotify:artist:x",
        "track_name": "Lose Control",
        "album_uri": "spotify:album:y",
        "duration_ms": 226863,
        "album_name": "The Cookbook",
    }
    fields = {
        "collaborative": "false",
        "modified_at": 1493424000,
        "num_followers": 3,
        "description": "old \ud83d\ude00",
    }
    import_text(tmp_path, slice_of(playlist(0, tracks=[track], **fields)))
    read = PlaylistCorpus.read(tmp_path / "corpus").playlist(0)
    assert (read.title, read.description, read.followers, read.collaborative) == ("p0", "old \U0001f600", 3, False)
    assert read.modified_at is not None
    assert read.modified_at.isoformat() == "2017-04-29T00:00:00+00:00"
    assert read.tracks[0].album_name == "The Cookbook"
    assert (read.tracks[0].artist_uri, read.tracks[0].duration_ms) == ("spotify:artist:x", 226863)


@pytest.mark.parametrize("kept", [0, 1])
@pytest.mark.parametrize("zipped", [False, True])
def test_of_a_file_that_is_cut_off_the_playlists_before_the_cut_are_kept(
    tmp_path: Path, kept: int, zipped: bool
) -> None:
    cut = TWO.index('"pid": 2') if kept else TWO.index('"pid": 1')
    content = gzip.compress(TWO[:cut].encode()) if zipped else TWO[:cut].encode()
    (tmp_path / "good.json").write_text(slice_of(playlist(50, 9)))
    (tmp_path / "cut.json").write_bytes(content)
    report = import_mpd([tmp_path], tmp_path / "corpus")
    assert report.playlists == kept + 1
    assert report.problems.total == 1
    assert f"playlist {kept + 1}, character" in report.problems.kept[0].where
    assert "cut off" in report.problems.kept[0].what


@pytest.mark.parametrize("end", ["", ",", "   ", "\n,\n"])
def test_a_cut_between_playlists_is_noticed(tmp_path: Path, end: str) -> None:
    report = import_text(tmp_path, TWO.removesuffix("]}") + end)
    assert report.playlists == 2
    assert "cut off" in str(report.problems.kept[0])


def test_a_damaged_playlist_in_the_middle_costs_only_itself(tmp_path: Path) -> None:
    text = slice_of(GOOD, playlist(8, 1, 2, 3), playlist(9, 4), playlist(10, 5))
    report = import_text(tmp_path, text.replace('"pid": 8', '"pid": oops'))
    assert PlaylistCorpus.read(tmp_path / "corpus").pids.tolist() == [7, 9, 10]
    assert report.problems.total == 1
    assert report.problems.kept[0].where.startswith("playlist 2, character")


def test_a_gzip_file_that_is_cut_off_gives_what_can_be_unzipped(tmp_path: Path) -> None:
    text = slice_of(*[playlist(pid, *range(pid * 50, pid * 50 + 50)) for pid in range(400)])
    report = import_text(tmp_path, gzip.compress(text.encode())[:-20_000])
    assert 0 < report.playlists < 400
    assert report.problems.kept[0].what == "the gzip file is cut off"


def test_a_gzip_file_of_several_members_is_read_whole(tmp_path: Path) -> None:
    text = slice_of(*[playlist(pid, *range(pid * 50, pid * 50 + 50)) for pid in range(100)]).encode()
    members = [gzip.compress(text[start : start + 100_000]) for start in range(0, len(text), 100_000)]
    assert len(members) > 2
    report = import_text(tmp_path, b"".join(members))
    assert (report.playlists, report.problems.total) == (100, 0)


def test_a_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(slice_of(GOOD).encode()))
    content[10:40] = b"\xff" * 30
    with pytest.raises(CorpusError, match=r"slice\.json: the gzip file is damaged"):
        import_text(tmp_path, bytes(content))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b"  \n", "is not JSON"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (b"hello", "is not JSON"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not"),
        (b"{}", 'has no "playlists" array'),
        (b"[]", 'has no "playlists" array'),
        (b"[1, 2", "is not JSON"),
        (b'"text"', 'has no "playlists" array'),
        (b'{"playlists": {}}', 'has no "playlists" array'),
        (b'{"info": {"playlists": [{"pid": 1}]}}', 'has no "playlists" array'),
        (b'{"info"', "is not JSON"),
        (b'{"a": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"playlists": [' + b"[" * 200_000, "nested too deeply"),
        (b'{"playlists": [{"pid": ' + b"9" * 5_000 + b"}]}", "damaged or cut off"),
        (b'{"playlists": []}', 'its "playlists" array is empty'),
    ],
)
def test_a_file_without_playlists_is_one_clear_sentence(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(CorpusError) as caught:
        import_text(tmp_path, content)
    assert what in str(caught.value)
    assert "slice.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "more)" not in str(caught.value)


def test_a_bad_file_among_good_ones_is_named_and_the_others_are_imported(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("not JSON")
    (tmp_path / "b.json").write_text(TWO)
    report = import_mpd([tmp_path, tmp_path / "missing.json"], tmp_path / "corpus")
    assert (report.files, report.playlists, report.problems.total) == (1, 2, 2)
    assert {Path(problem.file).name for problem in report.problems.kept} == {"a.json", "missing.json"}


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_a_path_that_gives_no_slice_is_named(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "slices")
    with pytest.raises(CorpusError, match=r"slices: (there is no such|the folder holds no)"):
        import_mpd([tmp_path / "slices"], tmp_path / "corpus")


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> list[Path]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(CorpusError, match="cannot be read \\(Permission denied\\)"):
        import_mpd([tmp_path], tmp_path / "corpus")


def test_text_that_is_not_utf_8_is_named_and_replaced(tmp_path: Path) -> None:
    report = import_text(tmp_path, slice_of(playlist(7, 1, name="caf_")).encode().replace(b"caf_", b"caf\xe9"))
    assert "is not UTF-8" in report.problems.kept[0].what
    assert PlaylistCorpus.read(tmp_path / "corpus").titles == ["caf\ufffd"]


def test_half_a_surrogate_pair_does_not_stop_an_import(tmp_path: Path) -> None:
    items = [{"track_uri": uri(1), "track_name": "\ud83d"}]
    import_text(tmp_path, slice_of(playlist(7, name="x\udc00", tracks=items)))
    corpus = PlaylistCorpus.read(tmp_path / "corpus")
    assert corpus.titles == ["x\ufffd"]
    assert corpus.catalogue.track(0).name == "\ufffd"


@pytest.mark.parametrize("name", ["slice.json", "slice.json.gz"])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_gzip_is_told_by_its_first_bytes_and_not_by_its_name(
    tmp_path: Path, name: str, zipped: bool, mark: bytes
) -> None:
    content = mark + TWO.encode()
    assert import_text(tmp_path, gzip.compress(content) if zipped else content, name).playlists == 2


def test_a_challenge_set_is_told_from_slices_and_its_empty_playlists_are_no_fault(tmp_path: Path) -> None:
    shown = [playlist(1_000_001, num_samples=0), playlist(1_000_002, name=None, num_samples=0)]
    report = import_text(tmp_path, slice_of(*shown, playlist(1_000_003, 1, num_samples=1)))
    assert (report.playlists, report.empty, report.problems.total) == (1, 2, 0)
    assert PlaylistCorpus.read(tmp_path / "corpus").sources == [SOURCE_CHALLENGE]
    read = list(read_playlists(tmp_path / "slice.json"))
    assert [item.pid for item in read if isinstance(item, Playlist)] == [1_000_001, 1_000_002, 1_000_003]


def test_a_challenge_set_of_titles_only_is_refused_as_training_data(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="titles only"):
        import_text(tmp_path, slice_of(playlist(1, num_samples=0)))


def test_reading_gives_playlists_and_problems_in_file_order(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(slice_of(playlist(1, 1), 5, playlist(2), playlist(3, 1)))
    found = list(read_playlists(tmp_path / "s.json"))
    assert [item.pid if isinstance(item, Playlist) else "bad" for item in found] == [1, "bad", 2, 3]


def test_importing_the_same_content_twice_adds_nothing(tmp_path: Path) -> None:
    import_text(tmp_path, TWO)
    before = PlaylistCorpus.read(tmp_path / "corpus").fingerprint()
    again = import_text(tmp_path, gzip.compress(TWO.encode()), "other-name.json.gz")
    assert (again.files, again.already_imported, again.problems.total) == (0, 1, 0)
    assert PlaylistCorpus.read(tmp_path / "corpus").fingerprint() == before


def test_a_pid_that_was_imported_before_is_left_out(tmp_path: Path) -> None:
    import_text(tmp_path, TWO)
    report = import_text(tmp_path, slice_of(playlist(2, 5, 6), playlist(3, 5)), "next.json")
    assert (report.playlists, report.problems.total) == (1, 1)
    assert "was imported before" in str(report.problems.kept[0])
    corpus = PlaylistCorpus.read(tmp_path / "corpus")
    assert corpus.pids.tolist() == [1, 2, 3]
    assert corpus.tracks_of(1).tolist() == corpus.catalogue.indices_of([uri(2), uri(3)]).tolist()


def test_a_pid_repeated_in_two_files_of_one_import_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "slice.2.json").write_text(TWO)
    (tmp_path / "slice.10.json").write_text(slice_of(playlist(1, 9)))
    report = import_mpd(tmp_path, tmp_path / "corpus")
    assert (report.playlists, report.problems.total) == (2, 1)
    assert report.problems.kept[0].file.endswith("slice.10.json")


def test_the_same_pid_in_another_source_is_another_playlist(tmp_path: Path) -> None:
    import_text(tmp_path, TWO)
    assert import_text(tmp_path, slice_of(playlist(1, 1, num_samples=1)), "challenge.json").playlists == 1
    corpus = PlaylistCorpus.read(tmp_path / "corpus")
    assert list(zip(corpus.sources, corpus.pids.tolist(), strict=True)) == [
        (SOURCE_MPD, 1),
        (SOURCE_MPD, 2),
        (SOURCE_CHALLENGE, 1),
    ]


def test_an_interrupted_import_goes_on_where_it_stopped(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"slice.{number}.json").write_text(slice_of(playlist(number, number)))

    def stop(done: int, total: int, file: Path) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_mpd(tmp_path, tmp_path / "corpus", stop)
    report = import_mpd(tmp_path, tmp_path / "corpus")
    assert (report.files, report.already_imported) == (1, 2)
    assert PlaylistCorpus.read(tmp_path / "corpus").pids.tolist() == [0, 1, 2]


@pytest.mark.parametrize("kind", ["playlists", "entries", "tracks"])
def test_a_crash_between_the_files_of_a_part_is_harmless(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.json").write_text(TWO)
    (tmp_path / "b.json").write_text(slice_of(playlist(3, 1, 9)))
    import_mpd(tmp_path, tmp_path / "corpus")
    whole = PlaylistCorpus.read(tmp_path / "corpus").fingerprint()
    next((tmp_path / "corpus" / kind).glob("part-*.parquet")).unlink()
    assert PlaylistCorpus.read(tmp_path / "corpus").n_playlists in (1, 2)
    assert import_mpd(tmp_path, tmp_path / "corpus").files == 1
    assert PlaylistCorpus.read(tmp_path / "corpus").fingerprint() == whole


def test_progress_is_told_after_every_file(tmp_path: Path) -> None:
    for number in (10, 9):
        (tmp_path / f"slice.{number}.json").write_text(slice_of(playlist(number, number)))
    seen: list[tuple[int, int, str]] = []
    import_mpd(tmp_path, tmp_path / "corpus", lambda done, total, file: seen.append((done, total, file.name)))
    assert seen == [(1, 2, "slice.9.json"), (2, 2, "slice.10.json")]


def test_problems_are_all_counted_but_only_the_first_are_kept() -> None:
    log = ProblemLog(limit=2)
    for number in range(5):
        log.add(Problem("f", f"playlist {number}", "is bad"))
    assert (log.total, len(log.kept)) == (5, 2)
    assert log.summary() == "f: playlist 0: is bad (and 4 more)"


def test_a_corpus_straight_from_slices_equals_the_imported_one(tmp_path: Path) -> None:
    import_text(tmp_path, slice_of(GOOD, 5, playlist(2, 3, 3, 1)))
    straight = PlaylistCorpus.from_mpd(tmp_path / "slice.json")
    assert straight.fingerprint() == PlaylistCorpus.read(tmp_path / "corpus").fingerprint()
    with pytest.raises(CorpusError, match="Nothing could be imported"):
        PlaylistCorpus.from_mpd([tmp_path / "none.json"])


def test_the_development_data_is_read_whole(development_data: Path, tmp_path: Path) -> None:
    report = import_mpd(development_data / "mpd", tmp_path / "corpus")
    assert (report.files, report.playlists, report.entries, report.problems.total) == (7, 6_351, 625_029, 0)
    report = import_mpd(development_data / "challenge_set.json.gz", tmp_path / "corpus")
    assert (report.playlists + report.empty, report.entries, report.problems.total) == (10_000, 243_437, 0)
    full = import_mpd(development_data / "mpd.slice.0-27.full-fields.json", tmp_path / "full")
    assert (full.playlists, full.problems.total) == (28, 0)
    corpus = PlaylistCorpus.read(tmp_path / "full")
    assert set(corpus.playlists["collaborative"].to_pylist()) <= {True, False}
    assert corpus.catalogue.table["album_uri"].null_count == 0
