"""Taking a save back, and keeping a saved playlist as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import texts
from bot.discord import texts_saving as said
from bot.discord.answers import answer
from bot.discord.errors import faults_shown
from bot.discord.markdown import words
from bot.discord.views.layout import Accent, Card, link_button, notice, small
from bot.services.saving.values import UndoKind

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot
    from bot.services.keeping import Frozen
    from bot.services.saving.values import UndoOutcome


class UndoButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:undo:(?P<save>\d{1,19})"):
    """Undoes one of the clicker's own saves; it stands in private messages alone."""

    def __init__(self, save_id: int) -> None:
        self.save_id = save_id
        super().__init__(
            ui.Button(style=discord.ButtonStyle.secondary, label=said.UNDO_BUTTON, custom_id=f"xf:undo:{save_id}")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> UndoButton:
        """Return the button that was clicked."""
        return cls(int(match["save"]))

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Undo, and say so in place of the save."""
        await interaction.response.defer()
        outcome = await interaction.client.services.undoing.undo(interaction.user.id, self.save_id)
        await answer(interaction, undone_card(outcome))


class FreezeButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:freeze:(?P<state>on|off):(?P<save>\d{1,19})"):
    """Keeps one of the clicker's own weekly playlists as it is, or lets it be updated again."""

    def __init__(self, save_id: int, *, on: bool) -> None:
        self.save_id = save_id
        self.on = on
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=said.FREEZE_BUTTON if on else said.UNFREEZE_BUTTON,
                custom_id=f"xf:freeze:{'on' if on else 'off'}:{save_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> FreezeButton:
        """Return the button that was clicked."""
        return cls(int(match["save"]), on=match["state"] == "on")

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Freeze or let go, and say so in the same message."""
        await interaction.response.defer()
        keeping, member_id = interaction.client.services.keeping, interaction.user.id
        frozen = await (keeping.freeze if self.on else keeping.unfreeze)(member_id, self.save_id)
        await answer(interaction, frozen_card(frozen))


def undone_card(outcome: UndoOutcome) -> Card:
    """Return what an undo answers, with a button that saves the list anew."""
    from bot.discord.views.saved import SaveButton  # late: what that button answers with has an Undo button

    name = words(outcome.name, 100, said.EARLIER_UNNAMED)
    body = {
        UndoKind.REMOVED: said.UNDONE_REMOVED,
        UndoKind.RESTORED: said.UNDONE_RESTORED,
        UndoKind.GONE: said.UNDONE_GONE,
    }[outcome.kind].format(name=name, tracks=texts.tracks(outcome.n_tracks), recover=said.RECOVER_URL)
    notes = [said.UNDONE_KEPT.format(tracks=texts.tracks(outcome.kept))] if outcome.kept else []
    notes += [said.UNDONE_LOST.format(items=texts.items(outcome.lost))] if outcome.lost else []
    notes += [said.UNDONE_COVER] if outcome.cover_stays else []
    buttons: list[ui.Item[Any]] = [SaveButton(outcome.set_id)]
    if outcome.url and (opening := link_button(texts.OPEN_BUTTON, outcome.url)):
        buttons.insert(0, opening)
    return notice(Accent.DONE, said.UNDONE_TITLE, body, *map(small, notes), buttons=buttons)


def frozen_card(frozen: Frozen) -> Card:
    """Return what freezing a playlist, or letting go of it, has changed."""
    name = words(frozen.saved.name, 100, said.EARLIER_UNNAMED)
    title, body = said.FROZEN_TITLE, said.FROZEN_BODY
    if not frozen.frozen:
        title, body = said.UNFROZEN_TITLE, said.UNFROZEN_NEXT if frozen.is_next else said.UNFROZEN_LATER
    buttons: list[ui.Item[Any]] = []
    if opening := link_button(texts.OPEN_BUTTON, frozen.saved.url):
        buttons.append(opening)
    buttons.append(FreezeButton(frozen.saved.id, on=not frozen.frozen))
    return notice(Accent.DONE, title, body.format(name=name), buttons=buttons)
