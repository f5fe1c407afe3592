"""Artists, releases and tracks of a large fictional catalogue, as arrays in which what belongs together is adjacent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recommender.columns import offsets_of, strings
from recommender.synthetic.ids import base62_ids
from recommender.synthetic.scale.law import PopularityLaw
from recommender.synthetic.scale.names import (
    ALBUM_TEMPLATES,
    TRACK_TEMPLATES,
    draw_distinct_names,
    draw_names,
    words_of,
)
from recommender.synthetic.taste import TasteGroup

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# The Million Playlist Dataset has 2,262,292 tracks of 295,860 artists, which is 7.6; here some artists are never heard.
TRACKS_PER_ARTIST = 7.0
_ARTISTS_PER_CIRCLE = 30
_CIRCLES_PER_SCENE = 12
_FAME_SPREAD = 1.75
_SIZE_OF_FAME = 0.65
_SIZE_SPREAD = 1.7
_HIT_DECAY = 0.8
_ALBUM_SPREAD = 0.25
_TRACK_SPREAD = 0.95
_RELEASE_SIZES = np.array([1, 2, 4, 5, 8, 10, 11, 12, 14, 18])
_RELEASE_SHARES = np.array([0.33, 0.06, 0.08, 0.06, 0.07, 0.12, 0.09, 0.09, 0.06, 0.04])
NEWEST_YEAR = 2026
_OLDEST_YEAR = 1958
_MEAN_AGE = 9.0


@dataclass(frozen=True, eq=False)
class ScaleCatalogue:
    """The music that playlists are drawn from.

    Tracks are ordered by group, scene, circle, artist and album, so that each of those is a range of tracks and any of
    them can be drawn from by one look-up in the running sum of the weights.

    Attributes:
        groups: the taste groups.
        artist_group: int8, shape (n_artists,).
        artist_scene: int32, shape (n_artists,): scenes are numbered through all groups.
        artist_ids: dtype S22, shape (n_artists,).
        artist_names: Arrow strings, n_artists of them, all different.
        album_artist: int32, shape (n_albums,).
        album_year: int16, shape (n_albums,).
        album_ids: dtype S22, shape (n_albums,).
        album_names: Arrow strings, n_albums of them.
        track_album: int32, shape (n_tracks,).
        track_ids: dtype S22, shape (n_tracks,).
        track_names: Arrow strings, n_tracks of them.
        duration_ms: int32, shape (n_tracks,).
        explicit: bool, shape (n_tracks,).
        weights: float64, shape (n_tracks,): the share of each track among all entries of playlists; their sum is 1.
        artist_starts: int64, shape (n_artists + 1,): where each artist's tracks begin; the others alike.
        album_starts: int64, shape (n_albums + 1,).
        circle_starts: int64, shape (n_circles + 1,).
        scene_starts: int64, shape (n_scenes + 1,).
        group_starts: int64, shape (n_groups + 1,).
    """

    groups: tuple[TasteGroup, ...]
    artist_group: npt.NDArray[np.int8]
    artist_scene: npt.NDArray[np.int32]
    artist_ids: npt.NDArray[np.bytes_]
    artist_names: pa.Array
    album_artist: npt.NDArray[np.int32]
    album_year: npt.NDArray[np.int16]
    album_ids: npt.NDArray[np.bytes_]
    album_names: pa.Array
    track_album: npt.NDArray[np.int32]
    track_ids: npt.NDArray[np.bytes_]
    track_names: pa.Array
    duration_ms: npt.NDArray[np.int32]
    explicit: npt.NDArray[np.bool_]
    weights: Floats
    artist_starts: Ints
    album_starts: Ints
    circle_starts: Ints
    scene_starts: Ints
    group_starts: Ints

    @property
    def n_tracks(self) -> int:
        """The number of tracks."""
        return len(self.track_album)

    @property
    def n_artists(self) -> int:
        """The number of artists."""
        return len(self.artist_group)

    @property
    def n_albums(self) -> int:
        """The number of releases."""
        return len(self.album_artist)

    def track_artist(self, tracks: Ints) -> npt.NDArray[np.int32]:
        """Return the artist of each of these tracks."""
        return self.album_artist[self.track_album[tracks]]

    def table(self, tracks: Ints) -> pa.Table:
        """Return these tracks as a table with the columns of a corpus (`recommender.catalogue.TRACKS_SCHEMA`)."""
        albums = self.track_album[tracks]
        artists = self.album_artist[albums]
        return pa.table(
            {
                "track_uri": _uris("track", self.track_ids[tracks]),
                "name": self.track_names.take(pa.array(tracks)),
                "artist_name": self.artist_names.take(pa.array(artists)),
                "artist_uri": _uris("artist", self.artist_ids[artists]),
                "album_name": self.album_names.take(pa.array(albums)),
                "album_uri": _uris("album", self.album_ids[albums]),
                "duration_ms": pa.array(self.duration_ms[tracks]),
                "explicit": pa.array(self.explicit[tracks]),
            }
        )


def draw_catalogue(
    groups: Sequence[TasteGroup], n_tracks: int, law: PopularityLaw, random_state: int
) -> ScaleCatalogue:
    """Draw a catalogue.

    Every artist has a fame, a number of tracks that grows with it, and hits that stand out; the tracks are then ranked
    by what came of it, and the law gives each rank its share of all playlist entries.

    Args:
        groups: the taste groups, whose weights decide how many artists each gets.
        n_tracks: how many tracks, at least 1.
        law: how popular the track of each rank is.
        random_state: the seed.
    """
    rng = np.random.default_rng((random_state, 101))
    group_sizes = apportion(np.array([group.weight for group in groups]), max(1, round(n_tracks / TRACKS_PER_ARTIST)))
    artist_group = np.repeat(np.arange(len(groups)), group_sizes)
    circle, scene_of_circle = _circles(group_sizes, rng)
    fame = rng.normal(0.0, _FAME_SPREAD, len(artist_group))
    sizes = _tracks_per_artist(fame, n_tracks, rng)
    artist_starts = offsets_of(sizes)
    track_artist = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    new_album = _release_starts(n_tracks, rng)
    new_album[artist_starts[:-1]] = True
    track_album = (np.cumsum(new_album) - 1).astype(np.int32)
    album_starts = np.append(np.flatnonzero(new_album), n_tracks)
    album_artist = track_artist[album_starts[:-1]]
    score = _scores(fame, track_artist, track_album, artist_starts, rng)
    weights = np.empty(n_tracks)
    weights[np.argsort(-score, kind="stable")] = law.weights(n_tracks)
    circle_starts = _starts(np.repeat(circle, sizes), len(scene_of_circle))
    scene_of_track = np.repeat(scene_of_circle[circle], sizes)
    n_scenes = int(scene_of_circle[-1]) + 1
    del score, new_album, track_artist
    names = _Names(groups, artist_group, artist_starts, album_starts, album_artist, rng)
    age = np.minimum(rng.exponential(_MEAN_AGE, len(album_artist)), NEWEST_YEAR - _OLDEST_YEAR).astype(np.int16)
    return ScaleCatalogue(
        groups=tuple(groups),
        artist_group=artist_group.astype(np.int8),
        artist_scene=scene_of_circle[circle].astype(np.int32),
        artist_ids=base62_ids(len(sizes), rng),
        artist_names=names.artists,
        album_artist=album_artist,
        album_year=(NEWEST_YEAR - age).astype(np.int16),
        album_ids=base62_ids(len(album_artist), rng),
        album_names=names.albums,
        track_album=track_album,
        track_ids=base62_ids(n_tracks, rng),
        track_names=names.tracks,
        duration_ms=_durations(groups, artist_group, artist_starts, rng),
        explicit=_explicit(groups, artist_group, artist_starts, rng),
        weights=weights,
        artist_starts=artist_starts,
        album_starts=album_starts,
        circle_starts=circle_starts,
        scene_starts=_starts(scene_of_track, n_scenes),
        group_starts=artist_starts[offsets_of(group_sizes)],
    )


def apportion(weights: Floats, count: int) -> Ints:
    """Share `count` seats by the largest remainders."""
    exact = weights / weights.sum() * count
    seats = np.floor(exact).astype(np.int64)
    seats[np.argsort(-(exact - seats), kind="stable")[: count - int(seats.sum())]] += 1
    return np.asarray(seats, np.int64)


class _Names:
    """The names of everything, drawn group by group from the group's vocabulary."""

    def __init__(
        self,
        groups: Sequence[TasteGroup],
        artist_group: Ints,
        artist_starts: Ints,
        album_starts: Ints,
        album_artist: npt.NDArray[np.int32],
        rng: np.random.Generator,
    ) -> None:
        taken: set[str] = set()
        artists, albums, tracks = [], [], []
        album_counts = np.bincount(artist_group[album_artist], minlength=len(groups))
        track_counts = np.bincount(artist_group, np.diff(artist_starts), minlength=len(groups)).astype(np.int64)
        for place, group in enumerate(groups):
            words = words_of(group.words)
            count = int((artist_group == place).sum())
            artists.append(pa.array(draw_distinct_names(words, count, taken, rng), pa.string()))
            albums.append(draw_names(ALBUM_TEMPLATES, words, int(album_counts[place]), rng))
            tracks.append(draw_names(TRACK_TEMPLATES, words, int(track_counts[place]), rng))
        self.artists = pa.concat_arrays(artists)
        self.tracks = pa.concat_arrays(tracks)
        # A single is called after its only track.
        single = pa.array(np.diff(album_starts) == 1)
        first = self.tracks.take(pa.array(album_starts[:-1]))
        self.albums = pc.if_else(single, first, pa.concat_arrays(albums))


