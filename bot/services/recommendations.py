"""Recommendations for a playlist or a track that a member names."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.domain.clock import Clock
from bot.domain.errors import EmptyPlaylist, NoModel, NothingToRecommend, UnknownSet, UnknownTrack
from bot.domain.library import TrackInfo
from bot.domain.recommendations import NewSet, RecommendationSet, SetKind
from bot.services.accounts import AccountsService
from bot.services.library import LibraryService
from bot.services.models import ModelService, ServedModel
from bot.services.ports import LibraryRepository, RecommendationRepository
from bot.services.tracks import TrackDetails, record_of, track_uri
from recommender.records import Recommendation

_MAX_PER_ARTIST = 3


class RecommendationsService:
    """Answers "what goes with this?" and keeps what was shown, for Save and for novelty."""

    def __init__(
        self,
        models: ModelService,
        accounts: AccountsService,
        library: LibraryService,
        stored: LibraryRepository,
        shown: RecommendationRepository,
        details: TrackDetails,
        clock: Clock,
    ) -> None:
        self._models = models
        self._accounts = accounts
        self._library = library
        self._stored = stored
        self._shown = shown
        self._details = details
        self._clock = clock

    async def for_playlist(
        self, member_id: int, guild_id: int | None, playlist_id: int, k: int = 10
    ) -> RecommendationSet:
        """Return tracks that go with one of the member's playlists, none of which it holds.

        Raises:
            NotConnected, UnknownPlaylist, EmptyPlaylist, NoModel, NothingToRecommend: each says what to do.
        """
        playlist = await self._library.playlist(member_id, playlist_id)
        uris = (await self._stored.track_uris([playlist.id])).get(playlist.id, [])
        if not uris:
            raise EmptyPlaylist(playlist.name)
        model = await self._models.current()
        known = model.known(uris)
        known_tracks = await self._stored.tracks(uris)
        seeds = [record_of(known_tracks[uri]) if uri in known_tracks else uri for uri in uris]
        found = await asyncio.to_thread(
            lambda: model.hybrid.recommend(
                seeds, title=playlist.name, k=k, max_per_artist=_MAX_PER_ARTIST, called=f"“{playlist.name}”"
            )
        )
        subtitle = f"From {_of(known, len(uris))}" if known else "From the playlist's title alone"
        return await self._keep(model, found, SetKind.PLAYLIST, playlist.name, subtitle, member_id, guild_id)

    async def for_track(self, member_id: int, guild_id: int | None, track: str, k: int = 10) -> RecommendationSet:
        """Return tracks that go with a track, named by URI, by link or by words of its name and artist.

        Raises:
            UnknownTrack, NoModel, NothingToRecommend: each says what to do.
        """
        model = await self._models.current()
        catalogue = model.catalogue
        uri = track_uri(track)
        if uri is None:
            matches = await asyncio.to_thread(model.search.find, track, 1)
            uri = matches[0].uri if matches else None
        index = catalogue.index_of(uri) if uri is not None else -1
        if uri is None or index < 0:
            raise UnknownTrack(track.strip()[:80])
        seed = self._details.info(catalogue.track(index))
        found = await asyncio.to_thread(
            lambda: model.hybrid.recommend([uri], k=k, max_per_artist=_MAX_PER_ARTIST, called=f"“{seed.name}”")
        )
        subtitle = f"Tracks that share playlists with {seed.artist_names or 'it'}"
        return await self._keep(model, found, SetKind.TRACK, seed.name, subtitle, member_id, guild_id)

    async def find_tracks(self, text: str, limit: int = 25) -> list[TrackInfo]:
        """Return tracks of the catalogue that match the words, the popular ones first; none without a model."""
        try:
            model = await self._models.current()
        except NoModel:
            return []
        tracks = await asyncio.to_thread(model.search.find, text, limit)
        return [self._details.info(track) for track in tracks]

    async def get(self, set_id: int) -> RecommendationSet:
        """Return recommendations that were shown earlier.

        Raises:
            UnknownSet: they are no longer stored.
        """
        stored = await self._shown.get(set_id)
        if stored is None:
            raise UnknownSet
        return stored

    async def _keep(
        self,
        model: ServedModel,
        found: Sequence[Recommendation],
        kind: SetKind,
        title: str,
        subtitle: str,
        member_id: int,
        guild_id: int | None,
    ) -> RecommendationSet:
        if not found:
            raise NothingToRecommend
        account = await self._accounts.account(member_id)
        picks = await self._details.picks(found, member_id if account else None)
        # Of who has no library nothing is remembered there.
        await self._accounts.remember_in_guild(guild_id, member_id)
        return await self._shown.add(
            NewSet(kind, title, subtitle, member_id, guild_id, model.name, self._clock.now(), picks)
        )


def _of(known: int, total: int) -> str:
    if known < total:
        return f"{known} of its {total} tracks"
    return f"all {total} of its tracks" if total > 1 else "its one track"
