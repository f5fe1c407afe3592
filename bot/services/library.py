"""A member's stored library: what is in it, which playlists speak for their taste, and bringing it up to date."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.errors import UnknownPlaylist
from bot.domain.library import UPLOADS, LibraryPlaylist, SyncReport
from bot.services.accounts import AccountsService
from bot.services.ports import LibraryRepository
from bot.services.syncing import SyncingService


class LibraryService:
    """The member's own and collaborative playlists, the liked songs, and what they imported.

    Spotify lets a new app read no other playlists. Who has imported some needs no Spotify account.
    """

    def __init__(self, library: LibraryRepository, accounts: AccountsService, syncing: SyncingService) -> None:
        self._library = library
        self._accounts = accounts
        self._syncing = syncing

    async def sync(self, member_id: int) -> SyncReport:
        """Bring the stored playlists up to date and wait for it; raises what `SyncingService.sync` does."""
        return await self._syncing.sync(member_id)

    async def playlists(self, member_id: int) -> list[LibraryPlaylist]:
        """Return the member's stored playlists.

        Raises:
            NotConnected: the member has no Spotify link and has imported nothing.
            ReconnectNeeded: the link has ended, and nothing was imported.
        """
        playlists = await self._library.playlists(member_id)
        await self._check(member_id, playlists)
        return playlists

    async def playlist(self, member_id: int, playlist_id: int) -> LibraryPlaylist:
        """Return one of the member's stored playlists.

        Raises:
            NotConnected, ReconnectNeeded: as for `playlists`.
            UnknownPlaylist: it is not one of theirs.
        """
        playlist = await self._library.playlist(member_id, playlist_id)
        if playlist is None or playlist.source not in UPLOADS:
            await self._check(member_id, await self._library.playlists(member_id))
        if playlist is None:
            raise UnknownPlaylist
        return playlist

    async def find_playlists(
        self, member_id: int, text: str, limit: int = 25, *, left_out: bool | None = None
    ) -> list[LibraryPlaylist]:
        """Return the member's stored playlists whose name contains the text; names that begin with it first.

        Args:
            member_id: whose playlists.
            text: a part of the name.
            limit: how many at most.
            left_out: only those that are left out of the member's taste, or only those that are not.
        """
        wanted = text.strip().casefold()
        matching = [
            playlist
            for playlist in await self._library.playlists(member_id)
            if wanted in playlist.name.casefold() and left_out in {None, playlist.left_out}
        ]
        matching.sort(key=lambda playlist: not playlist.name.casefold().startswith(wanted))
        return matching[:limit]

    async def leave_out(self, member_id: int, playlist_id: int, *, left_out: bool) -> LibraryPlaylist:
        """Leave a playlist out of the member's taste, or take it in again; return it as it is then.

        What is left out gives no seeds, but its tracks still count as ones that the member has.

        Raises:
            NotConnected, ReconnectNeeded, UnknownPlaylist: as for `playlist`.
        """
        playlist = await self.playlist(member_id, playlist_id)
        if not await self._library.leave_out(member_id, playlist.id, left_out=left_out):
            raise UnknownPlaylist
        return await self.playlist(member_id, playlist.id)

    async def _check(self, member_id: int, playlists: Sequence[LibraryPlaylist]) -> None:
        if any(playlist.source in UPLOADS for playlist in playlists):
            return
        await self._accounts.usable(member_id)
