"""The weekly digest of a server: set, shown beforehand, and posted once a week, whatever crashes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from bot.domain.clock import Clock
from bot.domain.digests import Digest, DigestRun, DigestSchedule, RunStatus
from bot.domain.errors import BadInput, CrossfadeError, NoDigest, PostRefused
from bot.domain.recommendations import RecommendationSet
from bot.services.discovery import DiscoveryService
from bot.services.ports import DigestPoster, DigestRepository
from bot.services.recommendations import RecommendationsService
from bot.services.schedule import check_zone, due_of, find_zones, next_due, period_of

_log = structlog.get_logger(__name__)


class DigestsService:
    """Once and only once: a period is claimed by a conditional update and a unique row before anything is sent.

    A worker that dies leaves its run behind; after `lease` another takes it over. If the dead one may have sent the
    message, the channel is searched for it before it is sent again. A digest that is late by more than `catch_up` is
    left out, so that a long downtime does not end in old news.

    Args:
        digests: schedules and runs.
        discovery: composes what is posted.
        shown: stored recommendation sets.
        clock: tells the time.
        worker: this process's own name, different in every process.
        lease: how long a claim protects a run.
        send_timeout: how long one attempt to send may take; well below the lease.
        catch_up: how late a digest may be posted.
        size: tracks in a digest.
    """

    def __init__(
        self,
        digests: DigestRepository,
        discovery: DiscoveryService,
        shown: RecommendationsService,
        clock: Clock,
        *,
        worker: str,
        lease: timedelta = timedelta(minutes=5),
        send_timeout: timedelta = timedelta(minutes=2),
        catch_up: timedelta = timedelta(hours=36),
        size: int = 10,
    ) -> None:
        self._digests = digests
        self._discovery = discovery
        self._shown = shown
        self._clock = clock
        self._worker = worker
        self._lease = lease
        self._send_timeout = send_timeout
        self._catch_up = catch_up
        self._size = size

    async def set(
        self, guild_id: int, channel_id: int, weekday: int, hour: int, time_zone: str, created_by: int
    ) -> Digest:
        """Set or change a server's digest; weekday 0 is Monday, hour 0 to 23 on the wall clock of the time zone.

        Raises:
            BadInput: a value is out of range or the zone does not exist.
        """
        if not 0 <= weekday <= 6:
            raise BadInput("The day must be one of Monday to Sunday: pick one from the list.")
        if not 0 <= hour <= 23:
            raise BadInput("The hour must be a whole number from 0 to 23.")
        schedule = DigestSchedule(channel_id, weekday, hour, check_zone(time_zone))
        return await self._digests.put(guild_id, schedule, next_due(schedule, self._clock.now()), created_by)

    async def off(self, guild_id: int) -> None:
        """Switch a server's digest off.

        Raises:
            NoDigest: there is none that is on.
        """
        if not await self._digests.switch_off(guild_id, None):
            raise NoDigest

    async def status(self, guild_id: int) -> Digest | None:
        """Return a server's digest, on or off."""
        return await self._digests.get(guild_id)

    async def preview(self, guild_id: int) -> RecommendationSet:
        """Return what a digest would show now.

        Raises:
            NoModel, NothingToRecommend: each says what to do.
        """
        return await self._discovery.for_server(guild_id, self._size, preview=True)

    def time_zones(self, text: str, limit: int = 25) -> list[str]:
        """Return IANA time zones that match what was typed."""
        return find_zones(text, limit)

    async def post_due(self, poster: DigestPoster) -> list[DigestRun]:
        """Post every digest that is due and not claimed by another process; return the runs that were dealt with."""
        dealt_with = []
        for digest in await self._digests.due(self._clock.now(), limit=100):
            run = await self._claim(digest)
            if run is not None:
                await self._post(run, poster)
                dealt_with.append(run)
        now = self._clock.now()
        for run in await self._digests.reclaim_stale(now - self._lease, self._worker, now, limit=100):
            if await self._still_wanted(run):
                await self._post(run, poster)
                dealt_with.append(run)
        return dealt_with

    async def _claim(self, digest: Digest) -> DigestRun | None:
        now = self._clock.now()
        period = period_of(digest.schedule, digest.next_due_at)
        run = await self._digests.claim(digest, period, next_due(digest.schedule, now), self._worker, now)
        return run if run is not None and await self._still_wanted(run) else None

    async def _still_wanted(self, run: DigestRun) -> bool:
        """End a run that comes too late, unless its message may have been sent: then it is looked for first."""
        now = self._clock.now()
        if run.status is RunStatus.POSTING or now - due_of(run.digest.schedule, run.period) <= self._catch_up:
            return True
        await self._digests.finish(run.id, self._worker, RunStatus.SKIPPED, None, now)
        _log.warning("digest left out, it is too late for it", guild=run.digest.guild_id, period=run.period)
        return False

    async def _post(self, run: DigestRun, poster: DigestPoster) -> None:
        """Bring a run that this worker holds to its end; on an unknown outcome it stays for a later look."""
        log = _log.bind(guild=run.digest.guild_id, period=run.period, run=run.id)
        try:
            recommendations = await self._prepared(run)
            channel_id = run.digest.schedule.channel_id
            async with asyncio.timeout(self._send_timeout.total_seconds()):
                message_id = None
                if run.status is RunStatus.POSTING:
                    message_id = await poster.find(channel_id, recommendations.id, recommendations.created_at)
                if message_id is None:
                    if not await self._digests.begin_posting(run.id, self._worker, self._clock.now()):
                        log.info("digest taken over by another process")
                        return
                    message_id = await poster.post(channel_id, recommendations, nonce=f"digest-{run.id}")
            await self._digests.finish(run.id, self._worker, RunStatus.POSTED, message_id, self._clock.now())
            log.info("digest posted", message=message_id)
        except PostRefused as error:
            log.warning("digest stopped", reason=str(error))
            await self._digests.finish(run.id, self._worker, RunStatus.FAILED, None, self._clock.now())
            await self._digests.switch_off(run.digest.guild_id, str(error))
        except CrossfadeError as error:
            log.warning("digest cannot be composed yet", reason=str(error))
        except Exception:
            log.exception("digest not sent for sure, it will be looked for before it is sent again")

    async def _prepared(self, run: DigestRun) -> RecommendationSet:
        if run.set_id is not None:
            return await self._shown.get(run.set_id)
        recommendations = await self._discovery.for_server(run.digest.guild_id, self._size)
        await self._digests.set_prepared(run.id, recommendations.id)
        return recommendations
