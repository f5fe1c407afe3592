"""What members listen to: their top tracks and artists, single listens, and how far a sync has come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.listening import TimeRange
from bot.storage.models.base import NEVER_REUSE_IDS, Base, SurrogateId, UtcDateTime, one_of


class TopTrackRow(Base):
    """A track among those that a member played most in a time range, the most played at rank 0."""

    __tablename__ = "top_tracks"
    __table_args__ = (one_of("time_range", TimeRange),)

    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    time_range: Mapped[str] = mapped_column(String(16), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tracks.id", ondelete="RESTRICT"), index=True)
    source: Mapped[str] = mapped_column(String(32))


class TopArtistRow(Base):
    """An artist among those that a member played most in a time range, the most played at rank 0."""

    __tablename__ = "top_artists"
    __table_args__ = (one_of("time_range", TimeRange),)

    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    time_range: Mapped[str] = mapped_column(String(16), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    artist_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("artists.id", ondelete="RESTRICT"), index=True)
    source: Mapped[str] = mapped_column(String(32))


class ListenRow(Base):
    """A track that a member played at a moment; `ms_played` is known of imported listens only."""

    __tablename__ = "listens"
    __table_args__ = (
        UniqueConstraint("member_id", "played_at", "track_id"),
        CheckConstraint("ms_played >= 0", name="ms_played"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(SurrogateId, primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id", ondelete="CASCADE"))
    track_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tracks.id", ondelete="RESTRICT"), index=True)
    played_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ms_played: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(32))


class LibrarySyncRow(Base):
    """How far the sync of a member's library has come, when it is due again, and who is at it.

    `done` of `total` playlists are dealt with in the sync that was begun at `started_at`; `fault` says why the last one
    ended early, `outages` how many in a row an outage ended. `top_read_at` is when the top tracks and artists were last
    read.
    """

    __tablename__ = "library_syncs"
    __table_args__ = (Index(None, "due_at"),)

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(Text)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    fault: Mapped[str | None] = mapped_column(Text)
    outages: Mapped[int] = mapped_column(server_default="0")
    top_read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
