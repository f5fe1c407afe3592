"""Connecting and disconnecting Spotify: the messages and their buttons."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import ui

from bot.discord import texts
from bot.discord.answers import answer, begin, home_guild
from bot.discord.commands import CommandMentions
from bot.discord.errors import faults_shown
from bot.discord.markdown import moment, sentence, web_url, words
from bot.discord.views.layout import Accent, Card, link_button, notice, small
from bot.discord.views.library import sync_details
from bot.domain.accounts import DeletedCounts, LoginLink, SpotifyAccount
from bot.services.onboarding import Linked, OnboardingEvent, Synced, SyncFailed

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_log = structlog.get_logger(__name__)


async def connect(interaction: discord.Interaction[CrossfadeBot]) -> None:
    """Give the asker their sign-in link, and keep the message up to date while they sign in."""
    await begin(interaction, private=True)
    bot = interaction.client
    member_id = interaction.user.id
    account = await bot.services.accounts.account(member_id)
    link = await bot.services.accounts.begin_login(member_id, home_guild(interaction))
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

    def __init__(self, confirmed: bool) -> None:
        self.confirmed = confirmed
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.danger if confirmed else discord.ButtonStyle.secondary,
                label=texts.DISCONNECT_BUTTON if confirmed else texts.KEEP_BUTTON,
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
        commands.fill(texts.CONNECT_SAFETY),
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
        case SyncFailed(error=error):
            reason = sentence(str(error), commands.within)
            return notice(Accent.FAULT, title, reason, commands.fill(texts.SYNC_FAILED_NEXT))
        case Synced(report=report):
            following = texts.SYNCED_NEXT if report.tracks else texts.SYNCED_NOTHING
            return notice(Accent.DONE, title, *sync_details(report), commands.fill(following))


def disconnect_card(account: SpotifyAccount) -> Card:
    """Return the question whether to delete everything."""
    return notice(
        Accent.ASK,
        texts.DISCONNECT_TITLE,
        texts.DISCONNECT_ASKS.format(name=_name(account)),
        buttons=[DisconnectButton(True), DisconnectButton(False)],
    )


def disconnected_card(deleted: DeletedCounts, commands: CommandMentions) -> Card:
    """Return what was deleted."""
    what = texts.listed(
        [
            texts.library(deleted.playlists, deleted.entries),
            texts.recommendations(deleted.recommendations),
            texts.saves(deleted.saved_playlists),
        ]
    )
    return notice(Accent.DONE, texts.DISCONNECTED_TITLE, commands.fill(texts.DISCONNECTED_BODY, what=what))


def _name(account: SpotifyAccount) -> str:
    return words(account.display_name, 60, account.user_id)
