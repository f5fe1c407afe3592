"""Pictures of messages that a server on this machine has, for a page that may load nothing by itself."""

from __future__ import annotations

import asyncio
import logging
import mimetypes
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
MAX_IMAGE_BYTES = 8 * 1024 * 1024
MAX_IMAGES = 400

logger = logging.getLogger(__name__)


class LoopbackImages:
    """Fetches pictures from loopback addresses when they are first asked for, and keeps the latest of them.

    It stands where SimCord expects a mapping from URL to (file name, bytes). Discord's media proxy plays this part in
    reality; here nothing is ever fetched from another machine, so such a picture is shown as unavailable.
    """

    def __init__(self, on_arrival: Callable[[], None]) -> None:
        self._on_arrival = on_arrival
        self._client = httpx.AsyncClient(trust_env=False, timeout=10.0)
        self._images: dict[str, tuple[str, bytes]] = {}
        self._fetching: dict[str, asyncio.Task[None]] = {}

    def get(self, url: str) -> tuple[str, bytes] | None:
        """Return the picture at `url` if it is here; otherwise start fetching it when it is on this machine."""
        image = self._images.get(url)
        if image is None and url not in self._fetching and _is_loopback(url):
            self._fetching[url] = asyncio.create_task(self._fetch(url))
        return image

    async def close(self) -> None:
        """Stop fetching."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def _fetch(self, url: str) -> None:
        try:
            response = await self._client.get(url)
            response.raise_for_status()
            kind = response.headers.get("content-type", "").partition(";")[0].strip()
            if not kind.startswith("image/") or len(response.content) > MAX_IMAGE_BYTES:
                logger.warning("The picture at %s is not shown: it is no image or larger than 8 MiB.", url)
                return
            while len(self._images) >= MAX_IMAGES:
                self._images.pop(next(iter(self._images)))
            self._images[url] = (f"image{mimetypes.guess_extension(kind) or ''}", response.content)
            self._on_arrival()
        except httpx.HTTPError as error:
            logger.warning("The picture at %s is not shown: %s", url, error or type(error).__name__)
        finally:
            del self._fetching[url]


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK_HOSTS
