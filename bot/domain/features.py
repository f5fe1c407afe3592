"""Audio features of tracks, with who told us of them and whether they were measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

FEATURES_FROM_CSV = "csv"
FEATURES_FROM_RECCOBEATS = "reccobeats"
FEATURES_FROM_SPOTIFY = "spotify"
FEATURES_ESTIMATED = "estimate"
FEATURE_SOURCES: Final = (FEATURES_FROM_CSV, FEATURES_FROM_RECCOBEATS, FEATURES_FROM_SPOTIFY, FEATURES_ESTIMATED)
MEASURING_SOURCES: Final = (FEATURES_FROM_CSV, FEATURES_FROM_RECCOBEATS, FEATURES_FROM_SPOTIFY)


@dataclass(frozen=True, slots=True)
class TrackFeatures:
    """What a source says of a track: values by feature name, in the units of Spotify's API; missing ones are left out.

    With no values at all it says that the source was asked and knows nothing of the track.
    """

    uri: str
    source: str
    values: Mapping[str, float]
    estimated: bool
    read_at: datetime

    @property
    def measured(self) -> bool:
        """Whether there are values, and they are no estimate."""
        return bool(self.values) and not self.estimated


@dataclass(frozen=True, slots=True)
class SourceCount:
    """Of how many tracks of the database a source has told us, and of how many it knew nothing."""

    source: str
    measured: int
    estimated: int
    in_vain: int


@dataclass(frozen=True, slots=True)
class FeatureStatus:
    """How the tracks of the database stand: each track counts once in `measured`, `estimated` or neither."""

    tracks: int
    measured: int
    estimated: int
    sources: tuple[SourceCount, ...]

    @property
    def none(self) -> int:
        """How many tracks have no features at all."""
        return self.tracks - self.measured - self.estimated


@dataclass(frozen=True, slots=True)
class FillReport:
    """What a run through the chain gave.

    `found` and `in_vain` count tracks by source; `out_of_order` says for each source that could not be asked why not.
    """

    tracks: int = 0
    found: Mapping[str, int] = field(default_factory=dict)
    in_vain: Mapping[str, int] = field(default_factory=dict)
    out_of_order: Mapping[str, str] = field(default_factory=dict)


def preferred(known: Collection[TrackFeatures], order: Sequence[str]) -> TrackFeatures | None:
    """Return what counts among all that is known of one track: anything measured, by the order; else an estimate.

    Sources that are not in the order do not count.
    """
    usable = [features for features in known if features.values and features.source in order]
    return min(usable, key=lambda features: (features.estimated, order.index(features.source)), default=None)
