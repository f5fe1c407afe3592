"""What members listen to, servers' own Spotify apps, how lists are saved, and audio features by source.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

_MOMENT = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FEATURES = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)


def _member(name: str = "member_id") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _of_member(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["member_id"], ["members.id"], name=op.f(f"fk_{table}_member_id_members"), ondelete="CASCADE"
    )


_ADDED: tuple[tuple[str, sa.Column[object]], ...] = (
    ("members", sa.Column("saves_public", sa.Boolean(), server_default=sa.false(), nullable=False)),
    ("members", sa.Column("saves_cover", sa.Boolean(), server_default=sa.true(), nullable=False)),
    ("members", sa.Column("saves_reuse", sa.Boolean(), server_default=sa.true(), nullable=False)),
    ("spotify_accounts", sa.Column("client_id", sa.Text(), nullable=True)),
    ("login_attempts", sa.Column("member_name", sa.Text(), nullable=True)),
    ("login_attempts", sa.Column("client_id", sa.Text(), nullable=True)),
    ("artists", sa.Column("source", sa.String(32), server_default="catalogue", nullable=False)),
    ("albums", sa.Column("source", sa.String(32), server_default="catalogue", nullable=False)),
    ("playlists", sa.Column("kind", sa.String(16), server_default="playlist", nullable=False)),
    ("playlists", sa.Column("left_out", sa.Boolean(), server_default=sa.false(), nullable=False)),
    ("saved_playlists", sa.Column("series", sa.String(64), nullable=True)),
    ("saved_playlists", sa.Column("n_tracks", sa.Integer(), nullable=True)),
    ("saved_playlists", sa.Column("written", sa.Integer(), server_default="0", nullable=False)),
    ("saved_playlists", sa.Column("public", sa.Boolean(), nullable=True)),
    ("saved_playlists", sa.Column("covered_at", _MOMENT, nullable=True)),
    ("saved_playlists", sa.Column("undoing_at", _MOMENT, nullable=True)),
    ("saved_playlists", sa.Column("frozen_at", _MOMENT, nullable=True)),
    ("saved_playlists", sa.Column("previous", sa.JSON(), nullable=True)),
)


def upgrade() -> None:
    """Add the tables and columns; what is stored already keeps its meaning."""
    for table, column in _ADDED:
        op.add_column(table, column)
    op.create_index(op.f("ix_saved_playlists_member_id_series"), "saved_playlists", ["member_id", "series"])
    _add_listening()
    op.create_table(
        "spotify_apps",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=False),
        sa.Column("registered_by", sa.BigInteger(), nullable=True),
        sa.Column("registered_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guilds.id"], name=op.f("fk_spotify_apps_guild_id_guilds"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["registered_by"], ["members.id"], name=op.f("fk_spotify_apps_registered_by_members"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_spotify_apps")),
    )
    op.create_index(op.f("ix_spotify_apps_client_id"), "spotify_apps", ["client_id"])
    op.create_index(op.f("ix_spotify_apps_registered_by"), "spotify_apps", ["registered_by"])
    op.create_table(
        "audio_features",
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("read_at", _MOMENT, nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in _FEATURES),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name=op.f("fk_audio_features_track_id_tracks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("track_id", "source", name=op.f("pk_audio_features")),
    )
    op.create_index(op.f("ix_audio_features_source_read_at"), "audio_features", ["source", "read_at"])


def _add_listening() -> None:
    for table, item in (("top_tracks", "track"), ("top_artists", "artist")):
        op.create_table(
            table,
            _member(),
            sa.Column("time_range", sa.String(16), nullable=False),
            sa.Column("rank", sa.Integer(), nullable=False),
            sa.Column(f"{item}_id", sa.BigInteger(), nullable=False),
            sa.Column("source", sa.String(32), nullable=False),
            sa.CheckConstraint(
                "time_range IN ('short_term', 'medium_term', 'long_term')", name=op.f(f"ck_{table}_time_range")
            ),
            _of_member(table),
            sa.ForeignKeyConstraint(
                [f"{item}_id"], [f"{item}s.id"], name=op.f(f"fk_{table}_{item}_id_{item}s"), ondelete="RESTRICT"
            ),
            sa.PrimaryKeyConstraint("member_id", "time_range", "rank", name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_{item}_id"), table, [f"{item}_id"])
    op.create_table(
        "listens",
        sa.Column("id", _ID, nullable=False),
        _member(),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("played_at", _MOMENT, nullable=False),
        sa.Column("ms_played", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.CheckConstraint("ms_played >= 0", name=op.f("ck_listens_ms_played")),
        _of_member("listens"),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name=op.f("fk_listens_track_id_tracks"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listens")),
        sa.UniqueConstraint("member_id", "played_at", "track_id", name=op.f("uq_listens_member_id_played_at_track_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_listens_track_id"), "listens", ["track_id"])
    op.create_table(
        "library_syncs",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_at", _MOMENT, nullable=True),
        sa.Column("started_at", _MOMENT, nullable=True),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("outages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("top_read_at", _MOMENT, nullable=True),
        _of_member("library_syncs"),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_library_syncs")),
    )
    op.create_index(op.f("ix_library_syncs_due_at"), "library_syncs", ["due_at"])


def downgrade() -> None:
    """Take them away again; no table is copied, so that SQLite keeps on never giving an id twice."""
    for table in ("audio_features", "spotify_apps", "library_syncs", "listens", "top_artists", "top_tracks"):
        op.drop_table(table)
    op.drop_index(op.f("ix_saved_playlists_member_id_series"), table_name="saved_playlists")
    # Lists that were imported, and liked songs, are no playlists of Spotify's: the older program would look for them.
    # SQLite deletes nothing along with a row while tables are changed.
    op.execute("DELETE FROM playlist_entries WHERE playlist_id IN (SELECT id FROM playlists WHERE kind <> 'playlist')")
    op.execute("DELETE FROM playlists WHERE kind <> 'playlist'")
    for table, column in reversed(_ADDED):
        op.drop_column(table, column.name)
