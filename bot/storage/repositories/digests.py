"""Servers' weekly digests and their runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.digests import Digest, DigestRun, DigestSchedule, RunStatus
from bot.storage.models import DigestRow, DigestRunRow
from bot.storage.repositories.owners import ensure_guild, ensure_member
from bot.storage.session import Database
from bot.storage.upsert import affected, insert_into, table_of

_UNFINISHED = (RunStatus.CLAIMED.value, RunStatus.POSTING.value)
_OPEN_AGAIN = (RunStatus.FAILED.value, RunStatus.SKIPPED.value)
_FINISHED = (RunStatus.POSTED, RunStatus.SKIPPED, RunStatus.FAILED)


class SqlDigestRepository:
    """Digests in the database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, guild_id: int, schedule: DigestSchedule, next_due_at: datetime, created_by: int) -> Digest:
        """Set or change a server's digest and switch it on; the guild and member rows are made when missing."""
        values = {
            "channel_id": schedule.channel_id,
            "weekday": schedule.weekday,
            "hour": schedule.hour,
            "time_zone": schedule.time_zone,
            "enabled": True,
            "next_due_at": next_due_at,
            "stopped_because": None,
            "created_by": created_by,
        }
        async with self._database.transaction() as session:
            await ensure_guild(session, guild_id)
            await ensure_member(session, created_by)
            statement = insert_into(session, DigestRow).values(guild_id=guild_id, **values)
            await session.execute(statement.on_conflict_do_update(index_elements=["guild_id"], set_=values))
            return _digest((await session.scalars(_of_guild(guild_id))).one())

    async def get(self, guild_id: int) -> Digest | None:
        """Return a server's digest."""
        async with self._database.reading() as session:
            row = await session.scalar(_of_guild(guild_id))
        return None if row is None else _digest(row)

    async def switch_off(self, guild_id: int, because: str | None, *, channel_id: int | None = None) -> bool:
        """Switch a digest off (if it is still for that channel, where one is given); say whether one was on."""
        on = [DigestRow.guild_id == guild_id, DigestRow.enabled.is_(True)]
        if channel_id is not None:
            on.append(DigestRow.channel_id == channel_id)
        async with self._database.transaction() as session:
            off = update(DigestRow).where(*on).values(enabled=False, stopped_because=because)
            return await affected(session, off) == 1

    async def due(self, now: datetime, limit: int) -> list[Digest]:
        """Return digests that are on and due, the longest due first."""
        statement = (
            select(DigestRow)
            .where(DigestRow.enabled.is_(True), DigestRow.next_due_at <= now)
            .order_by(DigestRow.next_due_at, DigestRow.id)
            .limit(limit)
        )
        async with self._database.reading() as session:
            return [_digest(row) for row in await session.scalars(statement)]

    async def claim(
        self, digest: Digest, period: str, next_due_at: datetime, worker: str, now: datetime
    ) -> DigestRun | None:
        """Claim a period: one conditional update moves `next_due_at` on and one row, unique by period, is inserted.

        A period that FAILED or was SKIPPED (and the digest was set anew for the same day) is opened again. What was
        prepared for it is kept; if it may have been sent, the run is POSTING, so that it is looked for first.

        Returns None when another process was first, the digest has changed since it was read, or the period was posted
        or is being worked on; in the last case the digest moves on all the same.
        """
        async with self._database.transaction() as session:
            if not await affected(
                session, update(DigestRow).where(*_unchanged(digest)).values(next_due_at=next_due_at)
            ):
                return None
            values = {
                "claimed_at": now,
                "claimed_by": worker,
                "channel_id": digest.schedule.channel_id,
                "due_at": digest.next_due_at,
            }
            claimed = insert_into(session, DigestRunRow).values(
                digest_id=digest.id, period=period, status=RunStatus.CLAIMED.value, **values
            )
            row = table_of(DigestRunRow).c
            may_be_sent = and_(row.status == RunStatus.SKIPPED.value, row.set_id.is_not(None))
            status = case((may_be_sent, RunStatus.POSTING.value), else_=RunStatus.CLAIMED.value)
            claimed = claimed.on_conflict_do_update(
                index_elements=["digest_id", "period"],
                set_={**values, "status": status, "finished_at": None},
                where=row.status.in_(_OPEN_AGAIN),
            )
            run_id = await session.scalar(claimed.returning(row.id))
            return None if run_id is None else await _load(session, run_id)

    async def dealt_with(self, guild_id: int, period: str) -> bool:
        """Say whether a period was posted or is being worked on, so that it cannot be claimed again."""
        statement = (
            select(DigestRunRow.id)
            .join(DigestRow, DigestRow.id == DigestRunRow.digest_id)
            .where(DigestRow.guild_id == guild_id, DigestRunRow.period == period)
            .where(DigestRunRow.status.not_in(_OPEN_AGAIN))
        )
        async with self._database.reading() as session:
            return await session.scalar(statement) is not None

    async def reclaim_stale(self, stale_before: datetime, worker: str, now: datetime, limit: int) -> list[DigestRun]:
        """Take over unfinished runs (CLAIMED or POSTING) whose claim is older, each by a conditional update."""
        stale = DigestRunRow.status.in_(_UNFINISHED), DigestRunRow.claimed_at < stale_before
        found = select(DigestRunRow.id).where(*stale).order_by(DigestRunRow.claimed_at, DigestRunRow.id).limit(limit)
        async with self._database.reading() as session:
            run_ids = list(await session.scalars(found))
        return [run for run_id in run_ids if (run := await self._take_over(run_id, stale_before, worker, now))]

    async def set_prepared(self, run_id: int, set_id: int) -> int:
        """Note what the run will post, unless that is settled already; return the id of the set that is settled."""
        async with self._database.transaction() as session:
            unsettled = update(DigestRunRow).where(DigestRunRow.id == run_id, DigestRunRow.set_id.is_(None))
            await session.execute(unsettled.values(set_id=set_id))
            settled = await session.scalar(select(DigestRunRow.set_id).where(DigestRunRow.id == run_id))
            return set_id if settled is None else settled

    async def begin_posting(self, run_id: int, worker: str, now: datetime) -> bool:
        """Move a run to POSTING and renew the claim, if this worker holds it and the digest is on; say whether.

        A run that was taken over while POSTING, and whose message was not found, may be posted again.
        """
        async with self._database.transaction() as session:
            posting = update(DigestRunRow).where(
                DigestRunRow.id == run_id,
                DigestRunRow.claimed_by == worker,
                DigestRunRow.status.in_(_UNFINISHED),
                DigestRunRow.digest_id.in_(select(DigestRow.id).where(DigestRow.enabled.is_(True))),
            )
            return await affected(session, posting.values(status=RunStatus.POSTING.value, claimed_at=now)) == 1

    async def finish(self, run_id: int, worker: str, status: RunStatus, message_id: int | None, now: datetime) -> bool:
        """End the run (POSTED, SKIPPED or FAILED) if this worker still holds it; say whether it did.

        Raises:
            ValueError: the status does not end a run.
        """
        if status not in _FINISHED:
            raise ValueError(f"a run does not end with {status.value!r}")
        async with self._database.transaction() as session:
            ended = update(DigestRunRow).where(
                DigestRunRow.id == run_id, DigestRunRow.claimed_by == worker, DigestRunRow.status.in_(_UNFINISHED)
            )
            values = {"status": status.value, "message_id": message_id, "finished_at": now}
            return await affected(session, ended.values(**values)) == 1

    async def runs(self, guild_id: int, limit: int) -> list[DigestRun]:
        """Return a server's runs, newest first."""
        statement = _runs().where(DigestRow.guild_id == guild_id).order_by(DigestRunRow.id.desc()).limit(limit)
        async with self._database.reading() as session:
            return [_run(run, digest) for run, digest in await session.execute(statement)]

    async def _take_over(self, run_id: int, stale_before: datetime, worker: str, now: datetime) -> DigestRun | None:
        async with self._database.transaction() as session:
            still_stale = (
                DigestRunRow.id == run_id,
                DigestRunRow.status.in_(_UNFINISHED),
                DigestRunRow.claimed_at < stale_before,
            )
            taking = update(DigestRunRow).where(*still_stale).values(claimed_by=worker, claimed_at=now)
            return await _load(session, run_id) if await affected(session, taking) else None


