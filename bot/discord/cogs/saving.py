"""/settings, /freeze and /undo: how lists are saved to Spotify, what stays as it is, and what is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import texts_saving as said
from bot.discord.answers import answer, begin
from bot.discord.suggestions import choice, in_time
from bot.discord.views.saving_settings import settings_card
from bot.discord.views.undoing import frozen_card, undone_card
from bot.domain.errors import BadInput

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_LARGEST_ID = 2**63 - 1


class SavingCog(commands.Cog):
    """Saved playlists; every answer is for the asker alone."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._bot = bot
        self._keeping = bot.services.keeping
        self._undoing = bot.services.undoing

    @app_commands.command(description=said.SETTINGS_DESCRIPTION)
    async def settings(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show how the asker's lists are saved, and the switches."""
        await begin(interaction, private=True)
        settings = await self._keeping.settings(interaction.user.id)
        await answer(interaction, settings_card(settings, self._bot.mentions))

    @app_commands.command(description=said.UNDO_DESCRIPTION)
    async def undo(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Undo the asker's last save."""
        await begin(interaction, private=True)
        await answer(interaction, undone_card(await self._undoing.undo_last(interaction.user.id)))

    @app_commands.command(description=said.FREEZE_DESCRIPTION)
    @app_commands.describe(playlist=said.FREEZE_PLAYLIST)
    async def freeze(
        self,
        interaction: discord.Interaction[CrossfadeBot],
        playlist: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        """Keep one of the asker's weekly playlists as it is."""
        await begin(interaction, private=True)
        save_id = await self._chosen(interaction.user.id, playlist) if playlist else None
        await answer(interaction, frozen_card(await self._keeping.freeze(interaction.user.id, save_id)))

    @freeze.autocomplete("playlist")
    async def _suggest(
        self, interaction: discord.Interaction[CrossfadeBot], current: str
    ) -> list[app_commands.Choice[str]]:
        found = self._keeping.weekly_playlists(interaction.user.id, current)
        in_reach = await in_time(found, self._bot.suggestion_patience)
        return [choice(saved.name or said.UNNAMED, str(saved.id)) for saved in in_reach]

    async def _chosen(self, member_id: int, text: str) -> int:
        """Return the save that a suggestion stands for; who typed on gets the one that is called so."""
        if text.isascii() and text.isdigit() and int(text) <= _LARGEST_ID:
            return int(text)
        found = await self._keeping.weekly_playlists(member_id, text, limit=1)
        if not found:
            raise BadInput(said.UNKNOWN_PLAYLIST)
        return found[0].id
