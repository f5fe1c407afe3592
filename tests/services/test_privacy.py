"""The archive that members get, what limits it, and what opting out does."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import string
import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bot.domain.accounts import AccountStatus
from bot.domain.digests import DigestSchedule
from bot.domain.library import ArtistRef, PlaylistKind, TrackInfo
from bot.domain.listening import TimeRange
from bot.domain.privacy import (
    ExportTooLarge,
    KeptAccount,
    KeptApp,
    KeptData,
    KeptDigest,
    KeptEntry,
    KeptListen,
    KeptPick,
    KeptPlaylist,
    KeptSave,
    KeptServer,
    KeptSet,
    KeptSignIn,
    KeptSummary,
    KeptSync,
    KeptTopArtist,
    KeptTopTrack,
    OptOut,
)
from bot.domain.recommendations import SetKind
from bot.domain.saving import SavePreferences, SaveStatus
from bot.sandbox.guests import link_guest
from bot.services.privacy import ATTACHMENT_LIMIT, PrivacyService
from bot.services.privacy_archive import archive

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core

ADA, GUILD = 5_100_000_000_000_000_001, 5_200_000_000_000_000_001
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILES = {
    "README.txt",
    "profile.json",
    "playlists.csv",
    "playlist_entries.csv",
    "listens.csv",
    "top_tracks.csv",
    "top_artists.csv",
    "recommendations.json",
    "saved_playlists.csv",
}


def track(number: int, name: str | None = None) -> TrackInfo:
    return TrackInfo(
        f"spotify:track:{number:022}",
        name or f"Song {number}",
        (ArtistRef("Björk"), ArtistRef("Nils, Frahm")),
        'Album "X"',
        isrc=f"XX000{number:07}",
        url=f"https://open.spotify.com/track/{number:022}",
    )


def playlist(number: int, name: str = "Rainy day", owned: bool | None = True) -> KeptPlaylist:
    return KeptPlaylist(
        number, f"p{number}", "spotify", name, None, owned, False, None, "s1", 9, 2, None, None, number, NOW
    )


NOTHING = KeptData(ADA, frozenset(), None, (), (), (), (), (), (), (), {}, 0, 0)
MUCH = KeptData(
    member_id=ADA,
    opt_outs=frozenset({OptOut.LEARNING}),
    account=KeptAccount(
        "account-ada", "ada", "Ada", None, AccountStatus.RECONNECT, ("a", "b"), NOW, NOW + timedelta(hours=1), NOW, None
    ),
    sign_ins=(KeptSignIn(None, NOW, NOW + timedelta(minutes=10), None),),
    servers=(KeptServer(GUILD, NOW),),
    playlists=(playlist(1), playlist(2, "=2+2", owned=False)),
    entries=(
        KeptEntry(1, 0, 7, NOW, True),
        KeptEntry(1, 1, 8, None, None),
        KeptEntry(2, 0, 7, NOW - timedelta(days=2), False),
    ),
    sets=(
        KeptSet(
            31, SetKind.DISCOVER, "For you", "3 tracks", GUILD, "m1", NOW, (KeptPick(8, 0.5, ("Near “Ä”", "too")),)
        ),
        KeptSet(32, SetKind.TRACK, "Empty", "", None, "m1", NOW, ()),
    ),
    saves=(KeptSave(31, "For you", SaveStatus.DONE, NOW, NOW, 1, "x7k", "p9", "Saved", "https://open.example/p9"),),
    digests=(KeptDigest(GUILD, DigestSchedule(5, 0, 18, "Europe/Berlin"), False, NOW, "The channel is gone."),),
    tracks={7: track(7, "@SUM(1+1)"), 8: track(8, "Ein “Lied”\nin Zeilen")},
    named_in_entries=4,
    named_in_playlists=1,
    preferences=SavePreferences(public=True, cover=False, reuse=True),
    sync=KeptSync(NOW, NOW, None, 43, 57, "Spotify does not answer.", None),
    apps=(KeptApp(GUILD, "client-1", NOW),),
    listens=(
        KeptListen(7, NOW - timedelta(days=400), 61_000, "spotify-export"),
        KeptListen(7, NOW, None, "spotify"),
        KeptListen(8, NOW - timedelta(days=1), None, "spotify"),
    ),
    top_tracks=(KeptTopTrack(TimeRange.LONG, 0, 8, "spotify"),),
    top_artists=(KeptTopArtist(TimeRange.SHORT, 3, "=Björk()", None, "spotify"),),
)


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@dataclass
class Rows:
    """What is kept, in memory."""

    data: dict[int, KeptData] = field(default_factory=dict)
    opt_outs: set[tuple[int, OptOut]] = field(default_factory=set)
    summary_of: KeptSummary = field(default_factory=lambda: KeptSummary(known=True))
    reading: int = 0
    most_reading: int = 0

    async def summary(self, member_id: int) -> KeptSummary:
        return self.summary_of

    async def everything(self, member_id: int) -> KeptData | None:
        self.reading += 1
        self.most_reading = max(self.most_reading, self.reading)
        await asyncio.sleep(0)
        self.reading -= 1
        return self.data.get(member_id)

    async def set_opt_out(self, member_id: int, which: OptOut, on: bool) -> None:
        (self.opt_outs.add if on else self.opt_outs.discard)((member_id, which))

    async def opted_out(self, member_ids: Collection[int], which: OptOut) -> set[int]:
        return {member_id for member_id in member_ids if (member_id, which) in self.opt_outs}


def test_the_archive_has_a_file_for_each_subject_and_a_word_on_each() -> None:
    files = unpacked(archive(MUCH, NOW))
    assert set(files) == FILES
    readme = files["README.txt"].decode()
    assert "as of 2026-11-20 12:00 UTC" in readme
    for name in FILES - {"README.txt"}:
        [about] = [part for part in readme.split("\n\n") if part.startswith(name)]
        assert 3 <= len(about.splitlines()) <= 5


def test_the_entries_name_track_artists_album_isrc_and_when_added() -> None:
    rows = table(unpacked(archive(MUCH, NOW))["playlist_entries.csv"])
    assert [(row["playlist_id"], row["position"], row["added_by"]) for row in rows] == [
        ("p1", "0", "me"),
        ("p1", "1", ""),
        ("p2", "0", "somebody else"),
    ]
    assert rows[1] == {
        "playlist_id": "p1",
        "playlist": "Rainy day",
        "position": "1",
        "track": "Ein “Lied”\nin Zeilen",
        "artists": "Björk, Nils, Frahm",
        "album": 'Album "X"',
        "isrc": "XX0000000008",
        "added_at": "",
        "added_by": "",
        "uri": f"spotify:track:{8:022}",
        "url": f"https://open.spotify.com/track/{8:022}",
    }
    assert rows[0]["added_at"] == "2026-11-20T12:00:00+00:00"


def test_no_spreadsheet_takes_somebody_elses_words_for_a_formula() -> None:
    files = unpacked(archive(MUCH, NOW))
    assert table(files["playlist_entries.csv"])[0]["track"] == "'@SUM(1+1)"
    assert table(files["playlists.csv"])[1]["name"] == "'=2+2"
    negative = replace(MUCH, playlists=(replace(MUCH.playlists[0], rank=-1),), entries=())
    assert table(unpacked(archive(negative, NOW))["playlists.csv"])[0]["place"] == "-1"


def test_the_profile_has_the_link_the_choices_the_servers_and_no_number_that_loses_digits() -> None:
    profile: dict[str, Any] = json.loads(unpacked(archive(MUCH, NOW))["profile.json"])
    assert profile["discord_id"] == str(ADA)
    assert profile["opted_out_of"] == {"digests": False, "learning": True, "blends": False}
    assert profile["spotify"]["status"] == "reconnect"
    assert profile["spotify"]["scopes"] == ["a", "b"]
    assert profile["servers"] == [{"server_id": str(GUILD), "last_used_at": "2026-11-20T12:00:00+00:00"}]
    assert profile["digests_set_up"][0]["stopped_because"] == "The channel is gone."
    assert profile["saves"] == {"public": True, "with_cover": False, "into_last_weeks_playlist": True}
    assert profile["spotify_apps_set_up"][0]["server_id"] == str(GUILD)
    assert profile["spotify_apps_set_up"][0]["client_id"] == "client-1"
    assert profile["library_sync"]["playlists_done"] == 43
    assert profile["library_sync"]["fault"] == "Spotify does not answer."
    assert profile["named_in_playlists_of_others"] == {"as_owner": 1, "as_who_added_a_track": 4}


def test_listens_say_what_was_played_when_how_long_and_who_told_me() -> None:
    rows = table(unpacked(archive(MUCH, NOW))["listens.csv"])
    assert [(row["played_at"][:10], row["uri"][-1], row["ms_played"], row["source"]) for row in rows] == [
        ("2025-10-16", "7", "61000", "spotify-export"),
        ("2026-11-20", "7", "", "spotify"),
        ("2026-11-19", "8", "", "spotify"),
    ]
    assert rows[2]["artists"] == "Björk, Nils, Frahm"


def test_the_most_played_have_their_span_of_time_and_place() -> None:
    files = unpacked(archive(MUCH, NOW))
    [track_row], [artist_row] = table(files["top_tracks.csv"]), table(files["top_artists.csv"])
    assert (track_row["time_range"], track_row["place"], track_row["isrc"]) == ("long_term", "0", "XX0000000008")
    assert (artist_row["time_range"], artist_row["place"], artist_row["artist"]) == ("short_term", "3", "'=Björk()")


def test_imported_lists_and_liked_songs_are_told_from_playlists_and_what_is_left_out_is_marked() -> None:
    liked = replace(playlist(3, "Liked songs"), kind=PlaylistKind.LIKED, left_out=True)
    brought = replace(playlist(4, "Old"), kind=PlaylistKind.IMPORT, source="exportify")
    rows = table(unpacked(archive(replace(NOTHING, playlists=(playlist(1), liked, brought)), NOW))["playlists.csv"])
    assert [(row["kind"], row["left_out"], row["source"]) for row in rows] == [
        ("playlist", "no", "spotify"),
        ("liked", "yes", "spotify"),
        ("import", "no", "exportify"),
    ]


def test_what_a_playlist_held_before_it_was_changed_can_be_read_back() -> None:
    before = {"name": "Ältere", "uris": ["spotify:track:1"]}
    save = replace(
        MUCH.saves[0], previous=before, series="discover", n_tracks=30, written=20, public=True, frozen_at=NOW
    )
    [row] = table(unpacked(archive(replace(MUCH, saves=(save,)), NOW))["saved_playlists.csv"])
    assert json.loads(row["before"]) == before
    assert (row["series"], row["tracks"], row["tracks_written"], row["public"]) == ("discover", "30", "20", "yes")
    assert row["frozen_at"] == "2026-11-20T12:00:00+00:00"


def test_ten_years_of_listening_fit_into_an_attachment() -> None:
    """200,000 plays of 20,000 tracks; what is random compresses as its twentieth part does."""
    draw, n_tracks, n_plays = np.random.default_rng(7), 1_000, 10_000
    letters = np.array(list(string.ascii_letters + string.digits))
    ids = ["".join(row) for row in letters[draw.integers(62, size=(n_tracks, 22))]]
    words = ["".join(row) for row in letters[draw.integers(26, size=(n_tracks, 24))]]

    def heard(number: int) -> TrackInfo:
        text, spotify_id = words[number], ids[number]
        url, artists = f"https://open.spotify.com/track/{spotify_id}", (ArtistRef(text[8:16]),)
        return TrackInfo(f"spotify:track:{spotify_id}", text[:8], artists, text[16:], isrc=f"US{number:010}", url=url)

    plays = zip(
        np.sort(draw.integers(n_tracks, size=n_plays)).tolist(),
        draw.integers(315_000_000, size=n_plays).tolist(),
        draw.integers(400_000, size=n_plays).tolist(),
        strict=True,
    )
    listens = tuple(KeptListen(number, NOW - timedelta(seconds=ago), ms, "spotify-export") for number, ago, ms in plays)
    tracks = {number: heard(number) for number in range(n_tracks)}
    content = archive(replace(NOTHING, listens=listens, tracks=tracks), NOW)
    assert 20 * len(content) < ATTACHMENT_LIMIT * 0.7


def test_recommendations_keep_their_reasons_and_lists_without_tracks_are_there_too() -> None:
    lists = json.loads(unpacked(archive(MUCH, NOW))["recommendations.json"])
    assert [one["id"] for one in lists] == [31, 32]
    assert lists[0]["shown_at"] == "2026-11-20T12:00:00+00:00"
    assert lists[0]["tracks"][0]["reasons"] == ["Near “Ä”", "too"]
    assert lists[0]["tracks"][0]["artists"] == "Björk, Nils, Frahm"
    assert lists[1]["tracks"] == []


def test_of_who_is_only_known_the_archive_is_whole_too() -> None:
    files = unpacked(archive(NOTHING, NOW))
    assert set(files) == FILES
    assert json.loads(files["profile.json"])["spotify"] is None
    assert table(files["playlists.csv"]) == []


def test_the_same_data_make_the_same_archive_and_a_higher_level_a_smaller_one() -> None:
    many = replace(MUCH, entries=tuple(KeptEntry(1, n, 7 + n % 2, NOW, True) for n in range(3000)))
    assert archive(many, NOW) == archive(many, NOW)
    assert len(archive(many, NOW, level=9)) < len(archive(many, NOW, level=1))
    assert len(table(unpacked(archive(many, NOW, level=9))["playlist_entries.csv"])) == 3000


async def test_an_export_is_called_after_its_day(clock: FakeClock) -> None:
    export = await PrivacyService(Rows({ADA: MUCH}), clock).export(ADA)
    assert export is not None
    assert export.filename == "crossfade-2026-11-20.zip"
    assert set(unpacked(export.content)) == FILES


async def test_of_a_stranger_there_is_no_export(clock: FakeClock) -> None:
    assert await PrivacyService(Rows(summary_of=KeptSummary()), clock).export(ADA) is None


async def test_what_does_not_fit_is_compressed_harder_before_it_is_refused(clock: FakeClock) -> None:
    many = replace(MUCH, entries=tuple(KeptEntry(1, n, 7 + n % 2, NOW, True) for n in range(3000)))
    plain, small = len(archive(many, NOW)), len(archive(many, NOW, level=9))
    assert small < plain
    rows = Rows({ADA: many})
    export = await PrivacyService(rows, clock, largest=small).export(ADA)
    assert export is not None
    assert len(export.content) == small
    with pytest.raises(ExportTooLarge, match="ask the bot's host"):
        await PrivacyService(rows, clock, largest=small - 1).export(ADA)


async def test_what_would_not_fit_into_memory_is_not_read(clock: FakeClock) -> None:
    rows = Rows({ADA: MUCH}, summary_of=KeptSummary(known=True, entries=500, recommendations=101, listens=400))
    with pytest.raises(ExportTooLarge):
        await PrivacyService(rows, clock, most_rows=1000).export(ADA)
    assert rows.most_reading == 0


async def test_however_many_ask_at_once_one_library_is_read_at_a_time(clock: FakeClock) -> None:
    rows = Rows({ADA + n: MUCH for n in range(5)})
    service = PrivacyService(rows, clock)
    exports = await asyncio.gather(*(service.export(ADA + n) for n in range(5)))
    assert all(exports)
    assert rows.most_reading == 1


async def test_opting_out_holds_for_the_one_use_until_it_is_taken_back(clock: FakeClock) -> None:
    service = PrivacyService(Rows(), clock)
    await service.opt_out(ADA, OptOut.DIGESTS)
    assert await service.opted_out([ADA, ADA + 1], OptOut.DIGESTS) == {ADA}
    assert await service.opted_out([ADA], OptOut.LEARNING) == set()
    await service.opt_in(ADA, OptOut.DIGESTS)
    assert await service.opted_out([ADA], OptOut.DIGESTS) == set()


async def test_a_connected_member_gets_their_library_and_what_they_were_shown(system: Core, clock: FakeClock) -> None:
    from bot.storage.repositories.privacy import SqlPrivacyRepository

    await link_guest(system.services, ADA, GUILD, "mirasolenne")
    shown = await system.services.discovery.discover(ADA, GUILD)
    saved = await system.services.playlists.save(ADA, shown.id)
    service = PrivacyService(SqlPrivacyRepository(system.database), clock)

    export = await service.export(ADA)
    assert export is not None
    files = unpacked(export.content)
    profile = json.loads(files["profile.json"])
    assert profile["spotify"]["display_name"] == "Mira Solenne"
    assert [one["server_id"] for one in profile["servers"]] == [str(GUILD)]
    kept = await system.services.library.playlists(ADA)
    assert [row["name"].removeprefix("'") for row in table(files["playlists.csv"])] == [one.name for one in kept]
    assert len(table(files["playlist_entries.csv"])) == sum(one.n_tracks for one in kept)
    [of_shown] = json.loads(files["recommendations.json"])
    assert [one["uri"] for one in of_shown["tracks"]] == [pick.track.uri for pick in shown.picks]
    assert all(one["reasons"] for one in of_shown["tracks"])
    assert table(files["saved_playlists.csv"])[0]["url"] == saved.playlist.url

    await system.services.accounts.disconnect(ADA)
    assert await service.export(ADA) is None
