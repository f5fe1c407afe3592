"""What the services need of the world outside; app.py hands in adapters that fit."""

from __future__ import annotations

from bot.services.ports.accounts import AccountRepository
from bot.services.ports.apps import QuotaReader, SpotifyAppRepository, SpotifyAppTrial
from bot.services.ports.digests import DigestPoster, DigestRepository
from bot.services.ports.library import LibraryRepository
from bot.services.ports.listening import ListeningRepository, SyncRepository
from bot.services.ports.privacy import PrivacyRepository
from bot.services.ports.recommendations import RecommendationRepository
from bot.services.ports.saves import CoverArtist, SaveRepository
from bot.services.ports.spotify import SpotifyApps, SpotifyGateway

__all__ = [
    "AccountRepository",
    "CoverArtist",
    "DigestPoster",
    "DigestRepository",
    "LibraryRepository",
    "ListeningRepository",
    "PrivacyRepository",
    "QuotaReader",
    "RecommendationRepository",
    "SaveRepository",
    "SpotifyAppRepository",
    "SpotifyAppTrial",
    "SpotifyApps",
    "SpotifyGateway",
    "SyncRepository",
]
