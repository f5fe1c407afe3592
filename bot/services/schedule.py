"""When a weekly schedule falls due, on the wall clock of its time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.domain.digests import DigestSchedule
from bot.domain.errors import BadInput


def next_due(schedule: DigestSchedule, after: datetime) -> datetime:
    """Return the first moment after `after` (aware) that the schedule names, in UTC.

    An hour that the change to summer time skips falls due as much later as the clocks move; an hour that comes twice
    in autumn falls due the first time only (PEP 495, fold=0).
    """
    zone = ZoneInfo(schedule.time_zone)
    local = after.astimezone(zone)
    day = local.date() + timedelta(days=(schedule.weekday - local.weekday()) % 7)
    due = _on_wall_clock(datetime.combine(day, time(schedule.hour)), zone)
    if due <= after:
        due = _on_wall_clock(datetime.combine(day + timedelta(days=7), time(schedule.hour)), zone)
    return due


def period_of(schedule: DigestSchedule, due: datetime) -> str:
    """Return the period's name: the local date on which it falls due.

    >>> period_of(DigestSchedule(1, 0, 9, "Pacific/Auckland"), datetime(2026, 11, 22, 20, tzinfo=UTC))
    '2026-11-23'
    """
    return due.astimezone(ZoneInfo(schedule.time_zone)).date().isoformat()


def due_of(schedule: DigestSchedule, period: str) -> datetime:
    """Return when the named period falls due by the schedule, in UTC."""
    day = date.fromisoformat(period)
    return _on_wall_clock(datetime.combine(day, time(schedule.hour)), ZoneInfo(schedule.time_zone))


def check_zone(name: str) -> str:
    """Return the IANA name as the time zone database spells it.

    Raises:
        BadInput: there is no such zone.
    """
    spelling = _zones().get(name.strip().casefold())
    if spelling is None:
        raise BadInput(
            f"I do not know the time zone “{name.strip()[:60]}”: pick one from the list, like Europe/Berlin."
        )
    return spelling


def find_zones(text: str, limit: int = 25) -> list[str]:
    """Return zones whose name contains the text (spaces stand for underscores), those that begin with it first."""
    wanted = text.strip().casefold().replace(" ", "_")
    hits = [name for folded, name in _zones().items() if wanted in folded]

    def place(name: str) -> tuple[bool, bool, str]:
        city = name.rsplit("/", 1)[-1].casefold()
        return (not city.startswith(wanted), not name.casefold().startswith(wanted), name)

    return sorted(hits, key=place)[:limit]


def _on_wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=zone).astimezone(UTC)


@cache
def _zones() -> dict[str, str]:
    left_out = ("Etc/GMT", "SystemV/", "posix", "right/")
    return {name.casefold(): name for name in sorted(available_timezones()) if not name.startswith(left_out)}
