"""The Web API as the services need it: `SpotifyAdapter`, with spotipy inside and the event loop never waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import requests
import urllib3
from spotipy import Spotify, SpotifyException

from bot.domain.accounts import SpotifyProfile, TokenSet
from bot.domain.clock import Clock
from bot.domain.errors import SpotifyRefused, SpotifyUnavailable
from bot.domain.library import CreatedPlaylist, PlaylistEntry, RemoteItems, RemotePlaylist, TrackInfo
from bot.domain.quota import in_background
from bot.spotify import parsing
from bot.spotify.auth import SpotifyAccounts
from bot.spotify.errors import NO_SUCH_PLAYLIST, NO_SUCH_TRACK, api_fault
from bot.spotify.logs import guard_logs
from bot.spotify.quota import QuotaLimiter
from bot.spotify.transport import Workers, open_session, unsigned

Value = TypeVar("Value")

PAGE = 50
ITEMS_PER_WRITE = 100
RETRY_BUDGET = 3.0
LONGEST_NAME = 100
LONGEST_DESCRIPTION = 300


class _Client(Spotify):  # type: ignore[misc]  # spotipy carries no types
    """spotipy's client of one access token on the session that all share."""

    def __init__(self, access_token: str, session: requests.Session, api_url: str, timeout: float) -> None:
        super().__init__(auth=access_token, requests_session=session, requests_timeout=timeout)
        self.prefix = api_url

    def __del__(self) -> None:
        """Leave the session open: spotipy would close it, and every call would pay for a new connection."""


