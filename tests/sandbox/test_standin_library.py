"""Spotify's stand-in, the Web API: the library, search, the catalogue, top and recently played."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from spotify_checks import GONE, everything, keys_in, refusal

if TYPE_CHECKING:
    from conftest import Standin


def test_liked_songs_are_saved_once_and_removed(spotify: Standin) -> None:
    client = spotify.sign_in("noorvale")
    first, second = spotify.track_uris(2)
    both = {"uris": f"{first},{second}"}
    assert client.put("/me/library", params=both).status_code == 200
    spotify.clock.advance(minutes=30)
    assert client.put("/me/library", params={"uris": first}).status_code == 200
    saved = everything(client, "/me/tracks")
    assert {entry["track"]["uri"] for entry in saved} == {first, second}
    assert {entry["added_at"] for entry in saved} == {"2026-11-21T09:30:00Z"}
    assert client.get("/me/library/contains", params=both).json() == [True, True]
    client.delete("/me/library", params={"uris": first})
    assert client.get("/me/library/contains", params=both).json() == [False, True]


def test_taking_a_playlist_out_of_the_library_hides_it(spotify: Standin) -> None:
    client = spotify.sign_in()
    identifier = spotify.playlist_id("desk lamp")
    client.delete("/me/library", params={"uris": f"spotify:playlist:{identifier}"})
    assert identifier not in [playlist["id"] for playlist in everything(client, "/me/playlists")]
    assert client.get(f"/playlists/{identifier}").status_code == 200
    client.put("/me/library", params={"uris": f"spotify:playlist:{identifier}"})
    assert everything(client, "/me/playlists")[0]["id"] == identifier


@pytest.mark.parametrize("uris", ["", "nonsense", "spotify:genre:jazz", ",".join(["spotify:track:1"] * 41)])
def test_wrong_library_uris_are_refused(spotify: Standin, uris: str) -> None:
    assert refusal(spotify.sign_in().get("/me/library/contains", params={"uris": uris}))[0] == 400


def test_search_finds_by_words_filters_and_isrc(spotify: Standin) -> None:
    client = spotify.sign_in("noorvale")
    track = next(iter(spotify.state.music.tracks.values()))

    def found(query: str, **params: object) -> list[str]:
        answer = client.get("/search", params={"q": query, "type": "track", **params})
        return [item["uri"] for item in answer.json()["tracks"]["items"]]

    assert track.record.uri in found(f"isrc:{track.isrc}")
    assert found(f'track:"{track.record.name}" artist:"{track.record.artist_name}"')[0] == track.record.uri
    assert track.record.uri in found(f"{track.record.name} {track.record.artist_name}".upper())
    assert track.record.uri in found(f'track:"{track.record.name}" year:{track.release_year}')
    assert found(f'track:"{track.record.name}" year:1900-1901') == []
    assert len(found("the")) == 5
    assert len(found("the", limit=10)) == 10
    for wrong in ({"limit": 11}, {"limit": "many"}, {"type": ""}, {"type": "mood"}, {"q": " "}, {"offset": 1001}):
        assert refusal(client.get("/search", params={"q": "the", "type": "track", **wrong}))[0] == 400
    several = client.get("/search", params={"q": "the", "type": "artist,album,playlist,show"}).json()
    assert several.keys() == {"artists", "albums", "playlists", "shows"}
    assert several["shows"]["items"] == []


def test_the_catalogue_is_read_one_by_one(spotify: Standin) -> None:
    client = spotify.sign_in("noorvale")
    track = client.get(f"/tracks/{spotify.track_uris(1)[0][14:]}").json()
    artist = client.get(f"/artists/{track['artists'][0]['id']}").json()
    albums = client.get(f"/artists/{artist['id']}/albums").json()
    assert albums["limit"] == 5
    album = client.get(f"/albums/{track['album']['id']}").json()
    assert track["id"] in [item["id"] for item in album["tracks"]["items"]]
    assert not GONE & keys_in([track, artist, albums, album])
    assert "followers" not in artist
    assert refusal(client.get("/tracks/0000000000000000000000"))[0] == 404
    assert refusal(client.get("/tracks/not-an-id"))[0] == 400
    assert client.get(track["album"]["images"][0]["url"]).content.startswith(b"\x89PNG")


def test_top_and_recent_follow_what_was_played(spotify: Standin) -> None:
    client = spotify.sign_in()
    short = client.get("/me/top/tracks", params={"time_range": "short_term", "limit": 50}).json()
    long = client.get("/me/top/tracks", params={"time_range": "long_term"}).json()
    assert 0 < short["total"] < long["total"]
    assert client.get("/me/top/artists").json()["items"][0]["type"] == "artist"
    assert refusal(client.get("/me/top/tracks", params={"time_range": "ever"}))[0] == 400
    page = client.get("/me/player/recently-played", params={"limit": 20}).json()
    seen = [play["played_at"] for play in page["items"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [play["played_at"] for play in page["items"]]
    assert len(seen) == len(set(seen)) == 50
    assert seen == sorted(seen, reverse=True)
    assert refusal(client.get("/me/player/recently-played", params={"after": 1, "before": 2}))[0] == 400
