"""Rendering the web face's pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_FOLDER = Path(__file__).parent
_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@cache
def _templates(folder: Path | None) -> Environment:
    folders = [_FOLDER / "templates", *([folder] if folder else [])]
    return Environment(loader=FileSystemLoader(folders), autoescape=select_autoescape(), undefined=StrictUndefined)


def page(template: str, *, status: int = 200, folder: Path | None = None, **values: object) -> HTMLResponse:
    """Return a page from a template, with the headers that keep it to itself.

    Args:
        template: the template's file name.
        status: the HTTP status.
        folder: where templates lie besides our own; they may extend `base.html`.
        values: what the template shows; it is escaped.
    """
    html = _templates(folder).get_template(template).render(**values)
    return HTMLResponse(html, status_code=status, headers=_SECURITY)
