"""A Spotify stand-in: accounts service, Web API in development mode, and pages for people, over real HTTP."""

from __future__ import annotations

from bot.sandbox.spotify.app import create_spotify_app
from bot.sandbox.spotify.server import SpotifyServer
from bot.sandbox.spotify.state import SpotifyState

__all__ = ["SpotifyServer", "SpotifyState", "create_spotify_app"]
