"""Made-up members, tracks and playlists for the storage tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.domain.accounts import LoginAttempt, SpotifyProfile, TokenSet
from bot.domain.digests import DigestSchedule
from bot.domain.library import ArtistRef, PlaylistEntry, RemotePlaylist, TrackInfo
from bot.domain.recommendations import NewSet, Pick, SetKind
from bot.storage.models import Base
from bot.storage.session import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MEMBER = 1_100_000_000_000_000_001
OTHER = 1_100_000_000_000_000_002
GUILD = 1_200_000_000_000_000_001
SCHEDULE = DigestSchedule(channel_id=1_300_000_000_000_000_001, weekday=4, hour=18, time_zone="Europe/Berlin")


def profile(name: str = "ada") -> SpotifyProfile:
    return SpotifyProfile(f"account-{name}", f"user-{name}", name.title(), f"https://open.spotify.com/user/{name}")


def tokens(mark: str = "1") -> TokenSet:
    return TokenSet(
        f"access-secret-{mark}",
        f"refresh-secret-{mark}",
        NOW + timedelta(hours=1),
        frozenset({"playlist-read-private", "playlist-modify-private"}),
    )


def attempt(member_id: int = MEMBER, guild_id: int | None = GUILD, created_at: datetime = NOW) -> LoginAttempt:
    return LoginAttempt(member_id, guild_id, "verifier-secret", created_at, created_at + timedelta(minutes=10))


def track(number: int, **known: object) -> TrackInfo:
    """A track with everything known; `known` replaces fields."""
    values: dict[str, object] = {
        "uri": f"spotify:track:{number:06}",
        "name": f"Song {number}",
        "artists": (ArtistRef(f"Band {number % 7}", f"spotify:artist:{number % 7}"),),
        "album_name": f"Album {number // 10}",
        "album_uri": f"spotify:album:{number // 10}",
        "duration_ms": 180_000 + number,
        "explicit": number % 2 == 0,
        "isrc": f"XX000{number:07}",
        "image_url": f"https://i.example/{number}.jpg",
        "url": f"https://open.spotify.com/track/{number:06}",
    }
    return TrackInfo(**(values | known))  # type: ignore[arg-type]


def entries(numbers: Sequence[int], added_by: str | None = "user-ada") -> list[PlaylistEntry]:
    return [PlaylistEntry(track(number), NOW - timedelta(days=number % 300), added_by) for number in numbers]


def remote(spotify_id: str = "p1", **known: object) -> RemotePlaylist:
    values: dict[str, object] = {
        "spotify_id": spotify_id,
        "name": f"Playlist {spotify_id}",
        "description": "For the road",
        "owner_id": "user-ada",
        "owner_name": "Ada",
        "collaborative": False,
        "public": True,
        "snapshot_id": "snapshot-1",
        "total": 3,
        "url": f"https://open.spotify.com/playlist/{spotify_id}",
        "image_url": None,
    }
    return RemotePlaylist(**(values | known))  # type: ignore[arg-type]


def new_set(
    numbers: Sequence[int] = (1, 2, 3),
    *,
    kind: SetKind = SetKind.DISCOVER,
    member_id: int | None = MEMBER,
    guild_id: int | None = GUILD,
    created_at: datetime = NOW,
) -> NewSet:
    picks = tuple(
        Pick(track(number), 1 / (place + 1), (f"Reason {number}", "in 41 playlists together with “Ä”"))
        for place, number in enumerate(numbers)
    )
    return NewSet(kind, "Title", "Subtitle", member_id, guild_id, "2026-11-20", created_at, picks)


async def rows_as_text(database: Database) -> str:
    """Return everything in the database, to look for traces."""
    async with database.reading() as session:
        tables = [(await session.execute(select(table))).all() for table in Base.metadata.sorted_tables]
    return repr(tables)
