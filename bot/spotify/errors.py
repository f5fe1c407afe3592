"""What an unwelcome answer of Spotify means, in a sentence that a person can act on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.domain.errors import (
    AccessTokenRejected,
    AuthorisationRevoked,
    PlaylistOutOfReach,
    SpotifyError,
    SpotifyRateLimited,
    SpotifyRefused,
    SpotifyUnavailable,
)
from bot.domain.quota import LimitReason

DEFAULT_WAIT = timedelta(seconds=30)

NOT_ON_THE_LIST = (
    "Spotify does not let your account use this bot yet: ask this server's admin (or the bot's host) to add you under "
    "User Management in Spotify's developer dashboard, which has room for five people, "
    "or bring your music with /import."
)
SCOPE_MISSING = "Your Spotify authorisation does not cover this: use /connect again and agree to what is asked."
PREMIUM_MISSING = (
    "Spotify has paused this bot because the owner of its Spotify app has no Premium: ask this server's admin (or the "
    "bot's host) to renew it; it can take a few hours until it works again."
)
NOT_YOURS = "This playlist is not yours: Spotify lets me open only playlists that you own or collaborate on."
FORBIDDEN = "Spotify does not allow this at the moment: use /connect again, and tell the bot's host if it stays so."
FEATURES_CLOSED = (
    "Spotify gives audio features only to apps that had them before 27 November 2024: "
    "the bot's host turns another source of features on."
)
COVER_NOT_ACCEPTED = "Spotify did not accept the cover: the playlist is saved without it."
NO_SUCH_PLAYLIST = "Spotify has no such playlist any more: use /sync to bring your list up to date."
NO_SUCH_TRACK = "Spotify has no such track: check the link, or pick another track."
NOT_FOUND = "Spotify does not have what was asked for: use /sync to bring your list up to date, then try again."
NOT_ACCEPTED = (
    "Spotify did not accept the request: try again with other tracks, and tell the bot's host if it stays so."
)
WRONG_CLIENT = (
    "Spotify does not accept the client ID and secret of this bot's Spotify app: "
    "ask this server's admin (or the bot's host) to compare both with Spotify's developer dashboard."
)
NO_CLIENT = "This bot has no Spotify app yet: its host sets the client id from Spotify's developer dashboard."
NO_KEY_OF_ITS_OWN = (
    "This bot's Spotify app has no client secret here, and without a member Spotify wants one: "
    "its host sets the secret from Spotify's developer dashboard."
)
WRONG_SETUP = (
    "Spotify does not accept this bot's sign-in request: ask this server's admin (or the bot's host) to compare the "
    "client ID and the redirect URI with Spotify's developer dashboard."
)
AUTHORISATION_ENDED = "Spotify has ended your authorisation: use /connect to link it again."
TOKEN_REJECTED = "Spotify no longer accepts this sign-in: try again, and use /connect if it stays so."  # noqa: S105


@dataclass(frozen=True, slots=True)
class UnwelcomeAnswer:
    """An HTTP answer other than a success; the body may hold anything, so it never appears in a repr."""

    status: int
    path: str
    retry_after: str | None = None
    body: bytes = field(default=b"", repr=False)


def api_fault(answer: UnwelcomeAnswer, now: datetime) -> SpotifyError:
    """Return the fault that an answer of the Web API stands for.

    Args:
        answer: status 300 or more.
        now: the current moment, from which Retry-After counts.

    Source: developer.spotify.com/documentation/web-api/concepts/api-calls (status codes, error objects).
    """
    if answer.status == 429:
        return _rate_limit(answer, now)
    if answer.status == 401:
        return AccessTokenRejected(TOKEN_REJECTED)
    if answer.status == 403:
        return _refusal(_cause_of_403(answer))
    if answer.status in (404, 410):
        return _refusal(_cause_of_404(answer))
    if 400 <= answer.status < 500 and answer.status != 408:
        return SpotifyRefused(COVER_NOT_ACCEPTED if answer.path.endswith("/images") else NOT_ACCEPTED)
    return SpotifyUnavailable()


def _rate_limit(answer: UnwelcomeAnswer, now: datetime) -> SpotifyRateLimited:
    """Tell the rolling window from the quota of the day, and a named end from one that has to be guessed."""
    exceeded = LimitReason.QUOTA_EXCEEDED.encode() in answer.body
    reason = LimitReason.QUOTA_EXCEEDED if exceeded else LimitReason.TOO_FAST
    named = _named_end(answer.retry_after, now)
    return SpotifyRateLimited(named or now + DEFAULT_WAIT, reason, guessed=named is None)


def _refusal(cause: str) -> SpotifyRefused:
    """Tell a playlist that is out of reach from a refusal that concerns the whole account or app."""
    return PlaylistOutOfReach(cause) if cause in (NOT_YOURS, NO_SUCH_PLAYLIST) else SpotifyRefused(cause)


def token_fault(answer: UnwelcomeAnswer, now: datetime) -> SpotifyError:
    """Return the fault that an answer of the token endpoint stands for.

    Only a 400 or 401 that says `invalid_grant` in OAuth's own words ends an authorisation; an outage never does.

    Args:
        answer: status 300 or more.
        now: the current moment, from which Retry-After counts.

    Source: RFC 6749, section 5.2 (the error codes of the token endpoint).
    """
    if answer.status == 429:
        return _rate_limit(answer, now)
    if answer.status not in (400, 401):
        return SpotifyUnavailable()
    code = _oauth_error(answer.body)
    if code == "invalid_grant":
        return AuthorisationRevoked(AUTHORISATION_ENDED)
    if code == "invalid_client":
        return SpotifyRefused(WRONG_CLIENT)
    if code is not None:
        return SpotifyRefused(WRONG_SETUP)
    return SpotifyUnavailable()


def retry_at(retry_after: str | None, now: datetime) -> datetime:
    """Return when Spotify may be asked again.

    Args:
        retry_after: the header: seconds, or a date as RFC 9110 section 10.2.3 allows; 30 s when missing or unreadable.
        now: the current moment.
    """
    return _named_end(retry_after, now) or now + DEFAULT_WAIT


def _named_end(retry_after: str | None, now: datetime) -> datetime | None:
    text = (retry_after or "").strip()
    try:
        if text.isascii() and text.isdigit():
            return now + timedelta(seconds=max(int(text), 1))
        moment = parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return max(moment, now + timedelta(seconds=1))


def message_of(body: bytes) -> str:
    """Return what an error body says: Spotify's error object, OAuth's two fields, or the text itself."""
    text = body.decode("utf-8", "replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return text[:500]
    if not isinstance(answer, dict):
        return text[:500]
    error = answer.get("error")
    parts = error if isinstance(error, dict) else answer
    words = [parts.get(key) for key in ("message", "reason", "error", "error_description")]
    return ", ".join(word for word in words if isinstance(word, str))[:500]


def _cause_of_403(answer: UnwelcomeAnswer) -> str:
    message = message_of(answer.body).casefold()
    if "registered" in message or "not approved" in message:
        return NOT_ON_THE_LIST
    if "premium" in message:
        return PREMIUM_MISSING
    if "scope" in message:
        return SCOPE_MISSING
    if answer.path.endswith("/audio-features"):
        return FEATURES_CLOSED
    if "/playlists/" in answer.path:
        return NOT_YOURS
    return FORBIDDEN


def _cause_of_404(answer: UnwelcomeAnswer) -> str:
    if "/playlists/" in answer.path:
        return NO_SUCH_PLAYLIST
    if "/tracks/" in answer.path:
        return NO_SUCH_TRACK
    return NOT_FOUND


def _oauth_error(body: bytes) -> str | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = answer.get("error") if isinstance(answer, dict) else None
    return code if isinstance(code, str) else None
