"""Members, their Spotify accounts and their sign-ins."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from bot.domain.accounts import AccountStatus, DeletedCounts, LoginAttempt, SpotifyAccount, SpotifyProfile, TokenSet
from bot.domain.errors import AccountTaken
from bot.storage.encryption import TokenCipher
from bot.storage.models import GuildMemberRow, LoginAttemptRow, SpotifyAccountRow
from bot.storage.repositories.forgetting import forget_member
from bot.storage.repositories.owners import ensure_guild, ensure_member
from bot.storage.session import Database
from bot.storage.upsert import affected, insert_into

_ATTEMPTS_KEPT_FOR = timedelta(days=1)


class SqlAccountRepository:
    """Accounts in the database; tokens and verifiers are cipher text there.

    Args:
        database: the database.
        cipher: encrypts and decrypts the secrets.
    """

    def __init__(self, database: Database, cipher: TokenCipher) -> None:
        self._database = database
        self._cipher = cipher

    async def add_login(self, state_hash: str, attempt: LoginAttempt) -> None:
        """Store a sign-in under the hash of its state; attempts that ended a day ago are cleared away."""
        async with self._database.transaction() as session:
            if attempt.guild_id is not None:
                await ensure_guild(session, attempt.guild_id)
            await ensure_member(session, attempt.member_id)
            outdated = LoginAttemptRow.expires_at < attempt.created_at - _ATTEMPTS_KEPT_FOR
            await session.execute(delete(LoginAttemptRow).where(outdated))
            session.add(
                LoginAttemptRow(
                    state_hash=state_hash,
                    member_id=attempt.member_id,
                    guild_id=attempt.guild_id,
                    verifier=self._cipher.encrypt(attempt.verifier),
                    created_at=attempt.created_at,
                    expires_at=attempt.expires_at,
                )
            )

    async def take_login(self, state_hash: str, now: datetime) -> LoginAttempt | None:
        """Return the attempt and spend it, once: None when unknown or already spent (an expired one is returned)."""
        async with self._database.transaction() as session:
            unspent = LoginAttemptRow.state_hash == state_hash, LoginAttemptRow.used_at.is_(None)
            if not await affected(session, update(LoginAttemptRow).where(*unspent).values(used_at=now)):
                return None
            row = await session.get_one(LoginAttemptRow, state_hash)
            return LoginAttempt(
                member_id=row.member_id,
                guild_id=row.guild_id,
                verifier=self._cipher.decrypt(row.verifier),
                created_at=row.created_at,
                expires_at=row.expires_at,
            )

    async def link(self, member_id: int, profile: SpotifyProfile, tokens: TokenSet, authorised_at: datetime) -> None:
        """Store or replace the member's account, which is active from then on.

        Raises:
            AccountTaken: the Spotify account belongs to another member.
        """
        values = {
            "account_id": profile.account_id,
            "user_id": profile.user_id,
            "display_name": profile.display_name,
            "url": profile.url,
            "authorised_at": authorised_at,
            "status": AccountStatus.ACTIVE.value,
            **self._encrypted(tokens),
        }
        try:
            async with self._database.transaction() as session:
                await ensure_member(session, member_id)
                statement = insert_into(session, SpotifyAccountRow).values(member_id=member_id, **values)
                await session.execute(statement.on_conflict_do_update(index_elements=["member_id"], set_=values))
        except IntegrityError:
            async with self._database.reading() as session:
                owner = select(SpotifyAccountRow.member_id).where(SpotifyAccountRow.account_id == profile.account_id)
                if await session.scalar(owner) in {None, member_id}:
                    raise
            raise AccountTaken from None

    async def get(self, member_id: int) -> SpotifyAccount | None:
        """Return the member's account with its tokens decrypted.

        Raises:
            StorageError: the tokens were encrypted with a key that is not there any more.
        """
        async with self._database.reading() as session:
            row = await session.get(SpotifyAccountRow, member_id)
        if row is None:
            return None
        return SpotifyAccount(
            member_id=row.member_id,
            account_id=row.account_id,
            user_id=row.user_id,
            display_name=row.display_name,
            status=AccountStatus(row.status),
            authorised_at=row.authorised_at,
            tokens=TokenSet(
                access_token=self._cipher.decrypt(row.access_token),
                refresh_token=self._cipher.decrypt(row.refresh_token),
                expires_at=row.expires_at,
                scopes=frozenset(row.scopes.split()),
            ),
        )

    async def store_tokens(self, member_id: int, previous_refresh_token: str, tokens: TokenSet) -> bool:
        """Replace the tokens if the stored refresh token is still the previous one; say whether it was."""
        async with self._database.transaction() as session:
            stored = await session.scalar(
                select(SpotifyAccountRow.refresh_token).where(SpotifyAccountRow.member_id == member_id)
            )
            if stored is None or self._cipher.decrypt(stored) != previous_refresh_token:
                return False
            # Equal secrets have different cipher texts, so the cipher text says whether anybody wrote in between.
            unchanged = SpotifyAccountRow.member_id == member_id, SpotifyAccountRow.refresh_token == stored
            statement = update(SpotifyAccountRow).where(*unchanged).values(**self._encrypted(tokens))
            return await affected(session, statement) == 1

    async def set_status(self, member_id: int, status: AccountStatus) -> None:
        """Mark the account."""
        async with self._database.transaction() as session:
            of_member = SpotifyAccountRow.member_id == member_id
            await session.execute(update(SpotifyAccountRow).where(of_member).values(status=status.value))

    async def delete_member(self, member_id: int) -> DeletedCounts:
        """Delete the account and all that is kept of the member; return what was deleted."""
        async with self._database.transaction() as session:
            return await forget_member(session, member_id)

    async def remember_in_guild(self, guild_id: int, member_id: int, now: datetime) -> None:
        """Note that the member uses the bot in a server (rows are made when missing)."""
        async with self._database.transaction() as session:
            await ensure_guild(session, guild_id)
            await ensure_member(session, member_id)
            seen = insert_into(session, GuildMemberRow).values(guild_id=guild_id, member_id=member_id, seen_at=now)
            await session.execute(
                seen.on_conflict_do_update(index_elements=["guild_id", "member_id"], set_={"seen_at": now})
            )

    async def connected_in_guild(self, guild_id: int) -> list[int]:
        """Return the ids of the members of a server who have an active Spotify link, in ascending order."""
        statement = (
            select(SpotifyAccountRow.member_id)
            .join(GuildMemberRow, GuildMemberRow.member_id == SpotifyAccountRow.member_id)
            .where(GuildMemberRow.guild_id == guild_id, SpotifyAccountRow.status == AccountStatus.ACTIVE.value)
            .order_by(SpotifyAccountRow.member_id)
        )
        async with self._database.reading() as session:
            return list(await session.scalars(statement))

    def _encrypted(self, tokens: TokenSet) -> dict[str, object]:
        return {
            "access_token": self._cipher.encrypt(tokens.access_token),
            "refresh_token": self._cipher.encrypt(tokens.refresh_token),
            "expires_at": tokens.expires_at,
            "scopes": " ".join(sorted(tokens.scopes)),
        }
