"""SimCord's in-memory Discord on the wall clock, so that a real bot runs in it beside servers, jobs and threads."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar, cast

import discord
from discord.webhook.async_ import AsyncWebhookAdapter
from simcord._clock import Clock
from simcord.backend.models import Interaction
from simcord.env import Env
from simcord.http import FakeWebhookAdapter
from simcord.preview import Preview

ANSWER_SECONDS = 3.0
"""How long Discord waits for the first answer to an interaction (Discord's guide "Receiving and Responding")."""

KEPT_ENTRIES = 500

Entry = TypeVar("Entry")


class WallClock:
    """Real time in place of SimCord's virtual clock, which only moves when a test tells it to."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._started = now()

    @property
    def elapsed(self) -> float:
        """Seconds since the world was made."""
        return (self.now() - self._started).total_seconds()

    def advance(self, seconds: float) -> None:
        """Do nothing: real time moves by itself."""


class Changes:
    """Counts what happens in the world, and lets a task wait for a condition without polling."""

    def __init__(self) -> None:
        self.count = 0
        self._happened = asyncio.Event()

    def note(self) -> None:
        """Record that the world may look different now."""
        self.count += 1
        self._happened.set()

    async def wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Return once `condition` holds, or after `seconds` without it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition():
                    self._happened.clear()
                    await self._happened.wait()


class RecentEntries(list[Entry]):
    """A log that reports each entry and forgets old ones: SimCord's own grow for as long as the page is open."""

    def __init__(self, on_entry: Callable[[], None]) -> None:
        super().__init__()
        self._on_entry = on_entry

    def append(self, entry: Entry) -> None:
        """Keep `entry` among the latest ones and report it."""
        super().append(entry)
        if len(self) > 2 * KEPT_ENTRIES:
            del self[:-KEPT_ENTRIES]
        self._on_entry()


class LiveEnv(Env):
    """A SimCord environment whose bot lives in real time.

    SimCord is made for tests: it owns every task, timer and thread the bot starts, moves its clock by hand and ends an
    action when all of that is quiet. Each override below takes one of these habits away.
    """

    def __init__(self, bot: discord.Client, *, now: Callable[[], datetime]) -> None:
        super().__init__(bot, check_errors=False)
        self.changes = Changes()
        self.turn = asyncio.Lock()
        self._asked: Interaction | None = None
        self._previews: list[Preview] = []
        self.backend.clock = cast(Clock, WallClock(now))
        self.backend.transcript = RecentEntries(self.changes.note)
        self.backend.http_requests = RecentEntries(lambda: None)

    def show_on(self, preview: Preview) -> None:
        """Tell `preview` about the actions of members, beside the previews that were added before."""
        self._previews.append(preview)

    @contextlib.contextmanager
    def _bot_scope(self) -> Iterator[None]:
        # The scope marks work as owned by the bot, which puts its timers on the virtual clock and its threads and tasks
        # under settlement; unmarked work runs on the event loop as it is.
        yield

    def _notify_dispatch_observers(self, interaction: Interaction) -> None:
        # What a member just asked is what the following settlement has to wait for.
        super()._notify_dispatch_observers(interaction)
        self._asked = interaction

    async def _settle_internal(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is SimCord's
        idle: float = 0.05,
        dispatch: str | None = None,
        _deadline: float | None = None,
    ) -> None:
        # Settled means answered, as in Discord: what a deferred answer goes on doing is shown when it is there.
        asked, self._asked = self._asked, None
        if asked is None:
            await asyncio.sleep(0)
        else:
            await self.changes.wait_until(lambda: asked.responded, ANSWER_SECONDS)

    def _mark_mutation(self) -> None:
        # SimCord knows one preview; here there is one for each channel.
        for preview in self._previews:
            preview._mark_action_dispatched()


@contextlib.contextmanager
def answers_stay_here(env: Env) -> Iterator[None]:
    """Send every interaction answer and webhook call of this process to `env` until the block ends.

    SimCord hands its adapter to the bot in a context variable, which a task that began elsewhere (the handler of an
    OAuth callback in a web server, a scheduled job) does not have: its edit of an ephemeral answer would leave for the
    real Discord. Replacing the one method that makes requests reaches them all.
    """
    original = AsyncWebhookAdapter.request
    AsyncWebhookAdapter.request = FakeWebhookAdapter(env.backend).request  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        AsyncWebhookAdapter.request = original  # type: ignore[method-assign]
