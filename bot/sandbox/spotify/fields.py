"""The `fields` filter of the playlist endpoints: `items(added_at,item(name,!album)),next`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.sandbox.spotify.errors import ApiError

_TOKENS = re.compile(r"[A-Za-z0-9_]+|[(),.!]|\s+|.")


@dataclass(slots=True)
class _Selection:
    """Names to keep with what to keep inside, or names to drop; an empty one keeps everything."""

    kept: dict[str, _Selection] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def apply(self, value: object) -> object:
        """Return the value with the selected parts only."""
        if isinstance(value, list):
            return [self.apply(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        if not self.kept:
            return {key: inner for key, inner in value.items() if key not in self.dropped}
        return {key: self.kept[key].apply(inner) for key, inner in value.items() if key in self.kept}


def select(value: dict[str, object], fields: str | None) -> object:
    """Return the parts of a JSON object that a `fields` parameter asks for; all of it without one.

    Raises:
        ApiError: 400 when the parameter cannot be read.
    """
    if not fields:
        return value
    tokens = [token for token in _TOKENS.findall(fields) if not token.isspace()]
    selection = _read(tokens)
    if tokens:
        raise ApiError(400, "Invalid fields")
    return selection.apply(value)


def _read(tokens: list[str]) -> _Selection:
    selection = _Selection()
    while tokens and tokens[0] != ")":
        _read_path(tokens, selection)
        if tokens and tokens[0] == ",":
            tokens.pop(0)
    return selection


def _read_path(tokens: list[str], selection: _Selection) -> None:
    while True:
        drop = tokens[0] == "!"
        if drop:
            tokens.pop(0)
        if not tokens or not tokens[0].replace("_", "a").isalnum():
            raise ApiError(400, "Invalid fields")
        name = tokens.pop(0)
        if drop:
            selection.dropped.add(name)
            return
        selection = selection.kept.setdefault(name, _Selection())
        if tokens[:1] == ["("]:
            tokens.pop(0)
            inner = _read(tokens)
            selection.kept |= inner.kept
            selection.dropped |= inner.dropped
            if not tokens or tokens.pop(0) != ")":
                raise ApiError(400, "Invalid fields")
            return
        if tokens[:1] != ["."]:
            return
        tokens.pop(0)
        if not tokens:
            raise ApiError(400, "Invalid fields")
