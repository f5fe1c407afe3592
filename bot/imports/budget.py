"""What one import may cost at most, all its files together, so that none takes minutes or the memory of the machine."""

from __future__ import annotations

import sys

from bot.domain.imports import ImportLimits, ImportRefused

_TOO_MANY_ELEMENTS = (
    "There are more than {limit:,} entries in it, too many to read at once: bring one of its files after the other."
)
_TOO_MANY_NAMES = "There are too many different names in it to read at once: bring one of its files after the other."
_A_NAME = 150
_A_TRACK = 400


class Budget:
    """Counts what is looked at and what is remembered.

    Args:
        limits: how much is too much.
    """

    def __init__(self, limits: ImportLimits) -> None:
        self._limits = limits
        self._elements = 0
        self._bytes = 0
        self._names: dict[str, str] = {}

    def count(self) -> None:
        """Count an element of JSON or a line of a CSV.

        Raises:
            ImportRefused: there are too many.
        """
        self._elements += 1
        if self._elements > self._limits.elements:
            raise ImportRefused(_TOO_MANY_ELEMENTS.format(limit=self._limits.elements))

    def track(self) -> None:
        """Count a track that is remembered.

        Raises:
            ImportRefused: they and the names take too much memory.
        """
        self._take(_A_TRACK)

    def name(self, value: str | None) -> str | None:
        """Return a name, the same object each time that it comes: a listener has a thousand plays of an artist.

        Raises:
            ImportRefused: the names and tracks take too much memory.
        """
        if value is None:
            return None
        known = self._names.get(value)
        if known is None:
            # One character beyond the first plane makes a text of Python's four times as large as its UTF-8.
            self._take(_A_NAME + sys.getsizeof(value))
            known = self._names[value] = value
        return known

    def _take(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._limits.remembered_bytes:
            raise ImportRefused(_TOO_MANY_NAMES)
