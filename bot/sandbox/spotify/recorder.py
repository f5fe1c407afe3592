"""The ASGI layer around the stand-in that delays, injects faults and keeps the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

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
        if fault.after:
            await self._app(scope, _replay(body, receive), _lost)
        remarks.append("fault injected after the effect" if fault.after else "fault injected")
        await _send_fault(fault, _Answer(send, record))

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

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.media_type = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                self._record(self)
        await self._send(message)


async def _lost(_message: Message) -> None:
    """Send nothing."""


async def _send_fault(fault: Fault, send: _Answer) -> None:
    media_type, content = fault.content()
    headers = {"content-type": media_type, "content-length": str(len(content)), **fault.headers}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


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
