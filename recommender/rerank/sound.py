"""How alike tracks sound: audio features on one scale, and tempo as it is felt."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.features import FEATURE_NAMES

Floats = npt.NDArray[np.float64]

# Mean and spread among 133,000 released tracks: alike must mean the same in every answer, however even that one is.
_TYPICAL = {
    "danceability": (0.59, 0.18),
    "energy": (0.61, 0.24),
    "loudness": (-8.8, 5.1),
    "speechiness": (0.09, 0.09),
    "acousticness": (0.30, 0.32),
    "instrumentalness": (0.13, 0.28),
    "liveness": (0.19, 0.16),
    "valence": (0.50, 0.25),
}
_PLACES = [FEATURE_NAMES.index(name) for name in _TYPICAL]
_MEANS, _SPREADS = np.array(list(_TYPICAL.values())).T
_ENERGY = FEATURE_NAMES.index("energy")
_TEMPO = FEATURE_NAMES.index("tempo")
_LEAST_KNOWN = 4


def sound_columns(features: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return tracks as points whose distance says how differently they sound, and which of them are known at all.

    Eight features in units of their spread among released tracks, a missing one taken as typical, and the tempo as a
    point on a circle of one octave, see `tempo_octaves`. A track with fewer than four features is not known.

    Args:
        features: shape (n, 11), in the units of FEATURES, NaN where a value is missing.

    Returns:
        Float64, shape (n, 10), and bool, shape (n,). Two tracks drawn at random are some 2 * 9 apart, squared.
    """
    scaled = (features[:, _PLACES] - _MEANS) / _SPREADS
    # One wild value must not make a track unlike all others.
    scaled = np.clip(scaled, -4, 4)
    angles = tempo_octaves(features[:, _TEMPO])[:, None] * (2 * np.pi)
    columns = np.column_stack([scaled, np.cos(angles), np.sin(angles)])
    known = np.isfinite(columns[:, :-1]).sum(axis=1) >= _LEAST_KNOWN
    return np.nan_to_num(columns), known


def tempo_octaves(tempo: npt.NDArray[np.floating[Any]]) -> Floats:
    """Return where tempos stand in their octave, 0 to 1: 70 and 140 beats a minute are the same place; NaN if unknown.

    Listeners tap one song at half or double the tempo of another's taps, and so do estimators.

    >>> np.round(tempo_octaves(np.array([70.0, 140.0, 99.0, 0.0])), 2).tolist()
    [0.13, 0.13, 0.63, nan]
    """
    usable = np.where(np.isfinite(tempo) & (tempo > 0), tempo, np.nan)
    octaves: Floats = np.log2(usable) % 1.0
    return octaves


def jumps(features: Floats) -> tuple[Floats, Floats]:
    """Return how far energy and tempo are apart for each pair of tracks, each of shape (n, n), NaN where unknown.

    Energy in its own unit (0 to 1), tempo in octaves on the circle (0 to 0.5). Two tracks drawn at random are about a
    quarter apart in either, so the two can be added as they are.
    """
    energy = features[:, _ENERGY]
    octaves = tempo_octaves(features[:, _TEMPO])
    apart = np.abs(octaves[:, None] - octaves)
    return np.abs(energy[:, None] - energy), np.minimum(apart, 1 - apart)


def energies(features: Floats) -> Floats:
    """Return the energy of each track, shape (n,), NaN where it is not known."""
    column: Floats = features[:, _ENERGY]
    return column
