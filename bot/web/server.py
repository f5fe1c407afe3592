"""Serving an ASGI application in a loop that others share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from fastapi import FastAPI

from bot.domain.errors import CrossfadeError


class _SharedLoopServer(uvicorn.Server):
    """Leaves signals to the program, which stops its other parts too."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 picks a free one.

    Raises:
        CrossfadeError: the address is taken or not this machine's.
    """
    # asyncio switches Nagle's algorithm off only where the protocol is named, which socket.create_server does not do:
    # without it every answer would wait 40 ms.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise CrossfadeError(
            f"Cannot listen on {host} port {port} ({reason.lower()}): "
            "stop what uses it, or set CROSSFADE_WEB_HOST and CROSSFADE_WEB_PORT."
        ) from None
    return listener


@contextlib.asynccontextmanager
async def serving(application: FastAPI, listener: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve on a listening socket while the block runs; yields the task, which ends early only on a fault."""
    config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3)
    server = _SharedLoopServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="web server")
    try:
        yield task
    finally:
        server.should_exit = True
        await task