def _unchanged(digest: Digest) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a digest is still as it was read."""
    return (
        DigestRow.id == digest.id,
        DigestRow.enabled.is_(True),
        DigestRow.next_due_at == digest.next_due_at,
        DigestRow.channel_id == digest.schedule.channel_id,
        DigestRow.weekday == digest.schedule.weekday,
        DigestRow.hour == digest.schedule.hour,
        DigestRow.time_zone == digest.schedule.time_zone,
    )


def _of_guild(guild_id: int) -> Select[DigestRow]:
    return select(DigestRow).where(DigestRow.guild_id == guild_id).execution_options(populate_existing=True)


def _runs() -> Select[DigestRunRow, DigestRow]:
    return select(DigestRunRow, DigestRow).join(DigestRow, DigestRow.id == DigestRunRow.digest_id)


async def _load(session: AsyncSession, run_id: int) -> DigestRun:
    run, digest = (await session.execute(_runs().where(DigestRunRow.id == run_id))).one()
    return _run(run, digest)


def _digest(row: DigestRow) -> Digest:
    return Digest(
        id=row.id,
        guild_id=row.guild_id,
        schedule=DigestSchedule(row.channel_id, row.weekday, row.hour, row.time_zone),
        enabled=row.enabled,
        next_due_at=row.next_due_at,
        stopped_because=row.stopped_because,
    )


def _run(run: DigestRunRow, digest: DigestRow) -> DigestRun:
    return DigestRun(
        id=run.id,
        digest=_digest(digest),
        period=run.period,
        status=RunStatus(run.status),
        claimed_at=run.claimed_at,
        claimed_by=run.claimed_by,
        set_id=run.set_id,
        channel_id=digest.channel_id if run.channel_id is None else run.channel_id,
        due_at=run.due_at,
        message_id=run.message_id,
    )
