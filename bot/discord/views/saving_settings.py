"""What /settings says: how lists are saved, with a switch for each choice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import texts_saving as said
from bot.discord.answers import answer, begin
from bot.discord.commands import CommandMentions
from bot.discord.errors import faults_shown
from bot.discord.views.layout import Accent, Card, small
from bot.domain.saving import SaveSwitch

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot
    from bot.services.keeping import SaveSettings


class SaveSwitchButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"xf:saves:(?P<which>public|cover|reuse):(?P<state>on|off)",
):
    """Switches one of the clicker's own choices; a second click on the same button changes nothing."""

    def __init__(self, which: SaveSwitch, *, on: bool) -> None:
        self.which = which
        self.on = on
        switch = said.SWITCHES[which]
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=switch.turn_on if on else switch.turn_off,
                custom_id=f"xf:saves:{which.value}:{'on' if on else 'off'}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> SaveSwitchButton:
        """Return the button that was clicked."""
        return cls(SaveSwitch(match["which"]), on=match["state"] == "on")

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Switch, and show what holds then, in the same message."""
        if interaction.message is not None and interaction.message.flags.ephemeral:
            await interaction.response.defer()
        else:
            await begin(interaction, private=True)
        settings = await interaction.client.services.keeping.switch(interaction.user.id, self.which, on=self.on)
        await answer(interaction, settings_card(settings, interaction.client.mentions))


def settings_card(settings: SaveSettings, commands: CommandMentions) -> Card:
    """Return how a member's lists are saved, with a switch for each choice."""
    return Card(
        Accent.INFO,
        [
            ui.TextDisplay(f"## {said.SETTINGS_TITLE}"),
            *(_switch(which, settings, commands) for which in said.SWITCHES),
            ui.TextDisplay(small(said.SETTINGS_FOOT)),
        ],
    )


def _switch(which: SaveSwitch, settings: SaveSettings, commands: CommandMentions) -> ui.Item[Any]:
    switch, on = said.SWITCHES[which], settings.preferences.on(which)
    text = f"**{switch.name}**\n{switch.on if on else switch.off}"
    if which is SaveSwitch.COVER and on and settings.covers_allowed is False:
        text += f"\n{small(commands.fill(said.COVER_NOT_ALLOWED))}"
    return ui.Section(ui.TextDisplay(text), accessory=SaveSwitchButton(which, on=not on))
