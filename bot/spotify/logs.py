"""Keeps tokens and members' data out of the log: spotipy writes both at DEBUG."""

from __future__ import annotations

import logging
import re

_TALKATIVE = ("spotipy", "spotipy.client", "spotipy.oauth2", "spotipy.cache_handler", "spotipy.util")
_OPAQUE = re.compile(r"[A-Za-z0-9_\-+=]{32,}")


class _NothingBelowWarning(logging.Filter):
    """Lets only warnings and errors pass, with whatever looks like a token taken out."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record may be written."""
        if record.levelno < logging.WARNING:
            return False
        record.msg, record.args = redact(record.getMessage()), None
        return True


def guard_logs() -> None:
    """Filter spotipy's loggers; a second call changes nothing.

    A filter and not a level, because a level is lost as soon as somebody turns DEBUG on to look for a fault. It goes on
    each logger, because a filter on a parent does not see what its children write.
    """
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not any(isinstance(known, _NothingBelowWarning) for known in logger.filters):
            logger.addFilter(_NothingBelowWarning())


def redact(text: str) -> str:
    """Return the text without long opaque words: tokens, codes and secrets are 32 characters of them or more."""
    return _OPAQUE.sub("[...]", text)
