"""Fictional playlists by the million: repeatable, streamed, believable, and read back without one problem."""

from __future__ import annotations

import csv
import gzip
import json
import re
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from recommender.audio import FEATURES, AudioFeatures
from recommender.corpus import PlaylistCorpus
from recommender.errors import CorpusError
from recommender.mpd import ImportReport, import_mpd
from recommender.records import SOURCE_SYNTHETIC
from recommender.synthetic.scale import DrawnSlice, PopularityLaw, ScaleCatalogue, ScaleDataset
from recommender.synthetic.scale import dataset as dataset_module
from recommender.synthetic.scale.playlists import LONGEST, SHORTEST, SliceDrawer

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FULL_FIELDS = SHARED / "mpd.slice.0-27.full-fields.json"
REAL_SONGS = SHARED / "tidytuesday_spotify_songs.csv.gz"


@pytest.fixture(scope="module")
def dataset() -> ScaleDataset:
    return ScaleDataset(3000, 60_000, 7)


@pytest.fixture(scope="module")
def catalogue(dataset: ScaleDataset) -> ScaleCatalogue:
    return dataset.catalogue


@pytest.fixture(scope="module")
def slices(dataset: ScaleDataset) -> list[DrawnSlice]:
    return list(dataset.slices())


@pytest.fixture(scope="module")
def counts(catalogue: ScaleCatalogue, slices: list[DrawnSlice]) -> np.ndarray:
    """In how many playlists each track is."""
    return np.bincount(np.concatenate([one.tracks for one in slices]), minlength=catalogue.n_tracks)


def small(n_playlists: int = 130, n_tracks: int = 2000, seed: int = 3) -> ScaleDataset:
    return ScaleDataset(n_playlists, n_tracks, seed)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    for name, seed in (("first", 3), ("again", 3), ("other", 4)):
        dataset = small(seed=seed)
        dataset.write_slices(tmp_path / name, gz=True)
        dataset.write_features(tmp_path / name / "features.csv.gz")
        dataset_module._drawer.cache_clear()
    first, again, other = (contents(tmp_path / name) for name in ("first", "again", "other"))
    assert list(first) == ["crossfade-synth.txt", "features.csv.gz", "mpd.slice.0-129.json.gz"]
    assert first == again
    assert all(first[name] != other[name] for name in first)


@pytest.mark.slow
def test_two_processes_write_what_one_writes(tmp_path: Path) -> None:
    dataset = ScaleDataset(2010, 800, 5)
    dataset.write_slices(tmp_path / "one")
    seen: list[tuple[int, int]] = []
    dataset.write_slices(tmp_path / "two", processes=2, progress=lambda done, total: seen.append((done, total)))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[0] == (0, 2010)
    assert seen[-1] == (2010, 2010)


def test_any_slice_can_be_drawn_alone(dataset: ScaleDataset, slices: list[DrawnSlice]) -> None:
    alone = SliceDrawer(dataset.catalogue, 7).slice(2)
    assert (alone.tracks == slices[2].tracks).all()
    assert alone.titles == slices[2].titles
    assert alone.start == 2000


def test_more_playlists_begin_with_the_same_ones() -> None:
    few, many = (next(ScaleDataset(n, 2000, 1).slices()) for n in (1000, 2000))
    assert (few.tracks == many.tracks).all()
    assert few.titles == many.titles


@dataclass(frozen=True)
class Written:
    """The same playlists as slices, imported from them, and as a corpus at once."""

    dataset: ScaleDataset
    folder: Path
    report: ImportReport


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("written")
    dataset = small(1040, 3000)
    assert dataset.write_slices(folder / "mpd").written == 2
    assert dataset.write_corpus(folder / "corpus").written == 1
    return Written(dataset, folder, import_mpd(folder / "mpd", folder / "imported"))


def test_slices_are_read_back_without_one_problem(written: Written) -> None:
    report = written.report
    assert report.problems.total == 0
    assert (report.files, report.playlists) == (2, 1040)
    drawn = list(written.dataset.slices())
    assert report.entries == sum(len(one.tracks) for one in drawn)
    read = PlaylistCorpus.read(written.folder / "imported")
    assert read.pids.tolist() == list(range(1040))
    assert [title.strip() for title in read.titles if title] == [title.strip() for one in drawn for title in one.titles]


