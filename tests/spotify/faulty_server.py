"""An HTTP server that misbehaves on purpose: it hangs, trickles, cuts its answers off and talks nonsense."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A plain answer; `promised` is a Content-Length other than the true one, `hold` what to wait for before it."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    trickle: bool = False
    hang: bool = False


@dataclass(frozen=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.body)


def as_json(value: object, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), named)


class FaultyServer:
    """Gives the planned replies in order, then the last one for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self._replies: deque[Reply] = deque()
        self._release = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def plan(self, *replies: Reply) -> None:
        self._replies = deque(replies)

    def next_reply(self) -> Reply:
        return self._replies.popleft() if len(self._replies) > 1 else self._replies[0]

    def release(self) -> None:
        """Let whatever hangs or trickles end."""
        self._release.set()

    def held(self, seconds: float) -> bool:
        """Wait; say whether the hanging goes on."""
        return not self._release.wait(seconds)

    def close(self) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler_of(owner: FaultyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            owner.connections += 1
            super().setup()

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            owner.seen.append(Seen(self.command, self.path, dict(self.headers.items()), body))
            reply = owner.next_reply()
            if reply.hang and owner.held(30):
                return
            try:
                self.send(reply)
            except OSError:
                self.close_connection = True

        def send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            length = len(reply.body) if reply.promised is None else reply.promised
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if reply.trickle:
                while owner.held(0.02):
                    self.wfile.write(b" ")
                self.close_connection = True
                return
            self.wfile.write(reply.body)
            if reply.promised is not None:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
