"""Audio features that agree with the taste group of a track."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.synthetic.records import SyntheticTrack
from recommender.synthetic.taste import AudioProfile, TasteGroup

_SHARES = ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence")
_ARTIST_CONCENTRATION = 14.0
_TRACK_CONCENTRATION = 30.0
_SCENE_SHIFT = 0.06


def draw_features(
    groups: Sequence[TasteGroup], tracks: Sequence[SyntheticTrack], n_artists: int, rng: np.random.Generator
) -> dict[str, npt.NDArray[np.float64]]:
    """Draw the eleven audio features of each track.

    The features between 0 and 1 are beta distributed around their artist's mean, which is beta distributed around the
    group's; a scene leans a little to one side. The same recording on two releases has the same features.

    Returns:
        Feature name -> values, shape (n_tracks,), in Spotify's units (bpm, dB, pitch class, 0 or 1).
    """
    order = {group.key: index for index, group in enumerate(groups)}
    group_of = np.array([order[track.group] for track in tracks])
    artist_of = np.array([track.artist for track in tracks])
    scene_of = np.array([track.scene for track in tracks])
    artist_group = np.zeros(n_artists, dtype=np.int64)
    artist_group[artist_of] = group_of
    artist_scene = np.zeros(n_artists, dtype=np.int64)
    artist_scene[artist_of] = scene_of
    profiles = [group.audio for group in groups]
    features = {}
    for position, name in enumerate(_SHARES):
        lean = _SCENE_SHIFT * (((artist_scene + position) % 3) - 1)
        means = np.clip(_column(profiles, name)[artist_group] + lean, 0.01, 0.98)
        artist_means = np.clip(_beta(means, _ARTIST_CONCENTRATION, rng), 0.005, 0.99)
        features[name] = _beta(artist_means[artist_of], _TRACK_CONCENTRATION, rng)
    features["loudness"] = np.clip(rng.normal(_column(profiles, "loudness")[group_of], 2.2), -45.0, 1.0)
    tempo = rng.normal(_column(profiles, "tempo")[group_of], _column(profiles, "tempo_spread")[group_of])
    features["tempo"] = np.clip(tempo, 45.0, 220.0)
    features["key"] = rng.integers(0, 12, len(tracks)).astype(np.float64)
    features["mode"] = (rng.random(len(tracks)) < _column(profiles, "major")[group_of]).astype(np.float64)
    first = _first_of_each_recording(tracks)
    return {name: values[first] for name, values in features.items()}


def _column(profiles: Sequence[AudioProfile], name: str) -> npt.NDArray[np.float64]:
    return np.array([getattr(profile, name) for profile in profiles], dtype=np.float64)


def _beta(mean: npt.NDArray[np.float64], concentration: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return rng.beta(mean * concentration, (1.0 - mean) * concentration)


def _first_of_each_recording(tracks: Sequence[SyntheticTrack]) -> npt.NDArray[np.int64]:
    first: dict[str, int] = {}
    return np.array([first.setdefault(track.isrc, position) for position, track in enumerate(tracks)])
