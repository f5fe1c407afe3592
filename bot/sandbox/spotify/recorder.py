"""The ASGI layer around the stand-in that delays, injects faults and keeps the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from bot.sandbox.spotify.faults import AnswerCut
from bot.sandbox.spotify.journal import Exchange, readable, without_secrets

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bot.sandbox.spotify.faults import Fault
    from bot.sandbox.spotify.state import SpotifyState


class Recorder:
    """ASGI middleware; a plain one, because it must see and replace whole bodies.

    Args:
        app: what it wraps.
        state: whose faults, latency and journal it uses.
    """

    def __init__(self, app: ASGIApp, state: SpotifyState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        remarks: list[str] = []
        # Spotify takes a slash at the end for nothing, and spotipy sends one in places.
        path = scope["path"].rstrip("/") or "/"
        scope = {**scope, "path": path, "state": {**scope.get("state", {}), "remarks": remarks}}
        if self._state.latency > 0:
            await asyncio.sleep(self._state.latency)
        fault = self._state.faults.take(scope["method"], path)
        body = await _whole_body(receive)

        def record(answer: _Answer) -> None:
            self._record(scope, body, answer, remarks)

        if fault is None:
            await self._app(scope, _replay(body, receive), _Answer(send, record))
            return
        remarks.append("fault injected after the effect" if fault.after else "fault injected")
        if not fault.after:
            await _hang(fault)
        answer = _Kept()
        if fault.after or fault.status is None:
            await self._app(scope, _replay(body, receive), answer)
        if fault.status is not None:
            answer = _answer_of(fault)
        if fault.after:
            await _hang(fault)
        if fault.cut:
            record(_Answer.of(answer))
            await _cut(answer, send)
        recorded = _Answer(send, record)
        for message in answer.messages:
            await recorded(message)

    def _record(self, scope: Scope, body: bytes, answer: _Answer, remarks: list[str]) -> None:
        headers = dict(scope["headers"])
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        hidden = without_secrets(query)
        exchange = Exchange(
            at=self._state.now(),
            method=scope["method"],
            path=scope["path"],
            query=hidden if isinstance(hidden, dict) else {},
            request=readable(body, headers.get(b"content-type", b"").decode("latin-1")),
            status=answer.status,
            response=readable(bytes(answer.body), answer.media_type),
            remarks=tuple(remarks),
        )
        self._state.journal.add(exchange)


class _Answer:
    """Passes an answer on and remembers it; whoever has received all of it finds it recorded."""

    def __init__(self, send: Send, record: Callable[[_Answer], None]) -> None:
        self._send = send
        self._record = record
        self.status = 0
        self.media_type = ""
        self.body = bytearray()

    @classmethod
    def of(cls, kept: _Kept) -> _Answer:
        """Return an answer that was kept, as if it had been passed on."""
        answer = cls(_lost, lambda _: None)
        for message in kept.messages:
            answer.hear(message)
        return answer

    async def __call__(self, message: Message) -> None:
        if self.hear(message):
            self._record(self)
        await self._send(message)

    def hear(self, message: Message) -> bool:
        """Remember a part of the answer; return whether it was the last one."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.media_type = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            return not message.get("more_body", False)
        return False


class _Kept:
    """Takes an answer and keeps it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)


async def _lost(_message: Message) -> None:
    """Send nothing."""


async def _hang(fault: Fault) -> None:
    if fault.hang:
        await asyncio.to_thread(fault.over.wait, fault.hang)


def _answer_of(fault: Fault) -> _Kept:
    media_type, content = fault.content()
    headers = {"content-type": media_type, "content-length": str(len(content)), **fault.headers}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    answer = _Kept()
    answer.messages.append({"type": "http.response.start", "status": fault.status, "headers": raw})
    answer.messages.append({"type": "http.response.body", "body": content})
    return answer


async def _cut(answer: _Kept, send: Send) -> None:
    """Send half of an answer and close the connection."""
    start, *parts = answer.messages
    content = b"".join(part.get("body", b"") for part in parts)
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    promised = (b"content-length", str(len(content) + 1).encode())
    await send({**start, "headers": [*headers, promised]})
    await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
    raise AnswerCut


async def _whole_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body once more and then whatever comes."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return receive_again