def test_a_corpus_written_at_once_is_the_one_that_the_slices_give(written: Written) -> None:
    imported, at_once = (PlaylistCorpus.read(written.folder / name) for name in ("imported", "corpus"))
    assert set(at_once.sources) == {SOURCE_SYNTHETIC}
    assert (imported.catalogue.uris == at_once.catalogue.uris).all()
    assert (imported.indices == at_once.indices).all()
    assert (imported.indptr == at_once.indptr).all()
    for name in ("pid", "title", "description", "followers", "collaborative", "modified_at"):
        assert imported.playlists[name].equals(at_once.playlists[name])
    for name in ("name", "artist_name", "artist_uri", "album_name", "album_uri", "duration_ms"):
        assert imported.catalogue.table[name].equals(at_once.catalogue.table[name])


def test_every_field_adds_up_as_in_the_million_playlist_dataset(written: Written) -> None:
    content = json.loads((written.folder / "mpd" / "mpd.slice.0-999.json").read_text(encoding="utf-8"))
    assert content["info"]["slice"] == "0-999"
    assert [playlist["pid"] for playlist in content["playlists"]] == list(range(1000))
    for playlist in content["playlists"]:
        tracks = playlist["tracks"]
        assert [track["pos"] for track in tracks] == list(range(len(tracks)))
        assert playlist["num_tracks"] == len(tracks) == len({track["track_uri"] for track in tracks})
        assert playlist["num_artists"] == len({track["artist_uri"] for track in tracks})
        assert playlist["num_albums"] == len({track["album_uri"] for track in tracks})
        assert playlist["duration_ms"] == sum(track["duration_ms"] for track in tracks)
        assert 1 <= playlist["num_edits"] <= max(1, len(tracks))
        assert playlist["num_followers"] >= 1
        assert playlist["collaborative"] in ("true", "false")
        assert playlist["modified_at"] % 86_400 == 0
        assert re.fullmatch(r"spotify:track:[0-7][0-9A-Za-z]{21}", tracks[0]["track_uri"])
    assert any("description" in playlist for playlist in content["playlists"])


@pytest.mark.skipif(not FULL_FIELDS.exists(), reason="needs ../shared/data, which is not part of the project")
def test_the_fields_are_those_of_the_million_playlist_dataset(tmp_path: Path) -> None:
    small().write_slices(tmp_path)
    ours = json.loads((tmp_path / "mpd.slice.0-129.json").read_text(encoding="utf-8"))["playlists"]
    theirs = json.loads(FULL_FIELDS.read_text(encoding="utf-8"))["playlists"]
    undescribed = next(playlist for playlist in ours if "description" not in playlist)
    assert {key: type(value) for key, value in undescribed.items()} == {
        key: type(value) for key, value in theirs[0].items()
    }
    assert {key: type(value) for key, value in undescribed["tracks"][0].items()} == {
        key: type(value) for key, value in theirs[0]["tracks"][0].items()
    }


def test_drawing_on_and_on_needs_no_more_memory() -> None:
    dataset = ScaleDataset(12_000, 3000, 2)
    drawn = dataset.slices()
    next(drawn)
    tracemalloc.start()
    try:
        peaks = []
        for _ in range(3):
            tracemalloc.reset_peak()
            next(drawn), next(drawn)
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peaks[-1] < 1.2 * peaks[0]
    # A slice is some 66,000 entries: a few arrays of them, and never those of several slices.
    assert max(peaks) < 25e6


