"""The member's playlists: synced, listed, paged, and said to be old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import discord
import pytest
from discord_samples import NOW, playlist, report
from discord_scene import Scene, buttons_of, shown, text_of

from bot.discord.progress import ProgressMessage
from bot.domain.errors import SpotifyRateLimited
from bot.domain.library import LibraryPart
from bot.domain.listening import SyncElsewhere, SyncInterrupted, SyncPaused, SyncProgress, SyncState, SyncStep
from bot.services.onboarding import Reading, SyncFailed


async def test_sync_counts_what_it_found(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    changes = {"playlists_read": 1, "playlists_unchanged": 4, "playlists_removed": 2, "liked": 137, "listens": 12}
    scene.world.report = report(**changes)
    text = text_of(shown(await scene.member.slash(scene.channel, "sync")))
    assert "**5 playlists, 212 tracks** · 1 read again, 4 unchanged, 2 gone" in text
    assert "Liked songs: 137 tracks" in text
    assert "New plays: 12" in text


async def test_sync_names_what_was_not_allowed_and_what_was_refused(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    scene.world.report = replace(
        report(), not_allowed=frozenset({LibraryPart.LIKED, LibraryPart.TOP}), refused=frozenset({LibraryPart.RECENT})
    )
    text = text_of(shown(await scene.member.slash(scene.channel, "sync")))
    assert f"your liked songs and what you play most. {scene.mention('connect')} adds that" in text
    assert "does not give it out at the moment: what you played last" in text


async def test_a_long_sync_shows_how_far_it_is_and_then_its_result(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = scene.world
    world.connect(scene.member.id)
    world.sync_may_end.clear()
    shown_so_far: list[str] = []
    edit = discord.Interaction.edit_original_response

    async def watched(interaction: discord.Interaction, *, view: discord.ui.LayoutView) -> object:
        shown_so_far.append("\n".join(part.content for part in view.walk_children() if hasattr(part, "content")))
        return await edit(interaction, view=view)

    monkeypatch.setattr(discord.Interaction, "edit_original_response", watched)
    asking = asyncio.create_task(scene.member.slash(scene.channel, "sync"))
    await until(lambda: scene.member.id in world.syncing)
    sync = world.syncing[scene.member.id]
    for done in (120, 120, 240):
        sync.progress = SyncProgress(SyncStep.PLAYLISTS, done, 300)
        world.let_a_moment_pass()
        await until(lambda: world.moments_left == 0)
    world.sync_may_end.set()
    text = text_of(shown(await asking))
    assert "Your playlists are up to date" in text
    first, second, result = shown_so_far
    assert "Reading your playlists: 120 of 300…\n`██████░░░░░░░░░░` 40 %" in first
    assert "240 of 300…\n`████████████░░░░` 80 %" in second
    assert "Your playlists are up to date" in result


async def test_progress_that_can_no_longer_be_shown_does_not_end_the_sync(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0

    async def expired(interaction: discord.Interaction, **options: object) -> None:
        nonlocal tried
        tried += 1
        raise discord.HTTPException(SimpleNamespace(status=401, reason="Unauthorized"), {"code": 50027, "message": "x"})

    monkeypatch.setattr(discord.Interaction, "edit_original_response", expired)
    interaction = SimpleNamespace(
        is_expired=lambda: False, edit_original_response=lambda **options: expired(None, **options)
    )
    message = ProgressMessage(interaction)
    await message(SyncProgress(SyncStep.PLAYLISTS, 1, 3))
    await message(SyncProgress(SyncStep.PLAYLISTS, 2, 3))
    assert tried == 1


async def test_a_long_first_sync_shows_how_far_it_is(scene: Scene) -> None:
    result = await scene.member.slash(scene.channel, "connect")
    linked = scene.world.connect(scene.member.id)
    progress = SyncProgress(SyncStep.PLAYLISTS, 30, 300)
    await scene.world.watchers[scene.member.id](Reading(linked, progress))
    text = text_of(shown(result))
    assert "Connected as Mia" in text
    assert "Reading your playlists: 30 of 300…" in text
    await scene.world.watchers[scene.member.id](SyncFailed(linked, SyncInterrupted(NOW, 30, 300)))
    text = text_of(shown(result))
    assert "I try again by myself" in text
    assert "30 of 300" in text


@pytest.mark.parametrize(
    ("error", "title", "says"),
    [
        (SyncPaused(SpotifyRateLimited(NOW), 120, 300), "Not finished yet", "I go on by myself <t:"),
        (SyncInterrupted(NOW, 120, 300), "Not finished yet", "I try again by myself <t:"),
        (SyncElsewhere(120, 300), "I am reading them already", "120 of 300 so far"),
    ],
)
async def test_a_sync_that_goes_on_by_itself_says_when(scene: Scene, error: Exception, title: str, says: str) -> None:
    scene.world.connect(scene.member.id)
    scene.world.script.errors["sync"] = error
    text = text_of(shown(await scene.member.slash(scene.channel, "sync")))
    assert title in text
    assert says in text
    assert "120 of 300" in text


async def test_a_playlist_is_left_out_of_taste_and_taken_in_again(scene: Scene) -> None:
    world, member = scene.world, scene.member
    world.connect(member.id)
    assert await member.autocomplete(scene.channel, "taste take-in", "playlist", "") == []
    offered = await member.autocomplete(scene.channel, "taste leave-out", "playlist", "rain")
    assert offered == [{"name": "Rainy day · 42 tracks", "value": "1"}]
    text = text_of(shown(await member.slash(scene.channel, "taste leave-out", playlist="1")))
    assert "“Rainy day” is left out" in text
    assert scene.mention("taste take-in") in text
    assert world.playlists[member.id][0].left_out
    text = text_of(shown(await member.slash(scene.channel, "playlists")))
    assert "1 playlist left out of your taste" in text
    assert "· left out of your taste" in text
    text = text_of(shown(await member.slash(scene.channel, "taste take-in", playlist="rainy DAY")))
    assert "“Rainy day” counts again" in text
    assert not world.playlists[member.id][0].left_out


@pytest.mark.parametrize(
    ("command", "typed", "says"),
    [
        ("taste take-in", "Rainy day", "“Rainy day” counts already"),
        ("taste leave-out", "no such list", "I do not know that playlist"),
    ],
)
async def test_a_choice_that_changes_nothing_says_so(scene: Scene, command: str, typed: str, says: str) -> None:
    scene.world.connect(scene.member.id)
    text = text_of(shown(await scene.member.slash(scene.channel, command, playlist=typed)))
    assert says in text
    assert scene.world.script.called("leave_out") == []


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (SyncState(1, claimed_at=NOW, done=120, total=300), "I am reading your library at this moment: 120 of 300"),
        (
            SyncState(1, finished_at=NOW, fault="Spotify sleeps: use /sync."),
            "something came in between: Spotify sleeps",
        ),
    ],
)
async def test_playlists_say_how_the_sync_stands(scene: Scene, state: SyncState, says: str) -> None:
    scene.world.connect(scene.member.id)
    scene.world.syncs[scene.member.id] = state
    assert says in text_of(shown(await scene.member.slash(scene.channel, "playlists")))


async def test_playlists_are_listed_with_link_cover_size_and_age(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    scene.world.playlists[scene.member.id] = [playlist(1, "Rainy [day]", 1, "https://i.example/1.png")]
    message = shown(await scene.member.slash(scene.channel, "playlists"))
    text = text_of(message)
    assert "**[Rainy (day)](https://open.spotify.com/playlist/0000000000000000000001)**\n1 track\n-# Read <t:" in text
    assert "https://i.example/1.png" in str(message.components)


async def test_many_playlists_are_paged(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    scene.world.playlists[scene.member.id] = [playlist(n, f"Playlist {n}", n) for n in range(1, 20)]
    result = await scene.member.slash(scene.channel, "playlists")
    assert "1–8 of 19" in text_of(shown(result))
    await scene.restart()
    await scene.member.click(shown(result), label="Next")
    await scene.member.click(shown(result), label="Next")
    assert "17–19 of 19" in text_of(shown(result))
    assert buttons_of(shown(result))["Next"]["disabled"]


async def test_an_empty_list_says_what_to_do(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    scene.world.playlists[scene.member.id] = []
    text = text_of(shown(await scene.member.slash(scene.channel, "playlists")))
    assert f"make one in Spotify, then use {scene.mention('sync')}" in text


@pytest.mark.parametrize(("days", "told"), [(6, False), (8, True)])
async def test_stale_playlists_are_said_to_be_stale(scene: Scene, days: int, told: bool) -> None:
    scene.world.connect(scene.member.id)
    scene.bot.clock.at = NOW + timedelta(days=days)
    text = text_of(shown(await scene.member.slash(scene.channel, "playlists")))
    assert ("I last looked" in text) is told


async def until(happened: Callable[[], bool]) -> None:
    """Let everything else run until something has happened."""
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110 - many things may be waited for, and none tells
            await asyncio.sleep(0)
