"""Who syncs which library, how far that is, and when it is due again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.accounts import AccountStatus
from bot.domain.listening import SyncState
from bot.storage.models import LibrarySyncRow, SpotifyAccountRow
from bot.storage.repositories.owners import hold_library_of
from bot.storage.session import Database
from bot.storage.upsert import affected, insert_into

_FREE: dict[str, Any] = {"claimed_by": None, "claimed_at": None}
_NEVER_SO_FAR = timedelta(days=7)
"""No sync is put off for so long: such a time was noted while the clock was wrong."""


class SqlSyncRepository:
    """Syncs in the database: one a member at a time, whoever asks.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self, member_id: int) -> SyncState | None:
        """Return what is stored of a member's syncs."""
        async with self._database.reading() as session:
            row = await session.get(LibrarySyncRow, member_id)
        return None if row is None else _state(row)

    async def claim(
        self, member_id: int, account_id: str, holder: str, now: datetime, stale_before: datetime
    ) -> SyncState | None:
        """Begin a sync unless one is under way; return what was stored before, or None if it is not free.

        Args:
            member_id: whose library it is.
            account_id: the Spotify account that it is read from.
            holder: names the claim.
            now: the time.
            stale_before: a claim without a sign of life since then belongs to a process that died, and is taken over;
                so is one from as far ahead, which was made while the clock was wrong.

        Raises:
            NotConnected: the member has no account (any more).
            AccountChanged: the member has linked another account.
        """
        free = or_(LibrarySyncRow.claimed_by.is_(None), _left_behind(now, stale_before))
        statement = update(LibrarySyncRow).where(LibrarySyncRow.member_id == member_id, free)
        begun = statement.values(claimed_by=holder, claimed_at=now, started_at=now, done=0, total=0)
        async with self._database.transaction() as session:
            await hold_library_of(session, member_id, account_id)
            made = insert_into(session, LibrarySyncRow).values(member_id=member_id)
            await session.execute(made.on_conflict_do_nothing())
            before = _state(await session.get_one(LibrarySyncRow, member_id))
            return before if await affected(session, begun) else None

    async def renew(self, member_id: int, holder: str, now: datetime, progress: tuple[int, int] | None = None) -> bool:
        """Give a sign of life, and perhaps how many of how many playlists are done; False if the claim is lost."""
        values: dict[str, Any] = {"claimed_at": now}
        if progress is not None:
            values |= {"done": progress[0], "total": progress[1]}
        async with self._database.transaction() as session:
            return await _change(session, member_id, holder, values)

    async def finish(
        self, member_id: int, holder: str, now: datetime, due_at: datetime | None, *, fault: str | None, outages: int
    ) -> None:
        """End the sync that `holder` has, and note when the next one is due."""
        values = {"finished_at": now, "due_at": due_at, "fault": fault, "outages": outages, **_FREE}
        async with self._database.transaction() as session:
            await _change(session, member_id, holder, values)

    async def release(self, member_id: int, holder: str, due_at: datetime) -> None:
        """Give a claim back in the middle; what is left to do is due then."""
        async with self._database.transaction() as session:
            await _change(session, member_id, holder, {"due_at": due_at, **_FREE})

    async def due(self, now: datetime, stale_before: datetime, new_before: datetime, limit: int) -> list[int]:
        """Return members with an active account whose sync is due or was left behind, the longest waiting first."""
        sync, account = LibrarySyncRow, SpotifyAccountRow
        waiting_since = func.coalesce(sync.claimed_at, sync.due_at, account.authorised_at)
        statement = (
            select(account.member_id)
            .outerjoin(sync, sync.member_id == account.member_id)
            .where(
                account.status == AccountStatus.ACTIVE.value,
                or_(
                    and_(sync.claimed_by.is_(None), or_(sync.due_at <= now, sync.due_at > now + _NEVER_SO_FAR)),
                    and_(sync.claimed_by.is_not(None), _left_behind(now, stale_before)),
                    and_(sync.member_id.is_(None), account.authorised_at <= new_before),
                ),
            )
            .order_by(waiting_since, account.member_id)
            .limit(limit)
        )
        async with self._database.reading() as session:
            return list(await session.scalars(statement))


def _left_behind(now: datetime, stale_before: datetime) -> ColumnElement[bool]:
    """Hold for a claim whose last sign of life is too long ago, or so far ahead that the clock was wrong then."""
    claimed_at = LibrarySyncRow.claimed_at
    return or_(claimed_at <= stale_before, claimed_at >= now + (now - stale_before))


async def _change(session: AsyncSession, member_id: int, holder: str, values: dict[str, Any]) -> bool:
    held = LibrarySyncRow.member_id == member_id, LibrarySyncRow.claimed_by == holder
    return await affected(session, update(LibrarySyncRow).where(*held).values(values)) == 1


def _state(row: LibrarySyncRow) -> SyncState:
    return SyncState(
        member_id=row.member_id,
        due_at=row.due_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        done=row.done,
        total=row.total,
        fault=row.fault,
        top_read_at=row.top_read_at,
        claimed_at=row.claimed_at,
        outages=row.outages,
    )
