"""Every text that the Discord face says about servers' own Spotify apps."""

from __future__ import annotations

from typing import Final

GROUP_DESCRIPTION: Final = "This server's own Spotify app, with five places for its members"
SET_DESCRIPTION: Final = "Enter the client ID and secret of this server's Spotify app"
TEST_DESCRIPTION: Final = "See whether this server's Spotify app works, or how to get one"
REMOVE_DESCRIPTION: Final = "Stop using this server's Spotify app"

DASHBOARD_URL: Final = "https://developer.spotify.com/dashboard"
DASHBOARD_BUTTON: Final = "Spotify's dashboard"
SET_BUTTON: Final = "Enter ID and secret"
REMOVE_BUTTON: Final = "Remove the app"
KEEP_BUTTON: Final = "Keep it"

MODAL_TITLE: Final = "This server's Spotify app"
MODAL_INTRO: Final = (
    "Both are in your app's settings at developer.spotify.com/dashboard. "
    "No app yet? Close this: {spotify_app_test} shows how to create one."
)
MODAL_ID_LABEL: Final = "Client ID"
MODAL_ID_HELP: Final = "Dashboard, your app, Settings: at the top of “Basic Information”"
MODAL_SECRET_LABEL: Final = "Client secret"  # noqa: S105 - words, no secret
MODAL_SECRET_HELP: Final = "Right below it, behind “View client secret”. It is kept encrypted."  # noqa: S105 - words
MODAL_PLACEHOLDER: Final = "32 characters: digits and the letters a to f"

GUIDE_TITLE: Final = "Give this server its own Spotify app"
GUIDE_WHY: Final = (
    "Spotify lets an app have five members. With an app of its own this server has five places for itself."
)
STEP_CREATE: Final = (
    "**1. Create an app** at [developer.spotify.com/dashboard](<{dashboard}>), with “Web API” ticked. "
    "Its owner needs Spotify Premium."
)
STEP_REDIRECT: Final = "**2. Redirect URI:** enter exactly this in the app's settings:\n```\n{uri}\n```"
STEP_MEMBERS: Final = (
    "**3. User Management:** add up to five members there, each with their name and "
    "the e-mail address of their Spotify."
)
STEP_SET: Final = (
    "**4. Enter its client ID and secret** with {spotify_app_set}. I check both with Spotify before I keep them."
)

SET_TITLE: Final = "This server has its own Spotify app"
RENEWED_TITLE: Final = "The app's secret was replaced"
SET_BODY: Final = "Spotify accepts it. Members who use {connect} in this server are linked through it from now on."
RENEWED_BODY: Final = "Spotify accepts it. {members} through the app and may stay so: nobody has to connect again."
SET_LEFT: Final = "{members} through the app before it and must use {connect} again; nothing of theirs is lost."
STILL_TO_DO: Final = "**Still to do in the dashboard**, if you have not yet:"
TODO_REDIRECT: Final = "Redirect URI, exactly this:\n```\n{uri}\n```"
TODO_MEMBERS: Final = (
    "User Management: up to five members, each with their name and the e-mail address of their Spotify. "
    "Spotify turns away whoever is not in that list."
)
SET_KEPT: Final = (
    "I keep the secret encrypted, and your Discord id, so that members know whom to ask: "
    "{disconnect} takes the id out again, with all else that I keep of you."
)

TEST_GOOD_TITLE: Final = "This server's Spotify app works"
TEST_BAD_TITLE: Final = "This server's Spotify app does not work"
TEST_GOOD: Final = "Spotify accepts its client ID and secret."
TEST_ID: Final = "Client ID `{client_id}`, registered {when}{who}"
TEST_WHO: Final = " by <@{member}>"
TEST_MEMBERS: Final = "**{linked} of {places} places** in use"
TEST_FULL: Final = "There is no room for another member: free a place under User Management; others can use {import_}."
TEST_COOLDOWN: Final = "Spotify wants to be left alone until {until} ({left}): {reason}"
TEST_NO_COOLDOWN: Final = "Spotify can be asked at any time."
COOLDOWN_REASONS: Final = {
    "TOO_FAST": "too much was asked of it in half a minute.",
    "QUOTA_EXCEEDED": "the app has used up its quota for the day.",
}
TEST_REDIRECT: Final = (
    "I cannot check its redirect URI: make sure that the dashboard has exactly this one.\n```\n{uri}\n```"
)

REMOVE_TITLE: Final = "Remove this server's Spotify app?"
REMOVE_ASKS: Final = (
    "Its client ID and secret are deleted here. {members} through it and must then use {connect} again; "
    "their settings and playlists stay. The app in Spotify's dashboard stays as it is."
)
REMOVE_ASKS_NOBODY: Final = (
    "Its client ID and secret are deleted here. Nobody is linked through it. "
    "The app in Spotify's dashboard stays as it is."
)
REMOVED_TITLE: Final = "The app was removed"
REMOVED_BODY: Final = "{members} through it: they are asked to use {connect} again, and lose nothing."
REMOVED_NOBODY: Final = "Nobody has to link again because of it."
KEPT_TITLE: Final = "Nothing was changed"
KEPT_BODY: Final = "This server keeps its Spotify app."

CONNECT_FULL: Final = (
    "Spotify allows an app {places} members, and {linked} through this one: "
    "if it refuses you, ask {admin} for a place, or use {import_}."
)
THE_HOST: Final = "the bot's host"
THE_ADMINS: Final = "whoever manages this server"
APP_GONE_TITLE: Final = "Connect Spotify again"
APP_GONE: Final = (
    "The Spotify app that you were connected through is no longer used here: "
    "use {connect} to link your account again. Your settings and playlists are kept."
)


def linked(count: int) -> str:
    """Return how many members are linked, as the subject of a sentence."""
    if not count:
        return "Nobody is linked"
    return f"{count:,} member is linked" if count == 1 else f"{count:,} members are linked"


def were_linked(count: int) -> str:
    """Return how many members were linked until now, as the subject of a sentence."""
    return f"{count:,} member was linked" if count == 1 else f"{count:,} members were linked"
