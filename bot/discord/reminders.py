"""Telling members, below the answer to a command, that their Spotify authorisation ends or has ended.

Discord wants no message that nobody asked for, so a reminder waits for the member's next command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import structlog
from discord import app_commands

from bot.discord import texts_apps
from bot.discord.commands import CommandMentions
from bot.discord.markdown import moment
from bot.discord.views.account import ConnectButton
from bot.discord.views.layout import Accent, Card, notice
from bot.domain.accounts import Notice, NoticeKind
from bot.domain.errors import ReconnectNeeded

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_BESIDE_THE_POINT = frozenset({"connect", "disconnect"})
_ENDED = (
    "Spotify has ended your authorisation",
    "I can no longer read your playlists or save any: use {connect} to link Spotify again. Your settings are kept.",
)
_APP_GONE = (texts_apps.APP_GONE_TITLE, texts_apps.APP_GONE)
_ENDING = (
    "Your Spotify authorisation ends soon",
    "Spotify ends every authorisation after six months, yours about {day} ({left}): "
    "use {connect} before then and nothing is interrupted.",
)
_log = structlog.get_logger(__name__)


async def remind(interaction: discord.Interaction[CrossfadeBot], command: str) -> None:
    """Show the asker alone what is due to be told, after a command that went well.

    Args:
        interaction: the command's; it has been answered.
        command: its name, for those that are about the authorisation themselves.
    """
    if command in _BESIDE_THE_POINT:
        return
    accounts = interaction.client.services.accounts
    due = await accounts.take_notice(interaction.user.id)
    if due is None:
        return
    try:
        await interaction.followup.send(view=reminder_card(due, interaction.client.mentions), ephemeral=True)
    except discord.HTTPException as error:
        _log.warning("a member could not be reminded", kind=due.kind.value, reason=str(error))
        await accounts.give_back(due)


async def ended_was_shown(interaction: discord.Interaction[CrossfadeBot], error: BaseException) -> None:
    """Count it as told when a command failed because the authorisation has ended: the fault has said so."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if not isinstance(cause, ReconnectNeeded):
        return
    accounts = interaction.client.services.accounts
    due = await accounts.take_notice(interaction.user.id)
    if due is not None and due.kind is not NoticeKind.RECONNECT:
        await accounts.give_back(due)


def reminder_card(due: Notice, commands: CommandMentions) -> Card:
    """Return the reminder, with the button that mends it."""
    title, text = _ENDING
    if due.kind is NoticeKind.RECONNECT:
        title, text = _APP_GONE if due.app_gone else _ENDED
    body = commands.fill(text, day=moment(due.ends_at, "D"), left=moment(due.ends_at, "R"))
    return notice(Accent.ASK, title, body, buttons=[ConnectButton()])
