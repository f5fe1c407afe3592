"""A server with people and the real bot in it, and ways to read what the bot answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
from discord_fakes import Clock, FakeServices, World
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.components import walk_components
from simcord.env import Env
from simcord.results import InteractionResult, ResponseMessage

from bot.discord.client import CrossfadeBot


class References:
    """Gives out references, and knows the last one."""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self) -> str:
        self.given += 1
        return f"ref-{self.given}"


@dataclass
class Scene:
    """A server with a channel, a member, a stranger to them and an admin, and the bot that answers there."""

    env: Env
    bot: CrossfadeBot
    world: World
    guild: GuildHandle
    channel: ChannelHandle
    member: MemberActor
    stranger: MemberActor
    admin: MemberActor

    async def restart(self) -> None:
        """Replace the bot as a new process would."""
        self.bot = make_bot(self.world)
        await self.env.restart_bot(self.bot)

    def mention(self, command: str) -> str:
        """Return a command's mention."""
        return self.bot.mentions(command)


def make_bot(world: World) -> CrossfadeBot:
    """Return a bot that has not run yet."""
    return CrossfadeBot(
        FakeServices(world),  # type: ignore[arg-type]
        Clock(),
        shard_count=1,
        pace=world.pace,
        suggestion_patience=0.05,
        new_reference=References(),
    )


def furnish(env: Env, bot: CrossfadeBot, world: World) -> Scene:
    """Return a new server in a running environment, with everybody in it."""
    guild = env.create_guild("Listening Room")
    channel = guild.create_text_channel("music")
    rights = guild.create_role("Admin", permissions=discord.Permissions(manage_guild=True))
    member = guild.add_member(env.create_user("mia", global_name="Mia"))
    stranger = guild.add_member(env.create_user("jon", global_name="Jon"))
    admin = guild.add_member(env.create_user("ada", global_name="Ada"), roles=[rights])
    return Scene(env, bot, world, guild, channel, member, stranger, admin)


def shown(result: InteractionResult) -> ResponseMessage:
    """Return the one message that an interaction was answered with."""
    messages = [*([result.response] if result.response else []), *result.followups]
    assert len(messages) == 1, messages
    return messages[0]


def text_of(message: ResponseMessage | discord.Message) -> str:
    """Return all text of a message's components."""
    return "\n".join(str(part["content"]) for part in walk(message) if part["type"] == 10)


def buttons_of(message: ResponseMessage | discord.Message) -> dict[str, dict[str, Any]]:
    """Return a message's buttons by label."""
    return {str(part["label"]): part for part in walk(message) if part["type"] == 2}


def walk(message: ResponseMessage | discord.Message) -> list[dict[str, Any]]:
    """Return every component of a message, however deep."""
    raw = message.components
    tree = [part if isinstance(part, dict) else part.to_dict() for part in raw]
    return list(walk_components(tree))
