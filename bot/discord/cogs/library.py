"""/sync and /playlists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import texts
from bot.discord.answers import answer, begin
from bot.discord.views.library import playlists_card, sync_card

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot


class LibraryCog(commands.Cog):
    """The member's playlists."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._bot = bot
        self._library = bot.services.library

    @app_commands.command(description=texts.SYNC_DESCRIPTION)
    async def sync(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Read the asker's playlists again."""
        await begin(interaction, private=True)
        report = await self._library.sync(interaction.user.id)
        await answer(interaction, sync_card(report))

    @app_commands.command(description=texts.PLAYLISTS_DESCRIPTION)
    async def playlists(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show the asker's playlists."""
        await begin(interaction, private=True)
        playlists = await self._library.playlists(interaction.user.id)
        await answer(interaction, playlists_card(playlists, self._bot.mentions, self._bot.clock.now()))
