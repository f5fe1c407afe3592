"""Runs the stand-in on a loopback port, for the demo and for tests."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Collection
from datetime import datetime
from types import TracebackType
from typing import Self

import numpy as np
import uvicorn

from bot.sandbox.catalogue import SampleWorld
from bot.sandbox.spotify.app import app_of
from bot.sandbox.spotify.faults import keep_cuts_out_of_the_log
from bot.sandbox.spotify.state import SpotifyState

_STOP_SECONDS = 5
_BACKLOG = 128


class SpotifyServer:
    """A running stand-in: a context manager, `with` or `async with`.

    It serves from a thread with a loop of its own, so that callers who block theirs still get answers.

    Args:
        world: what it starts with.
        clock: gives the current moment, timezone-aware.
        rng: where new ids and tokens come from.
        client_id: the one app that is registered.
        client_secret: its secret; None for an app that uses PKCE alone.
        port: the port on the loopback address; 0 for a free one.
        public_url: the address in all links, where it is not the loopback one.
        redirect_uris: the registered redirect URIs; None lets any allowed kind pass.
        app_name: how the consent page calls the app.
        registered_users: see `SpotifyState`.

    Raises:
        OSError: on entering, when the port is taken.
    """

    def __init__(
        self,
        world: SampleWorld,
        clock: Callable[[], datetime],
        *,
        rng: np.random.Generator,
        client_id: str,
        client_secret: str | None = None,
        port: int = 0,
        public_url: str | None = None,
        redirect_uris: Collection[str] | None = None,
        app_name: str = "Crossfade",
        registered_users: Collection[str] | None = None,
    ) -> None:
        self._port = port
        self._public_url = public_url
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.state = SpotifyState(
            world,
            clock,
            rng=rng,
            client_id=client_id,
            client_secret=client_secret,
            base_url=(public_url or "").rstrip("/"),
            redirect_uris=redirect_uris,
            app_name=app_name,
            registered_users=registered_users,
        )

    @property
    def url(self) -> str:
        """The stand-in's address, without a slash at the end; the Web API is under `/v1/`."""
        return self.state.base_url

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def start(self) -> None:
        """Bind the port and serve; returns when requests are accepted."""
        keep_cuts_out_of_the_log()
        listening = self._socket = _listen(self._port)
        if self._public_url is None:
            self.state.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            app_of(self.state),
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        # The socket listens already: whoever connects before the loop runs waits in its queue.
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="spotify-stand-in", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self.state.faults.clear()
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=2 * _STOP_SECONDS)
        if self._socket is not None:
            self._socket.close()
        self._server = self._thread = self._socket = None


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only for sockets that name TCP; with it on, answers wait 40 ms for an ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
