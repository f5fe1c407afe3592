"""What the services need to show members what is kept of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from bot.domain.privacy import KeptData, KeptSummary, OptOut


class PrivacyRepository(Protocol):
    """What is kept of a member, and what they opted out of; each method is one transaction."""

    async def summary(self, member_id: int) -> KeptSummary:
        """Return how much is kept of a member; all zero for somebody who is not known."""
        ...

    async def everything(self, member_id: int) -> KeptData | None:
        """Return everything that is kept of a member but secrets, as of one moment; None for one who is not known."""
        ...

    async def set_opt_out(self, member_id: int, which: OptOut, on: bool) -> None:
        """Switch an opt-out on (the member's row is made when missing) or off."""
        ...

    async def opted_out(self, member_ids: Collection[int], which: OptOut) -> set[int]:
        """Return those of the members who have opted out."""
        ...
