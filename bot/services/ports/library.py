"""What the services need of the store of playlists and tracks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.library import LibraryPlaylist, PlaylistEntry, PlaylistKind, RemotePlaylist, TrackInfo


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
        *,
        kind: PlaylistKind = PlaylistKind.PLAYLIST,
    ) -> None:
        """Insert or replace a playlist (listed at `rank`) and its entries; tracks, artists, albums are upserted.

        Raises `NotConnected`, or `AccountChanged` when another account than `account_id` is linked: so do the next two.
        """
        ...

    async def touch_playlists(self, member_id: int, account_id: str, ranks: dict[str, int], now: datetime) -> None:
        """Set the listing rank (by Spotify id) and the sync time of playlists that have not changed."""
        ...

    async def remove_playlists_except(self, member_id: int, account_id: str, keep: Collection[str]) -> int:
        """Delete the playlists read from Spotify whose Spotify id is not in `keep`; return how many."""
        ...

    async def leave_out(self, member_id: int, playlist_id: int, *, left_out: bool) -> bool:
        """Say whether one of the member's playlists is left out of their taste; False if it is not theirs."""
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
