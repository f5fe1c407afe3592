"""A corpus keeps what it is given: in memory, on disk, and however an import is split."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue import TrackCatalogue
from recommender.corpus import PlaylistCorpus
from recommender.errors import CorpusError
from recommender.mpd import import_mpd
from recommender.parts import PartBuilder, PartStore
from recommender.records import Playlist, Track

# Everything that UTF-8 can hold: half a surrogate pair cannot be.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
times = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
catalogues = st.lists(
    st.builds(
        Track,
        uri=st.from_regex(r"spotify:track:[0-9A-Za-z]{1,22}", fullmatch=True),
        name=st.none() | texts,
        artist_name=st.none() | texts,
        artist_uri=st.none() | texts,
        album_name=st.none() | texts,
        album_uri=st.none() | texts,
        duration_ms=st.none() | st.integers(0, 2**31 - 1),
    ),
    unique_by=lambda track: track.uri,
    max_size=8,
)


@st.composite
def playlists(draw: st.DrawFn) -> list[Playlist]:
    tracks = draw(catalogues)
    pids = draw(st.lists(st.integers(0, 2**63 - 1), unique=True, max_size=6))
    return [
        Playlist(
            pid=pid,
            tracks=tuple(draw(st.lists(st.sampled_from(tracks), max_size=10))) if tracks else (),
            title=draw(st.none() | texts),
            description=draw(st.none() | texts),
            followers=draw(st.none() | st.integers(0, 2**63 - 1)),
            collaborative=draw(st.none() | st.booleans()),
            modified_at=draw(st.none() | times),
            source=draw(st.sampled_from(["mpd", "mpd-challenge", "é"])),
        )
        for pid in pids
    ]


def without_repeats(playlist: Playlist) -> Playlist:
    fields = {name: getattr(playlist, name) for name in Playlist.__slots__}
    return Playlist(**{**fields, "tracks": tuple(dict.fromkeys(playlist.tracks))})


def records(corpus: PlaylistCorpus) -> list[Playlist]:
    return [corpus.playlist(row) for row in range(corpus.n_playlists)]


def simple(*rows: Sequence[str], source: str = "mpd", first: int = 0) -> list[Playlist]:
    return [Playlist(pid, tuple(map(Track, row)), source=source) for pid, row in enumerate(rows, start=first)]


@given(playlists())
def test_a_corpus_gives_back_the_playlists_that_it_was_built_from(given_playlists: list[Playlist]) -> None:
    corpus = PlaylistCorpus.from_playlists(given_playlists)
    assert records(corpus) == list(map(without_repeats, given_playlists))
    assert corpus.titles == [playlist.title for playlist in given_playlists]
    assert corpus.sources == [playlist.source for playlist in given_playlists]


@settings(deadline=None, max_examples=30)
@given(playlists())
def test_writing_and_reading_a_corpus_loses_nothing(given_playlists: list[Playlist]) -> None:
    corpus = PlaylistCorpus.from_playlists(given_playlists)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.corpus._PLAYLISTS_A_PART", 2)
        corpus.write(folder)
        if not given_playlists:
            with pytest.raises(CorpusError, match="No playlists in"):
                PlaylistCorpus.read(folder)
            return
        read = PlaylistCorpus.read(folder)
        before = sorted(Path(folder).rglob("*"))
        corpus.write(folder)
        assert sorted(Path(folder).rglob("*")) == before
    expected = sorted(map(without_repeats, given_playlists), key=lambda playlist: (playlist.source, playlist.pid))
    assert records(read) == expected
    assert read.fingerprint() == PlaylistCorpus.from_playlists(expected).fingerprint()


@settings(deadline=None, max_examples=30)
@given(playlists(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_the_order_and_the_split_of_imported_files_do_not_matter(
    given_playlists: list[Playlist], order: random.Random, files: int
) -> None:
    kept = [playlist for playlist in given_playlists if playlist.tracks]
    shuffled = order.sample(kept, len(kept))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(files):
            for source in {playlist.source for playlist in kept}:
                part = [playlist for playlist in shuffled[number::files] if playlist.source == source]
                if part:
                    file = Path(folder, f"{number}-{source}.json")
                    file.write_text(json.dumps({"playlists": list(map(mpd_record, part))}))
                    import_mpd(file, Path(folder, "corpus"))
        if not kept:
            return
        imported = PlaylistCorpus.read(Path(folder, "corpus"))
    built = PlaylistCorpus.from_playlists(kept)
    rows = {pid: row for row, pid in enumerate(built.pids.tolist())}
    assert np.array_equal(built.catalogue.uris, imported.catalogue.uris)
    assert built.catalogue.table.select(["duration_ms"]).equals(imported.catalogue.table.select(["duration_ms"]))
    same_order = built.subset(np.array([rows[pid] for pid in imported.pids.tolist()]))
    assert np.array_equal(same_order.indptr, imported.indptr)
    assert np.array_equal(same_order.indices, imported.indices)


def mpd_record(playlist: Playlist) -> dict[str, Any]:
    names = {"track_uri": "uri", "track_name": "name"}
    keys = ("track_uri", "track_name", "artist_name", "artist_uri", "album_name", "album_uri", "duration_ms")
    record = {
        "pid": playlist.pid,
        "name": playlist.title,
        "tracks": [{key: getattr(track, names.get(key, key)) for key in keys} for track in playlist.tracks],
    }
    return record if playlist.source == "mpd" else {**record, "num_samples": len(playlist.tracks)}


def test_repeats_are_dropped_and_the_first_place_is_kept() -> None:
    corpus = PlaylistCorpus.from_playlists(simple("cacbab", "", "a"))
    assert [corpus.catalogue.uri(index) for index in corpus.tracks_of(0)] == ["c", "a", "b"]
    assert corpus.indptr.tolist() == [0, 3, 3, 4]
    assert (corpus.n_playlists, corpus.n_tracks, corpus.n_entries) == (3, 3, 4)
    assert (corpus.indptr.dtype, corpus.indices.dtype) == (np.int64, np.int32)


def test_the_matrix_is_binary_with_sorted_indices_and_leaves_the_order_of_playlists_alone() -> None:
    corpus = PlaylistCorpus.from_playlists(simple("cab", "b"))
    assert corpus.matrix.toarray().tolist() == [[1, 1, 1], [0, 1, 0]]
    assert corpus.matrix.dtype == np.float32
    assert corpus.matrix.has_sorted_indices
    assert corpus.matrix is corpus.matrix
    assert corpus.indices.tolist() == [2, 0, 1, 1]


def test_a_subset_keeps_the_catalogue_so_that_indices_stay_valid() -> None:
    corpus = PlaylistCorpus.from_playlists(simple("ab", "c", "da"))
    chosen = corpus.subset(np.array([2, 0]))
    assert chosen.catalogue is corpus.catalogue
    assert chosen.pids.tolist() == [2, 0]
    assert chosen.tracks_of(0).tolist() == [3, 0]
    assert corpus.subset(np.array([True, False, True])).pids.tolist() == [0, 2]
    assert corpus.subset(np.array([], np.int64)).matrix.shape == (0, 4)


def test_a_subset_is_written_without_the_tracks_of_other_playlists(tmp_path: Path) -> None:
    mixed = PlaylistCorpus.from_playlists(simple("ab", source="x") + simple("bc", source="y"))
    mixed.subset(np.array([1])).write(tmp_path)
    assert PlaylistCorpus.read(tmp_path).catalogue.uris.tolist() == [b"b", b"c"]


def test_only_the_allowed_sources_are_read_and_nothing_of_the_others(tmp_path: Path) -> None:
    mixed = simple("ab", source="x") + simple("bc", source="y") + simple("d", source="z")
    PlaylistCorpus.from_playlists(mixed).write(tmp_path)
    read = PlaylistCorpus.read(tmp_path, sources=["x", "z"])
    assert read.sources == ["x", "z"]
    assert read.catalogue.uris.tolist() == [b"a", b"b", b"d"]
    with pytest.raises(CorpusError, match=r"no playlists of the allowed sources \(nope\).*x, y, z"):
        PlaylistCorpus.read(tmp_path, sources=["nope"])


def test_a_folder_without_playlists_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="crossfade import mpd"):
        PlaylistCorpus.read(tmp_path / "nothing")


def test_a_repeated_export_replaces_its_source_and_touches_no_other(tmp_path: Path) -> None:
    PlaylistCorpus.from_playlists(simple("ab", source="mpd")).write(tmp_path)
    PlaylistCorpus.from_playlists(simple("a", "b", source="members")).write(tmp_path)
    newer = PlaylistCorpus.from_playlists(simple("c", source="members", first=1))
    with pytest.raises(CorpusError, match="already holds other playlists of members"):
        newer.write(tmp_path)
    newer.write(tmp_path, replace_sources=["members"])
    read = PlaylistCorpus.read(tmp_path)
    assert list(zip(read.sources, read.pids.tolist(), strict=True)) == [("members", 1), ("mpd", 0)]


@pytest.mark.parametrize("kind", ["playlists", "entries", "tracks"])
@pytest.mark.parametrize("damage", [lambda content: content[:-50], lambda content: b"no parquet"])
def test_a_damaged_file_is_named(tmp_path: Path, kind: str, damage: Any) -> None:  # noqa: ANN401
    PlaylistCorpus.from_playlists(simple("ab")).write(tmp_path)
    file = next((tmp_path / kind).glob("*.parquet"))
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(CorpusError, match=rf"{file.name} is damaged .*import its playlists again"):
        PlaylistCorpus.read(tmp_path)


def test_a_pid_that_two_parts_hold_counts_once(tmp_path: Path) -> None:
    for name, tracks in (("1", "ab"), ("2", "c")):
        builder = PartBuilder("mpd")
        builder.add(simple(tracks)[0])
        PartStore(tmp_path).write(name, builder.part())
    read = PlaylistCorpus.read(tmp_path)
    assert read.pids.tolist() == [0]
    assert [read.catalogue.uri(index) for index in read.tracks_of(0)] == ["a", "b"]


def test_a_pid_given_twice_in_one_source_is_refused() -> None:
    with pytest.raises(CorpusError, match="Playlist 0 of source 'mpd' is given twice"):
        PlaylistCorpus.from_playlists(simple("a") + simple("b"))
    assert PlaylistCorpus.from_playlists(simple("a") + simple("b", source="x")).n_playlists == 2


@pytest.mark.parametrize("uri", ["", "é", "a\0"])
def test_a_uri_that_the_catalogue_cannot_hold_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="is not a track's URI"):
        PlaylistCorpus.from_playlists(simple([uri]))


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        PlaylistCorpus.from_playlists([Playlist(1, (), modified_at=datetime(2020, 1, 1))])


def test_the_fingerprint_tells_every_difference() -> None:
    base = simple("ab", "c")
    variants = [
        base,
        simple("ba", "c"),
        simple("ab", "d"),
        simple("ab", "c", source="x"),
        simple("ab", "c", first=1),
        simple("ab", "", "c"),
        [Playlist(0, (Track("a"), Track("b", name="B"))), base[1]],
        [Playlist(0, base[0].tracks, title=""), base[1]],
        [Playlist(0, base[0].tracks, title="t"), base[1]],
        [Playlist(0, base[0].tracks, followers=0), base[1]],
        [Playlist(0, base[0].tracks, collaborative=False), base[1]],
        [Playlist(0, base[0].tracks, modified_at=datetime(1970, 1, 1, tzinfo=UTC)), base[1]],
        list(reversed(base)),
    ]
    prints = [PlaylistCorpus.from_playlists(variant).fingerprint() for variant in variants]
    assert len(set(prints)) == len(variants)
    assert prints[0] == PlaylistCorpus.from_playlists(iter(base)).fingerprint()


def test_indptr_and_indices_must_fit_the_playlists() -> None:
    corpus = PlaylistCorpus.from_playlists(simple("ab"))
    with pytest.raises(ValueError, match="do not fit together"):
        PlaylistCorpus(TrackCatalogue.merged([]), corpus.indptr, corpus.indices[:1], corpus.playlists)


def test_pyspark_could_read_each_file_by_itself(tmp_path: Path) -> None:
    import pyarrow.dataset as ds

    PlaylistCorpus.from_playlists(simple("ab", "b", source="x")).write(tmp_path)
    entries = ds.dataset(tmp_path / "entries", format="parquet").to_table().to_pydict()
    assert entries == {"source": ["x"] * 3, "pid": [0, 0, 1], "pos": [0, 1, 0], "track_uri": ["a", "b", "b"]}
    playlists_table = ds.dataset(tmp_path / "playlists", format="parquet").to_table()
    assert playlists_table["n_tracks"].to_pylist() == [2, 1]
