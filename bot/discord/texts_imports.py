"""Every text that the Discord face says about what members bring by themselves."""

from __future__ import annotations

from typing import Final

from bot.discord.texts import counted

DESCRIPTION: Final = "Bring your music without linking Spotify: a file, or links"
FILE: Final = "The ZIP that Spotify sent you, or a CSV from Exportify"
LINKS: Final = "Links to tracks, as many as you like"

HOW_TITLE: Final = "Bring your own music"
HOW_BODY: Final = "No Spotify link needed. Three ways, the quickest first:"
HOW_LINKS: Final = (
    "**Paste links** · in Spotify select tracks, copy them (Ctrl+C on a computer, Share on a phone), then "
    "`/import links:`"
)
HOW_EXPORTIFY: Final = (
    "**Exportify** · sign in there with Spotify, export a playlist or all of them, then `/import file:` with the CSV "
    "or the ZIP"
)
HOW_EXPORT: Final = (
    "**Your data from Spotify** · request “Account data” on its privacy page, wait a few days for the e-mail, then "
    "`/import file:` with the ZIP; the “Extended streaming history” works too"
)
EXPORTIFY_BUTTON: Final = "Exportify"
EXPORTIFY_URL: Final = "https://exportify.net"
ACCOUNT_BUTTON: Final = "Spotify's privacy page"
ACCOUNT_URL: Final = "https://www.spotify.com/account/privacy/"
KEPT: Final = (
    "By bringing a file you agree: I keep the names of your playlists, their tracks, and when you played what, to find "
    "music for you and for your servers' digests. Addresses, countries and devices in it are never kept."
)
LEARNING: Final = (
    "Models of this bot may learn from it; {privacy_opt_out} keeps yours out. {disconnect} deletes everything, the "
    "button below only what you imported."
)
LEARNING_BEFORE: Final = (
    "Models of this bot may learn from it; {privacy_opt_out} keeps yours out. {disconnect} deletes all of it."
)
HAVE: Final = "You have imported {what}."

READING_TITLE: Final = "Reading…"
READING_BODY: Final = "A large file takes a minute. You can go on meanwhile."

DONE_TITLE: Final = "Imported"
STOPPED_TITLE: Final = "Imported in part"
NOTHING_NEW_TITLE: Final = "Nothing new in it"
LIKED: Final = "{tracks} you like"
LISTENS: Final = "{listens}"
LISTENS_KNOWN: Final = "{listens} I knew already"
NOTHING_NEW: Final = "I knew all of it already."
NEXT: Final = "{discover} finds tracks that are new to you.\n{playlists} shows what I know."
LEFT_OUT_TITLE: Final = "**Left out**"
MORE_LEFT_OUT: Final = "and {count} more"

FORGET_BUTTON: Final = "Forget imports"
FORGET_TITLE: Final = "Forget what you imported?"
FORGET_ASKS: Final = "{what} will be deleted here. What I read from your linked Spotify stays."
FORGET_YES: Final = "Delete them"
FORGET_NO: Final = "Keep them"
FORGET_NOTHING_TITLE: Final = "Nothing imported"
FORGET_NOTHING: Final = "You have imported nothing yet: {import_} says how."
FORGOTTEN_TITLE: Final = "Forgotten"
FORGOTTEN: Final = "Deleted: {what}."
KEPT_TITLE: Final = "Nothing was changed"
KEPT_BODY: Final = "What you imported stays."


def listens(count: int) -> str:
    """Return a number of plays in words."""
    return counted(count, "play", "plays")
