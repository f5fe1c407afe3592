"""/sync, /playlists and /taste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import texts, texts_library
from bot.discord.answers import answer, begin
from bot.discord.markdown import label
from bot.discord.progress import ProgressMessage
from bot.discord.suggestions import MAX_CHOICES, choice, in_time
from bot.discord.views.library import later_card, playlists_card, sync_card, taste_card
from bot.domain.errors import BadInput, UnknownPlaylist
from bot.domain.library import LibraryPlaylist
from bot.domain.listening import SyncElsewhere, SyncInterrupted, SyncPaused

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_LARGEST_ID = 2**63 - 1


class LibraryCog(commands.Cog):
    """The member's playlists."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._bot = bot
        self._library = bot.services.library
        self._syncing = bot.services.syncing

    @app_commands.command(description=texts.SYNC_DESCRIPTION)
    async def sync(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Read the asker's playlists again."""
        await begin(interaction, private=True)
        sync = await self._syncing.start(interaction.user.id)
        try:
            report = await sync.report(ProgressMessage(interaction), self._bot.pace)
        except (SyncPaused, SyncInterrupted, SyncElsewhere) as error:
            await answer(interaction, later_card(error, self._bot.mentions))
        else:
            await answer(interaction, sync_card(report, self._bot.mentions))

    @app_commands.command(description=texts.PLAYLISTS_DESCRIPTION)
    async def playlists(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show the asker's playlists."""
        await begin(interaction, private=True)
        playlists = await self._library.playlists(interaction.user.id)
        state = await self._syncing.state(interaction.user.id)
        await answer(interaction, playlists_card(playlists, state, self._bot.mentions, self._bot.clock.now()))


class TasteCog(commands.GroupCog, group_name="taste", group_description=texts_library.TASTE_DESCRIPTION):
    """Which playlists speak for the member; every answer is for the asker alone."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._bot = bot
        self._library = bot.services.library

    @app_commands.command(name="leave-out", description=texts_library.LEAVE_OUT_DESCRIPTION)
    @app_commands.describe(playlist=texts_library.LEAVE_OUT_PLAYLIST)
    async def leave_out(
        self, interaction: discord.Interaction[CrossfadeBot], playlist: app_commands.Range[str, 1, 200]
    ) -> None:
        """Leave a playlist out of the asker's taste."""
        await self._change(interaction, playlist, left_out=True)

    @app_commands.command(name="take-in", description=texts_library.TAKE_IN_DESCRIPTION)
    @app_commands.describe(playlist=texts_library.TAKE_IN_PLAYLIST)
    async def take_in(
        self, interaction: discord.Interaction[CrossfadeBot], playlist: app_commands.Range[str, 1, 200]
    ) -> None:
        """Let a playlist count again."""
        await self._change(interaction, playlist, left_out=False)

    @leave_out.autocomplete("playlist")
    async def _suggest_counting(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await self._suggest(interaction, typed, left_out=False)

    @take_in.autocomplete("playlist")
    async def _suggest_left_out(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await self._suggest(interaction, typed, left_out=True)

    async def _suggest(
        self, interaction: discord.Interaction[Any], typed: str, *, left_out: bool
    ) -> list[app_commands.Choice[str]]:
        search = self._library.find_playlists(interaction.user.id, typed, MAX_CHOICES, left_out=left_out)
        found = await in_time(search, self._bot.suggestion_patience)
        return [choice(_described(playlist), str(playlist.id)) for playlist in found]

    async def _change(self, interaction: discord.Interaction[CrossfadeBot], text: str, *, left_out: bool) -> None:
        await begin(interaction, private=True)
        member_id = interaction.user.id
        playlist = await self._meant(member_id, text.strip(), left_out=left_out)
        if playlist.left_out is left_out:
            said = texts_library.LEFT_OUT_ALREADY if left_out else texts_library.COUNTS_ALREADY
            raise BadInput(said.format(name=label(playlist.name, 80, texts.PLAYLIST_UNNAMED)))
        changed = await self._library.leave_out(member_id, playlist.id, left_out=left_out)
        await answer(interaction, taste_card(changed, self._bot.mentions))

    async def _meant(self, member_id: int, text: str, *, left_out: bool) -> LibraryPlaylist:
        """Return the playlist that was picked from the suggestions (its id) or typed (its name).

        Of several with that name the first one that the change would change is meant.
        """
        playlists = await self._library.playlists(member_id)
        picked = [one for one in playlists if text.isdecimal() and one.id == min(int(text), _LARGEST_ID)]
        if picked:
            return picked[0]
        typed = text.casefold()
        named = [one for one in playlists if one.name.strip().casefold() == typed]
        named = named or [one for one in playlists if typed in one.name.casefold()]
        if not named:
            raise UnknownPlaylist
        return next((one for one in named if one.left_out is not left_out), named[0])


def _described(playlist: LibraryPlaylist) -> str:
    return f"{playlist.name or texts.PLAYLIST_UNNAMED} · {texts.tracks(playlist.n_tracks)}"
