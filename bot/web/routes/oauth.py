"""Where Spotify's consent page leads back to: who is to be connected is asked before anything is.

Whoever follows somebody else's link comes back with their own Spotify account and the other one's state (login CSRF,
RFC 6749 section 10.12). Only a click on this page, under the name of the Discord user, spends the state and the code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse

from bot.domain.accounts import LoginAttempt, LoginSpent
from bot.domain.errors import AccountTaken, CrossfadeError, LoginFailed
from bot.services.registry import Services
from bot.web.pages import page

_NOT_YOU = "That link works for nobody any more. Use /connect in Discord for one of your own."
_ANSWERED = (
    "This page was answered before, or is too old. Discord says whether you are connected: /connect there shows it, "
    "and gives you a new link."
)
_log = structlog.get_logger(__name__)


def oauth_routes(services: Services, guild_name: Callable[[int], str | None]) -> APIRouter:
    """Return the routes of the sign-in with Spotify.

    Args:
        services: the use cases.
        guild_name: returns what a server is called, if that is known.
    """
    router = APIRouter()

    @router.get("/spotify/callback", include_in_schema=False)
    async def ask(
        state: Annotated[str, Query(max_length=512)] = "",
        code: Annotated[str, Query(max_length=4096)] = "",
        error: Annotated[str, Query(max_length=256)] = "",
    ) -> HTMLResponse:
        try:
            if error or not code:
                await services.accounts.refuse_login(state, error or "no_code")
            attempt = await services.accounts.peek_login(state)
        except CrossfadeError as failure:
            return _not_connected(failure)
        return _question(attempt, state, code)

    @router.post("/spotify/callback", include_in_schema=False)
    async def connect(
        state: Annotated[str, Form(max_length=512)],
        code: Annotated[str, Form(max_length=4096)],
        decision: Annotated[Literal["connect", "decline"], Form()],
    ) -> HTMLResponse:
        try:
            if decision == "decline":
                await services.accounts.decline_login(state)
                return page("outcome.html", good=True, heading="Nothing was connected", text=_NOT_YOU)
            account = await services.accounts.complete_login(state, code)
        except LoginSpent:
            return page("outcome.html", status=400, good=False, heading="Already answered", text=_ANSWERED)
        except CrossfadeError as failure:
            return _not_connected(failure)
        services.onboarding.connected(account)
        _log.info("spotify account linked", member=account.member_id)
        return page(
            "outcome.html",
            good=True,
            heading=f"Connected as {account.display_name}",
            text="Your playlists are being read now. Go back to Discord and try /discover.",
        )

    def _question(attempt: LoginAttempt, state: str, code: str) -> HTMLResponse:
        return page(
            "confirm.html",
            name=attempt.member_name or f"with the id {attempt.member_id}",
            server=guild_name(attempt.guild_id) if attempt.guild_id is not None else None,
            state=state,
            code=code,
        )

    return router


def _not_connected(failure: CrossfadeError) -> HTMLResponse:
    status = 400 if isinstance(failure, LoginFailed) else 409 if isinstance(failure, AccountTaken) else 502
    return page("outcome.html", status=status, good=False, heading="Not connected", text=str(failure))
