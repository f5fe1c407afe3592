"""Faults that tests put into the stand-in: an outage, a rate limit, an answer that gets lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus

from bot.sandbox.spotify.errors import error_body


@dataclass(slots=True)
class Fault:
    """One planned fault; `left` counts down, None means for ever."""

    method: str
    path_glob: str
    status: int
    headers: Mapping[str, str]
    body: object
    left: int | None
    after: bool

    def content(self) -> tuple[str, bytes]:
        """Return media type and bytes of the answer."""
        if isinstance(self.body, str):
            return "text/plain; charset=utf-8", self.body.encode()
        body = error_body(self.status, HTTPStatus(self.status).phrase) if self.body is None else self.body
        return "application/json", json.dumps(body).encode()


@dataclass(slots=True)
class Faults:
    """The planned faults, in the order in which they were added."""

    _planned: list[Fault] = field(default_factory=list)

    def add(
        self,
        method: str,
        path_glob: str,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
        times: int | None = 1,
        body: object = None,
        after: bool = False,
    ) -> Fault:
        """Answer the next matching requests with a fault.

        Args:
            method: "GET", "POST" ... or "*".
            path_glob: a shell pattern for the whole path, such as "/v1/me/playlists" or "/v1/playlists/*/items".
            status: the HTTP status to answer with.
            headers: additional headers, such as {"Retry-After": "48925"}.
            times: how many requests get it; None for all.
            body: a JSON value, or a str for plain text; by default Spotify's error shape.
            after: let the request take effect first, and lose only its answer.
        """
        fault = Fault(method.upper(), path_glob, status, headers or {}, body, times, after)
        self._planned.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for this request, if one is planned, and count it."""
        for fault in self._planned:
            if fault.method in ("*", method) and fnmatchcase(path, fault.path_glob) and fault.left != 0:
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None

    def clear(self) -> None:
        """Forget all planned faults."""
        self._planned.clear()
