"""The eleven audio features, their ranges, and the scale on which tracks are compared.

Source: Spotify Web API reference, "Get Track's Audio Features"
(https://developer.spotify.com/documentation/web-api/reference/get-audio-features).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin


@dataclass(frozen=True, slots=True)
class Feature:
    """One audio feature.

    Attributes:
        name: its name in Spotify's API and in CSV files.
        low: the least value that is taken for real.
        high: the greatest value that is taken for real.
        unit: what it is measured in; empty for a share between 0 and 1.
        whole: whether only whole numbers mean something.
        unknown: the value by which Spotify says that it found none; taken as missing.
    """

    name: str
    low: float
    high: float
    unit: str = ""
    whole: bool = False
    unknown: float | None = None

    def cleaned(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Return the values with NaN for those that are out of range, or not whole where they must be."""
        right = (values >= self.low) & (values <= self.high)
        if self.whole:
            right &= values == np.floor(values)
        if self.unknown is not None:
            right &= values != self.unknown
        return np.where(right, values, np.nan)


FEATURES = (
    Feature("danceability", 0.0, 1.0),
    Feature("energy", 0.0, 1.0),
    Feature("key", 0.0, 11.0, "pitch class, 0 is C", whole=True, unknown=-1.0),
    # Spotify names -60 to 0 dB as typical; loud masters exceed 0 (3.9 was seen among 133,000 tracks).
    Feature("loudness", -60.0, 10.0, "dB"),
    Feature("mode", 0.0, 1.0, "0 is minor, 1 is major", whole=True),
    Feature("speechiness", 0.0, 1.0),
    Feature("acousticness", 0.0, 1.0),
    Feature("instrumentalness", 0.0, 1.0),
    Feature("liveness", 0.0, 1.0),
    Feature("valence", 0.0, 1.0),
    Feature("tempo", 20.0, 300.0, "beats a minute", unknown=0.0),
)
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)

_SKEWED = ("speechiness", "acousticness", "instrumentalness", "liveness")
_PLAIN = tuple(name for name in FEATURE_NAMES if name not in ("key", "mode"))


class FeatureScaler(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Puts the features on one scale, on which a distance of 1 means about as much in every column.

    Every column but mode and key is standardised to mean 0 and variance 1 over the known values, so that 0 is the mean
    and `numpy.nan_to_num` fills what is missing with it. Before that


    - speechiness, acousticness, instrumentalness and liveness, which crowd near 0, get their square root (on 133,000
      tracks it brings their skewness from 3.0, 0.8, 2.0, 2.3 to 1.8, 0.2, 1.7, 1.4);
    - tempo gets its logarithm: 60 and 70 beats differ by as much as 120 and 140. Half and double tempo, which Spotify's
      estimate confuses, stay apart: folding them together would also make slow and fast songs equal;
    - loudness is cut at -30 dB, below which tracks are all but silent and single outliers would rule the variance.

    Key becomes a place on the circle of fifths (two columns), where keys that share most notes are neighbours and a
    minor key stands with its relative major; mode keeps a column of its own. They say little about taste but a lot
    about what mixes well: they weigh `tonal_weight`, where the others weigh 1. Without a key both its columns are
    missing; without a mode the key counts as major.

    Args:
        tonal_weight: the weight of key and mode.

    Attributes:
        mean_: shape (9,): the means of the standardised columns.
        scale_: shape (9,): their standard deviations; 1 where a column is constant or was never known.
    """

    def __init__(self, tonal_weight: float = 0.3) -> None:
        self.tonal_weight = tonal_weight

    def fit(self, values: npt.NDArray[np.float32], y: object = None) -> Self:
        """Learn means and deviations.

        Args:
            values: shape (n, 11), in the order of FEATURES, NaN where missing.
            y: not used; scikit-learn hands it in.
        """
        plain = _straightened(values)
        known = ~np.isnan(plain)
        counts = np.maximum(known.sum(axis=0), 1)
        self.mean_ = np.where(known, plain, 0.0).sum(axis=0) / counts
        deviation = np.sqrt((np.where(known, plain - self.mean_, 0.0) ** 2).sum(axis=0) / counts)
        self.scale_ = np.where(deviation > 1e-9, deviation, 1.0)
        return self

    def transform(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the scaled columns, float32 of shape (n, 12), in the order of `get_feature_names_out`, NaN kept."""
        plain = (_straightened(values) - self.mean_) / self.scale_
        key, mode = (values[:, FEATURE_NAMES.index(name)].astype(np.float64) for name in ("key", "mode"))
        # A minor key has the notes of the major key three semitones above it.
        angle = 2 * np.pi * ((7 * (key + np.where(mode == 0, 3, 0))) % 12) / 12
        tonal = np.stack([2 * mode - 1, np.cos(angle), np.sin(angle)], axis=1) * self.tonal_weight
        return np.concatenate([plain, tonal], axis=1).astype(np.float32)

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the scaled columns."""
        return np.array([*_PLAIN, "mode", "key_x", "key_y"], dtype=object)


def _straightened(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    columns = {name: values[:, FEATURE_NAMES.index(name)].astype(np.float64) for name in _PLAIN}
    for name in _SKEWED:
        columns[name] = np.sqrt(columns[name])
    columns["tempo"] = np.log2(columns["tempo"])
    columns["loudness"] = np.maximum(columns["loudness"], -30.0)
    return np.stack([columns[name] for name in _PLAIN], axis=1)
