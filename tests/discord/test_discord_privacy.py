"""What /privacy shows, gives and switches, by the real bot."""

from __future__ import annotations

import pytest
from discord_samples import NOW
from discord_scene import Scene, buttons_of, shown, text_of, walk
from simcord.backend.errors import SetupError
from simcord.results import InteractionResult
from structlog.testing import capture_logs

from bot.discord.views.privacy import privacy_card
from bot.domain.errors import SpotifyUnavailable
from bot.domain.privacy import ExportTooLarge, KeptSummary, OptOut

COMMANDS = {
    "privacy show": ("privacy summary", {}),
    "privacy export": ("privacy export", {}),
    "privacy opt-out": ("opt out", {"what": "digests"}),
    "privacy opt-in": ("opt in", {"what": "digests"}),
}
MUCH = KeptSummary(
    True, "*Mia*", NOW, 5, 212, 7, 210, 1, 2, 1, 3, imported=2, liked=41, listens=9_321, top_items=300, apps=1
)
every_command = pytest.mark.parametrize("name", COMMANDS)


async def run(scene: Scene, name: str) -> InteractionResult:
    return await scene.member.slash(scene.channel, name, **COMMANDS[name][1])


def opt_outs(scene: Scene) -> frozenset[OptOut]:
    return scene.world.kept[scene.member.id].opt_outs


async def test_show_says_what_is_kept_how_much_why_and_until_when(scene: Scene) -> None:
    scene.world.kept[scene.member.id] = MUCH
    text = text_of(shown(await run(scene, "privacy show")))
    assert r"\*Mia\*, since <t:" in text
    for said in (
        "5 playlists, 212 tracks",
        "7 lists, 210 tracks",
        "1 playlist:",
        "2 servers",
        "1 digest",
        "3 links",
        "5 playlists, 212 tracks, 2 imported lists, 41 liked songs:",
        "9,321 plays and 300 places among your most played",
        "1 app that you set up",
    ):
        assert said in text
    assert f"until {scene.mention('disconnect')}" in text
    assert f"{scene.mention('privacy export')} gives you everything" in text


async def test_who_is_not_known_is_told_so_and_can_opt_out_all_the_same(scene: Scene) -> None:
    message = shown(await run(scene, "privacy show"))
    assert "Nothing: you have not used me" in text_of(message)
    assert [button["custom_id"] for button in walk(message) if button["type"] == 2] == [
        "xf:privacy:digests:on",
        "xf:privacy:learning:on",
        "xf:privacy:blends:on",
    ]


async def test_who_has_only_chosen_is_told_that_their_id_is_kept_and_nothing_of_disconnecting(scene: Scene) -> None:
    scene.world.kept[scene.member.id] = KeptSummary(True)
    text = text_of(shown(await run(scene, "privacy show")))
    assert "Your Discord id, and nothing else" in text
    assert "disconnect" not in text


async def click(scene: Scene, message: InteractionResult, which: str) -> InteractionResult:
    [custom_id] = [
        part["custom_id"]
        for part in walk(shown(message))
        if str(part.get("custom_id")).startswith(f"xf:privacy:{which}")
    ]
    return await scene.member.click(shown(message), custom_id=custom_id)


async def test_the_switches_work_in_place_also_after_a_restart(scene: Scene) -> None:
    scene.world.kept[scene.member.id] = MUCH
    message = await run(scene, "privacy show")
    await click(scene, message, "digests")
    assert opt_outs(scene) == {OptOut.DIGESTS}
    assert "Your playlists have no part in them." in text_of(shown(message))
    assert list(buttons_of(shown(message))) == ["Opt in", "Opt out"]
    await click(scene, message, "blends")
    assert opt_outs(scene) == {OptOut.DIGESTS, OptOut.BLENDS}
    assert "when this bot offers them, leave your playlists out" in text_of(shown(message))
    await click(scene, message, "blends")
    await scene.restart()
    await click(scene, message, "learning")
    assert opt_outs(scene) == {OptOut.DIGESTS, OptOut.LEARNING}
    clicked = await click(scene, message, "digests")
    assert opt_outs(scene) == {OptOut.LEARNING}
    assert clicked.followups == []
    assert "5 playlists, 212 tracks" in text_of(shown(message))


async def test_a_stranger_does_not_see_the_switches(scene: Scene) -> None:
    message = shown(await run(scene, "privacy show"))
    assert message.ephemeral
    with pytest.raises(SetupError, match="not visible"):
        await scene.stranger.click(message, custom_id="xf:privacy:digests:on")


