"""The composition root's lower half: builds what stands below the faces, adapters and services, and closes it again."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from bot.artwork.covers import AbstractCovers
from bot.domain.apps import AppCredentials
from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import CrossfadeError
from bot.features.chain import FeatureChain, feature_chain
from bot.imports.reader import UploadReader
from bot.services.accounts import AccountsService
from bot.services.apps import SpotifyAppsService
from bot.services.digests import DigestsService
from bot.services.discovery import DiscoveryService
from bot.services.features import FeaturesService
from bot.services.imports import ImportsService
from bot.services.keeping import KeepingService
from bot.services.library import LibraryService
from bot.services.library_reader import LibraryReader
from bot.services.models import ModelService
from bot.services.onboarding import OnboardingService
from bot.services.playlists import PlaylistsService
from bot.services.privacy import PrivacyService
from bot.services.recommendations import RecommendationsService
from bot.services.refreshing import TokenRefresher
from bot.services.registry import Services
from bot.services.saving.covers import PlaylistCovers
from bot.services.saving.planning import SavePlanner
from bot.services.syncing import SyncingService
from bot.services.tracks import TrackDetails
from bot.services.undoing import UndoService
from bot.settings import Settings
from bot.spotify.apps import SharedLimiters, SpotifyAppPool
from bot.spotify.call_queue import QueueLimits
from bot.spotify.client import SpotifyAdapter
from bot.spotify.quota import QuotaLimiter
from bot.storage import migrate
from bot.storage.encryption import TokenCipher, load_or_create_key
from bot.storage.repositories.accounts import SqlAccountRepository
from bot.storage.repositories.apps import SqlSpotifyAppRepository
from bot.storage.repositories.digests import SqlDigestRepository
from bot.storage.repositories.features import SqlFeatureRepository
from bot.storage.repositories.imports import SqlImportRepository
from bot.storage.repositories.library import SqlLibraryRepository
from bot.storage.repositories.listening import SqlListeningRepository
from bot.storage.repositories.privacy import SqlPrivacyRepository
from bot.storage.repositories.quotas import SqlQuotaRepository
from bot.storage.repositories.recommendations import SqlRecommendationRepository
from bot.storage.repositories.saves import SqlSaveRepository
from bot.storage.repositories.syncs import SqlSyncRepository
from bot.storage.session import Database
from recommender.artifacts import ModelStore

# Beyond those of the Web API, so that a token can be refreshed while that hangs.
_SPARE_THREADS = 2


@dataclass(frozen=True, slots=True)
class Core:
    """What stands below the faces: the database, the Spotify adapter and the services."""

    database: Database
    spotify: SpotifyAdapter
    services: Services
    clock: Clock


def new_secret() -> str:
    """Return 64 random bytes as 86 URL-safe characters (within RFC 7636's 43 to 128)."""
    return secrets.token_urlsafe(64)


def new_state() -> str:
    """Return 24 random bytes as 32 URL-safe characters (RFC 6749, section 10.10, wants 2^-128 for a guess)."""
    return secrets.token_urlsafe(24)


def new_mark() -> str:
    """Return 6 random bytes as 8 URL-safe characters, for the description of a saved playlist."""
    return secrets.token_urlsafe(6)


@contextlib.asynccontextmanager
async def core(settings: Settings, clock: Clock | None = None, *, bring_up_to_date: bool = True) -> AsyncIterator[Core]:
    """Open the database (bringing its tables up to date), build the services, and close all again.

    Args:
        settings: the settings.
        clock: tells the time; the machine's own by default.
        bring_up_to_date: whether to upgrade the tables first.
    """
    clock = clock or SystemClock()
    make_home(settings)
    if bring_up_to_date:
        await asyncio.to_thread(migrate.upgrade, settings.database_url)
    database = Database(settings.database_url)
    limiter = _limiter(settings, database, clock, settings.spotify.client_id or "")
    spotify = spotify_adapter(settings, clock, limiter)
    cipher = token_cipher(settings)
    apps = _app_pool(settings, clock, database, cipher, spotify)
    chain = feature_chain(
        settings.features.sources,
        clock,
        corpus_dir=settings.corpus_dir,
        reccobeats_url=settings.features.reccobeats_url,
        spotify=spotify,
    )
    services = _services(settings, clock, database, cipher, apps, chain)
    try:
        yield Core(database, spotify, services, clock)
    finally:
        await services.onboarding.close()
        await services.syncing.close()
        await services.accounts.close()
        await chain.close()
        await apps.close()
        await spotify.close()
        await limiter.close()
        await database.dispose()


def make_home(settings: Settings) -> None:
    """Make the home folder.

    Raises:
        CrossfadeError: it cannot be made.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CrossfadeError(
            f"The folder {settings.home} cannot be made ({error.strerror}): set CROSSFADE_HOME to another one."
        ) from None


def spotify_adapter(
    settings: Settings, clock: Clock, limiter: QuotaLimiter | None = None, app: AppCredentials | None = None
) -> SpotifyAdapter:
    """Return the Spotify adapter of an app, by default the settings'; without a limiter it asks at will."""
    spotify = settings.spotify
    app = app or _default_app(settings)
    return SpotifyAdapter(
        app.client_id,
        app.client_secret,
        settings.web.redirect_uri,
        clock=clock,
        accounts_url=spotify.accounts_url,
        api_url=spotify.api_url,
        max_concurrency=spotify.concurrency + _SPARE_THREADS,
        limiter=limiter,
    )


def _default_app(settings: Settings) -> AppCredentials:
    secret = settings.spotify.client_secret
    return AppCredentials(settings.spotify.client_id or "", secret.get_secret_value() if secret else None)


def _app_pool(
    settings: Settings, clock: Clock, database: Database, cipher: TokenCipher, default: SpotifyAdapter
) -> SpotifyAppPool:
    """Return the apps that members may be linked through; each registered one has a limiter of its own."""
    limiters = SharedLimiters(lambda client_id: _limiter(settings, database, clock, client_id))

    def open_adapter(app: AppCredentials) -> tuple[SpotifyAdapter, Callable[[], Awaitable[None]]]:
        limiter, give_back = limiters.take(app.client_id)
        adapter = spotify_adapter(settings, clock, limiter, app)

        async def close() -> None:
            await adapter.close()
            await give_back()

        return adapter, close

    rows = SqlSpotifyAppRepository(database, cipher)
    return SpotifyAppPool(default, settings.spotify.client_id or "", rows.credentials, open_adapter)


def _limiter(settings: Settings, database: Database, clock: Clock, client_id: str) -> QuotaLimiter:
    spotify = settings.spotify
    return QuotaLimiter(
        client_id,
        SqlQuotaRepository(database),
        clock,
        limits=QueueLimits(calls_per_window=spotify.calls_per_window, concurrency=spotify.concurrency),
        daily_budget=spotify.daily_budget or None,
    )


def _services(
    settings: Settings,
    clock: Clock,
    database: Database,
    cipher: TokenCipher,
    apps: SpotifyAppPool,
    chain: FeatureChain,
) -> Services:
    account_rows = SqlAccountRepository(database, cipher)
    library_rows = SqlLibraryRepository(database)
    recommendation_rows = SqlRecommendationRepository(database)
    privacy_rows = SqlPrivacyRepository(database)
    models = ModelService(ModelStore(settings.models_dir))
    spotify_apps = SpotifyAppsService(
        SqlSpotifyAppRepository(database, cipher),
        apps,
        SqlQuotaRepository(database),
        clock,
        default_id=settings.spotify.client_id or "",
        redirect_uri=settings.web.redirect_uri,
    )
    accounts = AccountsService(
        account_rows,
        apps,
        clock,
        sign_in_apps=spotify_apps,
        new_secret=new_secret,
        new_state=new_state,
        # A claim is no secret: logs of SQL statements may show it.
        refresher=TokenRefresher(account_rows, apps, clock, new_claim=lambda: secrets.token_hex(8)),
    )
    listening_rows = SqlListeningRepository(database)
    worker = f"{socket.gethostname()}-{secrets.token_hex(6)}"
    reader = LibraryReader(
        library_rows, listening_rows, accounts, clock, f"{settings.spotify.open_url}/collection/tracks"
    )
    syncing = SyncingService(SqlSyncRepository(database), reader, listening_rows, accounts, clock, worker=worker)
    library = LibraryService(library_rows, accounts, syncing)
    details = TrackDetails(library_rows, accounts, clock, open_url=settings.spotify.open_url)
    recommendations = RecommendationsService(
        models, accounts, library, library_rows, recommendation_rows, details, clock
    )
    discovery = DiscoveryService(
        models,
        accounts,
        account_rows,
        library,
        library_rows,
        listening_rows,
        recommendation_rows,
        privacy_rows,
        details,
        clock,
    )
    saves, covers = SqlSaveRepository(database), PlaylistCovers(AbstractCovers(), accounts)
    return Services(
        accounts=accounts,
        spotify_apps=spotify_apps,
        onboarding=OnboardingService(syncing, clock),
        library=library,
        syncing=syncing,
        models=models,
        recommendations=recommendations,
        discovery=discovery,
        playlists=PlaylistsService(
            SavePlanner(recommendations, saves, accounts, covers), saves, accounts, covers, clock, new_mark=new_mark
        ),
        undoing=UndoService(recommendations, saves, accounts, covers, clock),
        keeping=KeepingService(saves, accounts, clock),
        digests=DigestsService(
            SqlDigestRepository(database),
            discovery,
            recommendations,
            clock,
            worker=worker,
        ),
        privacy=PrivacyService(privacy_rows, clock),
        imports=ImportsService(
            UploadReader(), SqlImportRepository(database), library_rows, models, details, accounts, clock
        ),
        features=FeaturesService(
            SqlFeatureRepository(database), chain.providers, clock, learnt_from=settings.features.learnt_from
        ),
    )


def token_cipher(settings: Settings) -> TokenCipher:
    """Return what encrypts the tokens: the keys of the settings, or the one in the home folder, made when missing."""
    given = settings.core.encryption_keys
    if given is not None:
        return TokenCipher([key.strip() for key in given.get_secret_value().split(",") if key.strip()])
    return TokenCipher([load_or_create_key(settings.home / "secret.key")])
