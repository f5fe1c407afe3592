"""Being told once, below an answer, that the authorisation ends or has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord
import pytest
from discord_samples import NOW
from discord_scene import Scene, text_of
from simcord.results import InteractionResult

from bot.domain.accounts import Notice, NoticeKind
from bot.domain.errors import ReconnectNeeded


def due(scene: Scene, kind: NoticeKind = NoticeKind.RECONNECT) -> Notice:
    scene.world.connect(scene.member.id)
    notice = Notice(scene.member.id, kind, NOW, NOW + timedelta(days=30))
    scene.world.notices[scene.member.id] = notice
    return notice


def reminders(result: InteractionResult) -> list[str]:
    texts = [text_of(message) for message in result.followups if message.ephemeral]
    return [text for text in texts if "Spotify has ended your authorisation" in text or "ends soon" in text]


async def test_who_has_to_connect_again_is_told_once_after_the_next_command(scene: Scene) -> None:
    due(scene)
    result = await scene.member.slash(scene.channel, "playlists")
    [text] = reminders(result)
    assert scene.mention("connect") in text
    assert reminders(await scene.member.slash(scene.channel, "playlists")) == []


async def test_who_lost_the_app_they_were_connected_through_is_told_that(scene: Scene) -> None:
    scene.world.notices[scene.member.id] = replace(due(scene), app_gone=True)
    result = await scene.member.slash(scene.channel, "playlists")
    [text] = [text_of(message) for message in result.followups if message.ephemeral]
    assert "The Spotify app that you were connected through is no longer used here" in text
    assert "ended your authorisation" not in text


async def test_who_has_a_month_left_is_told_the_day(scene: Scene) -> None:
    notice = due(scene, NoticeKind.ENDING)
    [text] = reminders(await scene.member.slash(scene.channel, "playlists"))
    assert f"<t:{int(notice.ends_at.timestamp())}:D>" in text


async def test_others_are_told_nothing(scene: Scene) -> None:
    due(scene)
    scene.world.connect(scene.stranger.id)
    assert reminders(await scene.stranger.slash(scene.channel, "playlists")) == []
    assert scene.world.notices


@pytest.mark.parametrize("command", ["connect", "disconnect"])
async def test_a_command_about_the_authorisation_itself_reminds_nobody(scene: Scene, command: str) -> None:
    due(scene)
    assert reminders(await scene.member.slash(scene.channel, command)) == []
    assert scene.world.notices


async def test_a_command_that_failed_for_that_very_reason_counts_as_told(scene: Scene) -> None:
    due(scene)
    scene.world.script.errors["sync"] = ReconnectNeeded()
    assert reminders(await scene.member.slash(scene.channel, "sync")) == []
    assert scene.world.notices == {}


async def test_a_fault_of_that_kind_leaves_another_notice_for_later(scene: Scene) -> None:
    notice = due(scene, NoticeKind.ENDING)
    scene.world.script.errors["sync"] = ReconnectNeeded()
    await scene.member.slash(scene.channel, "sync")
    assert scene.world.notices == {scene.member.id: notice}


async def test_a_reminder_that_did_not_arrive_is_kept_for_the_next_command(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Answer:
        status, reason = 500, "Internal Server Error"

    async def fail(*_: object, **__: object) -> None:
        raise discord.HTTPException(Answer(), "down")  # type: ignore[arg-type]

    notice = due(scene)
    with monkeypatch.context() as patched:
        patched.setattr(discord.Webhook, "send", fail)
        await scene.member.slash(scene.channel, "playlists")
    assert scene.world.notices == {scene.member.id: notice}
    assert len(reminders(await scene.member.slash(scene.channel, "playlists"))) == 1
