"""What is left of each Spotify app's quota, known to every process."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, Row, case, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.quota import LONGEST_COOLDOWN, Cooldown, LimitReason, QuotaRecord
from bot.storage.models import SpotifyQuotaRow
from bot.storage.session import Database
from bot.storage.upsert import insert_into, table_of

_REASONS = frozenset(LimitReason)


class SqlQuotaRepository:
    """Quotas in the database; it fits `bot.domain.quota.QuotaStore`.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, client_id: str) -> QuotaRecord | None:
        """Return what is stored of a client id; this never waits for a writer."""
        table = table_of(SpotifyQuotaRow)
        async with self._database.reading() as session:
            row = (await session.execute(select(table).where(table.c.client_id == client_id))).one_or_none()
        return None if row is None else _record(row)

    async def record(self, client_id: str, day: date, calls: int, cooldown: Cooldown | None = None) -> QuotaRecord:
        """Add calls to a UTC day's count, keep the later one of two cooldowns, and return what stands then.

        One conditional upsert decides, so nothing is lost between processes. The first calls of another day begin a new
        count, also of an earlier day (the clock was set right); only those of the day before the stored one, which
        another process reports after midnight, are left out.
        """
        async with self._database.transaction() as session:
            statement = insert_into(session, SpotifyQuotaRow).values(
                client_id=client_id,
                day=day,
                calls=calls,
                cooldown_until=cooldown.until if cooldown else None,
                cooldown_reason=cooldown.reason.value if cooldown else None,
            )
            changes = _count(statement, day) | _later(statement, cooldown)
            upsert = statement.on_conflict_do_update(index_elements=["client_id"], set_=changes)
            return _record((await session.execute(upsert.returning(*table_of(SpotifyQuotaRow).c))).one())


def _count(statement: sqlite.Insert | postgresql.Insert, day: date) -> dict[str, ColumnElement[object]]:
    stored, new = table_of(SpotifyQuotaRow).c, statement.excluded
    late = stored.day == day + timedelta(days=1)
    return {
        "day": case((late, stored.day), else_=new.day),
        "calls": case((stored.day == new.day, stored.calls + new.calls), (late, stored.calls), else_=new.calls),
    }


def _later(statement: sqlite.Insert | postgresql.Insert, cooldown: Cooldown | None) -> dict[str, ColumnElement[object]]:
    if cooldown is None:
        return {}
    stored, new = table_of(SpotifyQuotaRow).c, statement.excluded
    replaced = or_(
        stored.cooldown_until.is_(None),
        stored.cooldown_until < new.cooldown_until,
        stored.cooldown_until > cooldown.until + LONGEST_COOLDOWN,
    )
    names = "cooldown_until", "cooldown_reason"
    return {name: case((replaced, new[name]), else_=stored[name]) for name in names}


def _record(row: Row[tuple[object, ...]]) -> QuotaRecord:
    cooldown = None
    if row.cooldown_until is not None:
        # A version to come may know more reasons than this one.
        known = row.cooldown_reason in _REASONS
        cooldown = Cooldown(row.cooldown_until, LimitReason(row.cooldown_reason) if known else LimitReason.TOO_FAST)
    return QuotaRecord(row.day, row.calls, cooldown)
