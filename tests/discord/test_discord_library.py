"""The member's playlists: synced, listed, paged, and said to be old."""

from __future__ import annotations

from datetime import timedelta

import pytest
from discord_samples import NOW, playlist, report
from discord_scene import Scene, buttons_of, shown, text_of


async def test_sync_counts_what_it_found(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.world.connect(scene.member.id)
    changed = report(playlists_read=1, playlists_unchanged=4, playlists_removed=2)

    async def sync(member_id: int) -> object:
        return changed

    monkeypatch.setattr(scene.bot.services.library, "sync", sync)
    text = text_of(shown(await scene.member.slash(scene.channel, "sync")))
    assert "**5 playlists, 212 tracks** · 1 read again, 4 unchanged, 2 gone" in text


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
