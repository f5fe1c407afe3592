"""A fictional music world of any size, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.audio import FEATURES, AudioFeatures
from recommender.records import Playlist
from recommender.synthetic.audio import draw_features
from recommender.synthetic.groups import taste_groups
from recommender.synthetic.music import Music, draw_music
from recommender.synthetic.playlists import PlaylistDrawer
from recommender.synthetic.records import SyntheticAlbum, SyntheticArtist, SyntheticTrack
from recommender.synthetic.taste import TasteGroup
from recommender.synthetic.writers import write_kaggle_features, write_mpd_slices


@dataclass(frozen=True, slots=True)
class SyntheticWorld:
    """Fictional artists, releases and tracks, and the playlists that fictional people make of them.

    Playlists are drawn when asked for, each from a random stream of its own, so a million of them need no memory and
    any of them can be drawn alone. `entropy` is the number that those streams start from.
    """

    groups: tuple[TasteGroup, ...]
    music: Music
    features: AudioFeatures
    n_playlists: int
    entropy: int
    measured: Mapping[str, npt.NDArray[np.float64]]
    has_features: npt.NDArray[np.bool_]

    @property
    def artists(self) -> tuple[SyntheticArtist, ...]:
        """The artists."""
        return self.music.artists

    @property
    def albums(self) -> tuple[SyntheticAlbum, ...]:
        """The releases."""
        return self.music.albums

    @property
    def tracks(self) -> tuple[SyntheticTrack, ...]:
        """The tracks, with ISRC, explicit flag and release year."""
        return self.music.tracks

    def playlists(self, count: int | None = None, start: int = 0) -> Iterator[Playlist]:
        """Draw playlists one by one; their `pid` counts from `start`.

        Args:
            count: how many; by default the world's own number of playlists from `start` on.
            start: the first `pid`.
        """
        stop = self.n_playlists if count is None else start + count
        return self.drawer().draw(start, stop)

    def drawer(self) -> PlaylistDrawer:
        """Return what draws this world's playlists, for single ones or ones of a chosen taste."""
        return PlaylistDrawer(self.groups, self.music, self.entropy)

    def write_mpd(self, directory: Path, per_slice: int = 1000) -> list[Path]:
        """Write the playlists as MPD slices (see `write_mpd_slices`)."""
        return write_mpd_slices(self.playlists(), directory, per_slice)

    def write_features_csv(self, path: Path) -> None:
        """Write the features of the tracks that have any, in the Kaggle layout."""
        rows = np.flatnonzero(self.has_features)
        tracks = [self.tracks[row] for row in rows]
        write_kaggle_features(path, tracks, {name: values[rows] for name, values in self.measured.items()})


def synthetic_world(
    random_state: int | np.random.Generator = 0,
    *,
    n_artists: int = 240,
    n_tracks: int = 3000,
    n_playlists: int = 400,
    missing_features: float = 0.15,
) -> SyntheticWorld:
    """Generate a world.

    Args:
        random_state: a seed, or a generator of which one number is taken; the same gives the same world to the byte.
        n_artists: number of artists, at least 1.
        n_tracks: number of tracks, at least `n_artists`.
        n_playlists: number of playlists that `playlists()` draws.
        missing_features: share of the tracks that have no audio features.

    Raises:
        ValueError: when the numbers do not make a world.
    """
    if n_artists < 1 or n_tracks < n_artists or n_playlists < 0:
        raise ValueError("A world needs at least one artist, a track for each artist, and no negative numbers.")
    if not 0.0 <= missing_features <= 1.0:
        raise ValueError("missing_features is a share of the tracks: give a number from 0 to 1.")
    if isinstance(random_state, np.random.Generator):
        random_state = int(random_state.integers(2**63))
    groups = taste_groups()
    music = draw_music(groups, n_artists, n_tracks, np.random.default_rng((random_state, 1)))
    audio_rng = np.random.default_rng((random_state, 2))
    measured = draw_features(groups, music.tracks, n_artists, audio_rng)
    has_features = audio_rng.random(n_tracks) >= missing_features
    return SyntheticWorld(
        groups=groups,
        music=music,
        features=_audio_features(music, measured, has_features),
        n_playlists=n_playlists,
        entropy=random_state,
        measured=measured,
        has_features=has_features,
    )


def _audio_features(
    music: Music, measured: Mapping[str, npt.NDArray[np.float64]], has_features: npt.NDArray[np.bool_]
) -> AudioFeatures:
    rows = np.flatnonzero(has_features)
    uris = np.array([music.tracks[row].record.uri for row in rows], dtype="S")
    order = np.argsort(uris, kind="stable")
    values = np.stack([measured[feature.name][rows] for feature in FEATURES], axis=1).astype(np.float32)
    return AudioFeatures(uris[order], values[order])
