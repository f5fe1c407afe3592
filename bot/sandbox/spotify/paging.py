"""Pages of results, with absolute links to their neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request

from bot.sandbox.spotify.access import spotify_state
from bot.sandbox.spotify.shapes import JsonObject

Item = TypeVar("Item")


def page_of(
    request: Request,
    everything: Sequence[Item],
    shape: Callable[[Item], object],
    limit: int,
    offset: int,
    path: str | None = None,
) -> JsonObject:
    """Return a PagingObject.

    Args:
        request: its path and query are in the links.
        everything: all results; only those of the page are shaped.
        shape: makes the JSON object of one result.
        limit: results on a page.
        offset: position of the first one.
        path: the path for the links, by default the request's own.
    """
    total = len(everything)

    def link(at: int) -> str:
        query = dict(request.query_params) | {"offset": str(at), "limit": str(limit)}
        return f"{spotify_state(request).base_url}{path or request.url.path}?{urlencode(query)}"

    return {
        "href": link(offset),
        "items": [shape(item) for item in everything[offset : offset + limit]],
        "limit": limit,
        "next": link(offset + limit) if offset + limit < total else None,
        "offset": offset,
        "previous": link(max(offset - limit, 0)) if offset > 0 else None,
        "total": total,
    }
