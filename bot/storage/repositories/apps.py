"""Servers' own Spotify apps."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.accounts import AccountStatus
from bot.domain.apps import AppCredentials, AppRegistration, RegisteredApp
from bot.storage.encryption import TokenCipher, UnreadableSecret
from bot.storage.models import MemberRow, SpotifyAccountRow, SpotifyAppRow
from bot.storage.repositories.owners import ensure_guild, ensure_member
from bot.storage.session import Database
from bot.storage.upsert import affected, insert_into


class SqlSpotifyAppRepository:
    """Registered apps in the database; their secrets are cipher text there.

    Args:
        database: the database.
        cipher: encrypts and decrypts the secrets.
    """

    def __init__(self, database: Database, cipher: TokenCipher) -> None:
        self._database = database
        self._cipher = cipher

    async def credentials(self, client_id: str) -> AppCredentials | None:
        """Return what an app signs in with, as it was registered last; None when it is not, or no key can read it."""
        rows = select(SpotifyAppRow.client_secret).where(SpotifyAppRow.client_id == client_id)
        async with self._database.reading() as session:
            secrets = list(await session.scalars(rows.order_by(SpotifyAppRow.registered_at.desc())))
        for secret in secrets:
            try:
                return AppCredentials(client_id, self._cipher.decrypt(secret))
            except UnreadableSecret:
                continue
        return None

    async def of_guild(self, guild_id: int) -> RegisteredApp | None:
        """Return a server's app; no secret is read."""
        async with self._database.reading() as session:
            row = await session.get(SpotifyAppRow, guild_id)
            return None if row is None else _registered(row, await _linked(session, row.client_id))

    async def is_registered(self, client_id: str) -> bool:
        """Say whether any server has this app."""
        async with self._database.reading() as session:
            return bool(await session.scalar(select(exists().where(SpotifyAppRow.client_id == client_id))))

    async def linked(self, client_id: str | None, *, besides: int | None = None) -> int:
        """Count the members who are linked through an app (None: the default one), but for one of them.

        Those whose authorisation has ended count too: Spotify's list of the app's users still has them.
        """
        async with self._database.reading() as session:
            return await _linked(session, client_id, besides)

    async def register(
        self, guild_id: int, credentials: AppCredentials, registered_by: int, now: datetime
    ) -> AppRegistration:
        """Store or replace a server's app; the members of an app that no server has any more are marked RECONNECT.

        Args:
            guild_id: the server.
            credentials: the app, with its secret.
            registered_by: the Discord user who does it; their row is made when missing.
            now: the time.
        """
        if credentials.client_secret is None:
            raise ValueError("a registered app needs its secret")
        values = {
            "client_id": credentials.client_id,
            "client_secret": self._cipher.encrypt(credentials.client_secret),
            "registered_by": registered_by,
            "registered_at": now,
        }
        async with self._database.transaction() as session:
            await ensure_guild(session, guild_id)
            await ensure_member(session, registered_by)
            before = await _hold(session, guild_id)
            statement = insert_into(session, SpotifyAppRow).values(guild_id=guild_id, **values)
            await session.execute(statement.on_conflict_do_update(index_elements=["guild_id"], set_=values))
            left = 0 if before in {None, credentials.client_id} else await _part(session, str(before))
            members = await _linked(session, credentials.client_id)
        app = RegisteredApp(guild_id, credentials.client_id, now, registered_by, members)
        return AppRegistration(app, renewed=before == credentials.client_id, left=left)

    async def remove(self, guild_id: int) -> int | None:
        """Delete a server's app; return how many members were marked RECONNECT, or None where there was no app."""
        async with self._database.transaction() as session:
            client_id = await _hold(session, guild_id)
            if client_id is None:
                return None
            await session.execute(delete(SpotifyAppRow).where(SpotifyAppRow.guild_id == guild_id))
            return await _part(session, client_id)


async def hold_app(session: AsyncSession, client_id: str | None) -> bool:
    """Let nobody take an app away until the transaction ends; say whether it is there: the default one always is.

    To be held after the member and before their account, the order in which an app is removed.
    """
    if client_id is None:
        return True
    held = select(SpotifyAppRow.guild_id).where(SpotifyAppRow.client_id == client_id).order_by(SpotifyAppRow.guild_id)
    # Not more than this, for whoever registered it may be leaving, which changes the row.
    return bool((await session.scalars(held.with_for_update(read=True, key_share=True))).all())


def _registered(row: SpotifyAppRow, members: int) -> RegisteredApp:
    return RegisteredApp(row.guild_id, row.client_id, row.registered_at, row.registered_by, members)


async def _linked(session: AsyncSession, client_id: str | None, besides: int | None = None) -> int:
    counted = select(func.count()).select_from(SpotifyAccountRow).where(SpotifyAccountRow.client_id == client_id)
    if besides is not None:
        counted = counted.where(SpotifyAccountRow.member_id != besides)
    return await session.scalar(counted) or 0


async def _hold(session: AsyncSession, guild_id: int) -> str | None:
    """Return the client id of a server's app, and let nobody else change any registration of it meanwhile.

    Of two servers that give up the same app at once, the second is then the one that sees that nobody has it any more.
    Its members are held first, as everywhere, so that one who leaves at that moment comes before or after.
    """
    own = select(SpotifyAppRow.client_id).where(SpotifyAppRow.guild_id == guild_id)
    theirs = select(SpotifyAccountRow.member_id).where(SpotifyAccountRow.client_id.in_(own))
    held = select(MemberRow.id).where(MemberRow.id.in_(theirs)).order_by(MemberRow.id)
    await session.execute(held.with_for_update(read=True, key_share=True))
    same = select(SpotifyAppRow.guild_id).where(SpotifyAppRow.client_id.in_(own)).order_by(SpotifyAppRow.guild_id)
    await session.execute(same.with_for_update())
    return await session.scalar(own)


async def _part(session: AsyncSession, client_id: str) -> int:
    """Mark the members of an app that no server has any more; return how many had an authorisation."""
    if await session.scalar(select(exists().where(SpotifyAppRow.client_id == client_id))):
        return 0
    active = SpotifyAccountRow.client_id == client_id, SpotifyAccountRow.status == AccountStatus.ACTIVE.value
    marked = {
        "status": AccountStatus.RECONNECT.value,
        "reconnect_told_at": None,
        "refresh_claimed_by": None,
        "refresh_claimed_at": None,
    }
    return await affected(session, update(SpotifyAccountRow).where(*active).values(marked))
