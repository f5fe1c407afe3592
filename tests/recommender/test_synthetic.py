"""The synthetic world: repeatable, believable, and in the layouts of real data."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from statistics import mean, median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.audio import FEATURES, AudioFeatures
from recommender.corpus import PlaylistCorpus
from recommender.records import SOURCE_SYNTHETIC, Playlist
from recommender.synthetic import SyntheticWorld, synthetic_world

REAL_SONGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "tidytuesday_spotify_songs.csv.gz"
COLUMN = {feature.name: position for position, feature in enumerate(FEATURES)}


@pytest.fixture(scope="module")
def world() -> SyntheticWorld:
    return synthetic_world(7)


@pytest.fixture(scope="module")
def playlists(world: SyntheticWorld) -> list[Playlist]:
    return list(world.playlists())


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("first", 3), ("again", 3), ("other", 4)):
        small = synthetic_world(seed, n_artists=20, n_tracks=200, n_playlists=25)
        small.write_mpd(tmp_path / name, per_slice=10)
        small.write_features_csv(tmp_path / name / "features.csv")
    files = sorted(file.name for file in (tmp_path / "first").iterdir())
    assert files == ["features.csv", "mpd.slice.0-9.json", "mpd.slice.10-19.json", "mpd.slice.20-24.json"]
    for file in files:
        content = (tmp_path / "first" / file).read_bytes()
        assert content == (tmp_path / "again" / file).read_bytes()
        assert content != (tmp_path / "other" / file).read_bytes()


def test_a_generator_may_stand_for_the_seed() -> None:
    first, again = (synthetic_world(np.random.default_rng(5), n_artists=3, n_tracks=9, n_playlists=2) for _ in "ab")
    assert first.tracks == again.tracks
    assert list(first.playlists()) == list(again.playlists())


def test_identifiers_look_like_spotifys_and_are_unique(world: SyntheticWorld) -> None:
    uris = [track.record.uri for track in world.tracks]
    assert len(set(uris)) == len(uris) == 3000
    assert all(re.fullmatch(r"spotify:track:[0-9A-Za-z]{22}", uri) for uri in uris)
    assert all(re.fullmatch(r"ZZ[A-Z]{3}\d{7}", track.isrc) for track in world.tracks)
    assert len({artist.name for artist in world.artists}) == len(world.artists) == 240


def test_albums_and_tracks_refer_to_each_other(world: SyntheticWorld) -> None:
    for position, album in enumerate(world.albums):
        tracks = [world.tracks[at] for at in album.tracks]
        assert [track.number for track in tracks] == list(range(1, len(tracks) + 1))
        assert {track.album for track in tracks} == {position}
        assert {track.record.album_uri for track in tracks} == {album.uri}
        assert {track.record.artist_uri for track in tracks} == {world.artists[album.artist].uri}
    assert sum(len(album.tracks) for album in world.albums) == len(world.tracks)


def test_some_recordings_are_released_twice(world: SyntheticWorld) -> None:
    releases: dict[str, list[int]] = {}
    for position, track in enumerate(world.tracks):
        releases.setdefault(track.isrc, []).append(position)
    twice = [positions for positions in releases.values() if len(positions) > 1]
    assert 0.02 < len(twice) / len(world.tracks) < 0.04
    for first, second in twice:
        one, other = world.tracks[first].record, world.tracks[second].record
        assert (one.name, one.artist_uri, one.duration_ms) == (other.name, other.artist_uri, other.duration_ms)
        assert one.uri != other.uri
        assert one.album_uri != other.album_uri
        assert all(values[first] == values[second] for values in world.measured.values())


def test_features_agree_with_the_taste_group(world: SyntheticWorld) -> None:
    def average(feature: str, group: str) -> float:
        rows = [row for row, track in enumerate(world.tracks) if track.group == group]
        return float(world.measured[feature][rows].mean())

    assert average("acousticness", "indie-folk") > 0.6 > 0.2 > average("acousticness", "metal")
    assert average("energy", "metal") > 0.8 > 0.4 > average("energy", "ambient")
    assert average("tempo", "drum-and-bass") == pytest.approx(174, abs=2)
    assert average("speechiness", "hip-hop") > 2 * average("speechiness", "jazz")


def test_features_are_in_range_and_missing_for_some(world: SyntheticWorld) -> None:
    features = world.features
    assert 0.80 < len(features.uris) / len(world.tracks) < 0.90
    assert features.values.dtype == np.float32
    assert list(features.uris) == sorted(features.uris)
    for feature in FEATURES:
        values = features.values[:, COLUMN[feature.name]]
        assert values.min() >= feature.low
        assert values.max() <= feature.high
        assert values.std() > 0
    assert len(synthetic_world(1, n_artists=2, n_tracks=9, missing_features=1.0).features.uris) == 0


def test_the_features_file_is_read_back_by_the_library(world: SyntheticWorld, tmp_path: Path) -> None:
    world.write_features_csv(tmp_path / "features.csv")
    read = AudioFeatures.read_csv(tmp_path / "features.csv")
    assert (read.uris == world.features.uris).all()
    np.testing.assert_allclose(read.values, world.features.values, rtol=1e-4)


def test_a_playlist_keeps_mostly_to_one_taste(world: SyntheticWorld, playlists: list[Playlist]) -> None:
    group_of = {track.record.uri: track.group for track in world.tracks}
    shares = []
    for playlist in playlists:
        counts = Counter(group_of[track.uri] for track in playlist.tracks)
        shares.append(counts.most_common(1)[0][1] / len(playlist.tracks))
    assert median(shares) > 0.75
    assert mean(share < 1.0 for share in shares) > 0.5


def test_lengths_and_popularity_have_long_tails(playlists: list[Playlist]) -> None:
    lengths = [len(playlist.tracks) for playlist in playlists]
    assert min(lengths) >= 8
    assert max(lengths) <= 250
    assert mean(lengths) > 1.2 * median(lengths)
    counts = sorted(Counter(track.uri for playlist in playlists for track in playlist.tracks).values(), reverse=True)
    assert sum(counts[: len(counts) // 10]) > 0.28 * sum(counts)
    assert counts[-1] == 1


def test_an_artists_tracks_are_adjacent_now_and_then(playlists: list[Playlist]) -> None:
    neighbours = [
        one.artist_uri == other.artist_uri for playlist in playlists for one, other in pairwise(playlist.tracks)
    ]
    assert 0.08 < mean(neighbours) < 0.35


def test_no_playlist_holds_a_track_twice(playlists: list[Playlist]) -> None:
    assert all(len({track.uri for track in playlist.tracks}) == len(playlist.tracks) for playlist in playlists)


def test_titles_are_such_as_people_give(playlists: list[Playlist]) -> None:
    titles = [playlist.title or "" for playlist in playlists]
    assert all(titles)
    assert len(set(titles)) < len(titles)
    assert any(title.isupper() for title in titles)
    assert any(ord(character) > 0x2600 for title in titles for character in title)


def test_any_playlist_can_be_drawn_alone(world: SyntheticWorld, playlists: list[Playlist]) -> None:
    assert list(world.playlists(count=3, start=42)) == playlists[42:45]
    assert next(world.playlists(count=1, start=10**9)).pid == 10**9
    assert {playlist.source for playlist in playlists} == {SOURCE_SYNTHETIC}


def test_slices_have_the_shape_of_the_million_playlist_dataset(tmp_path: Path) -> None:
    world = synthetic_world(2, n_artists=20, n_tracks=200, n_playlists=60)
    (file,) = world.write_mpd(tmp_path)
    content = json.loads(file.read_text(encoding="utf-8"))
    assert content["info"]["slice"] == "0-59"
    playlist = content["playlists"][7]
    required = {"name", "collaborative", "pid", "modified_at", "num_tracks", "num_albums", "num_followers", "tracks"}
    assert required | {"num_edits", "duration_ms", "num_artists"} <= playlist.keys()
    assert playlist["collaborative"] in ("true", "false")
    assert playlist["num_tracks"] == len(playlist["tracks"])
    assert playlist["duration_ms"] == sum(track["duration_ms"] for track in playlist["tracks"])
    assert playlist["modified_at"] % 86_400 == 0
    assert [track["pos"] for track in playlist["tracks"]] == list(range(len(playlist["tracks"])))
    assert playlist["tracks"][0].keys() == {
        "pos", "artist_name", "track_uri", "artist_uri", "track_name", "album_uri", "duration_ms", "album_name",
    }  # fmt: skip


def test_slices_are_read_back_by_the_library(tmp_path: Path) -> None:
    world = synthetic_world(2, n_artists=20, n_tracks=200, n_playlists=60)
    corpus = PlaylistCorpus.from_mpd(world.write_mpd(tmp_path, per_slice=25))
    drawn = list(world.playlists())
    assert corpus.n_playlists == 60
    assert corpus.n_entries == sum(len(playlist.tracks) for playlist in drawn)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    n_artists=st.integers(1, 15),
    more_tracks=st.integers(0, 40),
    missing=st.floats(0.0, 1.0),
)
def test_worlds_of_any_small_size_are_whole(seed: int, n_artists: int, more_tracks: int, missing: float) -> None:
    world = synthetic_world(
        seed, n_artists=n_artists, n_tracks=n_artists + more_tracks, n_playlists=4, missing_features=missing
    )
    assert len(world.tracks) == n_artists + more_tracks
    known = {track.record.uri for track in world.tracks}
    for playlist in world.playlists():
        uris = [track.uri for track in playlist.tracks]
        assert uris
        assert len(set(uris)) == len(uris)
        assert known.issuperset(uris)


@pytest.mark.parametrize(
    "wrong", [{"n_artists": 0}, {"n_artists": 5, "n_tracks": 4}, {"n_playlists": -1}, {"missing_features": 1.5}]
)
def test_numbers_that_make_no_world_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"world|share"):
        synthetic_world(1, **wrong)  # type: ignore[arg-type]


@pytest.mark.skipif(not REAL_SONGS.exists(), reason="needs ../shared/data, which is not part of the project")
def test_no_name_is_that_of_a_real_artist_or_track(world: SyntheticWorld) -> None:
    with gzip.open(REAL_SONGS, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    artists = {row["track_artist"].casefold() for row in rows}
    titles = {row[key].casefold() for row in rows for key in ("track_name", "track_album_name")}
    assert not {artist.name for artist in world.artists if artist.name.casefold() in artists}
    assert not {track.record.name for track in world.tracks if (track.record.name or "").casefold() in titles}
    assert not {album.name for album in world.albums if album.name.casefold() in titles}
