"""The Discord client: it needs no privileged intent, mentions nobody, and registers commands and buttons at start."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.discord import texts
from bot.discord.cogs.account import AccountCog
from bot.discord.cogs.digest import DigestCog
from bot.discord.cogs.imports import ImportsCog
from bot.discord.cogs.library import LibraryCog, TasteCog
from bot.discord.cogs.privacy import PrivacyCog
from bot.discord.cogs.recommend import RecommendCog
from bot.discord.cogs.saving import SavingCog
from bot.discord.cogs.spotify_app import SpotifyAppCog
from bot.discord.commands import CommandMentions
from bot.discord.errors import ErrorManager
from bot.discord.logs import guard_logs
from bot.discord.reminders import ended_was_shown, remind
from bot.discord.views.account import ConnectButton, DisconnectButton
from bot.discord.views.imports import ForgetImportsButton
from bot.discord.views.library import PlaylistsButton
from bot.discord.views.privacy import PrivacyButton
from bot.discord.views.recommendations import PageButton
from bot.discord.views.saved import PreviewButton, SaveAsButton, SaveButton, VisibilityButton
from bot.discord.views.saving_settings import SaveSwitchButton
from bot.discord.views.spotify_app import AppRemoveButton, AppSetButton
from bot.discord.views.undoing import FreezeButton, UndoButton
from bot.domain.clock import Clock
from bot.services.syncing import Pace, short_pause

if TYPE_CHECKING:
    from bot.services.registry import Services

_log = structlog.get_logger(__name__)
_COGS = (
    AccountCog,
    ImportsCog,
    LibraryCog,
    TasteCog,
    RecommendCog,
    SavingCog,
    DigestCog,
    PrivacyCog,
    SpotifyAppCog,
)
_BUTTONS = (
    AppRemoveButton,
    AppSetButton,
    ConnectButton,
    DisconnectButton,
    ForgetImportsButton,
    FreezeButton,
    PageButton,
    PlaylistsButton,
    PreviewButton,
    PrivacyButton,
    SaveAsButton,
    SaveButton,
    SaveSwitchButton,
    UndoButton,
    VisibilityButton,
)


class CrossfadeTree(app_commands.CommandTree["CrossfadeBot"]):
    """The slash commands; what they raise goes to the client's error manager."""

    async def on_error(
        self, interaction: discord.Interaction[CrossfadeBot], error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the asker what happened."""
        await interaction.client.faults.report(interaction, error)
        await ended_was_shown(interaction, error)


class CrossfadeBot(commands.AutoShardedBot):
    """Crossfade on Discord.

    Args:
        services: the use cases that commands and buttons call.
        clock: tells the time.
        guild_for_sync: registers the commands in this server alone, where a change shows at once; for development.
        shard_count: how many shards there are; by default as many as Discord advises.
        pace: waits for the time between two looks at how far a long sync is.
        suggestion_patience: seconds that a search may take while somebody types; Discord waits for three.
        new_reference: returns the short id under which an unexpected fault is shown and logged.
    """

    def __init__(
        self,
        services: Services,
        clock: Clock,
        *,
        guild_for_sync: int | None = None,
        shard_count: int | None = None,
        pace: Pace = short_pause,
        suggestion_patience: float = 2.0,
        new_reference: Callable[[], str] = lambda: secrets.token_hex(4),
    ) -> None:
        guard_logs()
        # A bot that plays nothing needs none of the voice libraries that discord.py would warn about.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        sharding: dict[str, Any] = {} if shard_count is None else {"shard_count": shard_count}
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=CrossfadeTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            activity=discord.Activity(type=discord.ActivityType.listening, name=texts.ACTIVITY),
            chunk_guilds_at_startup=False,
            max_messages=None,
            **sharding,
        )
        self.services = services
        self.clock = clock
        self.pace = pace
        self.suggestion_patience = suggestion_patience
        self.mentions = CommandMentions()
        self.faults = ErrorManager(self.mentions, new_reference, ConnectButton)
        self._guild_for_sync = guild_for_sync

    async def setup_hook(self) -> None:
        """Register commands and buttons; called once, after login and before the gateway is joined."""
        self.add_dynamic_items(*_BUTTONS)
        for cog in _COGS:
            await self.add_cog(cog(self))
        guild = discord.Object(self._guild_for_sync) if self._guild_for_sync is not None else None
        if guild is not None:
            self.tree.copy_global_to(guild=guild)
        synced = await self.tree.sync(guild=guild)
        self.mentions.learn(synced)
        _log.info("commands registered", count=len(synced), guild=self._guild_for_sync)

    async def on_app_command_completion(
        self, interaction: discord.Interaction[CrossfadeBot], command: app_commands.Command[Any, ..., Any]
    ) -> None:
        """Tell the member, below the answer, what they should know about their authorisation."""
        await remind(interaction, command.qualified_name)
