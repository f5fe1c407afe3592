"""/connect and /disconnect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import texts
from bot.discord.answers import answer, begin
from bot.discord.views.account import connect, disconnect_card
from bot.domain.accounts import NothingKept

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot


class AccountCog(commands.Cog):
    """The member's link to Spotify."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._services = bot.services

    @app_commands.command(description=texts.CONNECT_DESCRIPTION)
    async def connect(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Give the asker their sign-in link."""
        await connect(interaction)

    @app_commands.command(description=texts.DISCONNECT_DESCRIPTION)
    async def disconnect(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Ask whether to delete everything."""
        await begin(interaction, private=True)
        accounts, member_id = self._services.accounts, interaction.user.id
        account = await accounts.account(member_id)
        if account is None and not await accounts.is_known(member_id):
            raise NothingKept
        await answer(interaction, disconnect_card(account, interaction.client.mentions))
