"""Writing a playlist's tracks, a hundred a call, so that what failed in the middle is finished and not repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.domain.errors import SpotifyUnavailable
from bot.services.accounts import AccountsService
from bot.services.ports import SpotifyGateway

BATCH = 100
"""Items that Spotify takes in one call."""

NoteWritten = Callable[[int], Awaitable[bool]]
"""Notes how many tracks Spotify has taken, and says whether to go on; it raises for who has been taken over."""


async def write_tracks(
    accounts: AccountsService,
    member_id: int,
    spotify_id: str,
    uris: Sequence[str],
    note: NoteWritten,
    *,
    begun: bool,
) -> bool:
    """Make `uris` the playlist's content; return whether it went to the end.

    The first hundred replace what was there, the others are added at the end. A call whose answer was lost may have
    taken effect, and one that adds must not do so twice: after a failure the playlist is read first.

    Args:
        accounts: gives tokens.
        member_id: whose playlist it is.
        spotify_id: the playlist.
        uris: what it is to hold.
        note: is called after each hundred.
        begun: whether an earlier try may have written some of it.
    """
    spotify = await accounts.spotify_of(member_id)
    there = await _already_there(accounts, member_id, spotify_id, uris) if begun else 0
    if there == 0:
        first = uris[:BATCH]
        await accounts.with_token(member_id, lambda token: spotify.put_items(token, spotify_id, first))
        there = len(first)
    if not await note(there):
        return False
    while there < len(uris):
        batch = uris[there : there + BATCH]
        try:
            await accounts.with_token(member_id, partial(_add, spotify, spotify_id, batch))
        except SpotifyUnavailable as error:
            raise SpotifyUnavailable(
                f"Spotify stopped answering after {there} of {len(uris)} tracks: "
                "click again in a few minutes and I go on from there."
            ) from error
        there += len(batch)
        if not await note(there):
            return False
    return True


async def _add(spotify: SpotifyGateway, spotify_id: str, batch: Sequence[str], token: str) -> None:
    await spotify.add_items(token, spotify_id, batch)


async def _already_there(accounts: AccountsService, member_id: int, spotify_id: str, uris: Sequence[str]) -> int:
    """Return how many tracks the playlist holds, if those are how `uris` begins; else 0, to start over."""
    spotify = await accounts.spotify_of(member_id)
    found = await accounts.with_token(member_id, lambda token: spotify.playlist_items(token, spotify_id))
    held = [entry.track.uri for entry in found.entries]
    return len(held) if not found.skipped and held == list(uris[: len(held)]) else 0
