"""When a service on the network is left alone: after failures in a row, and for as long as it asked to be."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.clock import Clock

LONGEST_PAUSE = timedelta(days=7)
"""An answer that asks for more than this is taken for a mistake."""


class Circuit:
    """Closes a way after failures in a row, and opens it for one try after a while.

    Args:
        clock: tells the time.
        failures: after so many in a row the way is closed.
        pause: for how long.
    """

    def __init__(self, clock: Clock, *, failures: int = 3, pause: timedelta = timedelta(hours=1)) -> None:
        self._clock = clock
        self._most = failures
        self._pause = pause
        self._failed = 0
        self._closed_until: datetime | None = None

    def closed_until(self) -> datetime | None:
        """Return until when nobody is to be asked, or None."""
        until = self._closed_until
        # A moment far ahead comes from a clock that was wrong.
        if until is None or not self._clock.now() < until <= self._clock.now() + LONGEST_PAUSE:
            return None
        return until

    def succeeded(self) -> None:
        """Note an answer."""
        self._failed = 0

    def failed(self) -> None:
        """Note a failure; after a pause the first one closes the way again."""
        self._failed += 1
        if self._failed >= self._most:
            self.wait(self._pause)

    def wait(self, pause: timedelta) -> None:
        """Leave the service alone for a while."""
        until = self._clock.now() + min(pause, LONGEST_PAUSE)
        self._closed_until = max(until, self.closed_until() or until)
