"""Every command, by the real bot: the good case, each fault, and the time rule."""

from __future__ import annotations

from datetime import timedelta

import pytest
from discord_samples import NOW
from discord_scene import Scene, buttons_of, shown, text_of
from simcord.results import InteractionResult
from structlog.testing import capture_logs

from bot.domain.errors import (
    CrossfadeError,
    EmptyLibrary,
    NoModel,
    NothingToRecommend,
    ReconnectNeeded,
    SpotifyRateLimited,
    SpotifyRefused,
    SpotifyUnavailable,
)

COMMANDS = {
    "connect": ("begin_login", {}, True),
    "disconnect": ("account", {}, True),
    "sync": ("sync", {}, True),
    "playlists": ("playlists", {}, True),
    "recommend": ("for_track", {"track": "paper lanterns"}, False),
    "discover": ("discover", {}, False),
    "digest off": ("digest off", {}, True),
    "digest preview": ("digest preview", {}, True),
    "digest status": ("digest status", {}, True),
}
every_command = pytest.mark.parametrize("name", COMMANDS)


async def run(scene: Scene, name: str) -> InteractionResult:
    """Run a command as an admin who is connected where that is needed, with everything set up for it to succeed."""
    scene.world.connect(scene.admin.id)
    if name == "digest off":
        await scene.admin.slash(scene.channel, "digest set", **digest_options(scene))
    return await scene.admin.slash(scene.channel, name, **COMMANDS[name][1])


def digest_options(scene: Scene) -> dict[str, object]:
    return {"channel": scene.channel, "day": 4, "hour": 18, "time_zone": "Europe/Berlin"}


# A sync that takes long shows how far it is: test_discord_library.py.
@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "sync"])
async def test_a_slow_service_does_not_make_discord_give_up(scene: Scene, name: str) -> None:
    scene.world.script.seconds[COMMANDS[name][0]] = 10
    result = await run(scene, name)
    await scene.env.advance_time(12)
    assert text_of(shown(result))
    assert "10062" not in str(scene.env.errors)
    assert scene.bot.faults._new_reference.given == 0


@every_command
async def test_answers_are_private_but_for_recommendations(scene: Scene, name: str) -> None:
    assert shown(await run(scene, name)).ephemeral is COMMANDS[name][2]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoModel(), "the bot's host runs `crossfade train` once"),
        (SpotifyUnavailable(), "Spotify does not answer at the moment"),
        (SpotifyRefused("Spotify lets me read only *your own* playlists."), r"\*your own\* playlists"),
        (SpotifyRateLimited(NOW + timedelta(minutes=3)), "ask again <t:1795176180:R>"),
        (ReconnectNeeded(), "Spotify has ended your authorisation"),
        (EmptyLibrary(), "no playlists of your own"),
        (NothingToRecommend(), "I found nothing new for you"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_a_fault_is_told_in_its_own_words(scene: Scene, error: CrossfadeError, said: str) -> None:
    scene.world.script.errors["discover"] = error
    assert said in text_of(shown(await run(scene, "discover")))


@every_command
async def test_a_fault_is_told_to_the_asker_alone(scene: Scene, name: str) -> None:
    scene.world.script.errors[COMMANDS[name][0]] = SpotifyUnavailable()
    message = shown(await run(scene, name))
    assert message.ephemeral
    assert "### That did not work\nSpotify does not answer at the moment" in text_of(message)
    assert [seen for seen in scene.channel.history(viewer=scene.stranger) if "did not" in text_of(seen)] == []


@every_command
async def test_an_unexpected_exception_is_shown_as_a_reference_and_logged_under_it(scene: Scene, name: str) -> None:
    error = scene.world.script.errors[COMMANDS[name][0]] = RuntimeError("the disk is on fire")
    with capture_logs() as logged:
        message = shown(await run(scene, name))
    assert message.ephemeral
    assert "`ref-1`" in text_of(message)
    assert "disk" not in text_of(message)
    assert [(entry["reference"], entry["what"], entry["exc_info"]) for entry in logged] == [("ref-1", name, error)]


@pytest.mark.parametrize("name", ["sync", "playlists", "discover"])
async def test_who_is_not_connected_is_offered_to_connect(scene: Scene, name: str) -> None:
    message = shown(await scene.member.slash(scene.channel, name))
    assert message.ephemeral
    assert text_of(message).startswith("### Connect Spotify first\nYou have not connected Spotify yet")
    assert scene.mention("connect") in text_of(message)
    connecting = await scene.member.click(message, label="Connect Spotify")
    assert "https://accounts.example/" in str(buttons_of(shown(connecting)))


async def test_every_command_is_registered_once_and_works_in_direct_messages_unless_it_is_a_servers(
    scene: Scene,
) -> None:
    assert set(scene.member.available_commands(scene.channel)) == {
        "connect", "disconnect", "sync", "playlists", "recommend", "discover",
        "privacy show", "privacy export", "privacy opt-out", "privacy opt-in",
        "import", "settings", "freeze", "undo", "taste leave-out", "taste take-in",
    }  # fmt: skip
    assert {"digest set", "digest off", "digest preview", "digest status"} <= set(
        scene.admin.available_commands(scene.channel)
    )
    dm = await scene.env.create_user("eve").slash("connect")
    assert "Connect Spotify" in text_of(shown(dm))
