"""Walking through JSON of any size with little memory: the outside is followed by hand, only small values are built."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from bot.imports.budget import Budget

_SPACE = re.compile(r"[ \t\n\r]*")
_LARGEST_VALUE = 1_000_000
_DEEPEST = 8
# A file of 64 MB of Spotify's has 600,000; more are made to take time.
_MOST_ELEMENTS = 1_000_000


class DamagedJson(Exception):
    """The text is not JSON from some place on, is cut off, or holds a value that is too large to be one of ours."""


def _integer(digits: str) -> int | None:
    # Python takes quadratic time for long numbers and refuses those of 4,301 digits.
    return int(digits) if len(digits) <= 18 else None


def _no_number(_name: str) -> None:
    return None


class JsonStream:
    """A JSON text that arrives in pieces; what has been passed is forgotten.

    Whoever is given an element (by `items`) or a key (by `members`) must take its value with one of the four methods
    before asking for the next.

    Args:
        chunks: the text in UTF-8, with or without a byte order mark; what is no UTF-8 becomes U+FFFD.
        budget: counts the elements and keys of all texts together.
    """

    def __init__(self, chunks: Iterator[bytes], budget: Budget) -> None:
        self._chunks = chunks
        self._budget = budget
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._decoder = json.JSONDecoder(parse_int=_integer, parse_constant=_no_number)
        self._text = ""
        self._at = 0
        self._ended = False
        self._elements = 0

    def peek(self) -> str:
        """Return the next character that is no space, without taking it; an empty text at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def value(self) -> object:
        """Take the next value whole.

        Raises:
            DamagedJson: it is none, or larger than a million characters.
        """
        self.peek()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError:
                raise DamagedJson("nested too deeply") from None
            except ValueError:
                if len(self._text) - self._at > _LARGEST_VALUE or not self._more():
                    raise DamagedJson("cut off or damaged") from None
                continue
            # A number may go on in the next piece.
            if end < len(self._text) or not self._more():
                self._at = end
                return found

    def skip(self, depth: int = 0) -> None:
        """Pass over the next value, however large.

        Raises:
            DamagedJson: it is none.
        """
        opening = self.peek()
        if depth < _DEEPEST and opening == "[":
            for _ in self.items():
                self.skip(depth + 1)
        elif depth < _DEEPEST and opening == "{":
            for _ in self.members():
                self.skip(depth + 1)
        else:
            self.value()

    def items(self) -> Iterator[None]:
        """Enter the next value, an array, and stop before each element."""
        self._expect("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            self._count()
            yield
            if self._expect(",", "]") == "]":
                return

    def members(self) -> Iterator[str]:
        """Enter the next value, an object, and stop behind each key."""
        self._expect("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            self._count()
            key = self.value()
            if not isinstance(key, str):
                raise DamagedJson("a key is no text")
            self._expect(":")
            yield key
            if self._expect(",", "}") == "}":
                return

    def _count(self) -> None:
        self._budget.count()
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise DamagedJson("longer than any of Spotify's")

    def _expect(self, *marks: str) -> str:
        found = self.peek()
        if found not in marks or not found:
            raise DamagedJson("cut off or damaged")
        self._at += 1
        return found

    def _more(self) -> bool:
        """Append the next piece to what has not been passed; False when there is none."""
        if self._ended:
            return False
        chunk = next(self._chunks, None)
        self._ended = chunk is None
        piece = self._decode(chunk or b"", self._ended)
        self._text = self._text[self._at :] + piece
        self._at = 0
        return bool(piece) or not self._ended
