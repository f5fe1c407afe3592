"""What was recommended, and who saves it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.errors import NotConnected, SaveInProgress, UnknownSet
from bot.domain.library import SOURCE_CATALOGUE, CreatedPlaylist
from bot.domain.recommendations import (
    NewSet,
    Pick,
    RecommendationSet,
    SaveClaim,
    SavedPlaylist,
    SaveStatus,
    SetKind,
)
from bot.storage.models import RecommendationRow, RecommendationSetRow, SavedPlaylistRow, TrackRow
from bot.storage.repositories.owners import ensure_guild, hold_connected_library
from bot.storage.repositories.tracks import load_tracks, store_tracks
from bot.storage.session import Database
from bot.storage.upsert import affected, insert_into, table_of

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_CLAIM_TRIES = 5


class SqlRecommendationRepository:
    """Recommendations and saves in the database.

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

    async def claim_save(self, set_id: int, member_id: int, now: datetime, stale_before: datetime) -> SaveClaim:
        """Claim a member's save of a set; an unfinished claim older than `stale_before` is taken over.

        A unique row decides: of any number of callers at the same time, in any number of processes, one wins.

        Raises:
            NotConnected: the member has no account (any more).
            UnknownSet: the set is no longer stored.
        """
        async with self._database.transaction() as session:
            await hold_connected_library(session, member_id)
            stored = select(RecommendationSetRow.id).where(RecommendationSetRow.id == set_id)
            if await session.scalar(stored.with_for_update(read=True, key_share=True)) is None:
                raise UnknownSet
            for _ in range(_CLAIM_TRIES):
                claim = await _claim(session, set_id, member_id, now, stale_before)
                if claim is not None:
                    return claim
        raise SaveInProgress

    async def begin_creating(self, held: SavedPlaylist, mark: str, now: datetime) -> SavedPlaylist:
        """Renew the claim right before the playlist is asked for, and note what marks it; an earlier mark stays.

        This and the next two steps return the save as it then stands: finished by who took it over, if somebody did.

        Raises:
            SaveInProgress: somebody has taken the claim over and is at work.
            UnknownSet: the save is no longer stored.
        """
        marked = func.coalesce(SavedPlaylistRow.mark, mark)
        return await self._go_on(held, {"claimed_at": now, "mark": marked})

    async def save_created(self, held: SavedPlaylist, playlist: CreatedPlaylist) -> SavedPlaylist:
        """Note that the playlist exists in Spotify.

        Raises:
            SaveInProgress, UnknownSet: as above.
        """
        made = {"spotify_id": playlist.spotify_id, "name": playlist.name, "url": playlist.url}
        return await self._go_on(held, {"status": SaveStatus.CREATED.value, **made})

    async def save_done(self, held: SavedPlaylist, now: datetime) -> SavedPlaylist:
        """Note that the playlist is filled.

        Raises:
            SaveInProgress, UnknownSet: as above.
        """
        return await self._go_on(held, {"status": SaveStatus.DONE.value, "finished_at": now})

    async def release_save(self, held: SavedPlaylist) -> None:
        """Give an unfinished claim back after a clean failure, so that the next click tries at once.

        A first claim leaves nothing behind. One that was taken over, or whose playlist exists, stays as a claim that
        has long gone stale: the next one must know of it, or a second playlist would be made. A claim that somebody
        has taken over is left to them.
        """
        untouched = SavedPlaylistRow.status == SaveStatus.CLAIMED.value, SavedPlaylistRow.attempts == 1
        async with self._database.transaction() as session:
            if not await affected(session, delete(SavedPlaylistRow).where(*_still(held), *untouched)):
                stale = update(SavedPlaylistRow).where(*_still(held)).values(claimed_at=_LONG_AGO)
                await session.execute(stale)

    async def discard_save(self, held: SavedPlaylist) -> None:
        """Forget a save whose playlist is gone, so that the next click makes a new one under a new mark."""
        async with self._database.transaction() as session:
            await session.execute(delete(SavedPlaylistRow).where(*_still(held)))

    async def _go_on(self, held: SavedPlaylist, values: Mapping[str, object]) -> SavedPlaylist:
        """Change a save if it is still held as it was claimed."""
        async with self._database.transaction() as session:
            ours = await affected(session, update(SavedPlaylistRow).where(*_still(held)).values(**values)) == 1
            row = await session.get(SavedPlaylistRow, held.id, populate_existing=True)
            if row is None:
                raise UnknownSet
            if not ours and row.status != SaveStatus.DONE.value:
                raise SaveInProgress
            return _saved(row)


def _still(held: SavedPlaylist) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a save is unfinished and nobody has taken it over since it was claimed."""
    return (
        SavedPlaylistRow.id == held.id,
        SavedPlaylistRow.attempts == held.attempts,
        SavedPlaylistRow.status != SaveStatus.DONE.value,
    )


async def _owner(session: AsyncSession, new: NewSet) -> int | None:
    """Return whose the set is; the member's account is held until the transaction ends."""
    if new.member_id is None:
        return None
    try:
        await hold_connected_library(session, new.member_id)
    except NotConnected:
        if new.needs_account:
            raise
        return None
    return new.member_id


async def _claim(
    session: AsyncSession, set_id: int, member_id: int, now: datetime, stale_before: datetime
) -> SaveClaim | None:
    """Try once; None if the row that stood in the way was given back meanwhile."""
    claimed = insert_into(session, SavedPlaylistRow).values(
        set_id=set_id, member_id=member_id, status=SaveStatus.CLAIMED.value, claimed_at=now, attempts=1
    )
    claimed = claimed.on_conflict_do_nothing(index_elements=["set_id", "member_id"])
    first = await session.scalar(claimed.returning(table_of(SavedPlaylistRow).c.id)) is not None
    this = SavedPlaylistRow.set_id == set_id, SavedPlaylistRow.member_id == member_id
    taken_over = False
    if not first:
        stale = SavedPlaylistRow.status != SaveStatus.DONE.value, SavedPlaylistRow.claimed_at < stale_before
        taking = update(SavedPlaylistRow).where(*this, *stale)
        taken_over = await affected(session, taking.values(claimed_at=now, attempts=SavedPlaylistRow.attempts + 1)) == 1
    row = await session.scalar(select(SavedPlaylistRow).where(*this).execution_options(populate_existing=True))
    return None if row is None else SaveClaim(_saved(row), won=first or taken_over, taken_over=taken_over)


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


def _saved(row: SavedPlaylistRow) -> SavedPlaylist:
    return SavedPlaylist(
        id=row.id,
        set_id=row.set_id,
        member_id=row.member_id,
        status=SaveStatus(row.status),
        claimed_at=row.claimed_at,
        attempts=row.attempts,
        mark=row.mark,
        spotify_id=row.spotify_id,
        name=row.name,
        url=row.url,
    )
