"""Spotify apps: the host's own, and those that servers' admins register for their members."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.errors import BadInput, CrossfadeError
from bot.domain.quota import Cooldown

USERS_PER_APP = 5
"""So many Spotify users may an app in development mode have (Spotify's rule of 2026-02-11)."""

_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """What an app signs in with; the secret never appears in a repr."""

    client_id: str
    client_secret: str | None = field(repr=False)

    @classmethod
    def typed(cls, client_id: str, client_secret: str) -> AppCredentials:
        """Return what somebody copied from Spotify's dashboard.

        Raises:
            BadInput: one of the two cannot be it; what was typed is not in the text.
        """
        client_id, client_secret = client_id.strip().lower(), client_secret.strip().lower()
        for name, value in (("client ID", client_id), ("client secret", client_secret)):
            if not _KEY.fullmatch(value):
                raise BadInput(
                    f"That is not a {name}: it has 32 characters, digits and the letters a to f; "
                    "copy it from your app's settings in Spotify's developer dashboard."
                )
        if client_id == client_secret:
            raise BadInput(
                "You entered the client ID twice: the client secret is below it in your app's settings, "
                "behind “View client secret”."
            )
        return cls(client_id, client_secret)


@dataclass(frozen=True, slots=True)
class RegisteredApp:
    """A server's own app, without its secret; `members` counts the accounts that are linked through it."""

    guild_id: int
    client_id: str
    registered_at: datetime
    registered_by: int | None
    members: int


@dataclass(frozen=True, slots=True)
class AppRegistration:
    """What registering an app has changed.

    `left` counts the members who have to link again, because they were linked through the app that was there before.
    """

    app: RegisteredApp
    renewed: bool
    left: int


@dataclass(frozen=True, slots=True)
class AppTest:
    """What a look at a server's app found: what is wrong with it, and until when it leaves Spotify alone."""

    app: RegisteredApp
    fault: str | None
    cooldown: Cooldown | None


@dataclass(frozen=True, slots=True)
class SignInApp:
    """The app that a member is about to be linked through (None: the default one), and how many others are already."""

    client_id: str | None
    others: int
    registered_by: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether one more member is more than Spotify lets in, unless it knows the app better than others."""
        return self.others >= USERS_PER_APP


class NoServerApp(CrossfadeError):
    """The server has no Spotify app of its own."""

    def __init__(self) -> None:
        super().__init__("This server has no Spotify app of its own: /spotify-app set registers one.")


class AppRefused(CrossfadeError):
    """Spotify does not accept an app's credentials."""

    def __init__(self) -> None:
        super().__init__(
            "Spotify does not accept this client ID and secret, so nothing was kept or changed: "
            "copy both again from your app's settings in Spotify's developer dashboard."
        )


class AppIsDefault(CrossfadeError):
    """A server's own app is to be the one that everybody uses."""

    def __init__(self) -> None:
        super().__init__(
            "That is the app that this bot uses for everybody, so it would give your server no places of its own: "
            "create another one in Spotify's developer dashboard."
        )


class NoAppToSignIn(CrossfadeError):
    """The host has set no default app, and the member is in no server that has its own."""

    def __init__(self) -> None:
        super().__init__(
            "There is no Spotify app to connect you through here: use /connect in a server that has its own, "
            "or ask whoever manages this server to set one with /spotify-app set."
        )


class AppUnreadable(CrossfadeError):
    """None of the encryption keys can read the secret of a server's app."""

    def __init__(self) -> None:
        super().__init__(
            "This server's Spotify app cannot be used until its secret is entered again: "
            "ask whoever manages the server to use /spotify-app set."
        )
