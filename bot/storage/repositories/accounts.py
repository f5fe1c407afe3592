"""Members, their Spotify accounts and their sign-ins."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.accounts import (
    AccountStatus,
    Authorisation,
    DeletedCounts,
    LoginAttempt,
    Notice,
    NoticeKind,
    SpotifyAccount,
    SpotifyProfile,
    TokenSet,
)
from bot.domain.errors import AccountTaken, NotConnected, SpotifyAppGone
from bot.domain.library import SOURCE_SPOTIFY, UPLOADS
from bot.storage.encryption import TokenCipher, UnreadableSecret
from bot.storage.models import (
    GuildMemberRow,
    LibrarySyncRow,
    ListenRow,
    LoginAttemptRow,
    MemberRow,
    PlaylistRow,
    SpotifyAccountRow,
    TopArtistRow,
    TopTrackRow,
)
from bot.storage.repositories.apps import hold_app
from bot.storage.repositories.forgetting import forget_member
from bot.storage.repositories.owners import ensure_guild, ensure_member, hold_library, hold_owner
from bot.storage.session import Database
from bot.storage.upsert import affected, insert_into

_ATTEMPTS_KEPT_FOR = timedelta(days=1)
_NO_CLAIM: Mapping[str, object] = MappingProxyType({"refresh_claimed_by": None, "refresh_claimed_at": None})
_IN_ORDER: Mapping[str, object] = MappingProxyType(
    {"status": AccountStatus.ACTIVE.value, "reconnect_told_at": None, **_NO_CLAIM}
)
_TOLD_AT: Mapping[NoticeKind, InstrumentedAttribute[datetime | None]] = MappingProxyType(
    {
        NoticeKind.RECONNECT: SpotifyAccountRow.reconnect_told_at,
        NoticeKind.ENDING: SpotifyAccountRow.ending_told_at,
    }
)


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
                    client_id=attempt.client_id,
                    member_name=attempt.member_name,
                )
            )

    async def take_login(self, state_hash: str, now: datetime) -> LoginAttempt | None:
        """Return the attempt and spend it, once: None when unknown or already spent (an expired one is returned).

        One whose verifier no key can read is as good as unknown.
        """
        async with self._database.transaction() as session:
            unspent = LoginAttemptRow.state_hash == state_hash, LoginAttemptRow.used_at.is_(None)
            if not await affected(session, update(LoginAttemptRow).where(*unspent).values(used_at=now)):
                return None
            return self._attempt(await session.get_one(LoginAttemptRow, state_hash))

    async def peek_login(self, state_hash: str) -> LoginAttempt | None:
        """Return the attempt without spending it: None when unknown or already spent (an expired one is returned).

        One whose verifier no key can read is as good as unknown.
        """
        async with self._database.reading() as session:
            row = await session.get(LoginAttemptRow, state_hash)
        return None if row is None or row.used_at is not None else self._attempt(row)

    async def link(
        self,
        member_id: int,
        profile: SpotifyProfile,
        tokens: TokenSet,
        authorised_at: datetime,
        *,
        client_id: str | None = None,
    ) -> None:
        """Store or replace the member's account, which is active from then on.

        The library is held, and when it was another account's it is emptied: a sync of that one that still runs either
        comes before, and what it wrote is deleted, or after, and is refused.

        Raises:
            AccountTaken: the Spotify account belongs to another member.
            SpotifyAppGone: the app is no longer registered.
        """
        values = {
            "account_id": profile.account_id,
            "user_id": profile.user_id,
            "display_name": profile.display_name,
            "url": profile.url,
            "authorised_at": authorised_at,
            "client_id": client_id,
            "ending_told_at": None,
            **_IN_ORDER,
            **self._encrypted(tokens),
        }
        linked = select(SpotifyAccountRow.account_id).where(SpotifyAccountRow.member_id == member_id)
        try:
            async with self._database.transaction() as session:
                await ensure_member(session, member_id)
                await hold_library(session, member_id)
                if not await hold_app(session, client_id):
                    raise SpotifyAppGone
                if await session.scalar(linked) not in {None, profile.account_id}:
                    await _forget_library(session, member_id)
                statement = insert_into(session, SpotifyAccountRow).values(member_id=member_id, **values)
                await session.execute(statement.on_conflict_do_update(index_elements=["member_id"], set_=values))
        except IntegrityError:
            async with self._database.reading() as session:
                owner = select(SpotifyAccountRow.member_id).where(SpotifyAccountRow.account_id == profile.account_id)
                if await session.scalar(owner) in {None, member_id}:
                    raise
            raise AccountTaken from None

    async def get(self, member_id: int) -> SpotifyAccount | None:
        """Return the member's account; no secret is read."""
        async with self._database.reading() as session:
            row = await session.get(SpotifyAccountRow, member_id)
        return None if row is None else _account(row)

    async def authorisation(self, member_id: int) -> Authorisation | None:
        """Return the member's account with its tokens decrypted; no tokens when none of the keys fits."""
        async with self._database.reading() as session:
            row = await session.get(SpotifyAccountRow, member_id)
        return None if row is None else Authorisation(_account(row), self._tokens(row))

    async def claim_refresh(
        self, member_id: int, refresh_token: str, claim: str, now: datetime, stale_before: datetime
    ) -> bool:
        """Claim the refresh of an active account that still has this refresh token; say whether it was free.

        Args:
            member_id: whose account it is.
            refresh_token: the one that is going to be used.
            claim: names the claim.
            now: the time.
            stale_before: a claim as old as that belongs to a process that died, and is taken over.
        """
        claimed_by, claimed_at = SpotifyAccountRow.refresh_claimed_by, SpotifyAccountRow.refresh_claimed_at
        active = SpotifyAccountRow.member_id == member_id, SpotifyAccountRow.status == AccountStatus.ACTIVE.value
        free = or_(claimed_by.is_(None), claimed_at <= stale_before)
        statement = update(SpotifyAccountRow).where(*active, free)
        async with self._database.transaction() as session:
            if not await self._holds(session, member_id, refresh_token):
                return False
            return await affected(session, statement.values(refresh_claimed_by=claim, refresh_claimed_at=now)) == 1

    async def release_refresh(self, member_id: int, claim: str) -> None:
        """Give a claim back, unless somebody has taken it over."""
        held = SpotifyAccountRow.member_id == member_id, SpotifyAccountRow.refresh_claimed_by == claim
        async with self._database.transaction() as session:
            await session.execute(update(SpotifyAccountRow).where(*held).values(_NO_CLAIM))

    async def store_tokens(self, member_id: int, previous_refresh_token: str, tokens: TokenSet) -> bool:
        """Replace the tokens if the stored refresh token is still the previous one; say whether it was.

        The account is active from then on: whoever was refused the previous refresh token came after this refresh. But
        one whose app was removed meanwhile stays as that has left it.
        """
        theirs = select(SpotifyAccountRow.client_id).where(SpotifyAccountRow.member_id == member_id)
        async with self._database.transaction() as session:
            stands = await hold_app(session, await session.scalar(theirs))
            values = {**self._encrypted(tokens), **(_IN_ORDER if stands else _NO_CLAIM)}
            if not await self._holds(session, member_id, previous_refresh_token):
                return False
            of_member = SpotifyAccountRow.member_id == member_id
            return await affected(session, update(SpotifyAccountRow).where(of_member).values(values)) == 1

    async def lapse(self, member_id: int, refused_refresh_token: str) -> bool:
        """Mark the account RECONNECT if the refused refresh token is still the stored one; say whether it was."""
        values = {"status": AccountStatus.RECONNECT.value, **_NO_CLAIM}
        async with self._database.transaction() as session:
            if not await self._holds(session, member_id, refused_refresh_token):
                return False
            of_member = SpotifyAccountRow.member_id == member_id
            return await affected(session, update(SpotifyAccountRow).where(of_member).values(values)) == 1

    async def mark_told(self, notice: Notice, now: datetime) -> bool:
        """Note that a notice is being given, if it still applies and nobody has given it; say whether to give it."""
        still_due = *_the_same(notice), _TOLD_AT[notice.kind].is_(None)
        async with self._database.transaction() as session:
            statement = update(SpotifyAccountRow).where(*still_due).values({_TOLD_AT[notice.kind]: now})
            return await affected(session, statement) == 1

    async def unmark_told(self, notice: Notice) -> None:
        """Take that note back, because the notice did not arrive."""
        async with self._database.transaction() as session:
            statement = update(SpotifyAccountRow).where(*_the_same(notice))
            await session.execute(statement.values({_TOLD_AT[notice.kind]: None}))

    async def is_known(self, member_id: int) -> bool:
        """Say whether anything is kept of the member, be it no more than what they opted out of."""
        async with self._database.reading() as session:
            return await session.get(MemberRow, member_id) is not None

    async def delete_member(self, member_id: int) -> DeletedCounts:
        """Delete the account and all that is kept of the member; return what was deleted."""
        async with self._database.transaction() as session:
            return await forget_member(session, member_id)

    async def remember_in_guild(self, guild_id: int, member_id: int, now: datetime) -> None:
        """Note that the member uses the bot in a server; of one without a library nothing is kept."""
        with contextlib.suppress(NotConnected):
            await self._remember(guild_id, member_id, now)

    async def _remember(self, guild_id: int, member_id: int, now: datetime) -> None:
        async with self._database.transaction() as session:
            await ensure_guild(session, guild_id)
            await hold_owner(session, member_id)
            seen = insert_into(session, GuildMemberRow).values(guild_id=guild_id, member_id=member_id, seen_at=now)
            await session.execute(
                seen.on_conflict_do_update(index_elements=["guild_id", "member_id"], set_={"seen_at": now})
            )

    async def connected_in_guild(self, guild_id: int) -> list[int]:
        """Return the ids of a server's members with an active Spotify link or imported playlists, ascending."""
        linked = select(SpotifyAccountRow.member_id).where(SpotifyAccountRow.status == AccountStatus.ACTIVE.value)
        brought = select(PlaylistRow.member_id).where(PlaylistRow.source.in_(UPLOADS))
        theirs = GuildMemberRow.member_id
        statement = (
            select(theirs)
            .where(GuildMemberRow.guild_id == guild_id, or_(theirs.in_(linked), theirs.in_(brought)))
            .order_by(theirs)
        )
        async with self._database.reading() as session:
            return list(await session.scalars(statement))

    def _attempt(self, row: LoginAttemptRow) -> LoginAttempt | None:
        try:
            return LoginAttempt(
                row.member_id,
                row.guild_id,
                self._cipher.decrypt(row.verifier),
                row.created_at,
                row.expires_at,
                row.client_id,
                row.member_name,
            )
        except UnreadableSecret:
            return None

    def _encrypted(self, tokens: TokenSet) -> dict[str, object]:
        return {
            "access_token": self._cipher.encrypt(tokens.access_token),
            "refresh_token": self._cipher.encrypt(tokens.refresh_token),
            "expires_at": tokens.expires_at,
            "scopes": " ".join(sorted(tokens.scopes)),
        }

    def _tokens(self, row: SpotifyAccountRow) -> TokenSet | None:
        try:
            return TokenSet(
                access_token=self._cipher.decrypt(row.access_token),
                refresh_token=self._cipher.decrypt(row.refresh_token),
                expires_at=row.expires_at,
                scopes=frozenset(row.scopes.split()),
            )
        except UnreadableSecret:
            return None

    async def _holds(self, session: AsyncSession, member_id: int, refresh_token: str) -> bool:
        """Let nobody else write the account until the transaction ends; say whether it has this refresh token.

        The row is locked, because equal secrets have different cipher texts that an UPDATE cannot compare.
        """
        theirs = select(SpotifyAccountRow.refresh_token).where(SpotifyAccountRow.member_id == member_id)
        stored = await session.scalar(theirs.with_for_update())
        try:
            return stored is not None and self._cipher.decrypt(stored) == refresh_token
        except UnreadableSecret:
            return False


