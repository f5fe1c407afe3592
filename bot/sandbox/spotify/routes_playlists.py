"""The Web API's playlists: read, create, change, and their items."""

from __future__ import annotations

import base64
import binascii

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from bot.sandbox.spotify.access import (
    Caller,
    CallerDependency,
    json_body,
    json_object,
    page_bounds,
    remark,
    whole_number,
)
from bot.sandbox.spotify.errors import ApiError
from bot.sandbox.spotify.fields import select
from bot.sandbox.spotify.paging import page_of
from bot.sandbox.spotify.playlists import StoredPlaylist
from bot.sandbox.spotify.shapes import JsonObject
from bot.sandbox.spotify.uris import playlist_uris

_LARGEST_COVER = 256 * 1024
_LONGEST_NAME = 200
router = APIRouter(prefix="/v1")


@router.get("/me/playlists")
async def my_playlists(request: Request, caller: CallerDependency) -> JSONResponse:
    """List the playlists in the listener's library, newest first; other people's need their own scope."""
    caller.need("playlist-read-private")
    limit, offset = page_bounds(request)
    playlists = [caller.state.playlists[identifier] for identifier in caller.listener.library]
    if "playlist-read-collaborative" not in caller.scopes:
        mine = caller.listener.id
        playlists = [playlist for playlist in playlists if not playlist.collaborative or playlist.owner == mine]
    return JSONResponse(page_of(request, playlists, caller.shapes.simple_playlist, limit, offset))


@router.post("/me/playlists")
async def create_playlist(request: Request, caller: CallerDependency) -> JSONResponse:
    """Create an empty playlist on top of the listener's library; public unless told otherwise."""
    body = await json_object(request)
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ApiError(400, "Missing required field: name")
    public, collaborative = _flag(body, "public", default=True), _flag(body, "collaborative", default=False)
    if collaborative and public:
        raise ApiError(400, "Collaborative playlists must not be public")
    caller.need_to_modify(public=public)
    description = body.get("description")
    playlist = caller.state.create_playlist(
        caller.listener.id,
        name[:_LONGEST_NAME],
        description=description if isinstance(description, str) else "",
        public=public,
        collaborative=collaborative,
    )
    return JSONResponse(_full(request, caller, playlist), 201)


@router.get("/playlists/{playlist_id}")
async def playlist(request: Request, caller: CallerDependency, playlist_id: str) -> JSONResponse:
    """Return a playlist; its items only to who owns it or collaborates on it."""
    found = caller.playlist(playlist_id)
    return JSONResponse(select(_full(request, caller, found), request.query_params.get("fields")))


@router.put("/playlists/{playlist_id}")
async def change_details(request: Request, caller: CallerDependency, playlist_id: str) -> Response:
    """Change name, description or visibility; the owner only."""
    found = caller.playlist(playlist_id)
    if found.owner != caller.listener.id:
        raise ApiError(403, "You cannot change a playlist you don't own.")
    body = await json_object(request)
    public = _flag(body, "public", default=found.public)
    collaborative = _flag(body, "collaborative", default=found.collaborative)
    if collaborative and public:
        raise ApiError(400, "Collaborative playlists must not be public")
    caller.need_to_modify(public=found.public)
    caller.need_to_modify(public=public)
    for name in ("name", "description"):
        value = body.get(name)
        if value is not None and (not isinstance(value, str) or (name == "name" and not value.strip())):
            raise ApiError(400, f"Invalid field: {name}")
        if isinstance(value, str):
            setattr(found, name, value)
    found.public, found.collaborative = public, collaborative
    found.touch()
    return Response(status_code=200)


@router.get("/playlists/{playlist_id}/items")
async def items(request: Request, caller: CallerDependency, playlist_id: str) -> JSONResponse:
    """Return a page of items; since February 2026 only to who owns the playlist or collaborates on it."""
    caller.need("playlist-read-private")
    found = caller.playlist(playlist_id)
    if not found.editable_by(caller.listener.id):
        raise ApiError(403, "Forbidden")
    limit, offset = page_bounds(request)
    page = page_of(request, found.entries, caller.shapes.entry, limit, offset)
    return JSONResponse(select(page, request.query_params.get("fields")))


