"""All services of a running Crossfade, as the faces are given them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.accounts import AccountsService
from bot.services.digests import DigestsService
from bot.services.discovery import DiscoveryService
from bot.services.library import LibraryService
from bot.services.models import ModelService
from bot.services.onboarding import OnboardingService
from bot.services.playlists import PlaylistsService
from bot.services.privacy import PrivacyService
from bot.services.recommendations import RecommendationsService


@dataclass(frozen=True, slots=True)
class Services:
    """One instance of each use case, built by app.py."""

    accounts: AccountsService
    onboarding: OnboardingService
    library: LibraryService
    models: ModelService
    recommendations: RecommendationsService
    discovery: DiscoveryService
    playlists: PlaylistsService
    digests: DigestsService
    privacy: PrivacyService
