"""Posts a server's weekly digest into its channel, and finds out whether that was done already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import discord
from discord.ext import commands

from bot.discord import texts
from bot.discord.views.recommendations import recommendation_card
from bot.domain.digests import OutcomeUnknown
from bot.domain.errors import PostRefused
from bot.domain.recommendations import RecommendationSet

_CLOCK_SKEW = timedelta(minutes=2)
_NOT_THE_MESSAGES_FAULT = frozenset({401, 408, 429})
"""The bot's token, a timeout, a rate limit: the same message may be accepted later."""


class ChannelDigestPoster:
    """A `bot.services.ports.DigestPoster` that writes as the bot.

    Args:
        bot: the client, logged in; it needs not be connected to the gateway.
        search_limit: how many messages of a channel are looked through; 100 come with each request.
    """

    def __init__(self, bot: commands.AutoShardedBot, *, search_limit: int = 500) -> None:
        self._bot = bot
        self._search_limit = search_limit

    async def post(self, channel_id: int, recommendations: RecommendationSet, nonce: str) -> int:
        """Send the message once and return its id.

        Discord drops a second message with the same nonce within the next minutes and returns the first
        (`enforce_nonce` of its Create Message call, which discord.py sets with any nonce).

        Raises:
            PostRefused: the channel is gone, the bot may not write in it, or Discord does not take the message.
        """
        channel = self._bot.get_partial_messageable(channel_id)
        try:
            with _closed_channels(texts.POST_FORBIDDEN):
                message = await channel.send(
                    view=recommendation_card(recommendations),
                    nonce=nonce,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except discord.HTTPException as error:
            if not 400 <= error.status < 500 or error.status in _NOT_THE_MESSAGES_FAULT:
                raise
            raise PostRefused(texts.POST_REFUSED) from error
        return message.id

    async def find(self, channel_id: int, set_id: int, since: datetime) -> int | None:
        """Return the id of a message of ours with the set's buttons that was sent since then.

        A digest is sent right after its set is made, so that the oldest messages are looked through first.

        Raises:
            OutcomeUnknown: it is not among the first messages since then, but there may be more.
            PostRefused: the channel is gone or the bot may not read it.
        """
        channel = self._bot.get_partial_messageable(channel_id)
        own_id = self._bot.user.id if self._bot.user else None
        seen = 0
        with _closed_channels(texts.POST_NO_HISTORY):
            async for message in channel.history(
                after=since - _CLOCK_SKEW, limit=self._search_limit, oldest_first=True
            ):
                if message.author.id == own_id and _shows(message, set_id):
                    return message.id
                seen += 1
        if seen >= self._search_limit:
            raise OutcomeUnknown(f"it is not among the first {seen} messages since it was composed")
        return None


@contextmanager
def _closed_channels(forbidden: str) -> Iterator[None]:
    """Turn Discord's 404 and 403 into the sentences for them."""
    try:
        yield
    except discord.NotFound as error:
        raise PostRefused(texts.POST_CHANNEL_GONE) from error
    except discord.Forbidden as error:
        raise PostRefused(forbidden) from error


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
