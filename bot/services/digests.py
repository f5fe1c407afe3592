"""The weekly digest of a server: set, shown beforehand, and posted once a week, whatever crashes."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta

import structlog

from bot.domain.clock import Clock
from bot.domain.digests import Digest, DigestRun, DigestSchedule, OutcomeUnknown, RunStatus
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
    message, the channel is searched for it before it is sent again, and if that cannot tell, it is not sent again. A
    digest that is late by more than `catch_up` is left out, so that a long downtime does not end in old news.

    Args:
        digests: schedules and runs.
        discovery: composes what is posted.
        shown: stored recommendation sets.
        clock: tells the time.
        worker: this process's own name, different in every process.
        lease: how long a claim protects a run.
        send_timeout: how long one search of a channel, and one attempt to send, may take; well below the lease.
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
        self._looks = itertools.count(1)

    async def set(
        self, guild_id: int, channel_id: int, weekday: int, hour: int, time_zone: str, created_by: int
    ) -> Digest:
        """Set or change a server's digest; weekday 0 is Monday, hour 0 to 23 on the wall clock of the time zone.

        On a day that has had its digest, the next one comes a week later.

        Raises:
            BadInput: a value is out of range or the zone does not exist.
        """
        if not 0 <= weekday <= 6:
            raise BadInput("The day must be one of Monday to Sunday: pick one from the list.")
        if not 0 <= hour <= 23:
            raise BadInput("The hour must be a whole number from 0 to 23.")
        schedule = DigestSchedule(channel_id, weekday, hour, check_zone(time_zone))
        due = next_due(schedule, self._clock.now())
        if await self._digests.dealt_with(guild_id, period_of(schedule, due)):
            due = next_due(schedule, due)
        return await self._digests.put(guild_id, schedule, due, created_by)

    async def off(self, guild_id: int) -> None:
        """Switch a server's digest off; one that is being composed at this moment is not posted any more.

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
        """Post every digest that is due and not claimed by anybody else; return the runs that were dealt with.

        Each call claims under a name of its own: one that has lost a run to a later call of the same process must not
        take itself for its holder.
        """
        holder = f"{self._worker}-{next(self._looks)}"
        dealt_with = []
        for digest in await self._digests.due(self._clock.now(), limit=100):
            run = await self._claim(digest, holder)
            if run is not None and await self._still_wanted(run):
                await self._post(run, poster)
                dealt_with.append(run)
        now = self._clock.now()
        for run in await self._digests.reclaim_stale(now - self._lease, holder, now, limit=100):
            if await self._still_wanted(run):
                await self._post(run, poster)
                dealt_with.append(run)
        return dealt_with

    async def _claim(self, digest: Digest, holder: str) -> DigestRun | None:
        now = self._clock.now()
        period = period_of(digest.schedule, digest.next_due_at)
        return await self._digests.claim(digest, period, next_due(digest.schedule, now), holder, now)

    async def _still_wanted(self, run: DigestRun) -> bool:
        """End a run that is not to be posted, unless its message may have been sent: then it is looked for first."""
        if run.status is RunStatus.POSTING:
            return True
        if not run.digest.enabled:
            await self._leave_out(run, "it was switched off")
            return False
        if self._is_late(run):
            await self._leave_out(run, "it is too late for it")
            return False
        return True

    async def _post(self, run: DigestRun, poster: DigestPoster) -> None:
        """Bring a run that this worker holds to its end; on an unknown outcome it stays for a later look."""
        log = _log.bind(guild=run.digest.guild_id, period=run.period, run=run.id)
        try:
            message_id = await self._posted_before(run, poster) if run.status is RunStatus.POSTING else None
            if message_id is None:
                message_id = await self._send(run, poster)
            if message_id is not None:
                await self._digests.finish(run.id, run.claimed_by, RunStatus.POSTED, message_id, self._clock.now())
                log.info("digest posted", message=message_id)
        except OutcomeUnknown as unknown:
            await self._leave_out(run, f"it may have been posted already, nobody can tell: {unknown}")
        except PostRefused as refusal:
            await self._stop(run, refusal)
            await self._digests.finish(run.id, run.claimed_by, RunStatus.FAILED, None, self._clock.now())
        except CrossfadeError as error:
            log.warning("digest cannot be composed yet", reason=str(error))
        except Exception:
            log.exception("digest not sent for sure, it will be looked for before it is sent again")

    async def _posted_before(self, run: DigestRun, poster: DigestPoster) -> int | None:
        """Return the id of the message if an earlier attempt has sent it.

        Raises:
            OutcomeUnknown: that cannot be told, and waiting does not help.
        """
        if run.set_id is None:
            raise OutcomeUnknown("the recommendations that it showed are no longer stored")
        recommendations = await self._shown.get(run.set_id)
        try:
            async with asyncio.timeout(self._send_timeout.total_seconds()):
                return await poster.find(run.channel_id, recommendations.id, recommendations.created_at)
        except OutcomeUnknown:
            raise
        except PostRefused as refusal:
            await self._stop(run, refusal)
            raise OutcomeUnknown(str(refusal)) from refusal
        except Exception as error:
            if not self._is_late(run):
                raise
            raise OutcomeUnknown(f"the channel could not be searched ({error!r})") from error

    async def _send(self, run: DigestRun, poster: DigestPoster) -> int | None:
        """Send the message and return its id; None if it is too late, switched off, or no longer this worker's."""
        if self._is_late(run):
            await self._leave_out(run, "it is too late for it")
            return None
        recommendations = await self._prepared(run)
        async with asyncio.timeout(self._send_timeout.total_seconds()):
            if not await self._digests.begin_posting(run.id, run.claimed_by, self._clock.now()):
                await self._leave_out(run, "it was switched off")
                return None
            return await poster.post(run.channel_id, recommendations, nonce=f"digest-{run.id}")

    async def _prepared(self, run: DigestRun) -> RecommendationSet:
        if run.set_id is not None:
            return await self._shown.get(run.set_id)
        recommendations = await self._discovery.for_server(run.digest.guild_id, self._size)
        settled = await self._digests.set_prepared(run.id, recommendations.id)
        return recommendations if settled == recommendations.id else await self._shown.get(settled)

    async def _stop(self, run: DigestRun, refusal: PostRefused) -> None:
        """Switch off a digest whose channel refuses it, unless it has another channel by now."""
        guild_id = run.digest.guild_id
        _log.warning("digest stopped", guild=guild_id, reason=str(refusal), cause=repr(refusal.__cause__))
        await self._digests.switch_off(guild_id, str(refusal), channel_id=run.channel_id)

    async def _leave_out(self, run: DigestRun, because: str) -> None:
        log = _log.bind(guild=run.digest.guild_id, period=run.period, run=run.id)
        if await self._digests.finish(run.id, run.claimed_by, RunStatus.SKIPPED, None, self._clock.now()):
            log.warning("digest left out", because=because)
        else:
            log.info("digest taken over by another process")

    def _is_late(self, run: DigestRun) -> bool:
        due = run.due_at or due_of(run.digest.schedule, run.period)
        return self._clock.now() - due > self._catch_up
