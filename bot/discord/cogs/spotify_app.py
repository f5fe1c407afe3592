"""/spotify-app: a server's own Spotify app, for those who may manage the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import texts_apps
from bot.discord.answers import answer, begin
from bot.discord.views.spotify_app import AppModal, guide_card, managed_guild, remove_card, tested_card
from bot.domain.apps import NoServerApp

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot


@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class SpotifyAppCog(commands.GroupCog, group_name="spotify-app", group_description=texts_apps.GROUP_DESCRIPTION):
    """The Spotify app that a server brings along; every answer is for the asker alone."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._mentions = bot.mentions
        self._apps = bot.services.spotify_apps

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Refuse whoever may not manage the server: its admins can let others see the command, not use it.

        Raises:
            app_commands.NoPrivateMessage, app_commands.MissingPermissions: they may not.
        """
        managed_guild(interaction)
        return True

    @app_commands.command(description=texts_apps.SET_DESCRIPTION)
    async def set(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Open the form; it must be the first response to the command, so nothing is looked up before."""
        await interaction.response.send_modal(AppModal(self._mentions))

    @app_commands.command(description=texts_apps.TEST_DESCRIPTION)
    async def test(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show whether the server's app works, or how to get one."""
        await begin(interaction, private=True)
        try:
            card = tested_card(
                await self._apps.test(managed_guild(interaction)), self._apps.redirect_uri, self._mentions
            )
        except NoServerApp:
            card = guide_card(self._apps.redirect_uri, self._mentions)
        await answer(interaction, card)

    @app_commands.command(description=texts_apps.REMOVE_DESCRIPTION)
    async def remove(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Ask whether to remove the server's app."""
        await begin(interaction, private=True)
        app = await self._apps.of_guild(managed_guild(interaction))
        if app is None:
            raise NoServerApp
        await answer(interaction, remove_card(app, self._mentions))
