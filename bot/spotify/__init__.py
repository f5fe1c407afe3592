"""Spotify: the one package that knows spotipy; `SpotifyAdapter` is what `app.py` hands to the services."""

from bot.spotify.auth import SCOPES
from bot.spotify.client import SpotifyAdapter
from bot.spotify.logs import guard_logs

__all__ = ["SCOPES", "SpotifyAdapter", "guard_logs"]
