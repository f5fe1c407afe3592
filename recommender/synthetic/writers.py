"""Writes synthetic playlists and features in the layouts that real data comes in."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.records import Playlist, Track
from recommender.synthetic.records import SyntheticTrack

# A constant instead of the clock's time keeps two runs of one seed identical to the byte.
GENERATED_ON = "2026-11-01 00:00:00.000000"
_KAGGLE_HEAD = ("track_id", "artists", "album_name", "track_name", "popularity", "duration_ms", "explicit")
_KAGGLE_FEATURES = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)
_WHOLE_NUMBERS = frozenset({"key", "mode"})


def write_mpd_slices(playlists: Iterable[Playlist], directory: Path, per_slice: int = 1000) -> list[Path]:
    """Write playlists as slices of the Million Playlist Dataset, named by the positions they hold.

    Args:
        playlists: read once, so a generator of any length will do; at most `per_slice` are in memory.
        directory: made if it does not exist.
        per_slice: playlists in a file; MPD has 1,000.

    Returns:
        The files written, in order.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    first = 0
    remaining = iter(playlists)
    while chunk := list(islice(remaining, per_slice)):
        name = f"{first}-{first + len(chunk) - 1}"
        info = {"generated_on": GENERATED_ON, "slice": name, "version": "v1"}
        content = {"info": info, "playlists": [_mpd_playlist(playlist) for playlist in chunk]}
        file = directory / f"mpd.slice.{name}.json"
        file.write_text(json.dumps(content, ensure_ascii=True), encoding="ascii", newline="\n")
        files.append(file)
        first += len(chunk)
    return files


def write_kaggle_features(
    path: Path, tracks: Sequence[SyntheticTrack], features: Mapping[str, npt.NDArray[np.float64]]
) -> None:
    """Write the features of tracks as a CSV with the columns of the well-known Kaggle data set.

    Args:
        path: the file, replaced if it exists.
        tracks: the tracks to write, one row each.
        features: feature name -> values, shape (len(tracks),).
    """
    most_popular = max((track.popularity for track in tracks), default=1.0)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*_KAGGLE_HEAD, *_KAGGLE_FEATURES, "time_signature", "track_genre"])
        for row, track in enumerate(tracks):
            values = [_number(name, float(features[name][row])) for name in _KAGGLE_FEATURES]
            popularity = round(100 * (track.popularity / most_popular) ** 0.25)
            writer.writerow([*_kaggle_head(track, popularity), *values, 4, track.group])


def _kaggle_head(track: SyntheticTrack, popularity: int) -> tuple[object, ...]:
    record = track.record
    track_id = record.uri.rpartition(":")[2]
    return (
        track_id,
        record.artist_name,
        record.album_name,
        record.name,
        popularity,
        record.duration_ms,
        track.explicit,
    )


def _number(name: str, value: float) -> str:
    return str(int(value)) if name in _WHOLE_NUMBERS else f"{value:.6g}"


def _mpd_playlist(playlist: Playlist) -> dict[str, object]:
    content: dict[str, object] = {
        "name": playlist.title or "",
        "collaborative": "true" if playlist.collaborative else "false",
        "pid": playlist.pid,
        "modified_at": int(playlist.modified_at.timestamp()) if playlist.modified_at else 0,
        "num_tracks": len(playlist.tracks),
        "num_albums": len({track.album_uri for track in playlist.tracks}),
        "num_followers": playlist.followers or 1,
        "tracks": [_mpd_track(position, track) for position, track in enumerate(playlist.tracks)],
        # MPD counts editing sessions; a few tracks at a time is how people add them.
        "num_edits": 1 + len(playlist.tracks) // 5,
        "duration_ms": sum(track.duration_ms or 0 for track in playlist.tracks),
        "num_artists": len({track.artist_uri for track in playlist.tracks}),
    }
    if playlist.description is not None:
        content["description"] = playlist.description
    return content


def _mpd_track(position: int, track: Track) -> dict[str, object]:
    return {
        "pos": position,
        "artist_name": track.artist_name,
        "track_uri": track.uri,
        "artist_uri": track.artist_uri,
        "track_name": track.name,
        "album_uri": track.album_uri,
        "duration_ms": track.duration_ms,
        "album_name": track.album_name,
    }
