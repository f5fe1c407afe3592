"""The chain of providers as the operator's settings name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.domain.clock import Clock
from bot.domain.features import (
    FEATURES_ESTIMATED,
    FEATURES_FROM_CSV,
    FEATURES_FROM_RECCOBEATS,
    FEATURES_FROM_SPOTIFY,
)
from bot.features.files import CsvFeatures, EstimatedFeatures
from bot.features.reccobeats import ReccoBeats
from bot.features.spotify_api import AppFeatures, SpotifyFeatures

Provider = CsvFeatures | EstimatedFeatures | ReccoBeats | SpotifyFeatures


@dataclass(frozen=True, slots=True)
class FeatureChain:
    """The providers that are on, in their order."""

    providers: tuple[Provider, ...]

    async def close(self) -> None:
        """Close what is open."""
        for provider in self.providers:
            if isinstance(provider, ReccoBeats):
                await provider.close()


def feature_chain(
    sources: Sequence[str], clock: Clock, *, corpus_dir: Path, reccobeats_url: str, spotify: AppFeatures
) -> FeatureChain:
    """Return the providers of these sources, in their order; nothing is opened or read yet."""
    makers: dict[str, Callable[[], Provider]] = {
        FEATURES_FROM_CSV: lambda: CsvFeatures(corpus_dir, clock),
        FEATURES_FROM_RECCOBEATS: lambda: ReccoBeats(clock, url=reccobeats_url),
        FEATURES_FROM_SPOTIFY: lambda: SpotifyFeatures(spotify, clock),
        FEATURES_ESTIMATED: lambda: EstimatedFeatures(corpus_dir, clock),
    }
    return FeatureChain(tuple(makers[source]() for source in sources))
