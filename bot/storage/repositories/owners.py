"""The rows that others hang on: made when missing, and held so that they do not vanish under a transaction.

On PostgreSQL transactions lock in one order, a server before a member before anything of theirs; then none can wait
for another in a circle. On SQLite writers come one after the other anyway.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.accounts import AccountChanged
from bot.domain.errors import CrossfadeError, NotConnected
from bot.domain.library import UPLOADS
from bot.storage.models import GuildRow, MemberRow, PlaylistRow, SpotifyAccountRow
from bot.storage.upsert import insert_into

_TRIES = 5


async def ensure_guild(session: AsyncSession, guild_id: int) -> None:
    """Make a server's row when missing."""
    await session.execute(insert_into(session, GuildRow).values(id=guild_id).on_conflict_do_nothing())


async def ensure_member(session: AsyncSession, member_id: int) -> None:
    """Make a member's row when missing and keep it from being deleted until the transaction ends.

    Raises:
        CrossfadeError: the row was deleted again and again meanwhile.
    """
    held = select(MemberRow.id).where(MemberRow.id == member_id).with_for_update(read=True, key_share=True)
    for _ in range(_TRIES):
        await session.execute(insert_into(session, MemberRow).values(id=member_id).on_conflict_do_nothing())
        if await session.scalar(held) is not None:
            return
    raise CrossfadeError("Your data is being deleted at this moment: try again when that is done.")


async def hold_library(session: AsyncSession, member_id: int) -> bool:
    """Let nobody else write the member's library, or delete it, until the transaction ends; False if no such member."""
    held = select(MemberRow.id).where(MemberRow.id == member_id).with_for_update(key_share=True)
    return await session.scalar(held) is not None


async def hold_library_of(session: AsyncSession, member_id: int, account_id: str) -> None:
    """Do the same for what is read from a Spotify account, if it is still that of the member.

    Linking another account holds the library too: either the sync sees the new account, or its rows are deleted.

    Raises:
        NotConnected: the member has no account (any more), so nothing of theirs may be stored.
        AccountChanged: the member has linked another account.
    """
    linked = select(SpotifyAccountRow.account_id).where(SpotifyAccountRow.member_id == member_id)
    found = await session.scalar(linked) if await hold_library(session, member_id) else None
    if found is None:
        raise NotConnected
    if found != account_id:
        raise AccountChanged


async def hold_connected_library(session: AsyncSession, member_id: int) -> None:
    """Do the same for a member who must have an account.

    Raises:
        NotConnected: the member has none (any more), so nothing of theirs may be stored.
    """
    account = select(SpotifyAccountRow.member_id).where(SpotifyAccountRow.member_id == member_id)
    if not await hold_library(session, member_id) or await session.scalar(account) is None:
        raise NotConnected


async def hold_owner(session: AsyncSession, member_id: int) -> None:
    """Do the same for a member who must have a library: an account, or playlists that they imported.

    Raises:
        NotConnected: the member has neither (any more), so nothing of theirs may be stored.
    """
    account = select(SpotifyAccountRow.member_id).where(SpotifyAccountRow.member_id == member_id)
    imported = select(PlaylistRow.id).where(PlaylistRow.member_id == member_id, PlaylistRow.source.in_(UPLOADS))
    if not await hold_library(session, member_id) or (
        await session.scalar(account) is None and await session.scalar(imported.limit(1)) is None
    ):
        raise NotConnected
