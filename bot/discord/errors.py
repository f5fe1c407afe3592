"""What a member sees when something fails, and what the log keeps of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import discord
import structlog
from discord import app_commands, ui

from bot.discord import texts
from bot.discord.answers import show_fault
from bot.discord.commands import CommandMentions
from bot.discord.markdown import label, sentence
from bot.discord.views.layout import Accent, Card, notice, small
from bot.domain.errors import CrossfadeError, NotConnected, ReconnectNeeded

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_log = structlog.get_logger(__name__)
_EXPIRED_INTERACTION = 10062
_ALREADY_ACKNOWLEDGED = 40060
_EXPIRED_TOKEN = 50027

Item = TypeVar("Item", bound=ui.Item[Any])
Callback = Callable[[Item, discord.Interaction[Any]], Coroutine[Any, Any, None]]


class ErrorManager:
    """The one place where an exception becomes a message.

    Args:
        commands: makes the commands that a sentence names clickable.
        new_reference: returns a short id, a new one each time; the member sees it and the log has it.
        connect_button: makes the button that is put under faults which connecting Spotify would mend.
    """

    def __init__(
        self,
        commands: CommandMentions,
        new_reference: Callable[[], str],
        connect_button: Callable[[], ui.Item[Any]],
    ) -> None:
        self._commands = commands
        self._new_reference = new_reference
        self._connect_button = connect_button

    async def report(self, interaction: discord.Interaction[Any], error: BaseException) -> None:
        """Tell the asker what happened; never raises."""
        cause = _cause(error)
        if _is_too_late(cause):
            _log.warning("interaction could not be answered in time", what=_name(interaction), reason=str(cause))
            return
        card = self._expected(cause)
        if card is None:
            reference = self._new_reference()
            _log.error("interaction failed", what=_name(interaction), reference=reference, exc_info=cause)
            card = notice(Accent.FAULT, texts.ERROR_TITLE, texts.UNEXPECTED.format(reference=f"`{reference}`"))
        try:
            await show_fault(interaction, card, Card(Accent.FAULT, [ui.TextDisplay(small(texts.TOLD_PRIVATELY))]))
        except discord.HTTPException as failure:
            _log.warning("a fault could not be shown", what=_name(interaction), reason=str(failure))

    def _expected(self, error: BaseException) -> Card | None:
        """Return the message for a fault that a person can act on, or None for any other."""
        if isinstance(error, CrossfadeError):
            text = sentence(str(error), self._commands.within)
            if isinstance(error, NotConnected | ReconnectNeeded):
                first = isinstance(error, NotConnected)
                title = texts.CONNECT_FIRST_TITLE if first else texts.CONNECT_AGAIN_TITLE
                return notice(Accent.ASK, title, text, buttons=[self._connect_button()])
            return notice(Accent.FAULT, texts.ERROR_TITLE, text)
        refusal = _text_of_refusal(error)
        return notice(Accent.FAULT, texts.ERROR_TITLE, refusal) if refusal else None


def faults_shown(callback: Callback[Item]) -> Callback[Item]:
    """Hand what a button's callback raises to the client's error manager: discord.py itself would only log it."""

    @wraps(callback)
    async def guarded(item: Item, interaction: discord.Interaction[CrossfadeBot]) -> None:
        try:
            await callback(item, interaction)
        except Exception as error:
            await interaction.client.faults.report(interaction, error)

    return guarded


def _text_of_refusal(error: BaseException) -> str | None:
    match error:
        case app_commands.MissingPermissions():
            return texts.NEEDS_MANAGE_SERVER
        case app_commands.NoPrivateMessage():
            return texts.ONLY_IN_SERVERS
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return texts.OUTDATED_COMMAND
        case app_commands.TransformerError():
            return sentence(texts.BAD_OPTION.format(value=label(str(error.value), 80)))
        case _:
            return None


def _cause(error: BaseException) -> BaseException:
    return error.original if isinstance(error, app_commands.CommandInvokeError) else error


def _is_too_late(error: BaseException) -> bool:
    codes = {_EXPIRED_INTERACTION, _ALREADY_ACKNOWLEDGED, _EXPIRED_TOKEN}
    return isinstance(error, discord.HTTPException) and error.code in codes


def _name(interaction: discord.Interaction[Any]) -> str:
    if interaction.command is not None:
        return interaction.command.qualified_name
    data: Any = interaction.data or {}
    return str(data.get("custom_id", interaction.type.name))
