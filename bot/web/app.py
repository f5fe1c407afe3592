"""The web application: routes, static files and the answer to what goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from bot import __version__
from bot.services.registry import Services
from bot.web.pages import page
from bot.web.routes.health import health_routes
from bot.web.routes.oauth import oauth_routes

_log = structlog.get_logger(__name__)


def create_web(
    services: Services,
    health: Callable[[], Awaitable[dict[str, bool]]],
    extra: Sequence[APIRouter] = (),
    guild_name: Callable[[int], str | None] = lambda _: None,
) -> FastAPI:
    """Return the web application.

    Args:
        services: the use cases.
        health: names the parts of the program and whether each is ready.
        extra: further routes, which come first; the demo brings its start page.
        guild_name: returns what a Discord server is called, if that is known.
    """
    web = FastAPI(title="Crossfade", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    web.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    for router in extra:
        web.include_router(router)
    web.include_router(oauth_routes(services, guild_name))
    web.include_router(health_routes(health))
    if not extra:
        web.include_router(_home())
    web.add_exception_handler(HTTPException, _http_fault)
    web.add_exception_handler(RequestValidationError, _bad_request)
    web.add_exception_handler(Exception, _unexpected)
    return web


def _home() -> APIRouter:
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def home() -> HTMLResponse:
        return page(
            "outcome.html",
            good=True,
            heading="Crossfade is running",
            text="Nothing to do here: use /connect in Discord, it leads you through Spotify and back.",
        )

    return router


async def _http_fault(request: Request, fault: Exception) -> Response:
    status = fault.status_code if isinstance(fault, HTTPException) else 500
    heading, text = {
        404: ("Nothing here", "There is no page at this address: check the link, or start again from Discord."),
        405: ("Not this way", "This address does not take that kind of request."),
    }.get(status, ("That did not work", "The request could not be answered."))
    return page("outcome.html", status=status, good=False, heading=heading, text=text)


async def _bad_request(request: Request, fault: Exception) -> Response:
    text = "Something in it is too long or missing: use /connect in Discord for a new link."
    return page("outcome.html", status=400, good=False, heading="That link is damaged", text=text)


async def _unexpected(request: Request, fault: Exception) -> Response:
    _log.error("a page failed", path=request.url.path, exc_info=fault)
    text = "That is our fault, and it has been logged. Try again in a minute."
    return page("outcome.html", status=500, good=False, heading="Something broke", text=text)
