"""The pages that people look at: listeners, playlists, tracks, artists, albums, and the pictures on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from bot.sandbox.catalogue import SampleEntry
from bot.sandbox.spotify.access import spotify_state
from bot.sandbox.spotify.accounts import SIGNED_IN
from bot.sandbox.spotify.covers import initials_svg, png, svg
from bot.sandbox.spotify.music import bare_id
from bot.sandbox.spotify.playlists import StoredPlaylist
from bot.sandbox.spotify.rendering import render, stylesheet
from bot.sandbox.spotify.shapes import JsonObject, Shapes
from bot.sandbox.spotify.state import SpotifyState

router = APIRouter()
Found = TypeVar("Found")
_KEEP = {"Cache-Control": "public, max-age=86400"}
_PICTURED = ("album", "artist", "episode", "playlist", "show", "user")
_POPULAR_TRACKS = 10


@router.get("/")
async def index(request: Request) -> Response:
    """Say what this is, and list the listeners."""
    state = spotify_state(request)
    people = [(listener, state.playlists_of(listener.id)) for listener in state.listeners.values()]
    return render(request, "index.html", people=people, tracks=len(state.music.tracks))


@router.get("/user/{user_id}")
async def user(request: Request, user_id: str) -> Response:
    """Show a listener's own playlists, newest first, and the followed ones."""
    state = spotify_state(request)
    listener = _found(state.listeners, user_id)
    own = state.playlists_of(user_id)
    playlists = [state.playlists[identifier] for identifier in listener.library]
    others = [(playlist, state.listeners[playlist.owner]) for playlist in playlists if playlist.owner != user_id]
    return render(request, "user.html", listener=listener, own=own, others=others)


@router.get("/playlist/{playlist_id}")
async def playlist(request: Request, playlist_id: str) -> Response:
    """Show a playlist with its tracks; a private one too, since everybody here is made up."""
    state = spotify_state(request)
    found = _found(state.playlists, playlist_id)
    rows = [_row(state, entry) for entry in found.entries]
    return render(
        request,
        "playlist.html",
        playlist=found,
        owner=state.listeners[found.owner],
        collaborators=[state.listeners[identifier] for identifier in found.collaborators],
        rows=rows,
        total=_length(rows),
        name_who_added=found.collaborative,
        snapshots=len(found.snapshots),
    )


@router.get("/collection/tracks")
async def liked_songs(request: Request, listener: str = "") -> Response:
    """Show liked songs: those of the listener who agreed in this browser last, or of the one that was chosen."""
    state = spotify_state(request)
    people = state.listeners
    person = _found(people, listener) if listener else people.get(request.cookies.get(SIGNED_IN, ""))
    saved = [SampleEntry(uri, moment, person.id) for uri, moment in person.saved.items()] if person else []
    rows = [_row(state, entry) for entry in sorted(saved, key=lambda entry: entry.added_at, reverse=True)]
    return render(
        request,
        "liked.html",
        listener=person,
        rows=rows,
        total=_length(rows),
        name_who_added=False,
        people=[] if person else list(people.values()),
    )


@router.get("/track/{track_id}")
async def track(request: Request, track_id: str) -> Response:
    """Show a track and the public playlists that it is in."""
    state = spotify_state(request)
    found = _found(state.music.tracks, track_id)
    holders = [other for other in state.playlists.values() if _holds(other, found.record.uri) and other.public]
    return render(
        request,
        "track.html",
        track=found,
        artist=state.music.artist_of(found),
        album=state.music.album_of(found),
        holders=[(holder, state.listeners[holder.owner]) for holder in holders],
    )


@router.get("/artist/{artist_id}")
async def artist(request: Request, artist_id: str) -> Response:
    """Show an artist's best known tracks and releases."""
    music = spotify_state(request).music
    found = _found(music.artists, artist_id)
    albums = [music.albums[identifier] for identifier in music.albums_of.get(artist_id, ())]
    popular = [(track, music.album_of(track)) for track in music.top_tracks(artist_id, _POPULAR_TRACKS)]
    return render(request, "artist.html", artist=found, artist_id=artist_id, popular=popular, albums=albums)


@router.get("/album/{album_id}")
async def album(request: Request, album_id: str) -> Response:
    """Show an album with its tracks."""
    music = spotify_state(request).music
    found = _found(music.albums, album_id)
    tracks = music.tracks_of(found)
    total = sum(track.record.duration_ms or 0 for track in tracks)
    return render(request, "album.html", album=found, artist=music.artist_of(found), tracks=tracks, total=total)


@router.get("/episode/{episode_id}")
async def episode(request: Request, episode_id: str) -> Response:
    """Show an episode."""
    return render(request, "episode.html", episode=_found(spotify_state(request).music.episodes, episode_id))


@router.get("/show/{show_id}")
async def show(request: Request, show_id: str) -> Response:
    """Show a podcast by its episode."""
    episodes = {episode.show_id: episode for episode in spotify_state(request).world.episodes}
    return render(request, "episode.html", episode=_found(episodes, show_id))


@router.get("/image/{kind}/{name}")
async def picture(request: Request, kind: str, name: str) -> Response:
    """Draw a cover or a portrait; `name` is an identifier with .svg or .png, or .jpg for an uploaded cover."""
    state = spotify_state(request)
    identifier, _, extension = name.rpartition(".")
    if kind not in _PICTURED or not identifier:
        raise HTTPException(404)
    if extension == "jpg" and kind == "playlist":
        uploaded = _found(state.playlists, identifier).cover
        if uploaded is None:
            raise HTTPException(404)
        return Response(uploaded, media_type="image/jpeg")
    if extension == "png":
        return Response(png(kind, identifier), media_type="image/png", headers=_KEEP)
    if extension == "svg":
        person = state.listeners.get(identifier) if kind == "user" else None
        drawn = initials_svg(identifier, person.profile.display_name) if person else svg(kind, identifier)
        return Response(drawn, media_type="image/svg+xml", headers=_KEEP)
    raise HTTPException(404)


@router.get("/assets/style.css")
async def style() -> Response:
    """Return the style sheet."""
    return Response(stylesheet(), media_type="text/css", headers={"Cache-Control": "no-cache"})


def _row(state: SpotifyState, entry: SampleEntry) -> JsonObject | None:
    """Return what a playlist's page shows of an entry, None for a lost item."""
    item = Shapes(state).entry(entry)["item"]
    if not isinstance(item, dict):
        return None
    links: JsonObject = {"album_id": None, "artist_id": None}
    if entry.uri is not None and entry.uri.startswith("spotify:track:"):
        track = state.music.tracks[bare_id(entry.uri)]
        links = {"album_id": bare_id(track.record.album_uri or ""), "artist_id": bare_id(track.record.artist_uri or "")}
    return {**item, **links, "added_at": entry.added_at, "added_by": state.listeners[entry.added_by]}


def _length(rows: list[JsonObject | None]) -> int:
    lengths = [row["duration_ms"] for row in rows if row is not None]
    return sum(length for length in lengths if isinstance(length, int))


def _holds(playlist: StoredPlaylist, uri: str) -> bool:
    return any(entry.uri == uri for entry in playlist.entries)


def _found(things: Mapping[str, Found], identifier: str) -> Found:
    found = things.get(identifier)
    if found is None:
        raise HTTPException(404)
    return found
