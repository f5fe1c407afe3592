"""The `crossfade` command as people type it: the right way and the wrong ways."""

from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command_kit import Crossfade

if TYPE_CHECKING:
    from bot.sandbox.catalogue import SampleWorld


@pytest.fixture
def slices(sample_world: SampleWorld, tmp_path: Path) -> Path:
    """Write the sample community's playlists as slices."""
    folder = tmp_path / "slices"
    sample_world.music.write_mpd(folder, per_slice=60)
    return folder


@pytest.fixture
def trained(crossfade: Crossfade, slices: Path) -> Crossfade:
    """Import and train."""
    assert crossfade("import", "mpd", slices).code == 0
    assert crossfade("train").code == 0
    return crossfade


def test_from_slices_and_features_to_recommendations(
    crossfade: Crossfade, slices: Path, sample_world: SampleWorld, tmp_path: Path
) -> None:
    imported = crossfade("import", "mpd", slices)
    assert (imported.code, imported.err) == (0, "")
    assert imported.out.startswith("160 playlists with ")
    sample_world.music.write_features_csv(tmp_path / "features.csv")
    features = crossfade("import", "features", tmp_path / "features.csv")
    assert features.code == 0
    assert "Audio features of" in features.out
    trained = crossfade("train")
    assert trained.code == 0
    assert "160 playlists" in trained.out
    seed = next(iter(sample_world.music.playlists())).tracks[0].uri
    found = crossfade("recommend", "--track", seed, "-k", 5, "--json")
    rows = json.loads(found.out)
    assert len(rows) == 5
    assert all(row["reasons"] and row["track"]["uri"] != seed for row in rows)
    assert "playlist" in crossfade("recommend", "--track", seed, "-k", 3).out


def test_importing_again_adds_nothing(crossfade: Crossfade, slices: Path) -> None:
    crossfade("import", "mpd", slices)
    again = crossfade("import", "mpd", slices)
    assert again.code == 0
    assert again.out.startswith("0 playlists")
    assert "imported before" in again.err


def test_bad_records_are_named_counted_and_left_out(crossfade: Crossfade, slices: Path) -> None:
    file = next(iter(sorted(slices.iterdir())))
    content = json.loads(file.read_text())
    content["playlists"][3]["tracks"][1].pop("track_uri")
    content["playlists"][5]["tracks"] = "none"
    content["playlists"][7]["pid"] = content["playlists"][6]["pid"]
    file.write_text(json.dumps(content))
    (slices / "mpd.slice.8000-8999.json").write_text("")
    (slices / "mpd.slice.9000-9999.json").write_text('{"playlists": [')
    ended = crossfade("import", "mpd", slices)
    assert ended.code == 0
    assert ended.out.startswith("158 playlists")
    assert ended.err.count("Left out: ") == 5
    assert file.name in ended.err
    assert "mpd.slice.8000-8999.json" in ended.err


