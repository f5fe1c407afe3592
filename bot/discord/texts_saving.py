"""Every text that the Discord face says about lists that are saved into a member's Spotify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.discord.texts import counted
from bot.domain.saving import SaveSwitch
from bot.services.saving.values import CoverState, WhyNew

UNDO_DESCRIPTION: Final = "Undo your last save to Spotify, within a day"
FREEZE_DESCRIPTION: Final = "Keep a saved weekly playlist as it is: the next list makes a new one"
FREEZE_PLAYLIST: Final = "Which one; the newest if you leave this out"
SETTINGS_DESCRIPTION: Final = "How your lists are saved to Spotify"

PREVIEW_BUTTON: Final = "Preview"
SAVE_BUTTON: Final = "Save"
NEW_BUTTON: Final = "As a new playlist"
KEEP_BUTTON: Final = "Keep last one, save new"
UNDO_BUTTON: Final = "Undo"
FREEZE_BUTTON: Final = "Keep as it is"
UNFREEZE_BUTTON: Final = "Let it be updated"

UNNAMED: Final = "Your new playlist"
EARLIER_UNNAMED: Final = "your playlist"

SAVED_TITLE: Final = "Saved to your Spotify"
SAVED_BODY: Final = "**{name}** with {tracks} is in your library now."
UPDATED_TITLE: Final = "Updated in your Spotify"
UPDATED_BODY: Final = "**{name}** has {tracks} now. They took the place of “{earlier}” and its {replaced}."
BEFORE_TITLE: Final = "Already in your Spotify"
BEFORE_BODY: Final = "You saved this before: **{name}**, {tracks}."
OUTDATED_BODY: Final = (
    "You saved this before, and a newer list has gone into the same playlist since. "
    "I leave that alone; this list can have a playlist of its own."
)
UNDO_UNTIL: Final = "You can undo this until {until}."
REPEATED: Final = "{songs} left out: the same song comes earlier in the list."
UNKNOWN: Final = "{tracks} left out: Spotify does not have them."
COVER_FAILED: Final = "The cover could not be set this time; the playlist is complete."

WHY_NEW: Final[Mapping[WhyNew, str]] = MappingProxyType(
    {
        WhyNew.OLDER: "A newer list is in your weekly playlist already, so this one got a playlist of its own.",
        WhyNew.KEPT: "Your last playlist stays as it is.",
        WhyNew.FROZEN: "Your last playlist is kept as it is, so this is a new one.",
        WhyNew.GONE: "Your last playlist is no longer in your Spotify, so this is a new one.",
        WhyNew.GROWN: "Your last playlist has more than 1,000 tracks by now, so I left it alone and made a new one.",
        WhyNew.BEING_UNDONE: "Your last save is being undone, so this is a new playlist.",
        WhyNew.ASKED: "It stands by itself: later lists do not change it.",
    }
)

PLAN_TITLE: Final = "What Save would do"
PLAN_NEW: Final = "**A new playlist**, {visibility}\n{name}"
PLAN_UPDATE: Final = (
    "**Your playlist “{earlier}”**, {visibility}\nIts {replaced} are replaced, and it is called “{name}” then."
)
PLAN_FINISH: Final = "**Your playlist “{name}”**\nIt was begun and not finished: Save goes on where it stopped."
PLAN_DONE: Final = "**Nothing**: you saved this list before, as “{name}”."
PLAN_TRACKS: Final = "**Tracks** · {tracks}"
PLAN_COVER: Final = "**Cover** · {cover}"
PLAN_DESCRIPTION: Final = "**Description** · {description}"
PLAN_ENDS: Final = "The description also gets a short mark at its end, by which I know the playlist again."
PUBLIC: Final = "public"
PRIVATE: Final = "private"
COVERS: Final[Mapping[CoverState, str]] = MappingProxyType(
    {
        CoverState.DRAWN: "drawn by me from the list",
        CoverState.SWITCHED_OFF: "none, as you chose in {settings}",
        CoverState.NOT_ALLOWED: "none: use {connect} again and allow pictures to get one",
        CoverState.FAILED: "none",
    }
)
PLAN_WHY: Final[Mapping[WhyNew, str]] = MappingProxyType(
    {
        WhyNew.OLDER: "A newer list is in your weekly playlist already, so this one gets a playlist of its own.",
        WhyNew.FROZEN: "Your last playlist is kept as it is.",
        WhyNew.GONE: "Your last playlist is no longer in your Spotify.",
        WhyNew.BEING_UNDONE: "Your last save is being undone.",
        WhyNew.SWITCHED_OFF: "You chose a new playlist each week in {settings}.",
    }
)
MAKE_PUBLIC: Final = "Make mine public"
MAKE_PRIVATE: Final = "Make mine private"

UNDONE_TITLE: Final = "Undone"
UNDONE_REMOVED: Final = (
    "**{name}** is out of your library. Spotify keeps a deleted playlist for 90 days: "
    "[bring it back]({recover}) if you miss it."
)
UNDONE_RESTORED: Final = "**{name}** is what it was before, with {tracks}."
UNDONE_GONE: Final = "**{name}** was no longer in your Spotify, so there was nothing to change."
UNDONE_KEPT: Final = "{tracks} that you added since stayed, at its end."
UNDONE_LOST: Final = "{items} could not be put back: I can put back tracks, but no local files or episodes."
UNDONE_COVER: Final = "The cover that I drew stays: choose another in Spotify if you like."
RECOVER_URL: Final = "https://www.spotify.com/account/recover-playlists/"

FROZEN_TITLE: Final = "Kept as it is"
FROZEN_BODY: Final = "**{name}** will not be changed: the next list goes into a new playlist."
UNFROZEN_TITLE: Final = "It may be updated again"
UNFROZEN_NEXT: Final = "The next list goes into **{name}**."
UNFROZEN_LATER: Final = "A newer playlist has taken over the weekly lists, so **{name}** stays as it is for now."

UNKNOWN_PLAYLIST: Final = "I do not know that playlist: pick one from the list while typing."

SETTINGS_TITLE: Final = "How your lists are saved"
SETTINGS_FOOT: Final = "What you choose counts from the next save on."
COVER_NOT_ALLOWED: Final = "Your connection does not allow pictures yet: use {connect} again and agree to them."


@dataclass(frozen=True, slots=True)
class SwitchTexts:
    """What is said of one choice: its name, what holds when it is on or off, and the button that changes it."""

    name: str
    on: str
    off: str
    turn_on: str
    turn_off: str


SWITCHES: Final[Mapping[SaveSwitch, SwitchTexts]] = MappingProxyType(
    {
        SaveSwitch.PUBLIC: SwitchTexts(
            name="Who sees them",
            on="Public: your saved playlists are on your Spotify profile.",
            off="Private: your saved playlists are not on your Spotify profile.",
            turn_on="Make public",
            turn_off="Make private",
        ),
        SaveSwitch.COVER: SwitchTexts(
            name="Cover",
            on="I draw a cover for each playlist.",
            off="No cover of mine: Spotify makes one of album covers.",
            turn_on="Draw covers",
            turn_off="No covers",
        ),
        SaveSwitch.REUSE: SwitchTexts(
            name="Weekly lists",
            on="Each new list replaces the last one in the same playlist.",
            off="Each list becomes a new playlist.",
            turn_on="Same playlist",
            turn_off="New each week",
        ),
    }
)


def songs(count: int) -> str:
    """Return a number of songs in words."""
    return counted(count, "song", "songs")
