"""How the Web API is called: off the event loop, with the limiter's leave, second tries and all pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

import urllib3
from spotipy import SpotifyException

from bot.domain.clock import Clock
from bot.domain.errors import SpotifyUnavailable
from bot.domain.quota import in_background
from bot.spotify import parsing
from bot.spotify.errors import api_fault
from bot.spotify.quota import QuotaLimiter
from bot.spotify.transport import Workers, open_session, unsigned
from bot.spotify.web_api import WebApi

Value = TypeVar("Value")

LEAST_PATIENCE = 0.5


Call = Callable[[WebApi], object]


class SpotifyCalls:
    """Makes calls to the Web API and to the accounts service, off the event loop.

    Args:
        api_url: the Web API's base.
        clock: tells the time.
        request_timeout: seconds to connect, and seconds between two pieces of an answer.
        max_concurrency: how many calls run at the same time.
        retry_delays: seconds before each further try of a GET that failed.
        patience: seconds after which a person who waits is told that Spotify does not answer; further tries are made
            within them only, and background work waits for the threads' own deadline instead.
        limiter: lets each call begin when it may; without one there is no limit but the concurrency.
    """

    def __init__(
        self,
        api_url: str,
        clock: Clock,
        *,
        request_timeout: float,
        max_concurrency: int,
        retry_delays: Sequence[float],
        patience: float,
        limiter: QuotaLimiter | None,
    ) -> None:
        self._api_url = api_url.rstrip("/") + "/"
        self._session = open_session(self._api_url, api_fault, clock, unsigned, max_concurrency)
        self._timeout = request_timeout
        self._workers = Workers(max_concurrency, deadline=3 * request_timeout)
        self._retry_delays = tuple(retry_delays)
        self._patience = patience
        self._limiter = limiter
        self._unheard: dict[str, set[asyncio.Future[None]]] = {}

    async def close(self) -> None:
        """Finish the calls that run, begin no others, and close the connections."""
        await self._workers.close()
        self._session.close()

    async def get(self, access_token: str, call: Call) -> object:
        """Ask, and ask again soon after a fault that may pass: only for calls that change nothing."""
        due = self._due()
        for delay in self._retry_delays:
            try:
                return readable(await self._make(access_token, call, due))
            except SpotifyUnavailable:
                if due is not None and due - _seconds() < delay + LEAST_PATIENCE:
                    raise
            await asyncio.sleep(delay)
        return readable(await self._make(access_token, call, due))

    async def pages(self, access_token: str, page: Callable[..., object], first: object = None) -> list[object]:
        """Return the items of all pages, or raise: after a short list the rest of a library would be deleted.

        Args:
            access_token: the member's.
            page: asks for the page that begins at `offset`.
            first: the answer with the first page, if somebody has asked for it already.
        """
        items: list[object] = []
        offset: int | None = 0
        while offset is not None:
            answer = await self.get(access_token, partial(page, offset=offset)) if first is None or offset else first
            items += readable(parsing.page_items(answer))
            try:
                offset = parsing.next_offset(answer, offset)
            except ValueError:
                raise SpotifyUnavailable from None
        return items

    async def write(self, access_token: str, call: Call) -> object:
        """Ask once for a change, and return what Spotify says of it; no JSON is an outage."""
        return readable(await self.tell(access_token, call))

    async def tell(self, access_token: str, call: Call) -> object:
        """Ask once for a change that Spotify answers with a status alone; return the body, None where it is no JSON.

        A change that nobody waits for any more is still heard to its end before anything else is asked with that
        token: whoever reads then, to see what it did, must not read before it has done it.
        """
        return await self._make(access_token, call, self._due(), lambda change: self._outlasts(access_token, change))

    async def sign_in(self, call: Callable[[], Value], *, to_the_end: bool = False, patient: bool = True) -> Value:
        """Ask the accounts service once; `to_the_end` as `Workers.run` has it.

        Without patience a person is not kept waiting longer than for the Web API: only for what may get lost.
        """
        within = None if patient or in_background() else self._patience
        work: Callable[[], Awaitable[Value]] = partial(self._workers.run, call, to_the_end=to_the_end, within=within)
        return await (self._limiter.call_accounts(work) if self._limiter else work())

    def _due(self) -> float | None:
        return None if in_background() else _seconds() + self._patience

    async def _make(
        self, access_token: str, call: Call, due: float | None, unheard: Callable[[Future[object]], None] | None = None
    ) -> object:
        await self._quiet(access_token, due)

        async def work() -> object:
            # It is not known before whether it has to queue for its turn.
            within = None if due is None else max(due - _seconds(), LEAST_PATIENCE)
            return await self._workers.run(partial(self._blocking, access_token, call), within=within, unheard=unheard)

        return await (self._limiter.call(work) if self._limiter else work())

    async def _quiet(self, access_token: str, due: float | None) -> None:
        changes = self._unheard.get(access_token)
        if not changes:
            return
        within = None if due is None else max(due - _seconds(), 0.0)
        _, late = await asyncio.wait(set(changes), timeout=within)
        if late:
            raise SpotifyUnavailable

    def _outlasts(self, access_token: str, change: Future[object]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.create_future()
        self._unheard.setdefault(access_token, set()).add(end)

        def forget() -> None:
            end.set_result(None)
            changes = self._unheard[access_token]
            changes.discard(end)
            if not changes:
                del self._unheard[access_token]

        def heard(_: Future[object]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody will ask any more
                loop.call_soon_threadsafe(forget)

        change.add_done_callback(heard)

    def _blocking(self, access_token: str, call: Call) -> object:
        client = WebApi(access_token, self._session, self._api_url, self._timeout)
        try:
            return call(client)
        except (OSError, SpotifyException, urllib3.exceptions.HTTPError, RecursionError):
            fault = SpotifyUnavailable()
        # Outside of the handler, so that the fault does not carry the request, and with it the token, as its context.
        raise fault


def _seconds() -> float:
    return asyncio.get_running_loop().time()


def readable(value: Value | None) -> Value:
    """Return what could be read of an answer.

    Raises:
        SpotifyUnavailable: nothing could.
    """
    if value is None:
        raise SpotifyUnavailable
    return value
