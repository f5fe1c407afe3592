"""The demo's start page, and the button that lets a week pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from bot.services.registry import Services
from bot.web.pages import page

_TEMPLATES = Path(__file__).parent / "templates"


class Skippable(Protocol):
    """A clock that can be put forward."""

    def now(self) -> datetime:
        """Return the present, in UTC."""
        ...

    def skip_to(self, moment: datetime) -> None:
        """Go forward to a moment."""
        ...


@dataclass(frozen=True, slots=True)
class DemoLinks:
    """Where everything is: the start page, a page a channel, the Spotify stand-in."""

    start: str
    channels: Mapping[str, str]
    spotify: str


def demo_routes(links: DemoLinks, services: Services, guild_id: int, clock: Skippable) -> APIRouter:
    """Return the start page and its one action."""
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def start(skipped: bool = False) -> HTMLResponse:
        digest = await services.digests.status(guild_id)
        on = digest is not None and digest.enabled
        return page(
            "start.html",
            folder=_TEMPLATES,
            links=links,
            digest=digest if on else None,
            now=clock.now(),
            skipped=skipped,
        )

    @router.post("/demo/skip", include_in_schema=False)
    async def skip() -> RedirectResponse:
        digest = await services.digests.status(guild_id)
        if digest is None or not digest.enabled:
            return RedirectResponse("/", status_code=303)
        clock.skip_to(digest.next_due_at)
        return RedirectResponse("/?skipped=true", status_code=303)

    return router
