"""/privacy: what is kept of the asker, the file with all of it, and what it is not to be used for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import texts_privacy
from bot.discord.answers import answer, begin
from bot.discord.views.privacy import export_card, nothing_card, opted_card, privacy_card
from bot.domain.privacy import OptOut

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_CHOICES = [app_commands.Choice(name=said.name, value=which.value) for which, said in texts_privacy.OFFERED.items()]


class PrivacyCog(commands.GroupCog, group_name="privacy", group_description=texts_privacy.GROUP_DESCRIPTION):
    """What is kept of members; every answer is for the asker alone."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._mentions = bot.mentions
        self._privacy = bot.services.privacy

    @app_commands.command(description=texts_privacy.SHOW_DESCRIPTION)
    async def show(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show what is kept of the asker, and the switches."""
        await begin(interaction, private=True)
        await answer(interaction, privacy_card(await self._privacy.summary(interaction.user.id), self._mentions))

    @app_commands.command(description=texts_privacy.EXPORT_DESCRIPTION)
    async def export(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Give the asker everything that is kept of them."""
        await begin(interaction, private=True)
        export = await self._privacy.export(interaction.user.id)
        if export is None:
            await answer(interaction, nothing_card())
            return
        file = discord.File(io.BytesIO(export.content), export.filename)
        await interaction.edit_original_response(view=export_card(file.filename), attachments=[file])

    @app_commands.command(name="opt-out", description=texts_privacy.OPT_OUT_DESCRIPTION)
    @app_commands.describe(what=texts_privacy.WHAT)
    @app_commands.choices(what=_CHOICES)
    async def opt_out(self, interaction: discord.Interaction[CrossfadeBot], what: app_commands.Choice[str]) -> None:
        """Keep the asker's data from being used for something."""
        await begin(interaction, private=True)
        which = OptOut(what.value)
        await self._privacy.opt_out(interaction.user.id, which)
        await answer(interaction, opted_card(which, self._mentions, on=True))

    @app_commands.command(name="opt-in", description=texts_privacy.OPT_IN_DESCRIPTION)
    @app_commands.describe(what=texts_privacy.WHAT)
    @app_commands.choices(what=_CHOICES)
    async def opt_in(self, interaction: discord.Interaction[CrossfadeBot], what: app_commands.Choice[str]) -> None:
        """Let the asker's data be used for something again."""
        await begin(interaction, private=True)
        which = OptOut(what.value)
        await self._privacy.opt_in(interaction.user.id, which)
        await answer(interaction, opted_card(which, self._mentions, on=False))
