"""`crossfade import spotify-export` as people type it: into the corpus, and for a member."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command_kit import Crossfade

from bot.sandbox.exports import SampleExports
from recommender.corpus import PlaylistCorpus

if TYPE_CHECKING:
    from bot.sandbox.catalogue import SampleWorld

MEMBER = 4_100_000_000_000_000_001


@pytest.fixture
def export(sample_world: SampleWorld, tmp_path: Path) -> Path:
    path = tmp_path / "my_spotify_data.zip"
    path.write_bytes(SampleExports(sample_world, "ifemarlowe").account_data())
    return path


@pytest.fixture
def csv(sample_world: SampleWorld, tmp_path: Path) -> Path:
    name, content = SampleExports(sample_world, "mirasolenne").exportify("rainy sunday")
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def test_without_a_member_the_playlists_go_into_the_corpus_once(crossfade: Crossfade, export: Path, csv: Path) -> None:
    ended = crossfade("import", "spotify-export", export, csv)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("4 playlists with ")
    assert "from 2 files." in ended.out
    assert "1 podcast episode or audiobook: only tracks count." in ended.err
    assert "liked songs" in ended.err
    again = crossfade("import", "spotify-export", export, csv)
    assert (again.code, again.out) == (0, "0 playlists with 0 entries from 0 files.\n")
    assert "2 files had been imported before" in again.err
    corpus = PlaylistCorpus.read(Path("home/corpus"))
    assert corpus.n_playlists == 4
    assert corpus.n_tracks > 50


def test_bad_files_are_named_and_the_good_one_is_taken(crossfade: Crossfade, csv: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    ended = crossfade("import", "spotify-export", tmp_path / "bad.zip", tmp_path / "missing.zip", csv)
    assert ended.code == 0
    assert ended.out.startswith("1 playlists")
    assert "bad.zip: This is no ZIP" in ended.err
    assert "missing.zip: The file cannot be read" in ended.err


@pytest.mark.parametrize("for_member", [(), ("--member", MEMBER)])
def test_nothing_to_import_is_a_failure_in_one_sentence(
    crossfade: Crossfade, tmp_path: Path, for_member: tuple[object, ...]
) -> None:
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    for name in ("bad.zip", "missing.zip"):
        ended = crossfade("import", "spotify-export", tmp_path / name, *for_member)
        assert ended.code == 1
        assert ended.err.strip().splitlines()[-1].startswith("Error: Nothing could be imported: ")
        assert name in ended.err
        assert "Traceback" not in ended.err


@pytest.mark.parametrize("words", [(), ("x.zip", "--member", "mia"), ("x.zip", "--member", "0")])
def test_wrong_use_ends_with_two(crossfade: Crossfade, words: tuple[str, ...]) -> None:
    assert crossfade("import", "spotify-export", *words).code == 2


def test_with_a_member_everything_goes_into_the_database(crossfade: Crossfade, export: Path, csv: Path) -> None:
    for _ in range(2):
        ended = crossfade("import", "spotify-export", export, csv, "--member", MEMBER)
        assert ended.code == 0, ended.err
        assert "plays from 2 files for member" in ended.out
    with sqlite3.connect("home/crossfade.db") as database:
        rows = database.execute("SELECT name, kind FROM playlists WHERE member_id = ?", (MEMBER,)).fetchall()
        [[listens]] = database.execute("SELECT count(*) FROM listens").fetchall()
    assert sorted(name for name, _ in rows) == sorted(
        ["Liked Songs", "Most played", "Sunday Cleaning ✨", "bars only", "odds and ends", "rainy sunday"]
    )
    assert {kind for _, kind in rows} == {"import"}
    assert listens > 300
    assert not Path("home/corpus").exists()
