"""The Web API as the services need it: `SpotifyAdapter`, with spotipy inside and the event loop never waiting."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Sequence
from datetime import datetime

from bot.domain.accounts import SpotifyProfile, TokenSet
from bot.domain.clock import Clock
from bot.domain.errors import AccessTokenRejected, AuthorisationRevoked
from bot.domain.library import ArtistRef, CreatedPlaylist, RemoteItems, RemotePlaylist, TrackInfo
from bot.domain.listening import LikedSongs, Listen, TimeRange
from bot.spotify import arguments, parsing
from bot.spotify.auth import AppToken, SpotifyAccounts
from bot.spotify.calls import SpotifyCalls, readable
from bot.spotify.logs import guard_logs
from bot.spotify.quota import QuotaLimiter
from bot.spotify.web_api import WebApi

PAGE = 50
_NO_SUCH_TOKEN = "crossfade-looks-whether-its-app-is-accepted"  # noqa: S105


class SpotifyAdapter:
    """Spotify for the services; it fits `bot.services.ports.SpotifyGateway`.

    Args:
        client_id: the app's id; with an empty one nobody can sign in, and is told so.
        client_secret: sent beside the PKCE verifier when there is one; None for a public client.
        redirect_uri: the callback, exactly as the developer dashboard has it.
        clock: tells the time.
        accounts_url: Spotify's accounts service.
        api_url: the Web API's base.
        request_timeout: seconds to connect, and seconds between two pieces of an answer.
        max_concurrency: how many calls run at the same time.
        retry_delays: seconds before each further try of a GET that failed.
        patience: seconds that a person is kept waiting for one answer; background work waits longer.
        limiter: lets each call begin when it may; without one there is no limit but the concurrency.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        *,
        clock: Clock,
        accounts_url: str = "https://accounts.spotify.com",
        api_url: str = "https://api.spotify.com/v1/",
        request_timeout: float = 10.0,
        max_concurrency: int = 4,
        retry_delays: Sequence[float] = (0.25, 0.75),
        patience: float = 2.0,
        limiter: QuotaLimiter | None = None,
    ) -> None:
        guard_logs()
        self._accounts = SpotifyAccounts(
            client_id,
            client_secret,
            redirect_uri,
            clock=clock,
            accounts_url=accounts_url,
            request_timeout=request_timeout,
        )
        self._clock = clock
        self._app_token: AppToken | None = None
        self._calls = SpotifyCalls(
            api_url,
            clock,
            request_timeout=request_timeout,
            max_concurrency=max_concurrency,
            retry_delays=retry_delays,
            patience=patience,
            limiter=limiter,
        )

    async def close(self) -> None:
        """Finish the calls that run, begin no others, and close the connections."""
        await self._calls.close()

    def authorize_url(self, state: str, verifier: str) -> str:
        """Return the consent page's address for a state and the S256 challenge of `verifier`."""
        return self._accounts.authorize_url(state, verifier)

    async def exchange_code(self, code: str, verifier: str) -> TokenSet:
        """Exchange the callback's code for tokens.

        Raises:
            AuthorisationRevoked: the code is spent, late or made for another verifier.
            SpotifyError: Spotify could not be asked, or refuses the app.
        """
        return await self._calls.sign_in(lambda: self._accounts.exchange_code(code, verifier))

    async def refresh(self, refresh_token: str) -> TokenSet:
        """Return fresh tokens; the refresh token is the old one when Spotify gives no other.

        It is tried once: Spotify may have replaced the refresh token even though its answer was lost. For the same
        reason a call that was begun is never given up: whoever waits for it sets a limit of their own.

        Raises:
            AuthorisationRevoked: the refresh token is dead.
            SpotifyError: Spotify could not be asked, or refuses the app.
        """
        return await self._calls.sign_in(lambda: self._accounts.refresh(refresh_token), to_the_end=True)

    async def check_app(self) -> None:
        """Ask Spotify whether the app's id and secret are right, without any member.

        Spotify looks at the client before it looks at the refresh token, which cannot exist.

        Raises:
            SpotifyRefused: they are not.
            SpotifyError: Spotify could not be asked.
        """
        with contextlib.suppress(AuthorisationRevoked):
            await self._calls.sign_in(lambda: self._accounts.refresh(_NO_SUCH_TOKEN), patient=False)

    async def app_token(self) -> str:
        """Return an access token of the app's own, for what needs no member; it is kept for as long as it lasts.

        Raises:
            SpotifyRefused: the app has no secret, or Spotify refuses it.
            SpotifyError: Spotify could not be asked.
        """
        token = self._app_token
        if token is None or not token.lasts(self._clock.now()):
            token = self._app_token = await self._calls.sign_in(self._accounts.app_token)
        return token.access_token

    async def profile(self, access_token: str) -> SpotifyProfile:
        """Return whose token it is (GET /me)."""
        return readable(parsing.profile(await self._calls.get(access_token, lambda client: client.me())))

    async def playlists(self, access_token: str) -> list[RemotePlaylist]:
        """Return every playlist in the member's library, each once, in Spotify's order (GET /me/playlists)."""

        def page(client: WebApi, offset: int) -> object:
            return client.current_user_playlists(limit=PAGE, offset=offset)

        found: dict[str, RemotePlaylist] = {}
        for listed in await self._calls.pages(access_token, page):
            playlist = parsing.playlist(listed)
            if playlist is not None:
                found.setdefault(playlist.spotify_id, playlist)
        return list(found.values())

    async def playlist_items(self, access_token: str, spotify_id: str) -> RemoteItems:
        """Return a playlist's tracks in order (GET /playlists/{id}/items).

        Raises:
            SpotifyRefused: the member neither owns it nor collaborates on it, or it does not exist.
        """
        playlist_id = arguments.playlist_id(spotify_id)

        def page(client: WebApi, offset: int) -> object:
            return client.playlist_items(playlist_id, limit=PAGE, offset=offset)

        return _items_of(await self._calls.pages(access_token, page))

    async def track(self, access_token: str, uri: str) -> TrackInfo:
        """Return one track by its `spotify:track:` URI (GET /tracks/{id}).

        Raises:
            SpotifyRefused: there is none.
        """
        track_id = arguments.track_id(uri)
        return readable(parsing.track(await self._calls.get(access_token, lambda client: client.track(track_id))))

    async def liked_songs(self, access_token: str, *, unless: str | None = None) -> LikedSongs | None:
        """Return the liked songs, newest first (GET /me/tracks); None if their mark is still `unless`.

        Spotify gives them no snapshot_id, so the mark is made of their number and of the newest fifty: a song that is
        taken out changes the number, one that comes in changes both.
        """

        def page(client: WebApi, offset: int) -> object:
            return client.current_user_saved_tracks(limit=PAGE, offset=offset)

        first = await self._calls.get(access_token, lambda client: page(client, 0))
        mark = readable(parsing.liked_mark(first))
        if mark == unless:
            return None
        return LikedSongs(_items_of(await self._calls.pages(access_token, page, first)), mark)

    async def top_tracks(self, access_token: str, time_range: TimeRange) -> list[TrackInfo]:
        """Return the tracks that the member played most (GET /me/top/tracks), in one call."""
        answer = await self._calls.get(
            access_token, lambda client: client.current_user_top_tracks(limit=PAGE, time_range=time_range.value)
        )
        read = map(parsing.track, readable(parsing.page_items(answer)))
        return [track for track in read if track is not None]

    async def top_artists(self, access_token: str, time_range: TimeRange) -> list[ArtistRef]:
        """Return the artists that the member played most (GET /me/top/artists), in one call."""
        answer = await self._calls.get(
            access_token, lambda client: client.current_user_top_artists(limit=PAGE, time_range=time_range.value)
        )
        return list(parsing.artists(readable(parsing.page_items(answer))))

    async def recently_played(self, access_token: str, *, after: datetime | None = None) -> list[Listen]:
        """Return what was played last, newest first (GET /me/player/recently-played), in one call.

        Args:
            access_token: the member's.
            after: an aware moment; what was played then or before is left out. Spotify knows the last 50 plays only.
        """
        cursor = None if after is None else int(after.timestamp() * 1000)
        answer = await self._calls.get(
            access_token, lambda client: client.current_user_recently_played(limit=PAGE, after=cursor)
        )
        read = map(parsing.listen, readable(parsing.page_items(answer)))
        return sorted((one for one in read if one is not None), key=lambda one: one.played_at, reverse=True)

    async def audio_features(self, access_token: str, uris: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return the features of up to 100 tracks (GET /audio-features); tracks that have none are left out.

        Args:
            access_token: a member's, or the app's own.
            uris: `spotify:track:` URIs; what is none is left out.

        Raises:
            SpotifyRefused: the app got no access to the endpoint before it was closed on 2024-11-27.
            ValueError: more than 100.
        """
        ids = [found for found in map(parsing.track_id, arguments.batch(uris)) if found is not None]
        if not ids:
            return {}
        try:
            answer = await self._calls.get(access_token, lambda client: client.audio_features(ids))
        except AccessTokenRejected:
            if self._app_token is not None and self._app_token.access_token == access_token:
                self._app_token = None
            raise
        return readable(parsing.audio_features(answer))

    async def create_playlist(self, access_token: str, name: str, description: str, *, public: bool) -> CreatedPlaylist:
        """Make an empty playlist (POST /me/playlists), once: a lost answer is not tried again.

        Args:
            access_token: the member's.
            name: cut to Spotify's 100 characters.
            description: cut to Spotify's 300 characters, without line breaks.
            public: whether it is shown on the member's profile.
        """
        title, about = arguments.name(name), arguments.description(description)
        answer = await self._calls.write(
            access_token,
            lambda client: client.current_user_playlist_create(title, public=public, description=about),
        )
        return readable(parsing.created_playlist(answer, title))

    async def change_playlist(
        self, access_token: str, spotify_id: str, *, name: str, description: str, public: bool
    ) -> None:
        """Change a playlist's details (PUT /playlists/{id}); texts are cut as `create_playlist` cuts them."""
        playlist_id = arguments.playlist_id(spotify_id)
        title, about = arguments.name(name), arguments.description(description)
        await self._calls.tell(
            access_token,
            lambda client: client.playlist_change_details(playlist_id, name=title, public=public, description=about),
        )

    async def put_items(self, access_token: str, spotify_id: str, uris: Sequence[str]) -> None:
        """Make up to 100 URIs the whole content of a playlist (PUT /playlists/{id}/items), in one call.

        Raises:
            ValueError: more than 100.
        """
        playlist_id, whole = arguments.playlist_id(spotify_id), arguments.batch(uris)
        await self._calls.write(access_token, lambda client: client.playlist_replace_items(playlist_id, whole))

    async def add_items(self, access_token: str, spotify_id: str, uris: Sequence[str]) -> None:
        """Put up to 100 URIs at a playlist's end (POST /playlists/{id}/items), once: a lost answer is not tried again.

        Raises:
            ValueError: more than 100.
        """
        playlist_id, more = arguments.playlist_id(spotify_id), arguments.batch(uris)
        if more:
            await self._calls.write(access_token, lambda client: client.playlist_add_items(playlist_id, more))

    async def upload_cover(self, access_token: str, spotify_id: str, jpeg: bytes) -> None:
        """Give a playlist a cover (PUT /playlists/{id}/images).

        Args:
            access_token: the member's, with the scope `ugc-image-upload`.
            spotify_id: a playlist that the member may change.
            jpeg: at most 190,000 bytes.

        Raises:
            ValueError: it is larger, or no JPEG.
        """
        playlist_id, encoded = arguments.playlist_id(spotify_id), base64.b64encode(arguments.cover(jpeg)).decode()
        await self._calls.tell(access_token, lambda client: client.playlist_upload_cover_image(playlist_id, encoded))

    async def has_playlist(self, access_token: str, spotify_id: str) -> bool:
        """Say whether a playlist is in the member's library (GET /me/library/contains)."""
        playlist_id = arguments.playlist_id(spotify_id)
        answer = await self._calls.get(access_token, lambda client: client.current_user_has_playlist(playlist_id))
        return readable(parsing.sole_flag(answer))

    async def remove_playlist(self, access_token: str, spotify_id: str) -> None:
        """Take a playlist out of the member's library (DELETE /me/library); doing it twice is the same as once."""
        playlist_id = arguments.playlist_id(spotify_id)
        await self._calls.tell(access_token, lambda client: client.current_user_unfollow_playlist(playlist_id))


def _items_of(listed: list[object]) -> RemoteItems:
    read = [parsing.entry(item) for item in listed]
    entries = tuple(entry for entry in read if entry is not None)
    return RemoteItems(entries, skipped=len(read) - len(entries))
