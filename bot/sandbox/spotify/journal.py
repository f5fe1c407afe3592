"""What was asked and answered, for tests that look at it; never with a token, a code or a secret in it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

_SECRETS = frozenset({"access_token", "refresh_token", "code", "code_verifier", "client_secret"})
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    `query` and form bodies are dicts of the last value of each name; `request` and `response` hold the parsed JSON
    (or form), None where there was none. `remarks` name what the stand-in noticed, such as "bare array body".
    """

    at: datetime
    method: str
    path: str
    query: dict[str, str]
    request: object
    status: int
    response: object
    remarks: tuple[str, ...]


class Journal:
    """The last exchanges, oldest first.

    Args:
        size: how many are kept.
    """

    def __init__(self, size: int = 1000) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=size)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange, dropping the oldest one when full."""
        self._exchanges.append(exchange)

    def find(self, method: str, path: str) -> list[Exchange]:
        """Return the exchanges with this method and path."""
        return [exchange for exchange in self if exchange.method == method and exchange.path == path]

    def clear(self) -> None:
        """Forget all exchanges."""
        self._exchanges.clear()


def readable(content: bytes, media_type: str) -> object:
    """Return a JSON or form body parsed and with its secrets hidden; None for any other."""
    if not content:
        return None
    if media_type.startswith("application/x-www-form-urlencoded"):
        return without_secrets(dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)))
    if media_type.startswith("application/json"):
        try:
            return without_secrets(json.loads(content))
        except ValueError:
            return None
    return None


def without_secrets(value: object) -> object:
    """Return a copy with the values of tokens, codes and secrets hidden."""
    if isinstance(value, dict):
        return {key: _HIDDEN if key in _SECRETS else without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_secrets(inner) for inner in value]
    return value
