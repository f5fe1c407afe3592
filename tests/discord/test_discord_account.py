"""Connecting, being told about it, and disconnecting."""

from __future__ import annotations

from datetime import timedelta

from discord_samples import NOW, account, report
from discord_scene import Scene, buttons_of, shown, text_of

from bot.domain.errors import SpotifyUnavailable
from bot.domain.privacy import KeptSummary
from bot.services.onboarding import Linked, Synced, SyncFailed


async def test_connect_says_what_is_kept_and_gives_a_link_that_names_its_end(scene: Scene) -> None:
    message = shown(await scene.member.slash(scene.channel, "connect"))
    assert scene.world.script.called("begin_login") == [(scene.member.id, scene.guild.id, "Mia (@mia)")]
    assert buttons_of(message)["Connect Spotify"]["url"] == scene.world.login_url
    assert "- the names and tracks of your own playlists\n" in text_of(message)
    assert f"<t:{int((NOW + timedelta(minutes=10)).timestamp())}:R>" in text_of(message)
    for kept in ("liked songs", "top tracks and artists", "played recently", "covers"):
        assert kept in text_of(message)
    assert "You are connected as" not in text_of(message)
    assert "Spotify allows an app" not in text_of(message)


async def test_connecting_again_names_the_account(scene: Scene) -> None:
    scene.world.connect(scene.member.id, "*Mia*")
    message = shown(await scene.member.slash(scene.channel, "connect"))
    assert r"You are connected as **\*Mia\***" in text_of(message)


async def test_an_address_too_long_for_a_button_becomes_a_link(scene: Scene) -> None:
    scene.world.login_url = "https://accounts.example/authorize?" + "scope=" * 100
    message = shown(await scene.member.slash(scene.channel, "connect"))
    assert f"[Connect Spotify]({scene.world.login_url})" in text_of(message)
    assert not buttons_of(message)


async def test_the_invitation_follows_the_sign_in(scene: Scene) -> None:
    result = await scene.member.slash(scene.channel, "connect")
    tell = scene.world.watchers[scene.member.id]
    await tell(Linked(account(scene.member.id)))
    assert "### Connected as Mia\nReading your playlists" in text_of(shown(result))
    assert not buttons_of(shown(result))
    await tell(Synced(account(scene.member.id), report(playlists_out_of_reach=1, items_skipped=2)))
    text = text_of(shown(result))
    assert "**5 playlists, 212 tracks** read" in text
    assert "1 playlist left out" in text
    assert "2 items left out" in text
    assert scene.mention("discover") in text


async def test_a_first_sync_that_fails_says_so_and_what_to_do(scene: Scene) -> None:
    result = await scene.member.slash(scene.channel, "connect")
    await scene.world.watchers[scene.member.id](SyncFailed(account(scene.member.id), SpotifyUnavailable()))
    text = text_of(shown(result))
    assert "Connected as Mia" in text
    assert "Spotify does not answer" in text
    assert scene.mention("sync") in text


async def test_an_empty_library_is_welcomed_too(scene: Scene) -> None:
    result = await scene.member.slash(scene.channel, "connect")
    nothing = report(playlists_read=0, tracks=0)
    await scene.world.watchers[scene.member.id](Synced(account(scene.member.id), nothing))
    assert "make one in Spotify, then use" in text_of(shown(result))


async def test_a_sign_in_that_ends_after_the_token_has_expired_is_let_go(scene: Scene) -> None:
    await scene.member.slash(scene.channel, "connect")
    await scene.env.advance_time(timedelta(minutes=16).total_seconds())
    await scene.world.watchers[scene.member.id](Linked(account(scene.member.id)))


async def test_disconnect_asks_first_and_then_says_what_was_deleted(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    asked = await scene.member.slash(scene.channel, "disconnect")
    assert "**Mia** will be unlinked" in text_of(shown(asked))
    assert scene.world.script.called("disconnect") == []
    await scene.member.click(shown(asked), label="Disconnect and delete")
    assert scene.world.script.called("disconnect") == [(scene.member.id,)]
    assert "2 playlists, 49 tracks, 3 lists of recommendations and 1 record of a saved playlist" in text_of(
        shown(asked)
    )
    assert not buttons_of(shown(asked))


async def test_nobody_can_pass_for_another_by_their_shown_name(scene: Scene) -> None:
    eve = scene.guild.add_member(scene.env.create_user("eve", global_name="Mia (@mia) \u202e"))
    await eve.slash(scene.channel, "connect")
    assert scene.world.script.called("begin_login")[-1][2] == "Mia mia (@eve)"


async def test_whoever_never_connected_is_asked_too_and_has_all_of_it_deleted(scene: Scene) -> None:
    scene.world.kept[scene.member.id] = KeptSummary(known=True, sign_ins=1)
    asked = await scene.member.slash(scene.channel, "disconnect")
    assert "No Spotify account is connected" in text_of(shown(asked))
    assert scene.mention("privacy show") in text_of(shown(asked))
    await scene.member.click(shown(asked), label="Delete it all")
    assert "Deleted: everything that I kept of you" in text_of(shown(asked))


async def test_there_is_nothing_to_delete_of_somebody_unknown(scene: Scene) -> None:
    text = text_of(shown(await scene.member.slash(scene.channel, "disconnect")))
    assert "I keep nothing of you" in text
    assert scene.world.script.called("disconnect") == []


async def test_who_keeps_the_link_loses_nothing(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    asked = await scene.member.slash(scene.channel, "disconnect")
    await scene.member.click(shown(asked), label="Keep it")
    assert "Nothing was changed" in text_of(shown(asked))
    assert scene.world.script.called("disconnect") == []


async def test_confirming_works_after_a_restart_and_faults_are_told_beside_the_question(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    asked = await scene.member.slash(scene.channel, "disconnect")
    await scene.restart()
    scene.world.script.errors["disconnect"] = SpotifyUnavailable()
    clicked = await scene.member.click(shown(asked), label="Disconnect and delete")
    assert "Spotify does not answer" in text_of(clicked.followups[0])
    assert clicked.followups[0].ephemeral
    assert "Disconnect Spotify?" in text_of(asked.response)
