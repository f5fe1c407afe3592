"""What a long command is doing: a bar with the time left on a terminal, elsewhere a line for each phase."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console

from bot.cli.console import errors, progress

_WHOLE_PHASE = 86_400.0


class Phases:
    """Shows the phase that a command is in and how far it is, and keeps how long each took.

    A phase lasts until another one is told of. Steps that follow each other under different names, such as the third
    of nine and the fourth of nine, are one bar, so that the time left is that of all of them.

    Args:
        console: where it is shown.
        clock: tells seconds.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = errors() if console is None else console
        self._clock = clock
        # Steps differ much: of the last half minute alone, as rich has it, nothing could be foretold.
        self._bar = progress("steps", self._console, speed_estimate_period=_WHOLE_PHASE)
        self._task = self._bar.add_task("", total=None)
        self._seconds: dict[str, float] = {}
        self._label: str | None = None
        self._since = 0.0
        self._done, self._total = 0, 0

    def __enter__(self) -> Self:
        """Begin to show."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def tell(self, label: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done, and how many steps of how many are done; 0 of 0 where nobody knows."""
        if label != self._label:
            self._close()
            self._label = label
            if not self._console.is_terminal:
                self._console.print(label, highlight=False, markup=False, soft_wrap=True)
        if total != self._total or done < self._done or not total:
            self._bar.remove_task(self._task)
            self._task = self._bar.add_task(label, total=total or None, completed=done)
        else:
            self._bar.update(self._task, description=label, completed=done, total=total)
        self._done, self._total = done, total

    @property
    def seconds(self) -> dict[str, float]:
        """How long each phase took up to now, in the order in which they began."""
        self._close()
        return {label: round(seconds, 3) for label, seconds in self._seconds.items()}

    def _close(self) -> None:
        now = self._clock()
        if self._label is not None:
            self._seconds[self._label] = self._seconds.get(self._label, 0.0) + now - self._since
        self._since = now
