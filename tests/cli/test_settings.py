"""Settings: where they come from, and what is said when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("CROSSFADE_")]:
        monkeypatch.delenv(name)


def test_the_environment_goes_above_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = tmp_path / ".env"
    env.write_text("CROSSFADE_WEB_PORT=9001\nCROSSFADE_WEB_HOST=127.0.0.2\n")
    monkeypatch.setenv("CROSSFADE_WEB_PORT", "9002")
    web = Settings(env).web
    assert (web.port, web.host) == (9002, "127.0.0.2")


@pytest.mark.parametrize("url", ["http://example.org", "http://localhost:8888", "example.org", "ftp://x"])
def test_an_address_that_spotify_would_refuse_is_refused_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSFADE_WEB_PUBLIC_URL", url)
    with pytest.raises(SettingsError, match="CROSSFADE_WEB_PUBLIC_URL cannot be used: must begin with https"):
        _ = Settings(None).web


@pytest.mark.parametrize("url", ["https://music.example.org/", "http://127.0.0.1:9000"])
def test_the_redirect_uri_follows_the_public_address(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSFADE_WEB_PUBLIC_URL", url)
    assert Settings(None).web.redirect_uri == url.rstrip("/") + "/spotify/callback"


def test_a_wrong_value_is_named_and_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSFADE_DISCORD_DEVELOPMENT_GUILD", "not-a-number")
    monkeypatch.setenv("CROSSFADE_DISCORD_TOKEN", "hunter2")
    with pytest.raises(SettingsError, match="CROSSFADE_DISCORD_DEVELOPMENT_GUILD") as caught:
        _ = Settings(None).discord
    assert "hunter2" not in str(caught.value)


def test_secrets_do_not_show_in_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSFADE_SPOTIFY_CLIENT_SECRET", "hunter2")
    monkeypatch.setenv("CROSSFADE_DATABASE_URL", "postgresql://u:hunter2@h/n")
    settings = Settings(None)
    assert "hunter2" not in repr(settings.spotify) + repr(settings.core)


def test_lines_that_were_left_empty_count_as_not_there(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("CROSSFADE_DISCORD_TOKEN=\nCROSSFADE_DISCORD_DEVELOPMENT_GUILD=\nCROSSFADE_HOME=\n")
    settings = Settings(env)
    assert settings.discord.token is None
    assert settings.discord.development_guild is None
    assert settings.home != Path.cwd()


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"There is no file .*nope\.env"):
        Settings(tmp_path / "nope.env")


@pytest.mark.parametrize(
    ("name", "value"),
    [("CROSSFADE_WEB_PORT", "0"), ("CROSSFADE_HOME", "~nosuchuser/x"), ("CROSSFADE_HOME", "/tmp/what?")],  # noqa: S108
)
def test_values_that_would_lead_astray_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name} cannot be used"):
        _ = Settings(None).web, Settings(None).core


def test_every_setting_is_in_the_example_file() -> None:
    from bot import settings as module

    example = (Path(__file__).parents[2] / ".env.example").read_text()
    subjects = [module.CoreSettings, module.DiscordSettings, module.SpotifySettings, module.WebSettings]
    names = [
        f"{subject.model_config['env_prefix']}{field.upper()}"
        for subject in [*subjects, module.JobSettings, module.FeatureSettings, module.TrainingSettings]
        for field in subject.model_fields
    ]
    stand_ins = {"CROSSFADE_SPOTIFY_ACCOUNTS_URL", "CROSSFADE_SPOTIFY_API_URL", "CROSSFADE_SPOTIFY_OPEN_URL"}
    assert [name for name in names if name not in example and name not in stand_ins] == []
