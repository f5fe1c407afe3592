"""Servers' own Spotify apps: registering, testing and removing them, and choosing the one to sign in through."""

from __future__ import annotations

import structlog

from bot.domain.accounts import SpotifyAccount
from bot.domain.apps import (
    AppCredentials,
    AppIsDefault,
    AppRefused,
    AppRegistration,
    AppTest,
    AppUnreadable,
    NoAppToSignIn,
    NoServerApp,
    RegisteredApp,
    SignInApp,
)
from bot.domain.clock import Clock
from bot.domain.errors import SpotifyError, SpotifyRefused
from bot.domain.quota import Cooldown
from bot.services.ports.apps import QuotaReader, SpotifyAppRepository, SpotifyAppTrial

_UNREADABLE = "Its secret can no longer be read, because the bot's encryption keys have changed: use /spotify-app set."
_NOT_ACCEPTED = (
    "Spotify no longer accepts its client ID and secret: copy both again from Spotify's developer dashboard "
    "and use /spotify-app set."
)
_log = structlog.get_logger(__name__)


class SpotifyAppsService:
    """Lets each server have an app, and with it places for members, of its own.

    Args:
        apps: where the apps are kept.
        trial: asks Spotify about credentials before they are kept.
        quotas: what is known of each app's quota.
        clock: tells the time.
        default_id: the client id of the app that the host has set; empty for none.
        redirect_uri: what has to be entered as redirect URI of an app in Spotify's dashboard.
    """

    def __init__(
        self,
        apps: SpotifyAppRepository,
        trial: SpotifyAppTrial,
        quotas: QuotaReader,
        clock: Clock,
        *,
        default_id: str,
        redirect_uri: str,
    ) -> None:
        self._apps = apps
        self._trial = trial
        self._quotas = quotas
        self._clock = clock
        self._default_id = default_id
        self.redirect_uri = redirect_uri

    async def of_guild(self, guild_id: int) -> RegisteredApp | None:
        """Return a server's own app, if it has one."""
        return await self._apps.of_guild(guild_id)

    async def set(self, guild_id: int, credentials: AppCredentials, registered_by: int) -> AppRegistration:
        """Register an app for a server, in place of the one it may have, once Spotify accepts it.

        Raises:
            AppIsDefault: it is the host's default app.
            AppRefused: Spotify does not accept it; nothing was changed.
            SpotifyError: Spotify could not be asked; nothing was changed.
        """
        if credentials.client_id == self._default_id:
            raise AppIsDefault
        try:
            await self._trial.try_out(credentials)
        except SpotifyRefused:
            raise AppRefused from None
        registration = await self._apps.register(guild_id, credentials, registered_by, self._clock.now())
        _log.info("a server's spotify app was set", guild=guild_id, renewed=registration.renewed)
        return registration

    async def test(self, guild_id: int) -> AppTest:
        """Ask Spotify whether a server's app still works.

        Raises:
            NoServerApp: it has none.
        """
        app = await self._apps.of_guild(guild_id)
        if app is None:
            raise NoServerApp
        return AppTest(app, await self._fault_of(app.client_id), await self._cooldown(app.client_id))

    async def remove(self, guild_id: int) -> int:
        """Delete a server's app; return how many members have to link again because of it.

        Raises:
            NoServerApp: it has none.
        """
        left = await self._apps.remove(guild_id)
        if left is None:
            raise NoServerApp
        _log.info("a server's spotify app was removed", guild=guild_id, members=left)
        return left

    async def for_sign_in(self, member_id: int, guild_id: int | None, account: SpotifyAccount | None) -> SignInApp:
        """Return the app to link a member through: the server's own, else the one of their account, else the default.

        Raises:
            AppUnreadable: the server's app cannot be used.
            NoAppToSignIn: there is none.
        """
        registered = await self._apps.of_guild(guild_id) if guild_id is not None else None
        if registered is not None:
            if await self._apps.credentials(registered.client_id) is None:
                raise AppUnreadable
            others = await self._apps.linked(registered.client_id, besides=member_id)
            return SignInApp(registered.client_id, others, registered.registered_by)
        theirs = account.client_id if account is not None else None
        if theirs is not None and await self._apps.credentials(theirs) is not None:
            return SignInApp(theirs, await self._apps.linked(theirs, besides=member_id))
        if not self._default_id:
            raise NoAppToSignIn
        return SignInApp(None, await self._apps.linked(None, besides=member_id))

    async def is_gone(self, account: SpotifyAccount) -> bool:
        """Say whether the app that an account is linked through is no longer registered."""
        client_id = account.client_id
        return client_id not in {None, self._default_id} and not await self._apps.is_registered(str(client_id))

    async def _fault_of(self, client_id: str) -> str | None:
        credentials = await self._apps.credentials(client_id)
        if credentials is None:
            return _UNREADABLE
        try:
            await self._trial.try_out(credentials)
        except SpotifyRefused:
            return _NOT_ACCEPTED
        except SpotifyError as error:
            return str(error)
        return None

    async def _cooldown(self, client_id: str) -> Cooldown | None:
        stored = await self._quotas.read(client_id)
        cooldown = stored.cooldown if stored is not None else None
        return cooldown if cooldown is not None and cooldown.stands(self._clock.now()) else None
