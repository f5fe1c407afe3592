"""The first tables: members, accounts, tracks, playlists, recommendations, digests.

Revision ID: 0001
Revises:
Create Date: 2026-11-21
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables, those that others point to first."""
    _members()
    _accounts()
    _tracks()
    _playlists()
    _recommendations()
    _digests()


def downgrade() -> None:
    """Remove the tables and what is in them."""
    for table in (
        "digest_runs",
        "digests",
        "saved_playlists",
        "recommendations",
        "recommendation_sets",
        "playlist_entries",
        "playlists",
        "track_artists",
        "tracks",
        "albums",
        "artists",
        "login_attempts",
        "spotify_accounts",
        "guild_members",
        "guilds",
        "members",
    ):
        op.drop_table(table)


def _surrogate_id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    op.create_table(
        "guilds",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guilds")),
    )
    op.create_table(
        "guild_members",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guilds.id"], name=op.f("fk_guild_members_guild_id_guilds"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_guild_members_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("guild_id", "member_id", name=op.f("pk_guild_members")),
    )
    op.create_index(op.f("ix_guild_members_member_id"), "guild_members", ["member_id"])


def _accounts() -> None:
    op.create_table(
        "spotify_accounts",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("refresh_token", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("authorised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.CheckConstraint("status IN ('active', 'reconnect')", name=op.f("ck_spotify_accounts_status")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_spotify_accounts_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_spotify_accounts")),
        sa.UniqueConstraint("account_id", name=op.f("uq_spotify_accounts_account_id")),
    )
    op.create_table(
        "login_attempts",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guilds.id"], name=op.f("fk_login_attempts_guild_id_guilds"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_login_attempts_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_login_attempts")),
    )
    op.create_index(op.f("ix_login_attempts_expires_at"), "login_attempts", ["expires_at"])
    op.create_index(op.f("ix_login_attempts_member_id"), "login_attempts", ["member_id"])


def _tracks() -> None:
    op.create_table(
        "artists",
        _surrogate_id(),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artists")),
        sa.UniqueConstraint("key", name=op.f("uq_artists_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "albums",
        _surrogate_id(),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_albums")),
        sa.UniqueConstraint("key", name=op.f("uq_albums_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tracks",
        _surrogate_id(),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("album_id", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("explicit", sa.Boolean(), nullable=True),
        sa.Column("isrc", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.CheckConstraint("duration_ms >= 0", name=op.f("ck_tracks_duration_ms")),
        sa.ForeignKeyConstraint(
            ["album_id"], ["albums.id"], name=op.f("fk_tracks_album_id_albums"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
        sa.UniqueConstraint("uri", name=op.f("uq_tracks_uri")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_tracks_album_id"), "tracks", ["album_id"])
    op.create_index(op.f("ix_tracks_isrc"), "tracks", ["isrc"])
    op.create_table(
        "track_artists",
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("artist_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["artist_id"], ["artists.id"], name=op.f("fk_track_artists_artist_id_artists"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name=op.f("fk_track_artists_track_id_tracks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("track_id", "position", name=op.f("pk_track_artists")),
    )
    op.create_index(op.f("ix_track_artists_artist_id"), "track_artists", ["artist_id"])


def _playlists() -> None:
    op.create_table(
        "playlists",
        _surrogate_id(),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("spotify_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Text(), nullable=True),
        sa.Column("owner_name", sa.Text(), nullable=True),
        sa.Column("snapshot_id", sa.Text(), nullable=False),
        sa.Column("collaborative", sa.Boolean(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("n_tracks", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("n_tracks >= 0", name=op.f("ck_playlists_n_tracks")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_playlists_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playlists")),
        sa.UniqueConstraint("member_id", "spotify_id", name=op.f("uq_playlists_member_id_spotify_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "playlist_entries",
        sa.Column("playlist_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["playlist_id"],
            ["playlists.id"],
            name=op.f("fk_playlist_entries_playlist_id_playlists"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name=op.f("fk_playlist_entries_track_id_tracks"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("playlist_id", "position", name=op.f("pk_playlist_entries")),
    )
    op.create_index(op.f("ix_playlist_entries_track_id"), "playlist_entries", ["track_id"])


def _recommendations() -> None:
    op.create_table(
        "recommendation_sets",
        _surrogate_id(),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subtitle", sa.Text(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guilds.id"], name=op.f("fk_recommendation_sets_guild_id_guilds"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_recommendation_sets_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation_sets")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_recommendation_sets_guild_id_created_at"), "recommendation_sets", ["guild_id", "created_at"]
    )
    op.create_index(
        op.f("ix_recommendation_sets_member_id_created_at"), "recommendation_sets", ["member_id", "created_at"]
    )
    op.create_table(
        "recommendations",
        sa.Column("set_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["set_id"],
            ["recommendation_sets.id"],
            name=op.f("fk_recommendations_set_id_recommendation_sets"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name=op.f("fk_recommendations_track_id_tracks"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("set_id", "position", name=op.f("pk_recommendations")),
    )
    op.create_index(op.f("ix_recommendations_track_id"), "recommendations", ["track_id"])
    op.create_table(
        "saved_playlists",
        _surrogate_id(),
        sa.Column("set_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("spotify_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('claimed', 'created', 'done')", name=op.f("ck_saved_playlists_status")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_saved_playlists_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["set_id"],
            ["recommendation_sets.id"],
            name=op.f("fk_saved_playlists_set_id_recommendation_sets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_playlists")),
        sa.UniqueConstraint("set_id", "member_id", name=op.f("uq_saved_playlists_set_id_member_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_saved_playlists_member_id"), "saved_playlists", ["member_id"])


def _digests() -> None:
    op.create_table(
        "digests",
        _surrogate_id(),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_because", sa.Text(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_digests_hour")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_digests_weekday")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["members.id"], name=op.f("fk_digests_created_by_members"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guilds.id"], name=op.f("fk_digests_guild_id_guilds"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("guild_id", name=op.f("uq_digests_guild_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_digests_created_by"), "digests", ["created_by"])
    op.create_index(op.f("ix_digests_enabled_next_due_at"), "digests", ["enabled", "next_due_at"])
    op.create_table(
        "digest_runs",
        _surrogate_id(),
        sa.Column("digest_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("set_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('claimed', 'posting', 'posted', 'skipped', 'failed')", name=op.f("ck_digest_runs_status")
        ),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_digest_runs_digest_id_digests"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["set_id"],
            ["recommendation_sets.id"],
            name=op.f("fk_digest_runs_set_id_recommendation_sets"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_runs")),
        sa.UniqueConstraint("digest_id", "period", name=op.f("uq_digest_runs_digest_id_period")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_digest_runs_set_id"), "digest_runs", ["set_id"])
    op.create_index(op.f("ix_digest_runs_status_claimed_at"), "digest_runs", ["status", "claimed_at"])
