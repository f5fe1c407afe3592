"""The Web API's endpoints about the listener: profile, library, top and recent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from bot.sandbox.spotify.access import Caller, CallerDependency, page_bounds, whole_number
from bot.sandbox.spotify.errors import ApiError
from bot.sandbox.spotify.music import bare_id
from bot.sandbox.spotify.paging import page_of
from bot.sandbox.spotify.shapes import JsonObject, timestamp
from bot.sandbox.spotify.uris import library_uris

router = APIRouter(prefix="/v1/me")
_LIBRARY_KINDS = ("track", "album", "artist", "episode", "show", "audiobook", "user", "playlist")
_MODIFY_SCOPE = {
    "artist": "user-follow-modify",
    "user": "user-follow-modify",
    "playlist": "playlist-modify-public",
}
_READ_SCOPE = {"artist": "user-follow-read", "user": "user-follow-read", "playlist": "playlist-read-private"}
_TIME_RANGES = {"short_term": 28, "medium_term": 182, "long_term": 365}
_RECENT_PLAYS = 50
_LATEST_MOMENT = 10**14


@router.get("")
async def me(caller: CallerDependency) -> JSONResponse:
    """Return the listener's profile."""
    return JSONResponse(caller.shapes.me(caller.listener))


@router.get("/tracks")
async def saved_tracks(request: Request, caller: CallerDependency) -> JSONResponse:
    """List the liked songs, newest first."""
    caller.need("user-library-read")
    limit, offset = page_bounds(request)
    tracks = [(uri, at) for uri, at in caller.listener.saved.items() if uri.startswith("spotify:track:")]
    tracks.sort(key=lambda saved: saved[1], reverse=True)

    def shape(saved: tuple[str, datetime]) -> JsonObject:
        track = caller.state.music.tracks[bare_id(saved[0])]
        return {"added_at": timestamp(saved[1]), "track": caller.shapes.track(track)}

    return JSONResponse(page_of(request, tracks, shape, limit, offset))


@router.put("/library")
async def save(request: Request, caller: CallerDependency) -> Response:
    """Like songs, save albums, follow people and playlists."""
    for kind, uri in _to_modify(request, caller):
        if kind == "playlist":
            playlist = caller.playlist(bare_id(uri))
            if playlist.id not in caller.listener.library:
                caller.listener.library.insert(0, playlist.id)
        else:
            # Saving again keeps the first moment.
            caller.listener.saved.setdefault(uri, caller.state.now())
    return Response(status_code=200)


@router.delete("/library")
async def unsave(request: Request, caller: CallerDependency) -> Response:
    """Take things out of the library; an own playlist is thereby deleted, as far as its owner sees."""
    for kind, uri in _to_modify(request, caller):
        if kind == "playlist":
            library = caller.listener.library
            library[:] = [identifier for identifier in library if identifier != bare_id(uri)]
        else:
            caller.listener.saved.pop(uri, None)
    return Response(status_code=200)


@router.get("/library/contains")
async def contains(request: Request, caller: CallerDependency) -> JSONResponse:
    """Tell for each URI whether it is in the library."""
    uris = library_uris(request.query_params.get("uris"), _LIBRARY_KINDS)
    caller.need(*{_READ_SCOPE.get(kind, "user-library-read") for kind, _ in uris})
    listener = caller.listener
    return JSONResponse(
        [bare_id(uri) in listener.library if kind == "playlist" else uri in listener.saved for kind, uri in uris]
    )


@router.get("/top/tracks")
async def top_tracks(request: Request, caller: CallerDependency) -> JSONResponse:
    """List the most played tracks of a time range."""
    tracks = caller.state.music.tracks
    counts = _plays_in_range(request, caller)
    limit, offset = page_bounds(request)
    ranked = [tracks[bare_id(uri)] for uri, _ in counts.most_common()]
    return JSONResponse(page_of(request, ranked, caller.shapes.track, limit, offset))


@router.get("/top/artists")
async def top_artists(request: Request, caller: CallerDependency) -> JSONResponse:
    """List the most played artists of a time range."""
    music = caller.state.music
    counts: Counter[str] = Counter()
    for uri, plays in _plays_in_range(request, caller).items():
        counts[music.artist_of(music.tracks[bare_id(uri)]).uri] += plays
    limit, offset = page_bounds(request)
    ranked = [music.artists[bare_id(uri)] for uri, _ in counts.most_common()]
    return JSONResponse(page_of(request, ranked, caller.shapes.artist, limit, offset))


@router.get("/player/recently-played")
async def recently_played(request: Request, caller: CallerDependency) -> JSONResponse:
    """List what was played last, newest first; only a window of 50 exists, with cursors in milliseconds."""
    caller.need("user-read-recently-played")
    if "after" in request.query_params and "before" in request.query_params:
        raise ApiError(400, "after and before cannot be used together")
    limit = whole_number(request, "limit", default=20, low=1, high=50)
    after = whole_number(request, "after", default=-1, low=0, high=_LATEST_MOMENT)
    before = whole_number(request, "before", default=_LATEST_MOMENT, low=0, high=_LATEST_MOMENT)
    window = [(uri, at) for uri, at in caller.listener.profile.plays if at <= caller.state.now()][:_RECENT_PLAYS]
    plays = [(uri, at) for uri, at in window if after < _milliseconds(at) < before]
    # With `after` the page is the one that follows the cursor, so the oldest of what remains.
    page = plays[-limit:] if "after" in request.query_params else plays[:limit]
    return JSONResponse(_play_page(request, caller, page, more=len(plays) > len(page)))


def _play_page(request: Request, caller: Caller, plays: list[tuple[str, datetime]], *, more: bool) -> JsonObject:
    address = f"{caller.state.base_url}{request.url.path}"
    page: JsonObject = {
        "href": f"{address}?{urlencode(dict(request.query_params))}",
        "items": [
            {
                "track": caller.shapes.track(caller.state.music.tracks[bare_id(uri)]),
                "played_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "context": None,
            }
            for uri, at in plays
        ],
        "limit": whole_number(request, "limit", default=20, low=1, high=50),
        "next": None,
        "cursors": None,
    }
    if plays:
        newest, oldest = str(_milliseconds(plays[0][1])), str(_milliseconds(plays[-1][1]))
        page["cursors"] = {"after": newest, "before": oldest}
        if more:
            cursor = {"after": newest} if "after" in request.query_params else {"before": oldest}
            page["next"] = f"{address}?{urlencode(cursor | {'limit': page['limit']})}"
    return page


def _plays_in_range(request: Request, caller: Caller) -> Counter[str]:
    caller.need("user-top-read")
    days = _TIME_RANGES.get(request.query_params.get("time_range", "medium_term"))
    if days is None:
        raise ApiError(400, "Invalid time range")
    oldest = caller.state.now() - timedelta(days=days)
    return Counter(uri for uri, at in caller.listener.profile.plays if at >= oldest)


def _to_modify(request: Request, caller: Caller) -> list[tuple[str, str]]:
    uris = library_uris(request.query_params.get("uris"), _LIBRARY_KINDS)
    caller.need(*{_MODIFY_SCOPE.get(kind, "user-library-modify") for kind, _ in uris})
    known: dict[str, Collection[str]] = {
        "track": caller.state.music.tracks,
        "album": caller.state.music.albums,
        "artist": caller.state.music.artists,
        "episode": caller.state.music.episodes,
        "user": caller.state.listeners,
        "playlist": caller.state.playlists,
    }
    if not all(bare_id(uri) in known.get(kind, ()) for kind, uri in uris):
        raise ApiError(400, "Payload contains a non-existing ID")
    return uris


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
