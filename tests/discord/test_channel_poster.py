"""The digest's message: sent once, without mentions, found again, and refused for good where it cannot work."""

from __future__ import annotations

from datetime import timedelta

import discord
import pytest
from discord_samples import recommendations
from discord_scene import Scene, shown, text_of

from bot.discord.poster import ChannelDigestPoster
from bot.domain.digests import OutcomeUnknown
from bot.domain.errors import PostRefused
from bot.domain.recommendations import RecommendationSet, SetKind


@pytest.fixture
def poster(scene: Scene) -> ChannelDigestPoster:
    return ChannelDigestPoster(scene.bot)


@pytest.fixture
def digest(scene: Scene) -> RecommendationSet:
    return scene.world.store(recommendations(10, SetKind.DIGEST, "@everyone, this week"))


async def test_a_digest_is_posted_without_mentions_and_with_its_nonce(
    scene: Scene, poster: ChannelDigestPoster, digest: RecommendationSet
) -> None:
    message_id = await poster.post(scene.channel.id, digest, "digest-7")
    posted = scene.channel.last_message
    assert posted is not None
    assert posted.id == message_id
    assert not posted.mention_everyone
    request = next(sent for sent in scene.env.http_requests if sent.method == "POST" and "/messages" in sent.path)
    assert request.json["nonce"] == "digest-7"
    assert request.json["enforce_nonce"] is True
    assert request.json["allowed_mentions"] == {"parse": []}


async def test_everybody_can_save_a_digest_also_after_a_restart(
    scene: Scene, poster: ChannelDigestPoster, digest: RecommendationSet
) -> None:
    await poster.post(scene.channel.id, digest, "digest-7")
    scene.world.connect(scene.stranger.id)
    await scene.restart()
    posted = scene.channel.last_message
    assert posted is not None
    saved = shown(await scene.stranger.click(posted, label="Save to Spotify"))
    assert "Saved to your Spotify" in text_of(saved)


async def test_a_posted_digest_is_found_among_other_messages(
    scene: Scene, poster: ChannelDigestPoster, digest: RecommendationSet
) -> None:
    since = scene.env.now()
    await scene.member.send(scene.channel, "hello")
    other = scene.world.store(recommendations(10, SetKind.DIGEST))
    await poster.post(scene.channel.id, other, "digest-6")
    message_id = await poster.post(scene.channel.id, digest, "digest-7")
    await scene.member.send(scene.channel, "xf:save:999")
    assert await poster.find(scene.channel.id, digest.id, since) == message_id
    assert await poster.find(scene.channel.id, 999, since) is None


async def test_a_digest_of_several_pages_is_found_too(scene: Scene, poster: ChannelDigestPoster) -> None:
    since = scene.env.now()
    long = scene.world.store(recommendations(20, SetKind.DIGEST))
    message_id = await poster.post(scene.channel.id, long, "digest-8")
    assert await poster.find(scene.channel.id, long.id, since) == message_id
    assert await poster.find(scene.channel.id, long.id * 10, since) is None


async def test_a_digest_from_before_is_not_taken_for_this_one(
    scene: Scene, poster: ChannelDigestPoster, digest: RecommendationSet
) -> None:
    await poster.post(scene.channel.id, digest, "digest-7")
    await scene.env.advance_time(timedelta(hours=1).total_seconds())
    assert await poster.find(scene.channel.id, digest.id, scene.env.now()) is None


async def test_a_missing_channel_is_refused_for_good(
    scene: Scene, poster: ChannelDigestPoster, digest: RecommendationSet
) -> None:
    with pytest.raises(PostRefused, match="no longer exists"):
        await poster.post(4, digest, "digest-7")
    with pytest.raises(PostRefused, match="no longer exists"):
        await poster.find(4, digest.id, scene.env.now())


async def test_a_channel_that_is_closed_to_the_bot_is_refused_for_good(
    scene: Scene, poster: ChannelDigestPoster, digest: RecommendationSet
) -> None:
    denied = discord.PermissionOverwrite(view_channel=False)
    closed = scene.guild.create_text_channel("closed", overwrites={scene.guild.default_role: denied})
    with pytest.raises(PostRefused, match="may not post in the channel"):
        await poster.post(closed.id, digest, "digest-7")
    with pytest.raises(PostRefused, match="may not read the channel"):
        await poster.find(closed.id, digest.id, scene.env.now())


@pytest.mark.parametrize("status", [400, 413])
async def test_a_message_that_discord_does_not_take_is_refused_for_good(
    scene: Scene, poster: ChannelDigestPoster, digest: RecommendationSet, status: int
) -> None:
    scene.env.inject_error("POST", "/channels/*/messages", status=status)
    with pytest.raises(PostRefused, match="Discord refused the message: tell the bot's host"):
        await poster.post(scene.channel.id, digest, "digest-7")


@pytest.mark.parametrize("status", [401, 408, 500])
async def test_any_other_failure_leaves_the_outcome_open(
    scene: Scene, poster: ChannelDigestPoster, digest: RecommendationSet, status: int
) -> None:
    scene.env.inject_error("POST", "/channels/*/messages", status=status)
    with pytest.raises(discord.HTTPException):
        await poster.post(scene.channel.id, digest, "digest-7")


async def test_the_search_of_a_busy_channel_ends_and_says_that_it_cannot_tell(
    scene: Scene, digest: RecommendationSet
) -> None:
    poster = ChannelDigestPoster(scene.bot, search_limit=5)
    since = scene.env.now()
    for number in range(4):
        await scene.member.send(scene.channel, f"hello {number}")
    assert await poster.find(scene.channel.id, digest.id, since) is None
    message_id = await poster.post(scene.channel.id, digest, "digest-7")
    await scene.member.send(scene.channel, "what is that?")
    assert await poster.find(scene.channel.id, digest.id, since) == message_id
    with pytest.raises(OutcomeUnknown, match="first 5 messages"):
        await poster.find(scene.channel.id, digest.id + 1, since)
