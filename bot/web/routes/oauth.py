"""Where Spotify's consent page leads back to."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from bot.domain.errors import AccountTaken, CrossfadeError, LoginFailed
from bot.services.registry import Services
from bot.web.pages import page

_log = structlog.get_logger(__name__)


def oauth_routes(services: Services) -> APIRouter:
    """Return the routes of the sign-in with Spotify."""
    router = APIRouter()

    @router.get("/spotify/callback", include_in_schema=False)
    async def callback(
        state: Annotated[str, Query(max_length=512)] = "",
        code: Annotated[str, Query(max_length=4096)] = "",
        error: Annotated[str, Query(max_length=256)] = "",
    ) -> HTMLResponse:
        try:
            if error or not code:
                await services.accounts.refuse_login(state, error or "no_code")
            account = await services.accounts.complete_login(state, code)
        except LoginFailed as failure:
            return page("outcome.html", status=400, good=False, heading="Not connected", text=str(failure))
        except AccountTaken as failure:
            return page("outcome.html", status=409, good=False, heading="Not connected", text=str(failure))
        except CrossfadeError as failure:
            return page("outcome.html", status=502, good=False, heading="Not connected", text=str(failure))
        services.onboarding.connected(account)
        _log.info("spotify account linked", member=account.member_id)
        return page(
            "outcome.html",
            good=True,
            heading=f"Connected as {account.display_name}",
            text="Your playlists are being read now. Go back to Discord and try /discover.",
        )

    return router
