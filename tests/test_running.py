"""`crossfade run` and `crossfade doctor` as processes and against servers that refuse."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import discord
import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from bot import app, upkeep
from bot.domain.errors import CrossfadeError
from bot.services.doctor import Finding, Verdict, examine
from bot.settings import Settings
from bot.web.server import listen, serving

if TYPE_CHECKING:
    from bot.sandbox.spotify import SpotifyServer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


async def started(home: Path, port: int, *words: str) -> asyncio.subprocess.Process:
    """Start the command with settings of its own and nothing of ours."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CROSSFADE_")}
    theirs = {"CROSSFADE_HOME": str(home), "CROSSFADE_WEB_PORT": str(port), "CROSSFADE_SPOTIFY_CLIENT_ID": "x"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "--env-file", "/dev/null", *words),
        env={**ours, **theirs},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ready(port: int) -> dict[str, object]:
    """Ask for health until there is an answer."""
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as browser:
        while True:
            try:
                return dict((await browser.get("/healthz")).json())
            except httpx.TransportError:
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_web_part_runs_alone_makes_its_tables_and_stops_when_asked(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    process = await started(tmp_path, port, "run", "--only", "web")
    assert await ready(port) == {"ready": True, "parts": {"database": True}}
    process.send_signal(number)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, said.decode()
    assert b"Traceback" not in said
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


async def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        process = await started(tmp_path, taken.getsockname()[1], "run", "--only", "web")
        _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"CROSSFADE_WEB_PORT" in said
    assert b"Traceback" not in said


@pytest.fixture
async def discord_that_refuses(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let discord.py meet a server that accepts no token."""
    refusing = FastAPI()

    @refusing.api_route("/{path:path}", methods=["GET", "POST"])
    async def refuse(path: str) -> JSONResponse:
        return JSONResponse({"message": "401: Unauthorized", "code": 0}, status_code=401)

    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setattr(discord.http.Route, "BASE", f"{address}/api/v10")
    async with serving(refusing, listener):
        yield


def with_token(settings: Settings) -> Settings:
    """Return the settings with a Discord token and a free web port."""
    settings._overrides["discord"] = {"token": "a.b.c", "development_guild": None}
    settings._overrides["web"] = {"host": "127.0.0.1", "port": free_port(), "public_url": None}
    return settings


@pytest.mark.usefixtures("discord_that_refuses")
@pytest.mark.parametrize("parts", [["discord"], ["jobs"], ["discord", "web", "jobs"]], ids=",".join)
async def test_a_token_that_discord_refuses_is_said_in_one_sentence(settings: Settings, parts: list[str]) -> None:
    with pytest.raises(CrossfadeError, match="does not accept CROSSFADE_DISCORD_TOKEN"):
        await app.run(with_token(settings), parts)


async def findings_of(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in await examine(upkeep.checks(settings))}


@pytest.mark.usefixtures("discord_that_refuses")
async def test_the_doctor_finds_what_is_well_and_what_is_not(settings: Settings) -> None:
    findings = await findings_of(with_token(settings))
    verdicts = {name: finding.verdict for name, finding in findings.items()}
    assert verdicts == {
        "settings": Verdict.OK,
        "home folder": Verdict.OK,
        "encryption key": Verdict.OK,
        "database": Verdict.OK,
        "model": Verdict.OK,
        "audio features": Verdict.OK,
        "Discord": Verdict.FAIL,
        "Spotify": Verdict.OK,
    }


async def test_the_doctor_tells_wrong_spotify_credentials_from_an_outage(
    settings: Settings, spotify_server: SpotifyServer
) -> None:
    spotify_server.state.faults.add(
        "POST", "/api/token", status=400, body={"error": "invalid_client", "error_description": "Invalid client"}
    )
    assert "client ID" in (await findings_of(settings))["Spotify"].text
    spotify_server.state.faults.add("POST", "/api/token", status=503)
    assert "does not answer" in (await findings_of(settings))["Spotify"].text


async def test_the_doctor_shows_no_secret(settings: Settings) -> None:
    shown = json.dumps([finding.text for finding in (await findings_of(with_token(settings))).values()])
    assert "a.b.c" not in shown
