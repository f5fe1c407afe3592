"""The tables, one module a subject; importing this package fills `Base.metadata`."""

from __future__ import annotations

from bot.storage.models.accounts import LoginAttemptRow, SpotifyAccountRow, SpotifyAppRow
from bot.storage.models.base import Base, UtcDateTime
from bot.storage.models.digests import DigestRow, DigestRunRow
from bot.storage.models.features import AudioFeaturesRow
from bot.storage.models.listening import LibrarySyncRow, ListenRow, TopArtistRow, TopTrackRow
from bot.storage.models.members import GuildMemberRow, GuildRow, MemberRow
from bot.storage.models.playlists import PlaylistEntryRow, PlaylistRow
from bot.storage.models.quotas import SpotifyQuotaRow
from bot.storage.models.recommendations import RecommendationRow, RecommendationSetRow, SavedPlaylistRow
from bot.storage.models.tracks import AlbumRow, ArtistRow, TrackArtistRow, TrackRow

__all__ = [
    "AlbumRow",
    "ArtistRow",
    "AudioFeaturesRow",
    "Base",
    "DigestRow",
    "DigestRunRow",
    "GuildMemberRow",
    "GuildRow",
    "LibrarySyncRow",
    "ListenRow",
    "LoginAttemptRow",
    "MemberRow",
    "PlaylistEntryRow",
    "PlaylistRow",
    "RecommendationRow",
    "RecommendationSetRow",
    "SavedPlaylistRow",
    "SpotifyAccountRow",
    "SpotifyAppRow",
    "SpotifyQuotaRow",
    "TopArtistRow",
    "TopTrackRow",
    "TrackArtistRow",
    "TrackRow",
    "UtcDateTime",
]
