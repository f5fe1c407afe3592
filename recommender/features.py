"""The eleven audio features and their ranges.

Source: Spotify Web API reference, "Get Track's Audio Features"
(https://developer.spotify.com/documentation/web-api/reference/get-audio-features).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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
