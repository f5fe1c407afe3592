"""What the services need of the store to train a model on members' playlists."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from bot.domain.training import LearnableLibrary


class TrainingRepository(Protocol):
    """Members' playlists as they may be learnt from."""

    async def learnable(self, sources: Collection[str]) -> LearnableLibrary:
        """Return the playlists of these sources (as rows name them) whose members let them be learnt from.

        Left out are members who opted out, what they own or added in shared playlists of others, and playlists that
        their member has left out of their taste.
        """
        ...
