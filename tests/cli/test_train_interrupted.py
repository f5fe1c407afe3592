"""`crossfade train`: how far it is, which ranker it chose, and the old model that serves on when it is interrupted."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_kit import Crossfade
from rich.console import Console

from bot.cli.phases import Phases
from bot.cli.training import choice_in_words
from recommender import artifacts
from recommender.artifacts import ModelStore
from recommender.corpus import PlaylistCorpus
from recommender.hybrid import RANKERS, Hybrid
from recommender.records import Playlist, Track

SEED = f"spotify:track:{1:022}"


def imported(home: Path, n_playlists: int = 60) -> None:
    """Put playlists of two tastes into the corpus."""
    rng = np.random.default_rng(1)
    playlists = []
    for pid in range(n_playlists):
        numbers = 40 * (pid % 2) + rng.permutation(40)[:12]
        tracks = tuple(Track(f"spotify:track:{n:022}", f"Song {n}", f"Band {n % 9}") for n in numbers.tolist())
        playlists.append(Playlist(pid, tracks, "rock" if pid % 2 else "sleep"))
    PlaylistCorpus.from_playlists(playlists).write(home / "corpus")


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Hear Ctrl-C even where whoever started the tests does not, as a shell makes it of what runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the home, with playlists in it."""
    imported(tmp_path / "home")
    return tmp_path / "home"


def names_in(home: Path) -> set[str]:
    return {path.name for path in (home / "models").iterdir()}


def answers(home: Path) -> list[str]:
    model = ModelStore(home / "models").load_current(Hybrid.load)
    return [item.track.uri for item in model.recommend([SEED], k=5)]


