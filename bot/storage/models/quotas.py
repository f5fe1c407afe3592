"""What each Spotify app may still ask."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, UtcDateTime


class SpotifyQuotaRow(Base):
    """The quota of a client id: until when Spotify wants to be left alone, and the calls of the day."""

    __tablename__ = "spotify_quotas"
    __table_args__ = (CheckConstraint("calls >= 0", name="calls"),)

    client_id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooldown_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cooldown_reason: Mapped[str | None] = mapped_column(String(32))
    day: Mapped[date]
    calls: Mapped[int]