def test_nothing_to_import_is_a_failure(crossfade: Crossfade, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("not json")
    for path in (bad, tmp_path / "missing.json"):
        ended = crossfade("import", "mpd", path)
        assert ended.code == 1
        assert path.name in ended.err
        assert "Traceback" not in ended.err


def test_features_without_an_id_column_are_refused(crossfade: Crossfade, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("name,energy\nA,0.5\n")
    ended = crossfade("import", "features", tmp_path / "x.csv")
    assert ended.code == 1
    assert "x.csv" in ended.err


def test_training_without_playlists_says_what_to_import(crossfade: Crossfade) -> None:
    ended = crossfade("train")
    assert ended.code == 1
    assert "crossfade import mpd" in ended.err


@pytest.mark.parametrize("words", [("recommend", "--title", "x"), ("challenge", "set.json", "--out", "s.csv")])
def test_without_a_model_the_sentence_says_how_to_get_one(crossfade: Crossfade, words: tuple[str, ...]) -> None:
    ended = crossfade(*words)
    assert ended.code == 1
    assert "crossfade train" in ended.err


def test_a_title_alone_gets_an_answer(trained: Crossfade) -> None:
    assert len(json.loads(trained("recommend", "--title", "rainy sunday", "-k", 7, "--json").out)) == 7


def test_an_unknown_track_gets_a_sentence(trained: Crossfade) -> None:
    ended = trained("recommend", "--track", "spotify:track:" + "0" * 22)
    assert ended.code == 1
    assert "does not know spotify:track:0000000000000000000000" in ended.err
    mixed = trained("recommend", "--track", "spotify:track:" + "0" * 22, "--title", "jazz", "-k", 2, "--json")
    assert mixed.code == 0
    assert "passed over" in mixed.err


@pytest.mark.parametrize(
    "words",
    [
        ("recommend",),
        ("recommend", "--track", "no track"),
        ("recommend", "--title", "x", "-k", "-1"),
        ("run", "--only", "kitchen"),
        ("import",),
        ("import", "mpd"),
        ("dance",),
        ("demo", "--port", "99999"),
    ],
)
def test_wrong_use_ends_with_two_and_a_hint(crossfade: Crossfade, words: tuple[str, ...]) -> None:
    ended = crossfade(*words)
    assert ended.code == 2
    assert ended.err or ended.out


def test_a_submission_has_500_distinct_tracks_a_playlist_and_no_seed(
    trained: Crossfade, sample_world: SampleWorld, tmp_path: Path
) -> None:
    playlists = [
        {
            "pid": 1_000_000 + i,
            "name": playlist.title,
            "num_samples": i % 6,
            "tracks": [
                {"pos": pos, "track_uri": track.uri, "track_name": track.name, "artist_name": track.artist_name}
                for pos, track in enumerate(playlist.tracks[: i % 6])
            ],
        }
        for i, playlist in enumerate(sample_world.music.playlists(20))
    ]
    with gzip.open(tmp_path / "set.json.gz", "wt") as file:
        json.dump({"playlists": playlists}, file)
    ended = trained("challenge", tmp_path / "set.json.gz", "--out", tmp_path / "s.csv")
    assert ended.code == 0
    lines = [line for line in (tmp_path / "s.csv").read_text().splitlines() if re.match(r"\d", line)]
    rows = {int(row[0]): [uri.strip() for uri in row[1:]] for row in csv.reader(lines)}
    assert sorted(rows) == [playlist["pid"] for playlist in playlists]
    for playlist in playlists:
        answer = rows[playlist["pid"]]
        assert len(answer) == len(set(answer)) == 500
        assert not set(answer) & {track["track_uri"] for track in playlist["tracks"]}
        assert all(uri.startswith("spotify:track:") for uri in answer)


def test_the_tables_are_made_checked_and_taken_back(crossfade: Crossfade) -> None:
    before = crossfade("db", "check")
    assert before.code == 1
    assert "crossfade db upgrade" in before.err
    assert crossfade("db", "upgrade").code == 0
    assert crossfade("db", "check").code == 0
    assert crossfade("db", "downgrade", "-1", "--yes").code == 0
    assert crossfade("db", "downgrade", "base", "--yes").code == 0
    assert crossfade("db", "check").code == 1


def test_a_database_that_cannot_be_opened_is_one_sentence(
    crossfade: Crossfade, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in ("someone:hunter2@127.0.0.1:1/nowhere", "127.0.0.1:1/nowhere?password=hunter2"):
        monkeypatch.setenv("CROSSFADE_DATABASE_URL", f"postgresql://{address}")
        for words in (("db", "upgrade"), ("db", "check"), ("db", "downgrade", "base", "--yes")):
            ended = crossfade(*words)
            assert ended.code == 1
            assert "Traceback" not in ended.err
            assert "hunter2" not in ended.err


def test_a_home_that_cannot_be_made_is_one_sentence(
    crossfade: Crossfade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CROSSFADE_HOME", str(tmp_path / "file" / "home"))
    for words in (("db", "upgrade"), ("import", "mpd", tmp_path)):
        ended = crossfade(*words)
        assert ended.code == 1
        assert "unexpected" not in ended.err


def test_a_key_that_is_none_is_found_by_the_doctor(crossfade: Crossfade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSFADE_ENCRYPTION_KEYS", "garbage")
    ended = crossfade("doctor")
    assert "garbage" not in ended.out
    assert ended.out.count("fail") == 5


def test_run_names_the_setting_that_is_missing(crossfade: Crossfade, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "CROSSFADE_DISCORD_TOKEN" in crossfade("run").err
    monkeypatch.setenv("CROSSFADE_DISCORD_TOKEN", "x.y.z")
    assert "CROSSFADE_SPOTIFY_CLIENT_ID" in crossfade("run").err


def test_the_doctor_says_what_to_do_about_each_fault(crossfade: Crossfade) -> None:
    ended = crossfade("doctor")
    assert ended.code == 1
    for hint in ("crossfade db upgrade", "crossfade train", "CROSSFADE_DISCORD_TOKEN", "CROSSFADE_SPOTIFY_CLIENT_ID"):
        assert hint in ended.out
    assert "/spotify/callback" in ended.out
