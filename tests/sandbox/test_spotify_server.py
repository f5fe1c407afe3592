"""Spotify's stand-in as a server: faults, the journal, pages for people, and the real spotipy against it."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyOauthError, SpotifyPKCE

from bot.sandbox.catalogue import SampleWorld, build_sample_world
from bot.sandbox.spotify import SpotifyServer
from bot.sandbox.spotify.covers import png, svg

if TYPE_CHECKING:
    from conftest import Standin


def test_a_fault_is_answered_as_often_as_planned(spotify: Standin) -> None:
    client = spotify.sign_in()
    body = {"error": {"status": 429, "message": "API rate limit exceeded", "reason": "QUOTA_EXCEEDED"}}
    spotify.state.faults.add("GET", "/v1/me/*", status=429, headers={"Retry-After": "48925"}, times=2, body=body)
    for _ in range(2):
        limited = client.get("/me/playlists")
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "48925")
        assert limited.json() == body
    assert client.get("/me/playlists").status_code == 200
    spotify.state.faults.add("*", "/v1/*", status=503, times=None)
    assert client.get("/me").json() == {"error": {"status": 503, "message": "Service Unavailable"}}
    assert client.post("/me/playlists", json={"name": "x"}).status_code == 503
    spotify.state.faults.clear()
    assert client.get("/me").status_code == 200


def test_an_answer_can_be_lost_after_its_effect(spotify: Standin) -> None:
    client = spotify.sign_in("noorvale")
    spotify.state.faults.add("POST", "/v1/me/playlists", status=502, after=True)
    assert client.post("/me/playlists", json={"name": "made anyway"}).status_code == 502
    assert [playlist["name"] for playlist in client.get("/me/playlists").json()["items"]] == ["made anyway"]
    assert spotify.state.journal.find("POST", "/v1/me/playlists")[0].remarks == ("fault injected after the effect",)


def test_slowness_can_be_injected(spotify: Standin) -> None:
    client = spotify.sign_in()
    spotify.state.latency = 0.3
    with pytest.raises(httpx.ReadTimeout):
        client.get("/me", timeout=0.05)
    spotify.state.latency = 0.0
    assert client.get("/me").status_code == 200


def test_the_journal_tells_what_was_asked_and_answered(spotify: Standin) -> None:
    spotify.sign_in("noorvale").post("/me/playlists", params={"trace": "1"}, json={"name": "noted"})
    exchange = list(spotify.state.journal)[-1]
    assert (exchange.method, exchange.path, exchange.status) == ("POST", "/v1/me/playlists", 201)
    assert exchange.query == {"trace": "1"}
    assert exchange.request == {"name": "noted"}
    assert exchange.response["name"] == "noted"
    assert exchange.at == spotify.clock.moment


def test_resetting_forgets_everything_that_was_done(spotify: Standin) -> None:
    client = spotify.sign_in("noorvale")
    client.post("/me/playlists", json={"name": "for a moment"})
    spotify.state.reset()
    assert spotify.state.playlists_of("noorvale") == []
    assert client.get("/me").status_code == 401


def test_every_link_of_the_pages_leads_somewhere(spotify: Standin) -> None:
    pending, seen = ["/", "/authorize?" + str(httpx.QueryParams(spotify.parameters()))], set()
    kinds: dict[str, int] = {}
    while pending:
        path = pending.pop()
        kind = path.split("/")[1]
        if path in seen or kinds.get(kind, 0) >= 25:
            continue
        seen.add(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        page = spotify.web.get(path)
        assert page.status_code == 200, path
        if page.headers["content-type"].startswith("text/html"):
            links = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
            assert not [link for link in links if not link.startswith("/")], path
            pending += [link for link in links if link != "/authorize"]
    assert {"user", "playlist", "track", "album", "artist", "episode", "show", "image", "assets"} <= kinds.keys()


def test_links_in_the_api_lead_to_pages(spotify: Standin) -> None:
    client = spotify.sign_in()
    playlist = client.get("/me/playlists").json()["items"][0]
    for url in (playlist["external_urls"]["spotify"], playlist["owner"]["external_urls"]["spotify"]):
        assert spotify.web.get(url).status_code == 200
    assert spotify.web.get("/playlist/unknown").status_code == 404


def test_a_saved_playlist_is_on_top_of_the_listeners_page_with_its_text_escaped(spotify: Standin) -> None:
    client = spotify.sign_in()
    created = client.post("/me/playlists", json={"name": "<b>Monday</b>", "description": "<script>"}).json()
    client.post(f"/playlists/{created['id']}/items", json={"uris": spotify.track_uris(30)})
    names = re.findall(r'card-title">([^<]*)<', spotify.web.get("/user/mirasolenne").text)
    assert names[0] == "&lt;b&gt;Monday&lt;/b&gt;"
    page = spotify.web.get(f"/playlist/{created['id']}").text
    assert "<script>" not in page
    assert page.count('class="track"') == 30
    assert "30 tracks" in page


def test_the_page_of_liked_songs_is_that_of_whoever_agreed_last(spotify: Standin) -> None:
    anybody = spotify.web.get("/collection/tracks").text
    assert "Whose liked songs?" in anybody
    assert anybody.count("/collection/tracks?listener=") == len(spotify.state.listeners)
    spotify.authorize("mirasolenne")
    own = spotify.web.get("/collection/tracks").text
    assert "Mira Solenne" in own
    assert own.count('class="track"') == len(spotify.state.listeners["mirasolenne"].saved) > 0
    other = spotify.web.get("/collection/tracks", params={"listener": "noorvale"}).text
    assert "Noor Vale" in other
    assert "No liked songs yet" in other
    assert spotify.web.get("/collection/tracks", params={"listener": "<b>"}).status_code == 404


def test_covers_are_pictures_and_always_the_same() -> None:
    picture = png("album", "one")
    assert picture == png("album", "one") != png("album", "two")
    assert int.from_bytes(picture[16:20], "big") == int.from_bytes(picture[20:24], "big") == 300
    start = picture.index(b"IDAT") + 4
    length = int.from_bytes(picture[start - 8 : start - 4], "big")
    assert len(zlib.decompress(picture[start : start + length])) == 300 * (1 + 3 * 300)
    patterns = {svg("album", str(number)).count("<circle") > 0 for number in range(20)}
    assert patterns == {True, False}


def test_the_sample_world_is_the_same_for_the_same_moment(spotify_world: SampleWorld) -> None:
    again = build_sample_world(datetime(2026, 11, 21, 9, 30, tzinfo=UTC))
    assert again.listeners == spotify_world.listeners
    assert again.playlists == spotify_world.playlists
    assert len(again.listeners) == 6


def test_two_servers_run_side_by_side_and_free_their_ports(spotify_world: SampleWorld) -> None:
    def server(port: int = 0) -> SpotifyServer:
        rng = np.random.default_rng(1)
        return SpotifyServer(spotify_world, lambda: datetime.now(UTC), rng=rng, client_id="a", port=port)

    with server() as first, server() as second:
        assert first.url != second.url
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            server(port).start()
    with server(port) as again:
        assert httpx.get(again.url).status_code == 200


async def test_it_runs_beside_a_loop_too(spotify_world: SampleWorld) -> None:
    rng = np.random.default_rng(1)
    async with SpotifyServer(spotify_world, lambda: datetime.now(UTC), rng=rng, client_id="a") as server:
        async with httpx.AsyncClient() as client:
            assert (await client.get(server.url)).status_code == 200


@pytest.fixture
def pkce(spotify: Standin) -> SpotifyPKCE:
    """Give spotipy's own PKCE flow, pointed at the stand-in, before the login."""
    urls = {"OAUTH_AUTHORIZE_URL": f"{spotify.url}/authorize", "OAUTH_TOKEN_URL": f"{spotify.url}/api/token"}
    local = type("LocalPKCE", (SpotifyPKCE,), urls)
    parameters = spotify.parameters()
    return local(
        client_id=parameters["client_id"],
        redirect_uri=parameters["redirect_uri"],
        scope=parameters["scope"],
        cache_handler=MemoryCacheHandler(),
        open_browser=False,
        requests_timeout=5,
    )


