"""Made-up exports for the tests: small ones by hand, and ways to pack them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def uri(number: int) -> str:
    return f"spotify:track:{number:022}"


def item(number: int, added: str | None = "2026-01-02", **known: object) -> dict[str, object]:
    track = {
        "trackName": f"Song {number}",
        "artistName": f"Band {number % 7}",
        "albumName": f"Album {number % 5}",
        "trackUri": uri(number),
    }
    return {"track": track | known, "episode": None, "localTrack": None, "addedDate": added}


def playlist(name: str, *numbers: int, changed: str = "2026-05-01") -> dict[str, object]:
    return {
        "name": name,
        "lastModifiedDate": changed,
        "items": [item(number) for number in numbers],
        "description": None,
        "numberOfFollowers": 0,
    }


def liked(*numbers: int) -> list[dict[str, object]]:
    return [
        {"artist": f"Band {n % 7}", "album": f"Album {n % 5}", "track": f"Song {n}", "uri": uri(n)} for n in numbers
    ]


def play(number: int, at: str = "2026-01-02T13:05:42Z", ms: object = 180_000, **known: object) -> dict[str, object]:
    return {
        "ts": at,
        "platform": "SECRET-PLATFORM",
        "ms_played": ms,
        "conn_country": "XX",
        "ip_addr": "203.0.113.9",
        "user_agent_decrypted": "SECRET-AGENT",
        "master_metadata_track_name": f"Song {number}",
        "master_metadata_album_artist_name": f"Band {number % 7}",
        "master_metadata_album_album_name": f"Album {number % 5}",
        "spotify_track_uri": uri(number),
        "skipped": None,
    } | known


def named(number: int, at: str = "2026-01-02 13:05", ms: object = 180_000) -> dict[str, object]:
    return {"endTime": at, "artistName": f"Band {number % 7}", "trackName": f"Song {number}", "msPlayed": ms}


def zipped(files: Mapping[str, object], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack files: bytes as they are, anything else as JSON."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return written.getvalue()


def exportify(*numbers: int, old: bool = False) -> bytes:
    """Write a CSV with the header of either generation."""
    if old:
        header = '"Spotify ID","Artist IDs","Track Name","Album Name","Artist Name(s)","Release Date","Duration (ms)"'
        rows = [f'"{n:022}","{n:022}","Song {n}","Album","Band {n % 7}","2001","{180_000 + n}"' for n in numbers]
    else:
        header = (
            '"Track URI","Track Name","Artist URI(s)","Artist Name(s)","Album URI","Album Name",'
            '"Track Duration (ms)","Added By","Added At","ISRC","Danceability","Energy"'
        )
        rows = [
            f'"{uri(n)}","Song {n}","spotify:artist:{n:022}","Band {n % 7}","spotify:album:{n:022}","Album",'
            f'"{180_000 + n}","spotify:user:someone","2026-03-0{n % 9 + 1}T10:11:12Z","DEZZ92600{n:03}","0.5","0.7"'
            for n in numbers
        ]
    return "\n".join([header, *rows, ""]).encode()
