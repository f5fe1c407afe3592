"""Audio features are read from every common layout, cleaned, kept, lined up with a catalogue and scaled."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.audio import FEATURES, AudioFeatures, import_features
from recommender.catalogue import TRACKS_SCHEMA, TrackCatalogue
from recommender.corpus import PlaylistCorpus
from recommender.errors import CorpusError
from recommender.mpd import import_mpd

ID = "0r7CVbZTWZgbTCYdfa2P31"
OTHER = "6f807x0ima9a1j3VPbc7VN"
VALUES = {
    "danceability": 0.726,
    "energy": 0.815,
    "key": 11.0,
    "loudness": -4.969,
    "mode": 1.0,
    "speechiness": 0.0373,
    "acousticness": 0.0724,
    "instrumentalness": 0.00421,
    "liveness": 0.357,
    "valence": 0.693,
    "tempo": 99.972,
}
NAMES = tuple(VALUES)


def table(*rows: dict[str, object], columns: tuple[str, ...] = ("track_id", *NAMES)) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def read(tmp_path: Path, content: str | bytes, name: str = "features.csv") -> AudioFeatures:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return AudioFeatures.read_csv(file)


def feature(features: AudioFeatures, name: str, row: int = 0) -> float:
    return float(features.values[row, NAMES.index(name)])


def catalogue_of(*uris: str) -> TrackCatalogue:
    rows = [{"track_uri": uri} for uri in uris]
    return TrackCatalogue.merged([TRACKS_SCHEMA.empty_table().from_pylist(rows, schema=TRACKS_SCHEMA)])


def test_the_eleven_features_are_named_in_order() -> None:
    assert tuple(feature.name for feature in FEATURES) == NAMES


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("track_id", ID),
        ("id", ID),
        ("track_uri", f"spotify:track:{ID}"),
        ("uri", f"spotify:track:{ID}"),
        ("Track_ID ", f" {ID} "),
        ("id", f"https://open.spotify.com/track/{ID}?si=abc"),
        ("uri", f"https://open.spotify.com/intl-de/track/{ID}"),
    ],
)
def test_a_track_is_told_by_id_uri_or_link(tmp_path: Path, column: str, value: str) -> None:
    features = read(tmp_path, table({column: value, **VALUES}, columns=(column, *NAMES)))
    assert features.uris.tolist() == [f"spotify:track:{ID}".encode()]
    assert features.values[0] == pytest.approx(list(VALUES.values()), rel=1e-6)


def test_the_kaggle_layout_with_row_numbers_and_texts_is_read(tmp_path: Path) -> None:
    columns = ("", "track_id", "artists", "track_name", "explicit", *NAMES, "time_signature", "track_genre")
    row = {"": 0, "track_id": ID, "artists": 'A;"B", C', "track_name": "two\nlines, and a comma", **VALUES}
    features = read(tmp_path, table(row, {**row, "": 1, "track_id": OTHER}, columns=columns))
    assert len(features) == 2
    assert feature(features, "tempo") == pytest.approx(99.972)


def test_a_row_number_called_id_does_not_hide_the_track_id(tmp_path: Path) -> None:
    features = read(tmp_path, table({"id": 0, "track_id": ID, **VALUES}, columns=("id", "track_id", *NAMES)))
    assert features.uris.tolist() == [f"spotify:track:{ID}".encode()]


def test_columns_may_come_in_any_order_and_some_may_be_missing(tmp_path: Path) -> None:
    features = read(tmp_path, table({"id": ID, **VALUES}, columns=("tempo", "name", "id", "energy")))
    assert feature(features, "energy") == pytest.approx(0.815)
    assert np.isnan(features.values[0]).sum() == 9
    assert features.report.invalid == {}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_gzip_byte_order_marks_and_windows_lines_are_read(
    tmp_path: Path, zipped: bool, mark: bytes, line_end: bytes
) -> None:
    content = mark + table({"track_id": ID, **VALUES}).encode().replace(b"\r\n", line_end)
    assert len(read(tmp_path, gzip.compress(content) if zipped else content)) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("energy", "1.01"),
        ("energy", "-0.1"),
        ("key", "12"),
        ("key", "5.5"),
        ("mode", "0.5"),
        ("mode", "2"),
        ("tempo", "1200"),
        ("tempo", "-5"),
        ("loudness", "-80"),
        ("valence", "happy"),
        ("valence", "0,5"),
        ("valence", "inf"),
        ("valence", "1e99"),
        ("valence", "9" * 500),
        ("valence", "\N{ARABIC-INDIC DIGIT ONE}"),
    ],
)
def test_a_value_that_cannot_be_is_missing_and_counted(tmp_path: Path, name: str, value: str) -> None:
    features = read(tmp_path, table({"track_id": ID, **VALUES, name: value}))
    assert np.isnan(feature(features, name))
    assert np.isnan(features.values).sum() == 1
    assert features.report.invalid == {name: 1}


@pytest.mark.parametrize(
    ("name", "value"), [("energy", ""), ("energy", "NaN"), ("energy", " NULL "), ("key", "-1"), ("tempo", "0.0")]
)
def test_a_value_that_was_not_given_is_missing_and_no_fault(tmp_path: Path, name: str, value: str) -> None:
    features = read(tmp_path, table({"track_id": ID, **VALUES, name: value}))
    assert np.isnan(feature(features, name))
    assert features.report.invalid == {}


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("loudness", "3.9", 3.9),
        ("key", "6.0", 6),
        ("energy", "2.33e-5", 2.33e-5),
        ("energy", "+.5", 0.5),
        ("key", "0", 0),
    ],
)
def test_an_unusual_but_right_value_is_kept(tmp_path: Path, name: str, value: str, meant: float) -> None:
    assert feature(read(tmp_path, table({"track_id": ID, **VALUES, name: value})), name) == pytest.approx(meant)


@pytest.mark.parametrize("bad", ["", "  ", "17", "spotify:album:abc", "caf\u00e9", "a b"])
def test_a_row_without_a_usable_id_is_left_out_and_counted(tmp_path: Path, bad: str) -> None:
    features = read(tmp_path, table({"track_id": bad, **VALUES}, {"track_id": ID, **VALUES}))
    assert len(features) == 1
    assert features.report.without_id == 1


def test_a_row_of_another_length_is_left_out_and_counted(tmp_path: Path) -> None:
    content = table({"track_id": ID, **VALUES}) + f"{OTHER},0.5\r\n" + f"{OTHER},{','.join(['0.5'] * 20)}\r\n"
    features = read(tmp_path, content)
    assert (len(features), features.report.malformed) == (1, 2)


def test_text_that_is_not_utf_8_costs_only_its_own_row(tmp_path: Path) -> None:
    content = table(
        {"track_id": "XX", "name": "b", **VALUES},
        {"track_id": ID, "name": "YY", **VALUES},
        columns=("track_id", "name", *NAMES),
    )
    features = read(tmp_path, content.encode().replace(b"XX", b"\xe9\xff").replace(b"YY", b"caf\xe9"))
    assert (len(features), features.report.without_id) == (1, 1)


def test_of_a_repeated_track_the_first_complete_row_counts(tmp_path: Path) -> None:
    rows = [{**VALUES, "energy": 0.1, "tempo": ""}, {**VALUES, "energy": 0.2}, {**VALUES, "energy": 0.3}]
    features = read(tmp_path, table(*[{"track_id": ID, **row} for row in rows]))
    assert feature(features, "energy") == pytest.approx(0.2)
    assert (features.report.rows, features.report.tracks, features.report.repeated) == (3, 1, 2)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no CSV file but a binary one"),
        (b'{"playlists": []}', "no column of track ids"),
        (b"danceability,energy\n0.5,0.5\n", "no column of track ids"),
        (b"track_id;energy\nabc;0.5\n", "no column of track ids"),
        (b"track_id,name\nabc,x\n", "no column of an audio feature among 'track_id', 'name'"),
        (b"track_id,energy\n", "no row has a usable track id"),
        (b"id,energy\n1,0.5\n2,0.5\n", "no row has a usable track id"),
        (gzip.compress(b"track_id,energy\nabc,0.5\n", mtime=0)[:12], "the gzip file is cut off"),
    ],
)
def test_a_file_that_holds_no_features_is_one_clear_sentence(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, content)
    assert what in str(caught.value)
    assert "features.csv: " in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(CorpusError, match=r"No features could be imported: .*features\.csv: "):
        import_features(tmp_path / "features.csv", tmp_path / "corpus")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none\.csv: there is no such file"):
        AudioFeatures.read_csv(tmp_path / "none.csv")


def test_a_gzip_file_that_is_cut_off_gives_its_whole_rows(tmp_path: Path) -> None:
    rows = [{"track_id": f"{number:021d}x", **VALUES, "tempo": 100 + number / 100} for number in range(5_000)]
    features = read(tmp_path, gzip.compress(table(*rows).encode())[:-2_000])
    assert 0 < len(features) < 5_000
    assert not np.isnan(features.values).any()
    assert features.report.problems.kept[0].what == "the gzip file is cut off"


def test_imports_add_up_and_the_same_file_adds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table({"track_id": ID, **VALUES}))
    (tmp_path / "b.csv").write_text(table({"track_id": OTHER, **VALUES}))
    (tmp_path / "c.csv").write_text("nothing of use\n")
    report = import_features(tmp_path, tmp_path / "corpus")
    assert (report.files, report.tracks, report.problems.total) == (2, 2, 1)
    seen: list[tuple[int, int, str]] = []
    again = import_features(
        [tmp_path / "a.csv"], tmp_path / "corpus", lambda done, total, file: seen.append((done, total, file.name))
    )
    assert (again.files, again.already_imported) == (0, 1)
    assert seen == [(1, 1, "a.csv")]
    assert AudioFeatures.read(tmp_path / "corpus").uris.tolist() == sorted(
        f"spotify:track:{track}".encode() for track in (ID, OTHER)
    )


def test_a_folder_without_features_is_the_normal_case(tmp_path: Path) -> None:
    features = AudioFeatures.read(tmp_path)
    assert len(features) == 0
    assert np.isnan(features.aligned(catalogue_of("spotify:track:a"))).all()


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table({"track_id": ID, **VALUES}))
    import_features(tmp_path, tmp_path)
    part = next((tmp_path / "features").glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(CorpusError, match=rf"{part.name} is damaged"):
        AudioFeatures.read(tmp_path)


finite = st.none() | st.floats(0, 1, width=32)


@settings(deadline=None, max_examples=40)
@given(
    st.dictionaries(
        st.from_regex(r"spotify:track:[a-z0-9]{1,9}", fullmatch=True),
        st.lists(finite, min_size=11, max_size=11),
        max_size=8,
    )
)
def test_writing_and_reading_features_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, list[float | None]]
) -> None:
    folder = tmp_path_factory.mktemp("features")
    uris = np.array(sorted(rows), dtype="S") if rows else np.zeros(0, "S1")
    values = np.array([rows[uri] for uri in sorted(rows)], np.float32).reshape(-1, 11)
    features = AudioFeatures(uris, values)
    features.write(folder)
    features.write(folder)
    read_back = AudioFeatures.read(folder)
    assert read_back.uris.tolist() == uris.tolist()
    np.testing.assert_array_equal(read_back.values, values)
    assert len(list((folder / "features").iterdir())) == 1


def test_features_are_lined_up_with_a_catalogue(tmp_path: Path) -> None:
    features = read(tmp_path, table({"track_id": ID, **VALUES}, {"track_id": OTHER, **VALUES, "energy": 0.1}))
    catalogue = catalogue_of("spotify:track:zzz", f"spotify:track:{OTHER}", "spotify:track:000")
    aligned = features.aligned(catalogue)
    assert aligned.shape == (3, 11)
    assert aligned.dtype == np.float32
    assert np.isnan(aligned).all(axis=1).tolist() == [True, False, True]
    assert aligned[1, NAMES.index("energy")] == pytest.approx(0.1)


def test_values_must_have_one_row_a_track() -> None:
    with pytest.raises(ValueError, match="for 1 tracks"):
        AudioFeatures(np.array([b"a"]), np.zeros((2, 11), np.float32))


def test_the_development_features_are_read_whole(development_data: Path, tmp_path: Path) -> None:
    features = AudioFeatures.read_csv(development_data / "audio_features.csv.gz")
    assert len(features) == 133_086
    assert features.report.invalid == {}
    assert features.report.without_id == 0
    import_mpd(development_data / "mpd" / "mpd.slice.6000-6350.json.gz", tmp_path)
    corpus = PlaylistCorpus.read(tmp_path)
    known = ~np.isnan(features.aligned(corpus.catalogue)[:, NAMES.index("energy")])
    assert 0.40 < known[corpus.indices].mean() < 0.65
    assert len(AudioFeatures.read_csv(development_data / "tidytuesday_spotify_songs.csv.gz")) == 28_356
