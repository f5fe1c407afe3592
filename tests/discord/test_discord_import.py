"""/import by the real bot: files, links, what is said before and after, and forgetting it again."""

from __future__ import annotations

import aiohttp
import discord
import pytest
from discord_scene import Scene, buttons_of, shown, text_of
from simcord.results import InteractionResult

from bot.discord.views.imports import imported_card
from bot.domain.errors import BadInput
from bot.domain.imports import ImportedCounts, ImportRefused, ImportReport, LeftOut

LINK = "https://open.spotify.com/track/" + "4" * 22


async def bring(scene: Scene, **options: object) -> InteractionResult:
    return await scene.member.slash(scene.channel, "import", **options)


async def test_without_anything_it_says_how_and_what_is_kept(scene: Scene) -> None:
    message = shown(await bring(scene))
    assert message.ephemeral
    text = text_of(message)
    for said in ("Paste links", "Exportify", "Account data", "you agree", "never kept"):
        assert said in text
    assert scene.mention("privacy opt-out") in text
    assert scene.mention("disconnect") in text
    assert list(buttons_of(message)) == ["Exportify", "Spotify's privacy page"]
    assert scene.world.script.called("import") == []


async def test_a_file_is_fetched_and_taken_in_and_the_card_says_what_next(scene: Scene) -> None:
    message = shown(await bring(scene, file=("my_spotify_data.zip", b"PK of one")))
    assert scene.world.script.called("import") == [
        (scene.member.id, scene.guild.id, "my_spotify_data.zip", b"PK of one", None)
    ]
    assert message.ephemeral
    text = text_of(message)
    assert "4 playlists, 187 tracks** · 82 tracks you like · 412 plays" in text
    assert "96 plays: shorter than 30 seconds is no listen." in text
    assert "Playlist2.json was left out: it is damaged." in text
    for command in ("discover", "playlists", "privacy opt-out", "disconnect"):
        assert scene.mention(command) in text


async def test_links_are_taken_in(scene: Scene) -> None:
    await bring(scene, links=LINK)
    assert scene.world.script.called("import") == [(scene.member.id, scene.guild.id, None, None, LINK)]


async def test_while_a_large_file_is_read_the_member_is_told_what_they_agree_to(scene: Scene) -> None:
    scene.world.script.seconds["import"] = 60
    result = await bring(scene, links=LINK)
    assert "Reading…" in text_of(shown(result))
    assert "you agree" in text_of(shown(result))
    await scene.env.advance_time(61)
    assert "### Imported" in text_of(shown(result))


@pytest.mark.parametrize(
    "fault", [ImportRefused("This is no ZIP file: download it again."), BadInput("One import a minute: <t:1:R>.")]
)
async def test_a_refusal_stands_where_reading_stood(scene: Scene, fault: Exception) -> None:
    scene.world.script.errors["import"] = fault
    message = shown(await bring(scene, file=("x.zip", b"x")))
    assert message.ephemeral
    assert "### That did not work" in text_of(message)
    assert str(fault) in text_of(message)


async def test_forgetting_asks_first_then_deletes_and_counts(scene: Scene) -> None:
    done = shown(await bring(scene, links=LINK))
    await scene.restart()
    asking = await scene.member.click(done, label="Forget imports")
    question = shown(asking)
    assert "4 playlists, 187 tracks and 412 plays will be deleted" in text_of(question)
    assert "### Imported" in text_of(done)
    assert scene.world.script.called("forget imports") == []
    await scene.member.click(question, label="Delete them")
    assert "Deleted: 4 playlists, 187 tracks and 412 plays." in text_of(shown(asking))
    assert scene.member.id not in scene.world.imported


async def test_forgetting_can_be_thought_better_of_and_a_late_second_click_says_so(scene: Scene) -> None:
    done = shown(await bring(scene, links=LINK))
    first = await scene.member.click(done, label="Forget imports")
    second = await scene.member.click(done, label="Forget imports")
    late = await scene.member.click(done, label="Forget imports")
    await scene.member.click(shown(first), label="Keep them")
    assert "Nothing was changed" in text_of(shown(first))
    assert scene.world.script.called("forget imports") == []
    await scene.member.click(shown(second), label="Delete them")
    await scene.member.click(shown(late), label="Delete them")
    assert "You have imported nothing yet" in text_of(shown(late))


async def test_who_has_imported_sees_how_much_and_can_forget_it(scene: Scene) -> None:
    scene.world.imported[scene.member.id] = ImportedCounts(1, 12, 0)
    message = shown(await bring(scene))
    assert "You have imported 1 playlist, 12 tracks." in text_of(message)
    assert "Forget imports" in buttons_of(message)


async def test_it_works_in_direct_messages(scene: Scene) -> None:
    assert "Bring your own music" in text_of(shown(await scene.env.create_user("eve").slash("import")))


def test_an_import_that_ended_early_says_what_is_there_and_why(scene: Scene) -> None:
    report = ImportReport(2, 20, 0, 0, 0, {}, (), fault="Your data was deleted.")
    text = text_of_card(imported_card(report, scene.bot.mentions))
    assert "### Imported in part" in text
    assert "2 playlists, 20 tracks" in text
    assert "Your data was deleted." in text


def test_every_reason_and_long_names_fit_into_a_message(scene: Scene) -> None:
    report = ImportReport(
        1, 1, 1, 1, 1, dict.fromkeys(LeftOut, 123_456), tuple("`x` @everyone " * 40 for _ in range(20))
    )
    text = text_of_card(imported_card(report, scene.bot.mentions))
    assert len(text) < 4000
    assert "more" in text
    assert "@everyone" not in text


def text_of_card(card: object) -> str:
    return "\n".join(str(part.content) for part in card.walk_children() if hasattr(part, "content"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", [aiohttp.ClientConnectionError("cut"), TimeoutError()])
async def test_a_file_that_discord_does_not_hand_over_is_asked_for_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    async def read(_: discord.Attachment) -> bytes:
        raise fault

    monkeypatch.setattr(discord.Attachment, "read", read)
    assert "could not get that file from Discord: send it again" in text_of(
        shown(await bring(scene, file=("x.zip", b"x")))
    )
