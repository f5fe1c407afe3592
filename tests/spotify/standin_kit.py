"""Going through the Spotify stand-in as a member's browser does."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from spotify_kit import VERIFIER, StandingClock

from bot.domain.accounts import TokenSet
from bot.domain.library import RemotePlaylist
from bot.sandbox.spotify import SpotifyServer
from bot.spotify import SpotifyAdapter

CALLBACK = "http://127.0.0.1:8765/spotify/callback"
CLIENT_ID = "crossfade-sample-client"
CLIENT_SECRET = "a-secret-of-the-stand-in"


def adapter_for(spotify: SpotifyServer, clock: StandingClock, secret: str | None) -> SpotifyAdapter:
    return SpotifyAdapter(
        CLIENT_ID,
        secret,
        CALLBACK,
        clock=clock,
        accounts_url=spotify.url,
        api_url=f"{spotify.url}/v1/",
        request_timeout=5.0,
        retry_delays=(0.0, 0.0),
    )


async def consent(url: str, listener: str) -> dict[str, str]:
    """Agree on the consent page as a listener; return the query that the callback gets."""
    parts = urlsplit(url)
    fields = dict(parse_qsl(parts.query)) | {"listener": listener, "decision": "agree"}
    async with httpx.AsyncClient(trust_env=False) as browser:
        assert (await browser.get(url)).status_code == 200
        answer = await browser.post(f"{parts.scheme}://{parts.netloc}{parts.path}", data=fields)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def sign_in(client: SpotifyAdapter, listener: str = "mirasolenne") -> TokenSet:
    answer = await consent(client.authorize_url("state-1", VERIFIER), listener)
    return await client.exchange_code(answer["code"], VERIFIER)


async def playlist_named(client: SpotifyAdapter, token: str, name: str) -> RemotePlaylist:
    return next(playlist for playlist in await client.playlists(token) if playlist.name == name)
