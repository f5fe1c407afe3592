"""What the services need of Spotify."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.domain.accounts import SpotifyProfile, TokenSet
from bot.domain.library import CreatedPlaylist, RemoteItems, RemotePlaylist, TrackInfo


class SpotifyGateway(Protocol):
    """Spotify; every call may raise a `SpotifyError`."""

    def authorize_url(self, state: str, verifier: str) -> str:
        """Return the consent page's address for a state and the PKCE challenge of `verifier`."""
        ...

    async def exchange_code(self, code: str, verifier: str) -> TokenSet:
        """Exchange the callback's code; raises `AuthorisationRevoked` when it is spent or does not fit."""
        ...

    async def refresh(self, refresh_token: str) -> TokenSet:
        """Return fresh tokens (the refresh token may be a new one); raises `AuthorisationRevoked` on invalid_grant."""
        ...

    async def profile(self, access_token: str) -> SpotifyProfile:
        """Return whose token it is."""
        ...

    async def playlists(self, access_token: str) -> list[RemotePlaylist]:
        """Return every playlist in the member's library, all pages."""
        ...

    async def playlist_items(self, access_token: str, spotify_id: str) -> RemoteItems:
        """Return a playlist's tracks, all pages; raises `SpotifyRefused` for one that is not the member's own."""
        ...

    async def track(self, access_token: str, uri: str) -> TrackInfo:
        """Return one track; raises `SpotifyRefused` when there is none."""
        ...

    async def create_playlist(self, access_token: str, name: str, description: str, *, public: bool) -> CreatedPlaylist:
        """Make an empty playlist."""
        ...

    async def replace_items(self, access_token: str, spotify_id: str, uris: Sequence[str]) -> None:
        """Make `uris` (any number) the whole content of the playlist: doing it twice is the same as once."""
        ...
