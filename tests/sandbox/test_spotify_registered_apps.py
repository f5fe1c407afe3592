"""Several apps at the stand-in: each has codes, tokens and registered users of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from spotify_checks import refusal

Standin = Any
GUILD = {"client_id": "guild-app"}
SECRET = "guild-secret"


@pytest.fixture
def guild_app(spotify: Standin) -> Standin:
    spotify.state.register_app("guild-app", SECRET, name="Listening Room")
    return spotify


def guild_tokens(spotify: Standin, listener: str = "mirasolenne") -> dict[str, str]:
    code = spotify.authorize(listener, **GUILD)["code"]
    answer = spotify.exchange(code, client_secret=SECRET, **GUILD)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def error_of(answer: Any) -> str:  # noqa: ANN401
    return str(answer.json()["error"])


def test_the_consent_page_names_the_app_that_asks(guild_app: Standin) -> None:
    first = guild_app.web.get("/authorize", params=guild_app.parameters())
    guilds = guild_app.web.get("/authorize", params=guild_app.parameters(**GUILD))

    assert "Allow Crossfade?" in first.text
    assert "Allow Listening Room?" in guilds.text
    assert "Crossfade" not in guilds.text
    assert guild_app.web.get("/authorize", params=guild_app.parameters(client_id="unknown")).status_code == 400


def test_a_code_belongs_to_the_app_that_asked(guild_app: Standin) -> None:
    theirs, ours = guild_app.authorize("mirasolenne", **GUILD)["code"], guild_app.authorize("mirasolenne")["code"]

    assert error_of(guild_app.exchange(theirs)) == "invalid_grant"
    assert error_of(guild_app.exchange(ours, client_secret=SECRET, **GUILD)) == "invalid_grant"


def test_a_refresh_token_belongs_to_the_app_that_got_it(guild_app: Standin) -> None:
    tokens = guild_tokens(guild_app)
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    assert error_of(guild_app.token(**refresh)) == "invalid_grant"
    assert guild_app.token(**refresh, client_secret=SECRET, **GUILD).status_code == 200


@pytest.mark.parametrize("changes", [{"client_secret": "wrong"}, {"client_id": "unknown", "client_secret": SECRET}])
def test_a_wrong_secret_or_an_unknown_app_is_an_invalid_client(guild_app: Standin, changes: dict[str, str]) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "made-up"} | GUILD | changes

    assert error_of(guild_app.token(**form)) == "invalid_client"
    assert error_of(guild_app.token(**form | GUILD | {"client_secret": SECRET})) == "invalid_grant"


def test_registered_users_are_those_of_one_app(guild_app: Standin) -> None:
    guild_app.state.apps["guild-app"].registered_users = {"jonaskettleburn"}
    guilds, ours = guild_tokens(guild_app)["access_token"], guild_app.tokens()["access_token"]
    jonas = guild_tokens(guild_app, "jonaskettleburn")["access_token"]

    status, message = refusal(guild_app.client(guilds).get("/me"))
    assert (status, "registered" in message) == (403, True)
    assert guild_app.client(ours).get("/me").status_code == 200
    assert guild_app.client(jonas).get("/me").status_code == 200


def test_tokens_of_a_removed_app_are_worth_nothing(guild_app: Standin) -> None:
    tokens = guild_tokens(guild_app)
    guild_app.state.remove_app("guild-app")

    assert guild_app.client(tokens["access_token"]).get("/me").status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_secret": SECRET}
    assert error_of(guild_app.token(**form | GUILD)) == "invalid_client"


def test_a_reset_forgets_the_other_apps(guild_app: Standin) -> None:
    guild_app.state.reset()

    assert list(guild_app.state.apps) == ["sandbox-client"]


def app_token(spotify: Standin, **changes: str) -> Any:  # noqa: ANN401
    return spotify.token(**{"grant_type": "client_credentials", "client_secret": SECRET} | GUILD | changes)


def test_an_app_gets_a_token_of_its_own_that_stands_for_no_listener(guild_app: Standin) -> None:
    answer = app_token(guild_app).json()

    assert set(answer) == {"access_token", "token_type", "expires_in"}
    assert refusal(guild_app.client(answer["access_token"]).get("/me/playlists"))[0] == 403
    assert error_of(app_token(guild_app, client_secret="wrong")) == "invalid_client"
    without = {"grant_type": "client_credentials"} | GUILD
    assert error_of(guild_app.token(**without)) == "invalid_client"


@pytest.mark.parametrize("legacy", [True, False])
def test_only_an_old_app_reads_audio_features(spotify: Standin, legacy: bool) -> None:
    spotify.state.register_app("guild-app", SECRET, legacy=legacy)
    client = spotify.client(app_token(spotify).json()["access_token"])
    ids = list(spotify.state.music.tracks)[:50]

    answer = client.get("/audio-features", params={"ids": ",".join([*ids, "unknown"])})

    if not legacy:
        assert refusal(answer)[0] == 403
        return
    listed = answer.json()["audio_features"]
    assert [one["id"] if one else None for one in listed[:50]] == [
        identifier if spotify.state.music.audio_features(identifier) else None for identifier in ids
    ]
    assert listed[50] is None
    assert refusal(client.get("/audio-features", params={"ids": ",".join(["x"] * 101)}))[0] == 400
    assert refusal(client.get("/audio-features"))[0] == 400


def test_members_of_both_apps_keep_apart_grants(guild_app: Standin) -> None:
    both: list[Callable[[], dict[str, str]]] = [lambda: guild_tokens(guild_app), guild_app.tokens]
    tokens = [get() for get in both]

    assert guild_app.state.revoke("mirasolenne") == 2
    assert all(guild_app.client(one["access_token"]).get("/me").status_code == 401 for one in tokens)
