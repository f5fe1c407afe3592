"""`crossfade evaluate`: tables, JSON, a page, and what is wrong use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command_kit import Crossfade

if TYPE_CHECKING:
    from bot.sandbox.catalogue import SampleWorld


@pytest.fixture
def imported(crossfade: Crossfade, sample_world: SampleWorld, tmp_path: Path) -> Crossfade:
    """Import the sample community's playlists."""
    sample_world.music.write_mpd(tmp_path / "slices", per_slice=160)
    assert crossfade("import", "mpd", tmp_path / "slices").code == 0
    return crossfade


def test_it_prints_every_ranker_by_group_and_the_best_by_kind(imported: Crossfade) -> None:
    shown = imported("evaluate", "--playlists", 20)
    assert (shown.code, shown.err) == (0, "")
    for words in ("The challenge's ten kinds together", "random seeds, no title", "Beyond accuracy", "Time and memory"):
        assert words in shown.out
    for ranker in ("blend", "neighbours", "raw-cooccurrence"):
        assert shown.out.count(ranker) >= 4
    assert "±" in shown.out
    assert "in NDCG against" in shown.out
    assert "title + first 5" in shown.out
    assert "random 10" in shown.out


def test_json_and_a_page_come_from_one_run_of_the_chosen_rankers(imported: Crossfade, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    words = ("evaluate", "--playlists", 20, "--seed", -3, "--json", "--html", page)
    ended = imported(*words, "--only", "popularity", "--only", "titles")
    assert ended.code == 0
    report = json.loads(ended.out)
    assert list(report["costs"]) == ["titles", "popularity"]
    assert report["random_state"] == -3
    assert report["n_cases"] > report["n_playlists"] > 0
    text = page.read_text()
    told = "crossfade evaluate --playlists 20 --seed -3 --html report.html --only popularity --only titles"
    assert told in text
    assert str(tmp_path) not in text
    assert f"{report['n_training']} playlists" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--only", "polka"), "polka"),
        (("--playlists", "9"), "--playlists"),
        (("--playlists", "many"), "--playlists"),
        (("--seed", "0.5"), "--seed"),
    ],
)
def test_wrong_use_ends_with_two_and_names_what_is_wrong(
    crossfade: Crossfade, words: tuple[str, ...], told: str
) -> None:
    ended = crossfade("evaluate", *words)
    assert ended.code == 2
    assert told in ended.err


def test_an_unknown_ranker_is_answered_with_those_that_there_are(crossfade: Crossfade) -> None:
    ended = crossfade("evaluate", "--only", "polka")
    assert "neighbours" in ended.err
    assert "raw-cooccurrence" in ended.err


@pytest.mark.parametrize("place", ["", "missing/report.html"])
def test_a_page_that_cannot_be_written_is_refused_before_anything_is_measured(
    crossfade: Crossfade, tmp_path: Path, place: str
) -> None:
    ended = crossfade("evaluate", "--html", tmp_path / place)
    assert ended.code == 1
    assert "for --html." in ended.err
    assert "import" not in ended.err


def test_without_playlists_it_says_what_to_do(crossfade: Crossfade) -> None:
    ended = crossfade("evaluate")
    assert ended.code == 1
    assert "crossfade import mpd" in ended.err
    assert "Traceback" not in ended.err
