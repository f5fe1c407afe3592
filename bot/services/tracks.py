"""Tracks as people see them: catalogue records completed with names, covers and links."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.domain.clock import Clock
from bot.domain.errors import CrossfadeError, SpotifyRefused
from bot.domain.library import ArtistRef, TrackInfo
from bot.domain.quota import background
from bot.domain.recommendations import Pick
from bot.services.accounts import AccountsService
from bot.services.ports import LibraryRepository
from recommender.records import Recommendation, Track

_TRACK_LINK = re.compile(r"(?:spotify:track:|open\.spotify\.com/(?:intl-[a-z-]+/)?track/|/track/)([0-9A-Za-z]{22})\b")
_log = structlog.get_logger(__name__)


def track_uri(text: str) -> str | None:
    """Return the track URI that a text holds as a URI or a link, or None.

    >>> track_uri("https://open.spotify.com/intl-de/track/" + "4" * 22 + "?si=x")
    'spotify:track:4444444444444444444444'
    """
    found = _TRACK_LINK.search(text)
    return f"spotify:track:{found.group(1)}" if found else None


def record_of(track: TrackInfo) -> Track:
    """Return a track in the recommender's own form."""
    artist = track.artists[0] if track.artists else None
    return Track(
        uri=track.uri,
        name=track.name,
        artist_name=artist.name if artist else None,
        artist_uri=artist.uri if artist else None,
        album_name=track.album_name,
        album_uri=track.album_uri,
        duration_ms=track.duration_ms,
    )


class TrackDetails:
    """Turns what the model names into what is shown.

    A trained model knows names but no covers; Spotify's API gives one track a call (the batch form is closed to new
    apps), so what was once read is kept in the database and only the rest is asked for, within `patience` seconds.
    What Spotify has no cover of, or refuses, is not asked for again for a while.

    Args:
        library: tracks that are known already.
        accounts: gives a token to ask with.
        clock: tells the time.
        open_url: where links to tracks lead, without a slash at the end.
        patience: seconds that the lookups may take together; what is late is shown without a cover.
        concurrency: lookups under way at once.
        not_again_within: how long a lookup in vain is remembered.
        remembered: how many lookups in vain are remembered, the latest ones.
    """

    def __init__(
        self,
        library: LibraryRepository,
        accounts: AccountsService,
        clock: Clock,
        *,
        open_url: str = "https://open.spotify.com",
        patience: float = 1.5,
        concurrency: int = 4,
        not_again_within: timedelta = timedelta(days=1),
        remembered: int = 10_000,
    ) -> None:
        self._library = library
        self._accounts = accounts
        self._open_url = open_url
        self._patience = patience
        self._concurrency = concurrency
        self._in_vain = _LookupsInVain(clock, not_again_within, remembered)

    def info(self, track: Track) -> TrackInfo:
        """Return a catalogue record in the form that the database and the faces use."""
        name = track.name or "Unknown track"
        artists = (ArtistRef(track.artist_name, track.artist_uri),) if track.artist_name else ()
        return TrackInfo(
            uri=track.uri,
            name=name,
            artists=artists,
            album_name=track.album_name,
            album_uri=track.album_uri,
            duration_ms=track.duration_ms,
            url=f"{self._open_url}/track/{track.uri.rsplit(':', 1)[-1]}",
        )

    async def picks(self, recommendations: Sequence[Recommendation], member_id: int | None) -> tuple[Pick, ...]:
        """Return picks in the same order, completed as far as possible with the member's authorisation."""
        infos = {r.track.uri: self.info(r.track) for r in recommendations}
        for uri, known in (await self._library.tracks(infos)).items():
            infos[uri] = _merge(infos[uri], known)
        if member_id is not None:
            bare = [uri for uri, info in infos.items() if info.image_url is None]
            for info in await self._look_up([uri for uri in bare if (member_id, uri) not in self._in_vain], member_id):
                infos[info.uri] = _merge(infos[info.uri], info)
        return tuple(
            Pick(infos[r.track.uri], r.score, tuple(reason.text for reason in r.reasons)) for r in recommendations
        )

    async def _look_up(self, uris: Sequence[str], member_id: int) -> list[TrackInfo]:
        """Return what is found in time; one track that Spotify refuses costs no other, an outage ends them all."""
        found: list[TrackInfo] = []
        waiting = iter(uris)

        async def worker() -> None:
            spotify = await self._accounts.spotify_of(member_id)
            for uri in waiting:
                try:
                    info = await self._accounts.with_token(member_id, partial(spotify.track, uri=uri))
                except SpotifyRefused as refusal:
                    _log.info("track not found", uri=uri, reason=str(refusal))
                    self._in_vain.add(member_id, uri)
                    continue
                if info.image_url is None:
                    self._in_vain.add(member_id, uri)
                found.append(replace(info, uri=uri))

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                try:
                    # Covers give way to what people wait for.
                    with background():
                        async with asyncio.TaskGroup() as workers:
                            for _ in range(min(self._concurrency, len(uris))):
                                workers.create_task(worker())
                except* CrossfadeError as faults:
                    _log.info("shown without all covers", reason=str(faults.exceptions[0]))
        return found


class _LookupsInVain:
    """Remembers, up to a number and for a time, which tracks a member's lookups did not bring.

    A refusal may concern the member rather than the track, so that another member's lookup is another one.
    """

    def __init__(self, clock: Clock, lifetime: timedelta, limit: int) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._limit = limit
        self._until: dict[tuple[int, str], datetime] = {}

    def __contains__(self, lookup: tuple[int, str]) -> bool:
        until = self._until.get(lookup)
        return until is not None and self._clock.now() < until

    def add(self, member_id: int, uri: str) -> None:
        """Remember a lookup, and forget the oldest one when there are too many."""
        self._until.pop((member_id, uri), None)
        self._until[member_id, uri] = self._clock.now() + self._lifetime
        if len(self._until) > self._limit:
            del self._until[next(iter(self._until))]


def _merge(base: TrackInfo, better: TrackInfo) -> TrackInfo:
    """Return `better` with the gaps filled from `base`."""
    return replace(
        better,
        artists=better.artists or base.artists,
        album_name=better.album_name or base.album_name,
        album_uri=better.album_uri or base.album_uri,
        duration_ms=better.duration_ms or base.duration_ms,
        url=better.url or base.url,
        image_url=better.image_url or base.image_url,
    )
