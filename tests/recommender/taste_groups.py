"""Small corpora with taste groups: playlists mostly draw from one group of tracks, which also sound alike."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from recommender import AudioFeatures, Playlist, PlaylistCorpus, Track
from recommender.features import FEATURE_NAMES

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
GROUP_TITLES = (
    ("rainy day", "Rainy Days 🌧️"),
    ("workout 💪", "Work-out!"),
    ("Été", "ete 2016"),
    ("old soul", "OLD SOUL"),
)


def make_track(number: int, groups: int = 4) -> Track:
    """Return track `number`: its group is number % groups, four tracks in a row of a group share artist and album."""
    artist = f"Artist {number % groups}-{number // (4 * groups)}"
    return Track(f"spotify:track:{number:022d}", f"Song {number}", artist, album_name=f"Album of {artist}")


def make_playlists(seed: int = 0, n_playlists: int = 80, n_tracks: int = 240, longest: int = 30) -> list[Playlist]:
    """Return playlists that draw nine tenths of their tracks from one group, popular ones more often."""
    rng = np.random.default_rng(seed)
    groups = len(GROUP_TITLES)
    playlists = []
    for pid in range(n_playlists):
        group = pid % groups
        size = int(rng.integers(3, longest + 1))
        ranks = (n_tracks // groups * rng.random(size) ** 2).astype(int)
        of_group = ranks * groups + group
        numbers = np.where(rng.random(size) < 0.9, of_group, rng.integers(0, n_tracks, size))
        titles = GROUP_TITLES[group]
        title = None if pid % 10 == 9 else titles[int(rng.integers(len(titles)))]
        playlists.append(Playlist(pid, tuple(make_track(int(number)) for number in numbers), title))
    return playlists


def make_corpus(seed: int = 0, n_playlists: int = 80, n_tracks: int = 240, longest: int = 30) -> PlaylistCorpus:
    """Return the playlists of `make_playlists` as a corpus."""
    return PlaylistCorpus.from_playlists(make_playlists(seed, n_playlists, n_tracks, longest))


def make_features(corpus: PlaylistCorpus, seed: int = 0, known: float = 0.5) -> AudioFeatures:
    """Return features of about this share of the tracks, alike within a group, with single values missing."""
    rng = np.random.default_rng(seed)
    uris = corpus.catalogue.uris
    groups = np.array([int(uri.rsplit(b":", 1)[1]) for uri in uris.tolist()]) % len(GROUP_TITLES)
    values = rng.normal(0.2 + 0.2 * groups[:, None], 0.05, (len(uris), len(FEATURE_NAMES))).clip(0, 1)
    values[:, FEATURE_NAMES.index("key")] = rng.integers(0, 12, len(uris))
    values[:, FEATURE_NAMES.index("mode")] = rng.integers(0, 2, len(uris))
    values[:, FEATURE_NAMES.index("loudness")] = -20 + 3 * groups
    values[:, FEATURE_NAMES.index("tempo")] = 80 + 20 * groups
    values[rng.random(values.shape) < 0.05] = np.nan
    chosen = rng.random(len(uris)) < known
    return AudioFeatures(uris[chosen], values[chosen].astype(np.float32))


def group_of(track: Track) -> int:
    """Return the taste group of a track of `make_track`."""
    return int(track.uri.rsplit(":", 1)[1]) % len(GROUP_TITLES)
