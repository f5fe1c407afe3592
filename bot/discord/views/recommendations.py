"""A list of recommendations: ten tracks a page with covers and reasons, paging, and Save to Spotify."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import texts
from bot.discord.answers import answer, begin
from bot.discord.errors import faults_shown
from bot.discord.markdown import label, link, words
from bot.discord.views.layout import Accent, Card, cover_description, small, that_fits, with_cover
from bot.discord.views.saved import PreviewButton, SaveButton
from bot.domain.recommendations import Pick, RecommendationSet, SetKind

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

PICKS_PER_PAGE = 10
_SCALES = ((80, 70, 100), (60, 50, 70), (40, 34, 50), (24, 18, 0))
_NAMED_KINDS = frozenset({SetKind.PLAYLIST, SetKind.TRACK, SetKind.TITLE})


def recommendation_card(recommendations: RecommendationSet, page: int = 0) -> Card:
    """Return one page of recommendations; a page that does not exist becomes the nearest that does."""
    pages = page_count(recommendations)
    page = min(max(page, 0), pages - 1)
    first = page * PICKS_PER_PAGE
    picks = recommendations.picks[first : first + PICKS_PER_PAGE]
    heading = _heading(recommendations)
    footer = _footer(recommendations, first, len(picks))
    _, *picked, _ = that_fits([heading, *(_pick(pick, *limits) for pick in picks), footer] for limits in _SCALES)
    items: list[ui.Item[Any]] = [ui.TextDisplay(heading), ui.Separator()]
    for pick, text in zip(picks, picked, strict=True):
        name = label(pick.track.album_name or pick.track.name, 200, texts.TRACK_UNNAMED)
        items.append(with_cover(text, pick.track.image_url, cover_description(name)))
    if not picks:
        items.append(ui.TextDisplay(texts.NO_PICKS))
    items += [ui.Separator(), ui.TextDisplay(footer)]
    if buttons := _buttons(recommendations, page, pages):
        items.append(ui.ActionRow(*buttons))
    return Card(Accent.MUSIC, items)


def page_count(recommendations: RecommendationSet) -> int:
    """Return on how many pages the recommendations are shown, at least one."""
    return max(1, -(-len(recommendations.picks) // PICKS_PER_PAGE))


class PageButton(ui.DynamicItem[ui.Button[Any]], template=r"xf:page:(?P<set>\d{1,19}):(?P<page>\d{1,4})"):
    """Turns the page; whoever did not ask for the list gets that page for themselves."""

    def __init__(self, set_id: int, page: int, text: str = texts.NEXT_BUTTON, *, disabled: bool = False) -> None:
        self.set_id = set_id
        self.page = page
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=text,
                custom_id=f"xf:page:{set_id}:{page}",
                disabled=disabled,
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> PageButton:
        """Return the button that was clicked."""
        return cls(int(match["set"]), int(match["page"]))

    @faults_shown
    async def callback(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show the page, in the same message if it is the clicker's own."""
        if _is_own(interaction):
            await interaction.response.defer()
        else:
            await begin(interaction, private=True)
        recommendations = await interaction.client.services.recommendations.get(self.set_id)
        await answer(interaction, recommendation_card(recommendations, self.page))


def _is_own(interaction: discord.Interaction[Any]) -> bool:
    message = interaction.message
    if message is None:
        return False
    asked = message.interaction_metadata
    return message.flags.ephemeral or (asked is not None and asked.user.id == interaction.user.id)


def _heading(recommendations: RecommendationSet) -> str:
    title = words(recommendations.title, 80, texts.SET_UNNAMED)
    if recommendations.kind in _NAMED_KINDS:
        title = texts.GOES_WITH.format(title=title)
    subtitle = words(recommendations.subtitle, 160)
    return f"## {title}\n{subtitle}".rstrip()


def _pick(pick: Pick, name_limit: int, artist_limit: int, reason_limit: int) -> str:
    track = pick.track
    lines = [f"**{link(track.name, track.url, name_limit, texts.TRACK_UNNAMED)}**"]
    if artists := words(track.artist_names, artist_limit):
        lines.append(artists)
    if pick.reasons and (reason := words(pick.reasons[0], reason_limit)):
        lines.append(small(reason))
    return "\n".join(lines)


def _footer(recommendations: RecommendationSet, first: int, shown: int) -> str:
    total = len(recommendations.picks)
    parts = [texts.RANGE.format(first=first + 1, last=first + shown, total=total)] if total > PICKS_PER_PAGE else []
    parts.append(f"[{texts.ATTRIBUTION}]({texts.ATTRIBUTION_URL})")
    if model := words(recommendations.model, 40):
        parts.append(texts.MODEL.format(name=model))
    return small(" · ".join(parts))


def _buttons(recommendations: RecommendationSet, page: int, pages: int) -> Sequence[ui.Item[Any]]:
    set_id = recommendations.id
    buttons: list[ui.Item[Any]] = []
    if pages > 1:
        buttons += [
            PageButton(set_id, max(page - 1, 0), texts.PREVIOUS_BUTTON, disabled=page == 0),
            PageButton(set_id, page + 1, texts.NEXT_BUTTON, disabled=page == pages - 1),
        ]
    if recommendations.picks:
        buttons += [SaveButton(set_id), PreviewButton(set_id)]
    return buttons
