"""New tracks for a member or a server, drawn from all of their playlists."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.errors import EmptyLibrary, NothingToRecommend
from bot.domain.library import LibraryPlaylist, TrackInfo
from bot.domain.recommendations import NewSet, RecommendationSet, SetKind
from bot.services.accounts import AccountsService
from bot.services.library import LibraryService
from bot.services.mixing import interleave
from bot.services.models import ModelService, ServedModel
from bot.services.ports import AccountRepository, LibraryRepository, RecommendationRepository
from bot.services.tracks import TrackDetails
from recommender.recordings import recording_key
from recommender.records import Recommendation, Track

_NOT_AGAIN_WITHIN = timedelta(weeks=12)
_SEEDS_PER_PLAYLIST = 100
_PLAYLISTS_PER_MEMBER = 12
_MAX_PER_ARTIST = 2


@dataclass(frozen=True, slots=True)
class Taste:
    """What is known of one member: their playlists with the tracks' URIs, and every track that they have."""

    playlists: tuple[tuple[str, tuple[str, ...]], ...]
    owned: tuple[TrackInfo, ...]


class DiscoveryService:
    """Weekly-discovery-style lists: nothing that is owned (also as another release), nothing shown lately.

    Every playlist has the same say, so that one long playlist does not speak for its owner; in a server every
    member has the same say, so that one prolific member does not speak for all.
    """

    def __init__(
        self,
        models: ModelService,
        accounts: AccountsService,
        known_accounts: AccountRepository,
        library: LibraryService,
        stored: LibraryRepository,
        shown: RecommendationRepository,
        details: TrackDetails,
        clock: Clock,
    ) -> None:
        self._models = models
        self._accounts = accounts
        self._known_accounts = known_accounts
        self._library = library
        self._stored = stored
        self._shown = shown
        self._details = details
        self._clock = clock

    async def discover(self, member_id: int, guild_id: int | None, k: int = 30) -> RecommendationSet:
        """Return `k` tracks that are new to the member.

        Raises:
            NotConnected, EmptyLibrary, NoModel, NothingToRecommend: each says what to do.
        """
        playlists = await self._library.playlists(member_id)
        taste = await self._taste(member_id, playlists)
        if not taste.playlists:
            raise EmptyLibrary
        model = await self._models.current()
        lately = await self._shown.recently_shown(member_id, None, self._clock.now() - _NOT_AGAIN_WITHIN)
        found = await asyncio.to_thread(_compose, model, [taste], lately, k)
        if not found:
            raise NothingToRecommend
        picks = await self._details.picks(found, member_id)
        await self._accounts.remember_in_guild(guild_id, member_id)
        count = min(len(taste.playlists), _PLAYLISTS_PER_MEMBER)
        subtitle = f"{len(picks)} tracks you do not have yet, from {count} of your playlists"
        if count == 1:
            subtitle = f"{len(picks)} tracks you do not have yet, from “{taste.playlists[0][0]}”"
        return await self._shown.add(
            NewSet(
                SetKind.DISCOVER,
                "Your discoveries",
                subtitle,
                member_id,
                guild_id,
                model.name,
                self._clock.now(),
                picks,
            )
        )

    async def for_server(self, guild_id: int, k: int = 20, *, preview: bool = False) -> RecommendationSet:
        """Return `k` tracks for a server as a whole, and store them.

        With nobody connected it is the model's most contained tracks, and says so. What a preview shows does not
        count as shown, so that the digest itself may still bring it.

        Raises:
            NoModel, NothingToRecommend: each says what to do.
        """
        members = await self._known_accounts.connected_in_guild(guild_id)
        tastes = [await self._taste(member, await self._stored.playlists(member)) for member in members]
        tastes = [taste for taste in tastes if taste.playlists]
        model = await self._models.current()
        lately = await self._shown.recently_shown(None, guild_id, self._clock.now() - _NOT_AGAIN_WITHIN)
        found = await asyncio.to_thread(_compose, model, tastes, lately, k)
        if not found:
            raise NothingToRecommend
        picks = await self._details.picks(found, members[0] if members else None)
        people = "1 member" if len(tastes) == 1 else f"{len(tastes)} members"
        subtitle = (
            f"{len(picks)} tracks that nobody here has yet, from the playlists of {people}"
            if tastes
            else "The most contained tracks, until members /connect and make this list their own"
        )
        return await self._shown.add(
            NewSet(
                SetKind.PREVIEW if preview else SetKind.DIGEST,
                "This week’s discoveries",
                subtitle,
                None,
                guild_id,
                model.name,
                self._clock.now(),
                picks,
            )
        )

    async def _taste(self, member_id: int, playlists: Sequence[LibraryPlaylist]) -> Taste:
        uris = await self._stored.track_uris([playlist.id for playlist in playlists])
        owned = await self._stored.known_tracks([member_id])
        return Taste(_named(playlists, uris), tuple(owned))


def _named(
    playlists: Sequence[LibraryPlaylist], uris: Mapping[int, Sequence[str]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((playlist.name, tuple(uris[playlist.id])) for playlist in playlists if uris.get(playlist.id))


def _compose(model: ServedModel, tastes: Sequence[Taste], lately: Collection[str], k: int) -> list[Recommendation]:
    """Ask the model about each playlist and merge the answers: playlists to a list a member, members to one list."""
    owned = [track for taste in tastes for track in taste.owned]
    exclude = {track.uri for track in owned} | set(lately)
    recordings = {recording_key(_record(track)) for track in owned}
    if not tastes:
        popular = model.hybrid.recommend([], k=k * 3, exclude=exclude)
        return interleave([popular], k, max_per_artist=_MAX_PER_ARTIST)
    asked_of_each = 3 * k
    per_member = []
    for taste in tastes:
        answers = [
            model.hybrid.recommend(uris[-_SEEDS_PER_PLAYLIST:], title=name, k=asked_of_each, exclude=exclude)
            for name, uris in _most_known(model, taste)
        ]
        per_member.append(
            interleave(answers, asked_of_each, max_per_artist=_MAX_PER_ARTIST, known_recordings=recordings)
        )
    return interleave(per_member, k, max_per_artist=_MAX_PER_ARTIST)


def _most_known(model: ServedModel, taste: Taste) -> list[tuple[str, tuple[str, ...]]]:
    """Return the playlists of which the model knows most tracks, in the member's own order."""
    known = [model.known(uris) for _, uris in taste.playlists]
    ranked = sorted(range(len(known)), key=lambda i: -known[i])
    chosen = [i for i in ranked if known[i]][:_PLAYLISTS_PER_MEMBER] or ranked[:_PLAYLISTS_PER_MEMBER]
    return [taste.playlists[i] for i in sorted(chosen)]


def _record(track: TrackInfo) -> Track:
    artist = track.artists[0] if track.artists else None
    return Track(track.uri, track.name, artist.name if artist else None, artist.uri if artist else None)
