"""Whether the program is ready, for whoever watches over it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse


def health_routes(check: Callable[[], Awaitable[dict[str, bool]]]) -> APIRouter:
    """Return `/healthz`: 200 when every part that `check` names is ready, else 503; both name the parts."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        parts = await check()
        ready = all(parts.values())
        return JSONResponse({"ready": ready, "parts": parts}, status_code=200 if ready else 503)

    return router