async def _forget_library(session: AsyncSession, member_id: int) -> None:
    """Delete what was read from Spotify for a member; what they imported stays."""
    for row in (PlaylistRow, ListenRow, TopTrackRow, TopArtistRow):
        await session.execute(delete(row).where(row.member_id == member_id, row.source == SOURCE_SPOTIFY))
    await session.execute(delete(LibrarySyncRow).where(LibrarySyncRow.member_id == member_id))


def _account(row: SpotifyAccountRow) -> SpotifyAccount:
    return SpotifyAccount(
        member_id=row.member_id,
        account_id=row.account_id,
        user_id=row.user_id,
        display_name=row.display_name,
        status=AccountStatus(row.status),
        authorised_at=row.authorised_at,
        told=frozenset(kind for kind, column in _TOLD_AT.items() if getattr(row, column.key) is not None),
        client_id=row.client_id,
        scopes=frozenset(row.scopes.split()),
    )


def _the_same(notice: Notice) -> tuple[ColumnElement[bool], ...]:
    """Return what holds as long as the member has not linked again and the account is as the notice says."""
    status = AccountStatus.RECONNECT if notice.kind is NoticeKind.RECONNECT else AccountStatus.ACTIVE
    return (
        SpotifyAccountRow.member_id == notice.member_id,
        SpotifyAccountRow.authorised_at == notice.authorised_at,
        SpotifyAccountRow.status == status.value,
    )
