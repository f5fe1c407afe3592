"""The program ends at once, whatever it is at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox.guests import consent
from bot.storage.repositories.library import SqlLibraryRepository

if TYPE_CHECKING:
    from bot.core import Core

ALICE, GUILD = 4_100_000_000_000_000_001, 4_200_000_000_000_000_001


@pytest.mark.parametrize("nth", [1, 3])
async def test_ending_while_a_playlist_is_stored_takes_no_time_and_the_sync_is_due_again(
    open_core: Callable[[], AbstractAsyncContextManager[Core]], monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    storing = asyncio.Event()
    replace, stored = SqlLibraryRepository.replace_playlist, 0

    async def noted(*arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as the repository takes them
        nonlocal stored
        stored += 1
        if stored == nth:
            storing.set()
        await replace(*arguments, **options)

    monkeypatch.setattr(SqlLibraryRepository, "replace_playlist", noted)
    async with open_core() as core:
        link = await core.services.accounts.begin_login(ALICE, GUILD)
        back = await consent(link.url, "mirasolenne")
        account = await core.services.accounts.complete_login(back.params["state"], back.params["code"])
        core.services.onboarding.connected(account)
        await storing.wait()
        begun = time.monotonic()
    assert time.monotonic() - begun < 4
    assert stored < 6
    async with open_core() as core:
        assert await core.services.syncing.sync_due() == 1
        assert len(await core.services.library.playlists(ALICE)) > 5
