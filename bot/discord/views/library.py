"""A member's playlists: the list, its pages, and what a sync did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import texts
from bot.discord.answers import answer
from bot.discord.commands import CommandMentions
from bot.discord.errors import faults_shown
from bot.discord.markdown import label, link, moment
from bot.discord.views.layout import Accent, Card, cover_description, notice, small, that_fits, with_cover
from bot.domain.library import LibraryPlaylist, SyncReport

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

PLAYLISTS_PER_PAGE = 8
_STALE_AFTER = timedelta(days=7)
_SCALES = (80, 50, 30, 20)


def playlists_card(
    playlists: Sequence[LibraryPlaylist], commands: CommandMentions, now: datetime, page: int = 0
) -> Card:
    """Return one page of a member's playlists, and a word if they were read long ago."""
    if not playlists:
        return notice(Accent.INFO, texts.PLAYLISTS_TITLE, commands.fill(texts.PLAYLISTS_EMPTY))
    pages = -(-len(playlists) // PLAYLISTS_PER_PAGE)
    page = min(max(page, 0), pages - 1)
    first = page * PLAYLISTS_PER_PAGE
    shown = playlists[first : first + PLAYLISTS_PER_PAGE]
    heading = _heading(playlists, commands, now)
    _, *listed = that_fits([heading, *(_playlist(one, limit) for one in shown)] for limit in _SCALES)
    items: list[ui.Item[Any]] = [ui.TextDisplay(heading), ui.Separator()]
    for one, text in zip(shown, listed, strict=True):
        name = label(one.name, 200, texts.PLAYLIST_UNNAMED)
        items.append(with_cover(text, one.image_url, cover_description(name)))
    if pages > 1:
        count = texts.RANGE.format(first=first + 1, last=first + len(shown), total=len(playlists))
        items += [
            ui.Separator(),
            ui.TextDisplay(small(count)),
            ui.ActionRow(
                PlaylistsButton(max(page - 1, 0), texts.PREVIOUS_BUTTON, disabled=page == 0),
                PlaylistsButton(page + 1, texts.NEXT_BUTTON, disabled=page == pages - 1),
            ),
        ]
    return Card(Accent.INFO, items)


class PlaylistsButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:playlists:(?P<page>\d{1,4})"):
    """Turns the page of the clicker's own playlists."""

    def __init__(self, page: int, text: str = texts.NEXT_BUTTON, *, disabled: bool = False) -> None:
        self.page = page
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary, label=text, custom_id=f"xf:playlists:{page}", disabled=disabled
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> PlaylistsButton:
        """Return the button that was clicked."""
        return cls(int(match["page"]))

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show the page in the same message, which only its owner sees."""
        await interaction.response.defer()
        bot = interaction.client
        playlists = await bot.services.library.playlists(interaction.user.id)
        await answer(interaction, playlists_card(playlists, bot.mentions, bot.clock.now(), self.page))


def sync_card(report: SyncReport) -> Card:
    """Return what a sync did."""
    return notice(Accent.DONE, texts.SYNC_TITLE, *sync_details(report))


def sync_details(report: SyncReport) -> list[str]:
    """Return a sync's lines: what is there now, what changed, and what had to be left out and why."""
    lines = [
        texts.synced(report.playlists_read, report.playlists_unchanged, report.playlists_removed, report.tracks),
    ]
    if report.playlists_out_of_reach:
        lines.append(small(texts.OUT_OF_REACH.format(playlists=texts.playlists(report.playlists_out_of_reach))))
    if report.items_skipped:
        lines.append(small(texts.SKIPPED.format(items=texts.items(report.items_skipped))))
    return lines


def _heading(playlists: Sequence[LibraryPlaylist], commands: CommandMentions, now: datetime) -> str:
    size = texts.library(len(playlists), sum(playlist.n_tracks for playlist in playlists))
    lines = [f"## {texts.PLAYLISTS_TITLE}", size]
    oldest = min(playlist.synced_at for playlist in playlists)
    if now - oldest > _STALE_AFTER:
        lines.append(commands.fill(texts.PLAYLISTS_STALE, ago=moment(oldest, "R")))
    return "\n".join(lines)


def _playlist(playlist: LibraryPlaylist, limit: int) -> str:
    name = link(playlist.name, playlist.url, limit, texts.PLAYLIST_UNNAMED)
    read = texts.PLAYLIST_READ.format(ago=moment(playlist.synced_at, "R"))
    return f"**{name}**\n{texts.tracks(playlist.n_tracks)}\n{small(read)}"
