"""A member's playlists: the list, its pages, and what a sync did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import texts, texts_library
from bot.discord.answers import answer
from bot.discord.commands import CommandMentions
from bot.discord.errors import faults_shown
from bot.discord.markdown import label, link, moment, sentence, words
from bot.discord.views.layout import Accent, Card, cover_description, notice, small, that_fits, with_cover
from bot.domain.library import UPLOADS, LibraryPlaylist, PlaylistKind, SyncReport
from bot.domain.listening import SyncElsewhere, SyncInterrupted, SyncPaused, SyncProgress, SyncState

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

PLAYLISTS_PER_PAGE = 8
_STALE_AFTER = timedelta(days=7)
_SCALES = (80, 50, 30, 20)


def playlists_card(
    playlists: Sequence[LibraryPlaylist],
    state: SyncState | None,
    commands: CommandMentions,
    now: datetime,
    page: int = 0,
) -> Card:
    """Return one page of a member's playlists, and how the reading of them stands where that is worth a word."""
    if not playlists:
        standing = _standing(state, commands)
        return notice(Accent.INFO, texts.PLAYLISTS_TITLE, standing or commands.fill(texts.PLAYLISTS_EMPTY))
    pages = -(-len(playlists) // PLAYLISTS_PER_PAGE)
    page = min(max(page, 0), pages - 1)
    first = page * PLAYLISTS_PER_PAGE
    shown = playlists[first : first + PLAYLISTS_PER_PAGE]
    heading = _heading(playlists, state, commands, now)
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
        state = await bot.services.syncing.state(interaction.user.id)
        await answer(interaction, playlists_card(playlists, state, bot.mentions, bot.clock.now(), self.page))


def sync_card(report: SyncReport, commands: CommandMentions) -> Card:
    """Return what a sync did."""
    return notice(Accent.DONE, texts.SYNC_TITLE, *sync_details(report, commands))


def sync_details(report: SyncReport, commands: CommandMentions) -> list[str]:
    """Return a sync's lines: what is there now, what changed, and what had to be left out and why."""
    lines = [
        texts.synced(report.playlists_read, report.playlists_unchanged, report.playlists_removed, report.tracks),
    ]
    if report.liked:
        lines[0] += f"\n{texts_library.LIKED.format(tracks=texts.tracks(report.liked))}"
    if report.listens:
        lines[0] += f"\n{texts_library.LISTENS.format(count=report.listens)}"
    if report.playlists_out_of_reach:
        lines.append(small(texts.OUT_OF_REACH.format(playlists=texts.playlists(report.playlists_out_of_reach))))
    if report.items_skipped:
        lines.append(small(texts.SKIPPED.format(items=texts.items(report.items_skipped))))
    if report.not_allowed:
        parts = texts_library.parts(report.not_allowed)
        lines.append(small(commands.fill(texts_library.NOT_ALLOWED, parts=parts)))
    if report.refused:
        lines.append(small(texts_library.REFUSED.format(parts=texts_library.parts(report.refused))))
    return lines


def progress_card(progress: SyncProgress, title: str = texts_library.READING_TITLE) -> Card:
    """Return how far a sync is."""
    lines = [texts_library.reading(progress), texts_library.bar(progress.done, progress.total)]
    return notice(Accent.INFO, title, "\n".join(filter(None, lines)), small(texts_library.READING_GOES_ON))


def later_card(error: SyncPaused | SyncInterrupted | SyncElsewhere, commands: CommandMentions) -> Card:
    """Return why a sync is not finished, and when it is."""
    reason = sentence(str(error), commands.within)
    if isinstance(error, SyncElsewhere):
        return notice(Accent.INFO, texts_library.ELSEWHERE_TITLE, reason)
    bar = texts_library.bar(error.done, error.total)
    return notice(Accent.ASK, texts_library.LATER_TITLE, reason, bar, small(commands.fill(texts_library.LATER_SEE)))


def taste_card(playlist: LibraryPlaylist, commands: CommandMentions) -> Card:
    """Return what leaving a playlist out, or taking it in again, has changed."""
    name = words(playlist.name, 80, texts.PLAYLIST_UNNAMED)
    if not playlist.left_out:
        title = texts_library.TAKEN_IN_TITLE.format(name=name)
        return notice(Accent.DONE, title, commands.fill(texts_library.TAKEN_IN_BODY))
    undo = commands.fill(texts_library.LEFT_OUT_UNDO, take_in=commands("taste take-in"))
    title = texts_library.LEFT_OUT_TITLE.format(name=name)
    return notice(Accent.DONE, title, commands.fill(texts_library.LEFT_OUT_BODY), small(undo))


def _heading(
    playlists: Sequence[LibraryPlaylist], state: SyncState | None, commands: CommandMentions, now: datetime
) -> str:
    liked = [playlist for playlist in playlists if playlist.kind is PlaylistKind.LIKED]
    others = [playlist for playlist in playlists if playlist.kind is not PlaylistKind.LIKED]
    size = texts.library(len(others), sum(playlist.n_tracks for playlist in others))
    if liked:
        tracks = texts.tracks(sum(playlist.n_tracks for playlist in liked))
        size = texts_library.SIZE_LIKED.format(library=size, tracks=tracks)
    lines = [f"## {texts.PLAYLISTS_TITLE}", size]
    left_out = sum(playlist.left_out for playlist in playlists)
    if left_out:
        counted = {"playlists": texts.playlists(left_out), "take_in": commands("taste take-in")}
        lines.append(small(texts_library.LEFT_OUT_COUNT.format(**counted)))
    oldest = min((one.synced_at for one in playlists if one.source not in UPLOADS), default=now)
    if standing := _standing(state, commands):
        lines.append(small(standing))
    elif now - oldest > _STALE_AFTER:
        lines.append(commands.fill(texts.PLAYLISTS_STALE, ago=moment(oldest, "R")))
    return "\n".join(lines)


def _standing(state: SyncState | None, commands: CommandMentions) -> str:
    """Return that a sync is under way, or why the last one ended early; nothing when all is well."""
    if state is None:
        return ""
    if state.claimed_at is not None:
        so_far = texts_library.SO_FAR.format(done=state.done, total=state.total) if state.total else ""
        return texts_library.UNDER_WAY.format(so_far=so_far)
    if state.fault and state.finished_at is not None:
        fault = sentence(state.fault, commands.within, 400)
        return texts_library.ENDED_EARLY.format(ago=moment(state.finished_at, "R"), fault=fault)
    return ""


def _playlist(playlist: LibraryPlaylist, limit: int) -> str:
    name = link(playlist.name, playlist.url, limit, texts.PLAYLIST_UNNAMED)
    read = texts_library.IMPORTED if playlist.source in UPLOADS else texts.PLAYLIST_READ
    notes = [read.format(ago=moment(playlist.synced_at, "R"))]
    if playlist.left_out:
        notes.append(texts_library.LEFT_OUT)
    return f"**{name}**\n{texts.tracks(playlist.n_tracks)}\n{small(' · '.join(notes))}"
