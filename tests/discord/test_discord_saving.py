"""Previews, undo, /freeze and /settings: what the clicker sees, and what is asked of the services."""

from __future__ import annotations

import pytest
from discord_scene import Scene, buttons_of, shown, text_of
from saving_fakes import LAST_NAME, NAME, saved
from simcord.results import InteractionResult

from bot.domain.saving import SaveMode, SaveSwitch
from bot.services.saving.values import CoverState, Target, UndoKind, UndoOutcome, WhyNew


@pytest.fixture
async def discovered(scene: Scene) -> InteractionResult:
    scene.world.connect(scene.member.id)
    return await scene.member.slash(scene.channel, "discover")


async def test_a_preview_says_privately_what_would_be_written_and_writes_nothing(
    scene: Scene, discovered: InteractionResult
) -> None:
    scene.world.saving.last = saved()
    plan = shown(await scene.member.click(shown(discovered), label="Preview"))
    assert plan.ephemeral
    text = text_of(plan)
    assert f"Your playlist “{LAST_NAME}”**, private" in text
    assert f"Its 30 tracks are replaced, and it is called “{NAME}” then." in text
    assert "**Description** · 30 tracks you do not have yet" in text
    assert scene.world.saves == {}
    assert list(buttons_of(plan)) == ["Save", "As a new playlist", "Keep last one, save new", "Make mine public"]


@pytest.mark.parametrize(
    ("label", "mode"),
    [("Save", SaveMode.USUAL), ("As a new playlist", SaveMode.NEW), ("Keep last one, save new", SaveMode.KEEP)],
)
async def test_a_preview_is_carried_out_in_its_place(
    scene: Scene, discovered: InteractionResult, label: str, mode: SaveMode
) -> None:
    scene.world.saving.last = saved()
    previewed = await scene.member.click(shown(discovered), label="Preview")
    await scene.restart()
    await scene.member.click(shown(previewed), label=label)
    assert "Saved to your Spotify" in text_of(shown(previewed))
    assert scene.world.script.called("save") == [(scene.member.id, 501, mode)]


async def test_a_new_playlist_needs_no_choice_between_two(scene: Scene, discovered: InteractionResult) -> None:
    scene.world.saving.plan = {"target": Target("discover", saved(), WhyNew.FROZEN), "repeated": 2, "unknown": 1}
    plan = shown(await scene.member.click(shown(discovered), label="Preview"))
    assert "**A new playlist**, private" in text_of(plan)
    assert "Your last playlist is kept as it is." in text_of(plan)
    assert "2 songs left out" in text_of(plan)
    assert "1 track left out" in text_of(plan)
    assert list(buttons_of(plan)) == ["Save", "Make mine public"]


async def test_the_visibility_is_switched_in_the_preview(scene: Scene, discovered: InteractionResult) -> None:
    previewed = await scene.member.click(shown(discovered), label="Preview")
    await scene.member.click(shown(previewed), label="Make mine public")
    assert "**A new playlist**, public" in text_of(shown(previewed))
    assert scene.world.saving.preferences[scene.member.id].public
    await scene.member.click(shown(previewed), label="Make mine private")
    assert not scene.world.saving.preferences[scene.member.id].public


async def test_a_stranger_who_previews_is_asked_to_connect(scene: Scene, discovered: InteractionResult) -> None:
    refused = shown(await scene.stranger.click(shown(discovered), label="Preview"))
    assert refused.ephemeral
    assert "Connect Spotify first" in text_of(refused)


async def test_the_saved_card_says_what_was_replaced_left_out_and_failed(
    scene: Scene, discovered: InteractionResult
) -> None:
    scene.world.saving.outcome = {
        "replaced": ("My *own* name", 28),
        "repeated": 1,
        "cover": CoverState.FAILED,
        "why_new": None,
    }
    text = text_of(shown(await scene.member.click(shown(discovered), label="Save to Spotify")))
    assert "They took the place of “My \\*own\\* name” and its 28 tracks." in text
    assert "1 song left out" in text
    assert "The cover could not be set" in text


