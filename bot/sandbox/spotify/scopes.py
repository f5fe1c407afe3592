"""The scopes of the Web API, in words for the consent page."""

from __future__ import annotations

SCOPES = {
    "playlist-read-private": "See your private playlists",
    "playlist-read-collaborative": "See playlists you collaborate on",
    "playlist-modify-public": "Create and change your public playlists",
    "playlist-modify-private": "Create and change your private playlists",
    "user-library-read": "See the songs and albums you saved",
    "user-library-modify": "Save and remove songs and albums",
    "user-top-read": "See your top artists and tracks",
    "user-read-recently-played": "See what you played lately",
    "user-follow-read": "See whom you follow",
    "user-follow-modify": "Follow and unfollow for you",
    "user-read-private": "See your profile",
    "user-read-email": "See your e-mail address (no longer given out)",
    "user-read-playback-state": "See what is playing and where",
    "user-modify-playback-state": "Control playback",
    "user-read-currently-playing": "See what is playing now",
    "user-read-playback-position": "See where you paused in episodes",
    "app-remote-control": "Talk to the app on your device",
    "streaming": "Play music",
    "ugc-image-upload": "Upload covers for your playlists",
}
