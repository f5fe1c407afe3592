"""Signing in at Spotify: Authorization Code with PKCE, and refreshing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeVar
from urllib.parse import urlencode

import requests
import urllib3
from requests.auth import HTTPBasicAuth
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials, SpotifyPKCE

from bot.domain.accounts import TokenSet
from bot.domain.clock import Clock
from bot.domain.errors import AuthorisationRevoked, SpotifyRefused, SpotifyUnavailable
from bot.spotify.errors import AUTHORISATION_ENDED, NO_CLIENT, NO_KEY_OF_ITS_OWN, token_fault
from bot.spotify.transport import open_session, unsigned

Tokens = TypeVar("Tokens")

SCOPES: Final = MappingProxyType(
    {
        "playlist-read-private": "to read your private playlists",
        "playlist-read-collaborative": "to read playlists that you make together with others",
        "playlist-modify-private": "to save discoveries as a private playlist",
        "playlist-modify-public": "to save discoveries as a public playlist",
        "user-library-read": "to know your liked songs",
        "user-top-read": "to know what you have played most",
        "user-read-recently-played": "to leave out what you have just heard",
        "ugc-image-upload": "to give the playlists that I save a cover",
    }
)
"""What a member is asked to allow, and why: only what the calls of `SpotifyAdapter` need."""

_LONGEST_LIFETIME = timedelta(days=365)
_APP_TOKEN_RESERVE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AppToken:
    """An access token that acts for the app alone."""

    access_token: str = field(repr=False)
    expires_at: datetime

    def lasts(self, now: datetime) -> bool:
        """Say whether it can be used for a while; one that ends in a far future comes from a clock that was wrong."""
        return _APP_TOKEN_RESERVE < self.expires_at - now < _LONGEST_LIFETIME


class _Login(SpotifyPKCE):  # type: ignore[misc]  # spotipy carries no types
    """spotipy's PKCE flow with its addresses and verifier handed in and its cache replaced."""

    def __init__(
        self,
        client_id: str,
        redirect_uri: str,
        accounts_url: str,
        *,
        verifier: str,
        session: requests.Session | None,
        timeout: float,
    ) -> None:
        # With no handler spotipy would write the tokens of every member to one file, `.cache`.
        super().__init__(
            client_id=client_id,
            redirect_uri=redirect_uri,
            scope=list(SCOPES),
            cache_handler=MemoryCacheHandler(),
            requests_session=session or False,
            requests_timeout=timeout,
            open_browser=False,
        )
        self.OAUTH_AUTHORIZE_URL = f"{accounts_url}/authorize"
        self.OAUTH_TOKEN_URL = f"{accounts_url}/api/token"
        # Both are set, because spotipy makes up another verifier when the challenge is missing.
        self.code_verifier = verifier
        self.code_challenge = challenge_of(verifier)

    def _add_custom_values_to_token_info(self, token_info: object) -> object:
        return _checked(token_info)


class _AppLogin(SpotifyClientCredentials):  # type: ignore[misc]  # spotipy carries no types
    """spotipy's client credentials flow with its address handed in and its cache replaced."""

    def __init__(
        self, client_id: str, client_secret: str, accounts_url: str, session: requests.Session, timeout: float
    ) -> None:
        super().__init__(
            client_id, client_secret, None, session, requests_timeout=timeout, cache_handler=MemoryCacheHandler()
        )
        self.OAUTH_TOKEN_URL = f"{accounts_url}/api/token"

    def _add_custom_values_to_token_info(self, token_info: object) -> object:
        return _checked(token_info)


