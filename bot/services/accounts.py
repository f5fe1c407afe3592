"""Linking a member's Spotify account and handing out access tokens that work."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeVar

from bot.domain.accounts import (
    AccountStatus,
    DeletedCounts,
    LoginAttempt,
    LoginLink,
    LoginSpent,
    NothingKept,
    Notice,
    NoticeKind,
    SpotifyAccount,
)
from bot.domain.apps import SignInApp
from bot.domain.clock import Clock
from bot.domain.errors import (
    AccessTokenRejected,
    AuthorisationRevoked,
    LoginFailed,
    NotConnected,
    ReconnectNeeded,
    SpotifyAppGone,
    SpotifyUnavailable,
)
from bot.services.ports import AccountRepository, SpotifyApps, SpotifyGateway
from bot.services.refreshing import TokenRefresher

Answer = TypeVar("Answer")

_SPENT = "This sign-in link was already used or was never given out: use /connect in Discord for a new one."
_LATE = "This sign-in link has expired: use /connect in Discord for a new one."
_CANCELLED = "You did not agree, so nothing was linked: use /connect in Discord if you change your mind."
_FRESH_REFUSED = "Spotify does not accept what it has just signed itself: try again in a few minutes."
_CODE_REFUSED = "Spotify did not accept the answer of its own consent page: use /connect in Discord to try again."


class SignInApps(Protocol):
    """Chooses Spotify apps; `bot.services.apps.SpotifyAppsService` does."""

    async def for_sign_in(self, member_id: int, guild_id: int | None, account: SpotifyAccount | None) -> SignInApp:
        """Return the app to link a member through; raises a `CrossfadeError` when there is none."""
        ...

    async def is_gone(self, account: SpotifyAccount) -> bool:
        """Say whether the app that an account is linked through is no longer registered."""
        ...


class AccountsService:
    """Sign-in by Authorization Code with PKCE, bound to the Discord user who asked, and fresh access tokens.

    Args:
        accounts: where accounts and sign-ins are kept.
        apps: the Spotify apps that accounts are linked through.
        clock: tells the time.
        sign_in_apps: chooses the app that a member is linked through.
        new_secret: returns an unguessable string of 43 to 128 URL-safe characters, a new one each time.
        new_state: returns an unguessable string for the address of the consent page; by default as long as a secret,
            but a button of Discord holds no address of more than 512 characters.
        login_lifetime: how long a sign-in link works.
        refresh_margin: how long before its end an access token is replaced.
        refresher: reads and refreshes the tokens; by default one with the waiting times of its own.
    """

    def __init__(
        self,
        accounts: AccountRepository,
        apps: SpotifyApps,
        clock: Clock,
        *,
        sign_in_apps: SignInApps,
        new_secret: Callable[[], str],
        new_state: Callable[[], str] | None = None,
        login_lifetime: timedelta = timedelta(minutes=10),
        refresh_margin: timedelta = timedelta(minutes=2),
        refresher: TokenRefresher | None = None,
    ) -> None:
        self._accounts = accounts
        self._apps = apps
        self._clock = clock
        self._sign_in_apps = sign_in_apps
        self._new_secret = new_secret
        self._new_state = new_state or new_secret
        self._login_lifetime = login_lifetime
        self._refresh_margin = refresh_margin
        self._refresher = refresher or TokenRefresher(accounts, apps, clock, new_claim=new_secret)

    async def close(self) -> None:
        """Finish the refreshes that are under way; before the Spotify adapter and the database are closed."""
        await self._refresher.close()

    async def begin_login(self, member_id: int, guild_id: int | None, *, member_name: str | None = None) -> LoginLink:
        """Return the consent page's link for a member; it works once and until it expires.

        Args:
            member_id: the Discord user who asks.
            guild_id: the server they ask in, whose own Spotify app comes first.
            member_name: what Discord calls them, shown to whoever follows the link.

        Raises:
            CrossfadeError: there is no app to link them through.
        """
        app = await self._sign_in_apps.for_sign_in(member_id, guild_id, await self._accounts.get(member_id))
        spotify = await self._apps.gateway(app.client_id)
        now = self._clock.now()
        state, verifier = self._new_state(), self._new_secret()
        expires_at = now + self._login_lifetime
        attempt = LoginAttempt(member_id, guild_id, verifier, now, expires_at, app.client_id, member_name)
        await self._accounts.add_login(_hash(state), attempt)
        return LoginLink(spotify.authorize_url(state, verifier), expires_at, app)

    async def peek_login(self, state: str) -> LoginAttempt:
        """Return the sign-in that the callback's state names, which can then still be finished.

        Raises:
            LoginFailed: the state is unknown, spent or expired.
        """
        return self._unspent(await self._accounts.peek_login(_hash(state)))

    async def complete_login(self, state: str, code: str) -> SpotifyAccount:
        """Finish the sign-in that the callback's state names and link the account.

        Raises:
            LoginFailed: the state is unknown, spent or expired, or the code is refused or too old.
            SpotifyAppGone: the app it was begun through was removed meanwhile.
            AccountTaken: another Discord user has linked this Spotify account.
            SpotifyError: Spotify could not be asked who it is.
        """
        attempt = await self._take(state)
        now = self._clock.now()
        spotify = await self._apps.gateway(attempt.client_id)
        try:
            tokens = await spotify.exchange_code(code, attempt.verifier)
        except AuthorisationRevoked:
            raise LoginFailed(_CODE_REFUSED) from None
        profile = await spotify.profile(tokens.access_token)
        await self._accounts.link(attempt.member_id, profile, tokens, now, client_id=attempt.client_id)
        if attempt.guild_id is not None:
            await self._accounts.remember_in_guild(attempt.guild_id, attempt.member_id, now)
        return SpotifyAccount(
            member_id=attempt.member_id,
            account_id=profile.account_id,
            user_id=profile.user_id,
            display_name=profile.display_name,
            status=AccountStatus.ACTIVE,
            authorised_at=now,
            client_id=attempt.client_id,
            scopes=tokens.scopes,
        )

    async def refuse_login(self, state: str, error: str) -> None:
        """Say why Spotify's consent page ended with an error; the sign-in is not spent: they may change their mind.

        Raises:
            LoginFailed: always; it says what happened.
        """
        await self.peek_login(state)
        raise LoginFailed(_CANCELLED if error == "access_denied" else _CODE_REFUSED)

    async def decline_login(self, state: str) -> None:
        """Spend a sign-in because whoever came back from Spotify is not the Discord user who began it.

        Raises:
            LoginFailed: the state is unknown, spent or expired.
        """
        await self._take(state)

    async def account(self, member_id: int) -> SpotifyAccount | None:
        """Return the member's linked account, whatever its status."""
        return await self._accounts.get(member_id)

    async def disconnect(self, member_id: int) -> DeletedCounts:
        """Delete the account, if there is one, and everything kept of the member.

        Raises:
            NothingKept: there is nothing to delete.
        """
        if not await self._accounts.is_known(member_id):
            raise NothingKept
        return await self._accounts.delete_member(member_id)

    async def is_known(self, member_id: int) -> bool:
        """Say whether anything is kept of the member that they could have deleted."""
        return await self._accounts.is_known(member_id)

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
        gone = kind is NoticeKind.RECONNECT and await self._sign_in_apps.is_gone(account)
        notice = Notice(member_id, kind, account.authorised_at, account.ends_at, app_gone=gone)
        return notice if await self._accounts.mark_told(notice, now) else None

    async def give_back(self, notice: Notice) -> None:
        """Let a notice be told later, because it did not reach the member."""
        await self._accounts.unmark_told(notice)

    async def usable(self, member_id: int) -> SpotifyAccount:
        """Return the member's account if its authorisation still stands.

        Raises:
            NotConnected, ReconnectNeeded: it does not (`SpotifyAppGone` when that is why).
        """
        account = await self._accounts.get(member_id)
        if account is None:
            raise NotConnected
        if account.status is AccountStatus.RECONNECT:
            raise SpotifyAppGone if await self._sign_in_apps.is_gone(account) else ReconnectNeeded
        return account

    async def spotify_of(self, member_id: int) -> SpotifyGateway:
        """Return the gateway of the app that the member's account is linked through; its calls take their token.

        Raises:
            NotConnected, ReconnectNeeded: there is no authorisation to use.
        """
        account = await self.usable(member_id)
        return await self._apps.gateway(account.client_id)

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
        return self._unspent(await self._accounts.take_login(_hash(state), self._clock.now()))

    def _unspent(self, attempt: LoginAttempt | None) -> LoginAttempt:
        if attempt is None:
            raise LoginSpent(_SPENT)
        if attempt.expires_at <= self._clock.now():
            raise LoginFailed(_LATE)
        return attempt


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
