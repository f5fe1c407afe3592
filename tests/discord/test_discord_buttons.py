"""Paging and saving: by whom, after a restart, and when something fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from discord_scene import Scene, buttons_of, shown, text_of
from simcord.results import InteractionResult
from structlog.testing import capture_logs

from bot.domain.errors import SaveInProgress, SpotifyUnavailable


@pytest.fixture
async def discovered(scene: Scene) -> InteractionResult:
    scene.world.connect(scene.member.id)
    return await scene.member.slash(scene.channel, "discover")


async def test_save_answers_the_clicker_alone_with_the_playlists_link(
    scene: Scene, discovered: InteractionResult
) -> None:
    saved = shown(await scene.member.click(shown(discovered), label="Save to Spotify"))
    assert saved.ephemeral
    assert "Saved to your Spotify\n**Crossfade discoveries · 20 Nov 2026** with 30 tracks" in text_of(saved)
    url = buttons_of(saved)["Open in Spotify"]["url"]
    again = shown(await scene.member.click(shown(discovered), label="Save to Spotify"))
    assert "You saved this before" in text_of(again)
    assert buttons_of(again)["Open in Spotify"]["url"] == url


async def test_a_stranger_saves_their_own_copy(scene: Scene, discovered: InteractionResult) -> None:
    refused = shown(await scene.stranger.click(shown(discovered), label="Save to Spotify"))
    assert refused.ephemeral
    assert "Connect Spotify first" in text_of(refused)
    scene.world.connect(scene.stranger.id, "Jon")
    await scene.stranger.click(shown(discovered), label="Save to Spotify")
    assert set(scene.world.saves) == {(scene.stranger.id, 501)}


async def test_buttons_work_after_a_restart(scene: Scene, discovered: InteractionResult) -> None:
    await scene.restart()
    saved = shown(await scene.member.click(shown(discovered), label="Save to Spotify"))
    assert "Saved to your Spotify" in text_of(saved)
    await scene.member.click(shown(discovered), label="Next")
    assert "11–20 of 30" in text_of(shown(discovered))


async def test_buttons_still_work_long_after_private_messages_with_buttons_were_sent(
    scene: Scene, discovered: InteractionResult
) -> None:
    await scene.stranger.slash(scene.channel, "discover")  # refused privately, with a button to connect
    await scene.stranger.click(shown(discovered), label="Next")
    await scene.env.advance_time(timedelta(minutes=20).total_seconds())
    refused = shown(await scene.stranger.click(shown(discovered), label="Save to Spotify"))
    assert "Connect Spotify first" in text_of(refused)
    connecting = await scene.stranger.click(refused, label="Connect Spotify")
    assert buttons_of(shown(connecting))["Connect Spotify"]["url"] == scene.world.login_url
    await scene.member.click(shown(discovered), label="Next")
    assert "11–20 of 30" in text_of(shown(discovered))


async def test_the_asker_turns_the_page_in_place(scene: Scene, discovered: InteractionResult) -> None:
    for expected in ("11–20 of 30", "21–30 of 30"):
        turned = await scene.member.click(shown(discovered), label="Next")
        assert expected in text_of(shown(discovered))
        assert turned.followups == []
    assert buttons_of(shown(discovered))["Next"]["disabled"]
    await scene.member.click(shown(discovered), label="Previous")
    assert "11–20 of 30" in text_of(shown(discovered))


async def test_a_stranger_turns_a_page_of_their_own(scene: Scene, discovered: InteractionResult) -> None:
    copy = await scene.stranger.click(shown(discovered), label="Next")
    assert shown(copy).ephemeral
    assert "11–20 of 30" in text_of(shown(copy))
    assert "1–10 of 30" in text_of(shown(discovered))
    await scene.stranger.click(shown(copy), label="Next")
    assert "21–30 of 30" in text_of(shown(copy))
    assert "1–10 of 30" in text_of(shown(discovered))


async def test_recommendations_that_are_gone_say_so_and_the_message_stays(
    scene: Scene, discovered: InteractionResult
) -> None:
    scene.world.sets.clear()
    for label in ("Next", "Save to Spotify"):
        clicked = await scene.member.click(shown(discovered), label=label)
        answer = clicked.followups[0] if clicked.followups else clicked.response
        assert answer.ephemeral
        assert "no longer stored" in text_of(answer)
    assert "1–10 of 30" in text_of(discovered.response)


@pytest.mark.parametrize("label", ["Next", "Save to Spotify"])
async def test_a_click_is_acknowledged_in_time(scene: Scene, discovered: InteractionResult, label: str) -> None:
    scene.world.script.seconds = {"save": 10, "get": 10}
    clicked = await scene.member.click(shown(discovered), label=label)
    await scene.env.advance_time(12)
    assert clicked.acknowledged
    assert "11–20 of 30" in text_of(shown(discovered)) or "Saved to" in text_of(shown(clicked))
    assert scene.bot.faults._new_reference.given == 0


async def test_faults_of_a_save_are_told_to_the_clicker(scene: Scene, discovered: InteractionResult) -> None:
    for error, said in (
        (SaveInProgress(), "being saved at the moment"),
        (SpotifyUnavailable(), "Spotify does not answer"),
        (RuntimeError("broken"), "`ref-1`"),
    ):
        scene.world.script.errors["save"] = error
        message = shown(await scene.member.click(shown(discovered), label="Save to Spotify"))
        assert message.ephemeral
        assert said in text_of(message)


async def test_an_interaction_that_comes_too_late_is_logged_and_no_more(
    scene: Scene, discovered: InteractionResult
) -> None:
    scene.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=10062, message="Unknown interaction")
    with capture_logs() as logged:
        await scene.member.click(shown(discovered), label="Save to Spotify")
    assert [entry["event"] for entry in logged] == ["interaction could not be answered in time"]
