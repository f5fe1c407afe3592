"""Every text that the Discord face says about what is kept of a member and what they opted out of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.discord.texts import counted
from bot.domain.privacy import OptOut


@dataclass(frozen=True, slots=True)
class OptOutTexts:
    """What is said of one use of a member's data; `inside` and `outside` are its two states."""

    name: str
    inside: str
    outside: str
    leave_button: str
    return_button: str
    left: str
    returned: str


GROUP_DESCRIPTION: Final = "What I keep of you, and what it is used for"
SHOW_DESCRIPTION: Final = "See what I keep of you, why and for how long"
EXPORT_DESCRIPTION: Final = "Get everything I keep of you as a file"
OPT_OUT_DESCRIPTION: Final = "Keep your music from being used for something"
OPT_IN_DESCRIPTION: Final = "Let your music be used for it again"
WHAT: Final = "What it is used for"

TITLE: Final = "What I keep of you"
NOTHING: Final = (
    "Nothing: you have not used me in a way that leaves a trace. What you choose below counts all the same."
)
ONLY_ID: Final = "Your Discord id, and nothing else but what you chose below."
ACCOUNT: Final = "**Spotify** · {name}, since {since}; the sign-in is encrypted"
ACCOUNT_UNNAMED: Final = "an account without a name"
LIBRARY: Final = "**Library** · {library}: to find what goes with them"
LISTENING: Final = "**Listening** · {listening}: to leave out what you heard lately"
SHOWN: Final = "**Recommendations** · {lists}, {tracks}: to bring others next time"
SAVED: Final = "**Saves** · {playlists}: to make none twice"
SERVERS: Final = "**Servers** · {servers} where you used me: for their digests"
DIGESTS: Final = "**Digests** · {digests} that you set up"
APPS: Final = "**Spotify apps** · {apps} that you set up for a server"
SIGN_INS: Final = "**Sign-ins** · {sign_ins}: to know each when it is used"
UNTIL: Final = (
    "Kept until {disconnect}, which deletes all of it at once, your choices below included. "
    "{privacy_export} gives you everything as a file."
)
UNTIL_WITHOUT_ACCOUNT: Final = "{privacy_export} gives you everything as a file."

OFFERED: Final[Mapping[OptOut, OptOutTexts]] = MappingProxyType(
    {
        OptOut.DIGESTS: OptOutTexts(
            name="Server digests",
            inside="Your playlists help to choose them.",
            outside="Your playlists have no part in them.",
            leave_button="Opt out",
            return_button="Opt in",
            left="Your playlists have no part in any server's weekly discoveries from the next one on.",
            returned="Your playlists help to choose your servers' weekly discoveries again.",
        ),
        OptOut.LEARNING: OptOutTexts(
            name="Learning",
            inside="The bot may learn from playlists that you import, and from those in Spotify if its host allows it.",
            outside="The bot learns nothing from your playlists.",
            leave_button="Opt out",
            return_button="Opt in",
            left="Your playlists are left out from the next training on; what was learnt from them is gone then.",
            returned="From the next training on, the bot may learn from playlists that you import, and from those in "
            "Spotify if its host allows it. It never learns whose they are.",
        ),
        OptOut.BLENDS: OptOutTexts(
            name="Blends",
            inside="Lists mixed for several members, when this bot offers them, may draw on your playlists.",
            outside="Lists mixed for several members, when this bot offers them, leave your playlists out.",
            leave_button="Opt out",
            return_button="Opt in",
            left="When this bot offers lists mixed for several members, your playlists have no part in them.",
            returned="When this bot offers lists mixed for several members, your playlists may be part of them.",
        ),
    }
)
"""What can be opted out of by hand, in the order in which it is shown."""

LEFT_TITLE: Final = "{name}: you are out"
RETURNED_TITLE: Final = "{name}: you are in"
SEE: Final = "{privacy_show} shows what I keep of you."

EXPORT_TITLE: Final = "Everything I keep of you"
EXPORT_BODY: Final = "A ZIP archive of JSON and CSV files; its README says what is in each."
EXPORT_SECRETS: Final = "Only you can see this message. What I sign in to Spotify with is left out: it is secret."
EXPORT_NOTHING: Final = "Nothing is kept of you, so there is nothing to give you."


def servers(count: int) -> str:
    """Return a number of servers in words."""
    return counted(count, "server", "servers")


def lists(count: int) -> str:
    """Return a number of lists in words."""
    return counted(count, "list", "lists")


def saves(count: int) -> str:
    """Return a number of saved playlists in words."""
    return counted(count, "playlist", "playlists")


def digests(count: int) -> str:
    """Return a number of digests in words."""
    return counted(count, "digest", "digests")


def apps(count: int) -> str:
    """Return a number of Spotify apps in words."""
    return counted(count, "app", "apps")


def brought(imported: int, liked: int) -> list[str]:
    """Return what a library has besides Spotify's playlists, in words; nothing where there is none."""
    parts = []
    if imported:
        parts.append(counted(imported, "imported list", "imported lists"))
    if liked:
        parts.append(counted(liked, "liked song", "liked songs"))
    return parts


def listening(listens: int, top_items: int) -> list[str]:
    """Return what is known of listening, in words; nothing where nothing is."""
    parts = []
    if listens:
        parts.append(counted(listens, "play", "plays"))
    if top_items:
        parts.append(counted(top_items, "place", "places") + " among your most played")
    return parts


def sign_ins(count: int) -> str:
    """Return a number of sign-ins in words."""
    return counted(count, "link", "links")
