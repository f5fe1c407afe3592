"""All services of a running Crossfade, as the faces are given them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.accounts import AccountsService
from bot.services.apps import SpotifyAppsService
from bot.services.digests import DigestsService
from bot.services.discovery import DiscoveryService
from bot.services.features import FeaturesService
from bot.services.imports import ImportsService
from bot.services.keeping import KeepingService
from bot.services.library import LibraryService
from bot.services.models import ModelService
from bot.services.onboarding import OnboardingService
from bot.services.playlists import PlaylistsService
from bot.services.privacy import PrivacyService
from bot.services.recommendations import RecommendationsService
from bot.services.syncing import SyncingService
from bot.services.undoing import UndoService


@dataclass(frozen=True, slots=True)
class Services:
    """One instance of each use case, built by app.py."""

    accounts: AccountsService
    spotify_apps: SpotifyAppsService
    onboarding: OnboardingService
    library: LibraryService
    syncing: SyncingService
    models: ModelService
    recommendations: RecommendationsService
    discovery: DiscoveryService
    playlists: PlaylistsService
    undoing: UndoService
    keeping: KeepingService
    digests: DigestsService
    privacy: PrivacyService
    features: FeaturesService
    imports: ImportsService
