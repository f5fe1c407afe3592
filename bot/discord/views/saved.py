"""Saving a list to Spotify: the buttons, what a save would do, and what it has done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import texts
from bot.discord import texts_saving as said
from bot.discord.answers import answer, begin
from bot.discord.commands import CommandMentions
from bot.discord.errors import faults_shown
from bot.discord.markdown import moment, words
from bot.discord.views.layout import Accent, Card, link_button, notice, small
from bot.discord.views.undoing import FreezeButton, UndoButton
from bot.domain.saving import SaveMode, SaveStatus, SaveSwitch
from bot.services.saving.values import CoverState, SavePlan

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot
    from bot.services.saving.values import SaveOutcome


class SaveButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:save:(?P<set>\d{1,19})"):
    """Saves a list of recommendations as a playlist of whoever clicks."""

    def __init__(self, set_id: int) -> None:
        self.set_id = set_id
        super().__init__(
            ui.Button(style=discord.ButtonStyle.success, label=texts.SAVE_BUTTON, custom_id=f"xf:save:{set_id}")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> SaveButton:
        """Return the button that was clicked."""
        return cls(int(match["set"]))

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Save, and answer with the playlist's link."""
        await begin(interaction, private=True)
        outcome = await interaction.client.services.playlists.save(interaction.user.id, self.set_id)
        await answer(interaction, saved_card(outcome))


class PreviewButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:plan:(?P<set>\d{1,19})"):
    """Shows whoever clicks what saving the list would do."""

    def __init__(self, set_id: int) -> None:
        self.set_id = set_id
        super().__init__(
            ui.Button(style=discord.ButtonStyle.secondary, label=said.PREVIEW_BUTTON, custom_id=f"xf:plan:{set_id}")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> PreviewButton:
        """Return the button that was clicked."""
        return cls(int(match["set"]))

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show the plan to the clicker alone."""
        await begin(interaction, private=True)
        plan = await interaction.client.services.playlists.plan(interaction.user.id, self.set_id)
        await answer(interaction, plan_card(plan, interaction.client.mentions))


_LABELS = {SaveMode.USUAL: said.SAVE_BUTTON, SaveMode.NEW: said.NEW_BUTTON, SaveMode.KEEP: said.KEEP_BUTTON}


class SaveAsButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:saveas:(?P<mode>usual|new|keep):(?P<set>\d{1,19})"):
    """Saves in one of the ways that a private card offers, and shows the result in its place."""

    def __init__(self, set_id: int, mode: SaveMode) -> None:
        self.set_id = set_id
        self.mode = mode
        usual = mode is SaveMode.USUAL
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.success if usual else discord.ButtonStyle.secondary,
                label=_LABELS[mode],
                custom_id=f"xf:saveas:{mode.value}:{set_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> SaveAsButton:
        """Return the button that was clicked."""
        return cls(int(match["set"]), SaveMode(match["mode"]))

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Save, and show what was done."""
        await interaction.response.defer()
        playlists = interaction.client.services.playlists
        await answer(interaction, saved_card(await playlists.save(interaction.user.id, self.set_id, self.mode)))


class VisibilityButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:plan:(?P<to>public|private):(?P<set>\d{1,19})"):
    """Makes the clicker's saved playlists public or private from now on, and draws the preview anew."""

    def __init__(self, set_id: int, *, public: bool) -> None:
        self.set_id = set_id
        self.public = public
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=said.MAKE_PUBLIC if public else said.MAKE_PRIVATE,
                custom_id=f"xf:plan:{'public' if public else 'private'}:{set_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> VisibilityButton:
        """Return the button that was clicked."""
        return cls(int(match["set"]), public=match["to"] == "public")

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Switch, and show the plan as it is then."""
        await interaction.response.defer()
        services = interaction.client.services
        await services.keeping.switch(interaction.user.id, SaveSwitch.PUBLIC, on=self.public)
        plan = await services.playlists.plan(interaction.user.id, self.set_id)
        await answer(interaction, plan_card(plan, interaction.client.mentions))


def saved_card(outcome: SaveOutcome) -> Card:
    """Return what a click on Save answers."""
    name = words(outcome.playlist.name, 100, said.UNNAMED)
    tracks = texts.tracks(outcome.n_tracks)
    title, body = said.SAVED_TITLE, said.SAVED_BODY.format(name=name, tracks=tracks)
    if outcome.already:
        title, body = said.BEFORE_TITLE, said.BEFORE_BODY.format(name=name, tracks=tracks)
        body = said.OUTDATED_BODY if outcome.outdated else body
    elif outcome.replaced is not None:
        earlier, count = outcome.replaced
        title = said.UPDATED_TITLE
        body = said.UPDATED_BODY.format(
            name=name,
            tracks=tracks,
            earlier=words(earlier, 100, said.EARLIER_UNNAMED),
            replaced=texts.tracks(count),
        )
    notes = [said.WHY_NEW.get(outcome.why_new, "")] if outcome.why_new else []
    if not outcome.already:
        notes += _left_out(outcome.repeated, outcome.unknown)
    if outcome.cover is CoverState.FAILED:
        notes.append(said.COVER_FAILED)
    if outcome.undo_until is not None:
        notes.append(said.UNDO_UNTIL.format(until=moment(outcome.undo_until)))
    buttons: list[ui.Item[Any]] = []
    if opening := link_button(texts.OPEN_BUTTON, outcome.playlist.url):
        buttons.append(opening)
    if outcome.outdated:
        buttons.append(SaveAsButton(outcome.set_id, SaveMode.NEW))
    if outcome.undo_until is not None:
        buttons.append(UndoButton(outcome.save_id))
    if outcome.weekly and not outcome.outdated:
        buttons.append(FreezeButton(outcome.save_id, on=True))
    return notice(Accent.DONE, title, body, *(small(note) for note in notes if note), buttons=buttons)


def plan_card(plan: SavePlan, commands: CommandMentions) -> Card:
    """Return what a save would write, with the ways to do it."""
    paragraphs = [_where(plan)]
    if plan.saved is None:
        why = said.PLAN_WHY.get(plan.target.why) if plan.target.why else None
        lines = [said.PLAN_TRACKS.format(tracks=texts.tracks(plan.n_tracks))]
        lines += [said.PLAN_COVER.format(cover=commands.fill(said.COVERS[plan.cover]))]
        lines += [said.PLAN_DESCRIPTION.format(description=words(plan.description, 320))]
        paragraphs += ["\n".join(lines)]
        if why:
            paragraphs.append(small(commands.fill(why)))
        paragraphs += [small(note) for note in _left_out(plan.repeated, plan.unknown)]
        paragraphs.append(small(said.PLAN_ENDS))
    return notice(Accent.INFO, said.PLAN_TITLE, *paragraphs, buttons=_ways(plan))


def _where(plan: SavePlan) -> str:
    name = words(plan.name, 100, said.UNNAMED)
    visibility = said.PUBLIC if plan.preferences.public else said.PRIVATE
    if plan.saved is not None:
        known = words(plan.saved.name, 100, said.UNNAMED)
        if plan.outdated:
            return said.OUTDATED_BODY
        done = plan.saved.status is SaveStatus.DONE
        return (said.PLAN_DONE if done else said.PLAN_FINISH).format(name=known)
    last = plan.target.last
    if last is None or not plan.target.reuses:
        return said.PLAN_NEW.format(visibility=visibility, name=name)
    return said.PLAN_UPDATE.format(
        visibility=visibility,
        earlier=words(last.name, 100, said.EARLIER_UNNAMED),
        replaced=texts.tracks(last.n_tracks or 0),
        name=name,
    )


def _ways(plan: SavePlan) -> list[ui.Item[Any]]:
    if plan.saved is not None:
        if plan.outdated:
            return [SaveAsButton(plan.set_id, SaveMode.NEW)]
        if plan.saved.status is SaveStatus.DONE:
            opening = link_button(texts.OPEN_BUTTON, plan.saved.url)
            return [opening] if opening else []
        return [SaveAsButton(plan.set_id, SaveMode.USUAL)]
    ways: list[ui.Item[Any]] = [SaveAsButton(plan.set_id, SaveMode.USUAL)]
    if plan.target.reuses:
        ways += [SaveAsButton(plan.set_id, SaveMode.NEW), SaveAsButton(plan.set_id, SaveMode.KEEP)]
    return [*ways, VisibilityButton(plan.set_id, public=not plan.preferences.public)]


def _left_out(repeated: int, unknown: int) -> list[str]:
    notes = [said.REPEATED.format(songs=said.songs(repeated))] if repeated else []
    return notes + ([said.UNKNOWN.format(tracks=texts.tracks(unknown))] if unknown else [])
