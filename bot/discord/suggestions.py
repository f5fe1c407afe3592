"""Suggestions while somebody types: at once or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog
from discord import app_commands

from bot.discord.markdown import label

MAX_CHOICES = 25
_log = structlog.get_logger(__name__)

Found = TypeVar("Found")


async def in_time(search: Awaitable[list[Found]], patience: float) -> list[Found]:
    """Return what the search finds, or nothing if it fails or takes more than `patience` seconds."""
    try:
        async with asyncio.timeout(patience):
            return await search
    except TimeoutError:
        _log.info("suggestions came too late")
    except Exception:
        _log.warning("no suggestions", exc_info=True)
    return []


def choice(name: str, value: str) -> app_commands.Choice[str]:
    """Return a suggestion; Discord shows its name as plain text of at most 100 characters."""
    return app_commands.Choice(name=label(name, 100, value), value=value)
