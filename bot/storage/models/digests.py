"""Servers' weekly digests and the periods that were worked on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.digests import RunStatus
from bot.storage.models.base import NEVER_REUSE_IDS, Base, SurrogateId, UtcDateTime, one_of


class DigestRow(Base):
    """A server's digest; weekday 0 is Monday, `hour` is the wall clock's in `time_zone`."""

    __tablename__ = "digests"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        Index(None, "enabled", "next_due_at"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(SurrogateId, primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("guilds.id", ondelete="CASCADE"), unique=True)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    weekday: Mapped[int]
    hour: Mapped[int]
    time_zone: Mapped[str] = mapped_column(String(64))
    enabled: Mapped[bool]
    next_due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_because: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("members.id", ondelete="SET NULL"), index=True
    )


class DigestRunRow(Base):
    """One period of a digest; the unique row decides which process works on it."""

    __tablename__ = "digest_runs"
    __table_args__ = (
        UniqueConstraint("digest_id", "period"),
        one_of("status", RunStatus),
        Index(None, "status", "claimed_at"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(SurrogateId, primary_key=True)
    digest_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("digests.id", ondelete="CASCADE"))
    period: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str] = mapped_column(Text)
    set_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("recommendation_sets.id", ondelete="SET NULL"), index=True
    )
    channel_id: Mapped[int | None] = mapped_column(BigInteger)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
