"""Saving recommendations as a Spotify playlist: once, however often the button is clicked."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.accounts import SpotifyAccount
from bot.domain.clock import Clock
from bot.domain.errors import SaveInProgress
from bot.domain.recommendations import RecommendationSet
from bot.domain.saving import STALE_AFTER, SavedPlaylist, SaveMode, SavePreferences, SaveStatus
from bot.services.accounts import AccountsService
from bot.services.ports import SaveRepository
from bot.services.saving.content import SaveContent
from bot.services.saving.covers import PlaylistCovers
from bot.services.saving.planning import SavePlanner
from bot.services.saving.values import CoverState, SaveOutcome, SavePlan, WhyNew
from bot.services.saving.waiting import refuse_while_undone
from bot.services.saving.writing import PlaylistWriter


class PlaylistsService:
    """Claims a save by a unique row, makes or reuses a playlist, fills it; each step is noted, so none is done twice.

    A list of a weekly series goes into the playlist of the last one. Which playlist that is, is settled with the
    member's row held, and what was in it is noted before the first write.

    A claim that stands still for two minutes may be taken over. Whoever wakes up late finds the count of claims gone on
    and stops: it is compared at each step, and right before the playlist is asked for. What cannot be fenced is a
    pause of two minutes inside one request, on its way from here to Spotify, which has no key to know it by; if
    the other one has looked for the playlist meanwhile, there are two.

    Args:
        planner: knows what goes where.
        saves: where claims are kept.
        accounts: gives tokens.
        covers: gives playlists their covers.
        clock: tells the time.
        new_mark: returns a short string that nobody can guess, a new one each time.
    """

    def __init__(
        self,
        planner: SavePlanner,
        saves: SaveRepository,
        accounts: AccountsService,
        covers: PlaylistCovers,
        clock: Clock,
        *,
        new_mark: Callable[[], str],
    ) -> None:
        self._planner = planner
        self._saves = saves
        self._accounts = accounts
        self._covers = covers
        self._clock = clock
        self._writer = PlaylistWriter(planner, saves, accounts, clock, new_mark)

    async def plan(self, member_id: int, set_id: int) -> SavePlan:
        """Return what `save` would write; nothing is written.

        Raises:
            UnknownSet, NotConnected, ReconnectNeeded, SpotifyError: as `save`.
        """
        return await self._planner.plan(member_id, set_id, self._clock.now() - STALE_AFTER)

    async def save(self, member_id: int, set_id: int, mode: SaveMode = SaveMode.USUAL) -> SaveOutcome:
        """Save a set into the member's Spotify, or return the playlist that another click made.

        Args:
            member_id: who clicked.
            set_id: the list.
            mode: whether it may go into last week's playlist.

        Raises:
            UnknownSet, NotConnected, ReconnectNeeded, SpotifyError: nothing was made, or what was begun is finished
                by the next click.
            SaveInProgress, UndoInProgress: another click is at work at this moment.
            BadInput, CannotUndo: what was begun and left is in the way; the text says how it is finished.
        """
        recommendations, content = await self._planner.content(set_id)
        account = await self._accounts.usable(member_id)
        now = self._clock.now()
        claim = await self._saves.claim_save(set_id, member_id, now, now - STALE_AFTER)
        if not claim.won:
            if claim.saved.status is not SaveStatus.DONE:
                raise SaveInProgress
            newer = await self._saves.newer_in_playlist(claim.saved)
            gone = newer is None and await self._planner.is_gone(claim.saved, now - STALE_AFTER)
            refuse_while_undone(claim.saved, now)
            if not gone and (newer is None or mode is SaveMode.USUAL):
                return self._finished(claim.saved, recommendations, content, already=True, outdated=newer is not None)
            mode = SaveMode.USUAL if newer is None else SaveMode.NEW
            claim = await self._saves.reopen_save(claim.saved, now)
            if not claim.won:
                raise SaveInProgress
        return await self._work(account, recommendations, content, claim.saved, mode)

    async def _work(
        self,
        account: SpotifyAccount,
        recommendations: RecommendationSet,
        content: SaveContent,
        held: SavedPlaylist,
        mode: SaveMode,
    ) -> SaveOutcome:
        """Do what is left of a save that is held."""
        preferences = await self._saves.preferences(held.member_id)
        begun = held.status is SaveStatus.CREATED and await self._is_still_there(held)
        if held.status is SaveStatus.CREATED and not begun:
            held = await self._saves.restart_save(held, self._clock.now())
        saved, why = held, None
        if held.status is SaveStatus.CLAIMED:
            saved, why = await self._writer.settle(account, recommendations, content, held, mode, preferences)
        if saved.status is SaveStatus.CREATED:
            saved = await self._writer.fill(recommendations, content, saved, begun=begun)
        if saved.attempts != held.attempts:
            return self._finished(saved, recommendations, content, already=True)
        cover = await self._cover(account, recommendations, saved, preferences)
        return self._finished(saved, recommendations, content, already=False, why=why, cover=cover)

    async def _is_still_there(self, held: SavedPlaylist) -> bool:
        """Say whether the playlist that was begun is still in the member's library."""
        try:
            return await self._planner.in_library(held)
        except Exception:
            await self._saves.release_save(held)
            raise

    async def _cover(
        self,
        account: SpotifyAccount,
        recommendations: RecommendationSet,
        saved: SavedPlaylist,
        preferences: SavePreferences,
    ) -> CoverState:
        planned = self._covers.planned(account, preferences)
        if planned is not CoverState.DRAWN:
            return planned
        state = await self._covers.put(saved.member_id, saved.spotify_id or "", recommendations)
        if state is CoverState.DRAWN:
            await self._saves.note_cover(saved, self._clock.now())
        return state

    def _finished(
        self,
        saved: SavedPlaylist,
        recommendations: RecommendationSet,
        content: SaveContent,
        *,
        already: bool,
        why: WhyNew | None = None,
        cover: CoverState | None = None,
        outdated: bool = False,
    ) -> SaveOutcome:
        until = saved.undo_until
        can_undo = until is not None and until > self._clock.now() and not outdated and saved.frozen_at is None
        previous = saved.previous
        return SaveOutcome(
            playlist=saved.playlist,
            already=already,
            n_tracks=len(content.uris) if saved.n_tracks is None else saved.n_tracks,
            save_id=saved.id,
            set_id=recommendations.id,
            repeated=content.repeated,
            unknown=content.unknown,
            public=saved.public is True,
            replaced=(previous.name, len(previous.uris)) if previous is not None else None,
            why_new=why,
            cover=cover,
            undo_until=until if can_undo else None,
            outdated=outdated,
            weekly=saved.series is not None and saved.frozen_at is None,
        )
