"""`crossfade synth` as people type it."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_kit import Crossfade

from recommender.audio import AudioFeatures
from recommender.corpus import PlaylistCorpus


def test_slices_and_features_are_made_imported_and_made_again_only_where_missing(
    crossfade: Crossfade, tmp_path: Path
) -> None:
    words = ("synth", "--playlists", 60, "--tracks", 900, "--seed", 4, "--out", "made", "--gz")
    ended = crossfade(*words, "--features", "made/features.csv.gz")
    assert ended.code == 0
    assert "60 playlists from a catalogue of 900 tracks in made: 1 slice written" in ended.out
    assert "Audio features of" in ended.out
    assert len(AudioFeatures.read_csv(tmp_path / "made" / "features.csv.gz")) > 300
    assert crossfade("import", "mpd", "made").code == 0
    assert PlaylistCorpus.read(tmp_path / "home" / "corpus").n_playlists == 60
    again = crossfade(*words)
    assert again.code == 0
    assert "0 slices written" in again.out
    assert "Kept as they were: 1 slice" in again.err


def test_a_corpus_is_made_at_once(crossfade: Crossfade, tmp_path: Path) -> None:
    ended = crossfade("synth", "--playlists", 40, "--tracks", 500, "--out", "corpus", "--corpus")
    assert ended.code == 0
    assert "1 part written" in ended.out
    assert PlaylistCorpus.read(tmp_path / "corpus").n_playlists == 40


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--playlists", 0), "--playlists"),
        (("--playlists", 5, "--seed", -1), "--seed"),
        (("--playlists", 5, "--tracks", 0), "--tracks"),
        (("--playlists", 5, "--missing", 2), "--missing"),
        (("--playlists", 5, "--processes", 0), "--processes"),
        (("--playlists", 5, "--corpus", "--gz"), "leave out --gz or"),
        (("--playlists", 5, "--features", "features.txt"), ".csv or"),
        (("--playlists", 5, "--features", "folder.csv"), "this is a folder"),
    ],
)
def test_wrong_use_is_named_and_writes_nothing(
    crossfade: Crossfade, tmp_path: Path, words: tuple[object, ...], said: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    ended = crossfade("synth", "--out", "made", *words)
    assert ended.code == 2
    assert said in ended.err
    assert not (tmp_path / "made").exists()


def test_a_folder_with_other_things_in_it_is_left_alone(crossfade: Crossfade, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    ended = crossfade("synth", "--playlists", 5, "--tracks", 100, "--out", tmp_path)
    assert ended.code == 1
    assert "not empty" in ended.err
    assert "Traceback" not in ended.err
    ended = crossfade("synth", "--playlists", 5, "--tracks", 100, "--out", "letter.txt")
    assert ended.code == 1
    assert "cannot be written" in ended.err
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "dear"
