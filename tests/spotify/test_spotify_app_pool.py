"""The adapters of several Spotify apps: each opened once, replaced with its secret, closed when nothing needs it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from faulty_server import FaultyServer, Reply, as_json
from quota_kit import MemoryStore
from spotify_kit import TOKEN, Adapters

from bot.domain.apps import AppCredentials
from bot.domain.clock import SystemClock
from bot.domain.errors import SpotifyAppGone, SpotifyRefused, SpotifyUnavailable
from bot.spotify import SpotifyAdapter
from bot.spotify.apps import SharedLimiters, SpotifyAppPool
from bot.spotify.quota import QuotaLimiter

ME = as_json({"id": "mira", "account_id": "acc-mira"})


@dataclass
class Scene:
    """A pool over a register that tests change; time passes when `time_passes` is set."""

    pool: SpotifyAppPool
    default: SpotifyAdapter
    registered: dict[str, AppCredentials]
    opened: list[SpotifyAdapter] = field(default_factory=list)
    closed: list[SpotifyAdapter] = field(default_factory=list)
    time_passes: asyncio.Event = field(default_factory=asyncio.Event)

    def register(self, client_id: str, secret: str) -> None:
        self.registered[client_id] = AppCredentials(client_id, secret)

    async def settle(self, done: Callable[[], bool]) -> None:
        for _ in range(1000):
            if done():
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"it never came about: {threading.enumerate()} {len(self.closed)}")


@pytest.fixture
async def scene(adapters: Adapters) -> AsyncIterator[Scene]:
    registered: dict[str, AppCredentials] = {}

    async def credentials_of(client_id: str) -> AppCredentials | None:
        await asyncio.sleep(0)
        return registered.get(client_id)

    def open_adapter(app: AppCredentials) -> tuple[SpotifyAdapter, Callable[[], Awaitable[None]]]:
        adapter = adapters(client_id=app.client_id, client_secret=app.client_secret, request_timeout=8.0)
        made.opened.append(adapter)

        async def close() -> None:
            await adapter.close()
            made.closed.append(adapter)

        return adapter, close

    async def sleep(_: float) -> None:
        await made.time_passes.wait()

    default = adapters()
    pool = SpotifyAppPool(default, "crossfade-client", credentials_of, open_adapter, sleep=sleep)
    made = Scene(pool, default, registered)
    yield made
    await pool.close()


@pytest.mark.parametrize("client_id", [None, "crossfade-client"])
async def test_the_default_app_needs_no_register(scene: Scene, client_id: str | None) -> None:
    assert await scene.pool.gateway(client_id) is scene.default
    assert scene.opened == []


async def test_first_calls_at_once_open_one_adapter(scene: Scene) -> None:
    scene.register("guild-app", "s1")

    found = await asyncio.gather(*(scene.pool.gateway("guild-app") for _ in range(5)))

    assert len(scene.opened) == 1
    assert set(found) == {scene.opened[0]}


async def test_an_app_that_is_not_registered_is_said_to_be_gone(scene: Scene) -> None:
    with pytest.raises(SpotifyAppGone):
        await scene.pool.gateway("guild-app")


async def test_a_new_secret_opens_a_new_adapter_and_closes_the_old_one_later(scene: Scene) -> None:
    scene.register("guild-app", "s1")
    old = await scene.pool.gateway("guild-app")
    scene.register("guild-app", "s2")

    new = await scene.pool.gateway("guild-app")

    assert new is not old
    assert scene.closed == []
    scene.time_passes.set()
    await scene.settle(lambda: scene.closed == [old])
    assert await scene.pool.gateway("guild-app") is new


async def test_a_sync_on_the_old_adapter_goes_on(scene: Scene, faulty: FaultyServer) -> None:
    scene.register("guild-app", "s1")
    faulty.plan(ME)
    old = await scene.pool.gateway("guild-app")
    scene.register("guild-app", "s2")
    await scene.pool.gateway("guild-app")

    assert (await old.profile(TOKEN)).account_id == "acc-mira"

    scene.time_passes.set()
    await scene.settle(lambda: old in scene.closed)
    with pytest.raises(SpotifyUnavailable):
        await old.profile(TOKEN)


async def test_a_removed_app_is_closed_with_its_threads(scene: Scene, faulty: FaultyServer) -> None:
    scene.register("guild-app", "s1")
    faulty.plan(ME)
    removed = await scene.pool.gateway("guild-app")
    threads = threading.active_count()
    await removed.profile(TOKEN)
    del scene.registered["guild-app"]

    with pytest.raises(SpotifyAppGone):
        await scene.pool.gateway("guild-app")

    scene.time_passes.set()
    await scene.settle(lambda: scene.closed == [removed])
    await scene.settle(lambda: threading.active_count() <= threads)


async def test_a_removed_app_that_nobody_asks_for_is_closed_when_another_one_is_opened(scene: Scene) -> None:
    scene.register("guild-app", "s1")
    scene.time_passes.set()
    gone = await scene.pool.gateway("guild-app")
    del scene.registered["guild-app"]
    scene.register("other-app", "s2")

    await scene.pool.gateway("other-app")

    await scene.settle(lambda: scene.closed == [gone])


async def test_closing_closes_every_adapter_once(scene: Scene) -> None:
    scene.register("guild-app", "s1")
    scene.register("other-app", "s1")
    await scene.pool.gateway("guild-app")
    await scene.pool.gateway("other-app")
    scene.register("guild-app", "s2")
    await scene.pool.gateway("guild-app")

    await scene.pool.close()

    assert len(scene.opened) == 3
    assert sorted(map(id, scene.closed)) == sorted(map(id, scene.opened))


async def test_somebody_who_tries_credentials_out_is_not_kept_waiting(scene: Scene, faulty: FaultyServer) -> None:
    faulty.plan(Reply(hang=True))
    begun = asyncio.get_running_loop().time()

    with pytest.raises(SpotifyUnavailable):
        await scene.pool.try_out(AppCredentials("guild-app", "s1"))

    assert asyncio.get_running_loop().time() - begun < 3
    faulty.release()
    await scene.settle(lambda: scene.closed == scene.opened)


async def test_credentials_that_were_tried_out_leave_nothing_open(scene: Scene, faulty: FaultyServer) -> None:
    threads = threading.active_count()
    faulty.plan(as_json({"error": "invalid_grant"}, 400))
    await scene.pool.try_out(AppCredentials("guild-app", "s1"))
    faulty.plan(as_json({"error": "invalid_client"}, 400))
    with pytest.raises(SpotifyRefused):
        await scene.pool.try_out(AppCredentials("guild-app", "s2"))

    await scene.settle(lambda: len(scene.closed) == 2)
    await scene.settle(lambda: threading.active_count() <= threads)


async def test_an_app_has_one_limiter_also_while_its_secret_changes() -> None:
    made: list[QuotaLimiter] = []

    def make(client_id: str) -> QuotaLimiter:
        made.append(QuotaLimiter(client_id, MemoryStore(), SystemClock()))
        return made[-1]

    async def asked() -> str:
        return "an answer"

    limiters = SharedLimiters(make)
    limiter, old_is_closed = limiters.take("guild-app")
    same, new_is_closed = limiters.take("guild-app")
    other, _ = limiters.take("other-app")
    assert same is limiter is not other
    await old_is_closed()
    await old_is_closed()
    assert await same.call(asked) == "an answer"
    await new_is_closed()
    with pytest.raises(SpotifyUnavailable):
        await same.call(asked)
    again, _ = limiters.take("guild-app")
    assert again is not limiter
    assert len(made) == 3
