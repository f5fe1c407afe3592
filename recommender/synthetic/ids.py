"""Identifiers shaped like Spotify's and the recording industry's, drawn from a seeded generator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ID_LENGTH = 22


def base62_id(rng: np.random.Generator) -> str:
    """Return a 22-character base62 identifier, which is 128 random bits as Spotify writes them."""
    number = int.from_bytes(rng.bytes(16), "big")
    digits = []
    for _ in range(_ID_LENGTH):
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def base62_ids(count: int, rng: np.random.Generator) -> npt.NDArray[np.bytes_]:
    """Return many 22-character base62 identifiers at once, dtype S22."""
    letters = np.frombuffer(_BASE62.encode(), np.uint8)
    digits = rng.integers(len(_BASE62), size=(count, _ID_LENGTH), dtype=np.uint8)
    # 128 bits need less than the whole range of the first digit: Spotify's begin with 0 to 7.
    digits[:, 0] %= 8
    return letters[digits].view(f"S{_ID_LENGTH}").ravel()


def isrc(serial: int, year: int) -> str:
    """Return the ISRC (ISO 3901) of a fictional recording.

    The country code ZZ is reserved for private use by ISO 3166, so no real recording has such a code.

    Args:
        serial: a number that no other recording of this world has; registrant and designation come from it.
        year: the year of the recording.
    """
    registrant, designation = divmod(serial, 100_000)
    return f"ZZ{_registrant(registrant)}{year % 100:02d}{designation:05d}"


def _registrant(number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    first, rest = divmod(number % (26**3), 26 * 26)
    second, third = divmod(rest, 26)
    return letters[first] + letters[second] + letters[third]
