"""A member's link to Spotify."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.errors import CrossfadeError


class AccountStatus(StrEnum):
    """Whether the stored authorisation can be used."""

    ACTIVE = "active"
    RECONNECT = "reconnect"


class NoticeKind(StrEnum):
    """What a member is told about their authorisation, each once."""

    RECONNECT = "reconnect"
    ENDING = "ending"


MONTHS_OF_AUTHORISATION = 6
"""Refresh tokens die so long after the member agreed, however often they are used (Spotify's rule of 2026-06-18)."""

_MONTHS_BEFORE_NOTICE = 5


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
    """A linked Spotify account of a Discord member, without its secrets."""

    member_id: int
    account_id: str
    user_id: str
    display_name: str
    status: AccountStatus
    authorised_at: datetime
    told: frozenset[NoticeKind] = frozenset()

    @property
    def ends_at(self) -> datetime:
        """When Spotify ends the authorisation, if the member does not do so before."""
        return _months_after(self.authorised_at, MONTHS_OF_AUTHORISATION)

    def notice_due(self, now: datetime) -> NoticeKind | None:
        """Return what the member is to be told now and has not been told yet."""
        if self.status is AccountStatus.RECONNECT:
            kind = NoticeKind.RECONNECT
        elif now >= _months_after(self.authorised_at, _MONTHS_BEFORE_NOTICE):
            kind = NoticeKind.ENDING
        else:
            return None
        return None if kind in self.told else kind


@dataclass(frozen=True, slots=True)
class Notice:
    """A member is to be told something about the authorisation that they gave at `authorised_at`."""

    member_id: int
    kind: NoticeKind
    authorised_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Authorisation:
    """An account with the tokens that act for it; without them when none of the encryption keys can read them."""

    account: SpotifyAccount
    tokens: TokenSet | None


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


class AccountChanged(CrossfadeError):
    """The member has linked another Spotify account than the one whose library was being read."""

    def __init__(self) -> None:
        super().__init__("You linked another Spotify account while your playlists were being read: use /sync again.")


def _months_after(moment: datetime, months: int) -> datetime:
    """Return the same day and time in a later month, or that month's last day if it is shorter."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
