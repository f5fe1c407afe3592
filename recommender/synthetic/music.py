"""Draws the artists, releases and tracks of a synthetic world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from recommender.records import Track
from recommender.synthetic.ids import base62_id, isrc
from recommender.synthetic.names import NameMaker
from recommender.synthetic.records import SyntheticAlbum, SyntheticArtist, SyntheticTrack
from recommender.synthetic.taste import TasteGroup

SCENES_PER_GROUP = 3
_NEWEST_RELEASE = date(2026, 10, 30)
_RELEASE_SIZES = (1, 2, 4, 5, 8, 9, 10, 11, 12, 14)
_RELEASE_SHARES = np.array([0.24, 0.06, 0.08, 0.06, 0.08, 0.10, 0.14, 0.10, 0.09, 0.05])
_RERELEASE_SHARE = 0.03
_LARGEST_SINGLE = 3


@dataclass(frozen=True, slots=True)
class Music:
    """Everything that can be played; positions in one tuple refer to the others."""

    artists: tuple[SyntheticArtist, ...]
    albums: tuple[SyntheticAlbum, ...]
    tracks: tuple[SyntheticTrack, ...]


def draw_music(groups: tuple[TasteGroup, ...], n_artists: int, n_tracks: int, rng: np.random.Generator) -> Music:
    """Draw artists of each group, then a long-tailed number of tracks for each, cut into releases.

    About three tracks in a hundred appear twice: on an album and, under another id with the same ISRC, as a single.

    Args:
        groups: the taste groups, whose weights decide how many artists each gets.
        n_artists: number of artists.
        n_tracks: number of tracks, re-releases included; at least `n_artists`.
        rng: where every choice comes from.
    """
    builder = _Builder(groups, rng)
    n_singles = int(_RERELEASE_SHARE * n_tracks) if n_tracks > n_artists else 0
    n_singles = min(n_singles, n_tracks - n_artists)
    builder.add_artists(n_artists)
    for artist, count in enumerate(_tracks_per_artist(n_artists, n_tracks - n_singles, rng)):
        builder.add_discography(artist, int(count))
    builder.add_lead_singles(n_singles)
    return Music(tuple(builder.artists), tuple(builder.albums), tuple(builder.tracks))


def _tracks_per_artist(n_artists: int, n_tracks: int, rng: np.random.Generator) -> np.ndarray:
    weights = rng.lognormal(0.0, 0.7, n_artists)
    extra = rng.multinomial(n_tracks - n_artists, weights / weights.sum())
    return np.asarray(extra + 1)


class _Builder:
    """Collects the records while positions are handed out."""

    def __init__(self, groups: tuple[TasteGroup, ...], rng: np.random.Generator) -> None:
        self.artists: list[SyntheticArtist] = []
        self.albums: list[SyntheticAlbum] = []
        self.tracks: list[SyntheticTrack] = []
        self._groups = {group.key: group for group in groups}
        self._fame: list[float] = []
        self._names = NameMaker(rng)
        self._rng = rng

    def add_artists(self, count: int) -> None:
        """Give each artist a group, a scene, a name and a fame, which is lognormal."""
        groups = tuple(self._groups.values())
        weights = np.array([group.weight for group in groups])
        # Every group gets its share to within one artist, so that even a small world has them all.
        order = np.repeat(np.arange(len(groups)), _apportion(weights, count))
        for index in self._rng.permutation(order):
            group = groups[int(index)]
            scene = int(self._rng.integers(SCENES_PER_GROUP))
            name = self._names.artist(group.words)
            self.artists.append(SyntheticArtist(f"spotify:artist:{base62_id(self._rng)}", name, group.key, scene))
            self._fame.append(float(self._rng.lognormal(0.0, 1.1)))

    def add_discography(self, artist: int, count: int) -> None:
        """Add `count` tracks of one artist as releases of usual sizes; earlier drawn ones are the better known."""
        words = self._groups[self.artists[artist].group].words
        rank = 0
        while count > 0:
            size = min(count, int(self._rng.choice(_RELEASE_SIZES, p=_RELEASE_SHARES)))
            name = self._names.album(words) if size > 1 else self._names.track(words)
            names = [name] if size == 1 else [self._names.track(words) for _ in range(size)]
            released = _NEWEST_RELEASE - timedelta(days=int(self._rng.exponential(2200)) % 18_000)
            release = self._open_release(artist, name, released)
            for track_name in names:
                rank += 1
                popularity = self._fame[artist] * float(self._rng.lognormal(0.0, 0.5)) / rank**0.7
                self._add_track(release, track_name, popularity)
            self._close_release(release)
            count -= size

    def add_lead_singles(self, count: int) -> None:
        """Release some album tracks again as singles: another id and album, the same recording."""
        candidates = [
            position for position, track in enumerate(self.tracks) if self.albums[track.album].kind == "album"
        ]
        count_again = min(count, len(candidates))
        chosen = self._rng.choice(len(candidates), size=count_again, replace=False) if count_again else np.empty(0)
        for index in chosen:
            original = self.tracks[candidates[int(index)]]
            album_released = date.fromisoformat(self.albums[original.album].release_date)
            released = album_released - timedelta(days=int(self._rng.integers(7, 90)))
            release = self._open_release(original.artist, original.record.name or "", released)
            self._add_track(release, release.name, original.popularity * 0.4, again=original)
            self._close_release(release)
        # A world with few albums has fewer tracks to release again than asked for; new ones make up the number.
        for _ in range(count - count_again):
            self.add_discography(int(self._rng.integers(len(self.artists))), 1)

    def _open_release(self, artist: int, name: str, released: date) -> _Release:
        return _Release(f"spotify:album:{base62_id(self._rng)}", name, artist, released, first=len(self.tracks))

    def _close_release(self, release: _Release) -> None:
        positions = tuple(range(release.first, len(self.tracks)))
        kind = "single" if len(positions) <= _LARGEST_SINGLE else "album"
        released = release.released.isoformat()
        self.albums.append(SyntheticAlbum(release.uri, release.name, kind, release.artist, released, positions))

    def _add_track(self, release: _Release, name: str, popularity: float, again: SyntheticTrack | None = None) -> None:
        maker = self.artists[release.artist]
        audio = self._groups[maker.group].audio
        position = len(self.tracks)
        minutes = audio.minutes * float(self._rng.lognormal(0.0, 0.22))
        explicit = bool(self._rng.random() < audio.explicit)
        record = Track(
            uri=f"spotify:track:{base62_id(self._rng)}",
            name=name,
            artist_name=maker.name,
            artist_uri=maker.uri,
            album_name=release.name,
            album_uri=release.uri,
            duration_ms=again.record.duration_ms if again else int(np.clip(minutes, 0.8, 14.0) * 60_000),
        )
        self.tracks.append(
            SyntheticTrack(
                record=record,
                isrc=again.isrc if again else isrc(position, release.released.year),
                explicit=again.explicit if again else explicit,
                release_year=release.released.year,
                group=maker.group,
                scene=maker.scene,
                artist=release.artist,
                album=len(self.albums),
                number=position - release.first + 1,
                popularity=popularity,
            )
        )


@dataclass(frozen=True, slots=True)
class _Release:
    """A release whose tracks are being added; `first` is the position of its first track."""

    uri: str
    name: str
    artist: int
    released: date
    first: int


def _apportion(weights: np.ndarray, count: int) -> np.ndarray:
    """Share `count` seats by the largest remainders."""
    exact = weights / weights.sum() * count
    seats = np.floor(exact).astype(int)
    remaining = count - int(seats.sum())
    seats[np.argsort(-(exact - seats), kind="stable")[:remaining]] += 1
    return np.asarray(seats)