async def test_a_switch_that_others_could_see_would_switch_the_clickers_own_and_answer_them_alone(scene: Scene) -> None:
    scene.world.kept[scene.member.id] = MUCH
    await scene.bot.get_channel(scene.channel.id).send(view=privacy_card(MUCH, scene.bot.mentions))
    clicked = await scene.stranger.click(scene.channel.last_message, custom_id="xf:privacy:digests:on")
    assert opt_outs(scene) == frozenset()
    assert scene.world.kept[scene.stranger.id].opt_outs == {OptOut.DIGESTS}
    assert shown(clicked).ephemeral
    assert "5 playlists" not in text_of(shown(clicked))
    assert "5 playlists, 212 tracks" in text_of(scene.channel.last_message)


async def test_the_export_is_attached_for_the_asker_alone(scene: Scene) -> None:
    scene.world.kept[scene.member.id] = MUCH
    message = shown(await run(scene, "privacy export"))
    assert message.ephemeral
    assert scene.world.script.called("privacy export") == [(scene.member.id,)]
    [file] = [part for part in walk(message) if part["type"] == 13]
    assert file["file"]["url"].endswith("crossfade-2026-11-20.zip")
    assert "Only you can see this message" in text_of(message)


async def test_who_is_not_known_gets_a_sentence_instead_of_a_file(scene: Scene) -> None:
    message = shown(await run(scene, "privacy export"))
    assert "Nothing is kept of you" in text_of(message)
    assert [part for part in walk(message) if part["type"] == 13] == []


async def test_an_export_that_does_not_fit_says_whom_to_ask(scene: Scene) -> None:
    scene.world.script.errors["privacy export"] = ExportTooLarge()
    assert "ask the bot's host" in text_of(shown(await run(scene, "privacy export")))


@pytest.mark.parametrize("which", list(OptOut))
async def test_opting_out_and_in_by_command_says_what_holds_from_then_on(scene: Scene, which: OptOut) -> None:
    out = shown(await scene.member.slash(scene.channel, "privacy opt-out", what=which.value))
    assert opt_outs(scene) == {which}
    assert ": you are out" in text_of(out)
    assert scene.mention("privacy show") in text_of(out)
    back = shown(await scene.member.slash(scene.channel, "privacy opt-in", what=which.value))
    assert opt_outs(scene) == frozenset()
    assert ": you are in" in text_of(back)


async def test_every_use_of_a_members_data_can_be_opted_out_of(scene: Scene) -> None:
    tree = scene.bot.tree.get_command("privacy")
    choices = {choice.value for choice in tree.get_command("opt-out").get_parameter("what").choices}
    assert choices == {which.value for which in OptOut}


async def test_who_only_imported_sees_what_they_brought(scene: Scene) -> None:
    scene.world.kept[scene.member.id] = KeptSummary(True, imported=1, entries=12, listens=1)
    text = text_of(shown(await run(scene, "privacy show")))
    assert "12 tracks, 1 imported list:" in text
    assert "**Listening** · 1 play:" in text


@every_command
async def test_a_slow_database_does_not_make_discord_give_up(scene: Scene, name: str) -> None:
    scene.world.script.seconds[COMMANDS[name][0]] = 10
    result = await run(scene, name)
    await scene.env.advance_time(12)
    assert shown(result).ephemeral
    assert text_of(shown(result))
    assert scene.bot.faults._new_reference.given == 0


@every_command
async def test_faults_are_told_to_the_asker_alone(scene: Scene, name: str) -> None:
    scene.world.script.errors[COMMANDS[name][0]] = SpotifyUnavailable()
    message = shown(await run(scene, name))
    assert message.ephemeral
    assert "### That did not work\nSpotify does not answer" in text_of(message)
    scene.world.script.errors[COMMANDS[name][0]] = RuntimeError("the disk is on fire")
    with capture_logs() as logged:
        message = shown(await run(scene, name))
    assert "`ref-1`" in text_of(message)
    assert [(entry["reference"], entry["what"]) for entry in logged] == [("ref-1", name)]


async def test_a_click_that_fails_is_told_beside_the_message(scene: Scene) -> None:
    scene.world.kept[scene.member.id] = MUCH
    message = await run(scene, "privacy show")
    scene.world.script.errors["opt out"] = RuntimeError("the disk is on fire")
    with capture_logs():
        clicked = await click(scene, message, "digests")
    assert "`ref-1`" in text_of(clicked.followups[0])
    assert clicked.followups[0].ephemeral
    assert "5 playlists, 212 tracks" in text_of(shown(message))


async def test_it_works_in_direct_messages(scene: Scene) -> None:
    message = shown(await scene.env.create_user("eve").slash("privacy show"))
    assert "Nothing" in text_of(message)
