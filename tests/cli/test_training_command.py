"""Tests of `crossfade train`: which playlists it learns from, what it says of them, and who is gone afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli import main
from bot.domain.library import SOURCE_EXPORT, SOURCE_SPOTIFY, ArtistRef, TrackInfo
from bot.domain.privacy import OptOut
from bot.storage import migrate
from bot.storage.models import MemberRow, PlaylistEntryRow, PlaylistRow
from bot.storage.repositories.privacy import SqlPrivacyRepository
from bot.storage.repositories.tracks import store_tracks
from bot.storage.session import Database
from recommender.corpus import PlaylistCorpus
from recommender.hybrid import Hybrid
from recommender.records import Playlist, Track

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA, BOB = 5_100_000_000_000_000_001, 5_100_000_000_000_000_002


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Crossfade = Callable[..., Ended]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def crossfade(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Crossfade:
    """Run the command with an empty home; `sources` sets CROSSFADE_TRAINING_SOURCES."""
    for name in [name for name in os.environ if name.startswith("CROSSFADE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROSSFADE_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "300")

    def run(*words: str, sources: str | None = None) -> Ended:
        if sources is not None:
            monkeypatch.setenv("CROSSFADE_TRAINING_SOURCES", sources)
        monkeypatch.setattr(sys, "argv", ["crossfade", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else int(code is not None), shown.out, shown.err)

    return run


def uri(number: int) -> str:
    return f"spotify:track:{number:022}"


def imported(home: Path, source: str = "mpd") -> None:
    """Put ten playlists of tracks 0 to 19 into the corpus."""
    playlists = [
        Playlist(
            pid, tuple(Track(uri(n), f"Song {n}", f"Band {n % 4}") for n in range(pid, pid + 10)), "mix", source=source
        )
        for pid in range(10)
    ]
    PlaylistCorpus.from_playlists(playlists).write(home / "corpus")


async def _store(home: Path, libraries: dict[int, tuple[str, list[int]]]) -> None:
    database = Database(f"sqlite:///{home / 'crossfade.db'}")
    async with database.transaction() as session:
        for member_id, (source, numbers) in libraries.items():
            session.add(MemberRow(id=member_id))
            tracks = [TrackInfo(uri(n), f"Song {n}", (ArtistRef(f"Band {n % 4}"),)) for n in numbers]
            ids = await store_tracks(session, tracks, source, overwrite=False)
            row = PlaylistRow(
                source=source,
                member_id=member_id,
                spotify_id=f"p{member_id}",
                name="My secret list",
                snapshot_id="s",
                collaborative=False,
                total=len(numbers),
                n_tracks=len(numbers),
                rank=0,
                synced_at=NOW,
            )
            session.add(row)
            await session.flush()
            session.add_all(
                PlaylistEntryRow(playlist_id=row.id, position=place, track_id=ids[uri(n)])
                for place, n in enumerate(numbers)
            )
    await database.dispose()


def stored(home: Path, libraries: dict[int, tuple[str, list[int]]]) -> None:
    """Make the database, with a playlist for each member: where it is from, and its tracks."""
    migrate.upgrade(f"sqlite:///{home / 'crossfade.db'}")
    asyncio.run(_store(home, libraries))


def opt_out(home: Path, member_id: int) -> None:
    async def switch() -> None:
        database = Database(f"sqlite:///{home / 'crossfade.db'}")
        await SqlPrivacyRepository(database).set_opt_out(member_id, OptOut.LEARNING, True)
        await database.dispose()

    asyncio.run(switch())


def known(home: Path) -> set[str]:
    model = Hybrid.load(home / "models" / "current")
    return {track.decode() for track in model.interactions_.corpus.catalogue.uris}


def test_uploads_are_learnt_and_spotifys_playlists_are_not_unless_the_host_says_so(
    crossfade: Crossfade, home: Path
) -> None:
    imported(home)
    stored(home, {ADA: (SOURCE_EXPORT, [1, 2, 50]), BOB: (SOURCE_SPOTIFY, [1, 3, 60])})
    ended = crossfade("train")
    assert ended.code == 0
    assert "Left out" not in ended.err
    assert "11 playlists (mpd 10, upload 1)" in ended.out
    assert uri(50) in known(home)
    assert uri(60) not in known(home)
    assert "12 playlists (mpd 10, spotify 1, upload 1)" in crossfade("train", sources="mpd, Spotify, upload").out
    assert uri(60) in known(home)
    assert "11 playlists (mpd 10, upload 1)" in crossfade("train", sources="mpd,upload").out
    assert uri(60) not in known(home)


def test_the_manifest_says_what_was_learnt_from(crossfade: Crossfade, home: Path) -> None:
    imported(home)
    stored(home, {ADA: (SOURCE_EXPORT, [1, 2, 50])})
    crossfade("train", sources="mpd,upload")
    manifest = json.loads((home / "models" / "current" / "manifest.json").read_text())
    assert manifest["metrics"]["playlists_by_source"] == {"mpd": 10, "upload": 1}
    assert manifest["metrics"]["allowed_sources"] == ["mpd", "upload"]


def test_who_opts_out_is_gone_from_every_model_with_the_next_training(crossfade: Crossfade, home: Path) -> None:
    imported(home)
    stored(home, {ADA: (SOURCE_EXPORT, [1, 2, 50, 51]), BOB: (SOURCE_EXPORT, [1, 2, 51, 52])})
    crossfade("train")
    assert {uri(50), uri(51), uri(52)} <= known(home)
    opt_out(home, ADA)
    assert "upload 1" in crossfade("train").out
    assert uri(50) not in known(home)
    assert {uri(51), uri(52)} <= known(home)
    models = [path for path in (home / "models").iterdir() if path.is_dir() and not path.is_symlink()]
    assert len(models) == 1, "the earlier model still knew them"
    opt_out(home, BOB)
    crossfade("train")
    assert known(home) == {uri(n) for n in range(19)}
    everything = b"".join(path.read_bytes() for path in home.rglob("corpus/**/*.parquet"))
    assert b"secret" not in everything


def test_earlier_models_of_imported_playlists_stay(crossfade: Crossfade, home: Path) -> None:
    imported(home)
    for name in ("first", "second"):
        crossfade("train")
        current = home / "models" / "current"
        (home / "models" / current.readlink()).rename(home / "models" / name)
        current.unlink()
        current.symlink_to(name)
    assert crossfade("train").code == 0
    assert {"first", "second"} < {path.name for path in (home / "models").iterdir()}


def test_a_title_that_one_member_uses_cannot_be_asked_for(crossfade: Crossfade, home: Path) -> None:
    imported(home)
    stored(home, {ADA: (SOURCE_EXPORT, [50, 51, 52])})
    crossfade("train")
    found = json.loads(crossfade("recommend", "--title", "my secret list", "-k", "5", "--json").out)
    assert not {one["track"]["uri"] for one in found} & {uri(50), uri(51), uri(52)}


def test_only_sources_that_are_not_allowed_are_a_fault_that_names_them(crossfade: Crossfade, home: Path) -> None:
    imported(home)
    for command in ("train", "evaluate"):
        ended = crossfade(command, sources="upload")
        assert ended.code == 1
        assert "playlists of mpd only, which CROSSFADE_TRAINING_SOURCES leaves out" in ended.err
        assert "Traceback" not in ended.err


def test_what_is_left_out_beside_the_rest_is_named(crossfade: Crossfade, home: Path) -> None:
    imported(home)
    imported(home, "synthetic")
    ended = crossfade("train", sources="synthetic")
    assert "10 playlists (synthetic 10)" in ended.out
    assert "Left out: playlists of mpd, which CROSSFADE_TRAINING_SOURCES does not allow." in ended.err


def test_a_source_that_there_is_not_is_named_with_those_that_there_are(crossfade: Crossfade, home: Path) -> None:
    imported(home)
    ended = crossfade("train", sources="mpd,soundcloud")
    assert ended.code == 1
    assert "CROSSFADE_TRAINING_SOURCES" in ended.err
    assert "'soundcloud'" in ended.err
    assert "mpd, mpd-challenge, upload, spotify, synthetic" in ended.err


def test_tables_of_another_version_are_not_read(crossfade: Crossfade, home: Path) -> None:
    imported(home)
    home.mkdir(exist_ok=True)
    migrate.upgrade(f"sqlite:///{home / 'crossfade.db'}", "0001")
    ended = crossfade("train")
    assert ended.code == 1
    assert "crossfade db upgrade" in ended.err


def test_without_a_database_the_imported_playlists_are_learnt_from_and_none_is_made(
    crossfade: Crossfade, home: Path
) -> None:
    imported(home)
    assert crossfade("train").code == 0
    assert not (home / "crossfade.db").exists()


def test_what_the_host_imported_from_files_stays_and_members_playlists_are_renewed(
    crossfade: Crossfade, home: Path, tmp_path: Path
) -> None:
    csv = tmp_path / "mine.csv"
    csv.write_text("Track URI,Track Name\n" + "".join(f"{uri(n)},Song {n}\n" for n in (1, 2, 70)))
    imported(home)
    assert crossfade("import", "spotify-export", str(csv)).code == 0
    stored(home, {ADA: (SOURCE_EXPORT, [1, 2, 50])})
    for _ in range(2):
        assert "12 playlists (mpd 10, upload 2)" in crossfade("train").out
        assert {uri(50), uri(70)} <= known(home)
    parts = {path.name for path in (home / "corpus" / "playlists").iterdir()}
    assert "part-members-upload.parquet" in parts
    [from_file] = [name for name in parts if name.startswith("part-files-")]
    opt_out(home, ADA)
    assert "11 playlists (mpd 10, upload 1)" in crossfade("train").out
    parts = {path.name for path in (home / "corpus" / "playlists").iterdir()}
    assert "part-members-upload.parquet" not in parts
    assert from_file in parts
    assert uri(50) not in known(home)
    assert uri(70) in known(home)
