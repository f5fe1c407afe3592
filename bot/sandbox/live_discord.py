"""A Discord-like page on this machine in which the real bot answers in real time, without account or network."""

from __future__ import annotations

import contextlib
import inspect
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING
from urllib.parse import quote

import discord

from bot.domain.errors import CrossfadeError

if TYPE_CHECKING:
    from bot.sandbox.live.world import LiveEnv

SIMCORD_VERSION = "3.2.1"


@dataclass(frozen=True)
class LiveMember:
    """A member of the server: the unique user name and the name that is shown."""

    name: str
    display_name: str | None = None


@dataclass(frozen=True)
class LiveDiscord:
    """A running server with its pages; it ends with the block that made it."""

    url: str
    guild_id: int
    channels: Mapping[str, int]
    members: Mapping[str, int]
    pages: Mapping[str, str]
    _env: LiveEnv = field(repr=False, compare=False)

    @property
    def bot(self) -> discord.Client:
        """The bot that answers now."""
        return self._env.bot

    def page(self, channel: str, member: str) -> str:
        """Return the address of the page of `channel` that opens as `member` (both by name)."""
        address, _, capability = self.pages[channel].partition("#")
        return f"{address}?as={quote(member)}#{capability}"

    async def restart_bot(self, bot: discord.Client) -> None:
        """Replace the running bot by a new one, as a new process would: the messages stay, the memory is gone.

        Args:
            bot: a client that has not run yet. The old one is left to its owner to close.
        """
        async with self._env.turn:
            await self._env.restart_bot(bot)
            await bot.wait_until_ready()
            self._env.changes.note()


Started = Callable[[LiveDiscord], Awaitable[None] | None]


@contextlib.asynccontextmanager
async def live_discord(
    bot: discord.Client,
    *,
    guild_name: str,
    channel_names: Sequence[str],
    member_names: Sequence[str | LiveMember],
    port: int = 0,
    admin: str | None = None,
    on_started: Started | None = None,
    bot_name: str = "Crossfade",
    topics: Mapping[str, str] | None = None,
    capability: str | None = None,
    timezone: str = "UTC",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[LiveDiscord]:
    """Run `bot` in a Discord server of its own and show every channel of it in the browser until the block ends.

    Call it instead of `bot.start(...)`, on asyncio's own event loop (not uvloop), once a process. The bot is logged in
    and ready when the block begins; closing it afterwards is left to its owner.

    Args:
        bot: the real client, not yet started.
        guild_name: the server's name.
        channel_names: text channels; each gets a page of its own, `url` is that of the first.
        member_names: who is there; the visitor switches between them under "Viewing as", the first is chosen at start.
        port: where the first channel is served, the others follow it; 0 lets the system choose.
        admin: the member (by name) who may manage the server.
        on_started: called with the result before the block begins, awaited if it returns an awaitable.
        bot_name: the user name of the bot.
        topics: the topic of a channel, by channel name.
        capability: the secret after `#` in the addresses; by default a new one, a fixed one survives a restart.
        timezone: IANA name of the zone in which the page tells times.
        now: the clock of the server, timezone-aware.

    Raises:
        CrossfadeError: SimCord is missing, or not the version this page was made for.
        ValueError: a name is missing or given twice, or `admin` is no member.
    """
    members = [name if isinstance(name, LiveMember) else LiveMember(name) for name in member_names]
    _check_names(channel_names, members, admin)
    check_simcord()
    # SimCord comes with an extra, so it is imported when a page is really wanted.
    from bot.sandbox.live.images import LoopbackImages
    from bot.sandbox.live.page import LivePreview, Place, parsers_are_reused
    from bot.sandbox.live.world import LiveEnv, answers_stay_here

    async with contextlib.AsyncExitStack() as stack:
        env = LiveEnv(bot, now=now)
        env.backend.bot_user.name = bot_name
        stack.enter_context(answers_stay_here(env))
        stack.enter_context(parsers_are_reused())
        guild = env.create_guild(guild_name)
        rights = guild.create_role("Admin", permissions=discord.Permissions(manage_guild=True))
        channels = {name: guild.create_text_channel(name, topic=(topics or {}).get(name)) for name in channel_names}
        actors = {
            member.name: guild.add_member(
                env.create_user(member.name, global_name=member.display_name),
                roles=[rights] if member.name == admin else [],
            )
            for member in members
        }
        await env.start()
        stack.push_async_callback(env.shutdown)
        await bot.wait_until_ready()
        images = LoopbackImages(env.changes.note)
        stack.push_async_callback(images.close)
        secret = capability or secrets.token_urlsafe(24)
        previews: dict[str, LivePreview] = {}
        for offset, (name, channel) in enumerate(channels.items()):
            previews[name] = await stack.enter_async_context(
                LivePreview(
                    env,
                    channel,
                    list(actors.values()),
                    images=images,
                    capability=secret,
                    timezone=timezone,
                    port=port + offset if port else 0,
                    place=lambda: Place(
                        guild=guild_name, channels={name: preview.port for name, preview in previews.items()}
                    ),
                )
            )
        pages = {name: preview.url for name, preview in previews.items()}
        live = LiveDiscord(
            url=pages[channel_names[0]],
            guild_id=guild.id,
            channels={name: channel.id for name, channel in channels.items()},
            members={name: actor.id for name, actor in actors.items()},
            pages=pages,
            _env=env,
        )
        if on_started is not None and inspect.isawaitable(started := on_started(live)):
            await started
        yield live


def check_simcord() -> None:
    """Refuse any SimCord but the one whose internals this page builds on.

    Raises:
        CrossfadeError: with what to install.
    """
    try:
        found = version("simcord")
    except PackageNotFoundError:
        found = "none"
    if found != SIMCORD_VERSION:
        message = f"The demo page needs simcord {SIMCORD_VERSION} but {found} is installed: install crossfade[demo]."
        raise CrossfadeError(message)


def _check_names(channels: Sequence[str], members: Sequence[LiveMember], admin: str | None) -> None:
    names = [member.name for member in members]
    for kind, given in (("channel", list(channels)), ("member", names)):
        if not given or len(set(given)) != len(given):
            raise ValueError(f"Name at least one {kind}, and each only once: {', '.join(given) or 'none was given'}.")
    if admin is not None and admin not in names:
        raise ValueError(f"The admin {admin!r} is not among the members: {', '.join(names)}.")


__all__ = ["SIMCORD_VERSION", "LiveDiscord", "LiveMember", "check_simcord", "live_discord"]