class SpotifyAccounts:
    """Spotify's accounts service; its calls block.

    Args:
        client_id: the app's id.
        client_secret: sent as HTTP Basic beside the PKCE verifier when there is one; None for a public client.
        redirect_uri: the callback, exactly as the developer dashboard has it.
        clock: tells the time.
        accounts_url: the service's address.
        request_timeout: seconds to connect, and seconds between two pieces of an answer.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        *,
        clock: Clock,
        accounts_url: str,
        request_timeout: float,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._sign = HTTPBasicAuth(client_id, client_secret) if client_secret else unsigned
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._accounts_url = accounts_url.rstrip("/")
        self._timeout = request_timeout

    def authorize_url(self, state: str, verifier: str) -> str:
        """Return the consent page's address.

        `show_dialog` makes Spotify show the page, with the choice of another account, even to somebody who has agreed
        before: without it a member who linked the wrong account could never change it.

        Raises:
            SpotifyRefused: there is no client id.
        """
        url = self._login(verifier).get_authorize_url(state=state)
        return f"{url}&{urlencode({'show_dialog': 'true'})}"

    def exchange_code(self, code: str, verifier: str) -> TokenSet:
        """Exchange the callback's code for tokens.

        Raises:
            AuthorisationRevoked: the code is spent, late or made for another verifier.
            SpotifyError: Spotify could not be asked.

        Source: RFC 6749 section 4.1.3, RFC 7636 section 4.5.
        """
        # With an empty code spotipy opens a browser and waits for a person.
        if not code:
            raise AuthorisationRevoked(AUTHORISATION_ENDED)
        return self._ask(lambda login: login.get_access_token(code, check_cache=False), verifier=verifier)

    def refresh(self, refresh_token: str) -> TokenSet:
        """Return fresh tokens; the refresh token stays the same when the answer has none.

        Raises:
            AuthorisationRevoked: the refresh token is dead.
            SpotifyError: Spotify could not be asked, or refuses the app.

        Source: RFC 6749 section 6.
        """
        return self._ask(lambda login: login.refresh_access_token(refresh_token), previous=refresh_token)

    def app_token(self) -> AppToken:
        """Return a token of the app's own.

        Raises:
            SpotifyRefused: there is no secret, or Spotify refuses the app.
            SpotifyError: Spotify could not be asked.

        Source: RFC 6749 section 4.4.
        """
        client_id, secret = self._client_id, self._client_secret
        if not client_id or not secret:
            raise SpotifyRefused(NO_KEY_OF_ITS_OWN if client_id else NO_CLIENT)

        def call(session: requests.Session) -> AppToken:
            login = _AppLogin(client_id, secret, self._accounts_url, session, self._timeout)
            login.get_access_token(as_dict=False, check_cache=False)
            return _app_token(login.cache_handler.get_cached_token(), now)

        now = self._clock.now()
        return self._guarded(call)

    def _ask(self, call: Callable[[_Login], object], *, verifier: str = "", previous: str | None = None) -> TokenSet:
        def ask(session: requests.Session) -> TokenSet:
            login = self._login(verifier, session)
            call(login)
            return _token_set(login.cache_handler.get_cached_token(), previous, now)

        now = self._clock.now()
        return self._guarded(ask)

    def _guarded(self, ask: Callable[[requests.Session], Tokens]) -> Tokens:
        with open_session(self._accounts_url, token_fault, self._clock, self._sign) as session:
            try:
                return ask(session)
            except (OSError, ValueError, urllib3.exceptions.HTTPError, RecursionError):
                fault = SpotifyUnavailable()
        # Outside of the handler, so that the fault does not carry the request, and with it the secrets, as its context.
        raise fault

    def _login(self, verifier: str, session: requests.Session | None = None) -> _Login:
        # spotipy would look for another id in its own environment variable.
        if not self._client_id:
            raise SpotifyRefused(NO_CLIENT)
        return _Login(
            self._client_id,
            self._redirect_uri,
            self._accounts_url,
            verifier=verifier,
            session=session,
            timeout=self._timeout,
        )


def challenge_of(verifier: str) -> str:
    """Return the S256 code challenge of a PKCE verifier.

    Source: RFC 7636, section 4.2.
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _checked(token_info: object) -> object:
    """Refuse what is no token at the first place that sees it: spotipy takes every answer for well-formed."""
    if not isinstance(token_info, dict) or "access_token" not in token_info:
        raise SpotifyUnavailable
    return token_info


def _app_token(answer: dict[str, object], now: datetime) -> AppToken:
    access_token, lifetime = answer.get("access_token"), _lifetime(answer)
    if not isinstance(access_token, str) or not access_token or lifetime is None:
        raise SpotifyUnavailable
    return AppToken(access_token, now + lifetime)


def _token_set(answer: dict[str, object], previous: str | None, now: datetime) -> TokenSet:
    access_token, lifetime = answer.get("access_token"), _lifetime(answer)
    refresh_token = answer.get("refresh_token") or previous
    if not isinstance(access_token, str) or not isinstance(refresh_token, str) or lifetime is None:
        raise SpotifyUnavailable
    # RFC 6749, section 5.1: an answer without scopes grants those that were asked for.
    scope = answer.get("scope") or " ".join(SCOPES)
    if not access_token or not isinstance(scope, str):
        raise SpotifyUnavailable
    return TokenSet(access_token, refresh_token, now + lifetime, frozenset(scope.split()))


def _lifetime(answer: dict[str, object]) -> timedelta | None:
    seconds = answer.get("expires_in")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return timedelta(seconds=seconds) if 0 < seconds < _LONGEST_LIFETIME.total_seconds() else None
