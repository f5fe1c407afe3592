"""Spotify accounts and the sign-ins that lead to them; every secret column holds cipher text."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.accounts import AccountStatus
from bot.storage.models.base import Base, UtcDateTime, one_of


class SpotifyAccountRow(Base):
    """The Spotify account of a member: one a member, and one member an account.

    `client_id` is the Spotify app that the tokens belong to; of accounts linked before that was noted it is not known,
    and the default app's.
    """

    __tablename__ = "spotify_accounts"
    __table_args__ = (one_of("status", AccountStatus),)

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    access_token: Mapped[str] = mapped_column(Text)
    refresh_token: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    scopes: Mapped[str] = mapped_column(Text)
    authorised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(16))
    client_id: Mapped[str | None] = mapped_column(Text)
    refresh_claimed_by: Mapped[str | None] = mapped_column(Text)
    refresh_claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reconnect_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ending_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginAttemptRow(Base):
    """A sign-in that was begun, found by the hash of its state; `member_name` is what Discord calls the member."""

    __tablename__ = "login_attempts"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id", ondelete="CASCADE"), index=True)
    guild_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("guilds.id", ondelete="SET NULL"))
    member_name: Mapped[str | None] = mapped_column(Text)
    client_id: Mapped[str | None] = mapped_column(Text)
    verifier: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SpotifyAppRow(Base):
    """The Spotify app that an admin registered for a server; several servers may have the same."""

    __tablename__ = "spotify_apps"

    guild_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("guilds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    client_id: Mapped[str] = mapped_column(Text, index=True)
    client_secret: Mapped[str] = mapped_column(Text)
    registered_by: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("members.id", ondelete="SET NULL"), index=True
    )
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
