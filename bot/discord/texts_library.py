"""Every text that the Discord face says about reading a library and about what speaks for a member's taste."""

from __future__ import annotations

from typing import Final

from bot.discord import texts
from bot.domain.library import LibraryPart
from bot.domain.listening import SyncProgress, SyncStep

TASTE_DESCRIPTION: Final = "Which of your playlists speak for your taste"
LEAVE_OUT_DESCRIPTION: Final = "Leave a playlist out of your taste"
LEAVE_OUT_PLAYLIST: Final = "The playlist that should not count"
TAKE_IN_DESCRIPTION: Final = "Let a playlist that you left out count again"
TAKE_IN_PLAYLIST: Final = "One that you left out"

READING_TITLE: Final = "Reading your Spotify"
READING_GOES_ON: Final = "You may close this: I go on by myself."
READING_STEPS: Final = {
    SyncStep.LISTING: "Looking through your library…",
    SyncStep.LIKED: "Reading your liked songs…",
    SyncStep.LISTENING: "Reading what you play most…",
}
READING_PLAYLISTS: Final = "Reading your playlists: {done:,} of {total:,}…"
LATER_TITLE: Final = "Not finished yet"
LATER_SEE: Final = "{playlists} shows what I have read so far."
ELSEWHERE_TITLE: Final = "I am reading them already"

LIKED: Final = "Liked songs: {tracks}"
LISTENS: Final = "New plays: {count:,}"
NOT_ALLOWED: Final = "Not read, because you have not allowed it yet: {parts}. {connect} adds that."
REFUSED: Final = "Not read, because Spotify does not give it out at the moment: {parts}."
PARTS: Final = {
    LibraryPart.LIKED: "your liked songs",
    LibraryPart.TOP: "what you play most",
    LibraryPart.RECENT: "what you played last",
}

SIZE_LIKED: Final = "{library} · {tracks} liked"
LEFT_OUT_COUNT: Final = "{playlists} left out of your taste; {take_in} lets one count again."
LEFT_OUT: Final = "left out of your taste"
IMPORTED: Final = "Imported {ago}"
UNDER_WAY: Final = "I am reading your library at this moment{so_far}."
SO_FAR: Final = ": {done:,} of {total:,} playlists"
ENDED_EARLY: Final = "When I last looked ({ago}), something came in between: {fault}"

LEFT_OUT_TITLE: Final = "“{name}” is left out"
LEFT_OUT_BODY: Final = (
    "{discover} and weekly discoveries no longer draw on it. Its tracks still count as ones that you have."
)
LEFT_OUT_UNDO: Final = "{recommend} still takes it when you name it, and {take_in} lets it count again."
TAKEN_IN_TITLE: Final = "“{name}” counts again"
TAKEN_IN_BODY: Final = "{discover} and weekly discoveries draw on it as on your other playlists."
LEFT_OUT_ALREADY: Final = "“{name}” is left out already: pick another playlist from the list while typing."
COUNTS_ALREADY: Final = "“{name}” counts already: only a playlist that was left out can be taken in."

_BAR = 16


def reading(progress: SyncProgress) -> str:
    """Return what a sync is at, in words."""
    if progress.step is SyncStep.PLAYLISTS:
        return READING_PLAYLISTS.format(done=progress.done, total=progress.total)
    return READING_STEPS[progress.step]


def bar(done: int, total: int) -> str:
    """Return how much is done as a bar and in per cent; nothing where nobody knows of how much."""
    if total <= 0:
        return ""
    share = min(done / total, 1.0)
    full = int(share * _BAR)
    return f"`{'█' * full}{'░' * (_BAR - full)}` {int(share * 100)} %"


def parts(which: frozenset[LibraryPart]) -> str:
    """Return an enumeration of parts of a library."""
    return texts.listed([PARTS[part] for part in LibraryPart if part in which])
