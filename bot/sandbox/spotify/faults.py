"""Faults that tests put into the stand-in: an outage, a rate limit, an answer that gets lost."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus

from bot.sandbox.spotify.errors import error_body


class AnswerCut(Exception):
    """Makes the web server close a connection in the middle of an answer."""


class _NoCuts(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], AnswerCut))


def keep_cuts_out_of_the_log() -> None:
    """Say nothing of connections that were closed on purpose; a second call changes nothing."""
    log = logging.getLogger("uvicorn.error")
    if not any(isinstance(known, _NoCuts) for known in log.filters):
        log.addFilter(_NoCuts())


@dataclass(slots=True)
class Fault:
    """One planned fault; `left` counts down, None means for ever; without a status the answer is the true one."""

    method: str
    path_glob: str
    status: int | None
    headers: Mapping[str, str]
    body: object
    left: int | None
    after: bool
    cut: bool
    hang: float
    over: threading.Event = field(default_factory=threading.Event)

    def content(self) -> tuple[str, bytes]:
        """Return media type and bytes of the answer that is given in the place of the true one."""
        if isinstance(self.body, str):
            return "text/plain; charset=utf-8", self.body.encode()
        body = error_body(self.status or 500, HTTPStatus(self.status or 500).phrase) if self.body is None else self.body
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
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        times: int | None = 1,
        body: object = None,
        after: bool = False,
        cut: bool = False,
        hang: float = 0.0,
    ) -> Fault:
        """Answer the next matching requests with a fault.

        Args:
            method: "GET", "POST" ... or "*".
            path_glob: a shell pattern for the whole path, such as "/v1/me/playlists" or "/v1/playlists/*/items".
            status: the HTTP status to answer with; None lets the request take effect and be answered truly.
            headers: additional headers, such as {"Retry-After": "48925"}.
            times: how many requests get it; None for all.
            body: a JSON value, or a str for any other text; by default Spotify's error shape.
            after: let the request take effect first, and lose only its answer.
            cut: close the connection in the middle of the answer.
            hang: seconds before anything happens (with `after`: before the answer); `clear` ends them.

        Raises:
            ValueError: there would be no fault at all.
        """
        if status is None and not cut and not hang:
            raise ValueError("a fault needs a status, a cut or seconds to hang")
        fault = Fault(method.upper(), path_glob, status, headers or {}, body, times, after, cut, hang)
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
        """Forget all planned faults, and let go on what hangs because of one."""
        for fault in self._planned:
            fault.over.set()
        self._planned.clear()
