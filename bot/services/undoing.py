"""Undoing a save within a day: a playlist that was made is removed, one that was reused gets back what it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain.accounts import SpotifyAccount
from bot.domain.clock import Clock
from bot.domain.errors import CannotUndo, CrossfadeError, UndoInProgress
from bot.domain.library import PlaylistEntry, TrackInfo
from bot.domain.saving import STALE_AFTER, PreviousContent, SavedPlaylist, SaveStatus
from bot.services.accounts import AccountsService
from bot.services.ports import SaveRepository
from bot.services.recommendations import RecommendationsService
from bot.services.saving.covers import PlaylistCovers
from bot.services.saving.filling import write_tracks
from bot.services.saving.reading import find_own, is_in_library
from bot.services.saving.values import CoverState, UndoKind, UndoOutcome
from bot.services.saving.waiting import refuse_while_written
from bot.services.tracks import record_of
from recommender.recordings import recording_key

_NOTHING = "There is no save of yours to undo: it was undone before, or nothing was saved yet."
_UNFINISHED = "This list is not saved to the end yet: click Save to Spotify again to finish it, then undo it."
_FROZEN = "“{name}” is kept as it is: use /freeze to let go of it, then undo."
_NEWER = "A newer list has gone into “{name}” since: use /undo to undo that one first."
_TOO_LATE = "A save can be undone for a day, and this one is older: change or delete “{name}” in Spotify yourself."


@dataclass(slots=True)
class _Progress:
    """Whether anything may have been changed in Spotify by now."""

    begun: bool


class UndoService:
    """Undoes saves; each undo is claimed, so that of several clicks one does it, and an interrupted one is finished.

    Args:
        shown: what was recommended.
        saves: where saves are kept.
        accounts: gives tokens.
        covers: gives a playlist its earlier cover back.
        clock: tells the time.
    """

    def __init__(
        self,
        shown: RecommendationsService,
        saves: SaveRepository,
        accounts: AccountsService,
        covers: PlaylistCovers,
        clock: Clock,
    ) -> None:
        self._shown = shown
        self._saves = saves
        self._accounts = accounts
        self._covers = covers
        self._clock = clock

    async def undo_last(self, member_id: int) -> UndoOutcome:
        """Undo the member's last save; an undo that was interrupted is finished first.

        Raises:
            CannotUndo, BadInput, UndoInProgress, NotConnected, ReconnectNeeded, SpotifyError: as `undo`.
        """
        await self._accounts.usable(member_id)
        last = await self._saves.last_to_undo(member_id)
        if last is None:
            raise CannotUndo(_NOTHING)
        return await self.undo(member_id, last.id)

    async def undo(self, member_id: int, save_id: int) -> UndoOutcome:
        """Undo one of the member's saves; a new click on Save then saves anew.

        Raises:
            CannotUndo, BadInput: it cannot be undone (any more, or yet), for a reason that it says.
            UndoInProgress: another click is at it.
            NotConnected, ReconnectNeeded, SpotifyError: the next click finishes what was begun.
        """
        account = await self._accounts.usable(member_id)
        saved = await self._saves.save(member_id, save_id)
        await self._check(saved)
        now = self._clock.now()
        held = await self._saves.claim_undo(saved, now, now - STALE_AFTER) if saved else None
        if held is None:
            if await self._saves.save(member_id, save_id) is None:
                raise CannotUndo(_NOTHING)
            raise UndoInProgress
        progress = _Progress(begun=saved is not None and saved.undoing_at is not None)
        try:
            outcome = await self._take_back(account, held, progress)
        except Exception:
            await self._saves.release_undo(held, begun=progress.begun)
            raise
        await self._saves.finish_undo(held)
        return outcome

    async def _check(self, saved: SavedPlaylist | None) -> None:
        if saved is None:
            raise CannotUndo(_NOTHING)
        if saved.status is not SaveStatus.DONE:
            raise CannotUndo(_UNFINISHED)
        if saved.frozen_at is not None:
            raise CannotUndo(_FROZEN.format(name=saved.name))
        # What was begun in time is finished, however late.
        too_late = saved.undo_until is None or self._clock.now() > saved.undo_until
        if saved.undoing_at is None and too_late:
            raise CannotUndo(_TOO_LATE.format(name=saved.name))
        if await refuse_while_written(self._saves, saved, self._clock.now()) is not None:
            raise CannotUndo(_NEWER.format(name=saved.name))

    async def _take_back(self, account: SpotifyAccount, held: SavedPlaylist, progress: _Progress) -> UndoOutcome:
        """Remove the playlist that the save made, or restore the one that it changed."""
        member_id, spotify_id = held.member_id, held.spotify_id or ""
        name = held.name or ""
        spotify = await self._accounts.spotify_of(member_id)
        if held.previous is None:
            if not await is_in_library(self._accounts, member_id, spotify_id):
                return UndoOutcome(UndoKind.GONE, name, held.set_id)
            progress.begun = True
            await self._accounts.with_token(member_id, lambda token: spotify.remove_playlist(token, spotify_id))
            return UndoOutcome(UndoKind.REMOVED, name, held.set_id)
        found = await find_own(self._accounts, account, lambda playlist: playlist.spotify_id == spotify_id)
        if found is None:
            return UndoOutcome(UndoKind.GONE, name, held.set_id)
        previous = held.previous
        if not progress.begun:
            previous = await self._with_what_came_later(held, previous, spotify_id)
            await self._saves.renew_undo(held, self._clock.now(), previous=previous)
        begun, progress.begun = progress.begun, True
        await self._restore(held, previous, spotify_id, begun=begun)
        cover_stays = held.covered_at is not None and not await self._earlier_cover(held, previous, spotify_id)
        return UndoOutcome(
            UndoKind.RESTORED,
            previous.name,
            held.set_id,
            url=held.url or "",
            n_tracks=len(previous.uris),
            lost=previous.skipped,
            kept=len(previous.uris) - len(held.previous.uris),
            cover_stays=cover_stays,
        )

    async def _with_what_came_later(
        self, held: SavedPlaylist, previous: PreviousContent, spotify_id: str
    ) -> PreviousContent:
        """Return what is brought back, with the tracks at its end that the member has added since the save."""
        ours = await self._shown.get(held.set_id)
        spotify = await self._accounts.spotify_of(held.member_id)
        found = await self._accounts.with_token(held.member_id, lambda token: spotify.playlist_items(token, spotify_id))
        later = _added(found.entries, (pick.track for pick in ours.picks), previous.uris)
        return replace(previous, uris=(*previous.uris, *later), skipped=previous.skipped + found.skipped)

    async def _restore(self, held: SavedPlaylist, previous: PreviousContent, spotify_id: str, *, begun: bool) -> None:
        spotify = await self._accounts.spotify_of(held.member_id)

        async def note(_written: int) -> bool:
            await self._saves.renew_undo(held, self._clock.now())
            return True

        await self._accounts.with_token(
            held.member_id,
            lambda token: spotify.change_playlist(
                token, spotify_id, name=previous.name, description=previous.description, public=previous.public
            ),
        )
        await write_tracks(self._accounts, held.member_id, spotify_id, previous.uris, note, begun=begun)

    async def _earlier_cover(self, held: SavedPlaylist, previous: PreviousContent, spotify_id: str) -> bool:
        """Draw the cover again that the playlist had before; say whether it has it."""
        if previous.set_id is None:
            return False
        try:
            earlier = await self._shown.get(previous.set_id)
        except CrossfadeError:
            return False
        return await self._covers.put(held.member_id, spotify_id, earlier) is CoverState.DRAWN


def _added(entries: Iterable[PlaylistEntry], ours: Iterable[TrackInfo], before: Iterable[str]) -> list[str]:
    """Return the URIs of what is neither ours nor was there before.

    Spotify may give a track under another id than the one it was written by, so that recordings are compared as well.
    """
    known, isrcs, keys = set(before), set(), set()
    for track in ours:
        known.add(track.uri)
        isrcs.add(track.isrc)
        keys.add(recording_key(record_of(track)))
    theirs = [
        entry.track.uri
        for entry in entries
        if entry.track.uri not in known
        and (entry.track.isrc is None or entry.track.isrc not in isrcs)
        and recording_key(record_of(entry.track)) not in keys
    ]
    return list(dict.fromkeys(theirs))
