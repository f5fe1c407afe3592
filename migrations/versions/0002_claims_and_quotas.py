"""What keeps two processes from doing a thing twice, and what is left of a Spotify app's quota.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

_ADDED: tuple[tuple[str, str, sa.types.TypeEngine[object]], ...] = (
    ("spotify_accounts", "refresh_claimed_by", sa.Text()),
    ("spotify_accounts", "refresh_claimed_at", sa.DateTime(timezone=True)),
    ("spotify_accounts", "reconnect_told_at", sa.DateTime(timezone=True)),
    ("spotify_accounts", "ending_told_at", sa.DateTime(timezone=True)),
    ("saved_playlists", "mark", sa.Text()),
    ("digest_runs", "channel_id", sa.BigInteger()),
    ("digest_runs", "due_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Add the quotas; claims of refreshes; marks of saves; to digest runs what they were claimed for."""
    op.create_table(
        "spotify_quotas",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("cooldown_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cooldown_reason", sa.String(length=32), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.CheckConstraint("calls >= 0", name=op.f("ck_spotify_quotas_calls")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_spotify_quotas")),
    )
    for table, name, kind in _ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Take them away again; no table is copied, so that SQLite keeps on never giving an id twice."""
    for table, name, _ in reversed(_ADDED):
        op.drop_column(table, name)
    op.drop_table("spotify_quotas")
