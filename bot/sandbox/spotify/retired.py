"""What new apps can no longer call: the paths that Spotify's description marks as deprecated."""

from __future__ import annotations

from fastapi import APIRouter

from bot.sandbox.spotify.access import CallerDependency
from bot.sandbox.spotify.errors import ApiError

_RETIRED = {
    "GET": (
        "/albums",
        "/artists",
        "/artists/{id}/top-tracks",
        "/artists/{id}/related-artists",
        "/shows",
        "/episodes",
        "/audiobooks",
        "/chapters",
        "/tracks",
        "/playlists/{id}/tracks",
        "/playlists/{id}/followers/contains",
        "/me/audiobooks/contains",
        "/me/albums/contains",
        "/me/tracks/contains",
        "/me/episodes/contains",
        "/me/shows/contains",
        "/me/following/contains",
        "/users/{id}",
        "/users/{id}/playlists",
        "/browse/featured-playlists",
        "/browse/categories",
        "/browse/categories/{id}",
        "/browse/categories/{id}/playlists",
        "/browse/new-releases",
        "/audio-features/{id}",
        "/audio-analysis/{id}",
        "/recommendations",
        "/recommendations/available-genre-seeds",
        "/markets",
    ),
    "POST": ("/playlists/{id}/tracks", "/users/{id}/playlists"),
    "PUT": (
        "/playlists/{id}/tracks",
        "/playlists/{id}/followers",
        "/me/audiobooks",
        "/me/albums",
        "/me/tracks",
        "/me/episodes",
        "/me/shows",
        "/me/following",
    ),
    "DELETE": (
        "/playlists/{id}/tracks",
        "/playlists/{id}/followers",
        "/me/audiobooks",
        "/me/albums",
        "/me/tracks",
        "/me/episodes",
        "/me/shows",
        "/me/following",
    ),
}


async def _forbidden(_caller: CallerDependency) -> None:
    raise ApiError(403, "Forbidden")


async def _unknown(_caller: CallerDependency) -> None:
    raise ApiError(404, "Service not found")


def retired_routes() -> APIRouter:
    """Return routes that answer 403 on every retired path, as Spotify does to apps in development mode."""
    router = APIRouter(prefix="/v1")
    for method, paths in _RETIRED.items():
        for path in paths:
            router.add_api_route(path, _forbidden, methods=[method])
    return router


def unknown_routes() -> APIRouter:
    """Return the last route: every other path of the Web API is unknown, or not offered by the stand-in."""
    router = APIRouter(prefix="/v1")
    router.add_api_route("/{path:path}", _unknown, methods=["GET", "POST", "PUT", "DELETE"])
    return router
