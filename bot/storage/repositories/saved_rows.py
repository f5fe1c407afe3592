"""Saves as rows: which ones a holder may still change, and how they become values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Select, and_, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.errors import SaveInProgress, UnknownSet
from bot.domain.library import CreatedPlaylist
from bot.domain.saving import (
    UNDO_WITHIN,
    PreviousContent,
    SaveClaim,
    SavedPlaylist,
    SavePreferences,
    SaveStatus,
    SaveTerms,
)
from bot.storage.models import MemberRow, SavedPlaylistRow
from bot.storage.upsert import affected, insert_into, table_of

DONE: Final = SaveStatus.DONE.value
NEWEST_FIRST: Final = (SavedPlaylistRow.finished_at.desc().nulls_first(), SavedPlaylistRow.id.desc())
BLANK: Final[Mapping[str, object]] = MappingProxyType(
    {
        "mark": None,
        "spotify_id": None,
        "name": None,
        "url": None,
        "finished_at": None,
        "series": None,
        "n_tracks": None,
        "written": 0,
        "public": None,
        "covered_at": None,
        "undoing_at": None,
        "frozen_at": None,
        "previous": null(),
    }
)
"""A save of which no playlist is known."""


def still_held(held: SavedPlaylist) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a save is unfinished and nobody has taken it over since it was claimed."""
    return (
        SavedPlaylistRow.id == held.id,
        SavedPlaylistRow.attempts == held.attempts,
        SavedPlaylistRow.status != DONE,
    )


def still_undoing(held: SavedPlaylist) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which the undo of a save is still claimed as it was."""
    row = SavedPlaylistRow
    return row.id == held.id, row.attempts == held.attempts, row.undoing_at.is_not(None)


def later_in_playlist(saved: SavedPlaylist) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for saves that went, or are about to go, into the playlist after this one."""
    row = SavedPlaylistRow
    later = or_(
        row.status != DONE,
        row.finished_at > saved.finished_at,
        and_(row.finished_at == saved.finished_at, row.id > saved.id),
    )
    return row.member_id == saved.member_id, row.spotify_id == saved.spotify_id, row.id != saved.id, later


def last_of(member_id: int, series: str) -> Select[SavedPlaylistRow]:
    """Select the member's last finished save of a series."""
    row = SavedPlaylistRow
    theirs = row.member_id == member_id, row.series == series, row.status == DONE
    return select(row).where(*theirs).order_by(*NEWEST_FIRST).limit(1)


async def claim(
    session: AsyncSession, set_id: int, member_id: int, now: datetime, stale_before: datetime
) -> SaveClaim | None:
    """Try once to claim a save; None if the row that stood in the way was given back meanwhile."""
    row = SavedPlaylistRow
    claimed = insert_into(session, row).values(
        set_id=set_id, member_id=member_id, status=SaveStatus.CLAIMED.value, claimed_at=now, attempts=1
    )
    claimed = claimed.on_conflict_do_nothing(index_elements=["set_id", "member_id"])
    first = await session.scalar(claimed.returning(table_of(row).c.id)) is not None
    this = row.set_id == set_id, row.member_id == member_id
    taken_over = False
    if not first:
        taking = update(row).where(*this, row.status != DONE, row.claimed_at < stale_before)
        taken_over = await affected(session, taking.values(claimed_at=now, attempts=row.attempts + 1)) == 1
    found = await session.scalar(select(row).where(*this).execution_options(populate_existing=True))
    return None if found is None else SaveClaim(saved_playlist(found), won=first or taken_over, taken_over=taken_over)


async def change_held(session: AsyncSession, held: SavedPlaylist, values: Mapping[str, object]) -> SavedPlaylist:
    """Change a save if it is still held as it was claimed, and return it as it then stands.

    Raises:
        SaveInProgress: somebody has taken the claim over and is at work.
        UnknownSet: the save is no longer stored.
    """
    ours = await affected(session, update(SavedPlaylistRow).where(*still_held(held)).values(**values)) == 1
    saved = await stored(session, held.id)
    if not ours and saved.status is not SaveStatus.DONE:
        raise SaveInProgress
    return saved


async def forget_what_no_undo_needs(session: AsyncSession, member_id: int, now: datetime) -> None:
    """Delete what the member's playlists were before saves that can no longer be undone."""
    row = SavedPlaylistRow
    too_late = row.member_id == member_id, row.finished_at < now - UNDO_WITHIN, row.undoing_at.is_(None)
    await session.execute(update(row).where(*too_late).values(previous=null()))


async def stored(session: AsyncSession, save_id: int) -> SavedPlaylist:
    """Return a save as it stands.

    Raises:
        UnknownSet: it is no longer stored.
    """
    row = await session.get(SavedPlaylistRow, save_id, populate_existing=True)
    if row is None:
        raise UnknownSet
    return saved_playlist(row)


def noted(terms: SaveTerms) -> dict[str, object]:
    """Return the columns that keep what was settled."""
    return {"series": terms.series, "public": terms.public, "n_tracks": terms.n_tracks}


def named(playlist: CreatedPlaylist) -> dict[str, object]:
    """Return the columns that keep which playlist it is."""
    return {"spotify_id": playlist.spotify_id, "name": playlist.name, "url": playlist.url}


def saved_playlist(row: SavedPlaylistRow) -> SavedPlaylist:
    """Return a row as a value."""
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
        finished_at=row.finished_at,
        series=row.series,
        n_tracks=row.n_tracks,
        written=row.written,
        public=row.public,
        covered_at=row.covered_at,
        undoing_at=row.undoing_at,
        frozen_at=row.frozen_at,
        previous=None if row.previous is None else _content(row.previous),
    )


def preferences_of(member: MemberRow | None) -> SavePreferences:
    """Return a member's choices, or the defaults for somebody who is not known."""
    if member is None:
        return SavePreferences()
    return SavePreferences(public=member.saves_public, cover=member.saves_cover, reuse=member.saves_reuse)


def content_to_store(content: PreviousContent) -> dict[str, object]:
    """Return what a playlist was as JSON."""
    return {
        "name": content.name,
        "description": content.description,
        "public": content.public,
        "uris": list(content.uris),
        "skipped": content.skipped,
        "set_id": content.set_id,
    }


def _content(kept: Mapping[str, Any]) -> PreviousContent:
    return PreviousContent(**{**kept, "uris": tuple(cast("list[str]", kept["uris"]))})
