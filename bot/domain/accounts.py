"""A member's link to Spotify."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AccountStatus(StrEnum):
    """Whether the stored authorisation can be used."""

    ACTIVE = "active"
    RECONNECT = "reconnect"


@dataclass(frozen=True, slots=True)
class TokenSet:
    """What Spotify's token endpoint gives; the secrets never appear in a repr."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class SpotifyProfile:
    """The account behind a token: link by `account_id`; `user_id` is what playlists name as their owner's id."""

    account_id: str
    user_id: str
    display_name: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class SpotifyAccount:
    """A linked Spotify account of a Discord member."""

    member_id: int
    account_id: str
    user_id: str
    display_name: str
    status: AccountStatus
    authorised_at: datetime
    tokens: TokenSet


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A sign-in that was begun: the PKCE verifier waits for the callback that carries its state."""

    member_id: int
    guild_id: int | None
    verifier: str = field(repr=False)
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LoginLink:
    """Where the member goes to consent, and until when."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DeletedCounts:
    """What was deleted when a member left."""

    playlists: int
    entries: int
    recommendations: int
    saved_playlists: int
