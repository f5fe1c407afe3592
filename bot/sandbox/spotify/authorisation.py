"""Codes, grants and tokens of the stand-in's accounts service (RFC 6749, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.spotify.errors import ApiError, OAuthError
from bot.sandbox.spotify.ids import IdSource

CODE_LIFETIME = timedelta(minutes=10)
ACCESS_LIFETIME = timedelta(seconds=3600)
# Six months after authorisation, whatever was refreshed meanwhile; half a year in days.
REFRESH_LIFETIME = timedelta(days=182)


@dataclass(slots=True)
class Grant:
    """What a listener allowed an app; `public_client` is one that proved itself by PKCE alone.

    Without a listener it is the app's own, by its client credentials: for what concerns nobody in particular.
    """

    client_id: str
    listener: str | None
    scopes: frozenset[str]
    authorised_at: datetime
    public_client: bool
    refresh_token: str
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class _Code:
    client_id: str
    listener: str
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str | None
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class _Access:
    grant: Grant
    expires_at: datetime


@dataclass(slots=True)
class Authorisations:
    """Everything that was allowed so far."""

    now: Callable[[], datetime]
    ids: IdSource
    _codes: dict[str, _Code] = field(default_factory=dict)
    _grants: dict[str, Grant] = field(default_factory=dict)
    _access: dict[str, _Access] = field(default_factory=dict)

    def issue_code(
        self, client_id: str, listener: str, scopes: frozenset[str], redirect_uri: str, challenge: str | None
    ) -> str:
        """Return a code for one exchange by that client; `challenge` is the PKCE S256 challenge, if it sent one."""
        code = self.ids.token()
        self._codes[code] = _Code(client_id, listener, scopes, redirect_uri, challenge, self.now())
        return code

    def exchange(
        self, client_id: str, code: str, redirect_uri: str, verifier: str | None, *, knows_secret: bool
    ) -> dict[str, object]:
        """Exchange a code for tokens.

        Raises:
            OAuthError: `invalid_grant` for a code that is unknown, used, expired or another client's, for another
                redirect URI or a wrong verifier; `invalid_client` when neither a verifier nor the client secret proves
                who asks.
        """
        # A code is gone with the first attempt, right or wrong, so that nobody can try again with it.
        issued = self._codes.pop(code, None)
        if issued is None or issued.client_id != client_id:
            raise OAuthError("invalid_grant", "Invalid authorization code")
        if self.now() - issued.issued_at > CODE_LIFETIME:
            raise OAuthError("invalid_grant", "Authorization code expired")
        if redirect_uri != issued.redirect_uri:
            raise OAuthError("invalid_grant", "Invalid redirect URI")
        if issued.challenge is None and not knows_secret:
            raise OAuthError("invalid_client", "Invalid client secret")
        if issued.challenge is not None and _challenge(verifier or "") != issued.challenge:
            raise OAuthError("invalid_grant", "code_verifier was incorrect")
        grant = Grant(client_id, issued.listener, issued.scopes, self.now(), not knows_secret, self.ids.token())
        self._grants[grant.refresh_token] = grant
        return {**self._access_token(grant), "refresh_token": grant.refresh_token}

    def client_credentials(self, client_id: str) -> dict[str, object]:
        """Return an access token of the app's own, without scopes and without a refresh token (RFC 6749, 4.4)."""
        grant = Grant(client_id, None, frozenset(), self.now(), public_client=False, refresh_token="")
        return {name: value for name, value in self._access_token(grant).items() if name != "scope"}

    def refresh(self, client_id: str, refresh_token: str, *, knows_secret: bool) -> dict[str, object]:
        """Return a new access token, and for a public client a new refresh token in the old one's place.

        Raises:
            OAuthError: `invalid_grant` for a token that is unknown, revoked, replaced, too old or another client's.
        """
        grant = self._grants.get(refresh_token)
        if grant is None or grant.client_id != client_id:
            raise OAuthError("invalid_grant", "Invalid refresh token")
        too_old = self.now() - grant.authorised_at > REFRESH_LIFETIME
        if grant.revoked or too_old or grant.refresh_token != refresh_token:
            raise OAuthError("invalid_grant", "Refresh token revoked")
        if not grant.public_client:
            if not knows_secret:
                raise OAuthError("invalid_client", "Invalid client secret")
            return self._access_token(grant)
        grant.refresh_token = self.ids.token()
        self._grants[grant.refresh_token] = grant
        return {**self._access_token(grant), "refresh_token": grant.refresh_token}

    def grant_of(self, access_token: str) -> Grant:
        """Return whose token this is and what it allows.

        Raises:
            ApiError: 401 for a token that is unknown, revoked or expired.
        """
        access = self._access.get(access_token)
        if access is None or access.grant.revoked:
            raise ApiError(401, "Invalid access token")
        if self.now() >= access.expires_at:
            raise ApiError(401, "The access token expired")
        return access.grant

    def revoke(self, listener: str) -> int:
        """Take back what a listener allowed, as in Spotify's account settings; return how many grants."""
        grants = {id(grant): grant for grant in self._grants.values() if grant.listener == listener}
        live = [grant for grant in grants.values() if not grant.revoked]
        for grant in live:
            grant.revoked = True
        return len(live)

    def _access_token(self, grant: Grant) -> dict[str, object]:
        token = self.ids.token()
        self._access[token] = _Access(grant, self.now() + ACCESS_LIFETIME)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFETIME.total_seconds()),
            "scope": " ".join(sorted(grant.scopes)),
        }


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("utf-8")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
