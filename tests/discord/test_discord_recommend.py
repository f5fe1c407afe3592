"""/recommend and /discover: what may be typed, what is suggested, what is shown."""

from __future__ import annotations

import pytest
from discord_samples import playlist
from discord_scene import Scene, buttons_of, shown, text_of

from bot.domain.recommendations import SetKind


async def test_recommend_for_a_playlist_picked_from_the_suggestions(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    offered = await scene.member.autocomplete(scene.channel, "recommend", "playlist", "rain")
    assert offered == [{"name": "Rainy day · 42 tracks", "value": "1"}]
    result = await scene.member.slash(scene.channel, "recommend", playlist=offered[0]["value"])
    assert text_of(shown(result)).startswith("## Goes with “Rainy day”")
    assert scene.world.script.called("for_playlist") == [(scene.member.id, scene.guild.id, 1)]


@pytest.mark.parametrize(("typed", "chosen"), [("rainy day", 1), ("kitchen", 2), ("2024", 3)])
async def test_recommend_for_a_playlist_typed_by_name(scene: Scene, typed: str, chosen: int) -> None:
    scene.world.connect(scene.member.id)
    scene.world.playlists[scene.member.id].append(playlist(3, "2024", 5))
    await scene.member.slash(scene.channel, "recommend", playlist=typed)
    assert scene.world.script.called("for_playlist")[-1][-1] == chosen


async def test_an_exact_name_wins_over_one_that_only_contains_it(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    scene.world.playlists[scene.member.id] = [playlist(5, "Rain songs", 5), playlist(6, "rain", 5)]
    await scene.member.slash(scene.channel, "recommend", playlist="Rain")
    assert scene.world.script.called("for_playlist")[-1][-1] == 6


@pytest.mark.parametrize("typed", ["nothing like it", "99", "9" * 60])
async def test_an_unknown_playlist_is_named_as_such(scene: Scene, typed: str) -> None:
    scene.world.connect(scene.member.id)
    message = shown(await scene.member.slash(scene.channel, "recommend", playlist=typed))
    assert "I do not know that playlist" in text_of(message)
    assert message.ephemeral


@pytest.mark.parametrize("typed", ["1", "rainy day"])
async def test_a_playlist_of_somebody_who_is_not_connected(scene: Scene, typed: str) -> None:
    message = shown(await scene.member.slash(scene.channel, "recommend", playlist=typed))
    assert "Connect Spotify first" in text_of(message)


async def test_an_empty_playlist_says_what_to_do(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    scene.world.playlists[scene.member.id] = [playlist(1, "New *one*", 0)]
    message = shown(await scene.member.slash(scene.channel, "recommend", playlist="1"))
    assert r"“New \*one\*” has no tracks yet: add some in Spotify" in text_of(message)


async def test_recommend_for_a_track_needs_no_connection(scene: Scene) -> None:
    offered = await scene.member.autocomplete(scene.channel, "recommend", "track", "lanterns")
    assert offered == [{"name": "Paper Lanterns · Mira Solen", "value": "spotify:track:0000000000000000000000"}]
    result = await scene.member.slash(scene.channel, "recommend", track=offered[0]["value"])
    assert "Goes with “Paper Lanterns”" in text_of(shown(result))
    assert not shown(result).ephemeral


async def test_an_unknown_track_is_quoted_and_escaped(scene: Scene) -> None:
    message = shown(await scene.member.slash(scene.channel, "recommend", track="**nowhere** @everyone"))
    assert message.ephemeral
    assert "I do not know the track “\\*\\*nowhere\\*\\* @\u200beveryone”" in text_of(message)


@pytest.mark.parametrize("options", [{}, {"playlist": "1", "track": "x"}, {"playlist": "  "}])
async def test_recommend_wants_exactly_one_of_both(scene: Scene, options: dict[str, str]) -> None:
    message = shown(await scene.member.slash(scene.channel, "recommend", **options))
    assert message.ephemeral
    assert "Give me one of the two" in text_of(message)
    assert scene.world.script.calls == []


@pytest.mark.parametrize(("option", "service"), [("playlist", "find_playlists"), ("track", "find_tracks")])
async def test_suggestions_stay_empty_when_they_fail_or_are_slow(scene: Scene, option: str, service: str) -> None:
    scene.world.connect(scene.member.id)
    scene.world.script.errors[service] = RuntimeError("broken")
    assert await scene.member.autocomplete(scene.channel, "recommend", option, "a") == []
    scene.world.script.errors.clear()
    scene.world.script.seconds[service] = 30
    assert await scene.member.autocomplete(scene.channel, "recommend", option, "a") == []


async def test_suggestions_are_cut_to_what_discord_takes(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    scene.world.playlists[scene.member.id] = [playlist(n, "a" * 150, n) for n in range(1, 40)]
    offered = await scene.member.autocomplete(scene.channel, "recommend", "playlist", "a")
    assert len(offered) == 25
    assert {len(choice["name"]) for choice in offered} == {100}


async def test_discover_shows_thirty_tracks_in_pages(scene: Scene) -> None:
    scene.world.connect(scene.member.id)
    message = shown(await scene.member.slash(scene.channel, "discover"))
    assert "1–10 of 30" in text_of(message)
    assert list(buttons_of(message)) == ["Previous", "Next", "Save to Spotify", "Preview"]
    assert scene.world.sets[501].kind is SetKind.DISCOVER
    assert scene.world.script.called("discover") == [(scene.member.id, scene.guild.id)]


async def test_in_a_direct_message_there_is_no_server(scene: Scene) -> None:
    user = scene.env.create_user("eve")
    scene.world.connect(user.id)
    await user.slash("discover")
    assert scene.world.script.called("discover") == [(user.id, None)]
