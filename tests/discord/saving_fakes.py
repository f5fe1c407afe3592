"""The services that save lists, as the Discord face sees them, kept in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from discord_samples import NOW

from bot.domain.errors import BadInput, CannotUndo, UnknownSet
from bot.domain.library import CreatedPlaylist
from bot.domain.saving import SavedPlaylist, SaveMode, SavePreferences, SaveStatus, SaveSwitch
from bot.services.keeping import Frozen, SaveSettings
from bot.services.saving.values import (
    CoverState,
    SaveOutcome,
    SavePlan,
    Target,
    UndoKind,
    UndoOutcome,
    WhyNew,
)

if TYPE_CHECKING:
    from discord_fakes import World

NAME = "Crossfade discoveries · 20 Nov 2026"
LAST_NAME = "Crossfade discoveries · 13 Nov 2026"


@dataclass
class Saving:
    """What the fake services know of saves; `last` is the weekly playlist that a save would go into."""

    preferences: dict[int, SavePreferences] = field(default_factory=dict)
    last: SavedPlaylist | None = None
    outcome: dict[str, object] = field(default_factory=dict)
    plan: dict[str, object] = field(default_factory=dict)
    undone: UndoOutcome | None = None
    weekly: list[SavedPlaylist] = field(default_factory=list)


def saved(number: int = 7, name: str = LAST_NAME, **known: object) -> SavedPlaylist:
    url = f"https://open.spotify.com/playlist/{number:022}"
    values: dict[str, object] = {"finished_at": NOW - timedelta(weeks=1), "series": "discover", "n_tracks": 30}
    return SavedPlaylist(
        number, 400 + number, 1, SaveStatus.DONE, NOW, 1, "m", f"{number:022}", name, url, **(values | known)
    )  # type: ignore[arg-type]


class FakePlaylists:
    def __init__(self, world: World) -> None:
        self.world = world

    async def plan(self, member_id: int, set_id: int) -> SavePlan:
        await self.world.script.play("plan", member_id, set_id)
        if set_id not in self.world.sets:
            raise UnknownSet
        self.world.need(member_id)
        saving = self.world.saving
        plan = SavePlan(
            set_id=set_id,
            name=NAME,
            description=f"{self.world.sets[set_id].subtitle}. Close to “Salt”. 20 Nov 2026. Made by Crossfade",
            n_tracks=30,
            repeated=0,
            unknown=0,
            target=Target("discover", saving.last, None if saving.last else WhyNew.FIRST),
            preferences=saving.preferences.get(member_id, SavePreferences()),
            cover=CoverState.DRAWN,
        )
        return replace(plan, **saving.plan)  # type: ignore[arg-type]

    async def save(self, member_id: int, set_id: int, mode: SaveMode = SaveMode.USUAL) -> SaveOutcome:
        await self.world.script.play("save", member_id, set_id, mode)
        if set_id not in self.world.sets:
            raise UnknownSet
        self.world.need(member_id)
        already = (member_id, set_id) in self.world.saves
        made = CreatedPlaylist(f"p{member_id}", NAME, f"https://open.spotify.com/playlist/p{member_id}x{set_id}")
        outcome = SaveOutcome(
            self.world.saves.setdefault((member_id, set_id), made),
            already=already,
            n_tracks=len(self.world.sets[set_id].picks),
            save_id=9,
            set_id=set_id,
            cover=CoverState.DRAWN,
            undo_until=NOW + timedelta(days=1),
            weekly=True,
        )
        return replace(outcome, **self.world.saving.outcome)  # type: ignore[arg-type]


class FakeUndoing:
    def __init__(self, world: World) -> None:
        self.world = world

    async def undo(self, member_id: int, save_id: int) -> UndoOutcome:
        await self.world.script.play("undo", member_id, save_id)
        if not any(member == member_id for member, _ in self.world.saves):
            raise CannotUndo("There is no save of yours to undo: it was undone before, or nothing was saved yet.")
        set_id = next(of_set for member, of_set in self.world.saves if member == member_id)
        del self.world.saves[(member_id, set_id)]
        return self.world.saving.undone or UndoOutcome(UndoKind.REMOVED, NAME, set_id)

    async def undo_last(self, member_id: int) -> UndoOutcome:
        return await self.undo(member_id, 9)


class FakeKeeping:
    def __init__(self, world: World) -> None:
        self.world = world

    async def settings(self, member_id: int) -> SaveSettings:
        await self.world.script.play("settings", member_id)
        return SaveSettings(self.world.saving.preferences.get(member_id, SavePreferences()), covers_allowed=False)

    async def switch(self, member_id: int, which: SaveSwitch, *, on: bool) -> SaveSettings:
        await self.world.script.play("switch", member_id, which, on)
        before = self.world.saving.preferences.get(member_id, SavePreferences())
        self.world.saving.preferences[member_id] = replace(before, **{which.value: on})
        return await self.settings(member_id)

    async def weekly_playlists(self, member_id: int, text: str = "", limit: int = 25) -> list[SavedPlaylist]:
        await self.world.script.play("weekly", member_id, text)
        return [one for one in self.world.saving.weekly if text.casefold() in (one.name or "").casefold()][:limit]

    async def freeze(self, member_id: int, save_id: int | None = None) -> Frozen:
        await self.world.script.play("freeze", member_id, save_id)
        return Frozen(self._find(save_id), frozen=True, is_next=False)

    async def unfreeze(self, member_id: int, save_id: int) -> Frozen:
        await self.world.script.play("unfreeze", member_id, save_id)
        return Frozen(self._find(save_id), frozen=False, is_next=True)

    def _find(self, save_id: int | None) -> SavedPlaylist:
        for one in self.world.saving.weekly:
            if save_id in (None, one.id):
                return one
        raise BadInput("You have no weekly playlist yet: save a list of /discover or of a weekly digest first.")
