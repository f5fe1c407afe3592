"""spotipy's client with its faults worked round: retired paths, and shapes that are not described."""

from __future__ import annotations

import requests
from spotipy import Spotify


class WebApi(Spotify):  # type: ignore[misc]  # spotipy carries no types
    """spotipy's client of one access token on the session that all share.

    A fault answer never gets to spotipy: the session raises it before (`transport.open_session`). Left as they are,
    and so not to be called: `tracks`, `artists`, `albums` (retired batches), `user_playlist_create` (retired), and
    `artist_albums` without `limit=10`.
    """

    def __init__(self, access_token: str, session: requests.Session, api_url: str, timeout: float) -> None:
        super().__init__(auth=access_token, requests_session=session, requests_timeout=timeout)
        self.prefix = api_url

    def __del__(self) -> None:
        """Leave the session open: spotipy would close it, and every call would pay for a new connection."""

    def me(self) -> object:
        """GET /me; spotipy asks for `/me/`, which is another path."""
        return self._get("me")

    def playlist_add_items(self, playlist_id: str, items: list[str], position: int | None = None) -> object:
        """POST /playlists/{id}/items with an object, as it is described; spotipy posts a bare array."""
        payload = {"uris": items} if position is None else {"uris": items, "position": position}
        return self._post(f"playlists/{playlist_id}/items", payload=payload)

    def current_user_unfollow_playlist(self, playlist_id: str) -> object:
        """DELETE /me/library; spotipy asks the retired /playlists/{id}/followers."""
        return self._delete("me/library", uris=f"spotify:playlist:{playlist_id}")

    def current_user_has_playlist(self, playlist_id: str) -> object:
        """GET /me/library/contains; spotipy's `playlist_is_following` asks a retired path, and for a user's id."""
        return self._get("me/library/contains", uris=f"spotify:playlist:{playlist_id}")

    def audio_features(self, tracks: list[str]) -> object:
        """GET /audio-features for ids; spotipy asks for `/audio-features/`, and warns at each call."""
        return self._get("audio-features", ids=",".join(tracks))
