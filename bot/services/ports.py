"""What the services need of the world outside; app.py hands in adapters that fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from bot.domain.digests import Digest, DigestRun, DigestSchedule, RunStatus
from bot.domain.library import (
    CreatedPlaylist,
    LibraryPlaylist,
    PlaylistEntry,
    RemoteItems,
    RemotePlaylist,
    TrackInfo,
)
from bot.domain.privacy import KeptData, KeptSummary, OptOut
from bot.domain.recommendations import NewSet, RecommendationSet, SaveClaim, SavedPlaylist


class SpotifyGateway(Protocol):
    """Spotify; every call may raise a `SpotifyError`."""

    def authorize_url(self, state: str, verifier: str) -> str:
        """Return the consent page's address for a state and the PKCE challenge of `verifier`."""
        ...

    async def exchange_code(self, code: str, verifier: str) -> TokenSet:
        """Exchange the callback's code; raises `AuthorisationRevoked` when it is spent or does not fit."""
        ...

    async def refresh(self, refresh_token: str) -> TokenSet:
        """Return fresh tokens (the refresh token may be a new one); raises `AuthorisationRevoked` on invalid_grant."""
        ...

    async def profile(self, access_token: str) -> SpotifyProfile:
        """Return whose token it is."""
        ...

    async def playlists(self, access_token: str) -> list[RemotePlaylist]:
        """Return every playlist in the member's library, all pages."""
        ...

    async def playlist_items(self, access_token: str, spotify_id: str) -> RemoteItems:
        """Return a playlist's tracks, all pages; raises `SpotifyRefused` for one that is not the member's own."""
        ...

    async def track(self, access_token: str, uri: str) -> TrackInfo:
        """Return one track; raises `SpotifyRefused` when there is none."""
        ...

    async def create_playlist(self, access_token: str, name: str, description: str, *, public: bool) -> CreatedPlaylist:
        """Make an empty playlist."""
        ...

    async def replace_items(self, access_token: str, spotify_id: str, uris: Sequence[str]) -> None:
        """Make `uris` (any number) the whole content of the playlist: doing it twice is the same as once."""
        ...


class AccountRepository(Protocol):
    """Members, their Spotify accounts and sign-ins; each method is one transaction; secrets are encrypted inside."""

    async def add_login(self, state_hash: str, attempt: LoginAttempt) -> None:
        """Store a sign-in under the hash of its state; the member (and guild) row is made when missing."""
        ...

    async def take_login(self, state_hash: str, now: datetime) -> LoginAttempt | None:
        """Return the attempt and spend it, once: None when unknown or already spent (an expired one is returned)."""
        ...

    async def link(self, member_id: int, profile: SpotifyProfile, tokens: TokenSet, authorised_at: datetime) -> None:
        """Store or replace the member's account; raises `AccountTaken` when it belongs to another member.

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

        The account is active from then on, and nobody's claim is left.
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

    async def delete_member(self, member_id: int) -> DeletedCounts:
        """Delete the account and all that is kept of the member."""
        ...

    async def remember_in_guild(self, guild_id: int, member_id: int, now: datetime) -> None:
        """Note that the member uses the bot in a server; of one without an account nothing is kept."""
        ...

    async def connected_in_guild(self, guild_id: int) -> list[int]:
        """Return the ids of the members of a server who have an active Spotify link, in ascending order."""
        ...


class LibraryRepository(Protocol):
    """Playlists, entries and tracks; each method is one transaction."""

    async def playlists(self, member_id: int) -> list[LibraryPlaylist]:
        """Return the member's playlists in the order of Spotify's listing."""
        ...

    async def playlist(self, member_id: int, playlist_id: int) -> LibraryPlaylist | None:
        """Return one of the member's playlists by its database id."""
        ...

    async def replace_playlist(
        self,
        member_id: int,
        account_id: str,
        rank: int,
        playlist: RemotePlaylist,
        entries: Sequence[PlaylistEntry],
        now: datetime,
    ) -> None:
        """Insert or replace a playlist (listed at `rank`) and its entries; tracks, artists, albums are upserted.

        Raises `NotConnected`, or `AccountChanged` when another account than `account_id` is linked: so do the next two.
        """
        ...

    async def touch_playlists(self, member_id: int, account_id: str, ranks: dict[str, int], now: datetime) -> None:
        """Set the listing rank (by Spotify id) and the sync time of playlists that have not changed."""
        ...

    async def remove_playlists_except(self, member_id: int, account_id: str, keep: Collection[str]) -> int:
        """Delete the member's playlists whose Spotify id is not in `keep`; return how many."""
        ...

    async def track_uris(self, playlist_ids: Sequence[int]) -> dict[int, list[str]]:
        """Return each playlist's track URIs in order."""
        ...

    async def known_tracks(self, member_ids: Sequence[int]) -> list[TrackInfo]:
        """Return every distinct track in these members' playlists."""
        ...

    async def tracks(self, uris: Collection[str]) -> dict[str, TrackInfo]:
        """Return what is known of tracks, by URI; unknown ones are left out."""
        ...


