"""What was recommended, and who saves it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.errors import SaveInProgress, UnknownSet
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
from bot.storage.repositories.owners import ensure_guild, ensure_member
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
        """Store a set and the tracks it names; what is already known of a track stays, its gaps are filled."""
        async with self._database.transaction() as session:
            if new.guild_id is not None:
                await ensure_guild(session, new.guild_id)
            if new.member_id is not None:
                await ensure_member(session, new.member_id)
            tracks = await store_tracks(session, (p.track for p in new.picks), SOURCE_CATALOGUE, overwrite=False)
            row = RecommendationSetRow(
                kind=new.kind.value,
                title=new.title,
                subtitle=new.subtitle,
                member_id=new.member_id,
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
            UnknownSet: the set is no longer stored.
        """
        async with self._database.transaction() as session:
            await ensure_member(session, member_id)
            stored = select(RecommendationSetRow.id).where(RecommendationSetRow.id == set_id)
            if await session.scalar(stored.with_for_update(read=True, key_share=True)) is None:
                raise UnknownSet
            for _ in range(_CLAIM_TRIES):
                claim = await _claim(session, set_id, member_id, now, stale_before)
                if claim is not None:
                    return claim
        raise SaveInProgress

    async def save_created(self, save_id: int, playlist: CreatedPlaylist) -> None:
        """Note that the playlist exists in Spotify.

        Raises:
            UnknownSet: the save is no longer stored.
        """
        async with self._database.transaction() as session:
            row = await _save(session, save_id)
            row.spotify_id, row.name, row.url = playlist.spotify_id, playlist.name, playlist.url
            if row.status == SaveStatus.CLAIMED.value:
                row.status = SaveStatus.CREATED.value

    async def save_done(self, save_id: int, now: datetime) -> SavedPlaylist:
        """Note that the playlist is filled.

        Raises:
            UnknownSet: the save is no longer stored.
        """
        async with self._database.transaction() as session:
            row = await _save(session, save_id)
            row.status, row.finished_at = SaveStatus.DONE.value, now
            return _saved(row)

    async def release_save(self, save_id: int) -> None:
        """Give an unfinished claim back after a clean failure, so that the next click tries at once.

        A first claim leaves nothing behind. One that was taken over, or whose playlist exists, stays as a claim that
        has long gone stale: the next one must know of it, or a second playlist would be made.
        """
        mine = SavedPlaylistRow.id == save_id
        untouched = mine, SavedPlaylistRow.status == SaveStatus.CLAIMED.value, SavedPlaylistRow.attempts == 1
        unfinished = mine, SavedPlaylistRow.status != SaveStatus.DONE.value
        async with self._database.transaction() as session:
            if not await affected(session, delete(SavedPlaylistRow).where(*untouched)):
                await session.execute(update(SavedPlaylistRow).where(*unfinished).values(claimed_at=_LONG_AGO))


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


async def _save(session: AsyncSession, save_id: int) -> SavedPlaylistRow:
    row = await session.get(SavedPlaylistRow, save_id, with_for_update=True)
    if row is None:
        raise UnknownSet
    return row


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
        spotify_id=row.spotify_id,
        name=row.name,
        url=row.url,
    )
