"""Who saves what into their Spotify: claims by a unique row, so that nothing is written twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.errors import SaveInProgress, UndoInProgress, UnknownSet
from bot.domain.library import CreatedPlaylist
from bot.domain.saving import (
    PreviousContent,
    SaveClaim,
    SavedPlaylist,
    SavePreferences,
    SaveStatus,
    SaveSwitch,
    SaveTerms,
)
from bot.storage.models import MemberRow, RecommendationSetRow, SavedPlaylistRow
from bot.storage.repositories.owners import ensure_member, hold_connected_library, hold_library
from bot.storage.repositories.saved_rows import (
    BLANK,
    DONE,
    NEWEST_FIRST,
    change_held,
    claim,
    content_to_store,
    forget_what_no_undo_needs,
    last_of,
    later_in_playlist,
    named,
    noted,
    preferences_of,
    saved_playlist,
    still_held,
    still_undoing,
    stored,
)
from bot.storage.session import Database
from bot.storage.upsert import affected

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_CLAIM_TRIES = 5
_ROW = SavedPlaylistRow
_SWITCHES: Mapping[SaveSwitch, InstrumentedAttribute[bool]] = MappingProxyType(
    {
        SaveSwitch.PUBLIC: MemberRow.saves_public,
        SaveSwitch.COVER: MemberRow.saves_cover,
        SaveSwitch.REUSE: MemberRow.saves_reuse,
    }
)


class SqlSaveRepository:
    """Saves in the database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim_save(self, set_id: int, member_id: int, now: datetime, stale_before: datetime) -> SaveClaim:
        """Claim a member's save of a set; an unfinished claim older than `stale_before` is taken over.

        A unique row decides: of any number of callers at the same time, in any number of processes, one wins.

        Raises:
            NotConnected: the member has no account (any more).
            UnknownSet: the set is no longer stored.
        """
        async with self._database.transaction() as session:
            await hold_connected_library(session, member_id)
            shown = select(RecommendationSetRow.id).where(RecommendationSetRow.id == set_id)
            if await session.scalar(shown.with_for_update(read=True, key_share=True)) is None:
                raise UnknownSet
            await forget_what_no_undo_needs(session, member_id, now)
            for _ in range(_CLAIM_TRIES):
                claimed = await claim(session, set_id, member_id, now, stale_before)
                if claimed is not None:
                    return claimed
        raise SaveInProgress

    async def begin_creating(self, held: SavedPlaylist, mark: str, terms: SaveTerms, now: datetime) -> SavedPlaylist:
        """Renew the claim right before the playlist is asked for, and note its mark and terms; an earlier mark stays.

        This and the other steps return the save as it then stands: finished by who took it over, if somebody did.

        Raises:
            SaveInProgress: somebody has taken the claim over and is at work.
            UnknownSet: the save is no longer stored.
        """
        return await self._go_on(held, {"claimed_at": now, "mark": func.coalesce(_ROW.mark, mark)} | noted(terms))

    async def save_created(self, held: SavedPlaylist, playlist: CreatedPlaylist) -> SavedPlaylist:
        """Note that the playlist exists in Spotify.

        Raises:
            SaveInProgress, UnknownSet: as above.
        """
        return await self._go_on(held, {"status": SaveStatus.CREATED.value} | named(playlist))

    async def begin_reusing(
        self,
        held: SavedPlaylist,
        last: SavedPlaylist,
        previous: PreviousContent,
        mark: str,
        terms: SaveTerms,
        now: datetime,
        stale_before: datetime,
    ) -> SavedPlaylist | None:
        """Take over the playlist of `last`, noting before the first write what it was; None if it has changed hands.

        The member's row is held: of saves, undos and freezes that want one playlist, one is after the other.

        Raises:
            SaveInProgress: another save writes into the playlist, or this one was taken over.
            UnknownSet: as above.
        """
        async with self._database.transaction() as session:
            await hold_connected_library(session, held.member_id)
            latest = await session.scalar(last_of(held.member_id, last.series or ""))
            if latest is None or saved_playlist(latest) != last or not last.reusable:
                return None
            in_it = _ROW.member_id == held.member_id, _ROW.spotify_id == last.spotify_id, _ROW.status != DONE
            for given_up in list(await session.scalars(select(_ROW).where(*in_it, _ROW.id != held.id))):
                if given_up.claimed_at >= stale_before:
                    raise SaveInProgress
                previous = saved_playlist(given_up).previous or previous
                await session.delete(given_up)
            await session.flush()
            begun = {"status": SaveStatus.CREATED.value, "claimed_at": now, "mark": mark, "written": 0}
            taken = named(last.playlist) | {"previous": content_to_store(previous)}
            return await change_held(session, held, begun | taken | noted(terms))

    async def note_written(self, held: SavedPlaylist, written: int, now: datetime) -> SavedPlaylist:
        """Renew the claim, and note how many tracks Spotify has taken.

        Raises:
            SaveInProgress, UnknownSet: as above.
        """
        return await self._go_on(held, {"written": written, "claimed_at": now})

    async def save_done(self, held: SavedPlaylist, playlist: CreatedPlaylist, now: datetime) -> SavedPlaylist:
        """Note that the playlist is filled, and what it is called now.

        Raises:
            SaveInProgress, UnknownSet: as above.
        """
        return await self._go_on(held, {"status": DONE, "finished_at": now} | named(playlist))

    async def note_cover(self, saved: SavedPlaylist, now: datetime) -> None:
        """Note that a finished save has its cover."""
        async with self._database.transaction() as session:
            await session.execute(update(_ROW).where(_ROW.id == saved.id).values(covered_at=now))

    async def release_save(self, held: SavedPlaylist) -> None:
        """Give an unfinished claim back after a clean failure, so that the next click tries at once.

        A first claim leaves nothing behind. One that was taken over, or whose playlist exists, stays as a claim that
        has long gone stale: the next one must know of it, or a second playlist would be made. A claim that somebody
        has taken over is left to them.
        """
        untouched = _ROW.status == SaveStatus.CLAIMED.value, _ROW.attempts == 1
        async with self._database.transaction() as session:
            if not await affected(session, delete(_ROW).where(*still_held(held), *untouched)):
                await session.execute(update(_ROW).where(*still_held(held)).values(claimed_at=_LONG_AGO))

    async def restart_save(self, held: SavedPlaylist, now: datetime) -> SavedPlaylist:
        """Forget the playlist of an unfinished save, because it is gone; the claim stays.

        Raises:
            SaveInProgress, UnknownSet: as above.
        """
        return await self._go_on(held, {"status": SaveStatus.CLAIMED.value, "claimed_at": now} | dict(BLANK))

    async def reopen_save(self, saved: SavedPlaylist, now: datetime) -> SaveClaim:
        """Claim a finished save again, because its playlist is gone or holds a newer list; of many callers one wins.

        Raises:
            UnknownSet: the save is no longer stored.
        """
        again = {"status": SaveStatus.CLAIMED.value, "claimed_at": now, "attempts": _ROW.attempts + 1}
        finished = _ROW.status == DONE, _ROW.attempts == saved.attempts, _ROW.undoing_at.is_(None)
        async with self._database.transaction() as session:
            reopening = update(_ROW).where(_ROW.id == saved.id, *finished)
            won = await affected(session, reopening.values(**again, **BLANK)) == 1
            return SaveClaim(await stored(session, saved.id), won=won, taken_over=False)

    async def save(self, member_id: int, save_id: int) -> SavedPlaylist | None:
        """Return one of the member's saves."""
        async with self._database.reading() as session:
            row = await session.get(_ROW, save_id)
            return saved_playlist(row) if row is not None and row.member_id == member_id else None

    async def save_of_set(self, member_id: int, set_id: int) -> SavedPlaylist | None:
        """Return the member's save of a set."""
        return await self._one(_ROW.member_id == member_id, _ROW.set_id == set_id)

    async def newer_in_playlist(self, saved: SavedPlaylist) -> SavedPlaylist | None:
        """Return the newest save that has gone into the same playlist later than this one, finished or not."""
        if saved.spotify_id is None:
            return None
        return await self._one(*later_in_playlist(saved))

    async def last_of_series(self, member_id: int, series: str) -> SavedPlaylist | None:
        """Return the member's last finished save of a series, frozen or not."""
        return await self._one(_ROW.member_id == member_id, _ROW.series == series, _ROW.status == DONE)

    async def last_to_undo(self, member_id: int) -> SavedPlaylist | None:
        """Return the member's last finished save; one whose undo was begun and not finished comes first."""
        theirs = _ROW.member_id == member_id, _ROW.status == DONE
        return await self._one(*theirs, _ROW.undoing_at.is_not(None)) or await self._one(*theirs)

    async def series_playlists(self, member_id: int) -> list[SavedPlaylist]:
        """Return the last finished save of each playlist that belongs to a series, the newest first."""
        theirs = _ROW.member_id == member_id, _ROW.series.is_not(None), _ROW.status == DONE
        async with self._database.reading() as session:
            rows = await session.scalars(select(_ROW).where(*theirs).order_by(*NEWEST_FIRST))
            newest: dict[str | None, SavedPlaylist] = {}
            for row in rows:
                newest.setdefault(row.spotify_id, saved_playlist(row))
        return list(newest.values())

    async def set_frozen(self, saved: SavedPlaylist, frozen_at: datetime | None) -> bool:
        """Freeze the playlist of a save, or un-freeze it; False if by now another save has gone into it."""
        async with self._database.transaction() as session:
            await hold_library(session, saved.member_id)
            if await session.scalar(select(_ROW.id).where(*later_in_playlist(saved)).limit(1)) is not None:
                return False
            standing = _ROW.id == saved.id, _ROW.status == DONE, _ROW.undoing_at.is_(None)
            return await affected(session, update(_ROW).where(*standing).values(frozen_at=frozen_at)) == 1

    async def claim_undo(self, saved: SavedPlaylist, now: datetime, stale_before: datetime) -> SavedPlaylist | None:
        """Claim the undo of a finished save and return it; None if somebody is at it, or a newer save is in the way."""
        free = or_(_ROW.undoing_at.is_(None), _ROW.undoing_at < stale_before)
        async with self._database.transaction() as session:
            await hold_library(session, saved.member_id)
            if await session.scalar(select(_ROW.id).where(*later_in_playlist(saved)).limit(1)) is not None:
                return None
            standing = _ROW.status == DONE, _ROW.attempts == saved.attempts, _ROW.frozen_at.is_(None)
            # A save that has lost what was there before looks like one whose playlist was made by it, to be removed.
            known = () if saved.previous is None else (_ROW.previous.is_not(None),)
            claiming = update(_ROW).where(_ROW.id == saved.id, *standing, *known, free)
            if not await affected(session, claiming.values(undoing_at=now, attempts=_ROW.attempts + 1)):
                return None
            return await stored(session, saved.id)

    async def renew_undo(self, held: SavedPlaylist, now: datetime, *, previous: PreviousContent | None = None) -> None:
        """Renew the claim before the next write, and note what is brought back if it has changed.

        Raises:
            UndoInProgress: somebody has taken it over.
        """
        changed = {} if previous is None else {"previous": content_to_store(previous)}
        async with self._database.transaction() as session:
            renewing = update(_ROW).where(*still_undoing(held)).values(undoing_at=now, **changed)
            if not await affected(session, renewing):
                raise UndoInProgress

    async def release_undo(self, held: SavedPlaylist, *, begun: bool) -> None:
        """Give the claim of an undo back after a failure: the next click finishes at once what was begun."""
        stands_still = _LONG_AGO if begun else None
        async with self._database.transaction() as session:
            await session.execute(update(_ROW).where(*still_undoing(held)).values(undoing_at=stands_still))

    async def finish_undo(self, held: SavedPlaylist) -> None:
        """Forget the save, if the claim is still held: a new click saves anew."""
        async with self._database.transaction() as session:
            await session.execute(delete(_ROW).where(*still_undoing(held)))

    async def preferences(self, member_id: int) -> SavePreferences:
        """Return the member's choices, or the defaults for somebody who is not known."""
        async with self._database.reading() as session:
            return preferences_of(await session.get(MemberRow, member_id))

    async def set_preference(self, member_id: int, which: SaveSwitch, *, on: bool) -> SavePreferences:
        """Switch one choice on or off, making the member's row when missing; return all of them."""
        async with self._database.transaction() as session:
            await ensure_member(session, member_id)
            await session.execute(update(MemberRow).where(MemberRow.id == member_id).values({_SWITCHES[which]: on}))
            return preferences_of(await session.get(MemberRow, member_id, populate_existing=True))

    async def _one(self, *conditions: ColumnElement[bool]) -> SavedPlaylist | None:
        """Return the newest save under some conditions."""
        async with self._database.reading() as session:
            row = await session.scalar(select(_ROW).where(*conditions).order_by(*NEWEST_FIRST).limit(1))
            return None if row is None else saved_playlist(row)

    async def _go_on(self, held: SavedPlaylist, values: Mapping[str, object]) -> SavedPlaylist:
        async with self._database.transaction() as session:
            return await change_held(session, held, values)
