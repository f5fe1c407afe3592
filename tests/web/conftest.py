"""The web face on a real port, over the whole system."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from bot.core import Core


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Give one kind of database: the web face knows none, and tests/services runs the sign-in on both."""
    return sqlite_url


@pytest.fixture
async def browser(system: Core) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the running web server."""
    from bot.app import web_part
    from bot.web.server import listen

    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(web_part(system, None, listener))
        yield await stack.enter_async_context(httpx.AsyncClient(base_url=address))
