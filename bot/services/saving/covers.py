"""Covers for saved playlists: drawn from the list, and never the reason why a save fails."""

from __future__ import annotations

import asyncio

import structlog

from bot.domain.accounts import SpotifyAccount
from bot.domain.recommendations import RecommendationSet
from bot.domain.saving import SavePreferences
from bot.services.accounts import AccountsService
from bot.services.ports import CoverArtist
from bot.services.saving.content import playlist_day, playlist_title
from bot.services.saving.values import CoverState

SCOPE = "ugc-image-upload"
_log = structlog.get_logger(__name__)


class PlaylistCovers:
    """Draws covers and uploads them.

    Args:
        artist: draws.
        accounts: gives tokens.
    """

    def __init__(self, artist: CoverArtist, accounts: AccountsService) -> None:
        self._artist = artist
        self._accounts = accounts

    def planned(self, account: SpotifyAccount, preferences: SavePreferences) -> CoverState:
        """Return whether a playlist of this member is to have a cover of ours."""
        if not preferences.cover:
            return CoverState.SWITCHED_OFF
        return CoverState.DRAWN if SCOPE in account.scopes else CoverState.NOT_ALLOWED

    async def put(self, member_id: int, spotify_id: str, recommendations: RecommendationSet) -> CoverState:
        """Give a playlist its cover, once; a failure is logged and said, but it is no fault."""
        try:
            seed = "\n".join(pick.track.uri for pick in recommendations.picks)
            title, day = playlist_title(recommendations, member_id), playlist_day(recommendations)
            jpeg = await asyncio.to_thread(self._artist.draw, title, day, seed)
            spotify = await self._accounts.spotify_of(member_id)
            await self._accounts.with_token(member_id, lambda token: spotify.upload_cover(token, spotify_id, jpeg))
        except Exception as error:  # the list is saved by now: whatever this was must not say otherwise
            _log.warning("a cover could not be set", error=type(error).__name__, reason=str(error))
            return CoverState.FAILED
        return CoverState.DRAWN
