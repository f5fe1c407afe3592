"""What /import shows: how to bring one's music, what was taken, and forgetting it again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import texts, texts_imports
from bot.discord.answers import answer, begin
from bot.discord.commands import CommandMentions
from bot.discord.errors import faults_shown
from bot.discord.markdown import sentence
from bot.discord.views.layout import Accent, Card, link_button, notice, small
from bot.domain.imports import ImportedCounts, ImportReport, left_out_in_words

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_LINES_LEFT_OUT = 8


class ForgetImportsButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:forget-imports:(?P<step>ask|yes|no)"):
    """Asks whether to delete the clicker's imports, deletes them, or leaves all as it is."""

    def __init__(self, step: str = "ask") -> None:
        self.step = step
        style, label = {
            "ask": (discord.ButtonStyle.secondary, texts_imports.FORGET_BUTTON),
            "yes": (discord.ButtonStyle.danger, texts_imports.FORGET_YES),
            "no": (discord.ButtonStyle.secondary, texts_imports.FORGET_NO),
        }[step]
        super().__init__(ui.Button(style=style, label=label, custom_id=f"xf:forget-imports:{step}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> ForgetImportsButton:
        """Return the button that was clicked."""
        return cls(match["step"])

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Ask in a message of its own, or do in that message what was answered."""
        bot, member_id = interaction.client, interaction.user.id
        if self.step == "ask":
            await begin(interaction, private=True)
            await answer(interaction, forget_card(await bot.services.imports.imported(member_id), bot.mentions))
            return
        await interaction.response.defer()
        if self.step == "no":
            await answer(interaction, notice(Accent.INFO, texts_imports.KEPT_TITLE, texts_imports.KEPT_BODY))
            return
        gone = await bot.services.imports.forget(member_id)
        await answer(interaction, forgotten_card(gone) if gone else forget_card(gone, bot.mentions))


def how_card(have: ImportedCounts, commands: CommandMentions) -> Card:
    """Return how to bring one's music, and what is kept of it and why."""
    links = [
        link_button(texts_imports.EXPORTIFY_BUTTON, texts_imports.EXPORTIFY_URL),
        link_button(texts_imports.ACCOUNT_BUTTON, texts_imports.ACCOUNT_URL),
        ForgetImportsButton() if have else None,
    ]
    learning = texts_imports.LEARNING if have else texts_imports.LEARNING_BEFORE
    return notice(
        Accent.INFO,
        texts_imports.HOW_TITLE,
        texts_imports.HOW_BODY,
        texts_imports.HOW_LINKS,
        texts_imports.HOW_EXPORTIFY,
        texts_imports.HOW_EXPORT,
        texts_imports.HAVE.format(what=_counts(have)) if have else "",
        small(texts_imports.KEPT),
        small(commands.fill(learning, privacy_opt_out=commands("privacy opt-out"))),
        buttons=[button for button in links if button is not None],
    )


def reading_card(commands: CommandMentions) -> Card:
    """Return what is shown while a file is read: also what bringing it means."""
    return notice(
        Accent.INFO,
        texts_imports.READING_TITLE,
        texts_imports.READING_BODY,
        small(texts_imports.KEPT),
        small(commands.fill(texts_imports.LEARNING_BEFORE, privacy_opt_out=commands("privacy opt-out"))),
    )


def imported_card(report: ImportReport, commands: CommandMentions) -> Card:
    """Return what an import has stored, what it left out and why, and what to do next."""
    stored = _stored(report)
    kept = bool(report.playlists or report.listens)
    if report.fault is not None:
        accent, title = Accent.FAULT, texts_imports.STOPPED_TITLE
    elif kept:
        accent, title = Accent.DONE, texts_imports.DONE_TITLE
    else:
        accent, title = Accent.INFO, texts_imports.NOTHING_NEW_TITLE
    return notice(
        accent,
        title,
        stored,
        sentence(report.fault, commands.within) if report.fault else "",
        _left_out(report),
        commands.fill(texts_imports.NEXT) if kept else "",
        small(commands.fill(texts_imports.LEARNING, privacy_opt_out=commands("privacy opt-out"))),
        buttons=[ForgetImportsButton()],
    )


def forget_card(have: ImportedCounts, commands: CommandMentions) -> Card:
    """Return the question whether to delete what was imported, or that there is nothing."""
    if not have:
        body = texts_imports.FORGET_NOTHING.format(import_=commands("import"))
        return notice(Accent.INFO, texts_imports.FORGET_NOTHING_TITLE, body)
    return notice(
        Accent.ASK,
        texts_imports.FORGET_TITLE,
        texts_imports.FORGET_ASKS.format(what=_counts(have)),
        buttons=[ForgetImportsButton("yes"), ForgetImportsButton("no")],
    )


def forgotten_card(gone: ImportedCounts) -> Card:
    """Return what was deleted."""
    return notice(Accent.DONE, texts_imports.FORGOTTEN_TITLE, texts_imports.FORGOTTEN.format(what=_counts(gone)))


def _counts(counts: ImportedCounts) -> str:
    parts = [texts.library(counts.playlists, counts.entries)] if counts.playlists else []
    return texts.listed([*parts, texts_imports.listens(counts.listens)] if counts.listens else parts)


def _stored(report: ImportReport) -> str:
    parts = []
    if report.playlists:
        parts.append(f"**{texts.library(report.playlists, report.entries)}**")
    if report.liked:
        parts.append(texts_imports.LIKED.format(tracks=texts.tracks(report.liked)))
    if report.listens:
        parts.append(texts_imports.listens(report.listens))
    if report.listens_known:
        parts.append(texts_imports.LISTENS_KNOWN.format(listens=texts_imports.listens(report.listens_known)))
    return " · ".join(parts) or texts_imports.NOTHING_NEW


def _left_out(report: ImportReport) -> str:
    """Return a line for each reason, and one for each file that fell short; the first ones of many."""
    said = [left_out_in_words(reason, count) for reason, count in report.left_out.items()]
    said += report.problems
    if not said:
        return ""
    lines = [f"- {sentence(line, limit=200)}" for line in said[:_LINES_LEFT_OUT]]
    if len(said) > _LINES_LEFT_OUT:
        lines.append(f"- {texts_imports.MORE_LEFT_OUT.format(count=len(said) - _LINES_LEFT_OUT)}")
    return "\n".join([texts_imports.LEFT_OUT_TITLE, *lines])
