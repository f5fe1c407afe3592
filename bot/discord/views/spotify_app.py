"""A server's own Spotify app: how to get one, the form to enter it, and what came of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui

from bot.discord import texts_apps as said
from bot.discord.answers import answer, begin
from bot.discord.commands import CommandMentions
from bot.discord.errors import faults_shown
from bot.discord.markdown import moment, sentence
from bot.discord.views.layout import Accent, Card, link_button, notice, small
from bot.domain.apps import USERS_PER_APP, AppCredentials, AppRegistration, AppTest, RegisteredApp

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_LONGEST_INPUT = 100
"""More than a key has, so that one that was copied with something around it is explained and not cut."""


def managed_guild(interaction: discord.Interaction[Any]) -> int:
    """Return the server, if the asker may manage it: its admins can let others see a command, not use it.

    Raises:
        app_commands.NoPrivateMessage, app_commands.MissingPermissions: they may not.
    """
    if interaction.guild_id is None or interaction.guild is None:
        raise app_commands.NoPrivateMessage
    if not interaction.permissions.manage_guild:
        raise app_commands.MissingPermissions(["manage_guild"])
    return interaction.guild_id


class AppModal(ui.Modal):
    """Takes the client ID and the secret; they go to the service and nowhere else."""

    def __init__(self, commands: CommandMentions) -> None:
        super().__init__(title=said.MODAL_TITLE)
        self.client_id: ui.TextInput[AppModal] = _input("client_id")
        self.client_secret: ui.TextInput[AppModal] = _input("client_secret")
        intro = said.MODAL_INTRO.format(spotify_app_test=commands("spotify-app test"))
        self.add_item(ui.TextDisplay(intro))
        self.add_item(ui.Label(text=said.MODAL_ID_LABEL, description=said.MODAL_ID_HELP, component=self.client_id))
        self.add_item(
            ui.Label(text=said.MODAL_SECRET_LABEL, description=said.MODAL_SECRET_HELP, component=self.client_secret)
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Check what was entered with Spotify, and keep it."""
        await begin(interaction, private=True)
        guild_id = managed_guild(interaction)
        credentials = AppCredentials.typed(self.client_id.value, self.client_secret.value)
        bot = interaction.client
        apps = bot.services.spotify_apps
        registration = await apps.set(guild_id, credentials, interaction.user.id)
        await answer(interaction, registered_card(registration, apps.redirect_uri, bot.mentions))

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:  # type: ignore[override]
        """Tell the asker what happened."""
        await interaction.client.faults.report(interaction, error)


class AppSetButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:app:set"):
    """Does what /spotify-app set does."""

    def __init__(self) -> None:
        super().__init__(ui.Button(style=discord.ButtonStyle.success, label=said.SET_BUTTON, custom_id="xf:app:set"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> AppSetButton:
        """Return the button that was clicked."""
        return cls()

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Open the form."""
        managed_guild(interaction)
        await interaction.response.send_modal(AppModal(interaction.client.mentions))


class AppRemoveButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:app:remove:(?P<answer>yes|no)"):
    """Confirms that the app is to be removed, or that nothing is."""

    def __init__(self, confirmed: bool) -> None:
        self.confirmed = confirmed
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.danger if confirmed else discord.ButtonStyle.secondary,
                label=said.REMOVE_BUTTON if confirmed else said.KEEP_BUTTON,
                custom_id=f"xf:app:remove:{'yes' if confirmed else 'no'}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> AppRemoveButton:
        """Return the button that was clicked."""
        return cls(match["answer"] == "yes")

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Remove the app, or leave all as it is."""
        await interaction.response.defer()
        guild_id = managed_guild(interaction)
        if not self.confirmed:
            await answer(interaction, notice(Accent.INFO, said.KEPT_TITLE, said.KEPT_BODY))
            return
        left = await interaction.client.services.spotify_apps.remove(guild_id)
        await answer(interaction, removed_card(left, interaction.client.mentions))


def guide_card(redirect_uri: str, commands: CommandMentions) -> Card:
    """Return how a server gets an app of its own, step by step."""
    return notice(
        Accent.INFO,
        said.GUIDE_TITLE,
        said.GUIDE_WHY,
        said.STEP_CREATE.format(dashboard=said.DASHBOARD_URL),
        said.STEP_REDIRECT.format(uri=redirect_uri),
        said.STEP_MEMBERS,
        said.STEP_SET.format(spotify_app_set=commands("spotify-app set")),
        buttons=[AppSetButton(), *_dashboard()],
    )


def registered_card(done: AppRegistration, redirect_uri: str, commands: CommandMentions) -> Card:
    """Return what registering an app has changed, and what is still to be done for it to work."""
    left = commands.fill(said.SET_LEFT, members=said.were_linked(done.left)) if done.left else ""
    if done.renewed:
        body = said.RENEWED_BODY.format(members=said.linked(done.app.members))
        return notice(Accent.DONE, said.RENEWED_TITLE, body, small(commands.fill(said.SET_KEPT)))
    return notice(
        Accent.DONE,
        said.SET_TITLE,
        commands.fill(said.SET_BODY),
        left,
        said.STILL_TO_DO,
        said.TODO_REDIRECT.format(uri=redirect_uri),
        said.TODO_MEMBERS,
        small(commands.fill(said.SET_KEPT)),
        buttons=_dashboard(),
    )


def tested_card(test: AppTest, redirect_uri: str, commands: CommandMentions) -> Card:
    """Return whether an app works, how many places are taken, and until when Spotify is left alone."""
    app, fault = test.app, test.fault
    return notice(
        Accent.FAULT if fault else Accent.DONE,
        said.TEST_BAD_TITLE if fault else said.TEST_GOOD_TITLE,
        sentence(fault, commands.within) if fault else said.TEST_GOOD,
        _places(app, commands),
        _cooldown(test),
        said.TEST_REDIRECT.format(uri=redirect_uri),
        small(_registration(app)),
        buttons=[*([AppSetButton()] if fault else []), *_dashboard()],
    )


def remove_card(app: RegisteredApp, commands: CommandMentions) -> Card:
    """Return the question whether to remove an app."""
    asks = commands.fill(said.REMOVE_ASKS, members=said.linked(app.members)) if app.members else said.REMOVE_ASKS_NOBODY
    return notice(Accent.ASK, said.REMOVE_TITLE, asks, buttons=[AppRemoveButton(True), AppRemoveButton(False)])


def removed_card(left: int, commands: CommandMentions) -> Card:
    """Return what removing an app has changed."""
    body = commands.fill(said.REMOVED_BODY, members=said.were_linked(left)) if left else said.REMOVED_NOBODY
    return notice(Accent.DONE, said.REMOVED_TITLE, body)


def _places(app: RegisteredApp, commands: CommandMentions) -> str:
    places = said.TEST_MEMBERS.format(linked=app.members, places=USERS_PER_APP)
    full = said.TEST_FULL.format(import_=commands("import"))
    return f"{places}\n{full}" if app.members >= USERS_PER_APP else places


def _cooldown(test: AppTest) -> str:
    if test.cooldown is None:
        return said.TEST_NO_COOLDOWN
    until = test.cooldown.until
    reason = said.COOLDOWN_REASONS.get(test.cooldown.reason.value, said.COOLDOWN_REASONS["TOO_FAST"])
    return said.TEST_COOLDOWN.format(until=moment(until), left=moment(until, "R"), reason=reason)


def _registration(app: RegisteredApp) -> str:
    who = said.TEST_WHO.format(member=app.registered_by) if app.registered_by is not None else ""
    return said.TEST_ID.format(client_id=app.client_id, when=moment(app.registered_at, "R"), who=who)


def _input(custom_id: str) -> ui.TextInput[AppModal]:
    return ui.TextInput(custom_id=custom_id, placeholder=said.MODAL_PLACEHOLDER, max_length=_LONGEST_INPUT)


def _dashboard() -> list[ui.Item[Any]]:
    button = link_button(said.DASHBOARD_BUTTON, said.DASHBOARD_URL)
    return [button] if button else []
