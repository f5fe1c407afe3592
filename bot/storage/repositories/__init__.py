"""The repositories that the services are handed: each method is one transaction."""

from __future__ import annotations

from bot.storage.repositories.accounts import SqlAccountRepository
from bot.storage.repositories.digests import SqlDigestRepository
from bot.storage.repositories.library import SqlLibraryRepository
from bot.storage.repositories.recommendations import SqlRecommendationRepository
from bot.storage.repositories.saves import SqlSaveRepository

__all__ = [
    "SqlAccountRepository",
    "SqlDigestRepository",
    "SqlLibraryRepository",
    "SqlRecommendationRepository",
    "SqlSaveRepository",
]
