"""Tests of `crossfade export`: similar tracks and artists as text, vectors for the Embedding Projector."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from command_kit import Crossfade

from recommender import Hybrid, Playlist, PlaylistCorpus, Track
from recommender.artifacts import ModelStore
from recommender.candidates import Embeddings, Popularity
from recommender.candidates.base import CandidateGenerator
from recommender.similar import similar_artists, similar_tracks

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def track(number: int) -> Track:
    """Return a track; two in a row share an artist, every third artist has a URI, names hold what breaks lines."""
    artist = number // 2
    uri = f"spotify:artist:{artist:022d}" if artist % 3 == 0 else None
    return Track(f"spotify:track:{number:022d}", f"Song\t{number}\nlive", f"The  Artist {artist}", uri)


def playlists() -> list[Playlist]:
    rng = np.random.default_rng(4)
    chosen = [(30 * rng.random(12) ** 2).astype(int) + 30 * (pid % 2) for pid in range(60)]
    return [Playlist(pid, tuple(map(track, numbers.tolist()))) for pid, numbers in enumerate(chosen)] + [
        Playlist(1000, (track(900),))
    ]


def publish(home: Path, generators: list[CandidateGenerator], corpus: PlaylistCorpus | None = None) -> Hybrid:
    model = Hybrid(generators=generators).fit(corpus or PlaylistCorpus.from_playlists(playlists()))
    ModelStore(home / "models").publish("first", lambda path: model.save(path, created_at=NOW))
    return model


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def model(home: Path) -> Hybrid:
    return publish(home, [Popularity(), Embeddings(max_passes=3)])


def test_similar_tracks_are_written_a_line_a_seed_the_most_popular_first(
    crossfade: Crossfade, model: Hybrid, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "tracks.txt"
    ended = crossfade("export", "similar-tracks", "--k", 5, "--out", out)
    assert (ended.code, ended.err) == (0, "")
    lines = [line.split(" ") for line in out.read_text().splitlines()]
    assert f"of {len(lines)} tracks in {out}" in ended.out
    counts = Counter(one.uri for playlist in playlists() for one in set(playlist.tracks))
    assert [counts[line[0]] for line in lines] == sorted((counts[line[0]] for line in lines), reverse=True)
    assert {line[0] for line in lines} == set(counts) - {track(900).uri}
    for seed, *others in lines[::7]:
        assert others == [item.track.uri for item in similar_tracks(model, seed, 5)]
    assert list(out.parent.iterdir()) == [out]


def test_similar_artists_are_written_as_words_that_lead_back_to_them(
    crossfade: Crossfade, model: Hybrid, tmp_path: Path
) -> None:
    out = tmp_path / "artists.txt"
    assert crossfade("export", "similar-artists", "-k", 4, "--out", out).code == 0
    lines = [line.split(" ") for line in out.read_text().splitlines()]
    words = {word for line in lines for word in line}
    assert any(word.startswith("spotify:artist:") for word in words)
    named = {unquote(word.removeprefix("artist:")) for word in words if word.startswith("artist:")}
    assert named == {f"The  Artist {number}" for number in range(30) if number % 3}
    for seed, *others in lines:
        expected = similar_artists(model, seed, 4)
        assert [unquote(other.removeprefix("artist:")) for other in others] == [
            item.uri or item.name for item in expected
        ]


def test_a_name_in_gz_is_written_compressed_and_always_the_same(
    crossfade: Crossfade, model: Hybrid, tmp_path: Path
) -> None:
    plain, first, second = tmp_path / "a.txt", tmp_path / "a.txt.gz", tmp_path / "b.txt.gz"
    for out in (plain, first, second):
        assert crossfade("export", "similar-tracks", "--limit", 3, "--out", out).code == 0
    assert gzip.decompress(first.read_bytes()) == plain.read_bytes()
    assert first.read_bytes() == second.read_bytes()
    assert len(plain.read_text().splitlines()) == 3


def test_vectors_and_metadata_have_a_line_for_each_track(crossfade: Crossfade, model: Hybrid, tmp_path: Path) -> None:
    out = tmp_path / "map"
    ended = crossfade("export", "embeddings", "--out", out)
    assert (ended.code, ended.err) == (0, "")
    assert sorted(path.name for path in out.iterdir()) == ["metadata.tsv", "vectors.tsv"]
    header, *rows = [line.split("\t") for line in (out / "metadata.tsv").read_text().splitlines()]
    assert header == ["name", "artist", "playlists", "uri"]
    embeddings = model.generators_[1]
    assert isinstance(embeddings, Embeddings)
    assert len(rows) == len(embeddings.tracks_)
    assert f"{len(rows)} tracks in 32 dimensions" in ended.out
    vectors = np.loadtxt(out / "vectors.tsv", delimiter="\t", ndmin=2)
    places = embeddings.places[model.interactions_.corpus.catalogue.indices_of([row[3] for row in rows])]
    np.testing.assert_allclose(vectors, embeddings.vectors_[places], rtol=1e-4, atol=1e-6)
    popularity = [int(row[2]) for row in rows]
    assert popularity == sorted(popularity, reverse=True)
    number = int(rows[0][3].rsplit(":", 1)[1])
    assert rows[0][:2] == [f"Song {number} live", f"The Artist {number // 2}"]


def test_playlists_are_written_as_the_mean_of_their_tracks(crossfade: Crossfade, model: Hybrid, tmp_path: Path) -> None:
    out = tmp_path / "map"
    ended = crossfade("export", "embeddings", "--out", out, "--playlists", "--limit", 4, "--gz")
    assert ended.code == 0
    assert "4 tracks and 60 playlists" in ended.out
    assert len(gzip.open(out / "vectors.tsv.gz", "rt").readlines()) == 4
    with gzip.open(out / "playlist_metadata.tsv.gz", "rt") as stream:
        header, *rows = [line.rstrip("\n").split("\t") for line in stream]
    assert header == ["title", "tracks", "source", "pid"]
    vectors = np.loadtxt(out / "playlist_vectors.tsv.gz", delimiter="\t")
    assert len(rows) == len(vectors) == 60
    embeddings = model.generators_[1]
    assert isinstance(embeddings, Embeddings)
    for row, vector in zip(rows, vectors, strict=True):
        playlist = int(np.flatnonzero(model.interactions_.corpus.pids == int(row[3]))[0])
        tracks = model.interactions_.corpus.tracks_of(playlist)
        assert int(row[1]) == len(tracks)
        expected = embeddings.playlist_vector(tracks)
        assert expected is not None
        np.testing.assert_allclose(vector, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("what", ["similar-tracks", "similar-artists", "embeddings"])
class TestWrongUse:
    def test_without_a_model_it_says_to_train_one(self, what: str, crossfade: Crossfade, tmp_path: Path) -> None:
        ended = crossfade("export", what, "--out", tmp_path / "out")
        assert ended.code == 1
        assert "crossfade train" in ended.err
        assert "Traceback" not in ended.err
        assert not (tmp_path / "out").exists()

    def test_numbers_below_one_are_wrong_use(self, what: str, crossfade: Crossfade, tmp_path: Path) -> None:
        assert crossfade("export", what, "--out", tmp_path / "out", "--limit", 0).code == 2
        assert crossfade("export", what).code == 2
        if what != "embeddings":
            assert crossfade("export", what, "--out", tmp_path / "out", "--k", 0).code == 2

    def test_a_place_that_cannot_be_written_is_named(
        self, what: str, crossfade: Crossfade, model: Hybrid, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("mine")
        ended = crossfade("export", what, "--out", tmp_path / "file" / "out")
        assert ended.code == 1
        assert "cannot be written" in ended.err
        assert (tmp_path / "file").read_text() == "mine"


def test_a_model_without_embeddings_says_to_train_again(crossfade: Crossfade, home: Path, tmp_path: Path) -> None:
    publish(home, [Popularity()])
    ended = crossfade("export", "embeddings", "--out", tmp_path / "map")
    assert ended.code == 1
    assert "no embeddings: run `crossfade train` again" in ended.err
    assert not (tmp_path / "map").exists()


def test_a_corpus_too_small_for_vectors_says_so(crossfade: Crossfade, home: Path, tmp_path: Path) -> None:
    publish(home, [Popularity(), Embeddings()], PlaylistCorpus.from_playlists([Playlist(1, (track(1), track(2)))]))
    ended = crossfade("export", "embeddings", "--out", tmp_path / "map")
    assert ended.code == 1
    assert "import more playlists" in ended.err
    assert crossfade("export", "similar-tracks", "--out", tmp_path / "tracks.txt").code == 0
    assert len((tmp_path / "tracks.txt").read_text().splitlines()) == 2


def test_a_file_is_no_folder_for_vectors(crossfade: Crossfade, model: Hybrid, tmp_path: Path) -> None:
    (tmp_path / "map").write_text("mine")
    ended = crossfade("export", "embeddings", "--out", tmp_path / "map")
    assert ended.code == 1
    assert "is a file" in ended.err
    assert (tmp_path / "map").read_text() == "mine"
