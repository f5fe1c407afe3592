"""Spotify's accounts service: the consent page and the token endpoint."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData, QueryParams

from bot.sandbox.spotify.access import spotify_state
from bot.sandbox.spotify.errors import ConsentError, OAuthError
from bot.sandbox.spotify.rendering import render
from bot.sandbox.spotify.scopes import SCOPES
from bot.sandbox.spotify.state import SpotifyState

router = APIRouter()
_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A checked request to /authorize."""

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
        app_name=state.app_name,
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
    code = state.authorisations.issue_code(listener, frozenset(wanted.scopes), wanted.redirect_uri, wanted.challenge)
    return RedirectResponse(wanted.answer(code=code), 303)


@router.post("/api/token")
async def token(request: Request) -> JSONResponse:
    """Exchange a code or a refresh token for an access token."""
    state = spotify_state(request)
    form = {name: str(value) for name, value in (await request.form()).items()}
    knows_secret = _authenticate(state, request.headers.get("authorization"), form)
    match form.get("grant_type"):
        case "authorization_code":
            tokens = state.authorisations.exchange(
                _needed(form, "code"),
                _needed(form, "redirect_uri"),
                form.get("code_verifier"),
                knows_secret=knows_secret,
            )
        case "refresh_token":
            tokens = state.authorisations.refresh(_needed(form, "refresh_token"), knows_secret=knows_secret)
        case _:
            raise OAuthError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
    return JSONResponse(tokens, headers={"Cache-Control": "no-store"})


def _check(state: SpotifyState, parameters: QueryParams | FormData) -> ConsentRequest:
    values = {name: str(value) for name, value in parameters.items()}
    if values.get("client_id") != state.client_id:
        raise ConsentError("INVALID_CLIENT: Invalid client")
    redirect_uri = values.get("redirect_uri", "")
    problem = _redirect_problem(redirect_uri, state)
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
    return ConsentRequest(redirect_uri, values.get("state"), scopes, challenge)


def _redirect_problem(redirect_uri: str, state: SpotifyState) -> str | None:
    """Return what is wrong with a redirect URI by the rules of April 2025, if anything is."""
    parts = urlsplit(redirect_uri)
    if not parts.scheme or not parts.hostname or parts.fragment:
        return "INVALID_CLIENT: Invalid redirect URI"
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return "INVALID_CLIENT: Insecure redirect URI"
    if state.redirect_uris is not None and redirect_uri not in state.redirect_uris:
        return "INVALID_CLIENT: Invalid redirect URI"
    return None


def _authenticate(state: SpotifyState, authorization: str | None, form: dict[str, str]) -> bool:
    """Check who asks for tokens; return whether the client secret was given, and right."""
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if authorization is not None:
        client_id, secret = _basic(authorization)
    if client_id != state.client_id:
        raise OAuthError("invalid_client", "Invalid client")
    if secret is None:
        return False
    if state.client_secret is None or not hmac.compare_digest(secret.encode(), state.client_secret.encode()):
        raise OAuthError("invalid_client", "Invalid client secret")
    return True


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
