"""The Save to Spotify button and what it answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import texts
from bot.discord.answers import answer, begin
from bot.discord.errors import faults_shown
from bot.discord.markdown import words
from bot.discord.views.layout import Accent, Card, link_button, notice

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot
    from bot.services.playlists import SaveOutcome


class SaveButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:save:(?P<set>\d{1,19})"):
    """Saves a list of recommendations as a playlist of whoever clicks."""

    def __init__(self, set_id: int) -> None:
        self.set_id = set_id
        super().__init__(
            ui.Button(style=discord.ButtonStyle.success, label=texts.SAVE_BUTTON, custom_id=f"xf:save:{set_id}")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> SaveButton:
        """Return the button that was clicked."""
        return cls(int(match["set"]))

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Save, and answer with the playlist's link."""
        await begin(interaction, private=True)
        outcome = await interaction.client.services.playlists.save(interaction.user.id, self.set_id)
        await answer(interaction, saved_card(outcome))


def saved_card(outcome: SaveOutcome) -> Card:
    """Return what a click on Save answers."""
    title, body = (
        (texts.SAVED_BEFORE_TITLE, texts.SAVED_BEFORE_BODY)
        if outcome.already
        else (texts.SAVED_TITLE, texts.SAVED_BODY)
    )
    name = words(outcome.playlist.name, 100, texts.SAVED_UNNAMED)
    button = link_button(texts.OPEN_BUTTON, outcome.playlist.url)
    return notice(
        Accent.DONE,
        title,
        body.format(name=name, tracks=texts.tracks(outcome.n_tracks)),
        buttons=[button] if button else [],
    )
