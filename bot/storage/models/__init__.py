"""The tables, one module a subject; importing this package fills `Base.metadata`."""

from __future__ import annotations

from bot.storage.models.accounts import LoginAttemptRow, SpotifyAccountRow
from bot.storage.models.base import Base, UtcDateTime
from bot.storage.models.digests import DigestRow, DigestRunRow
from bot.storage.models.members import GuildMemberRow, GuildRow, MemberRow
from bot.storage.models.playlists import PlaylistEntryRow, PlaylistRow
from bot.storage.models.quotas import SpotifyQuotaRow
from bot.storage.models.recommendations import RecommendationRow, RecommendationSetRow, SavedPlaylistRow
from bot.storage.models.tracks import AlbumRow, ArtistRow, TrackArtistRow, TrackRow

__all__ = [
    "AlbumRow",
    "ArtistRow",
    "Base",
    "DigestRow",
    "DigestRunRow",
    "GuildMemberRow",
    "GuildRow",
    "LoginAttemptRow",
    "MemberRow",
    "PlaylistEntryRow",
    "PlaylistRow",
    "RecommendationRow",
    "RecommendationSetRow",
    "SavedPlaylistRow",
    "SpotifyAccountRow",
    "SpotifyQuotaRow",
    "TrackArtistRow",
    "TrackRow",
    "UtcDateTime",
]
