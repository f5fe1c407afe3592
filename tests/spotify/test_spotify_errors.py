"""What Spotify's unwelcome answers mean to people."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import (
    AccessTokenRejected,
    AuthorisationRevoked,
    SpotifyError,
    SpotifyRateLimited,
    SpotifyRefused,
    SpotifyUnavailable,
)
from bot.spotify import errors
from bot.spotify.errors import UnwelcomeAnswer, api_fault, retry_at, token_fault

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def api_error(status: int, message: str, path: str = "/v1/me", **more: str) -> UnwelcomeAnswer:
    return UnwelcomeAnswer(
        status, path, body=json.dumps({"error": {"status": status, "message": message, **more}}).encode()
    )


def oauth_error(code: object, status: int = 400) -> UnwelcomeAnswer:
    return UnwelcomeAnswer(status, "/api/token", body=json.dumps({"error": code, "error_description": "x"}).encode())


@pytest.mark.parametrize(
    ("message", "path", "sentence"),
    [
        ("User not registered in the Developer Dashboard", "/v1/me", errors.NOT_ON_THE_LIST),
        ("The user is not registered for this application.", "/v1/playlists/x/items", errors.NOT_ON_THE_LIST),
        ("User not approved for app", "/v1/me", errors.NOT_ON_THE_LIST),
        ("Insufficient client scope", "/v1/playlists/x/items", errors.SCOPE_MISSING),
        ("Active premium subscription required for the owner of the app.", "/v1/me", errors.PREMIUM_MISSING),
        ("Forbidden", "/v1/playlists/x/items", errors.NOT_YOURS),
        ("You cannot add tracks to a playlist you don't own.", "/v1/playlists/x/items", errors.NOT_YOURS),
        ("Forbidden", "/v1/me/playlists", errors.FORBIDDEN),
    ],
)
def test_each_cause_of_a_403_has_its_own_sentence(message: str, path: str, sentence: str) -> None:
    fault = api_fault(api_error(403, message, path), NOW)

    assert isinstance(fault, SpotifyRefused)
    assert str(fault) == sentence


def test_a_403_in_plain_text_is_understood_too() -> None:
    text = b"Check settings on developer.spotify.com/dashboard, the user may not be registered."

    assert str(api_fault(UnwelcomeAnswer(403, "/v1/me", body=text), NOW)) == errors.NOT_ON_THE_LIST


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/v1/playlists/x/items", errors.NO_SUCH_PLAYLIST),
        ("/v1/tracks/x", errors.NO_SUCH_TRACK),
        ("/v1/me", errors.NOT_FOUND),
    ],
)
def test_a_404_says_what_is_missing(path: str, sentence: str) -> None:
    fault = api_fault(api_error(404, "Resource not found", path), NOW)

    assert isinstance(fault, SpotifyRefused)
    assert str(fault) == sentence


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, SpotifyUnavailable),
        (400, SpotifyRefused),
        (401, AccessTokenRejected),
        (408, SpotifyUnavailable),
        (500, SpotifyUnavailable),
        (503, SpotifyUnavailable),
        (599, SpotifyUnavailable),
    ],
)
def test_other_statuses_of_the_web_api(status: int, kind: type[SpotifyError]) -> None:
    assert type(api_fault(api_error(status, "whatever"), NOW)) is kind


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (oauth_error("invalid_grant"), AuthorisationRevoked),
        (oauth_error("invalid_grant", 401), AuthorisationRevoked),
        (oauth_error("invalid_grant", 503), SpotifyUnavailable),
        (oauth_error("server_error", 500), SpotifyUnavailable),
        (oauth_error("temporarily_unavailable", 503), SpotifyUnavailable),
        (oauth_error("invalid_client"), SpotifyRefused),
        (oauth_error("invalid_client", 401), SpotifyRefused),
        (oauth_error("invalid_request"), SpotifyRefused),
        (oauth_error({"status": 400}), SpotifyUnavailable),
        (UnwelcomeAnswer(400, "/api/token", body=b"<html>invalid_grant</html>"), SpotifyUnavailable),
        (UnwelcomeAnswer(403, "/api/token", body=b'{"error": "invalid_grant"}'), SpotifyUnavailable),
        (UnwelcomeAnswer(429, "/api/token"), SpotifyRateLimited),
    ],
)
def test_only_invalid_grant_ends_an_authorisation(answer: UnwelcomeAnswer, kind: type[SpotifyError]) -> None:
    assert type(token_fault(answer, NOW)) is kind


def test_a_wrong_client_is_a_matter_for_the_host() -> None:
    assert str(token_fault(oauth_error("invalid_client"), NOW)) == errors.WRONG_CLIENT
    assert str(token_fault(oauth_error("invalid_request"), NOW)) == errors.WRONG_SETUP


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("48925", 48925),
        ("86400", 86400),
        (" 7 ", 7),
        ("0", 1),
        (None, 30),
        ("", 30),
        ("soon", 30),
        ("-5", 30),
        ("1e3", 30),
        ("9" * 30, 30),
        ("9" * 6000, 30),
        ("Fri, 20 Nov 2026 12:10:00 GMT", 600),
        ("Fri, 20 Nov 2026 13:10:00 +0100", 600),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 1),
    ],
)
def test_when_spotify_may_be_asked_again(header: str | None, seconds: int) -> None:
    assert retry_at(header, NOW) == NOW + timedelta(seconds=seconds)


@settings(deadline=None)
@given(
    status=st.integers(300, 599),
    body=st.one_of(st.binary(), st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode)),
    header=st.none() | st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"),
)
def test_every_answer_has_a_meaning(status: int, body: bytes, header: str | None) -> None:
    answer = UnwelcomeAnswer(status, "/v1/playlists/x/items", header, body)

    for fault in (api_fault(answer, NOW), token_fault(answer, NOW)):
        assert isinstance(fault, SpotifyError)
        assert len(str(fault)) > 20


@pytest.mark.parametrize(
    "sentence", [value for name, value in vars(errors).items() if name.isupper() and isinstance(value, str)]
)
def test_each_cause_is_told_in_one_sentence(sentence: str) -> None:
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 260
