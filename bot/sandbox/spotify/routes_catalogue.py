"""The Web API's catalogue: tracks, artists, albums, episodes and search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bot.sandbox.spotify.access import AskerDependency, CallerDependency, page_bounds, whole_number
from bot.sandbox.spotify.errors import ApiError
from bot.sandbox.spotify.paging import page_of
from bot.sandbox.spotify.search import SEARCHABLE, Query, search_items
from bot.sandbox.spotify.shapes import features_of

router = APIRouter(prefix="/v1")
_MOST_RESULTS = 10
_DEFAULT_RESULTS = 5
_HIGHEST_SEARCH_OFFSET = 1000
_MOST_FEATURES = 100
Found = TypeVar("Found")


@router.get("/tracks/{track_id}")
async def track(caller: CallerDependency, track_id: str) -> JSONResponse:
    """Return a track."""
    return JSONResponse(caller.shapes.track(_lookup(caller.state.music.tracks, track_id)))


@router.get("/episodes/{episode_id}")
async def episode(caller: CallerDependency, episode_id: str) -> JSONResponse:
    """Return an episode."""
    caller.need("user-read-playback-position")
    return JSONResponse(caller.shapes.episode(_lookup(caller.state.music.episodes, episode_id)))


@router.get("/artists/{artist_id}")
async def artist(caller: CallerDependency, artist_id: str) -> JSONResponse:
    """Return an artist."""
    return JSONResponse(caller.shapes.artist(_lookup(caller.state.music.artists, artist_id)))


@router.get("/artists/{artist_id}/albums")
async def artist_albums(request: Request, caller: CallerDependency, artist_id: str) -> JSONResponse:
    """List an artist's releases, newest first, at most ten on a page."""
    music = caller.state.music
    _lookup(music.artists, artist_id)
    limit, offset = page_bounds(request, default=_DEFAULT_RESULTS, most=_MOST_RESULTS)
    groups = request.query_params.get("include_groups", "album,single,appears_on,compilation").split(",")
    albums = [music.albums[identifier] for identifier in music.albums_of.get(artist_id, ())]
    wanted = [album for album in albums if album.kind in groups]
    return JSONResponse(page_of(request, wanted, caller.shapes.simple_album, limit, offset))


@router.get("/albums/{album_id}")
async def album(request: Request, caller: CallerDependency, album_id: str) -> JSONResponse:
    """Return an album with its tracks."""
    music = caller.state.music
    found = _lookup(music.albums, album_id)
    tracks = music.tracks_of(found)
    page = page_of(request, tracks, caller.shapes.simple_track, 50, 0, f"/v1/albums/{album_id}/tracks")
    more = {"copyrights": [], "external_ids": {}, "genres": [], "tracks": page}
    return JSONResponse({**caller.shapes.simple_album(found), **more})


@router.get("/albums/{album_id}/tracks")
async def album_tracks(request: Request, caller: CallerDependency, album_id: str) -> JSONResponse:
    """List the tracks of an album."""
    music = caller.state.music
    tracks = music.tracks_of(_lookup(music.albums, album_id))
    limit, offset = page_bounds(request)
    return JSONResponse(page_of(request, tracks, caller.shapes.simple_track, limit, offset))


@router.get("/search")
async def search(request: Request, caller: CallerDependency) -> JSONResponse:
    """Search for tracks, artists, albums and playlists; at most ten of each on a page."""
    text = request.query_params.get("q", "").strip()
    if not text:
        raise ApiError(400, "No search query")
    kinds = [kind for kind in request.query_params.get("type", "").split(",") if kind]
    if not kinds:
        raise ApiError(400, "Missing parameter type")
    if not set(kinds) <= set(SEARCHABLE):
        raise ApiError(400, "Bad search type field")
    limit = whole_number(request, "limit", default=_DEFAULT_RESULTS, low=1, high=_MOST_RESULTS)
    offset = whole_number(request, "offset", default=0, low=0, high=_HIGHEST_SEARCH_OFFSET)
    found = search_items(caller, Query.read(text), kinds)
    return JSONResponse(
        {f"{kind}s": page_of(request, results, shape, limit, offset) for kind, (results, shape) in found.items()}
    )


@router.get("/audio-features")
async def audio_features(request: Request, asker: AskerDependency) -> JSONResponse:
    """Return the features of up to 100 tracks, null for one that has none; to apps that are older than 2024-11-27."""
    if not asker.app.legacy:
        raise ApiError(403, "Forbidden")
    ids = [identifier for identifier in request.query_params.get("ids", "").split(",") if identifier]
    if not ids or len(ids) > _MOST_FEATURES:
        raise ApiError(400, "Invalid ids")
    music = asker.state.music
    return JSONResponse({"audio_features": [features_of(music, asker.state.base_url, one) for one in ids]})


def _lookup(things: Mapping[str, Found], identifier: str) -> Found:
    if not (identifier.isascii() and identifier.isalnum()):
        raise ApiError(400, "Invalid base62 id")
    found = things.get(identifier)
    if found is None:
        raise ApiError(404, "Resource not found")
    return found
