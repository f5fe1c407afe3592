"""The way to Spotify: HTTP sessions for spotipy, and threads of their own so that the event loop never waits."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from bot.domain.clock import Clock
from bot.domain.errors import SpotifyError, SpotifyUnavailable
from bot.spotify.errors import UnwelcomeAnswer, message_of
from bot.spotify.logs import redact

Answer = TypeVar("Answer")
Authentication = Callable[[requests.PreparedRequest], requests.PreparedRequest]
Translation = Callable[[UnwelcomeAnswer, datetime], SpotifyError]

_log = logging.getLogger(__name__)
_CLOSING = "The bot is being restarted: try again in a minute."


class Workers:
    """A bounded pool of threads for blocking calls.

    Args:
        size: how many calls run at the same time.
        deadline: seconds after which a caller is no longer kept waiting, queueing included; the socket's own timeouts
            end the thread, except for a server that trickles bytes, and callers must not hang with it.
    """

    def __init__(self, size: int, deadline: float) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="spotify")
        self._deadline = deadline
        self._closed = False
        self._unfinished: set[Future[Any]] = set()

    async def run(
        self,
        call: Callable[[], Answer],
        *,
        to_the_end: bool = False,
        within: float | None = None,
        unheard: Callable[[Future[Answer]], None] | None = None,
    ) -> Answer:
        """Run `call` in a thread, with the caller's context variables, and return what it returns.

        Args:
            call: what to run.
            to_the_end: the answer must not be lost: the deadline holds until the call is begun, and from then on the
                caller is the one who decides how long to wait.
            within: seconds after which this caller gives up, if that is before the deadline.
            unheard: is told of a call that goes on although its caller has given up.

        Raises:
            SpotifyUnavailable: the deadline has passed, or the pool is closed; a call that still waited is never begun.
        """
        if self._closed:
            raise SpotifyUnavailable(_CLOSING)
        future = self._pool.submit(contextvars.copy_context().run, self._unless_closed, call)
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)
        answer = asyncio.wrap_future(future)
        if to_the_end:
            try:
                await asyncio.wait({answer}, timeout=self._deadline)
                if not future.cancel():  # it is running, or done
                    return await answer
            finally:
                answer.cancel()
            raise SpotifyUnavailable
        try:
            async with asyncio.timeout(self._deadline if within is None else min(self._deadline, within)):
                return await answer
        except TimeoutError:
            raise SpotifyUnavailable from None
        finally:
            if unheard is not None and not future.done():
                unheard(future)

    async def close(self) -> None:
        """Begin nothing more and wait, up to the deadline, for what runs."""
        self._closed = True
        self._pool.shutdown(wait=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._deadline):
                waiting = [asyncio.wrap_future(future) for future in list(self._unfinished)]
                await asyncio.gather(*waiting, return_exceptions=True)

    def _unless_closed(self, call: Callable[[], Answer]) -> Answer:
        if self._closed:
            raise SpotifyUnavailable(_CLOSING)
        return call()


class _Adapter(HTTPAdapter):
    """Closes its idle connections with the session: urllib3 leaves that to the garbage collector."""

    def close(self) -> None:
        """Close all connections that no call uses."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()


def open_session(
    base_url: str, translate: Translation, clock: Clock, authentication: Authentication, connections: int = 1
) -> requests.Session:
    """Return a session for spotipy's `requests_session` that raises a `SpotifyError` for any answer but a success.

    The fault is raised before spotipy sees the answer, because spotipy loses the status where an error body is not the
    object it expects, and reports a 500 as a 429. With no retries in the adapter a 429 is never slept on.

    Args:
        base_url: where the session goes; on loopback no proxy of the environment is used.
        translate: names the fault of an answer.
        clock: tells the time, for Retry-After.
        authentication: what signs each request. It is never None, because requests would then put the password of a
            `~/.netrc` in the place of spotipy's bearer token.
        connections: how many are kept open.
    """
    session = requests.Session()
    adapter = _Adapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.trust_env = not _is_loopback(base_url)
    session.auth = authentication
    # Members share the session: a cookie set for one must not be sent for another.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def raise_fault(response: requests.Response, *_: object, **__: object) -> None:
        if 200 <= response.status_code < 300:
            return
        # A redirect is a fault too: followed, a 307 would carry a token request with its secrets to another host.
        path = urlsplit(response.url).path
        answer = UnwelcomeAnswer(
            status=response.status_code,
            path=path,
            retry_after=response.headers.get("Retry-After"),
            body=response.content,
        )
        words = redact(message_of(answer.body))[:200]
        _log.warning("Spotify answered %d to %s %s: %r", answer.status, response.request.method, path, words)
        raise translate(answer, clock.now())

    session.hooks["response"].append(raise_fault)
    return session


def unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as spotipy made it: the `authentication` of a session whose requests sign themselves."""
    return request


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
