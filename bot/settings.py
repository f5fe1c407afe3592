"""Settings from the environment or `.env`: one class a subject, every value documented, secrets never printed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.domain.errors import CrossfadeError
from bot.domain.features import FEATURE_SOURCES, MEASURING_SOURCES
from bot.domain.training import TRAIN_SPOTIFY, TRAINING_SOURCES

Subject = TypeVar("Subject", bound=BaseSettings)


def _from(prefix: str) -> SettingsConfigDict:
    """Return where a subject's values come from; a line of `.env` that was left empty counts as not there."""
    return SettingsConfigDict(env_prefix=prefix, env_ignore_empty=True, extra="ignore", frozen=True)


class SettingsError(CrossfadeError):
    """A setting cannot be used; the text names it."""


class CoreSettings(BaseSettings):
    """Where things are kept and how the program talks about itself."""

    model_config = _from("CROSSFADE_")

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("crossfade", appauthor=False)),
        description="The folder with the database, the corpus, the models and the caches.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="The database: sqlite+aiosqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME. "
        "Default: crossfade.db in the home folder.",
    )
    encryption_keys: SecretStr | None = Field(
        None,
        description="Fernet keys for the tokens, comma separated, the newest first. "
        "Default: one is made in the file secret.key of the home folder.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Log lines for people or for machines; auto asks whether stderr is a terminal."
    )

    @field_validator("home")
    @classmethod
    def _usable(cls, value: Path) -> Path:
        if "?" in str(value):
            raise ValueError("a database address cannot hold a question mark, choose another folder")
        try:
            return value.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(str(error).rstrip(".")) from None


class DiscordSettings(BaseSettings):
    """The Discord application."""

    model_config = _from("CROSSFADE_DISCORD_")

    token: SecretStr | None = Field(None, description="The bot's token (Developer Portal, Bot, Reset Token).")
    development_guild: int | None = Field(
        None, description="A server's id: commands are set up there alone, where changes show at once."
    )


