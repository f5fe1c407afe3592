"""A server's own Spotify app, entered in a form, tested and removed by whoever manages the server."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from datetime import timedelta

import discord
import pytest
from discord_fakes import FakeSpotifyApps
from discord_samples import NOW
from discord_scene import Scene, buttons_of, shown, text_of, walk
from simcord.results import InteractionResult
from structlog.testing import capture_logs

from bot.discord.logs import guard_logs
from bot.domain.apps import AppCredentials, AppRefused, RegisteredApp, SignInApp
from bot.domain.errors import SpotifyUnavailable
from bot.domain.quota import Cooldown, LimitReason

CLIENT_ID, SECRET = "0123456789abcdef" * 2, "fedcba9876543210" * 2
URI = FakeSpotifyApps.redirect_uri


async def enter(scene: Scene, client_id: str = CLIENT_ID, secret: str = SECRET) -> InteractionResult:
    """Open the form and send it."""
    opened = await scene.admin.slash(scene.channel, "spotify-app set")
    return await scene.admin.submit_modal(opened, {"client_id": client_id, "client_secret": secret})


def register(scene: Scene, members: int = 3) -> RegisteredApp:
    app = RegisteredApp(scene.guild.id, CLIENT_ID, NOW, scene.admin.id, members)
    scene.world.apps[scene.guild.id] = app
    return app


async def test_the_form_is_the_first_answer_and_says_where_both_are_found(scene: Scene) -> None:
    opened = await scene.admin.slash(scene.channel, "spotify-app set")
    assert scene.world.script.calls == [], "nothing is looked up first: Discord waits three seconds"
    assert opened.modal is not None
    text = str(opened.modal)
    assert "Client ID" in text
    assert "View client secret" in text
    assert "32 characters" in text
    assert scene.mention("spotify-app test") in text


async def test_what_was_entered_is_registered_and_what_is_left_to_do_is_said(scene: Scene) -> None:
    message = shown(await enter(scene, f" {CLIENT_ID} ", SECRET))
    credentials = AppCredentials(CLIENT_ID, SECRET)
    assert scene.world.script.called("app set") == [(scene.guild.id, credentials, scene.admin.id)]
    assert message.ephemeral
    text = text_of(message)
    assert "This server has its own Spotify app" in text
    assert f"```\n{URI}\n```" in text
    assert "User Management" in text
    assert "your Discord id" in text
    assert SECRET not in str(walk(message))


async def test_replacing_the_app_says_how_many_must_connect_again(scene: Scene) -> None:
    register(scene, members=3)
    assert "3 members were linked through the app before it" in text_of(shown(await enter(scene, "a" * 32)))


async def test_replacing_the_secret_says_that_members_stay_linked(scene: Scene) -> None:
    register(scene, members=1)
    text = text_of(shown(await enter(scene)))
    assert "The app's secret was replaced" in text
    assert "1 member is linked through the app" in text
    assert "nobody has to connect again" in text


@pytest.mark.parametrize(
    ("client_id", "secret", "said"), [("abc", SECRET, "client ID"), (CLIENT_ID, "x", "client secret")]
)
async def test_what_cannot_be_a_key_is_refused_in_one_sentence(
    scene: Scene, client_id: str, secret: str, said: str
) -> None:
    message = shown(await enter(scene, client_id, secret))
    assert message.ephemeral
    assert f"That is not a {said}: it has 32 characters" in text_of(message)
    assert scene.world.script.called("app set") == []


async def test_a_refusal_and_an_outage_are_told_in_their_own_words(scene: Scene) -> None:
    scene.world.script.errors["app set"] = AppRefused()
    assert "Spotify does not accept this client ID and secret" in text_of(shown(await enter(scene)))
    scene.world.script.errors["app set"] = SpotifyUnavailable()
    assert "Spotify does not answer" in text_of(shown(await enter(scene)))
    scene.world.script.errors["app set"] = RuntimeError("on fire")
    assert "`ref-1`" in text_of(shown(await enter(scene)))


async def test_a_slow_spotify_does_not_make_discord_give_up(scene: Scene) -> None:
    scene.world.script.seconds["app set"] = 10
    result = await enter(scene)
    await scene.env.advance_time(12)
    assert "This server has its own Spotify app" in text_of(shown(result))


@pytest.mark.parametrize("command", ["set", "test", "remove"])
async def test_members_who_may_not_manage_the_server_get_nothing(scene: Scene, command: str) -> None:
    assert f"spotify-app {command}" not in scene.member.available_commands(scene.channel)
    group = next(known for known in await scene.bot.tree.fetch_commands() if known.name == "spotify-app")
    scene.guild.set_command_permissions(group, {scene.member: True})
    result = await scene.member.slash(scene.channel, f"spotify-app {command}")
    assert result.modal is None
    assert "Only members who may manage this server" in text_of(shown(result))
    assert scene.world.script.calls == []


async def test_a_right_that_was_taken_away_meanwhile_counts(scene: Scene) -> None:
    register(scene)
    opened = await scene.admin.slash(scene.channel, "spotify-app set")
    asked = await scene.admin.slash(scene.channel, "spotify-app remove")
    scene.env.backend.get_guild(scene.guild.id).members[scene.admin.id].role_ids.clear()
    sent = await scene.admin.submit_modal(opened, {"client_id": CLIENT_ID, "client_secret": SECRET})
    assert "Only members who may manage this server" in text_of(shown(sent))
    clicked = await scene.admin.click(shown(asked), label="Remove the app")
    assert "Only members who may manage this server" in text_of(clicked.followups[0])
    assert scene.world.script.called("app set") == scene.world.script.called("app remove") == []


async def test_a_server_without_an_app_is_shown_how_to_get_one_and_the_button_opens_the_form(scene: Scene) -> None:
    message = shown(await scene.admin.slash(scene.channel, "spotify-app test"))
    assert message.ephemeral
    text = text_of(message)
    for step in ("1. Create an app", "needs Spotify Premium", f"```\n{URI}\n```", "User Management", "e-mail address"):
        assert step in text
    await scene.restart()
    opened = await scene.admin.click(message, label="Enter ID and secret")
    assert opened.modal is not None
    sent = await scene.admin.submit_modal(opened, {"client_id": CLIENT_ID, "client_secret": SECRET})
    assert "This server has its own Spotify app" in text_of(shown(sent))


async def test_a_test_says_what_works_and_how_many_places_are_taken(scene: Scene) -> None:
    register(scene, members=3)
    text = text_of(shown(await scene.admin.slash(scene.channel, "spotify-app test")))
    assert "### This server's Spotify app works" in text
    assert "**3 of 5 places**" in text
    assert "can be asked at any time" in text
    assert f"<@{scene.admin.id}>" in text
    assert "free a place" not in text


async def test_a_test_says_what_is_wrong_and_until_when_spotify_is_left_alone(scene: Scene) -> None:
    register(scene, members=5)
    scene.world.app_fault = "Spotify no longer accepts it: use /spotify-app set."
    until = NOW + timedelta(hours=13)
    scene.world.app_cooldown = Cooldown(until, LimitReason.QUOTA_EXCEEDED)
    message = shown(await scene.admin.slash(scene.channel, "spotify-app test"))
    text = text_of(message)
    assert "### This server's Spotify app does not work" in text
    assert scene.mention("spotify-app set") in text
    assert f"<t:{int(until.timestamp())}:R>" in text
    assert "quota for the day" in text
    assert "free a place under User Management" in text
    assert "Enter ID and secret" in buttons_of(message)


async def test_removing_asks_first_and_says_how_many_must_connect_again(scene: Scene) -> None:
    register(scene, members=2)
    asked = await scene.admin.slash(scene.channel, "spotify-app remove")
    assert shown(asked).ephemeral
    assert "2 members are linked through it" in text_of(shown(asked))
    assert scene.world.script.called("app remove") == []
    await scene.restart()
    await scene.admin.click(shown(asked), label="Remove the app")
    assert scene.world.script.called("app remove") == [(scene.guild.id,)]
    assert "2 members were linked through it" in text_of(shown(asked))
    assert not buttons_of(shown(asked))


async def test_who_keeps_the_app_changes_nothing(scene: Scene) -> None:
    register(scene)
    asked = await scene.admin.slash(scene.channel, "spotify-app remove")
    await scene.admin.click(shown(asked), label="Keep it")
    assert "Nothing was changed" in text_of(shown(asked))
    assert scene.world.script.called("app remove") == []


async def test_there_is_nothing_to_remove_without_an_app(scene: Scene) -> None:
    text = text_of(shown(await scene.admin.slash(scene.channel, "spotify-app remove")))
    assert "This server has no Spotify app of its own" in text
    assert scene.mention("spotify-app set") in text


@pytest.mark.parametrize(
    ("registered_by", "client_id", "asked"),
    [(True, CLIENT_ID, "<@{admin}>"), (False, CLIENT_ID, "whoever manages this server"), (False, None, "bot's host")],
)
async def test_the_sixth_member_is_told_whom_to_ask(
    scene: Scene, registered_by: bool, client_id: str | None, asked: str
) -> None:
    scene.world.sign_in_app = SignInApp(client_id, 5, scene.admin.id if registered_by else None)
    text = text_of(shown(await scene.member.slash(scene.channel, "connect")))
    assert "Spotify allows an app 5 members, and 5 members are linked through this one" in text
    assert asked.format(admin=scene.admin.id) in text
    assert "/import" in text


@pytest.fixture
def all_logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


async def test_no_log_holds_what_was_entered(scene: Scene, all_logs: pytest.LogCaptureFixture) -> None:
    with capture_logs() as ours:
        await enter(scene)
        scene.world.script.errors["app set"] = RuntimeError("on fire")
        await enter(scene)
        await enter(scene, "a" * 31, SECRET)
    [failed] = ours
    logged = all_logs.text + str(ours) + "".join(traceback.format_exception(failed["exc_info"]))
    assert "on fire" in logged
    assert "Dispatching event interaction" in logged
    assert SECRET not in logged
    assert CLIENT_ID not in logged


def test_discords_own_log_of_every_event_is_shut_whatever_the_level(all_logs: pytest.LogCaptureFixture) -> None:
    guard_logs()
    for name in ("discord.gateway", "discord.http", "discord.webhook.async_"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.debug("For Shard ID %s: WebSocket Event: %s", 0, {"value": SECRET})
        logger.warning("something to worry about")
        logger.setLevel(logging.NOTSET)
    assert SECRET not in all_logs.text
    assert all_logs.text.count("something to worry about") == 3


async def let_everybody_see(scene: Scene, group: str) -> None:
    """Do what admins may under Integrations: let everybody see the command."""
    command = scene.bot.tree.get_command(group)
    assert isinstance(command, discord.app_commands.Group)
    command.default_permissions = None
    await scene.bot.tree.sync()


async def take_rights(scene: Scene) -> None:
    """Take the right to manage the server from the admin."""
    raise NotImplementedError
