"""Puts the stand-in together: accounts service, Web API and pages in one application."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from bot.sandbox.catalogue import SampleWorld
from bot.sandbox.spotify import accounts, pages, routes_catalogue, routes_me, routes_playlists
from bot.sandbox.spotify.errors import (
    ApiError,
    ConsentError,
    OAuthError,
    answer_api_error,
    answer_oauth_error,
    error_body,
)
from bot.sandbox.spotify.recorder import Recorder
from bot.sandbox.spotify.rendering import render
from bot.sandbox.spotify.retired import retired_routes, unknown_routes
from bot.sandbox.spotify.state import SpotifyState


def create_spotify_app(
    world: SampleWorld,
    clock: Callable[[], datetime],
    *,
    rng: np.random.Generator,
    client_id: str,
    client_secret: str | None = None,
    base_url: str,
    redirect_uris: Collection[str] | None = None,
    app_name: str = "Crossfade",
    registered_users: Collection[str] | None = None,
) -> FastAPI:
    """Return the stand-in as an application; its state is `app.state.spotify`.

    Args:
        world: what it starts with.
        clock: gives the current moment, timezone-aware.
        rng: where new ids and tokens come from.
        client_id: the one app that is registered.
        client_secret: its secret; None for an app that uses PKCE alone.
        base_url: the address under which it is reached, such as "http://127.0.0.1:8765".
        redirect_uris: the registered redirect URIs; None lets any allowed kind pass.
        app_name: how the consent page calls the app.
        registered_users: see `SpotifyState`.
    """
    state = SpotifyState(
        world,
        clock,
        rng=rng,
        client_id=client_id,
        client_secret=client_secret,
        base_url=base_url.rstrip("/"),
        redirect_uris=redirect_uris,
        app_name=app_name,
        registered_users=registered_users,
    )
    return app_of(state)


def app_of(state: SpotifyState) -> FastAPI:
    """Return the application that serves a state."""
    app = FastAPI(title="Spotify stand-in", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.spotify = state
    # The retired paths come before the live ones with a variable part, the unknown ones last.
    app.include_router(accounts.router)
    app.include_router(retired_routes())
    app.include_router(routes_me.router)
    app.include_router(routes_playlists.router)
    app.include_router(routes_catalogue.router)
    app.include_router(unknown_routes())
    app.include_router(pages.router)
    app.add_exception_handler(ApiError, answer_api_error)
    app.add_exception_handler(OAuthError, answer_oauth_error)
    app.add_exception_handler(ConsentError, _answer_consent_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_middleware(Recorder, state=state)
    return app


async def _answer_consent_error(request: Request, error: Exception) -> Response:
    return render(request, "problem.html", status=400, title="This request cannot be granted", message=str(error))


async def _answer_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if request.url.path.startswith(("/v1/", "/api/")):
        return JSONResponse(error_body(error.status_code, error.detail), error.status_code)
    message = "There is no such page here. Perhaps the stand-in was restarted and forgot it."
    return render(request, "problem.html", status=error.status_code, title="Not here", message=message)
