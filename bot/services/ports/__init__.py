"""What the services need of the world outside; app.py hands in adapters that fit."""

from __future__ import annotations

from bot.services.ports.accounts import AccountRepository
from bot.services.ports.digests import DigestPoster, DigestRepository
from bot.services.ports.library import LibraryRepository
from bot.services.ports.privacy import PrivacyRepository
from bot.services.ports.recommendations import RecommendationRepository
from bot.services.ports.spotify import SpotifyGateway

__all__ = [
    "AccountRepository",
    "DigestPoster",
    "DigestRepository",
    "LibraryRepository",
    "PrivacyRepository",
    "RecommendationRepository",
    "SpotifyGateway",
]
