"""Looking a playlist of the member's own up in their Spotify, and reading what is in it."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.accounts import SpotifyAccount
from bot.domain.library import RemotePlaylist
from bot.domain.saving import PreviousContent, SavedPlaylist
from bot.services.accounts import AccountsService
from bot.services.saving.values import WhyNew

LARGEST = 1_000
"""Items of a playlist that is still taken over: to note more, for an undo, would keep people waiting too long."""


async def find_own(
    accounts: AccountsService, account: SpotifyAccount, wanted: Callable[[RemotePlaylist], bool]
) -> RemotePlaylist | None:
    """Return the first playlist of the member's own that is wanted; other people's may bear any text."""
    spotify = await accounts.spotify_of(account.member_id)
    for playlist in await accounts.with_token(account.member_id, spotify.playlists):
        if playlist.owner_id == account.user_id and wanted(playlist):
            return playlist
    return None


async def is_in_library(accounts: AccountsService, member_id: int, spotify_id: str) -> bool:
    """Say whether a playlist is in the member's library: only when two answers of Spotify agree is it not.

    One of them may lag behind, and who believed it would make a second playlist.
    """
    spotify = await accounts.spotify_of(member_id)
    if await accounts.with_token(member_id, lambda token: spotify.has_playlist(token, spotify_id)):
        return True
    listed = await accounts.with_token(member_id, spotify.playlists)
    return any(playlist.spotify_id == spotify_id for playlist in listed)


async def read_content(
    accounts: AccountsService, account: SpotifyAccount, last: SavedPlaylist
) -> PreviousContent | WhyNew:
    """Return what the playlist of a save is now, or why it cannot be taken over: it is gone, or has grown too large."""
    spotify_id = last.spotify_id or ""
    found = await find_own(accounts, account, lambda playlist: playlist.spotify_id == spotify_id)
    if found is None:
        return WhyNew.GONE
    if found.total > LARGEST:
        return WhyNew.GROWN
    spotify = await accounts.spotify_of(account.member_id)
    items = await accounts.with_token(account.member_id, lambda token: spotify.playlist_items(token, spotify_id))
    return PreviousContent(
        name=found.name,
        description=found.description or "",
        public=found.public is True,
        uris=tuple(entry.track.uri for entry in items.entries),
        skipped=items.skipped,
        set_id=last.set_id if last.covered_at is not None else None,
    )
