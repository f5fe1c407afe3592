"""A submission has for each playlist 500 distinct tracks, none of them a seed, in the challenge's format."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from taste_groups import make_corpus, make_features, make_playlists, make_track

from recommender import CorpusError, Hybrid, Playlist, PlaylistCorpus, RecommenderError, Track
from recommender.evaluation import write_submission

CORPUS = make_corpus(n_playlists=150, n_tracks=900, longest=80)
MODEL = Hybrid().fit(CORPUS, make_features(CORPUS))


def challenge_record(pid: int, n_seeds: int, title: str | None) -> dict[str, object]:
    tracks = make_playlists(seed=7)[pid % 80].tracks[:n_seeds]
    shown = [
        {"pos": place, "track_uri": track.uri, "track_name": track.name, "artist_name": track.artist_name}
        for place, track in enumerate(tracks)
    ]
    record: dict[str, object] = {"pid": pid, "num_samples": len(shown), "num_holdouts": 10, "tracks": shown}
    return record if title is None else {**record, "name": title}


def write_challenge(path: Path) -> list[dict[str, object]]:
    records = [
        challenge_record(1000, 0, "rainy day"),
        challenge_record(1001, 1, "workout"),
        challenge_record(1002, 5, None),
        challenge_record(1003, 25, "🌧️"),
    ]
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        json.dump({"playlists": records}, stream)
    return records


def rows_of(path: Path) -> dict[int, list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row and not row[0].startswith("#")]
    assert rows[0][0] == "team_info"
    return {int(row[0]): row[1:] for row in rows[1:]}


def test_each_playlist_gets_500_distinct_tracks_and_none_of_its_seeds(tmp_path: Path) -> None:
    records = write_challenge(tmp_path / "challenge.json.gz")
    report = write_submission(MODEL, tmp_path / "challenge.json.gz", tmp_path / "deep" / "s.csv")
    rows = rows_of(tmp_path / "deep" / "s.csv")
    assert report.playlists == 4
    assert list(rows) == [1000, 1001, 1002, 1003]
    for record in records:
        seeds = {track["track_uri"] for track in record["tracks"]}  # type: ignore[attr-defined]
        answer = rows[int(str(record["pid"]))]
        assert len(answer) == len(set(answer)) == 500
        assert not seeds & set(answer)
        assert all(uri.startswith("spotify:track:") and uri == uri.strip() for uri in answer)


def test_the_team_is_named_in_the_first_line_that_is_no_comment(tmp_path: Path) -> None:
    write_submission(
        MODEL, [Playlist(1, (), "rainy day")], tmp_path / "s.csv", team="A, B\nC", contact="me@example.org"
    )
    lines = (tmp_path / "s.csv").read_text().splitlines()
    assert next(line for line in lines if line and not line.startswith("#")) == "team_info,A B C,me@example.org"


def test_the_answers_are_those_of_the_model(tmp_path: Path) -> None:
    playlist = Playlist(5, make_playlists()[3].tracks[:5], "Été")
    write_submission(MODEL, [playlist], tmp_path / "s.csv")
    ranked = MODEL.rank(playlist.tracks, playlist.title, 500)
    assert rows_of(tmp_path / "s.csv")[5] == [CORPUS.catalogue.uri(int(index)) for index in ranked]


def test_tracks_that_are_no_spotify_tracks_are_not_answered(tmp_path: Path) -> None:
    local = Track("spotify:local:::Demo:99", "Demo", "Me")
    playlists = [
        Playlist(p.pid, (*p.tracks, local), p.title) for p in make_playlists(n_playlists=150, n_tracks=900, longest=80)
    ]
    model = Hybrid().fit(PlaylistCorpus.from_playlists(playlists))
    write_submission(model, [Playlist(1, (), "rainy day")], tmp_path / "s.csv")
    assert local.uri not in rows_of(tmp_path / "s.csv")[1]


def test_a_record_that_cannot_be_used_is_named_and_the_rest_is_answered(tmp_path: Path) -> None:
    records = [challenge_record(1, 3, "x"), {"pid": "two", "tracks": []}, challenge_record(3, 0, "y")]
    path = tmp_path / "challenge.json"
    path.write_text(json.dumps({"playlists": records}))
    report = write_submission(MODEL, path, tmp_path / "s.csv")
    assert list(rows_of(tmp_path / "s.csv")) == [1, 3]
    assert report.problems.total == 1
    assert "pid" in report.problems.summary()


def test_progress_counts_the_playlists(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    playlists = [Playlist(pid, (), "rainy day") for pid in range(3)]
    write_submission(MODEL, playlists, tmp_path / "s.csv", progress=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_challenge_set_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere\.json"):
        write_submission(MODEL, tmp_path / "nowhere.json", tmp_path / "s.csv")
    with pytest.raises(CorpusError, match="empty"):
        write_submission(MODEL, [], tmp_path / "s.csv")


def test_a_model_that_knows_too_few_tracks_writes_nothing(tmp_path: Path) -> None:
    small = Hybrid().fit(PlaylistCorpus.from_playlists([Playlist(1, (make_track(1), make_track(2)))]))
    with pytest.raises(RecommenderError, match="train on more playlists"):
        write_submission(small, [Playlist(1, (make_track(1),))], tmp_path / "s.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecommenderError, match="cannot be written"):
        write_submission(MODEL, [Playlist(1, (), "x")], tmp_path / "file" / "s.csv")
