"""Spotify's stand-in, the accounts service: consent, codes, tokens and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Standin

SECRET = ("sandbox-client", "sandbox-secret")


def problem(answer: object) -> tuple[int, str, str]:
    body = answer.json()  # type: ignore[attr-defined]
    return answer.status_code, body["error"], body["error_description"]  # type: ignore[attr-defined]


def test_the_consent_page_names_the_app_the_scopes_and_the_listeners(spotify: Standin) -> None:
    page = spotify.web.get("/authorize", params=spotify.parameters(scope="playlist-read-private user-top-read"))
    assert page.status_code == 200
    assert "Allow Crossfade?" in page.text
    assert "See your private playlists" in page.text
    assert "See your top artists and tracks" in page.text
    assert "Upload covers" not in page.text
    assert all(listener.display_name in page.text for listener in spotify.state.world.listeners)


def test_what_the_app_sends_is_escaped_on_the_consent_page(spotify: Standin) -> None:
    page = spotify.web.get("/authorize", params=spotify.parameters(state='"><script>alert(1)</script>'))
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"client_id": "someone-else"}, "Invalid client"),
        ({"redirect_uri": "http://localhost:8888/callback"}, "Insecure redirect URI"),
        ({"redirect_uri": "http://example.com/callback"}, "Insecure redirect URI"),
        ({"redirect_uri": "nonsense"}, "Invalid redirect URI"),
        ({"response_type": "token"}, "response_type must be code"),
        ({"code_challenge_method": "plain"}, "code_challenge_method must be S256"),
        ({"scope": "playlist-read-private rule-the-world"}, "Invalid scope"),
    ],
)
def test_a_wrong_request_is_shown_as_a_page_and_never_redirected(
    spotify: Standin, changes: dict[str, str], message: str
) -> None:
    for answer in (
        spotify.web.get("/authorize", params=spotify.parameters(**changes)),
        spotify.web.post("/authorize", data=spotify.parameters(**changes) | {"decision": "agree"}),
    ):
        assert answer.status_code == 400
        assert message in answer.text


@pytest.mark.parametrize("address", ["https://bot.example.com/callback", "http://[::1]:99/callback"])
def test_https_and_loopback_redirects_are_allowed(spotify: Standin, address: str) -> None:
    assert spotify.web.get("/authorize", params=spotify.parameters(redirect_uri=address)).status_code == 200


def test_registered_redirects_are_matched_exactly(spotify: Standin) -> None:
    registered = spotify.parameters()["redirect_uri"]
    spotify.state.redirect_uris = {registered}
    assert spotify.web.get("/authorize", params=spotify.parameters()).status_code == 200
    other = spotify.web.get("/authorize", params=spotify.parameters(redirect_uri=f"{registered}/"))
    assert "Invalid redirect URI" in other.text


def test_agreeing_returns_code_and_state_and_cancelling_an_error(spotify: Standin) -> None:
    agreed = spotify.authorize("mirasolenne")
    assert agreed["state"] == "opaque"
    assert len(agreed["code"]) > 30
    assert spotify.authorize("mirasolenne", decision="cancel") == {"error": "access_denied", "state": "opaque"}
    kept = spotify.authorize("mirasolenne", redirect_uri="https://bot.example.com/callback?guild=1")
    assert kept["guild"] == "1"


def test_a_code_is_exchanged_for_tokens(spotify: Standin) -> None:
    tokens = spotify.tokens("jonaskettleburn", scope="user-top-read playlist-read-private")
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["scope"] == "playlist-read-private user-top-read"
    assert spotify.client(tokens["access_token"]).get("/me").json()["id"] == "jonaskettleburn"


def test_a_code_works_once_for_ten_minutes_with_its_verifier_and_redirect(spotify: Standin) -> None:
    used = spotify.authorize("mirasolenne")["code"]
    assert spotify.exchange(used).status_code == 200
    assert problem(spotify.exchange(used)) == (400, "invalid_grant", "Invalid authorization code")

    wrong_verifier = spotify.exchange(spotify.authorize("mirasolenne")["code"], code_verifier="x" * 50)
    assert problem(wrong_verifier) == (400, "invalid_grant", "code_verifier was incorrect")
    wrong_redirect = spotify.exchange(spotify.authorize("mirasolenne")["code"], redirect_uri="http://127.0.0.1:1/")
    assert problem(wrong_redirect) == (400, "invalid_grant", "Invalid redirect URI")

    late = spotify.authorize("mirasolenne")["code"]
    spotify.clock.advance(minutes=10, seconds=1)
    assert problem(spotify.exchange(late)) == (400, "invalid_grant", "Authorization code expired")


def test_a_failed_attempt_uses_the_code_up(spotify: Standin) -> None:
    code = spotify.authorize("mirasolenne")["code"]
    spotify.exchange(code, code_verifier="x" * 50)
    assert problem(spotify.exchange(code)) == (400, "invalid_grant", "Invalid authorization code")


def test_an_access_token_ends_after_an_hour(spotify: Standin) -> None:
    client = spotify.sign_in()
    spotify.clock.advance(seconds=3599)
    assert client.get("/me").status_code == 200
    spotify.clock.advance(seconds=1)
    expired = client.get("/me")
    assert expired.status_code == 401
    assert expired.json() == {"error": {"status": 401, "message": "The access token expired"}}


def test_refreshing_with_pkce_replaces_the_refresh_token(spotify: Standin) -> None:
    first = spotify.tokens()["refresh_token"]
    answer = spotify.token(grant_type="refresh_token", refresh_token=first).json()
    assert answer["refresh_token"] != first
    assert spotify.client(answer["access_token"]).get("/me").status_code == 200
    again = spotify.token(grant_type="refresh_token", refresh_token=first)
    assert problem(again) == (400, "invalid_grant", "Refresh token revoked")
    unknown = spotify.token(grant_type="refresh_token", refresh_token="never-issued")
    assert problem(unknown) == (400, "invalid_grant", "Invalid refresh token")


def test_refreshing_does_not_extend_the_six_months(spotify: Standin) -> None:
    token = spotify.tokens()["refresh_token"]
    for _ in range(6):
        spotify.clock.advance(days=30)
        token = spotify.token(grant_type="refresh_token", refresh_token=token).json()["refresh_token"]
    spotify.clock.advance(days=5)
    late = spotify.token(grant_type="refresh_token", refresh_token=token)
    assert problem(late) == (400, "invalid_grant", "Refresh token revoked")


def test_an_app_with_a_secret_keeps_its_refresh_token(spotify: Standin) -> None:
    parameters = spotify.parameters()
    for name in ("code_challenge", "code_challenge_method"):
        del parameters[name]
    form = parameters | {"listener": "ifemarlowe", "decision": "agree"}
    location = spotify.web.post("/authorize", data=form).headers["location"]
    code = location.partition("code=")[2].partition("&")[0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": parameters["redirect_uri"]}
    tokens = spotify.web.post("/api/token", data=form, auth=SECRET).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = spotify.web.post("/api/token", data=form, auth=SECRET)
    assert refreshed.status_code == 200
    assert "refresh_token" not in refreshed.json()
    assert problem(spotify.token(**form))[1] == "invalid_client"


def test_without_secret_and_verifier_nobody_gets_tokens(spotify: Standin) -> None:
    parameters = spotify.parameters()
    for name in ("code_challenge", "code_challenge_method"):
        del parameters[name]
    form = parameters | {"listener": "ifemarlowe", "decision": "agree"}
    location = spotify.web.post("/authorize", data=form).headers["location"]
    answer = spotify.exchange(location.partition("code=")[2].partition("&")[0])
    assert problem(answer)[:2] == (400, "invalid_client")


def test_wrong_clients_and_grant_types_are_refused(spotify: Standin) -> None:
    assert problem(spotify.token(client_id="other", grant_type="refresh_token"))[1] == "invalid_client"
    wrong = spotify.web.post("/api/token", data={"grant_type": "refresh_token"}, auth=("sandbox-client", "guess"))
    assert problem(wrong)[1] == "invalid_client"
    assert problem(spotify.token(grant_type="password"))[1] == "unsupported_grant_type"
    assert problem(spotify.token(grant_type="refresh_token"))[1] == "invalid_request"


def test_revoking_ends_access_and_refresh(spotify: Standin) -> None:
    tokens = spotify.tokens("mirasolenne")
    other = spotify.sign_in("ifemarlowe")
    account_id = spotify.client(tokens["access_token"]).get("/me").json()["account_id"]
    assert spotify.state.revoke(account_id) == 1
    assert spotify.client(tokens["access_token"]).get("/me").status_code == 401
    refused = spotify.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert problem(refused) == (400, "invalid_grant", "Refresh token revoked")
    assert other.get("/me").status_code == 200
    assert spotify.sign_in("mirasolenne").get("/me").status_code == 200


def test_listeners_who_are_not_registered_log_in_but_are_refused(spotify: Standin) -> None:
    spotify.state.registered_users = {"mirasolenne"}
    refused = spotify.sign_in("ifemarlowe").get("/me")
    assert refused.status_code == 403
    assert "may not be registered" in refused.json()["error"]["message"]
    assert spotify.sign_in("mirasolenne").get("/me").status_code == 200


def test_no_token_or_a_strange_one_is_refused(spotify: Standin) -> None:
    assert spotify.web.get("/v1/me").json() == {"error": {"status": 401, "message": "No token provided"}}
    assert spotify.web.get("/v1/me", auth=SECRET).status_code == 400
    assert spotify.client("guessed").get("/me").status_code == 401


def test_the_journal_never_holds_a_secret(spotify: Standin) -> None:
    tokens = spotify.tokens()
    renewed = spotify.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    spotify.client(renewed["access_token"]).get("/me")
    spotify.exchange(spotify.authorize("mirasolenne")["code"], client_secret=SECRET[1])
    assert len(spotify.state.journal) == 6
    written = repr(list(spotify.state.journal))
    secrets = [tokens["access_token"], tokens["refresh_token"], renewed["access_token"], SECRET[1], "a-verifier-that"]
    assert not [secret for secret in secrets if secret in written]
