"""What the services need to learn the audio features of tracks: their store, and those who can be asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.features import FeatureStatus, TrackFeatures
from bot.domain.library import TrackInfo


class FeatureProvider(Protocol):
    """Somebody who may know features: a file, a service on the network, or an estimator."""

    @property
    def source(self) -> str:
        """The name under which its answers are stored."""
        ...

    @property
    def uses_network(self) -> bool:
        """Whether others are asked, who have limits; what they do not know is not asked again for a while."""
        ...

    def out_of_order(self) -> str | None:
        """Return why it cannot be asked now, as a sentence, or None when it can."""
        ...

    async def features(self, tracks: Sequence[TrackInfo]) -> Mapping[str, TrackFeatures]:
        """Return what it says of tracks, by URI; this never raises for a fault of whoever is asked.

        An answer without values means that it knows nothing of the track; a track that it could not be asked about
        is left out.
        """
        ...


class FeatureRepository(Protocol):
    """Features by track and source; each method is one transaction."""

    async def missing(
        self, measuring: Collection[str], asking: Collection[str], asked_since: datetime, *, after: int, limit: int
    ) -> list[tuple[int, TrackInfo]]:
        """Return tracks, by ascending database id, that none of `measuring` has measured and that can be asked about.

        Those are left out of which each of `asking` was asked in vain after `asked_since`.
        """
        ...

    async def count_missing(self, measuring: Collection[str], asking: Collection[str], asked_since: datetime) -> int:
        """Return how many tracks `missing` would return in all."""
        ...

    async def known(self, uris: Collection[str]) -> dict[str, list[TrackFeatures]]:
        """Return all that is stored of tracks, by URI; answers in vain too."""
        ...

    async def store(self, features: Sequence[TrackFeatures]) -> int:
        """Store answers; return how many.

        Measured values are kept for good: neither an estimate nor an answer in vain replaces them. Tracks that are not
        in the database any more are passed over.
        """
        ...

    async def status(self, measuring: Collection[str]) -> FeatureStatus:
        """Count the tracks; only what one of `measuring` has measured counts as measured."""
        ...

    async def measured(self, sources: Sequence[str]) -> list[TrackFeatures]:
        """Return what these sources have measured, of each track what the first of them says, sorted by URI."""
        ...
