"""Renders the pages that people see, with everything that they need and nothing from elsewhere."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.sandbox.spotify.access import spotify_state

_TEMPLATES = Path(__file__).parent / "templates"
# No form-action: browsers would apply it to the redirect that follows Agree, and stop it.
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def minutes(milliseconds: int | None) -> str:
    """Return a track's length as people write it: 3:07."""
    seconds = (milliseconds or 0) // 1000
    return f"{seconds // 60}:{seconds % 60:02d}"


def hours(milliseconds: int) -> str:
    """Return a playlist's length as people say it: 2 h 14 min."""
    total = round(milliseconds / 60_000)
    return f"{total // 60} h {total % 60} min" if total >= 60 else f"{total} min"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 track, 12 tracks."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"minutes": minutes, "hours": hours, "counted": counted}
    return environment


def render(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page.

    Args:
        request: the request that is answered.
        template: a file name in `templates`.
        status: the HTTP status.
        values: what the template is given.
    """
    page = _environment().get_template(template).render({"app_name": spotify_state(request).app_name} | values)
    return HTMLResponse(page, status, headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"})


def stylesheet() -> str:
    """Return the style sheet of all pages."""
    return (_TEMPLATES / "style.css").read_text(encoding="utf-8")
