"""Answering an interaction in time: acknowledge at once, draw when the service has answered, show faults privately."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_PRIVATE = "crossfade.private"
_ANSWERED = "crossfade.answered"


async def begin(interaction: discord.Interaction[Any], *, private: bool) -> None:
    """Acknowledge within the 3 seconds that Discord allows; the answer may then take up to 15 minutes.

    Args:
        interaction: a command or a click that is answered by a new message.
        private: whether only the asker will see it; Discord fixes this now.
    """
    await interaction.response.defer(ephemeral=private, thinking=True)
    interaction.extras[_PRIVATE] = private


async def answer(interaction: discord.Interaction[Any], card: ui.LayoutView) -> None:
    """Show the answer: in place of "thinking…", or in place of the message whose button was clicked."""
    await interaction.edit_original_response(view=card)
    interaction.extras[_ANSWERED] = True


async def show_fault(interaction: discord.Interaction[Any], card: ui.LayoutView, placeholder: ui.LayoutView) -> None:
    """Show a fault to the asker alone, whatever has been acknowledged or shown before.

    Args:
        interaction: what failed.
        card: what the asker sees.
        placeholder: what everybody sees for a moment in place of a public "thinking…": while that is there, Discord
            would turn the private message into it (Create Followup Message, in its reference).
    """
    response = interaction.response
    if not response.is_done():
        await response.send_message(view=card, ephemeral=True)
    elif not _is_thinking(interaction):
        await interaction.followup.send(view=card, ephemeral=True)
    elif interaction.extras.get(_PRIVATE):
        await interaction.edit_original_response(view=card)
    else:
        await interaction.edit_original_response(view=placeholder)
        try:
            await interaction.followup.send(view=card, ephemeral=True)
        finally:
            with contextlib.suppress(discord.HTTPException):
                await interaction.delete_original_response()


def _is_thinking(interaction: discord.Interaction[Any]) -> bool:
    thinking = discord.InteractionResponseType.deferred_channel_message
    return interaction.response.type is thinking and not interaction.extras.get(_ANSWERED)


def home_guild(interaction: discord.Interaction[CrossfadeBot]) -> int | None:
    """Return the server that the bot was asked in, if it is a member of it and not a guest by a user's installation."""
    guild_id = interaction.guild_id
    return guild_id if guild_id is not None and interaction.client.get_guild(guild_id) is not None else None
