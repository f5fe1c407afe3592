"""The audio features of tracks, with who told us of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, UtcDateTime


class AudioFeaturesRow(Base):
    """What one source says of a track; all features missing means that it was asked and knows nothing.

    Units as in Spotify's Web API reference, "Get Track's Audio Features". Estimates are marked, and never taken for
    measured.
    """

    __tablename__ = "audio_features"
    __table_args__ = (Index(None, "source", "read_at"),)

    track_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tracks.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    estimated: Mapped[bool]
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    danceability: Mapped[float | None]
    energy: Mapped[float | None]
    key: Mapped[float | None]
    loudness: Mapped[float | None]
    mode: Mapped[float | None]
    speechiness: Mapped[float | None]
    acousticness: Mapped[float | None]
    instrumentalness: Mapped[float | None]
    liveness: Mapped[float | None]
    valence: Mapped[float | None]
    tempo: Mapped[float | None]
