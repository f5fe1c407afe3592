"""Fictional music and members for the tests and the gallery."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.accounts import AccountStatus, SpotifyAccount
from bot.domain.library import ArtistRef, LibraryPlaylist, SyncReport, TrackInfo
from bot.domain.recommendations import Pick, RecommendationSet, SetKind

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TRACKS = (
    ("Paper Lanterns", ("Mira Solen",), "Harbour Lights"),
    ("Half the Moon", ("The Quiet Cartographers", "Ines Arrow"), "Maps for the Sleepless"),
    ("Slow Ferry Home", ("Oskar Vale",), "Slow Ferry Home"),
    ("Kitchen Radio (Late Version)", ("Copper & Pine",), "Rooms"),
    ("Nine Volt Heart", ("Static Orchard",), "Nine Volt Heart"),
    ("Salt", ("Juno Weather",), "Salt / Sugar"),
    ("A Letter You Never Sent", ("North of Ashford",), "Postage Paid"),
    ("Cloudberry", ("Elin Frost", "Teo Marsh"), "Cloudberry"),
    ("Understudy", ("The Velvet Timetable",), "Matinée"),
    ("Green Room", ("Palisade",), "Green Room EP"),
    ("Afterglow, Then Rain", ("Hollow Parade",), "Weather Systems"),
    ("Backseat Astronomy", ("Lucia Prado",), "Constelaciones"),
    ("Tin Roof Weather", ("Marlowe Finch",), "Tin Roof Weather"),
    ("Second Spring", ("Ada Lund",), "Second Spring"),
    ("Polite Fire", ("The Small Hours Club",), "Polite Fire"),
    ("Tram 7", ("Nordlicht Kiosk",), "Endstation"),
    ("Borrowed Coat", ("Pim & the Lighthouse",), "Borrowed Coat"),
    ("Your Handwriting", ("Wren Castell",), "Ink"),
    ("Low Tide Disco", ("Kelp",), "Low Tide Disco"),
    ("Lemon Trees in January", ("Sora Bellamy",), "Lemon Trees in January"),
    ("Museum Hours", ("Glasshouse",), "Museum Hours"),
    ("Long Way Round the Lake", ("Fennimore",), "Long Way Round"),
    ("Orbit, Interrupted", ("Vela Station",), "Orbit, Interrupted"),
    ("Moth", ("Ivory Telegraph",), "Moth"),
    ("Quarter to Nothing", ("Dune Parlour",), "Quarter to Nothing"),
    ("The Baker’s Radio", ("Saint Almanac",), "Flour"),
    ("Swim Out", ("Cala Norte",), "Swim Out"),
    ("Every Window Open", ("Harper Quill",), "Every Window Open"),
    ("Telephone Summer", ("Rollerblind",), "Telephone Summer"),
    ("Goodnight, Engine", ("The Night Postmen",), "Goodnight, Engine"),
)
REASONS = (
    "In 41 playlists together with “Harbour Lights”",
    "Energy and tempo near your playlist",
    "In 17 playlists together with “Salt”",
)


def account(member_id: int, name: str = "Mia") -> SpotifyAccount:
    return SpotifyAccount(member_id, f"a{member_id}", f"u{member_id}", name, AccountStatus.ACTIVE, NOW)


def playlist(number: int, name: str, n_tracks: int, image_url: str | None = None) -> LibraryPlaylist:
    url = f"https://open.spotify.com/playlist/{number:022}"
    return LibraryPlaylist(
        number, 1, f"{number:022}", name, True, "s1", n_tracks, url, image_url, NOW - timedelta(minutes=4)
    )


def report(**changes: int) -> SyncReport:
    plain = SyncReport(5, 0, 0, 0, 212, 0, NOW)
    return replace(plain, **changes)


def cover_url(number: int) -> str:
    return f"https://i.scdn.example/image/{number % len(TRACKS):02}.png"


def track_info(number: int) -> TrackInfo:
    name, artists, album = TRACKS[number % len(TRACKS)]
    return TrackInfo(
        uri=f"spotify:track:{number:022}",
        name=name,
        artists=tuple(ArtistRef(artist) for artist in artists),
        album_name=album,
        image_url=cover_url(number),
        url=f"https://open.spotify.com/track/{number:022}",
    )


def recommendations(
    count: int = 10,
    kind: SetKind = SetKind.DISCOVER,
    title: str = "Your discoveries",
    subtitle: str = "30 tracks you do not have yet, from 5 of your playlists",
    member_id: int | None = None,
    set_id: int = 501,
) -> RecommendationSet:
    picks = tuple(Pick(track_info(n), 1 - n / 100, (REASONS[n % len(REASONS)],)) for n in range(count))
    return RecommendationSet(set_id, kind, title, subtitle, member_id, 1, "2026-11-20-a", NOW, picks)
