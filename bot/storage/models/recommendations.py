"""What was recommended to whom, and the playlists that were saved of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.saving import SaveStatus
from bot.storage.models.base import NEVER_REUSE_IDS, Base, SurrogateId, UtcDateTime, one_of


class RecommendationSetRow(Base):
    """Recommendations that were shown together; a server's digest has no member."""

    __tablename__ = "recommendation_sets"
    __table_args__ = (
        Index(None, "member_id", "created_at"),
        Index(None, "guild_id", "created_at"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(SurrogateId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    subtitle: Mapped[str] = mapped_column(Text)
    member_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("members.id", ondelete="CASCADE"))
    guild_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("guilds.id", ondelete="SET NULL"))
    model: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecommendationRow(Base):
    """A recommended track of a set, with the sentences that say why."""

    __tablename__ = "recommendations"

    set_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("recommendation_sets.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tracks.id", ondelete="RESTRICT"), index=True)
    score: Mapped[float]
    reasons: Mapped[list[str]] = mapped_column(JSON)


class SavedPlaylistRow(Base):
    """The one playlist that a member's clicks on a set lead to; the unique row decides who makes it.

    `attempts` counts the claims: beyond the first, an earlier one may have made a playlist without noting it. A weekly
    list has a `series`: the next save of the same series goes into the same playlist, unless that is frozen. `written`
    counts the tracks that Spotify has taken, of the `n_tracks` to write. What an undo needs is in `previous` (name,
    description and track URIs of a playlist that was there before); without it the playlist was made by this save. An
    undo under way was claimed at `undoing_at`; one that is done leaves no row.
    """

    __tablename__ = "saved_playlists"
    __table_args__ = (
        UniqueConstraint("set_id", "member_id"),
        one_of("status", SaveStatus),
        Index(None, "member_id", "series"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(SurrogateId, primary_key=True)
    set_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("recommendation_sets.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(String(16))
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    mark: Mapped[str | None] = mapped_column(Text)
    spotify_id: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    series: Mapped[str | None] = mapped_column(String(64))
    n_tracks: Mapped[int | None]
    written: Mapped[int] = mapped_column(server_default="0")
    public: Mapped[bool | None]
    covered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undoing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    previous: Mapped[dict[str, object] | None] = mapped_column(JSON)
