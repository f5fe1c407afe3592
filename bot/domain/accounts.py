"""A member's link to Spotify."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.apps import SignInApp
from bot.domain.errors import CrossfadeError, LoginFailed


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
    """A linked Spotify account of a Discord member, without its secrets.

    `client_id` is the Spotify app that it was linked through (None: the default one), `scopes` what was allowed to it.
    """

    member_id: int
    account_id: str
    user_id: str
    display_name: str
    status: AccountStatus
    authorised_at: datetime
    told: frozenset[NoticeKind] = frozenset()
    client_id: str | None = None
    scopes: frozenset[str] = frozenset()

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
    """A member is to be told something about the authorisation that they gave at `authorised_at`.

    `app_gone` says that it ended because the Spotify app it was given to is no longer registered.
    """

    member_id: int
    kind: NoticeKind
    authorised_at: datetime
    ends_at: datetime
    app_gone: bool = False


@dataclass(frozen=True, slots=True)
class Authorisation:
    """An account with the tokens that act for it; without them when none of the encryption keys can read them."""

    account: SpotifyAccount
    tokens: TokenSet | None


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A sign-in that was begun: the PKCE verifier waits for the callback that carries its state.

    `client_id` is the Spotify app whose consent page it leads to (None: the default one), `member_name` what Discord
    calls the member who asked: whoever comes back from Spotify is asked whether they are that one.
    """

    member_id: int
    guild_id: int | None
    verifier: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    client_id: str | None = None
    member_name: str | None = None


@dataclass(frozen=True, slots=True)
class LoginLink:
    """Where the member goes to consent, until when, and through which Spotify app."""

    url: str
    expires_at: datetime
    app: SignInApp = field(default_factory=lambda: SignInApp(None, 0))


@dataclass(frozen=True, slots=True)
class DeletedCounts:
    """What was deleted when a member left.

    `playlists` counts those of Spotify, `imported` the lists that the member brought, `liked` the liked songs;
    `entries` are the tracks in all of them. `top_items` are places among the most played tracks and artists.
    """

    playlists: int
    entries: int
    recommendations: int
    saved_playlists: int
    imported: int = 0
    liked: int = 0
    listens: int = 0
    top_items: int = 0


class LoginSpent(LoginFailed):
    """A sign-in was answered before, or never begun."""


class NothingKept(CrossfadeError):
    """There is nothing of a member that could be deleted."""

    def __init__(self) -> None:
        super().__init__("I keep nothing of you, so there is nothing to disconnect or delete.")


class AccountChanged(CrossfadeError):
    """The member has linked another Spotify account than the one whose library was being read."""

    def __init__(self) -> None:
        super().__init__("You linked another Spotify account while your playlists were being read: use /sync again.")


def _months_after(moment: datetime, months: int) -> datetime:
    """Return the same day and time in a later month, or that month's last day if it is shorter."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
