"""Keeps what members type out of the log: at DEBUG discord.py writes every event whole, also a submitted form."""

from __future__ import annotations

import logging

_TALKATIVE = ("discord.gateway", "discord.http", "discord.webhook.async_")


class _NoEvents(logging.Filter):
    """Lets no record below INFO pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record may be written."""
        return record.levelno >= logging.INFO


def guard_logs() -> None:
    """Filter discord.py's loggers of traffic; a second call changes nothing.

    A filter and not a level, because a level is lost as soon as somebody turns DEBUG on to look for a fault.
    """
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not any(isinstance(known, _NoEvents) for known in logger.filters):
            logger.addFilter(_NoEvents())
