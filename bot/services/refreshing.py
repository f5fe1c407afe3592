"""Keeping members' access tokens fresh: one refresh at a time per account, and no answer of Spotify's ever lost."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from bot.domain.accounts import AccountStatus, SpotifyAccount, TokenSet
from bot.domain.clock import Clock
from bot.domain.errors import AuthorisationRevoked, NotConnected, ReconnectNeeded, SpotifyUnavailable
from bot.domain.quota import in_background
from bot.services.ports import AccountRepository, SpotifyApps

_CLOSING = "The bot is being restarted: try again in a minute."
_log = structlog.get_logger(__name__)


class TokenRefresher:
    """Reads tokens and refreshes them in tasks of its own, which outlive the callers who wait for them.

    Spotify may replace the refresh token with each refresh and then knows only the new one. A refresh that was begun is
    therefore brought to its end and stored, whether or not its caller was cancelled or has lost patience. Over
    processes a claim in the database lets one ask while the others wait for what it stores.

    Args:
        accounts: where the tokens are kept.
        apps: the Spotify apps that the tokens belong to.
        clock: tells the time.
        new_claim: returns an unguessable string, a new one each time.
        lease: how long a claim keeps others waiting; longer than a refresh ever takes, for a process may have died.
        patience: seconds that background work, or the end of the program, waits for a refresh.
        person_patience: seconds that a person waits for one.
        poll: seconds between two looks at what another process does.
        store_pauses: seconds before each further try to store tokens when the database fails.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        accounts: AccountRepository,
        apps: SpotifyApps,
        clock: Clock,
        *,
        new_claim: Callable[[], str],
        lease: timedelta = timedelta(seconds=90),
        patience: float = 30.0,
        person_patience: float = 2.0,
        poll: float = 0.25,
        store_pauses: Sequence[float] = (0.5, 2.0, 5.0, 10.0),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._accounts = accounts
        self._apps = apps
        self._clock = clock
        self._new_claim = new_claim
        self._lease = lease
        self._patience = patience
        self._person_patience = min(patience, person_patience)
        self._poll = poll
        self._store_pauses = tuple(store_pauses)
        self._sleep = sleep
        self._refreshes: dict[tuple[int, str], asyncio.Task[TokenSet]] = {}
        self._tasks: set[asyncio.Task[TokenSet]] = set()
        self._closing = False

    async def current(self, member_id: int) -> TokenSet:
        """Return the stored tokens.

        Raises:
            NotConnected: the member has no account.
            ReconnectNeeded: the authorisation has ended, or its tokens cannot be read with any of the keys.
        """
        _, tokens = await self._standing(member_id)
        return tokens

    async def refreshed(self, member_id: int, stale: TokenSet) -> TokenSet:
        """Return tokens in place of those that are stale; they are asked for unless somebody has done so already.

        Raises:
            NotConnected, ReconnectNeeded: there is no authorisation (any more).
            SpotifyError: Spotify could not be asked, or has not answered yet.
        """
        key = member_id, stale.access_token
        task = self._refreshes.get(key)
        if task is None:
            task = self._begin(key, stale)
        # Unlike awaiting the task, this leaves it alone when the caller is cancelled.
        patience = self._patience if in_background() else self._person_patience
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done:
            # The next caller begins anew, once the lease is over; this one still stores what it is given.
            self._forget(key, task)
            raise SpotifyUnavailable
        if task.cancelled():
            raise SpotifyUnavailable(_CLOSING)
        return task.result()

    async def close(self) -> None:
        """Begin no more refreshes and wait for those under way, so that their tokens are stored."""
        self._closing = True
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=self._patience)
        for task in late:
            _log.warning("a refresh did not end in time", task=task.get_name())
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _standing(self, member_id: int) -> tuple[SpotifyAccount, TokenSet]:
        found = await self._accounts.authorisation(member_id)
        if found is None:
            raise NotConnected
        if found.account.status is AccountStatus.RECONNECT:
            # This raises `SpotifyAppGone` when that is why.
            await self._apps.gateway(found.account.client_id)
            raise ReconnectNeeded
        if found.tokens is None:
            _log.warning("the encryption keys do not fit a member's tokens", member=member_id)
            raise ReconnectNeeded
        return found.account, found.tokens

    def _begin(self, key: tuple[int, str], stale: TokenSet) -> asyncio.Task[TokenSet]:
        if self._closing:
            raise SpotifyUnavailable(_CLOSING)
        task = asyncio.create_task(self._renew(key[0], stale), name=f"refresh of {key[0]}")
        self._refreshes[key] = task
        self._tasks.add(task)

        def ended(task: asyncio.Task[TokenSet]) -> None:
            self._tasks.discard(task)
            self._forget(key, task)
            # Looked at even if every caller is gone, because asyncio would complain about it.
            if not task.cancelled() and task.exception() is not None:
                _log.info("tokens were not refreshed", member=key[0], reason=str(task.exception()))

        task.add_done_callback(ended)
        return task

    def _forget(self, key: tuple[int, str], task: asyncio.Task[TokenSet]) -> None:
        if self._refreshes.get(key) is task:
            del self._refreshes[key]

    async def _renew(self, member_id: int, stale: TokenSet) -> TokenSet:
        claim = self._new_claim()
        for _ in range(math.ceil(self._lease.total_seconds() / self._poll) + 2):
            account, tokens = await self._standing(member_id)
            if tokens.access_token != stale.access_token:
                return tokens
            now = self._clock.now()
            if await self._accounts.claim_refresh(member_id, tokens.refresh_token, claim, now, now - self._lease):
                return await self._ask(account, tokens, claim)
            if self._closing:
                raise SpotifyUnavailable(_CLOSING)
            await self._sleep(self._poll)
        raise SpotifyUnavailable

    async def _ask(self, account: SpotifyAccount, tokens: TokenSet, claim: str) -> TokenSet:
        member_id = account.member_id
        try:
            spotify = await self._apps.gateway(account.client_id)
            fresh = await spotify.refresh(tokens.refresh_token)
        except AuthorisationRevoked:
            if await self._accounts.lapse(member_id, tokens.refresh_token):
                raise ReconnectNeeded from None
            return await self.current(member_id)
        except Exception:
            await self._accounts.release_refresh(member_id, claim)
            raise
        if await self._store(member_id, tokens.refresh_token, fresh):
            return fresh
        return await self.current(member_id)

    async def _store(self, member_id: int, previous: str, fresh: TokenSet) -> bool:
        for pause in self._store_pauses:
            try:
                return await self._accounts.store_tokens(member_id, previous, fresh)
            except Exception:
                _log.warning("fresh tokens could not be stored yet", member=member_id, exc_info=True)
            await self._sleep(pause)
        return await self._accounts.store_tokens(member_id, previous, fresh)
