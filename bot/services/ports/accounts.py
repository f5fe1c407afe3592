"""What the services need of the store of members, accounts and sign-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.domain.accounts import (
    Authorisation,
    DeletedCounts,
    LoginAttempt,
    Notice,
    SpotifyAccount,
    SpotifyProfile,
    TokenSet,
)


class AccountRepository(Protocol):
    """Members, their Spotify accounts and sign-ins; each method is one transaction; secrets are encrypted inside."""

    async def add_login(self, state_hash: str, attempt: LoginAttempt) -> None:
        """Store a sign-in under the hash of its state; the member (and guild) row is made when missing."""
        ...

    async def take_login(self, state_hash: str, now: datetime) -> LoginAttempt | None:
        """Return the attempt and spend it, once: None when unknown or already spent (an expired one is returned)."""
        ...

    async def peek_login(self, state_hash: str) -> LoginAttempt | None:
        """Return the attempt without spending it: None when unknown or already spent (an expired one is returned)."""
        ...

    async def link(
        self,
        member_id: int,
        profile: SpotifyProfile,
        tokens: TokenSet,
        authorised_at: datetime,
        *,
        client_id: str | None = None,
    ) -> None:
        """Store or replace the member's account; raises `AccountTaken` when it belongs to another member.

        Raises `SpotifyAppGone` when the app is no longer registered.
        The playlists of another account that the member had linked before are deleted with it.
        """
        ...

    async def get(self, member_id: int) -> SpotifyAccount | None:
        """Return the member's account; this reads no secret, so it works whatever became of the encryption key."""
        ...

    async def authorisation(self, member_id: int) -> Authorisation | None:
        """Return the member's account with its tokens decrypted; no tokens when no key can read them."""
        ...

    async def claim_refresh(
        self, member_id: int, refresh_token: str, claim: str, now: datetime, stale_before: datetime
    ) -> bool:
        """Claim the refresh of an active account that still has this refresh token; say whether it was free.

        Of any number of callers at the same time, in any number of processes, one wins; a claim that is as old as
        `stale_before` is taken over.
        """
        ...

    async def release_refresh(self, member_id: int, claim: str) -> None:
        """Give a claim back after a failure, so that the next refresh need not wait for it."""
        ...

    async def store_tokens(self, member_id: int, previous_refresh_token: str, tokens: TokenSet) -> bool:
        """Replace the tokens if the stored refresh token is still the previous one; say whether it was.

        The account is active from then on, unless its app was removed meanwhile, and nobody's claim is left.
        """
        ...

    async def lapse(self, member_id: int, refused_refresh_token: str) -> bool:
        """Mark the account RECONNECT if the refused refresh token is still the stored one; say whether it was."""
        ...

    async def mark_told(self, notice: Notice, now: datetime) -> bool:
        """Note that a notice is being given, if it still applies and nobody has given it; say whether to give it."""
        ...

    async def unmark_told(self, notice: Notice) -> None:
        """Take that note back, because the notice did not arrive."""
        ...

    async def is_known(self, member_id: int) -> bool:
        """Say whether anything is kept of the member, be it no more than what they opted out of."""
        ...

    async def delete_member(self, member_id: int) -> DeletedCounts:
        """Delete the account and all that is kept of the member."""
        ...

    async def remember_in_guild(self, guild_id: int, member_id: int, now: datetime) -> None:
        """Note that the member uses the bot in a server; of one without a library nothing is kept."""
        ...

    async def connected_in_guild(self, guild_id: int) -> list[int]:
        """Return the ids of a server's members with an active Spotify link or imported playlists, ascending."""
        ...
