"""Spotify's stand-in, the Web API: what a listener's app reads of playlists, writes and is refused."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spotify_checks import GONE, everything, keys_in, refusal

from bot.sandbox.catalogue import SampleEntry
from bot.sandbox.spotify.fields import select
from bot.sandbox.spotify.playlists import StoredPlaylist

if TYPE_CHECKING:
    from conftest import Standin


def test_a_profile_has_an_account_id_and_nothing_that_is_gone(spotify: Standin) -> None:
    profile = spotify.sign_in().get("/me").json()
    assert profile["display_name"] == "Mira Solenne"
    assert profile["account_id"] == spotify.state.listener("mirasolenne").profile.account_id != profile["id"]
    assert not {"email", "product", "country", "followers"} & profile.keys()


def test_all_playlists_are_found_page_by_page(spotify: Standin) -> None:
    client = spotify.sign_in()
    playlists = everything(client, "/me/playlists", limit=3)
    assert [playlist["name"] for playlist in playlists][:2] == ["rainy sunday", "everything i ever loved"]
    assert "neon nights" in [playlist["name"] for playlist in playlists]
    assert all(playlist["items"].keys() == {"href", "total"} for playlist in playlists)
    assert everything(spotify.sign_in("noorvale"), "/me/playlists") == []


def test_a_long_playlist_takes_several_pages(spotify: Standin) -> None:
    client = spotify.sign_in()
    long = spotify.playlist_id("everything i ever loved")
    entries = everything(client, f"/playlists/{long}/items", limit=50)
    assert len(entries) == 137
    assert len({entry["item"]["uri"] for entry in entries}) == 137
    assert all(one["added_at"] <= other["added_at"] for one, other in pairwise(entries))
    assert not GONE & keys_in(entries)
    assert all(entry["item"]["external_ids"]["isrc"].startswith("ZZ") for entry in entries)


def test_a_playlist_may_hold_a_lost_item_a_local_file_and_an_episode(spotify: Standin) -> None:
    odd = spotify.playlist_id("odds and ends")
    entries = spotify.sign_in("ifemarlowe").get(f"/playlists/{odd}/items").json()["items"]
    items = [entry["item"] for entry in entries]
    assert None in items
    assert [item["show"]["name"] for item in items if item and item["type"] == "episode"] == [
        "Kitchen Table Music Theory"
    ]
    local = next(entry for entry in entries if entry["is_local"])
    assert local["item"]["id"] is None
    assert local["item"]["name"] == "Polka for Rainer"
    assert local["item"]["artists"][0]["name"] == "Grandpa Ottmar"


def test_items_are_for_owners_and_collaborators_only(spotify: Standin) -> None:
    mira, tomasz = spotify.sign_in("mirasolenne"), spotify.sign_in("tomaszbrightwater")
    followed, shared = spotify.playlist_id("neon nights"), spotify.playlist_id("flat 3b kitchen")
    assert refusal(mira.get(f"/playlists/{followed}/items")) == (403, "Forbidden")
    assert "items" not in mira.get(f"/playlists/{followed}").json()
    assert mira.get(f"/playlists/{shared}/items").status_code == 200
    assert mira.get(f"/playlists/{shared}").json()["items"]["total"] == 26
    assert refusal(tomasz.get(f"/playlists/{shared}/items"))[0] == 404


def test_unknown_and_editorial_playlists_are_not_found(spotify: Standin) -> None:
    client = spotify.sign_in()
    for identifier in ("37i9dQZF1DXcBWIGoYBM5M", "0000000000000000000000"):
        assert refusal(client.get(f"/playlists/{identifier}")) == (404, "Resource not found")
        assert refusal(client.get(f"/playlists/{identifier}/items")) == (404, "Resource not found")


def test_a_playlist_is_created_public_unless_told_otherwise(spotify: Standin) -> None:
    client = spotify.sign_in("noorvale")
    answer = client.post("/me/playlists", json={"name": "first one"})
    assert answer.status_code == 201
    assert answer.json()["public"] is True
    assert answer.json()["images"] == []
    private = client.post("/me/playlists", json={"name": "hidden", "public": False, "description": "mine"}).json()
    assert private["public"] is False
    assert [playlist["name"] for playlist in everything(client, "/me/playlists")] == ["hidden", "first one"]
    assert refusal(client.post("/me/playlists", json={}))[0] == 400
    assert refusal(client.post("/me/playlists", content=b"{"))[0] == 400
    assert refusal(client.post("/me/playlists", json={"name": "x", "collaborative": True}))[0] == 400


def test_items_are_added_by_body_by_bare_array_and_by_query(spotify: Standin) -> None:
    client = spotify.sign_in("noorvale")
    created = client.post("/me/playlists", json={"name": "mine"}).json()
    path = f"/playlists/{created['id']}/items"
    uris = spotify.track_uris(4)
    snapshots = [created["snapshot_id"]]
    for answer in (
        client.post(path, json={"uris": uris[:2]}),
        client.post(path, json=[uris[2]], params={"position": 0}),
        client.post(path, params={"uris": uris[3]}),
    ):
        assert answer.status_code == 201
        snapshots.append(answer.json()["snapshot_id"])
    assert len(set(snapshots)) == 4
    assert [entry["item"]["uri"] for entry in everything(client, path)] == [uris[2], uris[0], uris[1], uris[3]]
    remarks = [exchange.remarks for exchange in spotify.state.journal.find("POST", f"/v1{path}")]
    assert remarks == [(), ("bare array body",), ()]


@pytest.mark.parametrize(
    ("uris", "message"),
    [
        (["spotify:album:1"], "Invalid track uri"),
        (["https://open.spotify.com/track/1"], "Invalid track uri"),
        (["spotify:track:0000000000000000000000"], "non-existing ID"),
        ([], "No uris"),
        (["spotify:track:1"] * 101, "maximum of 100"),
        ("spotify:track:1", "Error parsing JSON"),
    ],
)
def test_wrong_items_are_refused_and_change_nothing(spotify: Standin, uris: object, message: str) -> None:
    client = spotify.sign_in()
    path = f"/playlists/{spotify.playlist_id('desk lamp')}"
    before = client.get(path).json()
    status, told = refusal(client.post(f"{path}/items", json={"uris": uris}))
    assert status == 400
    assert message in told
    assert client.get(path).json() == before


def test_others_playlists_cannot_be_written(spotify: Standin) -> None:
    mira = spotify.sign_in("mirasolenne")
    path = f"/playlists/{spotify.playlist_id('neon nights')}"
    body = {"uris": spotify.track_uris(1)}
    assert refusal(mira.post(f"{path}/items", json=body))[0] == 403
    assert refusal(mira.put(path, json={"name": "stolen"}))[0] == 403
    shared = f"/playlists/{spotify.playlist_id('flat 3b kitchen')}/items"
    assert mira.post(shared, json=body).status_code == 201
    assert everything(mira, shared)[-1]["added_by"]["id"] == "mirasolenne"


def test_items_are_replaced_moved_and_removed(spotify: Standin) -> None:
    client = spotify.sign_in()
    path = f"/playlists/{spotify.playlist_id('desk lamp')}/items"
    a, b, c, d = spotify.track_uris(4)

    def now() -> list[str]:
        return [entry["item"]["uri"] for entry in everything(client, path)]

    first = client.put(path, json={"uris": [a, b, c, d, a]}).json()["snapshot_id"]
    assert now() == [a, b, c, d, a]
    client.put(path, json={"range_start": 0, "insert_before": 3, "range_length": 2, "snapshot_id": first})
    assert now() == [c, a, b, d, a]
    client.put(path, json={"range_start": 4, "insert_before": 0})
    assert now() == [a, c, a, b, d]
    client.request("DELETE", path, json={"items": [{"uri": a}, {"uri": d}]})
    assert now() == [c, b]
    assert refusal(client.put(path, json={"range_start": 9, "insert_before": 0}))[0] == 400
    assert refusal(client.put(path, json={"range_start": 0, "insert_before": 1, "snapshot_id": "stale"}))[0] == 400
    assert client.put(path, json={"uris": []}).status_code == 200
    assert now() == []


@given(st.data())
def test_moving_a_range_keeps_the_order_of_the_rest(data: st.DataObject) -> None:
    class Ids:
        def snapshot(self, version: int) -> str:
            return str(version)

    count = data.draw(st.integers(1, 12))
    playlist = StoredPlaylist("p", "o", "n", "", True, False, Ids())  # type: ignore[arg-type]
    playlist.entries = [SampleEntry(str(number), None, "o") for number in range(count)]  # type: ignore[arg-type]
    start, before = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count))
    length = data.draw(st.integers(1, count - start))
    moved = set(map(str, range(start, start + length)))
    playlist.move(start, before, length)
    order = [entry.uri for entry in playlist.entries]
    assert sorted(order, key=int) == [str(number) for number in range(count)]
    assert [uri for uri in order if uri not in moved] == [str(n) for n in range(count) if str(n) not in moved]
    assert [uri for uri in order if uri in moved] == sorted(moved, key=int)
    ahead = [uri for uri in order[: order.index(str(start))] if uri not in moved]
    assert ahead == [str(number) for number in range(before) if str(number) not in moved]


def test_details_change_and_so_does_the_snapshot(spotify: Standin) -> None:
    client = spotify.sign_in()
    path = f"/playlists/{spotify.playlist_id('desk lamp')}"
    before = client.get(path).json()
    assert client.put(path, json={"name": "lamp <off>", "description": "new", "public": True}).status_code == 200
    after = client.get(path).json()
    assert (after["name"], after["description"], after["public"]) == ("lamp <off>", "new", True)
    assert after["snapshot_id"] != before["snapshot_id"]


def test_fields_select_parts_of_a_playlist(spotify: Standin) -> None:
    client = spotify.sign_in()
    path = f"/playlists/{spotify.playlist_id('rainy sunday')}"
    assert client.get(path, params={"fields": "snapshot_id,owner.id"}).json().keys() == {"snapshot_id", "owner"}
    params = {"fields": "next,items(added_by.id,item(name,album(!images)))", "limit": "2"}
    page = client.get(f"{path}/items", params=params).json()
    assert page.keys() == {"next", "items"}
    assert page["items"][0].keys() == {"added_by", "item"}
    assert page["items"][0]["added_by"] == {"id": "mirasolenne"}
    assert "images" not in page["items"][0]["item"]["album"]
    assert "fields=next" in page["next"]
    assert refusal(client.get(path, params={"fields": "items(added_at"}))[0] == 400


def test_fields_of_nothing_select_everything() -> None:
    assert select({"a": 1}, None) == {"a": 1}
    assert select({"a": {"b": 1, "c": 2}, "d": 3}, "a.b") == {"a": {"b": 1}}
    assert select({"a": [{"b": 1, "c": 2}], "d": 3}, "!d") == {"a": [{"b": 1, "c": 2}]}


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("playlist-read-private", "GET", "/me/playlists"),
        ("playlist-read-private", "GET", "/playlists/{rainy sunday}/items"),
        ("playlist-modify-public", "POST", "/me/playlists"),
        ("playlist-modify-private", "DELETE", "/playlists/{desk lamp}/items"),
        ("user-library-read", "GET", "/me/tracks"),
        ("user-library-modify", "PUT", "/me/library?uris=spotify:track:1"),
        ("user-top-read", "GET", "/me/top/tracks"),
        ("user-read-recently-played", "GET", "/me/player/recently-played"),
        ("ugc-image-upload", "PUT", "/playlists/{rainy sunday}/images"),
    ],
)
def test_each_endpoint_needs_its_scope(spotify: Standin, scope: str, method: str, path: str) -> None:
    scopes = spotify.parameters()["scope"].replace(scope, "")
    client = spotify.sign_in(scope=scopes)
    for name in ("rainy sunday", "desk lamp"):
        path = path.replace(f"{{{name}}}", spotify.playlist_id(name))
    answer = client.request(method, path, json={"name": "x"})
    assert answer.json() == {"error": {"status": 403, "message": "Insufficient client scope"}}


def test_a_cover_is_uploaded_within_limits(spotify: Standin) -> None:
    client = spotify.sign_in()
    path = f"/playlists/{spotify.playlist_id('rainy sunday')}/images"
    picture = b"\xff\xd8\xff\xe0 a picture"
    assert client.put(path, content=base64.b64encode(picture)).status_code == 202
    assert client.get(client.get(path).json()[0]["url"]).content == picture
    assert client.put(path, content=base64.b64encode(b"\xff\xd8" + bytes(256 * 1024))).status_code == 413
    assert client.put(path, content=base64.b64encode(b"GIF89a")).status_code == 400


@pytest.mark.parametrize("query", ["limit=51", "limit=0", "limit=x", "offset=-1"])
def test_wrong_page_bounds_are_refused(spotify: Standin, query: str) -> None:
    assert refusal(spotify.sign_in().get(f"/me/playlists?{query}"))[0] == 400


def test_unknown_paths_and_methods_are_refused_as_json(spotify: Standin) -> None:
    client = spotify.sign_in()
    assert refusal(client.get("/me/horoscope")) == (404, "Service not found")
    assert client.patch("/me").status_code == 405
