"""What /privacy says: what is kept and why, the switches of the opt-outs, and the export."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import texts, texts_privacy
from bot.discord.answers import answer, begin
from bot.discord.commands import CommandMentions
from bot.discord.errors import faults_shown
from bot.discord.markdown import moment, words
from bot.discord.views.layout import Accent, Card, notice, small
from bot.domain.privacy import KeptSummary, OptOut

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot


class PrivacyButton(
    ui.DynamicItem[ui.Button[Any]], template=r"xf:privacy:(?P<which>digests|learning|blends):(?P<state>on|off)"
):
    """Switches one of the clicker's own opt-outs on or off; a second click on the same button changes nothing."""

    def __init__(self, which: OptOut, *, on: bool) -> None:
        self.which = which
        self.on = on
        said = texts_privacy.OFFERED[which]
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary if on else discord.ButtonStyle.success,
                label=said.leave_button if on else said.return_button,
                custom_id=f"xf:privacy:{which.value}:{'on' if on else 'off'}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> PrivacyButton:
        """Return the button that was clicked."""
        return cls(OptOut(match["which"]), on=match["state"] == "on")

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Switch, and show what holds then: in the same message if it is the clicker's alone."""
        if interaction.message is not None and interaction.message.flags.ephemeral:
            await interaction.response.defer()
        else:
            await begin(interaction, private=True)
        privacy, member_id = interaction.client.services.privacy, interaction.user.id
        await (privacy.opt_out if self.on else privacy.opt_in)(member_id, self.which)
        await answer(interaction, privacy_card(await privacy.summary(member_id), interaction.client.mentions))


def privacy_card(kept: KeptSummary, commands: CommandMentions) -> Card:
    """Return what is kept of a member, why and for how long, with a switch for each opt-out."""
    return Card(
        Accent.INFO,
        [
            ui.TextDisplay(f"## {texts_privacy.TITLE}\n{_kept(kept)}"),
            *([ui.Separator(visible=False), ui.TextDisplay(_until(kept, commands))] if kept.known else []),
            ui.Separator(),
            *(_switch(which, which in kept.opt_outs) for which in texts_privacy.OFFERED),
        ],
    )


def opted_card(which: OptOut, commands: CommandMentions, *, on: bool) -> Card:
    """Return what opting out or in has changed."""
    said = texts_privacy.OFFERED[which]
    title = texts_privacy.LEFT_TITLE if on else texts_privacy.RETURNED_TITLE
    see = small(texts_privacy.SEE.format(privacy_show=commands("privacy show")))
    return notice(Accent.DONE, title.format(name=said.name), said.left if on else said.returned, see)


def export_card(filename: str) -> Card:
    """Return the message around the attached archive."""
    return Card(
        Accent.DONE,
        [
            ui.TextDisplay(f"### {texts_privacy.EXPORT_TITLE}\n{texts_privacy.EXPORT_BODY}"),
            ui.File(f"attachment://{filename}"),
            ui.TextDisplay(small(texts_privacy.EXPORT_SECRETS)),
        ],
    )


def nothing_card() -> Card:
    """Return that there is nothing to export."""
    return notice(Accent.INFO, texts_privacy.EXPORT_TITLE, texts_privacy.EXPORT_NOTHING)


def _kept(kept: KeptSummary) -> str:
    if not kept.known:
        return texts_privacy.NOTHING
    lines = []
    if kept.account_name is not None and kept.authorised_at is not None:
        name = words(kept.account_name, 60, texts_privacy.ACCOUNT_UNNAMED)
        lines.append(texts_privacy.ACCOUNT.format(name=name, since=moment(kept.authorised_at, "D")))
    if kept.playlists or kept.imported or kept.liked:
        parts = [texts.library(kept.playlists, kept.entries), *texts_privacy.brought(kept.imported, kept.liked)]
        lines.append(texts_privacy.LIBRARY.format(library=", ".join(parts)))
    if listening := texts_privacy.listening(kept.listens, kept.top_items):
        lines.append(texts_privacy.LISTENING.format(listening=texts.listed(listening)))
    if kept.sets:
        shown = {"lists": texts_privacy.lists(kept.sets), "tracks": texts.tracks(kept.recommendations)}
        lines.append(texts_privacy.SHOWN.format(**shown))
    if kept.saved_playlists:
        lines.append(texts_privacy.SAVED.format(playlists=texts.playlists(kept.saved_playlists)))
    if kept.servers:
        lines.append(texts_privacy.SERVERS.format(servers=texts_privacy.servers(kept.servers)))
    if kept.digests:
        lines.append(texts_privacy.DIGESTS.format(digests=texts_privacy.digests(kept.digests)))
    if kept.apps:
        lines.append(texts_privacy.APPS.format(apps=texts_privacy.apps(kept.apps)))
    if kept.sign_ins:
        lines.append(texts_privacy.SIGN_INS.format(sign_ins=texts_privacy.sign_ins(kept.sign_ins)))
    return "\n".join(lines) or texts_privacy.ONLY_ID


def _until(kept: KeptSummary, commands: CommandMentions) -> str:
    connected = kept.account_name is not None
    return small(commands.fill(texts_privacy.UNTIL if connected else texts_privacy.UNTIL_WITHOUT_ACCOUNT))


def _switch(which: OptOut, out: bool) -> ui.Item[Any]:
    said = texts_privacy.OFFERED[which]
    text = f"**{said.name}**\n{said.outside if out else said.inside}"
    return ui.Section(ui.TextDisplay(text), accessory=PrivacyButton(which, on=not out))
