"""One adapter for each Spotify app: the host's default one, and those that servers register."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.domain.apps import AppCredentials
from bot.domain.errors import SpotifyAppGone
from bot.spotify.client import SpotifyAdapter
from bot.spotify.quota import QuotaLimiter

RETIRED_AFTER = 900.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    credentials: AppCredentials
    adapter: SpotifyAdapter
    close: Callable[[], Awaitable[None]]


class SharedLimiters:
    """Keeps one limiter for each client id, also while an adapter with its old secret and one with the new are open.

    Args:
        make: returns a new limiter for a client id.
    """

    def __init__(self, make: Callable[[str], QuotaLimiter]) -> None:
        self._make = make
        self._limiters: dict[str, QuotaLimiter] = {}
        self._users: dict[str, set[object]] = {}

    def take(self, client_id: str) -> tuple[QuotaLimiter, Callable[[], Awaitable[None]]]:
        """Return the limiter, and what gives it back: the last one who does so closes it."""
        user = object()
        limiter = self._limiters.get(client_id)
        if limiter is None:
            limiter = self._limiters[client_id] = self._make(client_id)
        self._users.setdefault(client_id, set()).add(user)

        async def give_back() -> None:
            users = self._users.get(client_id, set())
            if user not in users:
                return
            users.discard(user)
            if not users:
                del self._users[client_id]
                await self._limiters.pop(client_id).close()

        return limiter, give_back


class SpotifyAppPool:
    """Opens an app's adapter when it is first asked for, and anew when its secret has changed.

    An adapter that is no longer handed out is closed after a while, for a sync that has it may still be making calls;
    closing it waits for those that are under way.

    Args:
        default: the adapter of the default app; whoever made it closes it.
        default_id: the default app's client id.
        credentials_of: returns what a registered app signs in with, or None.
        open_adapter: opens an adapter and returns it with what closes it.
        retired_after: seconds for which an adapter that has been replaced stays open.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        default: SpotifyAdapter,
        default_id: str,
        credentials_of: Callable[[str], Awaitable[AppCredentials | None]],
        open_adapter: Callable[[AppCredentials], tuple[SpotifyAdapter, Callable[[], Awaitable[None]]]],
        *,
        retired_after: float = RETIRED_AFTER,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._default = default
        self._default_id = default_id
        self._credentials_of = credentials_of
        self._open_adapter = open_adapter
        self._retired_after = retired_after
        self._sleep = sleep
        self._opened: dict[str, _Opened] = {}
        self._retired: dict[asyncio.Task[None], _Opened] = {}

    async def gateway(self, client_id: str | None) -> SpotifyAdapter:
        """Return the adapter of an app.

        Raises:
            SpotifyAppGone: it is neither the default one nor registered (any more).
        """
        if client_id is None or client_id == self._default_id:
            return self._default
        credentials = await self._credentials_of(client_id)
        if client_id not in self._opened and credentials is not None:
            # So that the open ones never outnumber the registered ones for long, though nobody asks for those again.
            await self._retire_the_gone()
        known = self._opened.get(client_id)
        if known is not None and known.credentials == credentials:
            return known.adapter
        if known is not None:
            self._retire(client_id)
        if credentials is None:
            raise SpotifyAppGone
        adapter, close = self._open_adapter(credentials)
        self._opened[client_id] = _Opened(credentials, adapter, close)
        return adapter

    async def try_out(self, credentials: AppCredentials) -> None:
        """Ask Spotify whether an app's credentials are right, by an adapter that is closed afterwards.

        Raises:
            SpotifyRefused: they are not.
            SpotifyError: Spotify could not be asked.
        """
        adapter, close = self._open_adapter(credentials)
        try:
            await adapter.check_app()
        finally:
            self._let_go(_Opened(credentials, adapter, close), after=0.0)

    async def close(self) -> None:
        """Close the adapters of registered apps, retired ones too."""
        retiring = list(self._retired)
        for task in retiring:
            task.cancel()
        await asyncio.gather(*retiring, return_exceptions=True)
        left = [*self._opened.values(), *self._retired.values()]
        self._opened.clear()
        self._retired.clear()
        for opened in left:
            await opened.close()

    async def _retire_the_gone(self) -> None:
        for client_id, opened in list(self._opened.items()):
            stands = await self._credentials_of(client_id) == opened.credentials
            if not stands and self._opened.get(client_id) is opened:
                self._retire(client_id)

    def _retire(self, client_id: str) -> None:
        self._let_go(self._opened.pop(client_id), self._retired_after)

    def _let_go(self, opened: _Opened, after: float) -> None:
        task = asyncio.create_task(self._close_later(opened, after), name="retired Spotify app")
        self._retired[task] = opened
        task.add_done_callback(self._ended)

    async def _close_later(self, opened: _Opened, after: float) -> None:
        if after:
            await self._sleep(after)
        await opened.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        self._retired.pop(task, None)
        if task.exception() is not None:
            _log.warning("a retired Spotify app could not be closed", exc_info=task.exception())
