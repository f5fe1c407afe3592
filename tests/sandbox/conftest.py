"""What the tests of Spotify's stand-in share: a running one, a clock that moves on demand, clicks of consent."""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import numpy as np
import pytest

from bot.sandbox.catalogue import SampleWorld, build_sample_world
from bot.sandbox.spotify import SpotifyServer, SpotifyState

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
REDIRECT_URI = "http://127.0.0.1:8888/spotify/callback"
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"
VERIFIER = "a-verifier-that-is-long-enough-to-be-taken-for-a-real-one"
ALL_SCOPES = (
    "playlist-read-private playlist-read-collaborative playlist-modify-public playlist-modify-private "
    "user-library-read user-library-modify user-top-read user-read-recently-played user-follow-read "
    "user-follow-modify user-read-playback-position ugc-image-upload"
)


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@dataclass
class Standin:
    """A running stand-in and what a browser and an app do with it."""

    server: SpotifyServer
    clock: MovableClock
    web: httpx.Client
    clients: ExitStack

    @property
    def state(self) -> SpotifyState:
        return self.server.state

    @property
    def url(self) -> str:
        return self.server.url

    def parameters(self, **changes: str) -> dict[str, str]:
        """Return what an app sends to /authorize."""
        parameters = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "state": "opaque",
            "scope": ALL_SCOPES,
            "code_challenge_method": "S256",
            "code_challenge": challenge(),
        }
        return parameters | changes

    def authorize(self, listener: str, scope: str = ALL_SCOPES, **changes: str) -> dict[str, str]:
        """Agree on the consent page; return the parameters that the app gets back."""
        form = self.parameters(scope=scope) | {"listener": listener, "decision": "agree"} | changes
        answer = self.web.post("/authorize", data=form)
        assert answer.status_code == 303, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def token(self, **form: str) -> httpx.Response:
        return self.web.post("/api/token", data={"client_id": CLIENT_ID} | form)

    def exchange(self, code: str, **changes: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return self.token(**form | {"code_verifier": VERIFIER} | changes)

    def sign_in(self, listener: str = "mirasolenne", scope: str = ALL_SCOPES) -> httpx.Client:
        """Go through the consent page; return a client for the Web API."""
        return self.client(self.tokens(listener, scope)["access_token"])

    def tokens(self, listener: str = "mirasolenne", scope: str = ALL_SCOPES) -> dict[str, str]:
        answer = self.exchange(self.authorize(listener, scope)["code"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def client(self, access_token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {access_token}"}
        client = httpx.Client(base_url=f"{self.url}/v1", headers=headers, verify=no_certificates())
        return self.clients.enter_context(client)

    def playlist_id(self, name: str) -> str:
        return next(playlist.id for playlist in self.state.playlists.values() if playlist.name == name)

    def track_uris(self, count: int, start: int = 0) -> list[str]:
        return [f"spotify:track:{identifier}" for identifier in list(self.state.music.tracks)[start : start + count]]


def no_certificates() -> ssl.SSLContext:
    # Loading the usual certificates takes a tenth of a second for each client, and nothing here uses TLS.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@pytest.fixture(scope="session")
def spotify_world() -> SampleWorld:
    return build_sample_world(NOW)


@pytest.fixture(scope="session")
def running_spotify(spotify_world: SampleWorld) -> Iterator[tuple[SpotifyServer, MovableClock]]:
    clock = MovableClock()
    server = SpotifyServer(
        spotify_world, clock, rng=np.random.default_rng(1), client_id=CLIENT_ID, client_secret=CLIENT_SECRET
    )
    with server:
        yield server, clock


@pytest.fixture
def spotify(running_spotify: tuple[SpotifyServer, MovableClock]) -> Iterator[Standin]:
    """Give the running stand-in as if it had just been started."""
    server, clock = running_spotify
    clock.moment = NOW
    server.state.reset()
    server.state.registered_users = server.state.redirect_uris = None
    with httpx.Client(base_url=server.url, verify=no_certificates()) as web, ExitStack() as clients:
        yield Standin(server, clock, web, clients)
