"""Connecting and disconnecting Spotify: the messages and their buttons."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import ui

from bot.discord import texts, texts_apps, texts_privacy
from bot.discord.answers import answer, begin, home_guild
from bot.discord.commands import CommandMentions
from bot.discord.errors import faults_shown
from bot.discord.markdown import label, moment, sentence, web_url, words
from bot.discord.views.layout import Accent, Card, link_button, notice, small
from bot.discord.views.library import progress_card, sync_details
from bot.domain.accounts import DeletedCounts, LoginLink, SpotifyAccount
from bot.domain.apps import USERS_PER_APP, SignInApp
from bot.domain.listening import SyncElsewhere, SyncInterrupted, SyncPaused
from bot.services.onboarding import Linked, OnboardingEvent, Reading, Synced, SyncFailed

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_NO_HANDLE = str.maketrans("", "", "@()")
_log = structlog.get_logger(__name__)


async def connect(interaction: discord.Interaction[CrossfadeBot]) -> None:
    """Give the asker their sign-in link, and keep the message up to date while they sign in."""
    await begin(interaction, private=True)
    bot = interaction.client
    member_id = interaction.user.id
    account = await bot.services.accounts.account(member_id)
    guild_id, name = home_guild(interaction), _name_in_discord(interaction.user)
    link = await bot.services.accounts.begin_login(member_id, guild_id, member_name=name)
    bot.services.onboarding.watch(member_id, partial(_tell, interaction))
    await answer(interaction, connect_card(link, account, bot.mentions))


async def _tell(interaction: discord.Interaction[CrossfadeBot], event: OnboardingEvent) -> None:
    try:
        await answer(interaction, onboarding_card(event, interaction.client.mentions))
    except discord.HTTPException as error:
        # The token is gone after 15 minutes, or the member has dismissed the message: the web page tells them too.
        _log.info("a member could not be told about their sign-in", reason=str(error))


class ConnectButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:connect"):
    """Does what /connect does."""

    def __init__(self) -> None:
        super().__init__(
            ui.Button(style=discord.ButtonStyle.success, label=texts.CONNECT_BUTTON, custom_id="xf:connect")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> ConnectButton:
        """Return the button that was clicked."""
        return cls()

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Begin to connect."""
        await connect(interaction)


class DisconnectButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:disconnect:(?P<answer>yes|no)"):
    """Confirms that everything is to be deleted, or that nothing is."""

    def __init__(self, confirmed: bool, label: str | None = None) -> None:
        self.confirmed = confirmed
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.danger if confirmed else discord.ButtonStyle.secondary,
                label=label or (texts.DISCONNECT_BUTTON if confirmed else texts.KEEP_BUTTON),
                custom_id=f"xf:disconnect:{'yes' if confirmed else 'no'}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> DisconnectButton:
        """Return the button that was clicked."""
        return cls(match["answer"] == "yes")

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Delete, or leave all as it is."""
        await interaction.response.defer()
        if not self.confirmed:
            await answer(interaction, notice(Accent.INFO, texts.KEPT_TITLE, texts.KEPT_BODY))
            return
        deleted = await interaction.client.services.accounts.disconnect(interaction.user.id)
        await answer(interaction, disconnected_card(deleted, interaction.client.mentions))


def connect_card(login: LoginLink, account: SpotifyAccount | None, commands: CommandMentions) -> Card:
    """Return the invitation to connect: what is kept and why, the link, and until when it works."""
    button = link_button(texts.CONNECT_BUTTON, login.url)
    until = texts.CONNECT_UNTIL.format(time=moment(login.expires_at, "t"), left=moment(login.expires_at, "R"))
    return notice(
        Accent.DONE,
        texts.CONNECT_TITLE,
        texts.CONNECT_AGAIN.format(name=_name(account)) if account else "",
        texts.CONNECT_KEEPS,
        texts.CONNECT_WRITES,
        commands.fill(texts.CONNECT_SAFETY),
        _crowded(login.app, commands) if login.app.is_full else "",
        # A consent address that is too long for a button still fits a masked link.
        "" if button else f"**[{texts.CONNECT_LINK}]({web_url(login.url, 2000)})**",
        small(until),
        buttons=[button] if button else [],
    )


def onboarding_card(event: OnboardingEvent, commands: CommandMentions) -> Card:
    """Return what the invitation turns into while the member signs in."""
    title = texts.LINKED_TITLE.format(name=_name(event.account))
    match event:
        case Linked():
            return notice(Accent.INFO, title, texts.LINKED_READING)
        case Reading(progress=progress):
            return progress_card(progress, title)
        case SyncFailed(error=SyncPaused() | SyncInterrupted() | SyncElsewhere() as error):
            return notice(Accent.INFO, title, sentence(str(error), commands.within))
        case SyncFailed(error=error):
            reason = sentence(str(error), commands.within)
            return notice(Accent.FAULT, title, reason, commands.fill(texts.SYNC_FAILED_NEXT))
        case Synced(report=report):
            following = texts.SYNCED_NEXT if report.tracks or report.liked else texts.SYNCED_NOTHING
            return notice(Accent.DONE, title, *sync_details(report, commands), commands.fill(following))


def disconnect_card(account: SpotifyAccount | None, commands: CommandMentions) -> Card:
    """Return the question whether to delete everything, also of somebody without an account."""
    keep = DisconnectButton(False)
    if account is None:
        asks = commands.fill(texts.DISCONNECT_DATA_ASKS)
        delete = DisconnectButton(True, texts.DISCONNECT_DATA_BUTTON)
        return notice(Accent.ASK, texts.DISCONNECT_DATA_TITLE, asks, buttons=[delete, keep])
    asks = texts.DISCONNECT_ASKS.format(name=_name(account))
    return notice(Accent.ASK, texts.DISCONNECT_TITLE, asks, buttons=[DisconnectButton(True), keep])


def disconnected_card(deleted: DeletedCounts, commands: CommandMentions) -> Card:
    """Return what was deleted."""
    parts = [
        *([texts.library(deleted.playlists, deleted.entries)] if deleted.playlists or deleted.entries else []),
        *texts_privacy.brought(deleted.imported, deleted.liked),
        *texts_privacy.listening(deleted.listens, deleted.top_items),
        *([texts.recommendations(deleted.recommendations)] if deleted.recommendations else []),
        *([texts.saves(deleted.saved_playlists)] if deleted.saved_playlists else []),
    ]
    what = texts.listed(parts) if parts else texts.DISCONNECTED_TRACES
    return notice(Accent.DONE, texts.DISCONNECTED_TITLE, commands.fill(texts.DISCONNECTED_BODY, what=what))


def _crowded(app: SignInApp, commands: CommandMentions) -> str:
    """Return whom to ask when Spotify has no room for the member in the app."""
    if app.registered_by is not None:
        admin = f"<@{app.registered_by}>"
    else:
        admin = texts_apps.THE_ADMINS if app.client_id is not None else texts_apps.THE_HOST
    linked = texts_apps.linked(app.others)
    return texts_apps.CONNECT_FULL.format(places=USERS_PER_APP, linked=linked, admin=admin, import_=commands("import"))


def _name_in_discord(user: discord.User | discord.Member) -> str:
    """Return what whoever follows the link is asked about: the name that is shown, and the one that is unique.

    Anybody can be shown as anything, so what could pass for somebody's unique name is taken out of the first.
    """
    shown = label(user.display_name.translate(_NO_HANDLE), 60)
    return f"{shown} (@{user.name})" if shown and shown != user.name else f"@{user.name}"


def _name(account: SpotifyAccount) -> str:
    return words(account.display_name, 60, account.user_id)
