"""The demo's start page, the sample files on it, and the button that lets a week pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.sandbox.exports import SampleFile
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


def demo_routes(
    links: DemoLinks, services: Services, guild_id: int, clock: Skippable, files: Sequence[SampleFile] = ()
) -> APIRouter:
    """Return the start page, its one action, and the files that a visitor can download to import them."""
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def start(skipped: bool = False) -> HTMLResponse:
        digest = await services.digests.status(guild_id)
        on = digest is not None and digest.enabled
        return page(
            "start.html",
            folder=_TEMPLATES,
            links=links,
            files=[(file.title, f"/demo/files/{quote(file.name)}") for file in files],
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

    @router.get("/demo/files/{name}", include_in_schema=False)
    async def download(name: str) -> Response:
        file = next((file for file in files if file.name == name), None)
        if file is None:
            raise HTTPException(404)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(file.content, media_type=file.media_type, headers=headers)

    return router
