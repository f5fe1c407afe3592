"""How a member wants lists to be saved, and which saved playlists are to stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.clock import Clock
from bot.domain.errors import BadInput, CrossfadeError, SaveInProgress
from bot.domain.saving import SavedPlaylist, SavePreferences, SaveSwitch
from bot.services.accounts import AccountsService
from bot.services.ports import SaveRepository
from bot.services.saving.covers import SCOPE
from bot.services.saving.waiting import refuse_while_undone, refuse_while_written

_NO_WEEKLY = "You have no weekly playlist yet: save a list of /discover or of a weekly digest first."
_UNKNOWN = "I do not know that playlist: pick one from the list while typing."
_CHANGED = "A newer list has gone into this playlist since: use /freeze again to keep what is in it now."


@dataclass(frozen=True, slots=True)
class Frozen:
    """A playlist that was frozen or let go; `is_next` says that the next list of its series goes into it."""

    saved: SavedPlaylist
    frozen: bool
    is_next: bool


@dataclass(frozen=True, slots=True)
class SaveSettings:
    """A member's choices; `covers_allowed` is None for a member who is not connected."""

    preferences: SavePreferences
    covers_allowed: bool | None


class KeepingService:
    """Choices and frozen playlists.

    Args:
        saves: where they are kept.
        accounts: knows what a member's connection allows.
        clock: tells the time.
    """

    def __init__(self, saves: SaveRepository, accounts: AccountsService, clock: Clock) -> None:
        self._saves = saves
        self._accounts = accounts
        self._clock = clock

    async def settings(self, member_id: int) -> SaveSettings:
        """Return how the member's lists are saved."""
        return await self._with_scope(member_id, await self._saves.preferences(member_id))

    async def switch(self, member_id: int, which: SaveSwitch, *, on: bool) -> SaveSettings:
        """Switch one choice; it counts from the next save on."""
        return await self._with_scope(member_id, await self._saves.set_preference(member_id, which, on=on))

    async def weekly_playlists(self, member_id: int, text: str = "", limit: int = 25) -> list[SavedPlaylist]:
        """Return the member's saved weekly playlists whose name contains the text, the newest first."""
        wanted = text.strip().casefold()
        theirs = await self._saves.series_playlists(member_id)
        return [saved for saved in theirs if wanted in (saved.name or "").casefold()][:limit]

    async def freeze(self, member_id: int, save_id: int | None = None) -> Frozen:
        """Keep a weekly playlist as it is, by default the newest: the next list goes into a new one.

        Raises:
            BadInput: there is no such playlist, or a list is going into it.
            CannotUndo, UndoInProgress: its last save is being undone.
        """
        return await self._set(member_id, save_id, frozen=True)

    async def unfreeze(self, member_id: int, save_id: int) -> Frozen:
        """Let the next list of its series go into the playlist again, if it is still the newest.

        Raises:
            BadInput, CannotUndo, UndoInProgress: as above.
        """
        return await self._set(member_id, save_id, frozen=False)

    async def _set(self, member_id: int, save_id: int | None, *, frozen: bool) -> Frozen:
        theirs = await self._saves.series_playlists(member_id)
        if not theirs:
            raise BadInput(_NO_WEEKLY)
        saved = next((one for one in theirs if save_id in (None, one.id)), None)
        if saved is None:
            known = await self._saves.save(member_id, save_id or 0)
            raise BadInput(_CHANGED if known is not None and known.series is not None else _UNKNOWN)
        if (saved.frozen_at is not None) is not frozen and not await self._saves.set_frozen(
            saved, self._clock.now() if frozen else None
        ):
            raise await self._why_not(saved)
        last = await self._saves.last_of_series(member_id, saved.series or "")
        return Frozen(saved, frozen, is_next=not frozen and last is not None and last.id == saved.id)

    async def _why_not(self, saved: SavedPlaylist) -> CrossfadeError:
        """Return, or raise, what stands in the way of keeping a playlist."""
        now = self._clock.now()
        if await refuse_while_written(self._saves, saved, now) is not None:
            return BadInput(_CHANGED)
        standing = await self._saves.save(saved.member_id, saved.id)
        if standing is None:
            return BadInput(_UNKNOWN)
        refuse_while_undone(standing, now)
        return SaveInProgress()

    async def _with_scope(self, member_id: int, preferences: SavePreferences) -> SaveSettings:
        account = await self._accounts.account(member_id)
        return SaveSettings(preferences, None if account is None else SCOPE in account.scopes)