def log_in(spotify: Standin, pkce: SpotifyPKCE, listener: str) -> spotipy.Spotify:
    url = httpx.URL(pkce.get_authorize_url(state="bound-to-a-member"))
    assert spotify.web.get(url).status_code == 200
    form = dict(url.params) | {"listener": listener, "decision": "agree"}
    location = spotify.web.post("/authorize", data=form).headers["location"]
    state, code = pkce.parse_auth_response_url(location)
    assert state == "bound-to-a-member"
    pkce.get_access_token(code, check_cache=False)
    client = spotipy.Spotify(
        auth_manager=pkce, retries=0, status_retries=0, status_forcelist=(500, 502, 503, 504), requests_timeout=5
    )
    client.prefix = f"{spotify.url}/v1/"
    return client


def test_spotipy_logs_in_reads_all_pages_and_saves_a_playlist(spotify: Standin, pkce: SpotifyPKCE) -> None:
    client = log_in(spotify, pkce, "mirasolenne")
    assert client.me()["account_id"]
    page = client.current_user_playlists(limit=2)
    playlists = page["items"]
    while page["next"]:
        page = client.next(page)
        playlists += page["items"]
    assert len(playlists) == 7
    page = client.playlist_items(spotify.playlist_id("everything i ever loved"), limit=50)
    entries = page["items"]
    while page["next"]:
        page = client.next(page)
        entries += page["items"]
    assert len(entries) == 137
    created = client.current_user_playlist_create("Discoveries", public=False)
    client.playlist_add_items(created["id"], spotify.track_uris(30))
    assert client.playlist_items(created["id"])["total"] == 30
    client.playlist_replace_items(created["id"], spotify.track_uris(3))
    client.playlist_remove_all_occurrences_of_items(created["id"], spotify.track_uris(1))
    client.playlist_reorder_items(created["id"], 1, 0)
    order = [entry["item"]["uri"] for entry in client.playlist_items(created["id"])["items"]]
    assert order == spotify.track_uris(3)[:0:-1]
    client.current_user_saved_tracks_add(spotify.track_uris(2))
    assert client.current_user_saved_tracks_contains(spotify.track_uris(1)) == [True]


