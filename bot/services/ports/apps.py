"""What the services need of the store of servers' Spotify apps, and of a place to try one out."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.domain.apps import AppCredentials, AppRegistration, RegisteredApp
from bot.domain.quota import QuotaRecord


class SpotifyAppRepository(Protocol):
    """Servers' own apps; each method is one transaction; the secrets are encrypted inside."""

    async def credentials(self, client_id: str) -> AppCredentials | None:
        """Return what an app signs in with, as it was registered last; None when it is not, or no key can read it."""
        ...

    async def of_guild(self, guild_id: int) -> RegisteredApp | None:
        """Return a server's app; this reads no secret."""
        ...

    async def is_registered(self, client_id: str) -> bool:
        """Say whether any server has this app."""
        ...

    async def linked(self, client_id: str | None, *, besides: int | None = None) -> int:
        """Count the members who are linked through an app (None: the default one), but for one of them."""
        ...

    async def register(
        self, guild_id: int, credentials: AppCredentials, registered_by: int, now: datetime
    ) -> AppRegistration:
        """Store or replace a server's app.

        The members of an app that no server has any more are marked RECONNECT in the same transaction.
        """
        ...

    async def remove(self, guild_id: int) -> int | None:
        """Delete a server's app and mark its members as `register` does; return how many, None where there is none."""
        ...


class SpotifyAppTrial(Protocol):
    """Spotify, asked about an app that is not in use (yet)."""

    async def try_out(self, credentials: AppCredentials) -> None:
        """Ask Spotify whether the credentials are right; raises `SpotifyRefused` when they are not."""
        ...


class QuotaReader(Protocol):
    """What is stored of each client id's quota."""

    async def read(self, client_id: str) -> QuotaRecord | None:
        """Return what is stored of a client id."""
        ...
