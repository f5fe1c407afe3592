"""Saying why a playlist must be left alone for now, and what to do about it."""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import BadInput, CannotUndo, UndoInProgress
from bot.domain.saving import STALE_AFTER, SavedPlaylist, SaveStatus
from bot.services.ports import SaveRepository

UNDO_FIRST = "Undoing this save was interrupted: use /undo to finish it, then try again."
_HALF_WRITTEN = (
    "Another list was begun in “{name}” and not finished: "
    "click Save to Spotify under it again, or save a newer list, then try this again."
)
_BEING_WRITTEN = "Another list is going into “{name}” at this moment: try again in a minute."


async def refuse_while_written(saves: SaveRepository, saved: SavedPlaylist, now: datetime) -> SavedPlaylist | None:
    """Return the finished save that went into the playlist later, or None.

    Raises:
        BadInput: a list is going into the playlist, or was begun and left.
    """
    newer = await saves.newer_in_playlist(saved)
    if newer is not None and newer.status is not SaveStatus.DONE:
        left = newer.claimed_at < now - STALE_AFTER
        raise BadInput((_HALF_WRITTEN if left else _BEING_WRITTEN).format(name=saved.name))
    return newer


def refuse_while_undone(saved: SavedPlaylist, now: datetime) -> None:
    """Raise if the save is being undone.

    Raises:
        UndoInProgress: at this moment.
        CannotUndo: it was begun and interrupted.
    """
    if saved.undoing_at is None:
        return
    if saved.undoing_at < now - STALE_AFTER:
        raise CannotUndo(UNDO_FIRST)
    raise UndoInProgress
