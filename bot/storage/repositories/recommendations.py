"""What was recommended to whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.errors import NotConnected
from bot.domain.library import SOURCE_CATALOGUE
from bot.domain.recommendations import NewSet, Pick, RecommendationSet, SetKind
from bot.storage.models import RecommendationRow, RecommendationSetRow, TrackRow
from bot.storage.repositories.owners import ensure_guild, hold_owner
from bot.storage.repositories.tracks import load_tracks, store_tracks
from bot.storage.session import Database
from bot.storage.upsert import table_of


class SqlRecommendationRepository:
    """Recommendations in the database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewSet) -> RecommendationSet:
        """Store a set and the tracks it names; what is already known of a track stays, its gaps are filled.

        Only who has an account can have everything deleted by /disconnect. So a member's row is never made here, and a
        set of somebody without an account is nobody's.

        Raises:
            NotConnected: the set needs an account, and the member has none (any more).
        """
        async with self._database.transaction() as session:
            if new.guild_id is not None:
                await ensure_guild(session, new.guild_id)
            owner = await _owner(session, new)
            tracks = await store_tracks(session, (p.track for p in new.picks), SOURCE_CATALOGUE, overwrite=False)
            row = RecommendationSetRow(
                kind=new.kind.value,
                title=new.title,
                subtitle=new.subtitle,
                member_id=owner,
                guild_id=new.guild_id,
                model=new.model,
                created_at=new.created_at,
            )
            session.add(row)
            await session.flush()
            rows = [
                {
                    "set_id": row.id,
                    "position": position,
                    "track_id": tracks[pick.track.uri],
                    "score": pick.score,
                    "reasons": list(pick.reasons),
                }
                for position, pick in enumerate(new.picks)
            ]
            if rows:
                await session.execute(insert(table_of(RecommendationRow)), rows)
            return _set(row, await _picks(session, row.id))

    async def get(self, set_id: int) -> RecommendationSet | None:
        """Return a stored set with its picks, best first."""
        async with self._database.reading() as session:
            row = await session.get(RecommendationSetRow, set_id)
            return None if row is None else _set(row, await _picks(session, set_id))

    async def recently_shown(self, member_id: int | None, guild_id: int | None, since: datetime) -> set[str]:
        """Return URIs shown since then: to the member (discoveries), or in the server's digests if member is None."""
        if member_id is not None:
            shown = RecommendationSetRow.kind == SetKind.DISCOVER.value, RecommendationSetRow.member_id == member_id
        else:
            shown = RecommendationSetRow.kind == SetKind.DIGEST.value, RecommendationSetRow.guild_id == guild_id
        statement = (
            select(TrackRow.uri)
            .join(RecommendationRow, RecommendationRow.track_id == TrackRow.id)
            .join(RecommendationSetRow, RecommendationSetRow.id == RecommendationRow.set_id)
            .where(*shown, RecommendationSetRow.created_at >= since)
        )
        async with self._database.reading() as session:
            return set(await session.scalars(statement))


async def _owner(session: AsyncSession, new: NewSet) -> int | None:
    """Return whose the set is; the member's row is held until the transaction ends."""
    if new.member_id is None:
        return None
    try:
        await hold_owner(session, new.member_id)
    except NotConnected:
        if new.needs_account:
            raise
        return None
    return new.member_id


async def _picks(session: AsyncSession, set_id: int) -> tuple[Pick, ...]:
    of_set = RecommendationRow.set_id == set_id
    tracks = await load_tracks(session, select(RecommendationRow.track_id).where(of_set))
    rows = await session.execute(
        select(RecommendationRow.track_id, RecommendationRow.score, RecommendationRow.reasons)
        .where(of_set)
        .order_by(RecommendationRow.position)
    )
    return tuple(Pick(tracks[track_id], score, tuple(reasons)) for track_id, score, reasons in rows)


def _set(row: RecommendationSetRow, picks: tuple[Pick, ...]) -> RecommendationSet:
    return RecommendationSet(
        id=row.id,
        kind=SetKind(row.kind),
        title=row.title,
        subtitle=row.subtitle,
        member_id=row.member_id,
        guild_id=row.guild_id,
        model=row.model,
        created_at=row.created_at,
        picks=picks,
    )
