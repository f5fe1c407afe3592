"""What the commands share: settings, the two consoles and progress bars."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bot.settings import Settings

if TYPE_CHECKING:
    from recommender.problems import ProblemLog

_SHOWN_PROBLEMS = 10


@dataclass
class State:
    """The options that stand before the command."""

    env_file: Path
    debug: bool

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run."""
        return Settings(self.env_file)


def state_of(context: typer.Context) -> State:
    """Return the options that stood before the command."""
    found = context.find_object(State)
    if found is None:
        raise RuntimeError("the command was called without its callback")
    return found


def output() -> Console:
    """Return the console for results."""
    return Console()


def errors() -> Console:
    """Return the console for everything that is no result."""
    return Console(stderr=True)


def say_error(sentence: str) -> None:
    """Print a fault on stderr."""
    console = errors()
    console.print(f"[bold red]Error:[/] {_plain(sentence)}", highlight=False, soft_wrap=True)


def say_note(sentence: str) -> None:
    """Print a remark on stderr."""
    errors().print(_plain(sentence), style="yellow", highlight=False, soft_wrap=True)


def say_problems(problems: ProblemLog) -> None:
    """Name the first problems and count the others."""
    for problem in problems.kept[:_SHOWN_PROBLEMS]:
        say_note(f"Left out: {problem}")
    if problems.total > _SHOWN_PROBLEMS:
        say_note(f"Left out: {problems.total - _SHOWN_PROBLEMS:,} more.")


def progress(unit: str, console: Console | None = None, *, speed_estimate_period: float = 30.0) -> Progress:
    """Return a progress bar with the time that is left; it shows on stderr and only on a terminal.

    Args:
        unit: what is counted.
        console: another one than stderr's.
        speed_estimate_period: of how many seconds past the time left is foretold.
    """
    console = errors() if console is None else console
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        speed_estimate_period=speed_estimate_period,
    )


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
