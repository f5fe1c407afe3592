"""What tests of the command line share: the command, run as people type it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from command_kit import Crossfade, Ended

from bot.cli import main


@pytest.fixture
def crossfade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Crossfade:
    """Run the command in an empty folder with an empty home."""
    for name in [name for name in os.environ if name.startswith("CROSSFADE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROSSFADE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["crossfade", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else int(code is not None), shown.out, shown.err)

    return run
