"""Writing a save into Spotify, step by step: a playlist is made or taken over, then filled; each step is noted."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.accounts import SpotifyAccount
from bot.domain.clock import Clock
from bot.domain.errors import CrossfadeError, PlaylistOutOfReach, SaveInProgress, SpotifyUnavailable
from bot.domain.library import CreatedPlaylist
from bot.domain.recommendations import RecommendationSet
from bot.domain.saving import (
    STALE_AFTER,
    PreviousContent,
    SavedPlaylist,
    SaveMode,
    SavePreferences,
    SaveStatus,
    SaveTerms,
)
from bot.services.accounts import AccountsService
from bot.services.ports import SaveRepository
from bot.services.saving.content import SaveContent, description_of, mark_text, playlist_name
from bot.services.saving.filling import write_tracks
from bot.services.saving.planning import SavePlanner
from bot.services.saving.reading import find_own, read_content
from bot.services.saving.values import WhyNew
from bot.services.saving.waiting import refuse_while_written

_TRIES = 3
_NOT_FOUND = "Spotify does not find the playlist at the moment: click again in a minute and I go on where I stopped."


class PlaylistWriter:
    """Makes or takes over a playlist for a save that is held, and fills it.

    Creating a playlist is the one call that Spotify would repeat: when its outcome is unknown (a crash, a time-out),
    the playlist is looked for by the mark in its description before another one is made. Filling it begins by replacing
    the whole content, and goes on where it stopped.

    Args:
        planner: knows what goes where.
        saves: where claims are kept.
        accounts: gives tokens.
        clock: tells the time.
        new_mark: returns a short string that nobody can guess, a new one each time.
    """

    def __init__(
        self,
        planner: SavePlanner,
        saves: SaveRepository,
        accounts: AccountsService,
        clock: Clock,
        new_mark: Callable[[], str],
    ) -> None:
        self._planner = planner
        self._saves = saves
        self._accounts = accounts
        self._clock = clock
        self._new_mark = new_mark

    async def settle(
        self,
        account: SpotifyAccount,
        recommendations: RecommendationSet,
        content: SaveContent,
        held: SavedPlaylist,
        mode: SaveMode,
        preferences: SavePreferences,
    ) -> tuple[SavedPlaylist, WhyNew | None]:
        """Make or take over a playlist; return the save as it then stands, and why there is a new one.

        Raises:
            SaveInProgress: another click is at work.
            BadInput: a list that was begun and left is in the way of keeping the last playlist.
            SpotifyError, NotConnected, ReconnectNeeded: the claim was given back, or stays for who looks next.
        """
        if held.mark is not None:
            terms = SaveTerms(held.series, held.public is True, len(content.uris))
            return await self._create(account, recommendations, held, terms), None
        for _ in range(_TRIES):
            try:
                target = await self._planner.choose(held.member_id, recommendations, mode, preferences)
                terms = SaveTerms(target.series, preferences.public, len(content.uris))
                why = target.why
                if target.last is not None and target.reuses:
                    previous = await read_content(self._accounts, account, target.last)
                    if isinstance(previous, PreviousContent):
                        taken = await self._take_over(held, target.last, previous, terms)
                        if taken is not None:
                            return taken, None
                        continue
                    why = previous
                elif target.last is not None and not await self._freeze(target.last):
                    continue
            except Exception:
                await self._saves.release_save(held)
                raise
            return await self._create(account, recommendations, held, terms), why
        await self._saves.release_save(held)
        raise SaveInProgress

    async def fill(
        self, recommendations: RecommendationSet, content: SaveContent, held: SavedPlaylist, *, begun: bool
    ) -> SavedPlaylist:
        """Fill the playlist; return the save as it then stands.

        Args:
            recommendations: the list.
            content: what of it is written.
            held: the save.
            begun: whether an earlier try may have written some of it.

        Raises:
            SaveInProgress, SpotifyError, NotConnected, ReconnectNeeded: the next click goes on.
        """
        playlist = CreatedPlaylist(
            held.spotify_id or "", playlist_name(recommendations, held.member_id), held.url or ""
        )
        saved = held

        async def note(written: int) -> bool:
            nonlocal saved
            saved = await self._saves.note_written(held, written, self._clock.now())
            return saved.status is not SaveStatus.DONE

        try:
            if held.previous is not None:
                await self._rename(recommendations, held, playlist)
            member_id, spotify_id = held.member_id, playlist.spotify_id
            if not await write_tracks(self._accounts, member_id, spotify_id, content.uris, note, begun=begun):
                return saved
        except PlaylistOutOfReach as error:
            await self._saves.release_save(held)
            raise PlaylistOutOfReach(_NOT_FOUND) from error
        except Exception:
            await self._saves.release_save(held)
            raise
        return await self._saves.save_done(held, playlist, self._clock.now())

    async def _take_over(
        self, held: SavedPlaylist, last: SavedPlaylist, previous: PreviousContent, terms: SaveTerms
    ) -> SavedPlaylist | None:
        now = self._clock.now()
        return await self._saves.begin_reusing(held, last, previous, self._new_mark(), terms, now, now - STALE_AFTER)

    async def _freeze(self, last: SavedPlaylist) -> bool:
        """Keep a playlist as it is; False if by now another list has gone into it."""
        if last.frozen_at is not None or await self._saves.set_frozen(last, self._clock.now()):
            return True
        await refuse_while_written(self._saves, last, self._clock.now())
        return False

    async def _create(
        self, account: SpotifyAccount, recommendations: RecommendationSet, held: SavedPlaylist, terms: SaveTerms
    ) -> SavedPlaylist:
        """Make the playlist, or find the one of an earlier claim; return the save as it then stands."""
        asked = False

        async def create(token: str) -> CreatedPlaylist:
            nonlocal asked
            spotify = await self._accounts.spotify_of(held.member_id)
            renewed = await self._saves.begin_creating(held, self._new_mark(), terms, self._clock.now())
            if renewed.status is SaveStatus.DONE:
                return renewed.playlist
            asked = True
            name = playlist_name(recommendations, held.member_id)
            description = description_of(recommendations, held.member_id, renewed.mark)
            return await spotify.create_playlist(token, name, description, public=terms.public)

        try:
            playlist = await self._find(account, held)
            if playlist is None:
                playlist = await self._accounts.with_token(held.member_id, create)
        except Exception as error:
            # Without Spotify's word on it the playlist may exist: the claim stays, so that the next one looks for it.
            refused = isinstance(error, CrossfadeError) and not isinstance(error, SpotifyUnavailable)
            if refused or not asked:
                await self._saves.release_save(held)
            raise
        return await self._saves.save_created(held, playlist)

    async def _find(self, account: SpotifyAccount, held: SavedPlaylist) -> CreatedPlaylist | None:
        """Return the playlist that an earlier claim may have made."""
        if held.mark is None:
            return None
        end = mark_text(held.mark)
        found = await find_own(self._accounts, account, lambda one: (one.description or "").endswith(end))
        return CreatedPlaylist(found.spotify_id, found.name, found.url or "") if found else None

    async def _rename(self, recommendations: RecommendationSet, held: SavedPlaylist, playlist: CreatedPlaylist) -> None:
        description = description_of(recommendations, held.member_id, held.mark)
        spotify = await self._accounts.spotify_of(held.member_id)
        await self._accounts.with_token(
            held.member_id,
            lambda token: spotify.change_playlist(
                token, playlist.spotify_id, name=playlist.name, description=description, public=held.public is True
            ),
        )
