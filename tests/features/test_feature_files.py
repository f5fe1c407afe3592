"""Features and estimates from what lies in the corpus folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.domain.library import ArtistRef, TrackInfo
from bot.features.files import CsvFeatures, EstimatedFeatures
from recommender.audio import import_features
from recommender.corpus import PlaylistCorpus
from recommender.synthetic import SyntheticWorld, synthetic_world

if TYPE_CHECKING:
    from tests.conftest import FakeClock


@pytest.fixture(scope="module")
def world() -> SyntheticWorld:
    return synthetic_world(3, n_artists=60, n_tracks=600, n_playlists=200, missing_features=0.3)


@pytest.fixture(scope="module")
def corpus_dir(world: SyntheticWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    PlaylistCorpus.from_playlists(world.playlists()).write(folder)
    world.features.write(folder)
    return folder


def info(world: SyntheticWorld, row: int) -> TrackInfo:
    record = world.tracks[row].record
    return TrackInfo(record.uri, record.name or "", (ArtistRef(record.artist_name or "", record.artist_uri),))


async def test_a_csv_file_imported_while_the_program_runs_is_noticed(tmp_path: Path, clock: FakeClock) -> None:
    provider = CsvFeatures(tmp_path / "corpus", clock)
    track = TrackInfo("spotify:track:" + "4" * 22, "Song")
    assert await provider.features([track]) == {}
    file = tmp_path / "f.csv"
    file.write_text(f"track_id,energy,tempo,valence\n{'4' * 22},0.748,122.036,\n")
    import_features([file], tmp_path / "corpus")
    answers = await provider.features([track, TrackInfo("spotify:track:ä", "Other")])
    assert {uri: (dict(answer.values), answer.source, answer.estimated) for uri, answer in answers.items()} == {
        track.uri: ({"energy": 0.748, "tempo": 122.036}, "csv", False)
    }


async def test_a_damaged_file_gives_nothing_and_stops_nobody(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "part-1.parquet").write_bytes(b"PAR1 nonsense")
    track = TrackInfo("spotify:track:" + "4" * 22, "Song")
    assert await CsvFeatures(tmp_path, clock).features([track]) == {}
    assert await EstimatedFeatures(tmp_path, clock).features([track]) == {}


async def test_estimates_are_marked_and_reach_tracks_that_no_playlist_has_by_their_artist(
    world: SyntheticWorld, corpus_dir: Path, clock: FakeClock
) -> None:
    provider = EstimatedFeatures(corpus_dir, clock)
    missing = [info(world, int(row)) for row in (~world.has_features).nonzero()[0]]
    unheard = TrackInfo("spotify:track:" + "z" * 22, "New", missing[0].artists)
    stranger = TrackInfo("spotify:track:" + "y" * 22, "New", (ArtistRef("Nobody At All"),))
    answers = await provider.features([*missing, unheard, stranger])
    assert len(answers) > len(missing) / 2
    assert {(answer.source, answer.estimated) for answer in answers.values()} == {("estimate", True)}
    assert unheard.uri in answers
    assert stranger.uri not in answers


async def test_with_an_empty_corpus_nothing_is_estimated(tmp_path: Path, clock: FakeClock) -> None:
    assert await EstimatedFeatures(tmp_path, clock).features([TrackInfo("spotify:track:" + "4" * 22, "Song")]) == {}
