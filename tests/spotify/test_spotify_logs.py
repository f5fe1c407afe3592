"""No token and nothing of a member's comes into the log, at DEBUG neither."""

from __future__ import annotations

import logging

import pytest
from faulty_server import FaultyServer, Reply, as_json
from spotify_kit import CODE, REFRESH_TOKEN, SECRET, TOKEN, VERIFIER, Adapters, names_no_secret

from bot.domain.errors import SpotifyError
from bot.spotify import guard_logs
from bot.spotify.logs import redact

TOKENS = {"access_token": TOKEN, "refresh_token": REFRESH_TOKEN, "expires_in": 3600}


async def exercise(adapters: Adapters, faulty: FaultyServer) -> None:
    adapter = adapters(client_secret=SECRET)
    faulty.plan(
        as_json(TOKENS),
        as_json(TOKENS),
        as_json({"id": "mira", "display_name": "Mira Solenne"}),
        as_json({"error": {"status": 401, "message": f"Invalid access token {TOKEN}"}}, 401),
        Reply(400, f'{{"error": "invalid_grant", "error_description": "{REFRESH_TOKEN}"}}'.encode()),
    )
    await adapter.exchange_code(CODE, VERIFIER)
    await adapter.refresh(REFRESH_TOKEN)
    await adapter.profile(TOKEN)
    with pytest.raises(SpotifyError):
        await adapter.track(TOKEN, "spotify:track:4uLU6hMCjMI75M1A2tKUQC")
    with pytest.raises(SpotifyError):
        await adapter.refresh(REFRESH_TOKEN)


async def test_no_secret_is_logged_at_debug(
    adapters: Adapters, faulty: FaultyServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("spotipy.client", "spotipy.oauth2", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)

    await exercise(adapters, faulty)

    assert names_no_secret(caplog.text)
    assert "Mira Solenne" not in caplog.text
    assert "401 to GET /v1/tracks/4uLU6hMCjMI75M1A2tKUQC" in caplog.text


async def test_without_the_filter_the_tokens_would_be_logged(
    adapters: Adapters, faulty: FaultyServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.spotify.client.guard_logs", lambda: None)
    for name in ("spotipy.client", "spotipy.oauth2"):
        monkeypatch.setattr(logging.getLogger(name), "filters", [])
        caplog.set_level(logging.DEBUG, logger=name)

    await exercise(adapters, faulty)

    assert TOKEN in caplog.text
    assert REFRESH_TOKEN in caplog.text


def test_spotipys_warnings_pass_without_what_looks_like_a_token(caplog: pytest.LogCaptureFixture) -> None:
    guard_logs()

    logging.getLogger("spotipy.client").warning("Bearer %s was refused", TOKEN)

    assert caplog.messages == ["Bearer [...] was refused"]


def test_guarding_twice_filters_once() -> None:
    guard_logs()
    guard_logs()

    assert len(logging.getLogger("spotipy.oauth2").filters) == 1


def test_ids_stay_readable_in_the_log() -> None:
    assert redact("/v1/playlists/37i9dQZF1DXcBWIGoYBM5M/items") == "/v1/playlists/37i9dQZF1DXcBWIGoYBM5M/items"
