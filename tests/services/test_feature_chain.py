"""The chain of providers of audio features, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.domain.clock import Clock
from bot.domain.features import TrackFeatures
from bot.domain.library import TrackInfo
from bot.domain.quota import in_background
from bot.services.features import FeaturesService
from bot.storage.repositories.features import SqlFeatureRepository
from bot.storage.repositories.tracks import store_tracks
from bot.storage.session import Database
from recommender.features import FEATURE_NAMES

if TYPE_CHECKING:
    from tests.conftest import FakeClock


def uri(number: int) -> str:
    return f"spotify:track:{number:022}"


@dataclass
class FakeProvider:
    """Knows the energy of some tracks; says what it was asked about."""

    source: str
    clock: Clock
    energy: dict[int, float] = field(default_factory=dict)
    uses_network: bool = False
    asked: list[int] = field(default_factory=list)
    fault: Exception | None = None
    reason: str | None = None
    breaks_after: int | None = None
    seen_background: bool = False

    def out_of_order(self) -> str | None:
        return self.reason

    async def features(self, tracks: Sequence[TrackInfo]) -> Mapping[str, TrackFeatures]:
        numbers = [int(track.uri[-22:]) for track in tracks]
        self.asked += numbers
        self.seen_background = in_background()
        if self.fault is not None:
            raise self.fault
        if self.breaks_after is not None and len(self.asked) > self.breaks_after:
            self.reason = "It is tired."
            return {}
        return {
            uri(number): TrackFeatures(
                uri(number),
                self.source,
                {"energy": self.energy[number]} if number in self.energy else {},
                estimated=self.source == "estimate",
                read_at=self.clock.now(),
            )
            for number in numbers
            if number in self.energy or self.uses_network
        }


Chain = Callable[..., FeaturesService]


@pytest.fixture
async def stored(sqlite_url: str) -> AsyncIterator[SqlFeatureRepository]:
    database = Database(sqlite_url)
    async with database.transaction() as session:
        await store_tracks(session, [TrackInfo(uri(n), f"Song {n}") for n in range(450)], "spotify", overwrite=True)
    yield SqlFeatureRepository(database)
    await database.dispose()


@pytest.fixture
def chain(stored: SqlFeatureRepository, clock: FakeClock) -> Chain:
    return lambda *providers, **options: FeaturesService(stored, providers, clock, **options)


async def test_who_comes_later_is_asked_only_about_what_is_missing(chain: Chain, clock: FakeClock) -> None:
    csv = FakeProvider("csv", clock, {n: 0.1 for n in range(100)})
    reccobeats = FakeProvider("reccobeats", clock, {n: 0.2 for n in range(50, 300)}, uses_network=True)
    estimate = FakeProvider("estimate", clock, {n: 0.3 for n in range(400)})
    service = chain(csv, reccobeats, estimate)
    seen: list[tuple[int, int]] = []
    report = await service.fill(progress=lambda done, total: seen.append((done, total)))
    assert report.found == {"csv": 100, "reccobeats": 200, "estimate": 100}
    assert report.in_vain == {"reccobeats": 150}
    assert sorted(reccobeats.asked) == list(range(100, 450))
    assert sorted(estimate.asked) == list(range(300, 450))
    assert seen == [(200, 450), (400, 450), (450, 450)]
    status = await service.status()
    assert (status.measured, status.estimated, status.none) == (300, 100, 50)


async def test_what_is_measured_is_never_asked_for_again_and_misses_after_thirty_days(
    chain: Chain, clock: FakeClock
) -> None:
    reccobeats = FakeProvider("reccobeats", clock, {0: 0.2}, uses_network=True)
    service = chain(reccobeats)
    await service.fill()
    reccobeats.asked = []
    assert (await service.fill()).tracks == 0
    clock.advance(days=29)
    assert (await service.fill()).tracks == 0
    clock.advance(days=2)
    reccobeats.energy[7] = 0.4
    assert (await service.fill()).found == {"reccobeats": 1}
    assert sorted(reccobeats.asked) == list(range(1, 450))


async def test_an_estimate_neither_replaces_nor_holds_up_a_measurement(chain: Chain, clock: FakeClock) -> None:
    reccobeats = FakeProvider("reccobeats", clock, {1: 0.2}, uses_network=True, reason="Left alone.")
    estimate = FakeProvider("estimate", clock, {1: 0.9, 2: 0.9})
    # Even if the operator names estimates first.
    service = chain(estimate, reccobeats)
    await service.fill()
    assert (await service.known([uri(1)]))[uri(1)].estimated
    reccobeats.reason = None
    await service.tick()
    known = await service.known([uri(1), uri(2), uri(3)])
    assert {u: (f.values["energy"], f.estimated) for u, f in known.items()} == {
        uri(1): (0.2, False),
        uri(2): (0.9, True),
    }
    estimate.asked = []
    await service.estimate()
    assert 1 not in estimate.asked
    assert (await service.known([uri(1)]))[uri(1)].values == {"energy": 0.2}


async def test_measured_values_are_preferred_in_the_order_of_the_chain(
    chain: Chain, stored: SqlFeatureRepository, clock: FakeClock
) -> None:
    for source, energy in (("csv", 0.1), ("reccobeats", 0.2), ("spotify", 0.3)):
        await stored.store([TrackFeatures(uri(0), source, {"energy": energy}, False, clock.now())])
    csv, reccobeats = FakeProvider("csv", clock), FakeProvider("reccobeats", clock)
    assert (await chain(csv, reccobeats).known([uri(0)]))[uri(0)].source == "csv"
    assert (await chain(reccobeats, csv).known([uri(0)]))[uri(0)].source == "reccobeats"
    assert await chain().known([uri(0)]) == {}


async def test_a_provider_that_fails_does_not_keep_the_next_one_from_being_asked(
    chain: Chain, clock: FakeClock
) -> None:
    broken = FakeProvider("csv", clock, fault=ValueError("oops"))
    reccobeats = FakeProvider("reccobeats", clock, {3: 0.2}, uses_network=True)
    assert (await chain(broken, reccobeats).fill()).found == {"reccobeats": 1}


async def test_a_provider_that_breaks_off_is_named_and_its_tracks_stay_open(chain: Chain, clock: FakeClock) -> None:
    reccobeats = FakeProvider("reccobeats", clock, {n: 0.2 for n in range(450)}, uses_network=True, breaks_after=200)
    service = chain(reccobeats)
    report = await service.fill()
    assert report.found == {"reccobeats": 200}
    assert report.out_of_order == {"reccobeats": "It is tired."}
    reccobeats.reason = reccobeats.breaks_after = None
    assert (await service.fill()).found == {"reccobeats": 250}


async def test_a_limit_spares_the_network_and_the_next_run_goes_on(chain: Chain, clock: FakeClock) -> None:
    csv = FakeProvider("csv", clock, {n: 0.1 for n in range(400, 450)})
    reccobeats = FakeProvider("reccobeats", clock, {}, uses_network=True)
    service = chain(csv, reccobeats)
    report = await service.fill(30)
    assert (report.found, report.in_vain) == ({"csv": 50}, {"reccobeats": 30})
    await service.fill(30)
    assert sorted(reccobeats.asked) == list(range(60))


async def test_a_tick_asks_the_network_about_a_few_tracks_in_the_background(chain: Chain, clock: FakeClock) -> None:
    csv = FakeProvider("csv", clock, {5: 0.1})
    reccobeats = FakeProvider("reccobeats", clock, {}, uses_network=True)
    estimate = FakeProvider("estimate", clock, {n: 0.5 for n in range(450)})
    service = chain(csv, reccobeats, estimate)
    for _ in range(2):
        await service.tick()
    assert sorted(reccobeats.asked) == [n for n in range(400) if n != 5]
    assert reccobeats.seen_background
    assert estimate.asked == []


async def test_without_a_network_provider_a_tick_does_nothing(chain: Chain, clock: FakeClock) -> None:
    csv = FakeProvider("csv", clock, {5: 0.1})
    assert (await chain(csv).tick()).tracks == 0
    assert (await chain().tick()).tracks == 0
    assert csv.asked == []


async def test_with_all_sources_off_nothing_is_asked_and_nothing_breaks(chain: Chain) -> None:
    service = chain()
    assert (await service.fill()).tracks == 0
    assert (await service.status()).none == 450
    assert len(await service.measured()) == 0


async def test_spotifys_measurements_are_left_out_of_learning_unless_they_are_allowed(
    chain: Chain, stored: SqlFeatureRepository, clock: FakeClock
) -> None:
    for number, source in enumerate(("csv", "spotify", "estimate", "reccobeats")):
        answer = TrackFeatures(uri(number), source, {"energy": 0.5, "tempo": 120.0}, source == "estimate", clock.now())
        await stored.store([answer])
    features = await chain().measured()
    assert features.uris.tolist() == [uri(0).encode(), uri(3).encode()]
    assert features.values[0, FEATURE_NAMES.index("tempo")] == 120
    assert np.isnan(features.values[0, FEATURE_NAMES.index("key")])
    assert uri(1).encode() in (await chain(learnt_from=("spotify",)).measured()).uris
    assert (await chain().measured(["spotify"])).uris.tolist() == [uri(1).encode()]
