"""A small bot with everything that virtual time would stop, and the web server it talks to."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import discord
import httpx
import uvicorn
from discord import app_commands
from discord.ext import commands
from fastapi import FastAPI, Response
from PIL import Image

MOODS = ["calm", "cheerful", "furious"]


class Like(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"like:(?P<track>\w+)"):
    """A button that is known by its custom id alone, so it outlives the process."""

    def __init__(self, track: str) -> None:
        super().__init__(discord.ui.Button(label="Like", style=discord.ButtonStyle.success, custom_id=f"like:{track}"))
        self.track = track

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Like:
        return cls(match["track"])

    async def callback(self, interaction: discord.Interaction) -> None:
        client: Any = interaction.client
        await interaction.response.send_message(
            f"{interaction.user.display_name} likes {self.track} ({client.label})", ephemeral=True
        )


class Rename(discord.ui.Modal, title="Name the playlist"):
    playlist = discord.ui.Label(text="Name", component=discord.ui.TextInput())

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"The playlist is called {self.playlist.component.value}.")


class RenameButton(discord.ui.Button[Any]):
    def __init__(self) -> None:
        super().__init__(label="Rename")

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Rename())


def card(mood: str, track: str, site: str) -> discord.ui.LayoutView:
    """A recommendation as Components V2: text beside a picture, buttons below."""
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(
        discord.ui.Container(
            discord.ui.Section(
                f"## A {mood} track\n[{track}]({site}/track)",
                accessory=discord.ui.Thumbnail(f"{site}/cover.png"),
            ),
            discord.ui.MediaGallery(discord.MediaGalleryItem(f"{site}/chart.png")),
            discord.ui.ActionRow(
                Like(track), RenameButton(), discord.ui.Button(label="Listen", url=f"{site}/listen/{track}")
            ),
        )
    )
    return view


class ListeningBot(commands.AutoShardedBot):
    """A bot with everything that virtual time would stop: real waits, threads, HTTP and answers edited later."""

    def __init__(self, label: str, site: str) -> None:
        super().__init__(command_prefix=[], intents=discord.Intents(guilds=True), shard_count=2)
        self.label = label
        self.site = site
        self.connecting: list[discord.Interaction] = []
        self.muted = asyncio.Event()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Like)
        for command in (self.recommend(), self.connect_command(), self.mute(), self.settings()):
            self.tree.add_command(command)
        await self.tree.sync()

    def recommend(self) -> app_commands.Command[Any, ..., None]:
        async def moods(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=mood, value=mood) for mood in MOODS if current in mood]

        @app_commands.command(description="Recommend a track")
        @app_commands.describe(mood="How it should feel", places="How many")
        @app_commands.autocomplete(mood=moods)
        async def recommend(interaction: discord.Interaction, mood: str, places: int = 1) -> None:
            await interaction.response.defer(thinking=True)
            track = await asyncio.to_thread("track{}".format, places)
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"{self.site}/slow")
            await interaction.edit_original_response(view=card(mood, answer.text.strip('"') + track, self.site))

        return recommend

    def connect_command(self) -> app_commands.Command[Any, ..., None]:
        @app_commands.command(description="Connect an account")
        async def connect(interaction: discord.Interaction) -> None:
            self.connecting.append(interaction)
            await interaction.response.send_message(f"[Sign in]({self.site}/callback)", ephemeral=True)

        return connect

    def mute(self) -> app_commands.Command[Any, ..., None]:
        @app_commands.command(description="Never answers")
        async def mute(interaction: discord.Interaction) -> None:
            self.muted.set()
            await asyncio.Event().wait()

        return mute

    def settings(self) -> app_commands.Command[Any, ..., None]:
        @app_commands.command(description="For those who manage the server")
        @app_commands.default_permissions(manage_guild=True)
        async def settings(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("Settings")

        return settings


@dataclass
class Site:
    """A web server in the bot's own event loop; its slow page is held back until it is released."""

    url: str = ""
    bot: ListeningBot | None = None
    seen: list[str] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/slow")
        async def slow() -> str:
            await self.release.wait()
            await asyncio.sleep(0.2)
            return "slow"

        @app.get("/callback")
        async def callback() -> str:
            assert self.bot is not None
            await self.bot.connecting.pop().edit_original_response(content="You are connected.")
            return "done"

        @app.get("/{name}.png")
        async def picture(name: str) -> Response:
            self.seen.append(name)
            picture = io.BytesIO()
            Image.new("RGB", (320, 160), "seagreen" if name == "cover" else "slateblue").save(picture, "png")
            return Response(picture.getvalue(), media_type="image/png")

        @app.get("/frame")
        async def frame(of: str, capability: str) -> Response:
            return Response(
                f'<iframe src="{of}#{capability}" width="1200" height="800"></iframe>', media_type="text/html"
            )

        @app.get("/listen/{track}")
        async def listen(track: str) -> str:
            return f"listening to {track}"

        return app


@contextlib.asynccontextmanager
async def serve(site: Site) -> AsyncIterator[None]:
    listener = socket.create_server(("127.0.0.1", 0))
    site.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(site.app(), log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