@router.post("/playlists/{playlist_id}/items")
async def add_items(request: Request, caller: CallerDependency, playlist_id: str) -> JSONResponse:
    """Add up to 100 items, from the query, a body `{"uris", "position"}` or, as spotipy sends it, a bare array."""
    found = caller.editable_playlist(playlist_id)
    body = await json_body(request)
    if isinstance(body, list):
        remark(request, "bare array body")
        body = {"uris": body}
    if not isinstance(body, dict):
        raise ApiError(400, "Error parsing JSON.")
    uris = playlist_uris(_uris(request, body), caller.state.music)
    position = _position(request, body, found)
    return _snapshot(found.insert(uris, position, caller.listener.id, caller.state.now()), 201)


@router.put("/playlists/{playlist_id}/items")
async def replace_or_reorder(request: Request, caller: CallerDependency, playlist_id: str) -> JSONResponse:
    """Replace all items by `uris`, or move a range of them."""
    found = caller.editable_playlist(playlist_id)
    body = await json_object(request)
    uris = _uris(request, body)
    if uris is not None and "range_start" in body:
        raise ApiError(400, "Replace and reorder cannot be combined")
    if uris is not None:
        wanted = playlist_uris(uris, caller.state.music) if uris != [] else []
        return _snapshot(found.replace(wanted, caller.listener.id, caller.state.now()), 200)
    _check_snapshot(body, found)
    start, before = _whole(body, "range_start"), _whole(body, "insert_before")
    return _snapshot(found.move(start, before, _whole(body, "range_length", default=1)), 200)


@router.delete("/playlists/{playlist_id}/items")
async def remove_items(request: Request, caller: CallerDependency, playlist_id: str) -> JSONResponse:
    """Remove every occurrence of up to 100 items."""
    found = caller.editable_playlist(playlist_id)
    body = await json_object(request)
    listed = body.get("items")
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise ApiError(400, "Missing required field: items")
    _check_snapshot(body, found)
    if any("positions" in item for item in listed):
        remark(request, "positions ignored")
    return _snapshot(found.remove(playlist_uris([item.get("uri") for item in listed], caller.state.music)), 200)


@router.get("/playlists/{playlist_id}/images")
async def cover(caller: CallerDependency, playlist_id: str) -> JSONResponse:
    """Return the cover."""
    return JSONResponse(caller.shapes.playlist_images(caller.playlist(playlist_id)))


@router.put("/playlists/{playlist_id}/images")
async def upload_cover(request: Request, caller: CallerDependency, playlist_id: str) -> Response:
    """Replace the cover by a JPEG, sent as base64 of at most 256 KB."""
    caller.need("ugc-image-upload")
    found = caller.editable_playlist(playlist_id)
    payload = await request.body()
    if len(payload) > _LARGEST_COVER:
        raise ApiError(413, "Image too large")
    try:
        picture = base64.b64decode(payload, validate=True)
    except binascii.Error:
        raise ApiError(400, "Invalid base64") from None
    if not picture.startswith(b"\xff\xd8"):
        raise ApiError(400, "Unsupported image data")
    found.cover = picture
    return Response(status_code=202)


def _full(request: Request, caller: Caller, playlist: StoredPlaylist) -> JsonObject:
    full = caller.shapes.simple_playlist(playlist)
    full["followers"] = {"href": None, "total": _followers(caller, playlist)}
    del full["items"]
    if playlist.editable_by(caller.listener.id):
        path = f"/v1/playlists/{playlist.id}/items"
        full["items"] = page_of(request, playlist.entries, caller.shapes.entry, 100, 0, path)
    return full


def _followers(caller: Caller, playlist: StoredPlaylist) -> int:
    return sum(
        playlist.id in listener.library and listener.id != playlist.owner
        for listener in caller.state.listeners.values()
    )


def _snapshot(snapshot_id: str, status: int) -> JSONResponse:
    return JSONResponse({"snapshot_id": snapshot_id}, status)


def _check_snapshot(body: dict[str, object], playlist: StoredPlaylist) -> None:
    if body.get("snapshot_id") is not None and body["snapshot_id"] not in playlist.snapshots:
        raise ApiError(400, "Invalid snapshot id")


def _uris(request: Request, body: dict[str, object]) -> object:
    # The query wins over the body, as the description says.
    query = request.query_params.get("uris")
    return query.split(",") if query else body.get("uris")


def _position(request: Request, body: dict[str, object], playlist: StoredPlaylist) -> int | None:
    if "position" in request.query_params:
        return whole_number(request, "position", default=0, low=0, high=len(playlist.entries))
    return None if body.get("position") is None else _whole(body, "position")


def _whole(body: dict[str, object], name: str, default: int | None = None) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ApiError(400, f"Invalid field: {name}")
    return value


def _flag(body: dict[str, object], name: str, *, default: bool) -> bool:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ApiError(400, f"Invalid field: {name}")
    return value