@pytest.mark.filterwarnings("ignore:You're using:DeprecationWarning")
def test_spotipy_sees_rate_limits_and_dead_endpoints_at_once(spotify: Standin, pkce: SpotifyPKCE) -> None:
    client = log_in(spotify, pkce, "mirasolenne")
    spotify.state.faults.add("GET", "/v1/me/playlists", status=429, headers={"Retry-After": "48925"})
    with pytest.raises(spotipy.SpotifyException) as limited:
        client.current_user_playlists()
    assert (limited.value.http_status, limited.value.headers["Retry-After"]) == (429, "48925")
    for dead in (lambda: client.tracks(["1"]), lambda: client.audio_features(["1"]), lambda: client.recommendations()):
        with pytest.raises(spotipy.SpotifyException) as refused:
            dead()
        assert refused.value.http_status == 403


def test_spotipy_refreshes_and_learns_of_a_revocation(spotify: Standin, pkce: SpotifyPKCE) -> None:
    client = log_in(spotify, pkce, "mirasolenne")
    cached = pkce.cache_handler.get_cached_token()
    pkce.cache_handler.save_token_to_cache(cached | {"expires_at": 0})
    assert client.me()["id"] == "mirasolenne"
    renewed = pkce.cache_handler.get_cached_token()
    assert renewed["refresh_token"] != cached["refresh_token"]
    spotify.state.revoke("mirasolenne")
    with pytest.raises(SpotifyOauthError) as refused:
        pkce.refresh_access_token(renewed["refresh_token"])
    assert refused.value.error == "invalid_grant"
    assert refused.value.error_description == "Refresh token revoked"
