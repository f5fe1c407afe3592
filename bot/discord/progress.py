"""An answer that shows how far a sync is, for as long as Discord lets it be edited."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord
import structlog

from bot.discord.views.library import progress_card
from bot.domain.listening import SyncProgress

_log = structlog.get_logger(__name__)


class ProgressMessage:
    """Edits "thinking…" into how far a sync is.

    The first edit that fails is the last one: the message is gone, or its token, which lives 15 minutes.

    Args:
        interaction: what is being answered.
    """

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction
        self._shown: SyncProgress | None = None
        self._over = False

    async def __call__(self, progress: SyncProgress) -> None:
        """Show it, if it has changed; never raises."""
        if self._over or progress == self._shown or self._interaction.is_expired():
            return
        try:
            await self._interaction.edit_original_response(view=progress_card(progress))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            self._over = True
            _log.info("progress can no longer be shown", reason=str(error))
        else:
            self._shown = progress
