"""What the tests of the adapter share: a clock that stands still, a meter of the event loop, a look for secrets."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from bot.spotify import SpotifyAdapter

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOKEN = "BQDtokenOfMira" + "a1B2c3D4" * 8
REFRESH_TOKEN = "AQDrefreshOfMira" + "z9Y8x7W6" * 8
CODE = "AQCcodeOfMira" + "m5N6o7P8" * 8
VERIFIER = "verifierOfMira" + "q1R2s3T4" * 8
SECRET = "0123456789abcdef0123456789abcdef"

Adapters = Callable[..., SpotifyAdapter]


class StandingClock:
    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class LoopMeter:
    """The longest time, in seconds, for which the event loop did not come round."""

    def __init__(self) -> None:
        self.longest = 0.0

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls) -> AsyncIterator[LoopMeter]:
        meter = cls()
        ticking = asyncio.create_task(meter._tick())
        await asyncio.sleep(0)
        yield meter
        await asyncio.sleep(0.01)
        ticking.cancel()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.002)
            self.longest = max(self.longest, loop.time() - before)


def everything_said_by(error: BaseException) -> str:
    """Return all that a log would show of an error, its causes included."""
    return repr(error) + "".join(traceback.format_exception(error))


def names_no_secret(text: str) -> bool:
    return not any(secret in text for secret in (TOKEN, REFRESH_TOKEN, CODE, VERIFIER, SECRET))
