"""One pass over a member's Spotify: playlists, liked songs, what they play most and what they played last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.domain.accounts import SpotifyAccount
from bot.domain.clock import Clock
from bot.domain.errors import PlaylistOutOfReach, SpotifyRefused
from bot.domain.library import (
    LIKED_ID,
    LIKED_NAME,
    SOURCE_SPOTIFY,
    LibraryPart,
    LibraryPlaylist,
    PlaylistKind,
    RemotePlaylist,
    SyncReport,
)
from bot.domain.listening import LikedSongs, SyncProgress, SyncStep, TimeRange, TopItems
from bot.services.accounts import AccountsService
from bot.services.ports import LibraryRepository, ListeningRepository, SpotifyGateway

Answer = TypeVar("Answer")
Tell = Callable[[SyncProgress], Awaitable[None]]

SCOPE_OF = {
    LibraryPart.LIKED: "user-library-read",
    LibraryPart.TOP: "user-top-read",
    LibraryPart.RECENT: "user-read-recently-played",
}
"""The permission that each part besides the playlists needs."""

TOP_AGAIN_AFTER = timedelta(days=1)
_BEFORE_ALL_OTHERS = -1


@dataclass(slots=True)
class _Tally:
    """What a pass has come to so far; `kept` are the Spotify ids of what stays stored."""

    kept: set[str] = field(default_factory=set)
    unchanged: dict[str, int] = field(default_factory=dict)
    read: int = 0
    removed: int = 0
    tracks: int = 0
    skipped: int = 0
    out_of_reach: int = 0
    liked: int | None = None
    listens: int = 0
    not_allowed: set[LibraryPart] = field(default_factory=set)
    refused: set[LibraryPart] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class LibraryReader:
    """Brings what is stored up to date; what has not changed costs no call but that of the listing.

    Each playlist is stored before the next one is read: a pass that was broken off goes on where it was, and no more
    than one playlist is held in memory.

    Args:
        library: stores playlists.
        listening: stores what is played.
        accounts: hands out access tokens.
        clock: tells the time.
        liked_url: the page of the liked songs.
    """

    library: LibraryRepository
    listening: ListeningRepository
    accounts: AccountsService
    clock: Clock
    liked_url: str | None = None

    async def read(self, account: SpotifyAccount, top_read_at: datetime | None, tell: Tell) -> SyncReport:
        """Read all that the account's permission covers.

        Args:
            account: whose library it is.
            top_read_at: when the top tracks and artists were last read; a day long they are left as they are.
            tell: is told how far it has come, after each playlist that was read and at each step.

        Raises:
            NotConnected, ReconnectNeeded, SpotifyError: Spotify could not be read; what was read stays stored.
            AccountChanged: the member has linked another account meanwhile; nothing of the old one is stored.
        """
        spotify = await self.accounts.spotify_of(account.member_id)
        one_pass = _Pass(self, account, spotify, tell)
        stored = [p for p in await self.library.playlists(account.member_id) if p.source == SOURCE_SPOTIFY]
        known = {playlist.spotify_id: playlist for playlist in stored}
        await one_pass.playlists(known)
        await one_pass.liked(known.get(LIKED_ID))
        # First: whoever lost the claim on the way must not remove what the one who has it now has stored.
        await tell(SyncProgress(SyncStep.LISTENING, one_pass.total, one_pass.total))
        await one_pass.tidy()
        await one_pass.recent()
        # A time to come was noted while the clock was wrong.
        if top_read_at is None or abs(self.clock.now() - top_read_at) >= TOP_AGAIN_AFTER:
            await one_pass.top()
        else:
            await one_pass.allowed(LibraryPart.TOP)
        return one_pass.report()


class _Pass:
    """One pass: its steps in order, and what they come to."""

    def __init__(self, reader: LibraryReader, account: SpotifyAccount, spotify: SpotifyGateway, tell: Tell) -> None:
        self._library = reader.library
        self._listening = reader.listening
        self._accounts = reader.accounts
        self._clock = reader.clock
        self._liked_url = reader.liked_url
        self._account = account
        self._spotify = spotify
        self._tell = tell
        self._tally = _Tally()
        self.total = 0

    async def playlists(self, known: dict[str, LibraryPlaylist]) -> None:
        """Read the playlists that are new or have changed."""
        await self._tell(SyncProgress(SyncStep.LISTING))
        listed = await self._ask(self._spotify.playlists)
        self.total = len(listed)
        done = self._settle_unchanged(listed, known)
        await self._tell(SyncProgress(SyncStep.PLAYLISTS, done, self.total))
        for rank, remote in enumerate(listed):
            if remote.spotify_id in self._tally.kept or not _readable(remote, self._account):
                continue
            await self._playlist(rank, remote)
            done += 1
            await self._tell(SyncProgress(SyncStep.PLAYLISTS, done, self.total))

    def _settle_unchanged(self, listed: Iterable[RemotePlaylist], known: dict[str, LibraryPlaylist]) -> int:
        """Take note of what needs no reading; return how many playlists that are."""
        tally = self._tally
        for rank, remote in enumerate(listed):
            stored = known.get(remote.spotify_id)
            if not _readable(remote, self._account):
                tally.out_of_reach += 1
            elif stored is not None and _same(stored, remote):
                tally.unchanged[remote.spotify_id] = rank
                tally.kept.add(remote.spotify_id)
                tally.tracks += stored.n_tracks
        return len(tally.unchanged) + tally.out_of_reach

    async def _playlist(self, rank: int, remote: RemotePlaylist) -> None:
        try:
            items = await self._ask(lambda token: self._spotify.playlist_items(token, remote.spotify_id))
        except PlaylistOutOfReach:
            self._tally.out_of_reach += 1
            return
        member_id, account_id = self._account.member_id, self._account.account_id
        await self._library.replace_playlist(member_id, account_id, rank, remote, items.entries, self._clock.now())
        self._tally.kept.add(remote.spotify_id)
        self._tally.read += 1
        self._tally.tracks += len(items.entries)
        self._tally.skipped += items.skipped

    async def liked(self, stored: LibraryPlaylist | None) -> None:
        """Read the liked songs, unless the first page shows that they are the same."""
        await self._tell(SyncProgress(SyncStep.LIKED, self.total, self.total))
        if not await self.allowed(LibraryPart.LIKED):
            return
        mark = stored.snapshot_id if stored is not None else None
        try:
            found = await self._ask(lambda token: self._spotify.liked_songs(token, unless=mark))
        except SpotifyRefused:
            self._refused(LibraryPart.LIKED)
            self._tally.kept.add(LIKED_ID)
            return
        if found is None:
            self._tally.unchanged[LIKED_ID] = _BEFORE_ALL_OTHERS
            self._tally.kept.add(LIKED_ID)
            self._tally.liked = stored.n_tracks if stored is not None else 0
            return
        self._tally.liked = len(found.items.entries)
        self._tally.skipped += found.items.skipped
        if found.items.entries:
            await self._store_liked(found)

    async def _store_liked(self, found: LikedSongs) -> None:
        account, items = self._account, found.items
        as_playlist = RemotePlaylist(
            spotify_id=LIKED_ID,
            name=LIKED_NAME,
            description=None,
            owner_id=account.user_id,
            owner_name=account.display_name,
            collaborative=False,
            public=False,
            snapshot_id=found.mark,
            total=len(items.entries) + items.skipped,
            url=self._liked_url,
            image_url=None,
        )
        await self._library.replace_playlist(
            account.member_id,
            account.account_id,
            _BEFORE_ALL_OTHERS,
            as_playlist,
            items.entries,
            self._clock.now(),
            kind=PlaylistKind.LIKED,
        )
        self._tally.kept.add(LIKED_ID)

    async def tidy(self) -> None:
        """Note what was found unchanged, and remove what is gone or no longer within reach."""
        member_id, account_id, tally = self._account.member_id, self._account.account_id, self._tally
        await self._library.touch_playlists(member_id, account_id, tally.unchanged, self._clock.now())
        tally.removed = await self._library.remove_playlists_except(member_id, account_id, tally.kept)

    async def recent(self) -> None:
        """Read what was played since the newest listen that is stored."""
        if not await self.allowed(LibraryPart.RECENT):
            return
        newest = await self._listening.newest_listen(self._account.member_id)
        try:
            listens = await self._ask(lambda token: self._spotify.recently_played(token, after=newest))
        except SpotifyRefused:
            self._refused(LibraryPart.RECENT)
            return
        self._tally.listens = await self._listening.add_listens(
            self._account.member_id, self._account.account_id, listens, self._clock.now()
        )

    async def top(self) -> None:
        """Read what is played most, in each of the time ranges."""
        if not await self.allowed(LibraryPart.TOP):
            return
        top = TopItems({}, {})
        try:
            for time_range in TimeRange:
                tracks = await self._ask(partial(self._spotify.top_tracks, time_range=time_range))
                artists = await self._ask(partial(self._spotify.top_artists, time_range=time_range))
                top.tracks[time_range], top.artists[time_range] = tuple(tracks), tuple(artists)
        except SpotifyRefused:
            self._refused(LibraryPart.TOP)
            return
        await self._listening.replace_top(self._account.member_id, self._account.account_id, top, self._clock.now())

    async def allowed(self, part: LibraryPart) -> bool:
        """Say whether the permission covers a part; it is asked anew, since the member may just have given more."""
        scopes = (await self._accounts.usable(self._account.member_id)).scopes
        if SCOPE_OF[part] in scopes:
            return True
        self._tally.not_allowed.add(part)
        return False

    def report(self) -> SyncReport:
        """Return what the pass came to."""
        tally = self._tally
        return SyncReport(
            playlists_read=tally.read,
            playlists_unchanged=len(tally.unchanged) - (LIKED_ID in tally.unchanged),
            playlists_removed=tally.removed,
            playlists_out_of_reach=tally.out_of_reach,
            tracks=tally.tracks,
            items_skipped=tally.skipped,
            finished_at=self._clock.now(),
            liked=tally.liked,
            listens=tally.listens,
            not_allowed=frozenset(tally.not_allowed),
            refused=frozenset(tally.refused),
        )

    def _refused(self, part: LibraryPart) -> None:
        self._tally.refused.add(part)

    async def _ask(self, ask: Callable[[str], Awaitable[Answer]]) -> Answer:
        return await self._accounts.with_token(self._account.member_id, ask)


def _readable(remote: RemotePlaylist, account: SpotifyAccount) -> bool:
    return remote.owner_id == account.user_id or remote.collaborative


def _same(stored: LibraryPlaylist, remote: RemotePlaylist) -> bool:
    return bool(remote.snapshot_id) and stored.snapshot_id == remote.snapshot_id and stored.name == remote.name
