"""/digest: only for those who may manage the server, and only where the bot may post."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest
from discord_scene import Scene, buttons_of, shown, text_of
from simcord.backend.errors import SetupError
from simcord.results import InteractionResult

from bot.domain.errors import BadInput


async def set_digest(scene: Scene, **changes: object) -> InteractionResult:
    options = {"channel": scene.channel, "day": 4, "hour": 18, "time_zone": "Europe/Berlin", **changes}
    return await scene.admin.slash(scene.channel, "digest set", **options)


async def test_set_says_when_and_where_the_next_one_is_posted(scene: Scene) -> None:
    text = text_of(shown(await set_digest(scene)))
    assert scene.world.script.called("digest set") == [
        (scene.guild.id, scene.channel.id, 4, 18, "Europe/Berlin", scene.admin.id)
    ]
    assert f"Every **Friday** at **18:00** (Europe/Berlin) in <#{scene.channel.id}>." in text
    assert "Next: <t:1795194000:F>" in text
    assert scene.mention("digest preview") in text


async def test_time_zones_are_suggested(scene: Scene) -> None:
    offered = await scene.admin.autocomplete(scene.channel, "digest set", "time_zone", "berl")
    assert offered == [{"name": "Europe/Berlin", "value": "Europe/Berlin"}]


async def test_a_time_zone_that_does_not_exist_is_refused(scene: Scene) -> None:
    scene.world.script.errors["digest set"] = BadInput("I do not know the time zone “Mars”: pick one from the list.")
    assert "I do not know the time zone “Mars”" in text_of(shown(await set_digest(scene, time_zone="Mars")))


@pytest.mark.parametrize(
    ("denied", "named"),
    [
        (["send_messages"], "“Send Messages”"),
        (["read_message_history"], "“Read Message History”"),
        (["send_messages", "read_message_history"], "“Send Messages” and “Read Message History”"),
        (["view_channel"], "“View Channel”"),
    ],
)
async def test_a_channel_the_bot_may_not_use_is_refused_by_the_permission_it_lacks(
    scene: Scene, denied: list[str], named: str
) -> None:
    overwrites = {scene.guild.default_role: discord.PermissionOverwrite(**dict.fromkeys(denied, False))}
    closed = scene.guild.create_text_channel("closed", overwrites=overwrites)
    everything = scene.guild.create_role("Owners", permissions=discord.Permissions.all())
    boss = scene.guild.add_member(scene.env.create_user("boss"), roles=[everything])
    options = {"channel": closed, "day": 0, "hour": 9, "time_zone": "UTC"}
    message = shown(await boss.slash(scene.channel, "digest set", **options))
    assert named in text_of(message)
    assert f"<#{closed.id}>" in text_of(message)
    assert scene.world.script.called("digest set") == []


async def test_members_are_not_offered_the_command(scene: Scene) -> None:
    with pytest.raises(SetupError, match="default-member-permissions"):
        await scene.member.slash(scene.channel, "digest status")


@pytest.mark.parametrize("name", ["digest status", "digest off", "digest preview"])
async def test_members_whom_an_admin_has_let_see_the_command_still_may_not_use_it(scene: Scene, name: str) -> None:
    digest = next(command for command in await scene.bot.tree.fetch_commands() if command.name == "digest")
    scene.guild.set_command_permissions(digest, {scene.member: True})
    message = shown(await scene.member.slash(scene.channel, name))
    assert message.ephemeral
    assert "Only members who may manage this server" in text_of(message)
    assert scene.world.script.calls == []


async def test_off_switches_off_and_says_so_when_there_is_none(scene: Scene) -> None:
    assert "has no weekly digest" in text_of(shown(await scene.admin.slash(scene.channel, "digest off")))
    await set_digest(scene)
    assert "Weekly discoveries are off" in text_of(shown(await scene.admin.slash(scene.channel, "digest off")))
    status = text_of(shown(await scene.admin.slash(scene.channel, "digest status")))
    assert f"Switched off; {scene.mention('digest set')} switches them on again" in status


async def test_status_of_a_server_without_a_digest_says_how_to_begin(scene: Scene) -> None:
    text = text_of(shown(await scene.admin.slash(scene.channel, "digest status")))
    assert f"Nothing is scheduled here yet: {scene.mention('digest set')}" in text


async def test_status_says_why_a_digest_was_stopped(scene: Scene) -> None:
    await set_digest(scene)
    stopped = replace(scene.world.digests[scene.guild.id], enabled=False, stopped_because="The channel is gone.")
    scene.world.digests[scene.guild.id] = stopped
    text = text_of(shown(await scene.admin.slash(scene.channel, "digest status")))
    assert "**Stopped.** The channel is gone." in text


async def test_the_preview_is_for_the_admin_alone_and_can_be_saved(scene: Scene) -> None:
    message = shown(await scene.admin.slash(scene.channel, "digest preview"))
    assert message.ephemeral
    assert text_of(message).startswith("## This week’s discoveries")
    assert list(buttons_of(message)) == ["Save to Spotify", "Preview"]
