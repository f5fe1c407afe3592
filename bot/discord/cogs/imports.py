"""/import: music that members bring by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import texts_imports
from bot.discord.answers import answer, begin, home_guild
from bot.discord.views.imports import how_card, imported_card, reading_card
from bot.domain.imports import BroughtFile, ImportRefused

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_UNREACHABLE = "Discord no longer has that file: send it again."
_INTERRUPTED = "I could not get that file from Discord: send it again in a minute."


class ImportsCog(commands.Cog):
    """What members bring; every answer is for the asker alone."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._mentions = bot.mentions
        self._imports = bot.services.imports

    @app_commands.command(name="import", description=texts_imports.DESCRIPTION)
    @app_commands.describe(file=texts_imports.FILE, links=texts_imports.LINKS)
    async def bring(
        self,
        interaction: discord.Interaction[CrossfadeBot],
        file: discord.Attachment | None = None,
        links: str | None = None,
    ) -> None:
        """Take in a file or links; without either, say how to get them."""
        await begin(interaction, private=True)
        member_id = interaction.user.id
        if file is None and links is None:
            await answer(interaction, how_card(await self._imports.imported(member_id), self._mentions))
            return
        # Not by `answer`: a fault is to be shown in place of it.
        await interaction.edit_original_response(view=reading_card(self._mentions))
        report = await self._imports.take(member_id, home_guild(interaction), _brought(file), links)
        await answer(interaction, imported_card(report, self._mentions))


def _brought(file: discord.Attachment | None) -> BroughtFile | None:
    if file is None:
        return None

    async def read() -> bytes:
        try:
            return await file.read()
        except discord.HTTPException:
            raise ImportRefused(_UNREACHABLE) from None
        except (aiohttp.ClientError, OSError):
            raise ImportRefused(_INTERRUPTED) from None

    return BroughtFile(file.filename, file.size, read)
