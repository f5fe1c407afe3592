"""The two shapes in which Spotify reports errors: the Web API's and the accounts service's."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse


class ApiError(Exception):
    """An error of the Web API: `{"error": {"status", "message"}}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class OAuthError(Exception):
    """An error of the token endpoint (RFC 6749, section 5.2): `{"error", "error_description"}`."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


class ConsentError(Exception):
    """A request to /authorize that is so wrong that nobody may be redirected; it is shown as a page."""


def error_body(status: int, message: str) -> dict[str, object]:
    """Return the Web API's body for an error."""
    return {"error": {"status": status, "message": message}}


async def answer_api_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer an `ApiError`."""
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error_body(error.status, error.message), error.status)


async def answer_oauth_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer an `OAuthError`."""
    if not isinstance(error, OAuthError):
        raise error
    return JSONResponse({"error": error.error, "error_description": error.description}, error.status)
