"""Linking a member's Spotify account and handing out access tokens that work."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from bot.domain.accounts import AccountStatus, DeletedCounts, LoginAttempt, LoginLink, Notice, SpotifyAccount
from bot.domain.clock import Clock
from bot.domain.errors import (
    AccessTokenRejected,
    AuthorisationRevoked,
    LoginFailed,
    NotConnected,
    ReconnectNeeded,
    SpotifyUnavailable,
)
from bot.services.ports import AccountRepository, SpotifyGateway
from bot.services.refreshing import TokenRefresher

Answer = TypeVar("Answer")

_SPENT = "This sign-in link was already used or was never given out: use /connect in Discord for a new one."
_LATE = "This sign-in link has expired: use /connect in Discord for a new one."
_CANCELLED = "You did not agree, so nothing was linked: use /connect in Discord if you change your mind."
_FRESH_REFUSED = "Spotify does not accept what it has just signed itself: try again in a few minutes."
_CODE_REFUSED = "Spotify did not accept the answer of its own consent page: use /connect in Discord to try again."


class AccountsService:
    """Sign-in by Authorization Code with PKCE, bound to the Discord user who asked, and fresh access tokens.

    Args:
        accounts: where accounts and sign-ins are kept.
        spotify: the Spotify adapter.
        clock: tells the time.
        new_secret: returns an unguessable string of 43 to 128 URL-safe characters, a new one each time.
        login_lifetime: how long a sign-in link works.
        refresh_margin: how long before its end an access token is replaced.
        refresher: reads and refreshes the tokens; by default one with the waiting times of its own.
    """

    def __init__(
        self,
        accounts: AccountRepository,
        spotify: SpotifyGateway,
        clock: Clock,
        *,
        new_secret: Callable[[], str],
        login_lifetime: timedelta = timedelta(minutes=10),
        refresh_margin: timedelta = timedelta(minutes=2),
        refresher: TokenRefresher | None = None,
    ) -> None:
        self._accounts = accounts
        self._spotify = spotify
        self._clock = clock
        self._new_secret = new_secret
        self._login_lifetime = login_lifetime
        self._refresh_margin = refresh_margin
        self._refresher = refresher or TokenRefresher(accounts, spotify, clock, new_claim=new_secret)

    async def close(self) -> None:
        """Finish the refreshes that are under way; before the Spotify adapter and the database are closed."""
        await self._refresher.close()

    async def begin_login(self, member_id: int, guild_id: int | None) -> LoginLink:
        """Return the consent page's link for a member; it works once and until it expires."""
        now = self._clock.now()
        state, verifier = self._new_secret(), self._new_secret()
        attempt = LoginAttempt(member_id, guild_id, verifier, now, now + self._login_lifetime)
        await self._accounts.add_login(_hash(state), attempt)
        return LoginLink(self._spotify.authorize_url(state, verifier), attempt.expires_at)

    async def complete_login(self, state: str, code: str) -> SpotifyAccount:
        """Finish the sign-in that the callback's state names and link the account.

        Raises:
            LoginFailed: the state is unknown, spent or expired, or the code is refused.
            AccountTaken: another Discord user has linked this Spotify account.
            SpotifyError: Spotify could not be asked who it is.
        """
        attempt = await self._take(state)
        now = self._clock.now()
        try:
            tokens = await self._spotify.exchange_code(code, attempt.verifier)
        except AuthorisationRevoked:
            raise LoginFailed(_CODE_REFUSED) from None
        profile = await self._spotify.profile(tokens.access_token)
        await self._accounts.link(attempt.member_id, profile, tokens, now)
        if attempt.guild_id is not None:
            await self._accounts.remember_in_guild(attempt.guild_id, attempt.member_id, now)
        return SpotifyAccount(
            member_id=attempt.member_id,
            account_id=profile.account_id,
            user_id=profile.user_id,
            display_name=profile.display_name,
            status=AccountStatus.ACTIVE,
            authorised_at=now,
        )

    async def refuse_login(self, state: str, error: str) -> None:
        """Spend a sign-in that Spotify's consent page ended with an error.

        Raises:
            LoginFailed: always; it says what happened.
        """
        await self._take(state)
        raise LoginFailed(_CANCELLED if error == "access_denied" else _CODE_REFUSED)

    async def account(self, member_id: int) -> SpotifyAccount | None:
        """Return the member's linked account, whatever its status."""
        return await self._accounts.get(member_id)

    async def disconnect(self, member_id: int) -> DeletedCounts:
        """Delete the account and everything kept of the member.

        Raises:
            NotConnected: there is nothing to delete.
        """
        if await self._accounts.get(member_id) is None:
            raise NotConnected
        return await self._accounts.delete_member(member_id)

    async def remember_in_guild(self, guild_id: int | None, member_id: int) -> None:
        """Note that the member uses the bot in a server, so that its digest can draw on their taste."""
        if guild_id is not None:
            await self._accounts.remember_in_guild(guild_id, member_id, self._clock.now())

    async def take_notice(self, member_id: int) -> Notice | None:
        """Return what the member is to be told about their authorisation now; of any number of callers one gets it.

        That it has ended is told once, and once, from the fifth month on, that it is going to end.
        """
        now = self._clock.now()
        account = await self._accounts.get(member_id)
        kind = account.notice_due(now) if account else None
        if account is None or kind is None:
            return None
        notice = Notice(member_id, kind, account.authorised_at, account.ends_at)
        return notice if await self._accounts.mark_told(notice, now) else None

    async def give_back(self, notice: Notice) -> None:
        """Let a notice be told later, because it did not reach the member."""
        await self._accounts.unmark_told(notice)

    async def usable(self, member_id: int) -> SpotifyAccount:
        """Return the member's account if its authorisation still stands.

        Raises:
            NotConnected, ReconnectNeeded: it does not.
        """
        account = await self._accounts.get(member_id)
        if account is None:
            raise NotConnected
        if account.status is AccountStatus.RECONNECT:
            raise ReconnectNeeded
        return account

    async def with_token(self, member_id: int, use: Callable[[str], Awaitable[Answer]]) -> Answer:
        """Call `use` with an access token that works; a token that Spotify rejects is refreshed once.

        A token that is rejected though it is fresh is an outage: only `invalid_grant` says that an authorisation ended.

        Raises:
            NotConnected, ReconnectNeeded: there is no authorisation to use.
            SpotifyError: whatever `use` raises, or the refresh.
        """
        tokens = await self._refresher.current(member_id)
        if tokens.expires_at - self._clock.now() < self._refresh_margin:
            tokens = await self._refresher.refreshed(member_id, tokens)
        try:
            return await use(tokens.access_token)
        except AccessTokenRejected:
            tokens = await self._refresher.refreshed(member_id, tokens)
        try:
            return await use(tokens.access_token)
        except AccessTokenRejected:
            raise SpotifyUnavailable(_FRESH_REFUSED) from None

    async def _take(self, state: str) -> LoginAttempt:
        now = self._clock.now()
        attempt = await self._accounts.take_login(_hash(state), now)
        if attempt is None:
            raise LoginFailed(_SPENT)
        if attempt.expires_at <= now:
            raise LoginFailed(_LATE)
        return attempt


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