async def interrupted_at(home: Path, line: bytes) -> tuple[int | None, bytes, bytes]:
    """Train in a process of its own, press Ctrl-C at a line; return its code and what it printed since."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CROSSFADE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "--env-file", os.devnull, "train", "--ranker", "lambdarank"),
        env={**ours, "CROSSFADE_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(120):
        async for told in process.stderr:
            if told.strip() == line:
                process.send_signal(signal.SIGINT)
                break
        out, err = await process.communicate()
    return process.returncode, out, err


def test_ctrl_c_while_it_learns_leaves_the_old_model_serving(crossfade: Crossfade, home: Path) -> None:
    assert crossfade("train").code == 0
    before, answer = names_in(home), answers(home)
    code, out, err = asyncio.run(interrupted_at(home, b"Learning from 60 playlists"))
    assert code == 130
    assert err.decode().endswith("Interrupted; the old model goes on serving.\n")
    assert b"Traceback" not in err
    assert out == b""
    assert names_in(home) == before
    assert answers(home) == answer


@pytest.mark.parametrize(
    ("owner", "function"), [(artifacts, "encode_manifest"), (ModelStore, "_point_at")], ids=["half", "whole"]
)
def test_ctrl_c_while_it_writes_leaves_nothing_of_the_new_model(
    crossfade: Crossfade, home: Path, monkeypatch: pytest.MonkeyPatch, owner: object, function: str
) -> None:
    assert crossfade("train").code == 0
    before = names_in(home)
    interrupted: list[set[str]] = []

    def interrupt(*_: object) -> None:
        interrupted.append(names_in(home))
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(owner, function, interrupt)
        ended = crossfade("train")
    assert ended.code == 130
    assert ended.err.endswith("Interrupted; the old model goes on serving.\n")
    assert interrupted
    assert interrupted[0] > before
    assert names_in(home) == before
    assert answers(home)


def test_ctrl_c_before_the_first_model_says_that_there_is_none(
    crossfade: Crossfade, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "encode_manifest", lambda *_: signal.raise_signal(signal.SIGINT))
    ended = crossfade("train")
    assert ended.code == 130
    assert "there is no model yet" in ended.err
    assert names_in(home) == set()


def test_ctrl_c_when_the_new_model_is_served_already_says_so(
    crossfade: Crossfade, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prune = ModelStore.prune
    calls: list[int] = []

    def interrupt_once(store: ModelStore, keep: int, **how: Any) -> list[str]:  # noqa: ANN401
        calls.append(keep)
        if len(calls) == 1:
            signal.raise_signal(signal.SIGINT)
        return prune(store, keep, **how)

    monkeypatch.setattr(ModelStore, "prune", interrupt_once)
    ended = crossfade("train")
    assert ended.code == 130
    assert f"the new model {ModelStore(home / 'models').current_name()} was complete" in ended.err
    assert len(calls) == 2, "models of members who left must be deleted all the same"


def test_away_from_a_terminal_each_phase_is_one_line_and_its_time_is_in_the_manifest(
    crossfade: Crossfade, home: Path
) -> None:
    ended = crossfade("train", "--ranker", "lambdarank")
    assert ended.code == 0
    lines = ended.err.splitlines()
    assert lines[0] == "Reading the corpus"
    assert lines[1] == "Learning from 60 playlists"
    assert "Learning to rank" in lines
    assert "Learning neighbours" in lines
    assert lines[-1] == "Writing the model"
    assert len(lines) == len(set(lines))
    assert "\x1b" not in ended.err
    manifest = json.loads((home / "models" / "current" / "manifest.json").read_text())
    seconds = manifest["metrics"]["seconds"]
    assert list(seconds) == lines[:-1]
    assert all(value >= 0 for value in seconds.values())
    assert sum(seconds.values()) > 0


@pytest.mark.parametrize("ranker", RANKERS)
def test_every_ranker_can_be_asked_for_and_is_told_of_in_a_sentence(
    crossfade: Crossfade, home: Path, ranker: str
) -> None:
    ended = crossfade("train", "--ranker", ranker)
    model = Hybrid.load(home / "models" / "current")
    assert (model.ranker_ is not None) == (ranker == "lambdarank")
    told = {
        "auto": r"by the weighted blend, since there are only 60 complete playlists, fewer than \d+\.",
        "lambdarank": r"by the learnt ranker, as asked for: NDCG@500 0\.\d{4} against the blend's 0\.\d{4} on \d+ ",
        "blend": r"by the weighted blend, as asked for\.",
    }
    assert re.search(f"^Candidates are put in order {told[ranker]}", ended.out, re.MULTILINE)


def test_a_ranker_that_there_is_not_is_wrong_use(crossfade: Crossfade, home: Path) -> None:
    ended = crossfade("train", "--ranker", "coin")
    assert ended.code == 2
    assert "lambdarank" in ended.err
    assert not (home / "models").exists()


def test_the_choice_is_told_with_the_figures_that_decided_it() -> None:
    figures = {"ndcg_of_ranker": 0.3481, "ndcg_of_blend": 0.332, "validated_on": 1600}
    assert choice_in_words({"ranker": "lambdarank", "queries": 9, **figures}, "auto") == (
        "Candidates are put in order by the learnt ranker: NDCG@500 0.3481 against the blend's 0.3320 on 1,600 "
        "playlists that the ranker had not seen."
    )
    assert choice_in_words({"ranker": "blend", "why": "the ranker was not clearly better", **figures}, "auto") == (
        "Candidates are put in order by the weighted blend, since the ranker was not clearly better: NDCG@500 0.3481 "
        "against the blend's 0.3320 on 1,600 playlists that the ranker had not seen."
    )


def test_on_a_terminal_the_phase_its_steps_and_the_time_left_are_shown() -> None:
    shown = io.StringIO()
    with Phases(Console(file=shown, force_terminal=True, width=120)) as phases:
        phases.tell("Reading the corpus")
        for done in range(0, 4001, 50):
            phases.tell("Learning to [rank]", done, 12_000)
        phases._bar.refresh()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.getvalue())
    assert "Learning to [rank]" in text
    assert re.search(r" 4000/12000 steps 0:00:\d\d 0:00:\d\d", text)


def test_steps_of_one_kind_are_one_bar_and_what_follows_begins_anew() -> None:
    phases = Phases(Console(file=io.StringIO(), force_terminal=True))
    for done, name in enumerate(["neighbours", "titles", "factors"]):
        phases.tell(f"Learning {name}", done, 3)
    [bar] = phases._bar.tasks
    assert (bar.description, bar.completed, bar.total) == ("Learning factors", 2, 3)
    assert len(bar._progress) == 2, "the time left is reckoned from all steps"
    phases.tell("Growing trees", 0, 3)
    [bar] = phases._bar.tasks
    assert (bar.description, bar.completed, len(bar._progress)) == ("Growing trees", 0, 0)
    phases.tell("Writing")
    [bar] = phases._bar.tasks
    assert bar.total is None


def test_a_phase_lasts_until_another_one_begins() -> None:
    times = iter([10.0, 13.5, 14.0, 20.0])
    phases = Phases(Console(file=io.StringIO()), lambda: next(times))
    phases.tell("a")
    phases.tell("b", 0, 2)
    phases.tell("b", 1, 2)
    phases.tell("a")
    assert phases.seconds == {"a": 9.5, "b": 0.5}
