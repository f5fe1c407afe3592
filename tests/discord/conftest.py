"""The real bot in SimCord's in-memory Discord, over fake services."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from discord_fakes import World
from discord_scene import Scene, furnish, make_bot
from simcord.env import Env


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def env(world: World) -> AsyncIterator[Env]:
    # Faults that commands raise on purpose reach the error manager, which SimCord counts as swallowed.
    running = Env(make_bot(world), check_errors=False)
    await running.start()
    yield running
    await running.shutdown()


@pytest.fixture
def scene(env: Env, world: World) -> Scene:
    return furnish(env, env.bot, world)
