"""What all messages are made of: a coloured card that fits Discord's limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

import discord
from discord import ui

from bot.discord import texts
from bot.discord.markdown import units, web_url

MAX_TEXT = 4000
"""Characters of text in a message, all components together (Discord's component reference, "Text Display")."""

MAX_BUTTON_URL = 512
SMALL_PRINT = "-# "


class Accent(IntEnum):
    """The colour at a card's edge says what kind of message it is."""

    MUSIC = 0x8B5CF6
    DONE = 0x1DB954
    ASK = 0xF5A524
    INFO = 0x5B8DEF
    FAULT = 0xE5484D


class Card(ui.LayoutView):
    """One container with an accent colour.

    All of its buttons must be links or dynamic items, which the client knows by the pattern of their custom_id: then
    they work after a restart, and nothing is kept in memory for a message. (With another kind of button beside them,
    discord.py 2.7 keeps the view of an ephemeral message for 15 minutes and then forgets the patterns with it.)
    """

    def __init__(self, accent: Accent, items: Iterable[ui.Item[Any]]) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Container(*items, accent_colour=int(accent)))


def notice(accent: Accent, title: str, *paragraphs: str, buttons: Sequence[ui.Item[Any]] = ()) -> Card:
    """Return a card of a title, paragraphs (empty ones are left out) and a row of buttons; all text escaped already."""
    first, *others = [*filter(None, paragraphs), ""]
    items: list[ui.Item[Any]] = [ui.TextDisplay(f"### {title}\n{first}".rstrip())]
    for paragraph in filter(None, others):
        if not paragraph.startswith(SMALL_PRINT):
            items.append(ui.Separator(visible=False))
        items.append(ui.TextDisplay(paragraph))
    if buttons:
        items.append(ui.ActionRow(*buttons))
    return Card(accent, items)


def small(text: str) -> str:
    """Return a line in Discord's small print."""
    return SMALL_PRINT + text


def link_button(label: str, url: str | None) -> ui.Button[Any] | None:
    """Return a button that opens the address, or None where Discord would refuse it."""
    address = web_url(url, MAX_BUTTON_URL)
    return ui.Button(style=discord.ButtonStyle.link, label=label, url=address) if address else None


def with_cover(text: str, image_url: str | None, description: str) -> ui.Item[Any]:
    """Return a text beside a picture, or the text alone where there is none: a Section must have an accessory."""
    address = web_url(image_url, 2000)
    if address is None:
        return ui.TextDisplay(text)
    return ui.Section(ui.TextDisplay(text), accessory=ui.Thumbnail(address, description=description or None))


def that_fits(attempts: Iterable[list[str]]) -> list[str]:
    """Return the first of ever shorter versions of a message's texts that Discord accepts."""
    version: list[str] = []
    for version in attempts:
        if sum(map(units, version)) <= MAX_TEXT:
            return version
    return version


def cover_description(name: str) -> str:
    """Return what a screen reader says of a cover."""
    return texts.COVER_OF.format(name=name)