class SpotifyAdapter:
    """Spotify for the services; it fits `bot.services.ports.SpotifyGateway`.

    Args:
        client_id: the app's id; with an empty one nobody can sign in, and is told so.
        client_secret: sent beside the PKCE verifier when there is one; None for a public client.
        redirect_uri: the callback, exactly as the developer dashboard has it.
        clock: tells the time.
        accounts_url: Spotify's accounts service.
        api_url: the Web API's base.
        request_timeout: seconds to connect, and seconds between two pieces of an answer.
        max_concurrency: how many calls run at the same time.
        retry_delays: seconds before each further try of a GET that failed; while somebody waits for it, only as long as
            the first is not long ago.
        limiter: lets each call begin when it may; without one there is no limit but the concurrency.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        *,
        clock: Clock,
        accounts_url: str = "https://accounts.spotify.com",
        api_url: str = "https://api.spotify.com/v1/",
        request_timeout: float = 10.0,
        max_concurrency: int = 4,
        retry_delays: Sequence[float] = (0.25, 0.75),
        limiter: QuotaLimiter | None = None,
    ) -> None:
        guard_logs()
        self._accounts = SpotifyAccounts(
            client_id,
            client_secret,
            redirect_uri,
            clock=clock,
            accounts_url=accounts_url,
            request_timeout=request_timeout,
        )
        self._api_url = api_url.rstrip("/") + "/"
        self._session = open_session(self._api_url, api_fault, clock, unsigned, max_concurrency)
        self._timeout = request_timeout
        self._workers = Workers(max_concurrency, deadline=3 * request_timeout)
        self._retry_delays = tuple(retry_delays)
        self._limiter = limiter

    async def close(self) -> None:
        """Finish the calls that run, begin no others, and close the connections."""
        await self._workers.close()
        self._session.close()

    def authorize_url(self, state: str, verifier: str) -> str:
        """Return the consent page's address for a state and the S256 challenge of `verifier`."""
        return self._accounts.authorize_url(state, verifier)

    async def exchange_code(self, code: str, verifier: str) -> TokenSet:
        """Exchange the callback's code for tokens.

        Raises:
            AuthorisationRevoked: the code is spent, late or made for another verifier.
            SpotifyError: Spotify could not be asked, or refuses the app.
        """
        return await self._sign_in(lambda: self._accounts.exchange_code(code, verifier))

    async def refresh(self, refresh_token: str) -> TokenSet:
        """Return fresh tokens; the refresh token is the old one when Spotify gives no other.

        It is tried once: Spotify may have replaced the refresh token even though its answer was lost. For the same
        reason a call that was begun is never given up: whoever waits for it sets a limit of their own.

        Raises:
            AuthorisationRevoked: the refresh token is dead.
            SpotifyError: Spotify could not be asked, or refuses the app.
        """
        return await self._sign_in(lambda: self._accounts.refresh(refresh_token), to_the_end=True)

    async def profile(self, access_token: str) -> SpotifyProfile:
        """Return whose token it is (GET /me)."""
        # spotipy's own me() asks for `/me/`, which is another path.
        return _readable(parsing.profile(await self._get(access_token, lambda client: client._get("me"))))

    async def playlists(self, access_token: str) -> list[RemotePlaylist]:
        """Return every playlist in the member's library, each once, in Spotify's order (GET /me/playlists)."""

        def page(client: _Client, offset: int) -> object:
            return client.current_user_playlists(limit=PAGE, offset=offset)

        found: dict[str, RemotePlaylist] = {}
        for listed in await self._all_pages(access_token, page):
            playlist = parsing.playlist(listed)
            if playlist is not None:
                found.setdefault(playlist.spotify_id, playlist)
        return list(found.values())

    async def playlist_items(self, access_token: str, spotify_id: str) -> RemoteItems:
        """Return a playlist's tracks in order (GET /playlists/{id}/items).

        Raises:
            SpotifyRefused: the member neither owns it nor collaborates on it, or it does not exist.
        """
        _require_playlist_id(spotify_id)

        def page(client: _Client, offset: int) -> object:
            return client.playlist_items(spotify_id, limit=PAGE, offset=offset)

        read = [parsing.entry(item) for item in await self._all_pages(access_token, page)]
        entries: list[PlaylistEntry] = [entry for entry in read if entry is not None]
        return RemoteItems(tuple(entries), skipped=len(read) - len(entries))

    async def track(self, access_token: str, uri: str) -> TrackInfo:
        """Return one track by its `spotify:track:` URI (GET /tracks/{id}).

        Raises:
            SpotifyRefused: there is none.
        """
        track_id = parsing.track_id(uri)
        if track_id is None:
            raise SpotifyRefused(NO_SUCH_TRACK)
        return _readable(parsing.track(await self._get(access_token, lambda client: client.track(track_id))))

    async def create_playlist(self, access_token: str, name: str, description: str, *, public: bool) -> CreatedPlaylist:
        """Make an empty playlist (POST /me/playlists), once: a lost answer is not tried again.

        Args:
            access_token: the member's.
            name: cut to Spotify's 100 characters.
            description: cut to Spotify's 300 characters; line breaks, which it refuses, become spaces.
            public: whether it is shown on the member's profile.
        """
        title, about = _one_line(name, LONGEST_NAME), _one_line(description, LONGEST_DESCRIPTION)
        answer = await self._ask(
            access_token,
            lambda client: client.current_user_playlist_create(title, public=public, description=about),
        )
        return _readable(parsing.created_playlist(answer, title))

    async def replace_items(self, access_token: str, spotify_id: str, uris: Sequence[str]) -> None:
        """Make `uris` the whole content of a playlist (PUT, then POST /playlists/{id}/items, 100 at a time).

        The first hundred replace what was there, so after a failure the same call puts everything right.
        """
        _require_playlist_id(spotify_id)
        path = f"playlists/{spotify_id}/items"
        first, rest = list(uris[:ITEMS_PER_WRITE]), uris[ITEMS_PER_WRITE:]
        await self._ask(access_token, lambda client: client._put(path, payload={"uris": first}))
        for start in range(0, len(rest), ITEMS_PER_WRITE):
            await self._append(access_token, path, list(rest[start : start + ITEMS_PER_WRITE]))

    async def _append(self, access_token: str, path: str, uris: list[str]) -> None:
        # spotipy's playlist_add_items sends a bare array, where the API's description has an object.
        await self._ask(access_token, lambda client: client._post(path, payload={"uris": uris}))

    async def _all_pages(self, access_token: str, page: Callable[..., object]) -> list[object]:
        """Return the items of all pages, or raise: after a short list the rest of a library would be deleted."""
        items: list[object] = []
        offset: int | None = 0
        while offset is not None:
            answer = await self._get(access_token, partial(page, offset=offset))
            items += _readable(parsing.page_items(answer))
            try:
                offset = parsing.next_offset(answer, offset)
            except ValueError:
                raise SpotifyUnavailable from None
        return items

    async def _get(self, access_token: str, call: Callable[[_Client], object]) -> object:
        """Ask, and ask again soon after a fault that may pass: only for calls that change nothing."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for delay in self._retry_delays:
            try:
                return await self._ask(access_token, call)
            except SpotifyUnavailable:
                if not in_background() and loop.time() - begun + delay > RETRY_BUDGET:
                    raise
            await asyncio.sleep(delay)
        return await self._ask(access_token, call)

    async def _ask(self, access_token: str, call: Callable[[_Client], object]) -> object:
        work = partial(self._workers.run, lambda: self._blocking(access_token, call))
        return await (self._limiter.call(work) if self._limiter else work())

    async def _sign_in(self, call: Callable[[], TokenSet], *, to_the_end: bool = False) -> TokenSet:
        work = partial(self._workers.run, call, to_the_end=to_the_end)
        return await (self._limiter.call_accounts(work) if self._limiter else work())

    def _blocking(self, access_token: str, call: Callable[[_Client], object]) -> object:
        client = _Client(access_token, self._session, self._api_url, self._timeout)
        try:
            # spotipy returns None where a body is no JSON.
            return _readable(call(client))
        except (OSError, SpotifyException, urllib3.exceptions.HTTPError, RecursionError):
            fault = SpotifyUnavailable()
        # Outside of the handler, so that the fault does not carry the request, and with it the token, as its context.
        raise fault


def _readable(value: Value | None) -> Value:
    if value is None:
        raise SpotifyUnavailable
    return value


def _require_playlist_id(spotify_id: str) -> None:
    if not parsing.is_id(spotify_id):
        raise SpotifyRefused(NO_SUCH_PLAYLIST)


def _one_line(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
