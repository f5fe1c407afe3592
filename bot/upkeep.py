"""The composition root's other half: what looks after an installation (tables, the doctor's checks)."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from functools import partial

import discord

from bot.app import login_faults
from bot.core import make_home, spotify_adapter, token_cipher
from bot.domain.accounts import DeletedCounts
from bot.domain.clock import SystemClock
from bot.domain.errors import CrossfadeError
from bot.domain.features import FEATURES_FROM_SPOTIFY
from bot.services.doctor import Check
from bot.services.features import FeaturesService
from bot.services.models import ModelService
from bot.services.privacy import PrivacyService
from bot.services.training import TrainingCorpus
from bot.settings import Settings
from bot.storage import encryption, migrate
from bot.storage.repositories.accounts import SqlAccountRepository
from bot.storage.repositories.features import SqlFeatureRepository
from bot.storage.repositories.keys import Rotation, SqlKeyRotation
from bot.storage.repositories.privacy import SqlPrivacyRepository
from bot.storage.repositories.training import SqlTrainingRepository
from bot.storage.session import Database
from recommender.artifacts import ModelStore
from recommender.audio import AudioFeatures

_NOBODY = "Nothing is kept of {member}: check the id (in Discord: Developer Mode, Copy User ID)."


def upgrade_database(settings: Settings, revision: str = "head") -> None:
    """Bring the tables up to a revision."""
    make_home(settings)
    migrate.upgrade(settings.database_url, revision)


def downgrade_database(settings: Settings, revision: str) -> None:
    """Take the tables back to a revision."""
    migrate.downgrade(settings.database_url, revision)


def check_database(settings: Settings) -> list[str]:
    """Return how the tables differ from the models, each difference in words."""
    return migrate.check(settings.database_url)


def new_key() -> str:
    """Return a fresh key for CROSSFADE_ENCRYPTION_KEYS."""
    return encryption.new_key()


async def rotate_keys(settings: Settings) -> Rotation:
    """Encrypt every stored token, and every verifier that is waited for, with the newest key."""
    database = Database(settings.database_url)
    try:
        return await SqlKeyRotation(database, token_cipher(settings)).rotate(SystemClock().now())
    finally:
        await database.dispose()


async def renew_corpus(settings: Settings) -> AudioFeatures | None:
    """Put members' playlists into the corpus as they may be learnt from now; return the database's measured features.

    Raises:
        CrossfadeError: the database cannot be opened, or its tables are not up to date.
    """
    corpus = TrainingCorpus(settings.corpus_dir, settings.training.allowed)
    revision = await asyncio.to_thread(migrate.current, settings.database_url)
    if revision is None:
        await corpus.renew(None)
        return None
    if revision != migrate.newest():
        raise CrossfadeError("The database is from another version of Crossfade: run `crossfade db upgrade` first.")
    database = Database(settings.database_url)
    try:
        await corpus.renew(SqlTrainingRepository(database) if corpus.wants_members else None)
        measured = SqlFeatureRepository(database)
        return await FeaturesService(measured, (), SystemClock(), learnt_from=settings.features.learnt_from).measured()
    finally:
        await database.dispose()


async def export_member(settings: Settings, member_id: int) -> bytes:
    """Return everything that is kept of a member as a ZIP archive, however large.

    Raises:
        CrossfadeError: nothing is kept of them, or the database cannot be opened.
    """
    database = Database(settings.database_url)
    try:
        await database.ping()
        rows = SqlPrivacyRepository(database)
        found = await PrivacyService(rows, SystemClock(), largest=sys.maxsize, most_rows=sys.maxsize).export(member_id)
    finally:
        await database.dispose()
    if found is None:
        raise CrossfadeError(_NOBODY.format(member=member_id))
    return found.content


async def delete_member(settings: Settings, member_id: int) -> DeletedCounts:
    """Delete everything that is kept of a member.

    Raises:
        CrossfadeError: nothing is kept of them, or the database cannot be opened.
    """
    database = Database(settings.database_url)
    try:
        await database.ping()
        accounts = SqlAccountRepository(database, token_cipher(settings))
        if not await accounts.is_known(member_id):
            raise CrossfadeError(_NOBODY.format(member=member_id))
        return await accounts.delete_member(member_id)
    finally:
        await database.dispose()


def checks(settings: Settings) -> list[Check]:
    """Return what `crossfade doctor` looks at, in the order in which a fault should be mended."""
    return [
        Check("settings", partial(_check_settings, settings)),
        Check("home folder", partial(_check_home, settings)),
        Check("encryption key", partial(_check_key, settings)),
        Check("database", partial(_check_tables, settings)),
        Check("model", partial(_check_model, settings)),
        Check("audio features", partial(_check_features, settings)),
        Check("Discord", partial(_check_discord, settings)),
        Check("Spotify", partial(_check_spotify, settings)),
    ]


async def _check_settings(settings: Settings) -> str:
    subjects = (
        settings.core,
        settings.discord,
        settings.spotify,
        settings.web,
        settings.jobs,
        settings.features,
        settings.training,
    )
    changed = sum(len(subject.model_fields_set) for subject in subjects)
    return f"readable, {changed} set; redirect URI for Spotify's dashboard: {settings.web.redirect_uri}"


async def _check_home(settings: Settings) -> str:
    make_home(settings)
    try:
        with tempfile.TemporaryFile(dir=settings.home):
            pass
    except OSError as error:
        raise CrossfadeError(
            f"{settings.home} cannot be written ({error.strerror}): make it writable, or set CROSSFADE_HOME."
        ) from None
    return str(settings.home)


async def _check_key(settings: Settings) -> str:
    await asyncio.to_thread(token_cipher, settings)
    if settings.core.encryption_keys is not None:
        return "from CROSSFADE_ENCRYPTION_KEYS"
    return f"{settings.home / 'secret.key'}: keep it as safe as a password"


async def _check_tables(settings: Settings) -> str:
    differences = await asyncio.to_thread(check_database, settings)
    if differences:
        raise CrossfadeError(f"{differences[0]}.")
    return f"{settings.database_url.split(':', 1)[0]}, up to date"


async def _check_model(settings: Settings) -> str:
    served = await ModelService(ModelStore(settings.models_dir)).current()
    return f"{served.name}, {len(served.catalogue):,} tracks"


async def _check_features(settings: Settings) -> str:
    features = settings.features
    if not features.sources:
        return "all sources are off (CROSSFADE_FEATURES_PROVIDERS); everything else works without"
    if FEATURES_FROM_SPOTIFY in features.sources and settings.spotify.client_secret is None:
        raise CrossfadeError(
            "Spotify gives audio features only to an app with a secret: set CROSSFADE_SPOTIFY_CLIENT_SECRET, or take "
            "spotify out of CROSSFADE_FEATURES_PROVIDERS."
        )
    return f"{', '.join(features.sources)}; models may learn from {', '.join(features.learnt_from) or 'none of them'}"


async def _check_discord(settings: Settings) -> str:
    token = settings.discord.token
    if token is None:
        raise CrossfadeError("CROSSFADE_DISCORD_TOKEN is not set: put the bot's token into .env (see .env.example).")
    client = discord.Client(intents=discord.Intents.none())
    try:
        with login_faults():
            await client.login(token.get_secret_value())
        return f"logged in as {client.user}"
    finally:
        await client.close()


async def _check_spotify(settings: Settings) -> str:
    spotify = settings.spotify
    if not spotify.client_id:
        raise CrossfadeError(
            "CROSSFADE_SPOTIFY_CLIENT_ID is not set: put your Spotify app's client id into .env (see .env.example)."
        )
    adapter = spotify_adapter(settings, SystemClock())
    try:
        await adapter.check_app()
    finally:
        await adapter.close()
    return "the app's credentials are accepted"
