"""What the services need of Spotify."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.accounts import SpotifyProfile, TokenSet
from bot.domain.library import ArtistRef, CreatedPlaylist, RemoteItems, RemotePlaylist, TrackInfo
from bot.domain.listening import LikedSongs, Listen, TimeRange


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

    async def liked_songs(self, access_token: str, *, unless: str | None = None) -> LikedSongs | None:
        """Return the liked songs, all pages; None if their mark is still `unless`, which one call tells."""
        ...

    async def top_tracks(self, access_token: str, time_range: TimeRange) -> list[TrackInfo]:
        """Return up to 50 tracks that the member played most, in one call."""
        ...

    async def top_artists(self, access_token: str, time_range: TimeRange) -> list[ArtistRef]:
        """Return up to 50 artists that the member played most, in one call."""
        ...

    async def recently_played(self, access_token: str, *, after: datetime | None = None) -> list[Listen]:
        """Return what the member played last (after a moment, if one is given), at most 50, the newest first."""
        ...

    async def change_playlist(
        self, access_token: str, spotify_id: str, *, name: str, description: str, public: bool
    ) -> None:
        """Change a playlist's name and description, and whether it is shown on the member's profile."""
        ...

    async def put_items(self, access_token: str, spotify_id: str, uris: Sequence[str]) -> None:
        """Make up to 100 URIs the whole content of the playlist, in one call."""
        ...

    async def add_items(self, access_token: str, spotify_id: str, uris: Sequence[str]) -> None:
        """Put up to 100 URIs at the playlist's end, in one call that is never tried again: twice would be twice."""
        ...

    async def upload_cover(self, access_token: str, spotify_id: str, jpeg: bytes) -> None:
        """Give the playlist a cover of at most 190 KB."""
        ...

    async def has_playlist(self, access_token: str, spotify_id: str) -> bool:
        """Say whether a playlist is in the member's library; one that was deleted is in nobody's."""
        ...

    async def remove_playlist(self, access_token: str, spotify_id: str) -> None:
        """Take a playlist out of the member's library, which is how Spotify deletes one's own."""
        ...

    async def check_app(self) -> None:
        """Ask Spotify whether the app's credentials are right; raises `SpotifyRefused` when they are not."""
        ...

    async def app_token(self) -> str:
        """Return an access token of the app's own, good for calls that need no member such as `audio_features`.

        Raises `SpotifyRefused` when the app has no secret.
        """
        ...

    async def audio_features(self, access_token: str, uris: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return features of up to 100 tracks by URI, for apps that still may; raises `SpotifyRefused` for others."""
        ...


class SpotifyApps(Protocol):
    """The Spotify apps that members may be linked through; each has a quota of its own."""

    async def gateway(self, client_id: str | None) -> SpotifyGateway:
        """Return the gateway that speaks for an app (None: the default one).

        Raises `SpotifyAppGone` when it is no longer registered.
        """
        ...
