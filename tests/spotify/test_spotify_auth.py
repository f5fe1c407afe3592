"""Signing in and refreshing against a token endpoint that is not always well."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from faulty_server import FaultyServer, Reply, as_json
from spotify_kit import CODE, NOW, REFRESH_TOKEN, SECRET, VERIFIER, Adapters, everything_said_by, names_no_secret

from bot.domain.accounts import TokenSet
from bot.domain.errors import (
    AuthorisationRevoked,
    SpotifyError,
    SpotifyRateLimited,
    SpotifyRefused,
    SpotifyUnavailable,
)
from bot.spotify import SCOPES, SpotifyAdapter
from bot.spotify.auth import challenge_of

TOKENS = {
    "access_token": "BQ-new",
    "token_type": "Bearer",
    "expires_in": 3600,
    "scope": "playlist-read-private playlist-modify-private",
    "refresh_token": "AQ-new",
}


def form(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def test_the_challenge_is_that_of_the_rfc() -> None:
    # RFC 7636, appendix B.
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def test_the_consent_page_is_asked_for_exactly_what_is_needed(
    adapter: SpotifyAdapter, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)

    url = adapter.authorize_url("state-1", VERIFIER)

    assert url.startswith(f"{faulty.url}/authorize?")
    assert {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} == {
        "client_id": "crossfade-client",
        "response_type": "code",
        "redirect_uri": "http://127.0.0.1:8765/spotify/callback",
        "scope": "playlist-modify-private playlist-modify-public playlist-read-collaborative playlist-read-private "
        "ugc-image-upload user-library-read user-read-recently-played user-top-read",
        "state": "state-1",
        "code_challenge_method": "S256",
        "code_challenge": challenge_of(VERIFIER),
        "show_dialog": "true",
    }
    assert opened == []


async def test_a_code_is_exchanged_with_its_own_verifier(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    faulty.plan(as_json(TOKENS))

    tokens = await adapter.exchange_code(CODE, VERIFIER)

    scopes = frozenset({"playlist-read-private", "playlist-modify-private"})
    assert tokens == TokenSet("BQ-new", "AQ-new", NOW + timedelta(hours=1), scopes)
    (seen,) = faulty.seen
    assert (seen.method, seen.path) == ("POST", "/api/token")
    assert form(seen.body) == {
        "client_id": "crossfade-client",
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": "http://127.0.0.1:8765/spotify/callback",
        "code_verifier": VERIFIER,
    }
    assert "Authorization" not in seen.headers


async def test_a_confidential_client_sends_its_secret_beside_the_verifier(
    adapters: Adapters, faulty: FaultyServer
) -> None:
    faulty.plan(as_json(TOKENS))
    adapter = adapters(client_secret=SECRET)

    await adapter.exchange_code(CODE, VERIFIER)
    await adapter.refresh(REFRESH_TOKEN)

    basic = "Basic " + base64.b64encode(f"crossfade-client:{SECRET}".encode()).decode()
    assert [seen.headers["Authorization"] for seen in faulty.seen] == [basic, basic]
    assert form(faulty.seen[0].body)["code_verifier"] == VERIFIER
    assert SECRET.encode() not in faulty.seen[0].body + faulty.seen[1].body


@pytest.mark.parametrize("missing", [{}, {"refresh_token": None}, {"refresh_token": ""}])
async def test_the_old_refresh_token_is_kept_when_the_answer_has_none(
    adapter: SpotifyAdapter, faulty: FaultyServer, missing: dict[str, object]
) -> None:
    answer = {key: value for key, value in TOKENS.items() if key != "refresh_token"} | missing
    faulty.plan(as_json(answer))

    tokens = await adapter.refresh(REFRESH_TOKEN)

    assert (tokens.access_token, tokens.refresh_token) == ("BQ-new", REFRESH_TOKEN)
    assert form(faulty.seen[0].body) == {
        "client_id": "crossfade-client",
        "grant_type": "refresh_token",
        "refresh_token": REFRESH_TOKEN,
    }


async def test_a_new_refresh_token_is_taken(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    faulty.plan(as_json(TOKENS))

    assert (await adapter.refresh(REFRESH_TOKEN)).refresh_token == "AQ-new"


async def test_an_answer_that_names_no_scopes_grants_what_was_asked_for(
    adapter: SpotifyAdapter, faulty: FaultyServer
) -> None:
    faulty.plan(as_json({key: value for key, value in TOKENS.items() if key != "scope"}))

    assert (await adapter.refresh(REFRESH_TOKEN)).scopes == frozenset(SCOPES)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (as_json({"error": "invalid_grant", "error_description": "Refresh token revoked"}, 400), AuthorisationRevoked),
        (as_json({"error": "invalid_client", "error_description": "Invalid client secret"}, 400), SpotifyRefused),
        (as_json({"error": "server_error"}, 500), SpotifyUnavailable),
        (as_json({"error": "invalid_grant"}, 503), SpotifyUnavailable),
        (as_json(["invalid_grant"], 400), SpotifyUnavailable),
        (as_json({"error": {"status": 400, "message": "invalid_grant"}}, 400), SpotifyUnavailable),
        (Reply(502, b"<html>Bad gateway</html>"), SpotifyUnavailable),
        (Reply(400, b"<html>invalid_grant</html>"), SpotifyUnavailable),
        (Reply(200, b'{"access_token": "BQ', promised=400), SpotifyUnavailable),
        (Reply(400, b'{"error": "invalid_grant"', promised=400), SpotifyUnavailable),
        (Reply(429, b"", {"Retry-After": "60"}), SpotifyRateLimited),
    ],
)
async def test_an_outage_is_never_taken_for_a_revocation(
    adapter: SpotifyAdapter, faulty: FaultyServer, reply: Reply, kind: type[SpotifyError]
) -> None:
    faulty.plan(reply)

    with pytest.raises(SpotifyError) as refreshing:
        await adapter.refresh(REFRESH_TOKEN)
    with pytest.raises(SpotifyError) as exchanging:
        await adapter.exchange_code(CODE, VERIFIER)

    assert (type(refreshing.value), type(exchanging.value)) == (kind, kind)
    assert len(faulty.seen) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b'"BQ"',
        b"{}",
        b"{",
        b"<html></html>",
        b"[" * 100_000,
        b'{"access_token": "BQ"}',
        b'{"access_token": "", "expires_in": 3600, "refresh_token": "AQ"}',
        b'{"access_token": 5, "expires_in": 3600, "refresh_token": "AQ"}',
        b'{"access_token": "BQ", "expires_in": "soon", "refresh_token": "AQ"}',
        b'{"access_token": "BQ", "expires_in": NaN, "refresh_token": "AQ"}',
        b'{"access_token": "BQ", "expires_in": 1e999, "refresh_token": "AQ"}',
        b'{"access_token": "BQ", "expires_in": -1, "refresh_token": "AQ"}',
        b'{"access_token": "BQ", "expires_in": true, "refresh_token": "AQ"}',
        b'{"access_token": "BQ", "expires_in": ' + b"9" * 400 + b', "refresh_token": "AQ"}',
        b'{"access_token": "BQ", "expires_in": 3600, "refresh_token": 5}',
        b'{"access_token": "BQ", "expires_in": 3600, "refresh_token": "AQ", "scope": 5}',
    ],
)
async def test_nonsense_from_the_token_endpoint_is_an_outage(
    adapter: SpotifyAdapter, faulty: FaultyServer, body: bytes
) -> None:
    faulty.plan(Reply(200, body))

    with pytest.raises(SpotifyUnavailable):
        await adapter.refresh(REFRESH_TOKEN)
    with pytest.raises(SpotifyUnavailable):
        await adapter.exchange_code(CODE, VERIFIER)


async def test_nobody_listening_is_an_outage(adapters: Adapters) -> None:
    with pytest.raises(SpotifyUnavailable):
        await adapters(accounts_url="http://127.0.0.1:9").refresh(REFRESH_TOKEN)


async def test_a_token_request_is_never_carried_to_another_host(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    elsewhere = FaultyServer()
    elsewhere.plan(as_json(TOKENS))
    faulty.plan(Reply(307, b"", {"Location": f"{elsewhere.url}/api/token"}))

    with pytest.raises(SpotifyUnavailable):
        await adapter.refresh(REFRESH_TOKEN)

    elsewhere.close()
    assert elsewhere.seen == []


async def test_an_empty_code_opens_no_browser_and_asks_nobody(
    adapter: SpotifyAdapter, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a service has no browser and nobody at the keyboard")

    monkeypatch.setattr("webbrowser.open", refuse)
    monkeypatch.setattr("builtins.input", refuse)

    with pytest.raises(AuthorisationRevoked):
        await adapter.exchange_code("", VERIFIER)

    assert faulty.seen == []


async def test_tokens_are_not_written_to_spotipys_cache_file(
    adapter: SpotifyAdapter, faulty: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    faulty.plan(as_json(TOKENS))

    await adapter.exchange_code(CODE, VERIFIER)
    await adapter.refresh(REFRESH_TOKEN)

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "reply",
    [
        as_json({"error": "invalid_grant", "error_description": f"{REFRESH_TOKEN} {CODE} {SECRET}"}, 400),
        Reply(500, f"{REFRESH_TOKEN} {CODE} {SECRET}".encode()),
        Reply(200, b"nonsense"),
        Reply(200, b"", promised=100),
    ],
)
async def test_no_secret_is_in_an_error_or_its_causes(adapters: Adapters, faulty: FaultyServer, reply: Reply) -> None:
    faulty.plan(reply)
    adapter = adapters(client_secret=SECRET)

    for attempt in (adapter.refresh(REFRESH_TOKEN), adapter.exchange_code(CODE, VERIFIER)):
        with pytest.raises(SpotifyError) as caught:
            await attempt
        assert names_no_secret(everything_said_by(caught.value))
        assert caught.value.__context__ is None


async def test_without_a_client_id_nobody_signs_in_by_another_one(
    adapters: Adapters, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTIPY_CLIENT_ID", "somebody-elses")
    adapter = adapters(client_id="")

    with pytest.raises(SpotifyRefused, match="client id"):
        adapter.authorize_url("state-1", VERIFIER)
    with pytest.raises(SpotifyRefused, match="client id"):
        await adapter.refresh(REFRESH_TOKEN)
    with pytest.raises(SpotifyRefused, match="client id"):
        await adapter.exchange_code(CODE, VERIFIER)

    assert faulty.seen == []