async def test_undo_takes_the_place_of_the_save_and_can_be_saved_anew(
    scene: Scene, discovered: InteractionResult
) -> None:
    saved_message = await scene.member.click(shown(discovered), label="Save to Spotify")
    assert "You can undo this until <t:" in text_of(shown(saved_message))
    await scene.restart()
    await scene.member.click(shown(saved_message), label="Undo")
    assert "is out of your library" in text_of(shown(saved_message))
    assert scene.world.saves == {}
    again = await scene.member.click(shown(saved_message), label="Save to Spotify")
    assert "Saved to your Spotify" in text_of(shown(again))


async def test_undo_says_what_it_could_not_bring_back(scene: Scene, discovered: InteractionResult) -> None:
    await scene.member.click(shown(discovered), label="Save to Spotify")
    scene.world.saving.undone = UndoOutcome(
        UndoKind.RESTORED, LAST_NAME, 501, "https://open.spotify.com/playlist/7", 28, lost=2, kept=1, cover_stays=True
    )
    undone = shown(await scene.member.slash(scene.channel, "undo"))
    assert undone.ephemeral
    assert "with 28 tracks" in text_of(undone)
    assert "2 items could not be put back" in text_of(undone)
    assert "1 track that you added since stayed, at its end." in text_of(undone)
    assert "The cover that I drew stays" in text_of(undone)


async def test_an_undo_with_nothing_to_undo_says_so(scene: Scene) -> None:
    refused = shown(await scene.member.slash(scene.channel, "undo"))
    assert "There is no save of yours to undo" in text_of(refused)


async def test_a_saved_list_that_was_overtaken_offers_a_playlist_of_its_own(
    scene: Scene, discovered: InteractionResult
) -> None:
    scene.world.saving.outcome = {"already": True, "outdated": True, "undo_until": None}
    message = await scene.member.click(shown(discovered), label="Save to Spotify")
    assert "a newer list has gone into the same playlist" in text_of(shown(message))
    await scene.member.click(shown(message), label="As a new playlist")
    assert scene.world.script.called("save")[-1] == (scene.member.id, 501, SaveMode.NEW)


async def test_freeze_keeps_the_newest_and_its_button_lets_go(scene: Scene) -> None:
    scene.world.saving.weekly = [saved(8, NAME), saved(7)]
    frozen = await scene.member.slash(scene.channel, "freeze")
    assert shown(frozen).ephemeral
    assert NAME in text_of(shown(frozen))
    await scene.member.click(shown(frozen), label="Let it be updated")
    assert f"The next list goes into **{NAME}**" in text_of(shown(frozen))
    await scene.member.click(shown(frozen), label="Keep as it is")
    assert scene.world.script.called("freeze")[-1] == (scene.member.id, 8)


async def test_freeze_takes_a_suggestion_or_a_typed_name(scene: Scene) -> None:
    scene.world.saving.weekly = [saved(8, NAME), saved(7)]
    suggested = await scene.member.autocomplete(scene.channel, "freeze", "playlist", "13 nov")
    assert suggested == [{"name": LAST_NAME, "value": "7"}]
    for given in ("7", "13 nov"):
        await scene.member.slash(scene.channel, "freeze", playlist=given)
        assert scene.world.script.called("freeze")[-1] == (scene.member.id, 7)
    unknown = shown(await scene.member.slash(scene.channel, "freeze", playlist="nowhere"))
    assert "pick one from the list" in text_of(unknown)


async def test_freeze_before_any_save_says_what_to_do(scene: Scene) -> None:
    assert "You have no weekly playlist yet" in text_of(shown(await scene.member.slash(scene.channel, "freeze")))


async def test_settings_switch_each_choice_in_place_and_after_a_restart(scene: Scene) -> None:
    settings = await scene.member.slash(scene.channel, "settings")
    assert shown(settings).ephemeral
    assert list(buttons_of(shown(settings))) == ["Make public", "No covers", "New each week"]
    assert f"use {scene.mention('connect')} again" in text_of(shown(settings))
    await scene.restart()
    for label in ("Make public", "No covers", "New each week"):
        await scene.member.click(shown(settings), label=label)
    chosen = scene.world.saving.preferences[scene.member.id]
    assert [chosen.on(which) for which in SaveSwitch] == [True, False, False]
    assert list(buttons_of(shown(settings))) == ["Make private", "Draw covers", "Same playlist"]
