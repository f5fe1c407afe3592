"""What members opted out of.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

_ADDED = ("out_of_digests", "out_of_learning", "out_of_blends")


def upgrade() -> None:
    """Add the opt-outs; nobody who is stored already has opted out of anything."""
    for name in _ADDED:
        op.add_column("members", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take them away again."""
    for name in reversed(_ADDED):
        op.drop_column("members", name)
