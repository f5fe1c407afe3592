"""Audio features in the database: what is kept, what gives way, and which tracks are still missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete
from storage_samples import track

from bot.domain.features import SourceCount, TrackFeatures
from bot.domain.library import TrackInfo
from bot.storage.models import TrackRow
from bot.storage.repositories.features import SqlFeatureRepository
from bot.storage.repositories.tracks import store_tracks
from bot.storage.session import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
MEASURING = ("csv", "reccobeats")


@pytest.fixture
async def tracks(database: Database) -> list[TrackInfo]:
    stored = [track(number) for number in range(6)]
    async with database.transaction() as session:
        await store_tracks(session, stored, "spotify", overwrite=True)
    return stored


@pytest.fixture
def features(database: Database, tracks: list[TrackInfo]) -> SqlFeatureRepository:
    return SqlFeatureRepository(database)


def says(number: int, source: str, *, read_at: datetime = NOW, **values: float) -> TrackFeatures:
    return TrackFeatures(track(number).uri, source, values, estimated=source == "estimate", read_at=read_at)


async def missing(features: SqlFeatureRepository, asking: tuple[str, ...] = MEASURING) -> list[int]:
    found = await features.missing(MEASURING, asking, NOW - MONTH, after=0, limit=100)
    assert len(found) == await features.count_missing(MEASURING, asking, NOW - MONTH)
    return [int(info.uri[-6:]) for _, info in found]


async def test_what_was_stored_is_known_by_source(features: SqlFeatureRepository) -> None:
    answers = [says(1, "csv", energy=0.5, key=11, tempo=120.5), says(1, "reccobeats"), says(2, "estimate", valence=0.1)]
    assert await features.store(answers) == 3
    assert await features.known([track(number).uri for number in range(6)]) == {
        track(1).uri: answers[:2],
        track(2).uri: answers[2:],
    }


async def test_a_measured_value_is_kept_for_good(features: SqlFeatureRepository) -> None:
    measured = says(1, "csv", energy=0.5)
    await features.store([measured])
    estimate = TrackFeatures(track(1).uri, "csv", {"energy": 0.9}, estimated=True, read_at=NOW + MONTH)
    await features.store([estimate])
    await features.store([says(1, "csv", read_at=NOW + MONTH)])
    await features.store([says(1, "csv", read_at=NOW + MONTH, energy=0.7)])
    assert await features.known([measured.uri]) == {measured.uri: [measured]}


async def test_an_answer_in_vain_and_an_estimate_give_way_to_what_comes_later(features: SqlFeatureRepository) -> None:
    later = [says(1, "csv", read_at=NOW + MONTH, energy=0.5), says(2, "estimate", read_at=NOW + MONTH, energy=0.2)]
    await features.store([says(1, "csv"), says(2, "estimate", energy=0.9, valence=0.4)])
    await features.store(later)
    assert await features.known([track(1).uri, track(2).uri]) == {track(1).uri: later[:1], track(2).uri: later[1:]}


async def test_a_track_that_is_gone_is_passed_over(features: SqlFeatureRepository, database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(delete(TrackRow).where(TrackRow.uri == track(1).uri))
    assert await features.store([says(1, "csv", energy=0.5), says(2, "csv", energy=0.5)]) == 1
    assert list(await features.known([track(1).uri, track(2).uri])) == [track(2).uri]
    assert await features.store([]) == 0


async def test_what_is_measured_is_not_missing_and_an_estimate_does_not_count(features: SqlFeatureRepository) -> None:
    await features.store([says(0, "csv", energy=0.5), says(1, "estimate", energy=0.5), says(2, "spotify", energy=0.5)])
    assert await missing(features) == [1, 2, 3, 4, 5]


async def test_a_track_is_asked_about_again_after_thirty_days(features: SqlFeatureRepository) -> None:
    await features.store(
        [
            says(0, "reccobeats", read_at=NOW - timedelta(days=29)),
            says(1, "reccobeats", read_at=NOW - timedelta(days=31)),
            says(2, "reccobeats"),
            says(2, "csv"),
        ]
    )
    assert await missing(features, ("reccobeats",)) == [1, 3, 4, 5]
    # Of the first the file was not asked yet.
    assert await missing(features) == [0, 1, 3, 4, 5]
    assert await missing(features, ()) == []


async def test_pages_go_on_where_the_last_one_ended(features: SqlFeatureRepository) -> None:
    first = await features.missing(MEASURING, MEASURING, NOW - MONTH, after=0, limit=4)
    rest = await features.missing(MEASURING, MEASURING, NOW - MONTH, after=first[-1][0], limit=4)
    assert [info for _, info in first + rest] == [track(number) for number in range(6)]


async def test_each_track_counts_once_as_measured_or_as_estimated(features: SqlFeatureRepository) -> None:
    await features.store(
        [
            says(0, "csv", energy=0.5),
            says(0, "reccobeats", energy=0.6),
            says(0, "estimate", energy=0.7),
            says(1, "estimate", energy=0.7),
            says(2, "reccobeats"),
            says(3, "spotify", energy=0.1),
        ]
    )
    status = await features.status(MEASURING)
    assert (status.tracks, status.measured, status.estimated, status.none) == (6, 1, 1, 4)
    assert status.sources == (
        SourceCount("csv", 1, 0, 0),
        SourceCount("estimate", 0, 2, 0),
        SourceCount("reccobeats", 1, 0, 1),
        SourceCount("spotify", 1, 0, 0),
    )


async def test_only_what_the_given_sources_have_measured_is_handed_out(features: SqlFeatureRepository) -> None:
    of_both = says(0, "reccobeats", energy=0.6)
    await features.store([of_both, says(0, "csv", energy=0.5), says(1, "estimate", energy=0.7), says(2, "reccobeats")])
    await features.store([says(3, "spotify", energy=0.1), says(4, "csv", tempo=99)])
    assert await features.measured(("reccobeats", "csv")) == [of_both, says(4, "csv", tempo=99)]
    assert await features.measured(()) == []


async def test_an_empty_database_has_an_empty_status(database: Database) -> None:
    status = await SqlFeatureRepository(database).status(MEASURING)
    assert (status.tracks, status.measured, status.estimated, status.none, status.sources) == (0, 0, 0, 0, ())
