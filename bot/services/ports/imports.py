"""What the services need to take in what members bring: a reader of files, and a store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.imports import ImportedCounts, ImportedLibrary, ImportedPlaylist, ImportLimits
from bot.domain.listening import Listen


class ImportReader(Protocol):
    """Reads what people bring; it may take seconds, so never on the event loop.

    Both methods raise `ImportRefused` when there is nothing to take; nothing else.
    """

    @property
    def limits(self) -> ImportLimits:
        """How much is looked at and kept."""
        ...

    def read_file(self, name: str, content: bytes, now: datetime) -> ImportedLibrary:
        """Return what a file holds."""
        ...

    def read_links(self, pasted: str) -> ImportedLibrary:
        """Return the tracks that a text links to."""
        ...


class ImportRepository(Protocol):
    """What members imported; each method is one transaction."""

    async def begin(self, member_id: int) -> None:
        """Make the member's row when missing; the other methods write nothing for somebody who is not known."""
        ...

    async def put_playlists(
        self,
        member_id: int,
        source: str,
        playlists: Sequence[tuple[str, ImportedPlaylist]],
        now: datetime,
        *,
        extend: bool = False,
    ) -> int:
        """Store playlists, each under its key; one that is there is replaced, or extended by the tracks it lacks.

        Returns how many entries these playlists have now. Raises `ImportStopped` for a member who is not known (any
        more): all or none of the playlists is stored.
        """
        ...

    async def add_listens(self, member_id: int, source: str, listens: Sequence[Listen]) -> int:
        """Store plays and return how many were new; of the same track in the same minute one is kept.

        Raises `ImportStopped` for a member who is not known (any more).
        """
        ...

    async def counts(self, member_id: int) -> ImportedCounts:
        """Return how much the member has imported."""
        ...

    async def forget(self, member_id: int) -> ImportedCounts:
        """Delete what the member imported and nothing else; return how much it was."""
        ...
