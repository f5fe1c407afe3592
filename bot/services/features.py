"""Audio features of the community's tracks: a chain of those who may know them, and a store that remembers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta

import numpy as np
import structlog

from bot.domain.clock import Clock
from bot.domain.features import (
    FEATURES_ESTIMATED,
    FEATURES_FROM_CSV,
    FEATURES_FROM_RECCOBEATS,
    FeatureStatus,
    FillReport,
    TrackFeatures,
    preferred,
)
from bot.domain.library import TrackInfo
from bot.domain.quota import background
from bot.services.ports.features import FeatureProvider, FeatureRepository
from recommender.audio import AudioFeatures
from recommender.features import FEATURES

ASK_AGAIN_AFTER = timedelta(days=30)
"""What a source did not know it may have learnt by then."""
LEARNT_FROM = (FEATURES_FROM_CSV, FEATURES_FROM_RECCOBEATS)
"""Whose measurements a model may be trained on unless the operator says otherwise; Spotify's terms forbid theirs."""

_A_PAGE = 200
_log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]


class FeaturesService:
    """Asks the providers in the operator's order for what is missing, and keeps what they say.

    A track that one of them has measured is finished; an estimate never stands in for a measurement: the providers that
    measure are asked about it all the same.

    Args:
        stored: what is known already.
        providers: in the operator's order.
        clock: tells the time.
        learnt_from: whose measurements may be learnt from.
    """

    def __init__(
        self,
        stored: FeatureRepository,
        providers: Sequence[FeatureProvider],
        clock: Clock,
        *,
        learnt_from: Sequence[str] = LEARNT_FROM,
    ) -> None:
        self._stored = stored
        self._providers = tuple(providers)
        self._clock = clock
        self._learnt_from = tuple(learnt_from)
        self._filling = asyncio.Lock()

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that are on, in the operator's order."""
        return tuple(provider.source for provider in self._providers)

    @property
    def asks_the_network(self) -> bool:
        """Whether one of them is on the network."""
        return any(provider.uses_network for provider in self._providers)

    async def known(self, uris: Collection[str]) -> dict[str, TrackFeatures]:
        """Return what counts of each track that something is stored of, by URI; nobody is asked."""
        stored = await self._stored.known(uris)
        best = {uri: preferred(answers, self.sources) for uri, answers in stored.items()}
        return {uri: features for uri, features in best.items() if features is not None}

    async def status(self) -> FeatureStatus:
        """Return of how many tracks what is known."""
        return await self._stored.status(self._measuring)

    async def fill(self, limit: int | None = None, progress: Progress | None = None) -> FillReport:
        """Ask about every track that nobody has measured; what is learnt is stored after each page of 200.

        Args:
            limit: about how many tracks the network is asked at most; None for all. Files and estimates cost nobody
                anything, so they are asked about all.
            progress: called with the number of tracks done and of all.
        """
        return await self._run(self._providers, self.sources, _Budget(limit), progress)

    async def estimate(self, progress: Progress | None = None) -> FillReport:
        """Estimate all tracks that nobody has measured, also those that were estimated before."""
        estimators = [provider for provider in self._providers if provider.source == FEATURES_ESTIMATED]
        return await self._run(estimators, [FEATURES_ESTIMATED], _Budget(None), progress)

    async def tick(self, limit: int = 200) -> FillReport:
        """Ask those who measure about a few tracks, in the background: calls that people wait for go first.

        Nothing is done unless one of them is on the network; files are asked as well, in their turn.
        """
        network = [provider.source for provider in self._providers if provider.uses_network]
        if not network:
            return FillReport()
        measuring = [provider for provider in self._providers if provider.source != FEATURES_ESTIMATED]
        with background():
            report = await self._run(measuring, network, _Budget(limit), None, limit)
        if report.tracks:
            _log.info("audio features looked up", tracks=report.tracks, found=dict(report.found))
        return report

    async def measured(self, sources: Sequence[str] | None = None) -> AudioFeatures:
        """Return what was measured of the database's tracks, for training and for export; never an estimate.

        Args:
            sources: whose measurements, the preferred ones first; None for those that may be learnt from.
        """
        found = await self._stored.measured(self._learnt_from if sources is None else sources)
        return await asyncio.to_thread(_as_arrays, found)

    @property
    def _measuring(self) -> tuple[str, ...]:
        return tuple(source for source in self.sources if source != FEATURES_ESTIMATED)

    async def _run(
        self,
        asked: Sequence[FeatureProvider],
        asking: Collection[str],
        budget: _Budget,
        progress: Progress | None,
        most: int | None = None,
    ) -> FillReport:
        """Go through the tracks that one of the sources `asking` can be asked about, at most `most` of them."""
        found: Counter[str] = Counter()
        in_vain: Counter[str] = Counter()
        # One run at a time: two would ask about the same tracks.
        async with self._filling:
            asked_since = self._clock.now() - ASK_AGAIN_AFTER
            total = await self._stored.count_missing(self._measuring, asking, asked_since)
            total = total if most is None else min(most, total)
            done = after = 0
            while done < total and any(self._can_ask(provider, budget) for provider in asked):
                page = await self._stored.missing(
                    self._measuring, asking, asked_since, after=after, limit=min(_A_PAGE, total - done)
                )
                if not page:
                    break
                after = page[-1][0]
                answers = await self._ask(asked, [track for _, track in page], budget)
                await self._stored.store(answers)
                found.update(answer.source for answer in answers if answer.values)
                in_vain.update(answer.source for answer in answers if not answer.values)
                done += len(page)
                if progress is not None:
                    progress(done, total)
        faults = {provider.source: provider.out_of_order() for provider in asked}
        return FillReport(done, dict(found), dict(in_vain), {name: why for name, why in faults.items() if why})

    async def _ask(
        self, asked: Sequence[FeatureProvider], tracks: Sequence[TrackInfo], budget: _Budget
    ) -> list[TrackFeatures]:
        """Return what the providers say; who comes later is asked only about what is still missing."""
        stored = await self._stored.known([track.uri for track in tracks])
        still_missing = list(tracks)
        answers: list[TrackFeatures] = []
        for provider in asked:
            if not self._can_ask(provider, budget):
                continue
            askable = [t for t in still_missing if not self._asked_lately(stored.get(t.uri, ()), provider.source)]
            if provider.uses_network:
                askable = budget.take(askable)
            given = await self._answers(provider, askable)
            answers.extend(given.values())
            still_missing = [t for t in still_missing if t.uri not in given or not given[t.uri].values]
        return answers

    @staticmethod
    def _can_ask(provider: FeatureProvider, budget: _Budget) -> bool:
        return provider.out_of_order() is None and not (provider.uses_network and budget.spent)

    async def _answers(self, provider: FeatureProvider, tracks: Sequence[TrackInfo]) -> Mapping[str, TrackFeatures]:
        if not tracks:
            return {}
        try:
            given = await provider.features(tracks)
        except Exception as fault:
            # A provider is somebody else's service or file: its fault must not keep the next one from being asked.
            _log.warning("a source of audio features failed", source=provider.source, exc_info=fault)
            return {}
        wanted = {track.uri for track in tracks}
        return {uri: features for uri, features in given.items() if uri in wanted}

    def _asked_lately(self, stored: Collection[TrackFeatures], source: str) -> bool:
        since = self._clock.now() - ASK_AGAIN_AFTER
        return any(answer.source == source and not answer.values and answer.read_at > since for answer in stored)


class _Budget:
    """About how many tracks the network may still be asked."""

    def __init__(self, tracks: int | None) -> None:
        self._left = tracks

    @property
    def spent(self) -> bool:
        """Whether there is nothing left."""
        return self._left is not None and self._left <= 0

    def take(self, tracks: Sequence[TrackInfo]) -> list[TrackInfo]:
        """Return as many of the tracks as may be asked about, and count them."""
        taken = list(tracks[: self._left])
        if self._left is not None:
            self._left -= len(taken)
        return taken


def _as_arrays(found: Sequence[TrackFeatures]) -> AudioFeatures:
    uris = np.array([features.uri.encode() for features in found], dtype="S") if found else np.zeros(0, "S1")
    values = np.full((len(found), len(FEATURES)), np.nan, np.float32)
    for place, feature in enumerate(FEATURES):
        column = np.array([features.values.get(feature.name, np.nan) for features in found], np.float64)
        values[:, place] = feature.cleaned(column)
    return AudioFeatures.merged(uris, values)
