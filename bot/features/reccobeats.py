"""ReccoBeats: measured audio features over HTTP, without a key.

Source: https://reccobeats.com/docs/apis/get-audio-features; limits are not published.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
import structlog

from bot import __version__
from bot.domain.clock import Clock
from bot.domain.features import FEATURES_FROM_RECCOBEATS, TrackFeatures
from bot.domain.library import TrackInfo
from bot.features.circuit import LONGEST_PAUSE, Circuit
from bot.features.values import clean, id_of_link, spotify_id

_IDS_A_CALL = 40
_LARGEST_ANSWER = 1024 * 1024
_PAUSE = timedelta(minutes=1)
"""After a 429 that does not say for how long."""
_log = structlog.get_logger(__name__)


class _Failed(Exception):
    """There was no usable answer; the text says why."""


class ReccoBeats:
    """Asks ReccoBeats for up to 40 tracks a call, few calls at a time.

    A 429 is never slept on: nobody asks again until the time that it names has passed. After three failures in a row
    ReccoBeats is left alone for an hour. A track that an answer leaves out is not known there.

    Args:
        clock: tells the time.
        url: the service's base, with its version.
        concurrency: calls at the same time.
        patience: seconds for one call as a whole.
    """

    source = FEATURES_FROM_RECCOBEATS
    uses_network = True

    def __init__(
        self,
        clock: Clock,
        *,
        url: str = "https://api.reccobeats.com/v1",
        concurrency: int = 2,
        patience: float = 10.0,
    ) -> None:
        self._clock = clock
        self._url = f"{url.rstrip('/')}/audio-features"
        self._concurrency = concurrency
        self._patience = patience
        self._circuit = Circuit(clock)
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def out_of_order(self) -> str | None:
        """Return until when ReccoBeats is left alone, as a sentence, or None."""
        until = self._circuit.closed_until()
        return None if until is None else f"ReccoBeats is left alone until {until:%Y-%m-%d %H:%M} UTC."

    async def features(self, tracks: Sequence[TrackInfo]) -> Mapping[str, TrackFeatures]:
        """Return what ReccoBeats knows; tracks of failed calls are left out."""
        answers: dict[str, TrackFeatures] = {}
        ids: dict[str, str] = {}
        for track in tracks:
            found = spotify_id(track.uri)
            if found is None:
                answers[track.uri] = self._answer(track.uri, {})
            else:
                ids[found] = track.uri
        waiting = list(ids)
        calls = iter([waiting[start : start + _IDS_A_CALL] for start in range(0, len(waiting), _IDS_A_CALL)])

        async def worker() -> None:
            for call in calls:
                if self._circuit.closed_until() is not None:
                    return
                try:
                    known = await self._ask(call)
                except _Failed as fault:
                    _log.warning("ReccoBeats gave no answer", reason=str(fault))
                    self._circuit.failed()
                    continue
                if known is None:
                    return
                self._circuit.succeeded()
                answers.update((ids[found], self._answer(ids[found], known.get(found, {}))) for found in call)

        async with asyncio.TaskGroup() as workers:
            for _ in range(self._concurrency):
                workers.create_task(worker())
        return answers

    async def _ask(self, ids: Sequence[str]) -> dict[str, dict[str, float]] | None:
        """Return the features by Spotify id, or None when there were too many calls."""
        try:
            async with (
                asyncio.timeout(self._patience),
                self._opened().stream("GET", self._url, params={"ids": ",".join(ids)}) as response,
            ):
                if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    pause = _pause_of(response.headers.get("Retry-After"), self._clock.now())
                    _log.info("ReccoBeats asked for a pause", seconds=pause.total_seconds())
                    self._circuit.wait(pause)
                    return None
                if response.status_code != httpx.codes.OK:
                    raise _Failed(f"status {response.status_code}")
                content = bytearray()
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > _LARGEST_ANSWER:
                        raise _Failed("the answer is too long")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise _Failed(type(error).__name__) from None
        return _read(bytes(content))

    def _answer(self, uri: str, values: Mapping[str, float]) -> TrackFeatures:
        return TrackFeatures(uri, self.source, values, estimated=False, read_at=self._clock.now())

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                headers={"User-Agent": f"Crossfade/{__version__}", "Accept": "application/json"},
                timeout=self._patience,
                limits=httpx.Limits(max_connections=self._concurrency),
                trust_env=not _is_loopback(self._url),
            )
        return self._client


def _read(content: bytes) -> dict[str, dict[str, float]]:
    """Return the features by Spotify id; items that are none are passed over.

    The id inside is ReccoBeats' own; the Spotify id is in the link, but an answer that has it as the id is read too.
    """
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise _Failed("the answer is no JSON") from None
    items = answer.get("content") if isinstance(answer, dict) else answer
    if not isinstance(items, list):
        raise _Failed("the answer holds no list")
    found = {}
    for item in items:
        if isinstance(item, dict):
            track = id_of_link(item.get("href")) or id_of_link(item.get("id"))
            values = clean(item)
            if track is not None and values:
                found[track] = values
    return found


def _pause_of(header: str | None, now: datetime) -> timedelta:
    """Return how long a Retry-After asks to wait, in seconds or as a date (RFC 9110, section 10.2.3)."""
    if header is None:
        return _PAUSE
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except (ValueError, TypeError):
            return _PAUSE
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    if not math.isfinite(seconds) or seconds <= 0:
        return _PAUSE
    return timedelta(seconds=min(seconds, LONGEST_PAUSE.total_seconds()))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
