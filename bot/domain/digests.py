"""A server's weekly digest: its schedule and its runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """When and where: weekday 0 is Monday, `hour` is the wall clock's hour in `time_zone` (an IANA name)."""

    channel_id: int
    weekday: int
    hour: int
    time_zone: str


@dataclass(frozen=True, slots=True)
class Digest:
    """A server's digest; `next_due_at` is UTC."""

    id: int
    guild_id: int
    schedule: DigestSchedule
    enabled: bool
    next_due_at: datetime
    stopped_because: str | None


class RunStatus(StrEnum):
    """Where a run stands.

    POSTING means that the message may or may not have been sent, FAILED that it was refused and so was not sent.
    SKIPPED means that nothing more is sent; if the run has a set, it may have been sent all the same.
    """

    CLAIMED = "claimed"
    POSTING = "posting"
    POSTED = "posted"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DigestRun:
    """One period of a digest, unique by (digest, period); `set_id` is what it posts.

    `channel_id` and `due_at` (UTC) are those of the claim, whatever becomes of the digest meanwhile; runs that were
    claimed before these were kept have no `due_at`.
    """

    id: int
    digest: Digest
    period: str
    status: RunStatus
    claimed_at: datetime
    claimed_by: str
    set_id: int | None
    channel_id: int
    due_at: datetime | None
    message_id: int | None


class OutcomeUnknown(Exception):
    """It cannot be told whether a message was sent; the text says why."""
