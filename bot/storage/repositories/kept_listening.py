"""Reading what a member listened to, for the member to take away: listens, most played, and how the sync goes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.listening import TimeRange
from bot.domain.privacy import KeptListen, KeptSync, KeptTopArtist, KeptTopTrack
from bot.storage.models import ArtistRow, LibrarySyncRow, ListenRow, TopArtistRow, TopTrackRow

_ROWS_AT_ONCE = 2000


async def kept_listens(session: AsyncSession, member_id: int) -> tuple[KeptListen, ...]:
    """Return the member's listens, those of a track together and in the order of time: so they compress best."""
    row = ListenRow
    theirs = (
        select(row.track_id, row.played_at, row.ms_played, row.source)
        .where(row.member_id == member_id)
        .order_by(row.track_id, row.played_at, row.id)
    )
    listens: list[KeptListen] = []
    found = await session.stream(theirs)
    async for part in found.partitions(_ROWS_AT_ONCE):
        listens += [KeptListen(*listen) for listen in part]
    return tuple(listens)


async def kept_top_tracks(session: AsyncSession, member_id: int) -> tuple[KeptTopTrack, ...]:
    """Return the member's most played tracks, by time range and rank."""
    row = TopTrackRow
    theirs = select(row.time_range, row.rank, row.track_id, row.source).where(row.member_id == member_id)
    found = await session.execute(theirs.order_by(row.time_range, row.rank))
    return tuple(KeptTopTrack(TimeRange(span), rank, track_id, source) for span, rank, track_id, source in found)


async def kept_top_artists(session: AsyncSession, member_id: int) -> tuple[KeptTopArtist, ...]:
    """Return the member's most played artists, by time range and rank."""
    row = TopArtistRow
    theirs = (
        select(row.time_range, row.rank, ArtistRow.name, ArtistRow.uri, row.source)
        .join(ArtistRow, ArtistRow.id == row.artist_id)
        .where(row.member_id == member_id)
        .order_by(row.time_range, row.rank)
    )
    found = await session.execute(theirs)
    return tuple(KeptTopArtist(TimeRange(span), rank, name, uri, source) for span, rank, name, uri, source in found)


async def kept_sync(session: AsyncSession, member_id: int) -> KeptSync | None:
    """Return how far the sync of the member's library has come; None if none was ever begun."""
    row = await session.get(LibrarySyncRow, member_id)
    if row is None:
        return None
    return KeptSync(
        due_at=row.due_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        done=row.done,
        total=row.total,
        fault=row.fault,
        top_read_at=row.top_read_at,
    )
