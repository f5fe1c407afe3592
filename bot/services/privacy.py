"""What is kept of a member: showing it, giving it to them, and not using it where they opted out."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from bot.domain.clock import Clock
from bot.domain.privacy import ExportTooLarge, KeptData, KeptSummary, MemberExport, OptOut
from bot.services.ports import PrivacyRepository
from bot.services.privacy_archive import archive

ATTACHMENT_LIMIT = 19 * 1024 * 1024 // 2
"""Bytes; Discord takes 10 MiB a file, and the rest of the message needs some."""

_MOST_ROWS = 400_000
"""Tracks in playlists and lists, and listens. So many never fit, unless they are of few tracks; they take 240 MB."""

_SMALLEST = 9


class PrivacyService:
    """Gives members everything that is kept of them, and keeps what they opted out of.

    Args:
        kept: what is kept of members.
        clock: tells the time.
        largest: how many bytes an export may have.
        most_rows: how many rows are read for one.
    """

    def __init__(
        self, kept: PrivacyRepository, clock: Clock, *, largest: int = ATTACHMENT_LIMIT, most_rows: int = _MOST_ROWS
    ) -> None:
        self._kept = kept
        self._clock = clock
        self._largest = largest
        self._most_rows = most_rows
        # However many members ask at once, one library at a time is in memory.
        self._exporting = asyncio.Lock()

    async def summary(self, member_id: int) -> KeptSummary:
        """Return how much is kept of the member, and what they opted out of."""
        return await self._kept.summary(member_id)

    async def export(self, member_id: int) -> MemberExport | None:
        """Return everything that is kept of the member as a ZIP archive, or None if nothing is.

        Raises:
            ExportTooLarge: it does not fit, however well it is compressed.
        """
        async with self._exporting:
            if (await self._kept.summary(member_id)).rows > self._most_rows:
                raise ExportTooLarge
            data = await self._kept.everything(member_id)
            return None if data is None else await asyncio.to_thread(self._pack, data)

    async def opt_out(self, member_id: int, which: OptOut) -> None:
        """Keep the member's data from being used for that, from now on."""
        await self._kept.set_opt_out(member_id, which, True)

    async def opt_in(self, member_id: int, which: OptOut) -> None:
        """Let the member's data be used for that again."""
        await self._kept.set_opt_out(member_id, which, False)

    async def opted_out(self, member_ids: Collection[int], which: OptOut) -> set[int]:
        """Return those of the members who have opted out."""
        return await self._kept.opted_out(member_ids, which)

    def _pack(self, data: KeptData) -> MemberExport:
        now = self._clock.now()
        content = archive(data, now)
        if len(content) > self._largest:
            content = archive(data, now, level=_SMALLEST)
        if len(content) > self._largest:
            raise ExportTooLarge
        return MemberExport(f"crossfade-{now:%Y-%m-%d}.zip", content)
