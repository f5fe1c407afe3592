"""Encrypting the stored secrets anew after a change of keys, while the program goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.storage.encryption import TokenCipher, UnreadableSecret
from bot.storage.models import LoginAttemptRow, SpotifyAccountRow, SpotifyAppRow
from bot.storage.session import Database


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many were encrypted anew: accounts, sign-ins and servers' apps; and how many none of the keys can read."""

    accounts: int
    sign_ins: int
    apps: int
    unreadable: int


@dataclass(slots=True)
class _Counts:
    renewed: int = 0
    unreadable: int = 0


class SqlKeyRotation:
    """Brings every secret under the newest key, a batch of rows in a transaction.

    Rows are locked before they are read: a process that stores new tokens meanwhile comes before or after. What has the
    newest key is left alone, so it can be begun again after a crash.

    Args:
        database: the database.
        cipher: the keys, the newest first.
        batch: how many rows are held at a time.
    """

    def __init__(self, database: Database, cipher: TokenCipher, batch: int = 100) -> None:
        self._database = database
        self._cipher = cipher
        self._batch = batch

    async def rotate(self, now: datetime) -> Rotation:
        """Encrypt with the newest key: accounts' tokens, verifiers of sign-ins that can be finished, apps' secrets.

        Secrets that cannot be read stay as they are, for the day on which their key is put back.
        """
        accounts, sign_ins, apps = await self._accounts(), await self._sign_ins(now), await self._apps()
        unreadable = accounts.unreadable + sign_ins.unreadable + apps.unreadable
        return Rotation(accounts.renewed, sign_ins.renewed, apps.renewed, unreadable)

    async def _accounts(self) -> _Counts:
        counts, last = _Counts(), -1
        while True:
            following = select(SpotifyAccountRow).where(SpotifyAccountRow.member_id > last)
            locked = following.order_by(SpotifyAccountRow.member_id).limit(self._batch).with_for_update()
            async with self._database.transaction() as session:
                rows = (await session.scalars(locked)).all()
                for row in rows:
                    renewed = self._renewed([row.access_token, row.refresh_token], counts)
                    if renewed:
                        row.access_token, row.refresh_token = renewed
            if not rows:
                return counts
            last = rows[-1].member_id

    async def _sign_ins(self, now: datetime) -> _Counts:
        """Do the same for sign-ins; those that have ended are cleared away soon, and by others who lock them."""
        counts, last = _Counts(), ""
        waited_for = LoginAttemptRow.used_at.is_(None), LoginAttemptRow.expires_at > now
        while True:
            following = select(LoginAttemptRow).where(*waited_for, LoginAttemptRow.state_hash > last)
            locked = following.order_by(LoginAttemptRow.state_hash).limit(self._batch).with_for_update()
            async with self._database.transaction() as session:
                rows = (await session.scalars(locked)).all()
                for row in rows:
                    renewed = self._renewed([row.verifier], counts)
                    if renewed:
                        [row.verifier] = renewed
            if not rows:
                return counts
            last = rows[-1].state_hash

    async def _apps(self) -> _Counts:
        counts, last = _Counts(), -1
        while True:
            following = select(SpotifyAppRow).where(SpotifyAppRow.guild_id > last)
            locked = following.order_by(SpotifyAppRow.guild_id).limit(self._batch).with_for_update()
            async with self._database.transaction() as session:
                rows = (await session.scalars(locked)).all()
                for row in rows:
                    renewed = self._renewed([row.client_secret], counts)
                    if renewed:
                        [row.client_secret] = renewed
            if not rows:
                return counts
            last = rows[-1].guild_id

    def _renewed(self, hidden: Sequence[str], counts: _Counts) -> list[str] | None:
        """Return the cipher texts anew, or None when they are to stay; count what was done."""
        if all(self._cipher.is_newest(one) for one in hidden):
            return None
        try:
            renewed = [self._cipher.encrypt(self._cipher.decrypt(one)) for one in hidden]
        except UnreadableSecret:
            counts.unreadable += 1
            return None
        counts.renewed += 1
        return renewed