class SpotifySettings(BaseSettings):
    """The Spotify app that members link their accounts to."""

    model_config = _from("CROSSFADE_SPOTIFY_")

    client_id: str | None = Field(None, description="The app's client id (Spotify's developer dashboard).")
    client_secret: SecretStr | None = Field(None, description="The app's client secret; optional with PKCE.")
    accounts_url: str = Field("https://accounts.spotify.com", description="Spotify's accounts service.")
    api_url: str = Field("https://api.spotify.com/v1/", description="Spotify's Web API.")
    open_url: str = Field("https://open.spotify.com", description="Where links to tracks and playlists lead.")
    calls_per_window: int = Field(90, ge=1, description="Calls to the Web API in any 30 seconds, at most.")
    concurrency: int = Field(4, ge=1, le=32, description="Calls to the Web API at the same time, at most.")
    daily_budget: int = Field(10_000, ge=0, description="Calls to the Web API a day (UTC), at most; 0 for no limit.")

    @field_validator("open_url", "accounts_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        return value.rstrip("/")


class WebSettings(BaseSettings):
    """The web server that Spotify's consent page leads back to."""

    model_config = _from("CROSSFADE_WEB_")

    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8888, ge=1, le=65535, description="The port to listen on.")
    public_url: str | None = Field(
        None, description="How members' browsers reach it: https://…, or by default http://127.0.0.1:PORT."
    )

    @field_validator("public_url")
    @classmethod
    def _acceptable_to_spotify(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        loopback = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1"}
        if not parts.hostname or not (parts.scheme == "https" or loopback):
            raise ValueError("must begin with https://, or be http://127.0.0.1:PORT (Spotify accepts nothing else)")
        return value.rstrip("/")

    @property
    def base_url(self) -> str:
        """The address that members' browsers use, without a slash at the end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def redirect_uri(self) -> str:
        """What has to be entered as redirect URI in Spotify's dashboard."""
        return f"{self.base_url}/spotify/callback"


class JobSettings(BaseSettings):
    """The timed jobs."""

    model_config = _from("CROSSFADE_JOBS_")

    every: float = Field(20.0, gt=0, description="Seconds between two looks for due digests.")


class FeatureSettings(BaseSettings):
    """Where the audio features of tracks come from (docs/features.md)."""

    model_config = _from("CROSSFADE_FEATURES_")

    providers: str = Field(
        "csv,estimate", description="Who is asked, in this order: csv, reccobeats, spotify, estimate; or none."
    )
    reccobeats_url: str = Field("https://api.reccobeats.com/v1", description="ReccoBeats' API.")
    learn_from: str = Field(
        "csv,reccobeats", description="Whose measurements a model may learn from: csv, reccobeats, spotify; or none."
    )

    @field_validator("providers")
    @classmethod
    def _known(cls, value: str) -> str:
        return _names_of(value, FEATURE_SOURCES)

    @field_validator("learn_from")
    @classmethod
    def _measuring(cls, value: str) -> str:
        return _names_of(value, MEASURING_SOURCES)

    @field_validator("reccobeats_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address that begins with https:// or http://")
        return value.rstrip("/")

    @property
    def sources(self) -> tuple[str, ...]:
        """Who is asked, in the order; empty when all are off."""
        return tuple(filter(None, self.providers.split(",")))

    @property
    def learnt_from(self) -> tuple[str, ...]:
        """Whose measurements may be learnt from, the preferred ones first."""
        return tuple(filter(None, self.learn_from.split(",")))


def _names_of(value: str, allowed: Sequence[str]) -> str:
    """Return comma separated names without blanks and repeats; "none" stands for none of them."""
    names = list(dict.fromkeys(name for name in (part.strip().lower() for part in value.split(",")) if name))
    if names == ["none"]:
        return ""
    unknown = [name for name in names if name not in allowed]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a source, choose among {', '.join(allowed)}, or none")
    return ",".join(names)


class TrainingSettings(BaseSettings):
    """What a model may learn from."""

    model_config = _from("CROSSFADE_TRAINING_")

    sources: str = Field(
        ",".join(source for source in TRAINING_SOURCES if source != TRAIN_SPOTIFY),
        description=f"Which playlists may be learnt from, comma separated: {', '.join(TRAINING_SOURCES)}; or none. "
        "Default: all but Spotify's, whose terms forbid it (docs/privacy.md).",
    )

    @field_validator("sources")
    @classmethod
    def _allowed(cls, value: str) -> str:
        return _names_of(value, TRAINING_SOURCES)

    @property
    def allowed(self) -> frozenset[str]:
        """The sources that may be learnt from."""
        return frozenset(filter(None, self.sources.split(",")))


class Settings:
    """All settings; each subject is read when it is first asked for.

    Args:
        env_file: a file with settings, read beneath the environment; None for none.
        overrides: values by subject ("core", "web" ...) that go above everything, for the demo and for tests.

    Raises:
        SettingsError: a file that is not the default one does not exist.
    """

    def __init__(self, env_file: Path | None = Path(".env"), **overrides: dict[str, object]) -> None:
        if env_file is not None and env_file != Path(".env") and not env_file.exists():
            raise SettingsError(f"There is no file {env_file}: copy .env.example there, or leave --env-file out.")
        self._env_file = env_file
        self._overrides = overrides

    @cached_property
    def core(self) -> CoreSettings:
        """Where things are kept."""
        return self._read(CoreSettings, "core")

    @cached_property
    def discord(self) -> DiscordSettings:
        """The Discord application."""
        return self._read(DiscordSettings, "discord")

    @cached_property
    def spotify(self) -> SpotifySettings:
        """The Spotify app."""
        return self._read(SpotifySettings, "spotify")

    @cached_property
    def web(self) -> WebSettings:
        """The web server."""
        return self._read(WebSettings, "web")

    @cached_property
    def jobs(self) -> JobSettings:
        """The timed jobs."""
        return self._read(JobSettings, "jobs")

    @cached_property
    def training(self) -> TrainingSettings:
        """What a model may learn from."""
        return self._read(TrainingSettings, "training")

    @cached_property
    def features(self) -> FeatureSettings:
        """Where audio features come from."""
        return self._read(FeatureSettings, "features")

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.core.home

    @property
    def corpus_dir(self) -> Path:
        """Where imported playlists and features lie."""
        return self.home / "corpus"

    @property
    def models_dir(self) -> Path:
        """Where trained models lie."""
        return self.home / "models"

    @property
    def database_url(self) -> str:
        """The database to use."""
        given = self.core.database_url
        return given.get_secret_value() if given else f"sqlite+aiosqlite:///{self.home / 'crossfade.db'}"

    def _read(self, subject: type[Subject], name: str) -> Subject:
        try:
            return subject(_env_file=self._env_file, **self._overrides.get(name, {}))  # type: ignore[arg-type]
        except ValidationError as error:
            prefix = subject.model_config.get("env_prefix", "")
            first = error.errors(include_input=False, include_url=False)[0]
            field = "_".join(str(part) for part in first["loc"]).upper()
            message = first["msg"].removeprefix("Value error, ")
            raise SettingsError(f"The setting {prefix}{field} cannot be used: {message}.") from None
