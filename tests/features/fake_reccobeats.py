"""ReccoBeats as it was seen to answer, over real HTTP, with the faults that a test asks for."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

Fault = Callable[[], Response]


def values_of(track_id: str) -> dict[str, float]:
    """Made-up features of a track, the same each time."""
    share = (sum(track_id.encode()) % 97 + 1) / 100
    shares = ("acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence")
    return {name: share for name in shares} | {"key": 5, "mode": 1, "loudness": -7.5, "tempo": 121.5}


@dataclass
class FakeReccoBeats:
    """The service: what it knows, what it is to do wrong, and what it was asked."""

    known: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    """Answers to come before it answers rightly again."""
    asked: list[list[str]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    slow: float = 0.0
    url: str = ""

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        config = uvicorn.Config(self._app(), log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._listener = listener
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._listener.close()

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/v1/audio-features")
        async def audio_features(request: Request) -> Response:
            ids = [track for given in request.query_params.getlist("ids") for track in given.split(",")]
            self.asked.append(ids)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                await asyncio.sleep(self.slow)
                if self.faults:
                    return self.faults.pop(0)()
                if not 1 <= len(ids) <= 40:
                    return JSONResponse({"status": 4004, "errors": [{"message": "size must be between 1 and 40"}]}, 400)
                # Unknown ids are left out, and the order is the service's own.
                content = [
                    {
                        "id": f"70b85474-5c5e-4430-a309-{number:012}",
                        "href": f"https://open.spotify.com/track/{track}",
                        **values_of(track),
                    }
                    for number, track in enumerate(sorted(ids))
                    if track in self.known
                ]
                return JSONResponse({"content": content})
            finally:
                self.at_once -= 1

        return app
