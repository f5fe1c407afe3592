"""Every text that the Discord face says, in one place, so that another language is another such module."""

from __future__ import annotations

from typing import Final

CONNECT_DESCRIPTION: Final = "Link your Spotify account"
DISCONNECT_DESCRIPTION: Final = "Unlink Spotify and delete everything kept of you"
SYNC_DESCRIPTION: Final = "Read your Spotify playlists again"
PLAYLISTS_DESCRIPTION: Final = "See which of your playlists I know"
RECOMMEND_DESCRIPTION: Final = "Tracks that go with one of your playlists or with a track"
RECOMMEND_PLAYLIST: Final = "One of your playlists"
RECOMMEND_TRACK: Final = "A track: its name, or a Spotify link"
DISCOVER_DESCRIPTION: Final = "30 tracks you do not have yet, from the taste of your playlists"
DIGEST_DESCRIPTION: Final = "The server's weekly discoveries"
DIGEST_SET_DESCRIPTION: Final = "Post discoveries for this server every week"
DIGEST_SET_CHANNEL: Final = "Where they are posted"
DIGEST_SET_DAY: Final = "On which day"
DIGEST_SET_HOUR: Final = "At which hour, 0 to 23"
DIGEST_SET_TIME_ZONE: Final = "Whose hour: type a city, like Berlin"
DIGEST_OFF_DESCRIPTION: Final = "Stop the weekly discoveries"
DIGEST_PREVIEW_DESCRIPTION: Final = "See, for yourself alone, what would be posted now"
DIGEST_STATUS_DESCRIPTION: Final = "See when and where the next discoveries are posted"
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ACTIVITY: Final = "your playlists"

CONNECT_TITLE: Final = "Connect Spotify"
CONNECT_KEEPS: Final = (
    "To find music that is new to you, and for the weekly digests of your servers, I keep:\n"
    "- the names and tracks of your own playlists\n"
    "- your liked songs\n"
    "- your top tracks and artists\n"
    "- what you played recently"
)
CONNECT_WRITES: Final = (
    "Spotify also lets me make and change playlists and their covers: I touch only those that you save here."
)
CONNECT_SAFETY: Final = "Your sign-in is stored encrypted, and {disconnect} deletes all of it at once."
CONNECT_AGAIN: Final = "You are connected as **{name}**; connecting again renews the link or changes the account."
CONNECT_UNTIL: Final = "The link is for you alone and works once, until {time} ({left})."
CONNECT_BUTTON: Final = "Connect Spotify"
CONNECT_LINK: Final = "Connect Spotify"
LINKED_TITLE: Final = "Connected as {name}"
LINKED_READING: Final = "Reading your playlists… a large library takes a few minutes."
SYNCED_NEXT: Final = (
    "{discover} finds 30 tracks that are new to you.\n"
    "{recommend} finds what goes with one playlist or one track.\n"
    "{playlists} shows what I know."
)
SYNCED_NOTHING: Final = (
    "There is no playlist of your own with tracks in it yet: make one in Spotify, then use {sync}. "
    "Until then, {recommend} works with any track."
)
SYNC_FAILED_NEXT: Final = "Your account is linked all the same; {sync} tries again."
SYNC_TITLE: Final = "Your playlists are up to date"
OUT_OF_REACH: Final = "{playlists} left out: Spotify lets me read only your own."
SKIPPED: Final = "{items} left out: local files and episodes cannot be recommended from."

DISCONNECT_TITLE: Final = "Disconnect Spotify?"
DISCONNECT_ASKS: Final = (
    "**{name}** will be unlinked, and all that I keep of you is deleted here: playlists, liked songs, plays, imports, "
    "recommendations and the record of what you saved. The playlists in your Spotify stay as they are."
)
DISCONNECT_DATA_TITLE: Final = "Delete your data?"
DISCONNECT_DATA_ASKS: Final = (
    "No Spotify account is connected, but I keep something of you: {privacy_show} lists it. "
    "All of it is deleted here, your choices included. Your Spotify stays as it is."
)
DISCONNECT_DATA_BUTTON: Final = "Delete it all"
DISCONNECT_BUTTON: Final = "Disconnect and delete"
KEEP_BUTTON: Final = "Keep it"
KEPT_TITLE: Final = "Nothing was changed"
KEPT_BODY: Final = "All that I keep of you stays as it is."
DISCONNECTED_TITLE: Final = "Disconnected"
DISCONNECTED_BODY: Final = "Deleted: {what}. If you come back, {connect} starts afresh."
DISCONNECTED_TRACES: Final = "everything that I kept of you"

PLAYLISTS_TITLE: Final = "Your playlists"
PLAYLISTS_EMPTY: Final = "No playlist of your own yet: make one in Spotify, then use {sync}."
PLAYLISTS_STALE: Final = "I last looked {ago}: {sync} brings this up to date."
PLAYLIST_UNNAMED: Final = "Untitled playlist"
PLAYLIST_READ: Final = "Read {ago}"