def test_a_broken_off_run_leaves_no_half_slice_and_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = ScaleDataset(2010, 500, 1)
    dataset.write_slices(tmp_path / "whole")
    writing = dataset_module.write_slice

    def failing(catalogue: ScaleCatalogue, drawn: DrawnSlice, path: Path) -> None:
        if drawn.start == 2000:
            raise OSError(28, "No space left on device")
        writing(catalogue, drawn, path)

    monkeypatch.setattr(dataset_module, "write_slice", failing)
    with pytest.raises(CorpusError, match=r"No space left on device.*goes on where it stopped"):
        dataset.write_slices(tmp_path / "broken")
    names = {"crossfade-synth.txt", "mpd.slice.0-999.json", "mpd.slice.1000-1999.json"}
    assert {path.name for path in (tmp_path / "broken").iterdir()} == names
    monkeypatch.undo()
    report = dataset.write_slices(tmp_path / "broken")
    assert (report.written, report.kept) == (1, 2)
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")


def test_a_corpus_is_continued_and_never_mixed_with_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_module, "SLICES_A_PART", 1)
    dataset = ScaleDataset(2000, 500, 1)
    assert dataset.write_corpus(tmp_path).written == 2
    before = contents(tmp_path)
    next((tmp_path / "entries").iterdir()).unlink()
    report = dataset.write_corpus(tmp_path)
    assert (report.written, report.kept) == (1, 1)
    assert contents(tmp_path) == before
    with pytest.raises(CorpusError, match="already holds synthetic playlists"):
        ScaleDataset(2000, 500, 2).write_corpus(tmp_path)


