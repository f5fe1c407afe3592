"""Deciding, before anything is written, what of a list goes into which playlist."""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import SpotifyError, UnknownSet
from bot.domain.recommendations import RecommendationSet
from bot.domain.saving import SavedPlaylist, SaveMode, SavePreferences, SaveStatus
from bot.services.accounts import AccountsService
from bot.services.ports import SaveRepository
from bot.services.recommendations import RecommendationsService
from bot.services.saving.content import SaveContent, content_of, description_of, playlist_name, series_of
from bot.services.saving.covers import PlaylistCovers
from bot.services.saving.reading import is_in_library
from bot.services.saving.values import SavePlan, Target, WhyNew


class SavePlanner:
    """Knows where a list would go: into last week's playlist of its series, or into a new one, and why.

    Args:
        shown: what was recommended.
        saves: where saves are kept.
        accounts: gives tokens.
        covers: knows whether there would be a cover.
    """

    def __init__(
        self,
        shown: RecommendationsService,
        saves: SaveRepository,
        accounts: AccountsService,
        covers: PlaylistCovers,
    ) -> None:
        self._shown = shown
        self._saves = saves
        self._accounts = accounts
        self._covers = covers

    async def plan(self, member_id: int, set_id: int, stale_before: datetime) -> SavePlan:
        """Return what `save` would write; nothing is written.

        Raises:
            UnknownSet, NotConnected, ReconnectNeeded, SpotifyError: as `save`.
        """
        recommendations, content = await self.content(set_id)
        account = await self._accounts.usable(member_id)
        preferences = await self._saves.preferences(member_id)
        saved = await self._saves.save_of_set(member_id, set_id)
        settled = saved if saved is not None and saved.status is not SaveStatus.CLAIMED else None
        outdated = settled is not None and await self._saves.newer_in_playlist(settled) is not None
        if settled is not None and not outdated and await self.is_gone(settled, stale_before):
            settled = None
        target = Target(settled.series) if settled else None
        target = target or await self.choose(member_id, recommendations, SaveMode.USUAL, preferences)
        return SavePlan(
            set_id=set_id,
            name=playlist_name(recommendations, member_id),
            description=description_of(recommendations, member_id, None),
            n_tracks=len(content.uris),
            repeated=content.repeated,
            unknown=content.unknown,
            target=target,
            preferences=preferences,
            cover=self._covers.planned(account, preferences),
            saved=settled,
            outdated=outdated,
        )

    async def content(self, set_id: int) -> tuple[RecommendationSet, SaveContent]:
        """Return a list and what of it is written.

        Raises:
            UnknownSet: it is no longer stored, or has no track that could be written.
        """
        recommendations = await self._shown.get(set_id)
        content = content_of(recommendations)
        if not content.uris:
            raise UnknownSet
        return recommendations, content

    async def in_library(self, saved: SavedPlaylist) -> bool:
        """Say whether the playlist of a save is in the member's library."""
        return await is_in_library(self._accounts, saved.member_id, saved.spotify_id or "")

    async def is_gone(self, saved: SavedPlaylist, stale_before: datetime) -> bool:
        """Say whether the playlist of a finished save was deleted in Spotify; when Spotify cannot tell, it was not.

        One that was made a moment ago, after `stale_before`, may not be in every list of Spotify's yet.
        """
        if saved.finished_at is None or saved.finished_at > stale_before:
            return False
        try:
            return not await self.in_library(saved)
        except SpotifyError:
            return False

    async def choose(
        self, member_id: int, recommendations: RecommendationSet, mode: SaveMode, preferences: SavePreferences
    ) -> Target:
        """Return into which playlist a list goes."""
        series = series_of(recommendations, member_id)
        if series is None:
            return Target(None, why=WhyNew.NO_SERIES)
        last = await self._saves.last_of_series(member_id, series)
        if last is None:
            return Target(None, why=WhyNew.ASKED) if mode is SaveMode.NEW else Target(series, why=WhyNew.FIRST)
        if last.set_id > recommendations.id:
            return Target(None, why=WhyNew.OLDER)
        if mode is SaveMode.NEW:
            return Target(None, why=WhyNew.ASKED)
        if last.undoing_at is not None:
            return Target(series, why=WhyNew.BEING_UNDONE)
        if mode is SaveMode.KEEP:
            return Target(series, last, why=WhyNew.KEPT)
        if not preferences.reuse:
            return Target(series, why=WhyNew.SWITCHED_OFF)
        if last.frozen_at is not None:
            return Target(series, why=WhyNew.FROZEN)
        return Target(series, last) if await self.in_library(last) else Target(series, why=WhyNew.GONE)
