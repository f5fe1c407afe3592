"""Posts a server's weekly digest into its channel, and finds out whether that was done already."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import discord
from discord.ext import commands

from bot.discord import texts
from bot.discord.views.recommendations import recommendation_card
from bot.domain.errors import PostRefused
from bot.domain.recommendations import RecommendationSet

_CLOCK_SKEW = timedelta(minutes=2)


class ChannelDigestPoster:
    """A `bot.services.ports.DigestPoster` that writes as the bot.

    Args:
        bot: the client, logged in; it needs not be connected to the gateway.
    """

    def __init__(self, bot: commands.AutoShardedBot) -> None:
        self._bot = bot

    async def post(self, channel_id: int, recommendations: RecommendationSet, nonce: str) -> int:
        """Send the message once and return its id.

        Discord drops a second message with the same nonce within the next minutes and returns the first
        (`enforce_nonce` of its Create Message call, which discord.py sets with any nonce).

        Raises:
            PostRefused: the channel is gone or the bot may not write in it.
        """
        channel = self._bot.get_partial_messageable(channel_id)
        try:
            message = await channel.send(
                view=recommendation_card(recommendations),
                nonce=nonce,
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except discord.NotFound as error:
            raise PostRefused(texts.POST_CHANNEL_GONE) from error
        except discord.Forbidden as error:
            raise PostRefused(texts.POST_FORBIDDEN) from error
        return message.id

    async def find(self, channel_id: int, set_id: int, since: datetime) -> int | None:
        """Return the id of a message of ours with the set's buttons that was sent since then.

        Raises:
            PostRefused: the channel is gone or the bot may not read it.
        """
        channel = self._bot.get_partial_messageable(channel_id)
        own_id = self._bot.user.id if self._bot.user else None
        try:
            async for message in channel.history(after=since - _CLOCK_SKEW, limit=None, oldest_first=True):
                if message.author.id == own_id and _shows(message, set_id):
                    return message.id
        except discord.NotFound as error:
            raise PostRefused(texts.POST_CHANNEL_GONE) from error
        except discord.Forbidden as error:
            raise PostRefused(texts.POST_NO_HISTORY) from error
        return None


def _shows(message: discord.Message, set_id: int) -> bool:
    return any(
        custom_id == f"xf:save:{set_id}" or custom_id.startswith(f"xf:page:{set_id}:")
        for component in message.components
        for custom_id in _custom_ids(component)
    )


def _custom_ids(component: object) -> Iterator[str]:
    """Yield the custom ids of a received component and of all that it holds."""
    custom_id = getattr(component, "custom_id", None)
    if custom_id is not None:
        yield custom_id
    for child in getattr(component, "children", None) or ():
        yield from _custom_ids(child)
    accessory = getattr(component, "accessory", None)
    if accessory is not None:
        yield from _custom_ids(accessory)
