"""Who asks and for what: access tokens, scopes, parameters and bodies of Web API requests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from bot.sandbox.spotify.apps import App
from bot.sandbox.spotify.authorisation import Grant
from bot.sandbox.spotify.errors import ApiError
from bot.sandbox.spotify.playlists import StoredPlaylist
from bot.sandbox.spotify.shapes import Shapes
from bot.sandbox.spotify.state import Listener, SpotifyState

# Spotify's own playlists: closed to new apps, which are told that there is no such thing.
_EDITORIAL_PREFIX = "37i9"
_HIGHEST_OFFSET = 100_000


def spotify_state(request: Request) -> SpotifyState:
    """Return the state of the app that serves a request."""
    state = request.app.state.spotify
    if not isinstance(state, SpotifyState):
        raise TypeError("the app has no SpotifyState")
    return state


@dataclass(frozen=True, slots=True)
class Asker:
    """An app with a token that is valid; without a listener the app asks for itself."""

    state: SpotifyState
    app: App
    grant: Grant


@dataclass(frozen=True, slots=True)
class Caller:
    """An app that acts for a listener with some scopes."""

    state: SpotifyState
    listener: Listener
    scopes: frozenset[str]
    shapes: Shapes

    def need(self, *scopes: str) -> None:
        """Refuse with 403 unless all of these scopes were granted."""
        if not self.scopes.issuperset(scopes):
            raise ApiError(403, "Insufficient client scope")

    def playlist(self, playlist_id: str) -> StoredPlaylist:
        """Return a playlist that the listener may see, or refuse with 404."""
        playlist = self.state.playlists.get(playlist_id)
        hidden = playlist is not None and not (playlist.public or playlist.editable_by(self.listener.id))
        if playlist is None or hidden or playlist_id.startswith(_EDITORIAL_PREFIX):
            raise ApiError(404, "Resource not found")
        return playlist

    def editable_playlist(self, playlist_id: str) -> StoredPlaylist:
        """Return a playlist whose items the listener may change, or refuse."""
        playlist = self.playlist(playlist_id)
        if not playlist.editable_by(self.listener.id):
            raise ApiError(403, "You cannot add tracks to a playlist you don't own.")
        self.need_to_modify(public=playlist.public)
        return playlist

    def need_to_modify(self, *, public: bool) -> None:
        """Refuse with 403 unless playlists of this kind may be changed."""
        self.need("playlist-modify-public" if public else "playlist-modify-private")


async def asker_of(request: Request) -> Asker:
    """Return which app asks.

    Raises:
        ApiError: 401 without a valid token, 403 for a listener whom the app's owner has not registered.
    """
    state = spotify_state(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        raise ApiError(401, "No token provided")
    if scheme.lower() != "bearer" or not token:
        raise ApiError(400, "Only valid bearer authentication supported")
    grant = state.authorisations.grant_of(token.strip())
    app = state.apps.get(grant.client_id)
    if app is None:
        raise ApiError(401, "Invalid access token")
    users = app.registered_users
    if grant.listener is not None and users is not None and grant.listener not in users:
        raise ApiError(403, "Check settings on developer.spotify.com/dashboard, the user may not be registered.")
    return Asker(state, app, grant)


AskerDependency = Annotated[Asker, Depends(asker_of)]


async def caller_of(asker: AskerDependency) -> Caller:
    """Return who asks for a listener.

    Raises:
        ApiError: as `asker_of`, and 403 for an app that asks for itself.
    """
    if asker.grant.listener is None:
        raise ApiError(403, "Valid user authentication required")
    state = asker.state
    return Caller(state, state.listeners[asker.grant.listener], asker.grant.scopes, Shapes(state))


CallerDependency = Annotated[Caller, Depends(caller_of)]


def whole_number(request: Request, name: str, *, default: int, low: int, high: int) -> int:
    """Return a whole number of the query, or refuse with 400."""
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        raise ApiError(400, f"Invalid {name}") from None
    if not low <= number <= high:
        raise ApiError(400, f"Invalid {name}")
    return number


def page_bounds(request: Request, *, default: int = 20, most: int = 50) -> tuple[int, int]:
    """Return limit and offset of a request."""
    limit = whole_number(request, "limit", default=default, low=1, high=most)
    return limit, whole_number(request, "offset", default=0, low=0, high=_HIGHEST_OFFSET)


async def json_body(request: Request) -> object:
    """Return the JSON body, an empty object where there is none, or refuse with 400."""
    content = await request.body()
    if not content:
        return {}
    try:
        return json.loads(content)
    except ValueError:
        raise ApiError(400, "Error parsing JSON.") from None


async def json_object(request: Request) -> dict[str, object]:
    """Return the JSON body, which has to be an object, or refuse with 400."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise ApiError(400, "Error parsing JSON.")
    return body


def remark(request: Request, text: str) -> None:
    """Note something about a request for the journal."""
    request.state.remarks.append(text)
