"""The event loop goes on whatever Spotify does, and nothing is stuck for ever."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest
import requests
import spotipy
from faulty_server import FaultyServer, Reply, as_json
from spotify_kit import TOKEN, Adapters, LoopMeter, StandingClock

from bot.domain.errors import SpotifyUnavailable
from bot.spotify.errors import api_fault
from bot.spotify.transport import Workers, open_session, unsigned

HANG = Reply(hang=True)
TRICKLE = Reply(trickle=True, promised=10_000)
ME = as_json({"id": "mira", "account_id": "acc-mira", "display_name": "Mira"})


async def test_the_event_loop_goes_on_while_spotify_hangs(adapters: Adapters, faulty: FaultyServer) -> None:
    faulty.plan(HANG)
    adapter = adapters(request_timeout=0.8, retry_delays=())

    async with LoopMeter.running() as meter:
        with pytest.raises(SpotifyUnavailable):
            await adapter.profile(TOKEN)
        with pytest.raises(SpotifyUnavailable):
            await adapter.refresh("AQ")

    assert meter.longest < 0.5


async def test_spotipy_alone_would_stop_the_event_loop(faulty: FaultyServer) -> None:
    faulty.plan(HANG)
    naive = spotipy.Spotify(auth=TOKEN, requests_timeout=0.8, retries=0, status_retries=0)
    naive.prefix = f"{faulty.url}/v1/"

    async with LoopMeter.running() as meter:
        with pytest.raises(requests.exceptions.ReadTimeout):
            naive.me()

    assert meter.longest >= 0.7


async def test_a_hanging_spotify_frees_its_threads_again(adapters: Adapters, faulty: FaultyServer) -> None:
    faulty.plan(HANG)
    adapter = adapters(request_timeout=0.2, max_concurrency=2, retry_delays=())

    outcomes = await asyncio.gather(*(adapter.profile(TOKEN) for _ in range(9)), return_exceptions=True)
    faulty.release()
    faulty.plan(ME)

    assert [type(outcome) for outcome in outcomes] == [SpotifyUnavailable] * 9
    assert (await adapter.profile(TOKEN)).user_id == "mira"


async def test_a_trickling_spotify_keeps_nobody_waiting(adapters: Adapters, faulty: FaultyServer) -> None:
    faulty.plan(TRICKLE)
    adapter = adapters(request_timeout=0.15, retry_delays=())

    async with asyncio.timeout(3):
        with pytest.raises(SpotifyUnavailable):
            await adapter.profile(TOKEN)


async def test_a_write_that_nobody_waits_for_any_more_is_never_begun(adapters: Adapters, faulty: FaultyServer) -> None:
    faulty.plan(TRICKLE)
    adapter = adapters(request_timeout=0.15, max_concurrency=1, retry_delays=())
    blocking = asyncio.create_task(adapter.profile(TOKEN))
    await asyncio.sleep(0)

    with pytest.raises(SpotifyUnavailable):
        await adapter.create_playlist(TOKEN, "late", "", public=False)
    with pytest.raises(SpotifyUnavailable):
        await blocking
    faulty.release()
    await adapter.close()

    assert [seen.method for seen in faulty.seen] == ["GET"]


async def test_calls_see_the_callers_context() -> None:
    request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id")
    workers = Workers(1, deadline=5)
    request_id.set("r-1")

    seen = await workers.run(lambda: (request_id.get(), threading.current_thread() is threading.main_thread()))
    await workers.close()

    assert seen == ("r-1", False)


async def test_no_more_calls_run_at_once_than_allowed() -> None:
    workers = Workers(3, deadline=5)
    running, most, lock, full = 0, 0, threading.Lock(), threading.Barrier(3)

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait(5)
        with lock:
            running -= 1

    await asyncio.gather(*(workers.run(call) for _ in range(9)))
    await workers.close()

    assert most == 3


async def test_closing_waits_for_what_runs_and_begins_nothing_more() -> None:
    workers = Workers(1, deadline=5)
    entered, leave, done = asyncio.Event(), threading.Event(), []
    loop = asyncio.get_running_loop()

    def first() -> None:
        loop.call_soon_threadsafe(entered.set)
        leave.wait(5)
        done.append("first")

    running = asyncio.create_task(workers.run(first))
    waiting = asyncio.create_task(workers.run(lambda: done.append("second")))
    await entered.wait()
    closing = asyncio.create_task(workers.close())
    await asyncio.wait({closing}, timeout=0.05)
    assert not closing.done()
    leave.set()
    await asyncio.gather(running, closing)

    with pytest.raises(SpotifyUnavailable, match="restarted"):
        await waiting
    with pytest.raises(SpotifyUnavailable, match="restarted"):
        await workers.run(lambda: done.append("third"))
    assert done == ["first"]


async def test_calls_share_a_connection(adapters: Adapters, faulty: FaultyServer) -> None:
    faulty.plan(ME)
    adapter = adapters(max_concurrency=1)

    for _ in range(4):
        await adapter.profile(TOKEN)

    assert faulty.connections == 1


async def test_a_cookie_for_one_member_is_not_sent_for_another(adapters: Adapters, faulty: FaultyServer) -> None:
    faulty.plan(Reply(200, ME.body, {"Set-Cookie": "sp_key=mira; Path=/"}))
    adapter = adapters(max_concurrency=1)

    await adapter.profile(TOKEN)
    await adapter.profile("BQ-jonas")

    assert all("Cookie" not in seen.headers for seen in faulty.seen)


async def test_a_proxy_of_the_environment_is_not_used_on_loopback(
    adapters: Adapters, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    faulty.plan(ME)

    assert (await adapters().profile(TOKEN)).user_id == "mira"


def test_a_password_file_does_not_replace_the_bearer_token(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    asked = requests.Request("GET", "https://api.spotify.com/v1/me", headers={"Authorization": f"Bearer {TOKEN}"})

    with open_session("https://api.spotify.com/v1/", api_fault, StandingClock(), unsigned) as session:
        prepared = session.prepare_request(asked)

    assert session.trust_env
    assert prepared.headers["Authorization"] == f"Bearer {TOKEN}"
