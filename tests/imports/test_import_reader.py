"""What is read from each kind of file that people bring."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from import_samples import NOW, exportify, item, liked, named, play, playlist, uri, zipped

from bot.domain.imports import ImportedLibrary, ImportLimits, ImportRefused, LeftOut
from bot.domain.library import SOURCE_EXPORT, SOURCE_EXPORTIFY, SOURCE_LINKS, ArtistRef, PlaylistEntry
from bot.imports.reader import UploadReader
from bot.sandbox.exports import SampleExports

if TYPE_CHECKING:
    from bot.sandbox.catalogue import SampleWorld


def read(content: bytes, name: str = "my_spotify_data.zip", **limits: int) -> ImportedLibrary:
    return UploadReader(replace(ImportLimits(), **limits)).read_file(name, content, NOW)


def uris(entries: tuple[PlaylistEntry, ...]) -> list[str]:
    return [entry.track.uri for entry in entries]


def test_account_data_gives_playlists_liked_songs_and_plays_by_name() -> None:
    library = read(
        zipped(
            {
                "Spotify Account Data/Playlist1.json": {"playlists": [playlist("Rainy", 1, 2)]},
                "Spotify Account Data/Playlist2.json": {"playlists": [playlist("Sunny", 3)]},
                "Spotify Account Data/YourLibrary.json": {"albums": [{"x": 1}], "tracks": liked(4, 5), "other": []},
                "Spotify Account Data/StreamingHistory_music_0.json": [named(1), named(9, "2026-01-03 09:00")],
                "Spotify Account Data/Identity.json": b"\xff not even JSON",
            }
        )
    )
    assert library.source == SOURCE_EXPORT
    assert {one.name: uris(one.entries) for one in library.playlists} == {
        "Rainy": [uri(1), uri(2)],
        "Sunny": [uri(3)],
    }
    first = library.playlists[0].entries[0]
    assert (first.track.name, first.track.artists, first.track.album_name) == (
        "Song 1",
        (ArtistRef("Band 1"),),
        "Album 1",
    )
    assert first.added_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert uris(library.liked) == [uri(4), uri(5)]
    assert [(one.title, one.artist, one.played_at) for one in library.named_listens] == [
        ("Song 1", "Band 1", datetime(2026, 1, 2, 13, 5, tzinfo=UTC)),
        ("Song 9", "Band 2", datetime(2026, 1, 3, 9, 0, tzinfo=UTC)),
    ]
    assert (library.left_out, library.problems) == ({}, ())


@pytest.mark.parametrize("name", ["Streaming_History_Audio_2025-2026_3.json", "MyData/endsong_0.json", "endsong.json"])
def test_the_extended_history_gives_plays_by_uri_and_nothing_about_the_person(name: str) -> None:
    library = read(zipped({name: [play(1), play(2, "2026-02-03T04:05:06Z")]}))
    assert [(one.track.uri, one.played_at, one.ms_played) for one in library.listens] == [
        (uri(1), datetime(2026, 1, 2, 13, 5, 42, tzinfo=UTC), 180_000),
        (uri(2), datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), 180_000),
    ]
    for secret in ("203.0.113.9", "SECRET", "'XX'"):
        assert secret not in repr(library)


@pytest.mark.parametrize(
    ("folder", "history"),
    [("", "StreamingHistory0.json"), ("MyData/", "StreamingHistory_music_3.json"), ("a/b/", "STREAMINGHISTORY1.JSON")],
)
def test_older_names_folders_and_byte_order_marks_are_known(folder: str, history: str) -> None:
    content = b"\xef\xbb\xbf" + json.dumps({"playlists": [playlist("Ä ☔", 1)]}, ensure_ascii=False).encode()
    library = read(zipped({f"{folder}Playlist.json": content, f"{folder}{history}": [named(1)]}))
    assert library.playlists[0].name == "Ä ☔"
    assert len(library.named_listens) == 1


def test_a_single_file_of_the_export_may_come_by_itself() -> None:
    assert (
        read(json.dumps({"playlists": [playlist("Rainy", 1)]}).encode(), "Playlist1.json").playlists[0].name == "Rainy"
    )
    assert len(read(json.dumps([play(1)]).encode(), "Streaming_History_Audio_2026.json").listens) == 1


def test_what_is_no_track_is_counted_by_its_reason() -> None:
    items = [
        item(1),
        item(2, trackUri="spotify:local:a:b:c:1"),
        {"track": None, "episode": {"episodeName": "x"}, "localTrack": None, "addedDate": "2026-01-01"},
        {"track": None, "episode": None, "localTrack": {"uri": "spotify:local:x"}, "addedDate": "2026-01-01"},
        {"track": None, "episode": None, "audiobook": {"x": 1}, "localTrack": None},
        item(3, trackUri="spotify:track:short"),
        "nonsense",
    ]
    history = [play(1), play(2, ms=29_999), play(3, "1999-01-01T00:00:00Z"), play(4, "2031-01-01T00:00:00Z")]
    history += [play(5, spotify_track_uri=None, spotify_episode_uri="spotify:episode:x"), play(6, ms="many"), 7]
    library = read(
        zipped(
            {
                "Playlist1.json": {"playlists": [playlist("A") | {"items": items}, playlist("Empty")]},
                "endsong_0.json": history,
            }
        )
    )
    assert uris(library.playlists[0].entries) == [uri(1)]
    assert len(library.listens) == 1
    assert library.left_out == {
        LeftOut.LOCAL_FILES: 2,
        LeftOut.EPISODES: 3,
        LeftOut.NO_TRACK: 1,
        LeftOut.DAMAGED: 3,
        LeftOut.EMPTY_PLAYLISTS: 1,
        LeftOut.SHORT_PLAYS: 1,
        LeftOut.BAD_TIMES: 2,
    }


def test_thirty_seconds_are_a_listen() -> None:
    assert len(read(zipped({"endsong_0.json": [play(1, ms=30_000)]})).listens) == 1


def test_with_both_histories_no_play_counts_twice() -> None:
    library = read(zipped({"StreamingHistory0.json": [named(1), named(2)], "endsong_0.json": [play(1)]}))
    assert (len(library.listens), len(library.named_listens)) == (1, 0)
    assert library.left_out == {LeftOut.DOUBLE_HISTORY: 2}


@pytest.mark.parametrize("old", [False, True])
def test_an_exportify_csv_of_either_generation_is_a_playlist_named_after_the_file(old: bool) -> None:
    library = read(b"\xef\xbb\xbf" + exportify(1, 2, old=old), "rainy_sunday (1).csv")
    assert library.source == SOURCE_EXPORTIFY
    assert library.playlists[0].name == "rainy sunday"
    assert uris(library.playlists[0].entries) == [uri(1), uri(2)]
    track = library.playlists[0].entries[0].track
    assert (track.name, track.artist_names, track.duration_ms) == ("Song 1", "Band 1", 180_001)
    if not old:
        assert track.isrc == "DEZZ92600001"
        assert track.artists[0].uri == f"spotify:artist:{1:022}"
        assert library.playlists[0].entries[0].added_at == datetime(2026, 3, 2, 10, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("names", "artist_uris", "expected"),
    [
        ("Tyler, The Creator", f"spotify:artist:{1:022}", ["Tyler, The Creator"]),
        ("Ann Lee, Bo", f"spotify:artist:{1:022}, spotify:artist:{2:022}", ["Ann Lee", "Bo"]),
        ("Tyler\\, The Creator, Bo", f"spotify:artist:{1:022}, spotify:artist:{2:022}", ["Tyler, The Creator", "Bo"]),
        ("Ann Lee;Earth, Wind & Fire", "", ["Ann Lee", "Earth, Wind & Fire"]),
        ("Tyler, The Creator,Bo", "", ["Tyler, The Creator", "Bo"]),
    ],
)
def test_artists_with_commas_in_their_names_stay_whole(names: str, artist_uris: str, expected: list[str]) -> None:
    lines = f'Track URI,Track Name,Artist URI(s),Artist Name(s)\n{uri(1)},Song,"{artist_uris}","{names}"\n'
    library = read(lines.encode(), "x.csv")
    assert [artist.name for artist in library.playlists[0].entries[0].track.artists] == expected


def test_a_csv_that_a_spreadsheet_saved_with_semicolons_is_read() -> None:
    lines = f"Track URI;Track Name;Artist Name(s)\r\n{uri(1)};Song;Ann\r\n\r\n"
    assert uris(read(lines.encode(), "x.csv").playlists[0].entries) == [uri(1)]


def test_a_zip_of_csvs_gives_a_playlist_each_and_the_liked_songs() -> None:
    library = read(
        zipped(
            {
                "spotify_playlists/one.csv": exportify(1),
                "two.csv": exportify(2, 3),
                "Liked_Songs.csv": exportify(4),
                "budget.csv": b"month,money\n1,2\n",
                "__MACOSX/._one.csv": b"\x00\x05",
            }
        )
    )
    assert library.source == SOURCE_EXPORTIFY
    assert sorted(one.name for one in library.playlists) == ["one", "two"]
    assert uris(library.liked) == [uri(4)]


def test_pasted_links_of_every_form_give_each_track_once() -> None:
    text = (
        f"hey {uri(1)}, https://open.spotify.com/track/{2:022}?si=abc\n"
        f"https://open.spotify.com/intl-de/track/{3:022} and again {uri(1)} <https://open.spotify.com/track/{4:022}>"
    )
    library = UploadReader().read_links(text)
    assert library.source == SOURCE_LINKS
    assert uris(library.playlists[0].entries) == [uri(n) for n in (1, 2, 3, 4)]


def test_links_that_cannot_be_used_are_named() -> None:
    other = f"https://open.spotify.com/playlist/{1:022} https://open.spotify.com/intl-pt/album/{1:022}"
    library = UploadReader().read_links(f"{uri(1)} https://spotify.link/abcDEF {other}")
    assert library.left_out == {LeftOut.SHORT_LINKS: 1, LeftOut.OTHER_LINKS: 2}
    with pytest.raises(ImportRefused, match="shortened link: open it in a browser"):
        UploadReader().read_links("https://spotify.link/abcDEF")
    with pytest.raises(ImportRefused, match="cannot look inside"):
        UploadReader().read_links(other)
    with pytest.raises(ImportRefused, match="Copy song link"):
        UploadReader().read_links("my favourite song")


def test_a_text_file_of_links_is_read_too() -> None:
    assert uris(read(f"{uri(1)}\n{uri(2)}\n".encode(), "links.txt").playlists[0].entries) == [uri(1), uri(2)]


def test_of_too_much_the_newest_is_kept_and_the_rest_is_counted() -> None:
    many = playlist("Long") | {"items": [item(n, f"2026-01-{n:02}") for n in range(28, 0, -1)]}
    library = read(zipped({"Playlist1.json": {"playlists": [many]}}), entries_per_playlist=10)
    assert uris(library.playlists[0].entries) == [uri(n) for n in range(28, 18, -1)]
    assert library.left_out == {LeftOut.TOO_MANY_ENTRIES: 18}
    lists = [playlist(f"P{n}", n, n + 1, changed=f"2026-01-{n:02}") for n in range(1, 29)]
    library = read(zipped({"Playlist1.json": {"playlists": lists}}), playlists=10)
    assert [one.name for one in library.playlists] == [f"P{n}" for n in range(19, 29)]
    assert library.left_out == {LeftOut.TOO_MANY_PLAYLISTS: 18}
    library = read(zipped({"Playlist1.json": {"playlists": lists}}), entries=7)
    assert [one.name for one in library.playlists] == ["P26", "P27", "P28"]
    plays = [play(n, f"2026-01-{n:02}T00:00:00Z") for n in range(28, 0, -1)]
    library = read(zipped({"endsong_0.json": plays[:14], "endsong_1.json": plays[14:]}), listens=5)
    assert {one.track.uri for one in library.listens} == {uri(n) for n in range(24, 29)}
    assert library.left_out == {LeftOut.TOO_MANY_LISTENS: 23}


def test_a_sample_listeners_files_hold_what_the_sample_world_says(sample_world: SampleWorld) -> None:
    exports = SampleExports(sample_world, "ifemarlowe")
    own = [one for one in sample_world.playlists if one.owner == "ifemarlowe"]
    listener = next(one for one in sample_world.listeners if one.id == "ifemarlowe")
    tracks = {one.name: [e.uri for e in one.entries if e.uri and e.uri.startswith("spotify:track")] for one in own}
    library = read(exports.account_data())
    assert {one.name: uris(one.entries) for one in library.playlists} == tracks
    assert set(uris(library.liked)) == {uri for uri, _ in listener.saved}
    assert len(library.named_listens) == len(listener.plays)
    assert library.left_out == {LeftOut.EPISODES: 1, LeftOut.LOCAL_FILES: 1, LeftOut.NO_TRACK: 1}
    extended = read(exports.extended_history())
    assert {(one.track.uri, one.played_at) for one in extended.listens} == set(listener.plays)
    name, content = exports.exportify("Sunday Cleaning ✨")
    assert uris(read(content, name).playlists[0].entries) == tracks["Sunday Cleaning ✨"]
