"""/recommend and /discover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord import texts
from bot.discord.answers import answer, begin, home_guild
from bot.discord.suggestions import MAX_CHOICES, choice, in_time
from bot.discord.views.recommendations import recommendation_card
from bot.domain.errors import BadInput, NotConnected, UnknownPlaylist
from bot.domain.library import LibraryPlaylist, TrackInfo
from bot.domain.recommendations import RecommendationSet

if TYPE_CHECKING:
    from bot.discord.client import CrossfadeBot

_LARGEST_ID = 2**63 - 1


class RecommendCog(commands.Cog):
    """Music that goes with a playlist, a track, or the member's whole taste."""

    def __init__(self, bot: CrossfadeBot) -> None:
        self._services = bot.services
        self._patience = bot.suggestion_patience

    @app_commands.command(description=texts.RECOMMEND_DESCRIPTION)
    @app_commands.describe(playlist=texts.RECOMMEND_PLAYLIST, track=texts.RECOMMEND_TRACK)
    async def recommend(
        self,
        interaction: discord.Interaction[CrossfadeBot],
        playlist: app_commands.Range[str, 1, 200] | None = None,
        track: app_commands.Range[str, 1, 300] | None = None,
    ) -> None:
        """Show ten tracks that go with one playlist or one track."""
        playlist, track = (playlist or "").strip(), (track or "").strip()
        if bool(playlist) == bool(track):
            raise BadInput(texts.ONE_OF_BOTH)
        await begin(interaction, private=False)
        if playlist:
            recommendations = await self._for_playlist(interaction, playlist)
        else:
            recommendations = await self._services.recommendations.for_track(
                interaction.user.id, home_guild(interaction), track
            )
        await answer(interaction, recommendation_card(recommendations))

    @app_commands.command(description=texts.DISCOVER_DESCRIPTION)
    async def discover(self, interaction: discord.Interaction[CrossfadeBot]) -> None:
        """Show thirty tracks that the asker does not have."""
        await begin(interaction, private=False)
        recommendations = await self._services.discovery.discover(interaction.user.id, home_guild(interaction))
        await answer(interaction, recommendation_card(recommendations))

    @recommend.autocomplete("playlist")
    async def _suggest_playlists(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        found = await in_time(
            self._services.library.find_playlists(interaction.user.id, typed, MAX_CHOICES), self._patience
        )
        return [choice(_described(playlist), str(playlist.id)) for playlist in found[:MAX_CHOICES]]

    @recommend.autocomplete("track")
    async def _suggest_tracks(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        found = await in_time(self._services.recommendations.find_tracks(typed, MAX_CHOICES), self._patience)
        return [choice(_titled(track), track.uri) for track in found[:MAX_CHOICES]]

    async def _for_playlist(self, interaction: discord.Interaction[CrossfadeBot], text: str) -> RecommendationSet:
        """Recommend for a playlist that was picked from the suggestions (its id) or typed (its name)."""
        member_id, guild_id = interaction.user.id, home_guild(interaction)
        if text.isdecimal() and int(text) <= _LARGEST_ID:
            try:
                return await self._services.recommendations.for_playlist(member_id, guild_id, int(text))
            except UnknownPlaylist:
                # Digits that are no id of theirs may be a playlist's name, which is looked for next.
                pass
        playlist_id = await self._named(member_id, text)
        return await self._services.recommendations.for_playlist(member_id, guild_id, playlist_id)

    async def _named(self, member_id: int, name: str) -> int:
        found = await self._services.library.find_playlists(member_id, name, MAX_CHOICES)
        if not found:
            if await self._services.accounts.account(member_id) is None:
                raise NotConnected
            raise UnknownPlaylist
        exact = [playlist for playlist in found if playlist.name.strip().casefold() == name.casefold()]
        return (exact or found)[0].id


def _described(playlist: LibraryPlaylist) -> str:
    return f"{playlist.name or texts.PLAYLIST_UNNAMED} · {texts.tracks(playlist.n_tracks)}"


def _titled(track: TrackInfo) -> str:
    return f"{track.name} · {track.artist_names}" if track.artists else track.name