GOES_WITH: Final = "Goes with “{title}”"
SET_UNNAMED: Final = "your music"
TRACK_UNNAMED: Final = "Untitled track"
NO_PICKS: Final = "Nothing here this time: more playlists help, so connect Spotify and come back later."
ATTRIBUTION: Final = "Data from Spotify"
ATTRIBUTION_URL: Final = "https://open.spotify.com"
MODEL: Final = "model {name}"
RANGE: Final = "{first}–{last} of {total}"
COVER_OF: Final = "Cover of {name}"
PREVIOUS_BUTTON: Final = "Previous"
NEXT_BUTTON: Final = "Next"
SAVE_BUTTON: Final = "Save to Spotify"

OPEN_BUTTON: Final = "Open in Spotify"

DIGEST_TITLE: Final = "Weekly discoveries"
DIGEST_SCHEDULE: Final = "Every **{day}** at **{hour:02d}:00** ({zone}) in <#{channel}>."
DIGEST_NEXT: Final = "Next: {time}, {left}."
DIGEST_HINT: Final = (
    "{digest_preview} shows what it looks like. The more members {connect}, the more it is this server's own."
)
DIGEST_NONE: Final = "Nothing is scheduled here yet: {digest_set} chooses a channel, a day and an hour."
DIGEST_OFF: Final = "Switched off; {digest_set} switches them on again."
DIGEST_STOPPED: Final = "**Stopped.** {reason}"
DIGEST_STOPPED_HINT: Final = "When that is put right, {digest_set} switches them on again."
DIGEST_OFF_TITLE: Final = "Weekly discoveries are off"
DIGEST_OFF_BODY: Final = "Nothing more is posted here; {digest_set} switches them on again."

CONNECT_FIRST_TITLE: Final = "Connect Spotify first"
CONNECT_AGAIN_TITLE: Final = "Connect Spotify again"
ERROR_TITLE: Final = "That did not work"
TOLD_PRIVATELY: Final = "Only whoever asked is told what went wrong."
UNEXPECTED: Final = (
    "Something went wrong on my side. Try again in a moment; if it stays, tell the bot's host {reference}."
)
ONE_OF_BOTH: Final = "Give me one of the two: a playlist, or a track."
NEEDS_MANAGE_SERVER: Final = "Only members who may manage this server can do that: ask one of them."
ONLY_IN_SERVERS: Final = "This works in a server only, not here."
OUTDATED_COMMAND: Final = "This command has changed: restart Discord (or wait a minute), then try again."
BAD_OPTION: Final = "I cannot use “{value}” there: pick a value from the list."
CHANNEL_HIDDEN: Final = "I cannot see <#{channel}>: give me “View Channel” there, or choose another channel."
CHANNEL_LACKS: Final = "I may not post in <#{channel}> yet: give me {permissions} there, or choose another channel."
PERMISSION_NAMES: Final = {
    "view_channel": "“View Channel”",
    "send_messages": "“Send Messages”",
    "read_message_history": "“Read Message History”",
}
POST_CHANNEL_GONE: Final = "The channel of the weekly discoveries no longer exists."
POST_FORBIDDEN: Final = "I may not post in the channel: give me “View Channel” and “Send Messages” there."
POST_REFUSED: Final = "Discord refused the message: tell the bot's host, whose log says why."
POST_NO_HISTORY: Final = "I may not read the channel: give me “View Channel” and “Read Message History” there."


def tracks(count: int) -> str:
    """Return a number of tracks in words."""
    return counted(count, "track", "tracks")


def playlists(count: int) -> str:
    """Return a number of playlists in words."""
    return counted(count, "playlist", "playlists")


def items(count: int) -> str:
    """Return a number of playlist items in words."""
    return counted(count, "item", "items")


def recommendations(count: int) -> str:
    """Return a number of recommendation lists in words."""
    return counted(count, "list of recommendations", "lists of recommendations")


def saves(count: int) -> str:
    """Return a number of records of saved playlists in words."""
    return counted(count, "record of a saved playlist", "records of saved playlists")


def library(n_playlists: int, n_tracks: int) -> str:
    """Return the size of a library in words."""
    return f"{playlists(n_playlists)}, {tracks(n_tracks)}"


def synced(read: int, unchanged: int, removed: int, n_tracks: int) -> str:
    """Return what a sync found, in words."""
    found = f"**{library(read + unchanged, n_tracks)}**"
    if not unchanged and not removed:
        return f"{found} read"
    gone = [f"{removed} gone"] if removed else []
    return f"{found} · {', '.join([f'{read} read again', f'{unchanged} unchanged', *gone])}"


def listed(parts: list[str]) -> str:
    """Return an enumeration."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def counted(count: int, one: str, many: str) -> str:
    """Return a number of things in words."""
    return f"{count:,} {one if count == 1 else many}"
