"""Reading a member's playlists from Spotify into the database."""

from __future__ import annotations

from bot.domain.accounts import SpotifyAccount
from bot.domain.clock import Clock
from bot.domain.errors import PlaylistOutOfReach, UnknownPlaylist
from bot.domain.library import LibraryPlaylist, RemoteItems, RemotePlaylist, SyncReport
from bot.domain.quota import background
from bot.services.accounts import AccountsService
from bot.services.ports import LibraryRepository, SpotifyGateway


class LibraryService:
    """The member's own and collaborative playlists: Spotify lets a new app read no others."""

    def __init__(
        self, library: LibraryRepository, spotify: SpotifyGateway, accounts: AccountsService, clock: Clock
    ) -> None:
        self._library = library
        self._spotify = spotify
        self._accounts = accounts
        self._clock = clock

    async def sync(self, member_id: int) -> SyncReport:
        """Bring the stored playlists up to date; those whose snapshot_id is unchanged cost no call.

        A library takes many calls, so it gives way to people who wait for one.

        Raises:
            NotConnected, ReconnectNeeded, SpotifyError: Spotify could not be read; what was read stays stored.
            AccountChanged: the member has linked another account meanwhile; nothing of the old one is stored.
        """
        account = await self._accounts.usable(member_id)
        with background():
            return await self._sync(account)

    async def _sync(self, account: SpotifyAccount) -> SyncReport:
        member_id = account.member_id
        listed = await self._accounts.with_token(member_id, self._spotify.playlists)
        known = {playlist.spotify_id: playlist for playlist in await self._library.playlists(member_id)}
        unchanged: dict[str, int] = {}
        kept: set[str] = set()
        read = tracks = skipped = out_of_reach = 0
        for rank, remote in enumerate(listed):
            if not _readable(remote, account):
                out_of_reach += 1
                continue
            stored = known.get(remote.spotify_id)
            if stored is not None and _same(stored, remote):
                unchanged[remote.spotify_id] = rank
                kept.add(remote.spotify_id)
                tracks += stored.n_tracks
                continue
            try:
                items = await self._items(member_id, remote.spotify_id)
            except PlaylistOutOfReach:
                out_of_reach += 1
                continue
            await self._library.replace_playlist(
                member_id, account.account_id, rank, remote, items.entries, self._clock.now()
            )
            kept.add(remote.spotify_id)
            read += 1
            tracks += len(items.entries)
            skipped += items.skipped
        await self._library.touch_playlists(member_id, account.account_id, unchanged, self._clock.now())
        removed = await self._library.remove_playlists_except(member_id, account.account_id, kept)
        return SyncReport(
            playlists_read=read,
            playlists_unchanged=len(unchanged),
            playlists_removed=removed,
            playlists_out_of_reach=out_of_reach,
            tracks=tracks,
            items_skipped=skipped,
            finished_at=self._clock.now(),
        )

    async def playlists(self, member_id: int) -> list[LibraryPlaylist]:
        """Return the member's stored playlists.

        Raises:
            NotConnected: the member has no Spotify link.
        """
        await self._accounts.usable(member_id)
        return await self._library.playlists(member_id)

    async def playlist(self, member_id: int, playlist_id: int) -> LibraryPlaylist:
        """Return one of the member's stored playlists.

        Raises:
            NotConnected: the member has no Spotify link.
            UnknownPlaylist: it is not one of theirs.
        """
        await self._accounts.usable(member_id)
        playlist = await self._library.playlist(member_id, playlist_id)
        if playlist is None:
            raise UnknownPlaylist
        return playlist

    async def find_playlists(self, member_id: int, text: str, limit: int = 25) -> list[LibraryPlaylist]:
        """Return the member's stored playlists whose name contains the text; names that begin with it first."""
        wanted = text.strip().casefold()
        matching = [p for p in await self._library.playlists(member_id) if wanted in p.name.casefold()]
        matching.sort(key=lambda playlist: not playlist.name.casefold().startswith(wanted))
        return matching[:limit]

    async def _items(self, member_id: int, spotify_id: str) -> RemoteItems:
        return await self._accounts.with_token(member_id, lambda token: self._spotify.playlist_items(token, spotify_id))


def _readable(remote: RemotePlaylist, account: SpotifyAccount) -> bool:
    return remote.owner_id == account.user_id or remote.collaborative


def _same(stored: LibraryPlaylist, remote: RemotePlaylist) -> bool:
    return bool(remote.snapshot_id) and stored.snapshot_id == remote.snapshot_id and stored.name == remote.name
