"""Tracks with their albums and artists, each stored once however many playlists name them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.library import SOURCE_CATALOGUE
from bot.storage.models.base import NEVER_REUSE_IDS, Base, SurrogateId


class ArtistRow(Base):
    """An artist; `key` is the URI, or `name:` and the name where no URI is known."""

    __tablename__ = "artists"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: Mapped[int] = mapped_column(SurrogateId, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    uri: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(32), server_default=SOURCE_CATALOGUE)


class AlbumRow(Base):
    """An album; `key` is the URI, or `name:` and the name where no URI is known."""

    __tablename__ = "albums"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: Mapped[int] = mapped_column(SurrogateId, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    uri: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(32), server_default=SOURCE_CATALOGUE)


class TrackRow(Base):
    """A track; `source` says who told us of it."""

    __tablename__ = "tracks"
    __table_args__ = (CheckConstraint("duration_ms >= 0", name="duration_ms"), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(SurrogateId, primary_key=True)
    uri: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    album_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("albums.id", ondelete="SET NULL"), index=True)
    duration_ms: Mapped[int | None]
    explicit: Mapped[bool | None]
    isrc: Mapped[str | None] = mapped_column(Text, index=True)
    image_url: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(32))


class TrackArtistRow(Base):
    """An artist of a track, in the order of the credits."""

    __tablename__ = "track_artists"

    track_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tracks.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    artist_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("artists.id", ondelete="CASCADE"), index=True)