def test_a_folder_with_anything_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"not empty \(it holds letter.txt\)"):
        small().write_slices(tmp_path)
    with pytest.raises(CorpusError, match="cannot be written"):
        small().write_slices(tmp_path / "letter.txt")
    with pytest.raises(CorpusError, match="cannot be written"):
        small().write_features(tmp_path / "letter.txt" / "features.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("other", "gz", "sentence"),
    [
        (ScaleDataset(130, 2000, 4), False, "seed 3 instead of 4"),
        (ScaleDataset(130, 2001, 3), False, "tracks 2000 instead of 2001"),
        (ScaleDataset(130, 2000, 3), True, "gz False instead of True"),
        (ScaleDataset(140, 2000, 3), False, r"also holds mpd.slice.0-129.json"),
    ],
)
def test_a_folder_that_was_begun_otherwise_is_refused(
    tmp_path: Path, other: ScaleDataset, gz: bool, sentence: str
) -> None:
    small().write_slices(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(CorpusError, match=sentence):
        other.write_slices(tmp_path, gz=gz)
    assert contents(tmp_path) == before
    (tmp_path / "crossfade-synth.txt").write_text("[", encoding="utf-8")
    with pytest.raises(CorpusError, match="damaged"):
        small().write_slices(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_playlists": 0},
        {"n_playlists": -3},
        {"n_playlists": 1, "n_tracks": 0},
        {"n_playlists": 1, "random_state": -1},
        {"n_playlists": 1, "length_median": 0.0},
    ],
)
def test_numbers_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"Give a|must be"):
        ScaleDataset(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n_playlists", "n_tracks"), [(1, 1), (3, 2), (7, 13), (5, 40)])
def test_the_smallest_catalogues_give_playlists_too(n_playlists: int, n_tracks: int, tmp_path: Path) -> None:
    dataset = ScaleDataset(n_playlists, n_tracks, 1)
    dataset.write_slices(tmp_path / "mpd")
    report = import_mpd(tmp_path / "mpd", tmp_path / "corpus")
    assert report.playlists == n_playlists
    assert report.problems.total == 0
    assert dataset.write_features(tmp_path / "features.csv", missing=0.0) == n_tracks


def test_tracks_are_as_popular_as_real_ones(catalogue: ScaleCatalogue, counts: np.ndarray) -> None:
    assert np.sort(catalogue.weights)[::-1] == pytest.approx(PopularityLaw().weights(catalogue.n_tracks))
    # The curve that was fitted to real playlists: see the note on `shift` in the law.
    expected = counts.sum() * PopularityLaw(shift=280.0).weights(catalogue.n_tracks)
    drawn = np.sort(counts)[::-1]
    for first, last, tolerance in ((0, 100, 0.15), (100, 1000, 0.15), (1000, 5000, 0.15), (5000, 20_000, 0.25)):
        assert drawn[first:last].sum() == pytest.approx(expected[first:last].sum(), rel=tolerance)
    by_rank = np.bincount(np.argsort(np.argsort(-catalogue.weights)) // 6000, counts, minlength=10)
    assert (np.diff(by_rank) < 0).all()


def test_the_law_gives_the_growth_of_the_million_playlist_dataset() -> None:
    law = PopularityLaw()
    # 2,262,292 different tracks in 66,346,428 entries, as its README says.
    assert law.distinct(66_346_428) == pytest.approx(2_262_292, rel=0.08)
    assert law.distinct(1.0) == pytest.approx(1.0, rel=1e-3)
    assert law.weights(1) == pytest.approx([1.0])


def test_lengths_are_those_of_the_million_playlist_dataset(slices: list[DrawnSlice]) -> None:
    lengths = np.concatenate([one.counts for one in slices])
    assert lengths.min() >= SHORTEST
    assert lengths.max() <= LONGEST
    assert lengths.mean() == pytest.approx(66.3, rel=0.06)
    assert np.median(lengths) == pytest.approx(49, rel=0.1)


def test_no_playlist_holds_a_track_twice(slices: list[DrawnSlice]) -> None:
    for one in slices:
        entries = np.column_stack([np.repeat(np.arange(len(one.counts)), one.counts), one.tracks])
        assert len(np.unique(entries, axis=0)) == len(entries)


def test_playlists_keep_to_a_taste_some_more_than_others(catalogue: ScaleCatalogue, slices: list[DrawnSlice]) -> None:
    shares, artists = [], []
    for one in slices:
        artist = catalogue.track_artist(one.tracks)
        for of in np.split(artist, np.cumsum(one.counts)[:-1]):
            shares.append(np.bincount(catalogue.artist_group[of]).max() / len(of))
            artists.append(len(np.unique(of)) / len(of))
    expected_by_chance = np.bincount(catalogue.artist_group).max() / catalogue.n_artists
    assert np.median(shares) > 3 * expected_by_chance
    # Neither are the groups islands: a good part of the playlists crosses them.
    assert np.mean(np.array(shares) < 0.75) > 0.25
    low, high = np.quantile(artists, [0.1, 0.9])
    assert low < 0.4
    assert high > 0.7


def test_titles_agree_with_the_taste_and_repeat_by_popularity(
    dataset: ScaleDataset, slices: list[DrawnSlice], catalogue: ScaleCatalogue
) -> None:
    titles = [title for one in slices for title in one.titles]
    plain = Counter(re.sub(r"[^\w ]", "", title).strip().lower() for title in titles)
    top = [count for _, count in plain.most_common(10)]
    assert 0.03 < sum(top) / len(titles) < 0.10
    assert top[0] > 1.2 * top[9]
    assert 0.4 < len(plain) / len(titles) < 0.9
    assert 0.05 < np.mean([title.isupper() for title in titles]) < 0.15
    assert 0.15 < np.mean([title.islower() for title in titles]) < 0.4
    assert any(ord(letter) > 0x2600 for title in titles for letter in title)
    assert any(title != title.strip() for title in titles)
    own = {title: place for place, group in enumerate(catalogue.groups) for title in (group.label, *group.titles)}
    agreeing = []
    for one in slices:
        groups = np.split(catalogue.artist_group[catalogue.track_artist(one.tracks)], np.cumsum(one.counts)[:-1])
        for title, of in zip(one.titles, groups, strict=True):
            if title.lower() in own:
                agreeing.append((of == own[title.lower()]).mean())
    assert len(agreeing) > 200
    assert np.mean(agreeing) > 0.4


def test_features_of_one_group_and_artist_are_nearer_each_other(
    dataset: ScaleDataset, catalogue: ScaleCatalogue, tmp_path: Path
) -> None:
    written = dataset.write_features(tmp_path / "features.csv.gz", missing=0.4)
    features = AudioFeatures.read_csv(tmp_path / "features.csv.gz")
    assert features.report.problems.total == 0
    assert not any(features.report.invalid.values())
    assert len(features) == written == pytest.approx(0.6 * catalogue.n_tracks, rel=0.05)
    by_uri = np.argsort(catalogue.track_ids)
    uris = np.strings.add(b"spotify:track:", catalogue.track_ids[by_uri])
    tracks = by_uri[np.searchsorted(uris, features.uris)]
    artist = catalogue.track_artist(tracks)
    group = catalogue.artist_group[artist]
    columns = [place for place, feature in enumerate(FEATURES) if feature.name not in ("key", "mode")]
    values = features.values[:, columns]
    values = (values - values.mean(axis=0)) / values.std(axis=0)

    def spread(codes: np.ndarray) -> float:
        sizes = np.maximum(np.bincount(codes), 1)
        means = np.column_stack([np.bincount(codes, column) / sizes for column in values.T])
        return float(((values - means[codes]) ** 2).mean())

    assert spread(artist.astype(np.int64)) < 0.8 * spread(group.astype(np.int64)) < 0.8 * 0.85
    # Popular tracks are measured more often.
    assert catalogue.weights[tracks].sum() > 0.65


def test_features_may_be_there_for_all_tracks_or_for_none(tmp_path: Path) -> None:
    dataset = small()
    assert dataset.write_features(tmp_path / "all.csv", missing=0.0) == 2000
    assert dataset.write_features(tmp_path / "none.csv", missing=1.0) == 0
    with pytest.raises(ValueError, match="from 0 to 1"):
        dataset.write_features(tmp_path / "wrong.csv", missing=1.2)
    lines = (tmp_path / "all.csv").read_text(encoding="ascii").splitlines()
    assert len(lines) == 2001
    assert lines[0].split(",")[0] == "track_id"
    assert len((tmp_path / "none.csv").read_text(encoding="ascii").splitlines()) == 1


def test_artists_differ_by_name_and_singles_are_called_after_their_track(catalogue: ScaleCatalogue) -> None:
    names = catalogue.artist_names.to_pylist()
    assert len(set(names)) == len(names)
    assert len(np.unique(catalogue.track_ids)) == catalogue.n_tracks
    sizes = np.diff(catalogue.album_starts)
    single = np.flatnonzero(sizes == 1)[:50]
    first = catalogue.album_starts[single]
    album_names, track_names = catalogue.album_names.to_pylist(), catalogue.track_names.to_pylist()
    assert [album_names[place] for place in single] == [track_names[place] for place in first]
    text = "".join([*names, *album_names, *track_names])
    assert text.isascii()
    assert not set('"\\') & set(text)
    # An artist of a long row of numerals would say that the words are used up.
    assert np.mean([name[-1].isdigit() for name in names]) < 0.01


def test_what_belongs_together_is_adjacent(catalogue: ScaleCatalogue) -> None:
    tracks = np.arange(catalogue.n_tracks)
    artist = catalogue.track_artist(tracks)
    assert (np.diff(artist) >= 0).all()
    assert (np.diff(catalogue.artist_group.astype(int)) >= 0).all()
    for starts in (catalogue.circle_starts, catalogue.scene_starts, catalogue.group_starts):
        assert starts[0] == 0
        assert starts[-1] == catalogue.n_tracks
        assert set(starts) <= set(catalogue.artist_starts)
    assert set(catalogue.group_starts) <= set(catalogue.scene_starts) <= set(catalogue.circle_starts)


@pytest.mark.skipif(not REAL_SONGS.exists(), reason="needs ../shared/data, which is not part of the project")
def test_no_name_is_that_of_a_real_artist_or_track(catalogue: ScaleCatalogue) -> None:
    with gzip.open(REAL_SONGS, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    artists = {row["track_artist"].casefold() for row in rows}
    titles = {row[key].casefold() for row in rows for key in ("track_name", "track_album_name")}
    assert not artists.intersection(name.casefold() for name in catalogue.artist_names.to_pylist())
    for names in (catalogue.album_names, catalogue.track_names):
        assert not titles.intersection(name.casefold() for name in names.to_pylist())
