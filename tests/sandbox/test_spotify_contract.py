"""Spotify's stand-in against Spotify's own description of its Web API."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from spotify_contract import Contract, published_contract

if TYPE_CHECKING:
    import httpx
    from conftest import Standin

SUPPORTED = {
    ("GET", "/me"), ("GET", "/me/playlists"), ("POST", "/me/playlists"), ("GET", "/playlists/{playlist_id}"),
    ("PUT", "/playlists/{playlist_id}"), ("GET", "/playlists/{playlist_id}/items"),
    ("POST", "/playlists/{playlist_id}/items"), ("PUT", "/playlists/{playlist_id}/items"),
    ("DELETE", "/playlists/{playlist_id}/items"), ("GET", "/playlists/{playlist_id}/images"),
    ("PUT", "/playlists/{playlist_id}/images"), ("GET", "/me/tracks"), ("PUT", "/me/library"),
    ("DELETE", "/me/library"), ("GET", "/me/library/contains"), ("GET", "/me/top/artists"), ("GET", "/me/top/tracks"),
    ("GET", "/me/player/recently-played"), ("GET", "/search"), ("GET", "/tracks/{id}"), ("GET", "/artists/{id}"),
    ("GET", "/artists/{id}/albums"), ("GET", "/albums/{id}"), ("GET", "/albums/{id}/tracks"), ("GET", "/episodes/{id}"),
}  # fmt: skip


@pytest.fixture(scope="module")
def contract() -> Contract:
    contract = published_contract()
    if contract is None:
        pytest.skip("needs ../shared/specs/spotify-web-api.yml, which is not part of the project")
    return contract


def walk(spotify: Standin) -> None:
    """Call every supported endpoint as an app would."""
    client = spotify.sign_in("mirasolenne")
    uris = spotify.track_uris(5)
    read_catalogue(client, uris[0][14:], next(iter(spotify.state.music.episodes)))
    playlist = client.post("/me/playlists", json={"name": "walk", "description": "a walk", "public": False}).json()
    path = f"/playlists/{playlist['id']}"
    snapshot = client.post(f"{path}/items", json={"uris": uris, "position": 0}).json()["snapshot_id"]
    client.put(f"{path}/items", json={"range_start": 0, "insert_before": 3, "range_length": 2, "snapshot_id": snapshot})
    client.request("DELETE", f"{path}/items", json={"items": [{"uri": uris[0]}], "snapshot_id": snapshot})
    client.put(f"{path}/items", json={"uris": uris[:3]})
    client.put(path, json={"name": "walked", "public": True, "description": "done"})
    client.get(path)
    client.get(f"{path}/items", params={"limit": 2, "offset": 1, "additional_types": "track,episode"})
    client.get(f"/playlists/{spotify.playlist_id('neon nights')}")
    client.get(f"{path}/images")
    client.put(f"{path}/images", content=base64.b64encode(b"\xff\xd8\xff"), headers={"Content-Type": "image/jpeg"})
    client.get(f"{path}/images")
    for uri in (uris[0], f"spotify:playlist:{playlist['id']}"):
        client.put("/me/library", params={"uris": uri})
        client.get("/me/library/contains", params={"uris": uri})
        client.delete("/me/library", params={"uris": uri})
    read_library(client)


def read_library(client: httpx.Client) -> None:
    client.get("/me")
    for path in ("/me/playlists", "/me/tracks", "/me/top/artists", "/me/top/tracks"):
        client.get(path, params={"limit": 3, "offset": 2})
    client.get("/me/top/tracks", params={"time_range": "long_term"})
    client.get("/me/player/recently-played")
    client.get("/me/player/recently-played", params={"limit": 1, "before": 1})


def read_catalogue(client: httpx.Client, track_id: str, episode_id: str) -> None:
    track = client.get(f"/tracks/{track_id}").json()
    artist, album = track["artists"][0]["id"], track["album"]["id"]
    client.get(f"/artists/{artist}")
    # The discography asks for `album_group`, which is deprecated and gone.
    client.get(f"/artists/{artist}/albums", params={"limit": 10, "include_groups": "album,single"})
    client.get(f"/albums/{album}")
    client.get(f"/albums/{album}/tracks", params={"limit": 1})
    client.get(f"/episodes/{episode_id}")
    client.get("/search", params={"q": track["name"], "type": "track,artist,album,playlist,show,episode,audiobook"})


def test_every_supported_endpoint_keeps_to_the_description(spotify: Standin, contract: Contract) -> None:
    walk(spotify)
    called, problems = set(), []
    for exchange in spotify.state.journal:
        if not exchange.path.startswith("/v1/"):
            continue
        path = exchange.path.removeprefix("/v1")
        called.add((exchange.method, contract.template_of(path)))
        found = contract.problems(
            exchange.method, path, exchange.status, exchange.response, query=exchange.query, request=exchange.request
        )
        problems += [f"{exchange.method} {path} -> {exchange.status}: {problem}" for problem in found]
        assert exchange.status < 300, exchange
    assert problems == []
    assert called == SUPPORTED


def test_the_endpoints_supported_are_live_ones(contract: Contract) -> None:
    assert set(contract.operations(deprecated=False)) >= SUPPORTED


def fill(template: str) -> str:
    return "/".join("1a" if part.startswith("{") else part for part in template.split("/"))


def test_deprecated_endpoints_are_refused(spotify: Standin, contract: Contract) -> None:
    client = spotify.sign_in()
    operations = list(contract.operations(deprecated=True))
    assert len(operations) > 40
    for method, template in operations:
        answer = client.request(method, fill(template), params={"ids": "1a"})
        assert answer.status_code == 403, (method, template)
        assert answer.json() == {"error": {"status": 403, "message": "Forbidden"}}


def test_live_endpoints_that_are_not_offered_say_so(spotify: Standin, contract: Contract) -> None:
    client = spotify.sign_in()
    for method, template in set(contract.operations(deprecated=False)) - SUPPORTED:
        answer = client.request(method, fill(template))
        assert answer.status_code in (404, 405), (method, template)
        assert "message" in answer.json()["error"]


def test_refusals_have_the_described_shape(spotify: Standin, contract: Contract) -> None:
    client = spotify.sign_in(scope="playlist-read-private")
    spotify.state.faults.add("GET", "/v1/me", status=429, headers={"Retry-After": "30"})
    answers = {
        "/me": client.get("/me"),
        "/me/tracks": client.get("/me/tracks"),
        "/me/playlists": spotify.client("stranger").get("/me/playlists"),
    }
    assert [answer.status_code for answer in answers.values()] == [429, 403, 401]
    for path, answer in answers.items():
        assert contract.problems("GET", path, answer.status_code, answer.json(), query={}) == []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda track: track.update(popularity=50),
        lambda track: track.update(nonsense=1),
        lambda track: track.update(duration_ms="long"),
        lambda track: track["album"].pop("images"),
        lambda track: track["album"].update(album_type="mixtape"),
    ],
)
def test_the_check_itself_finds_deviations(
    spotify: Standin, contract: Contract, break_it: Callable[[dict[str, Any]], object]
) -> None:
    path = f"/tracks/{spotify.track_uris(1)[0][14:]}"
    track = spotify.sign_in().get(path).json()
    assert contract.problems("GET", path, 200, track, query={}) == []
    break_it(track)
    assert contract.problems("GET", path, 200, track, query={})
