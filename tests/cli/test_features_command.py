"""`crossfade features` as an operator types it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main
from bot.domain.library import ArtistRef, TrackInfo
from bot.settings import Settings, SettingsError
from bot.storage.repositories.tracks import store_tracks
from bot.storage.session import Database
from recommender.audio import AudioFeatures
from recommender.corpus import PlaylistCorpus
from recommender.synthetic import SyntheticWorld, synthetic_world

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def world() -> SyntheticWorld:
    return synthetic_world(5, n_artists=50, n_tracks=500, n_playlists=150, missing_features=0.4)


@pytest.fixture
def crossfade(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run the command on a fresh database."""
    for name in [name for name in os.environ if name.startswith("CROSSFADE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROSSFADE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CROSSFADE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["crossfade", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture
def community(world: SyntheticWorld, sqlite_url: str) -> int:
    """Fill the database with all tracks of the world; return how many."""
    records = [track.record for track in world.tracks]
    infos = [TrackInfo(r.uri, r.name or "?", (ArtistRef(r.artist_name or "?", r.artist_uri),)) for r in records]

    async def fill() -> None:
        database = Database(sqlite_url)
        async with database.transaction() as session:
            await store_tracks(session, infos, "spotify", overwrite=True)
        await database.dispose()

    asyncio.run(fill())
    return len(infos)


@pytest.fixture
def corpus(world: SyntheticWorld, tmp_path: Path) -> Path:
    """Put the world's playlists and measured features into the corpus folder."""
    folder = tmp_path / "home" / "corpus"
    PlaylistCorpus.from_playlists(world.playlists()).write(folder)
    world.features.write(folder)
    return folder


def test_fetch_fills_in_from_files_and_estimates_and_export_can_be_imported(
    crossfade: Run, community: int, corpus: Path, world: SyntheticWorld, tmp_path: Path
) -> None:
    measured = int(world.has_features.sum())
    code, out, err = crossfade("features", "fetch")
    assert (code, err) == (0, "")
    assert f"csv: {measured} tracks." in out
    assert "estimate: " in out
    code, out, _ = crossfade("features", "status")
    assert code == 0
    assert f"Of {community} tracks {measured} are measured" in out

    code, out, _ = crossfade("features", "export", "out.csv")
    assert (code, f"{measured} tracks" in out) == (0, True)
    exported = AudioFeatures.read_csv("out.csv")
    assert exported.uris.tolist() == world.features.uris.tolist()
    assert exported.values == pytest.approx(world.features.values, rel=1e-5, nan_ok=True)
    assert crossfade("import", "features", "out.csv")[0] == 0

    code, _, err = crossfade("features", "export", "out.csv")
    assert code == 1
    assert "out.csv exists: give another name" in err
    assert AudioFeatures.read_csv("out.csv").fingerprint() == exported.fingerprint()


def test_estimates_are_made_without_looking_up_anything(crossfade: Run, community: int, corpus: Path) -> None:
    code, out, _ = crossfade("features", "estimate")
    assert code == 0
    assert "estimate: " in out
    assert " 0 are measured" in crossfade("features", "status")[1]
    code, _, err = crossfade("features", "export", "out.csv")
    assert code == 1
    assert "Nothing is measured by csv, reccobeats: run crossfade features fetch first." in err
    assert not Path("out.csv").exists()


def test_without_a_corpus_the_operator_is_told_what_to_import(crossfade: Run, community: int) -> None:
    code, out, err = crossfade("features", "estimate")
    assert code == 0
    assert "500 tracks were looked up." in out
    assert "import playlists (crossfade import mpd)" in err


def test_an_empty_database_is_no_fault(crossfade: Run) -> None:
    assert "holds no tracks yet" in crossfade("features", "status")[1]
    assert "Nothing is missing." in crossfade("features", "fetch")[1]


def test_with_all_sources_off_nothing_is_fetched(crossfade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSFADE_FEATURES_PROVIDERS", "none")
    for command in ("fetch", "estimate"):
        code, _, err = crossfade("features", command)
        assert code == 1
        assert "CROSSFADE_FEATURES_PROVIDERS" in err


def test_a_file_that_cannot_be_written_is_one_sentence(crossfade: Run, community: int, corpus: Path) -> None:
    crossfade("features", "fetch")
    code, _, err = crossfade("features", "export", "nowhere/out.csv")
    assert code == 1
    assert "nowhere/out.csv cannot be written" in err


@pytest.mark.parametrize(("value", "sources"), [("none", ()), (" CSV , csv,reccobeats ", ("csv", "reccobeats"))])
def test_the_sources_are_read_in_the_operators_order(
    value: str, sources: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSFADE_FEATURES_PROVIDERS", value)
    assert Settings(None).features.sources == sources


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "PROVIDERS",
            "csv,deezer",
            "'deezer' is not a source, choose among csv, reccobeats, spotify, estimate, or none",
        ),
        ("LEARN_FROM", "estimate", "'estimate' is not a source, choose among csv, reccobeats, spotify, or none"),
        ("RECCOBEATS_URL", "api.reccobeats.com", "must be an address that begins with https:// or http://"),
    ],
)
def test_a_wrong_name_is_told_in_one_sentence(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CROSSFADE_FEATURES_{name}", value)
    with pytest.raises(SettingsError) as caught:
        _ = Settings(None).features
    assert str(caught.value) == f"The setting CROSSFADE_FEATURES_{name} cannot be used: {said}."
