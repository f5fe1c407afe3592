"""Members' playlists and what is in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.library import PlaylistKind
from bot.storage.models.base import NEVER_REUSE_IDS, Base, SurrogateId, UtcDateTime


class PlaylistRow(Base):
    """A playlist in a member's library; `total` is Spotify's count of items, `n_tracks` that of the stored ones.

    The liked songs are one too, and so is each list that a member imported; both have a `spotify_id` of our own making,
    with a colon in it. What is `left_out` has no say in the member's taste.
    """

    __tablename__ = "playlists"
    __table_args__ = (
        UniqueConstraint("member_id", "spotify_id"),
        CheckConstraint("n_tracks >= 0", name="n_tracks"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(SurrogateId, primary_key=True)
    source: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16), server_default=PlaylistKind.PLAYLIST.value)
    left_out: Mapped[bool] = mapped_column(server_default=false())
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id", ondelete="CASCADE"))
    spotify_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[str | None] = mapped_column(Text)
    owner_name: Mapped[str | None] = mapped_column(Text)
    snapshot_id: Mapped[str] = mapped_column(Text)
    collaborative: Mapped[bool]
    public: Mapped[bool | None]
    total: Mapped[int]
    n_tracks: Mapped[int]
    url: Mapped[str | None] = mapped_column(Text)
    image_url: Mapped[str | None] = mapped_column(Text)
    rank: Mapped[int]
    synced_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PlaylistEntryRow(Base):
    """A track at a place in a playlist; the same track may stand at several."""

    __tablename__ = "playlist_entries"

    playlist_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("playlists.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tracks.id", ondelete="RESTRICT"), index=True)
    added_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    added_by: Mapped[str | None] = mapped_column(Text)
