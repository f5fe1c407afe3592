"""Faults of the database that the bot's host can act on."""

from __future__ import annotations

from bot.domain.errors import CrossfadeError


class StorageError(CrossfadeError):
    """The database cannot be used; the text says why and what to do."""
