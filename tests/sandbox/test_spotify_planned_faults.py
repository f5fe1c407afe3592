"""Faults that tests plan at the stand-in: connections that are cut, answers that never come, nonsense."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import httpx
import pytest

Standin = Any


def test_a_cut_answer_ends_in_the_middle_and_the_next_one_is_whole(
    spotify: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    client = spotify.sign_in()
    spotify.state.faults.add("GET", "/v1/me/playlists", cut=True)
    caplog.set_level(logging.DEBUG, logger="uvicorn.error")

    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/me/playlists")

    assert client.get("/me/playlists").json()["items"]
    assert "AnswerCut" not in caplog.text
    (cut, whole) = spotify.state.journal.find("GET", "/v1/me/playlists")
    assert cut.response == whole.response
    assert cut.remarks == ("fault injected",)


def test_a_change_whose_answer_is_cut_has_taken_effect(spotify: Standin) -> None:
    client = spotify.sign_in()
    before = len(spotify.state.playlists)
    spotify.state.faults.add("POST", "/v1/me/playlists", cut=True)

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/me/playlists", json={"name": "Found"})

    assert len(spotify.state.playlists) == before + 1


def test_an_answer_without_content_can_be_cut_too(spotify: Standin) -> None:
    client = spotify.sign_in()
    playlist = spotify.state.playlists_of("mirasolenne")[0]
    spotify.state.faults.add("PUT", "/v1/playlists/*", cut=True)

    with pytest.raises(httpx.RemoteProtocolError):
        client.put(f"/playlists/{playlist.id}", json={"name": "New name"})

    assert playlist.name == "New name"


def test_the_token_endpoint_can_be_cut_in_the_middle_of_a_refresh(spotify: Standin) -> None:
    tokens = spotify.tokens()
    spotify.state.faults.add("POST", "/api/token", cut=True)

    with pytest.raises(httpx.RemoteProtocolError):
        spotify.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])


@pytest.mark.parametrize("after", [False, True])
def test_what_hangs_is_answered_truly_when_it_is_let_go(spotify: Standin, after: bool) -> None:
    client = spotify.sign_in()
    spotify.state.faults.add("POST", "/v1/me/playlists", hang=30, after=after)
    before = len(spotify.state.playlists)
    during: list[int] = []

    def let_go() -> None:
        during.append(len(spotify.state.playlists))
        spotify.state.faults.clear()

    threading.Timer(0.3, let_go).start()
    begun = time.monotonic()
    answer = client.post("/me/playlists", json={"name": "Found"}, timeout=10)

    assert 0.2 < time.monotonic() - begun < 8
    assert answer.json()["name"] == "Found"
    assert during == [before + 1 if after else before]


def test_others_are_served_while_one_hangs(spotify: Standin) -> None:
    client = spotify.sign_in()
    spotify.state.faults.add("GET", "/v1/me", hang=30)

    with pytest.raises(httpx.ReadTimeout):
        client.get("/me", timeout=0.2)

    assert client.get("/me", timeout=5).status_code == 200
    spotify.state.faults.clear()


def test_an_answer_can_be_nonsense(spotify: Standin) -> None:
    client = spotify.sign_in()
    spotify.state.faults.add("GET", "/v1/me", status=200, body='{"id": "mi')

    answer = client.get("/me")

    assert (answer.status_code, answer.text) == (200, '{"id": "mi')


def test_a_fault_that_is_none_is_refused(spotify: Standin) -> None:
    with pytest.raises(ValueError, match="a fault needs"):
        spotify.state.faults.add("GET", "/v1/me")
