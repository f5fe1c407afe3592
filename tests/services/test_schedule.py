"""When digests fall due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digests import DigestSchedule
from bot.domain.errors import BadInput
from bot.services.schedule import check_zone, due_of, find_zones, next_due, period_of

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns"]
schedules = st.builds(DigestSchedule, st.just(1), st.integers(0, 6), st.integers(0, 23), st.sampled_from(ZONES))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))


def test_the_next_monday_at_nine_in_berlin() -> None:
    schedule = DigestSchedule(1, 0, 9, "Europe/Berlin")
    assert next_due(schedule, datetime(2026, 11, 20, 12, tzinfo=UTC)) == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_the_same_day_counts_until_its_hour_has_come() -> None:
    schedule = DigestSchedule(1, 4, 9, "UTC")
    assert next_due(schedule, datetime(2026, 11, 20, 8, 59, tzinfo=UTC)) == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert next_due(schedule, datetime(2026, 11, 20, 9, tzinfo=UTC)) == datetime(2026, 11, 27, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (datetime(2026, 3, 22, 12, tzinfo=UTC), datetime(2026, 3, 23, 8, tzinfo=UTC)),
        (datetime(2026, 3, 23, 12, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)),
        (datetime(2026, 10, 20, 12, tzinfo=UTC), datetime(2026, 10, 26, 8, tzinfo=UTC)),
    ],
)
def test_the_wall_clock_decides_across_summer_time(after: datetime, expected: datetime) -> None:
    assert next_due(DigestSchedule(1, 0, 9, "Europe/Berlin"), after) == expected


def test_an_hour_that_the_clocks_skip_falls_due_an_hour_later_and_once() -> None:
    schedule = DigestSchedule(1, 6, 2, "Europe/Berlin")
    due = next_due(schedule, datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert due.astimezone(ZoneInfo("Europe/Berlin")).isoformat() == "2026-03-29T03:00:00+02:00"
    assert next_due(schedule, due) == datetime(2026, 4, 5, 0, tzinfo=UTC)


def test_an_hour_that_comes_twice_falls_due_once() -> None:
    schedule = DigestSchedule(1, 6, 2, "Europe/Berlin")
    due = next_due(schedule, datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert due == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert next_due(schedule, due) == datetime(2026, 11, 1, 1, tzinfo=UTC)


@given(schedules, moments)
def test_the_next_due_moment_is_later_within_eight_days_and_on_the_named_day(
    schedule: DigestSchedule, after: datetime
) -> None:
    due = next_due(schedule, after)
    assert after < due <= after + timedelta(days=7, hours=2)
    local = due.astimezone(ZoneInfo(schedule.time_zone))
    assert local.weekday() == schedule.weekday
    assert local.hour == schedule.hour or local.utcoffset() != (local - timedelta(hours=3)).utcoffset()


@given(schedules, moments)
def test_no_period_is_left_out_and_none_comes_twice(schedule: DigestSchedule, after: datetime) -> None:
    periods = []
    for _ in range(60):
        after = next_due(schedule, after)
        periods.append(period_of(schedule, after))
        assert due_of(schedule, periods[-1]) == after
    days = [datetime.fromisoformat(period) for period in periods]
    assert all(later - earlier == timedelta(days=7) for earlier, later in pairwise(days))


def test_a_zone_is_found_whatever_its_case() -> None:
    assert check_zone(" europe/berlin ") == "Europe/Berlin"


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "x" * 500])
def test_a_zone_that_does_not_exist_is_refused_with_a_hint(name: str) -> None:
    with pytest.raises(BadInput, match="pick one from the list"):
        check_zone(name)


def test_zones_are_found_by_city_first() -> None:
    assert find_zones("new y")[0] == "America/New_York"
    assert len(find_zones("a", 25)) == 25
