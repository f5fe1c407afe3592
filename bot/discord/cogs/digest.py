"""/digest: a server's weekly discoveries, for those who may manage it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import texts
from bot.discord.answers import answer, begin
from bot.discord.suggestions import MAX_CHOICES, choice
from bot.discord.views.digest import digest_card, digest_off_card
from bot.discord.views.recommendations import recommendation_card
from bot.domain.errors import BadInput

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_DAYS = [app_commands.Choice(name=name, value=index) for index, name in enumerate(texts.WEEKDAYS)]


@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class DigestCog(commands.GroupCog, group_name="digest", group_description=texts.DIGEST_DESCRIPTION):
    """The weekly discoveries of a server."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._mentions = bot.mentions
        self._digests = bot.services.digests

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Refuse whoever may not manage the server: its admins can let others see the command, not use it.

        Raises:
            app_commands.NoPrivateMessage, app_commands.MissingPermissions: they may not.
        """
        if interaction.guild is None:
            raise app_commands.NoPrivateMessage
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        return True

    @app_commands.command(description=texts.DIGEST_SET_DESCRIPTION)
    @app_commands.describe(
        channel=texts.DIGEST_SET_CHANNEL,
        day=texts.DIGEST_SET_DAY,
        hour=texts.DIGEST_SET_HOUR,
        time_zone=texts.DIGEST_SET_TIME_ZONE,
    )
    @app_commands.choices(day=_DAYS)
    async def set(
        self,
        interaction: discord.Interaction[CrossfadeBot],
        channel: discord.TextChannel,
        day: app_commands.Choice[int],
        hour: app_commands.Range[int, 0, 23],
        time_zone: app_commands.Range[str, 1, 100],
    ) -> None:
        """Set when and where the digest is posted."""
        await begin(interaction, private=True)
        _check_channel(channel)
        digest = await self._digests.set(
            channel.guild.id, channel.id, day.value, hour, time_zone, created_by=interaction.user.id
        )
        await answer(interaction, digest_card(digest, self._mentions))

    @app_commands.command(description=texts.DIGEST_OFF_DESCRIPTION)
    async def off(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Switch the digest off."""
        await begin(interaction, private=True)
        await self._digests.off(_guild_id(interaction))
        await answer(interaction, digest_off_card(self._mentions))

    @app_commands.command(description=texts.DIGEST_PREVIEW_DESCRIPTION)
    async def preview(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show the asker what would be posted now."""
        await begin(interaction, private=True)
        await answer(interaction, recommendation_card(await self._digests.preview(_guild_id(interaction))))

    @app_commands.command(description=texts.DIGEST_STATUS_DESCRIPTION)
    async def status(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show when and where the next digest is posted."""
        await begin(interaction, private=True)
        await answer(interaction, digest_card(await self._digests.status(_guild_id(interaction)), self._mentions))

    @set.autocomplete("time_zone")
    async def _suggest_time_zones(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return [choice(name, name) for name in self._digests.time_zones(typed, MAX_CHOICES)[:MAX_CHOICES]]


def _check_channel(channel: discord.TextChannel) -> None:
    """Refuse a channel in which a digest could not be posted, or not be found again after a crash."""
    granted = channel.permissions_for(channel.guild.me)
    if not granted.view_channel:
        raise BadInput(texts.CHANNEL_HIDDEN.format(channel=channel.id))
    lacking = [name for permission, name in texts.PERMISSION_NAMES.items() if not getattr(granted, permission)]
    if lacking:
        raise BadInput(texts.CHANNEL_LACKS.format(channel=channel.id, permissions=texts.listed(lacking)))


def _guild_id(interaction: discord.Interaction[Any]) -> int:
    if interaction.guild_id is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild_id