def _circles(group_sizes: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the circle of each artist, in order, and the scene of each circle, both numbered through all groups."""
    circles, scenes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    n_circles = n_scenes = 0
    for size in group_sizes[group_sizes > 0].tolist():
        count = max(1, size // _ARTISTS_PER_CIRCLE)
        # The square makes some circles much larger than others.
        own = np.sort((rng.random(size) ** 1.5 * count).astype(np.int64))
        in_group = max(1, count // _CIRCLES_PER_SCENE)
        circles.append(n_circles + own)
        scenes.append(n_scenes + np.arange(count) * in_group // count)
        n_circles += count
        n_scenes += in_group
    return np.concatenate(circles), np.concatenate(scenes)


def _tracks_per_artist(fame: Floats, n_tracks: int, rng: np.random.Generator) -> Ints:
    weights = np.exp(_SIZE_OF_FAME * fame + rng.normal(0.0, _SIZE_SPREAD, len(fame)))
    extra = rng.multinomial(n_tracks - len(fame), weights / weights.sum())
    return np.asarray(extra + 1, np.int64)


def _release_starts(n_tracks: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return where releases of usual sizes begin in an endless row of tracks."""
    mean = float(_RELEASE_SIZES @ _RELEASE_SHARES)
    sizes = rng.choice(_RELEASE_SIZES, size=int(1.1 * n_tracks / mean) + 100, p=_RELEASE_SHARES)
    ends = np.cumsum(sizes)
    starts = np.zeros(n_tracks, np.bool_)
    starts[ends[ends < n_tracks]] = True
    return starts


def _scores(
    fame: Floats,
    track_artist: npt.NDArray[np.int32],
    track_album: npt.NDArray[np.int32],
    artist_starts: Ints,
    rng: np.random.Generator,
) -> Floats:
    """Return by how much each track stands out, on a log scale."""
    n_tracks = len(track_artist)
    shuffled = np.lexsort((rng.random(n_tracks), track_artist))
    rank = np.empty(n_tracks, np.float64)
    rank[shuffled] = np.arange(n_tracks) - artist_starts[track_artist[shuffled]] + 1.0
    score = fame[track_artist] - _HIT_DECAY * np.log(rank)
    score += rng.normal(0.0, _ALBUM_SPREAD, int(track_album[-1]) + 1)[track_album]
    score += rng.normal(0.0, _TRACK_SPREAD, n_tracks)
    return score


def _durations(
    groups: Sequence[TasteGroup], artist_group: Ints, artist_starts: Ints, rng: np.random.Generator
) -> npt.NDArray[np.int32]:
    minutes = np.array([group.audio.minutes for group in groups])
    typical = np.repeat(minutes[artist_group], np.diff(artist_starts))
    drawn = typical * rng.lognormal(0.0, 0.22, len(typical))
    return (np.clip(drawn, 0.8, 14.0) * 60_000).astype(np.int32)


def _explicit(
    groups: Sequence[TasteGroup], artist_group: Ints, artist_starts: Ints, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    shares = np.array([group.audio.explicit for group in groups])
    return np.asarray(rng.random(artist_starts[-1]) < np.repeat(shares[artist_group], np.diff(artist_starts)))


def _starts(codes: Ints, count: int) -> Ints:
    """Return where each code begins in sorted codes, and where the last ends."""
    return np.asarray(np.searchsorted(codes, np.arange(count + 1)), np.int64)


def _uris(kind: str, ids: npt.NDArray[np.bytes_]) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(f"spotify:{kind}:"), strings(ids), "")
