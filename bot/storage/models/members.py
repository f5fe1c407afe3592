"""Discord users and servers that use the bot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, false, true
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, UtcDateTime


class MemberRow(Base):
    """A Discord user; what is kept of them hangs on this row and goes with it, also their choices.

    The choices are what they opted out of, and how lists are saved: public or private, with a cover of ours or without,
    into last week's playlist or a new one each time.
    """

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    out_of_digests: Mapped[bool] = mapped_column(server_default=false())
    out_of_learning: Mapped[bool] = mapped_column(server_default=false())
    out_of_blends: Mapped[bool] = mapped_column(server_default=false())
    saves_public: Mapped[bool] = mapped_column(server_default=false())
    saves_cover: Mapped[bool] = mapped_column(server_default=true())
    saves_reuse: Mapped[bool] = mapped_column(server_default=true())


class GuildRow(Base):
    """A Discord server."""

    __tablename__ = "guilds"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class GuildMemberRow(Base):
    """A member who uses the bot in a server, with the last time they did."""

    __tablename__ = "guild_members"

    guild_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("guilds.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