class RecommendationRepository(Protocol):
    """Recommendations that were shown, and saves; each method is one transaction."""

    async def add(self, new: NewSet) -> RecommendationSet:
        """Store a set and the tracks it names; of a member without an account nothing is kept.

        A set that needs an account raises `NotConnected` without one, any other is stored as nobody's.
        """
        ...

    async def get(self, set_id: int) -> RecommendationSet | None:
        """Return a stored set with its picks, best first."""
        ...

    async def recently_shown(self, member_id: int | None, guild_id: int | None, since: datetime) -> set[str]:
        """Return URIs shown since then: to the member (discoveries), or in the server's digests if member is None."""
        ...

    async def claim_save(self, set_id: int, member_id: int, now: datetime, stale_before: datetime) -> SaveClaim:
        """Claim a member's save of a set; an unfinished claim older than `stale_before` is taken over.

        A unique row decides: of any number of callers at the same time, in any number of processes, one wins. Raises
        `NotConnected` for a member without an account. The steps of a save below are for whoever holds it: they take
        what the claim returned and return the save as it then stands, finished by somebody else if that one took it
        over; while that one is still at work they raise `SaveInProgress`.
        """
        ...

    async def begin_creating(self, held: SavedPlaylist, mark: str, now: datetime) -> SavedPlaylist:
        """Renew the claim right before the playlist is asked for, and note what marks it; an earlier mark stays."""
        ...

    async def save_created(self, held: SavedPlaylist, playlist: CreatedPlaylist) -> SavedPlaylist:
        """Note that the playlist exists in Spotify."""
        ...

    async def save_done(self, held: SavedPlaylist, now: datetime) -> SavedPlaylist:
        """Note that the playlist is filled."""
        ...

    async def release_save(self, held: SavedPlaylist) -> None:
        """Give an unfinished claim back after a clean failure, if it is still held: the next click tries at once."""
        ...

    async def discard_save(self, held: SavedPlaylist) -> None:
        """Forget a save whose playlist is gone, if it is still held: the next click makes a new one."""
        ...


class DigestRepository(Protocol):
    """Digests and their runs; each method is one transaction."""

    async def put(self, guild_id: int, schedule: DigestSchedule, next_due_at: datetime, created_by: int) -> Digest:
        """Set or change a server's digest and switch it on; the guild and member rows are made when missing."""
        ...

    async def get(self, guild_id: int) -> Digest | None:
        """Return a server's digest."""
        ...

    async def switch_off(self, guild_id: int, because: str | None, *, channel_id: int | None = None) -> bool:
        """Switch a digest off (if it is still for that channel, where one is given); say whether one was on."""
        ...

    async def due(self, now: datetime, limit: int) -> list[Digest]:
        """Return digests that are on and due, the longest due first."""
        ...

    async def claim(
        self, digest: Digest, period: str, next_due_at: datetime, worker: str, now: datetime
    ) -> DigestRun | None:
        """Claim a period: one conditional update moves `next_due_at` on and one row, unique by period, is inserted.

        A period that FAILED or was SKIPPED is opened again, with what was prepared for it. Returns None when another
        process was first, the digest has changed since it was read, or the period is `dealt_with`.
        """
        ...

    async def dealt_with(self, guild_id: int, period: str) -> bool:
        """Say whether a period was posted or is being worked on, so that it cannot be claimed again."""
        ...

    async def reclaim_stale(self, stale_before: datetime, worker: str, now: datetime, limit: int) -> list[DigestRun]:
        """Take over unfinished runs (CLAIMED or POSTING) whose claim is older, each by a conditional update."""
        ...

    async def set_prepared(self, run_id: int, set_id: int) -> int:
        """Note what the run will post, unless that is settled already; return the id of the set that is settled."""
        ...

    async def begin_posting(self, run_id: int, worker: str, now: datetime) -> bool:
        """Move a run to POSTING and renew the claim, if this worker holds it and the digest is on; say whether."""
        ...

    async def finish(self, run_id: int, worker: str, status: RunStatus, message_id: int | None, now: datetime) -> bool:
        """End the run (POSTED, SKIPPED or FAILED) if this worker still holds it; say whether it did."""
        ...

    async def runs(self, guild_id: int, limit: int) -> list[DigestRun]:
        """Return a server's runs, newest first."""
        ...


class DigestPoster(Protocol):
    """Writes a digest into a channel."""

    async def post(self, channel_id: int, recommendations: RecommendationSet, nonce: str) -> int:
        """Send the message once and return its id; raises `PostRefused` when it can never be sent there as it is.

        Any other error leaves it open whether the message was sent.
        """
        ...

    async def find(self, channel_id: int, set_id: int, since: datetime) -> int | None:
        """Return the id of a message of ours that shows the set, if it was sent since then.

        Raises `OutcomeUnknown` when there are too many messages to tell, `PostRefused` when they cannot be read.
        """
        ...


class PrivacyRepository(Protocol):
    """What is kept of a member, and what they opted out of; each method is one transaction."""

    async def summary(self, member_id: int) -> KeptSummary:
        """Return how much is kept of a member; all zero for somebody who is not known."""
        ...

    async def everything(self, member_id: int) -> KeptData | None:
        """Return everything that is kept of a member but secrets, as of one moment; None for one who is not known."""
        ...

    async def set_opt_out(self, member_id: int, which: OptOut, on: bool) -> None:
        """Switch an opt-out on (the member's row is made when missing) or off."""
        ...

    async def opted_out(self, member_ids: Collection[int], which: OptOut) -> set[int]:
        """Return those of the members who have opted out."""
        ...
