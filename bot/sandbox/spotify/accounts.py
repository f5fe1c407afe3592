"""Spotify's accounts service: the consent page and the token endpoint."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData, QueryParams

from bot.sandbox.spotify.access import spotify_state
from bot.sandbox.spotify.apps import App
from bot.sandbox.spotify.errors import ConsentError, OAuthError
from bot.sandbox.spotify.rendering import render
from bot.sandbox.spotify.scopes import SCOPES
from bot.sandbox.spotify.state import SpotifyState

router = APIRouter()
SIGNED_IN = "stand_in_listener"
"""The cookie that remembers who agreed last, as Spotify's own pages know who looks at them."""
_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A checked request to /authorize."""

    app: App
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    challenge: str | None

    def answer(self, **parameters: str) -> str:
        """Return the redirect URI with the answer in its query, next to what it already has there."""
        if self.state is not None:
            parameters["state"] = self.state
        parts = urlsplit(self.redirect_uri)
        query = "&".join(filter(None, (parts.query, urlencode(parameters))))
        return urlunsplit(parts._replace(query=query))


@router.get("/authorize")
async def consent_page(request: Request) -> Response:
    """Ask which sample listener one is, and whether the app may."""
    state = spotify_state(request)
    wanted = _check(state, request.query_params)
    listeners = [(listener, len(state.playlists_of(listener.id))) for listener in state.listeners.values()]
    scopes = [SCOPES[scope] for scope in wanted.scopes]
    return render(
        request,
        "authorize.html",
        wanted=wanted,
        parameters=dict(request.query_params),
        listeners=listeners,
        scopes=scopes,
        app_name=wanted.app.name,
        target=urlsplit(wanted.redirect_uri).netloc,
    )


@router.post("/authorize")
async def decide(request: Request) -> Response:
    """Send the browser back to the app with a code, or with `access_denied`."""
    state = spotify_state(request)
    form = await request.form()
    wanted = _check(state, form)
    if form.get("decision") != "agree":
        return RedirectResponse(wanted.answer(error="access_denied"), 303)
    listener = str(form.get("listener", ""))
    if listener not in state.listeners:
        raise ConsentError("Choose one of the sample listeners.")
    code = state.authorisations.issue_code(
        wanted.app.client_id, listener, frozenset(wanted.scopes), wanted.redirect_uri, wanted.challenge
    )
    answer = RedirectResponse(wanted.answer(code=code), 303)
    answer.set_cookie(SIGNED_IN, listener, httponly=True, samesite="lax")
    return answer


@router.post("/api/token")
async def token(request: Request) -> JSONResponse:
    """Exchange a code, a refresh token or the app's own credentials for an access token."""
    state = spotify_state(request)
    form = {name: str(value) for name, value in (await request.form()).items()}
    app, secret = _client(state, request.headers.get("authorization"), form)
    knows_secret = app.proven_by(secret)
    match form.get("grant_type"):
        case "authorization_code":
            tokens = state.authorisations.exchange(
                app.client_id,
                _needed(form, "code"),
                _needed(form, "redirect_uri"),
                form.get("code_verifier"),
                knows_secret=knows_secret,
            )
        case "refresh_token":
            tokens = state.authorisations.refresh(
                app.client_id, _needed(form, "refresh_token"), knows_secret=knows_secret
            )
        case "client_credentials":
            if not knows_secret:
                raise OAuthError("invalid_client", "Invalid client secret")
            tokens = state.authorisations.client_credentials(app.client_id)
        case _:
            allowed = "authorization_code, refresh_token or client_credentials"
            raise OAuthError("unsupported_grant_type", f"grant_type must be {allowed}")
    return JSONResponse(tokens, headers={"Cache-Control": "no-store"})


def _check(state: SpotifyState, parameters: QueryParams | FormData) -> ConsentRequest:
    values = {name: str(value) for name, value in parameters.items()}
    app = state.apps.get(values.get("client_id", ""))
    if app is None:
        raise ConsentError("INVALID_CLIENT: Invalid client")
    redirect_uri = values.get("redirect_uri", "")
    problem = _redirect_problem(redirect_uri, app)
    if problem:
        raise ConsentError(problem)
    if values.get("response_type") != "code":
        raise ConsentError("response_type must be code")
    challenge = values.get("code_challenge")
    if challenge is not None and values.get("code_challenge_method") != "S256":
        raise ConsentError("code_challenge_method must be S256")
    scopes = tuple(dict.fromkeys(values.get("scope", "").replace(",", " ").split()))
    if not set(scopes) <= set(SCOPES):
        raise ConsentError("INVALID_SCOPE: Invalid scope")
    return ConsentRequest(app, redirect_uri, values.get("state"), scopes, challenge)


def _redirect_problem(redirect_uri: str, app: App) -> str | None:
    """Return what is wrong with a redirect URI by the rules of April 2025, if anything is."""
    parts = urlsplit(redirect_uri)
    if not parts.scheme or not parts.hostname or parts.fragment:
        return "INVALID_CLIENT: Invalid redirect URI"
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return "INVALID_CLIENT: Insecure redirect URI"
    if app.redirect_uris is not None and redirect_uri not in app.redirect_uris:
        return "INVALID_CLIENT: Invalid redirect URI"
    return None


def _client(state: SpotifyState, authorization: str | None, form: dict[str, str]) -> tuple[App, str | None]:
    """Return the app that asks for tokens, with the secret that it has given."""
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if authorization is not None:
        client_id, secret = _basic(authorization)
    app = state.apps.get(client_id or "")
    if app is None:
        raise OAuthError("invalid_client", "Invalid client")
    return app, secret


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        client_id, separator, secret = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        separator = ""
    if scheme.lower() != "basic" or not separator:
        raise OAuthError("invalid_client", "Invalid client")
    return client_id, secret


def _needed(form: dict[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise OAuthError("invalid_request", f"{name} must be supplied")
    return value
