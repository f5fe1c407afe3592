"""New tracks for a member or a server, drawn from all of their playlists."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import AllLeftOut, EmptyLibrary, NothingToRecommend
from bot.domain.library import LibraryPlaylist, PlaylistKind
from bot.domain.listening import TimeRange
from bot.domain.privacy import OptOut
from bot.domain.recommendations import NewSet, RecommendationSet, SetKind
from bot.services.accounts import AccountsService
from bot.services.library import LibraryService
from bot.services.mixing import interleave
from bot.services.models import ModelService, ServedModel
from bot.services.ports import (
    AccountRepository,
    LibraryRepository,
    ListeningRepository,
    PrivacyRepository,
    RecommendationRepository,
)
from bot.services.tracks import TrackDetails, record_of
from recommender.recordings import recording_key
from recommender.records import Recommendation, Track

_NOT_AGAIN_WITHIN = timedelta(weeks=12)
_NOT_HEARD_WITHIN = timedelta(weeks=4)
_LIKED = "your liked songs"
_MOST_PLAYED = "the tracks you play most"
_SEEDS_PER_PLAYLIST = 100
_PLAYLISTS_PER_MEMBER = 12
_QUERIES_PER_SERVER = 48
_MAX_PER_ARTIST = 2


@dataclass(frozen=True, slots=True)
class NamedTracks:
    """A playlist as the recommender is asked about it; a list that nobody named has a description and no title."""

    name: str
    public: bool
    tracks: tuple[Track, ...]
    described: str | None = None

    @property
    def called(self) -> str:
        """What reasons call it where others read along: only a public playlist by its name."""
        if self.described is not None:
            return self.described
        return f"“{self.name}”" if self.public else "one of your playlists"

    @property
    def title(self) -> str | None:
        """What the recommender may read something from."""
        return self.name if self.described is None else None


@dataclass(frozen=True, slots=True)
class Taste:
    """What is known of one member: what speaks for them, and every track that is not new to them."""

    playlists: tuple[NamedTracks, ...]
    owned: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Owned:
    """What is not new: URIs, and keys of recordings, which other releases share."""

    uris: frozenset[str]
    recordings: frozenset[str]


class DiscoveryService:
    """Weekly-discovery-style lists: nothing that is owned (also as another release), nothing shown lately.

    Every playlist has the same say, so that one long playlist does not speak for its owner, and what a member plays
    most has the say of one playlist; in a server every member has the same say, so that one prolific member does not
    speak for all. A playlist that its owner left out has none, but what is in it is owned all the same.
    """

    def __init__(
        self,
        models: ModelService,
        accounts: AccountsService,
        known_accounts: AccountRepository,
        library: LibraryService,
        stored: LibraryRepository,
        listening: ListeningRepository,
        shown: RecommendationRepository,
        privacy: PrivacyRepository,
        details: TrackDetails,
        clock: Clock,
    ) -> None:
        self._models = models
        self._accounts = accounts
        self._known_accounts = known_accounts
        self._library = library
        self._stored = stored
        self._listening = listening
        self._shown = shown
        self._privacy = privacy
        self._details = details
        self._clock = clock

    async def discover(self, member_id: int, guild_id: int | None, k: int = 30) -> RecommendationSet:
        """Return `k` tracks that are new to the member.

        Raises:
            NotConnected, EmptyLibrary, AllLeftOut, NoModel, NothingToRecommend: each says what to do.
        """
        now = self._clock.now()
        playlists = await self._library.playlists(member_id)
        taste = await self._taste(member_id, playlists)
        if not taste.playlists:
            raise AllLeftOut if any(one.left_out and one.n_tracks for one in playlists) else EmptyLibrary
        heard = await self._listening.heard_since(member_id, now - _NOT_HEARD_WITHIN)
        taste = replace(taste, owned=(*taste.owned, *map(record_of, heard)))
        model = await self._models.current()
        lately = await self._shown.recently_shown(member_id, None, now - _NOT_AGAIN_WITHIN)
        found = await asyncio.to_thread(_for_member, model, taste, lately, k)
        if not found:
            raise NothingToRecommend
        connected = await self._accounts.account(member_id) is not None
        picks = await self._details.picks(found, member_id if connected else None)
        await self._accounts.remember_in_guild(guild_id, member_id)
        subtitle = f"{len(picks)} tracks you do not have yet, from {_drawn_from(taste)}"
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
        connected = await self._known_accounts.connected_in_guild(guild_id)
        left_out = await self._privacy.opted_out(connected, OptOut.DIGESTS)
        members = [member for member in connected if member not in left_out]
        tastes = [await self._taste(member, await self._stored.playlists(member)) for member in members]
        tastes = [taste for taste in tastes if taste.playlists]
        model = await self._models.current()
        lately = await self._shown.recently_shown(None, guild_id, self._clock.now() - _NOT_AGAIN_WITHIN)
        leading = _leading(tastes, 2 * k, self._clock.now())
        found = await asyncio.to_thread(_for_members, model, leading, tastes, lately, k)
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
        top = (await self._listening.top(member_id)).tracks
        owned = {track.uri: record_of(track) for track in await self._stored.known_tracks([member_id])}
        owned |= {track.uri: record_of(track) for ranked in top.values() for track in ranked}
        speaking = [playlist for playlist in playlists if not playlist.left_out]
        uris = await self._stored.track_uris([playlist.id for playlist in speaking])
        named = [
            NamedTracks(
                playlist.name,
                playlist.public is True,
                tuple(owned[uri] for uri in uris.get(playlist.id, ()) if uri in owned),
                _LIKED if playlist.kind is PlaylistKind.LIKED else None,
            )
            for playlist in speaking
        ]
        # The most played comes last, as in a playlist the newest: from the end the seeds are taken.
        most_played = tuple(owned[track.uri] for track in reversed(top.get(TimeRange.SHORT, ())))
        named.append(NamedTracks(_MOST_PLAYED, False, most_played, _MOST_PLAYED))
        return Taste(tuple(playlist for playlist in named if playlist.tracks), tuple(owned.values()))


def _drawn_from(taste: Taste) -> str:
    """Return in words what speaks for a member."""
    if len(taste.playlists) == 1:
        return taste.playlists[0].called
    playlists = [one for one in taste.playlists if one.described != _MOST_PLAYED]
    count = min(len(playlists), _PLAYLISTS_PER_MEMBER)
    shown = playlists[0].called if count == 1 else f"{count} of your playlists"
    return shown if len(playlists) == len(taste.playlists) else f"{shown} and {_MOST_PLAYED}"


def _for_member(model: ServedModel, taste: Taste, lately: Collection[str], k: int) -> list[Recommendation]:
    """Ask the model about each playlist and let the playlists take turns."""
    owned = _owned([taste])
    answers = [
        _ask(model, playlist, owned, lately, 3 * k, called=playlist.called)
        for playlist in _most_known(model, taste, _PLAYLISTS_PER_MEMBER)
    ]
    return interleave(answers, k, max_per_artist=_MAX_PER_ARTIST, known_recordings=owned.recordings)


def _for_members(
    model: ServedModel, tastes: Sequence[Taste], everybody: Sequence[Taste], lately: Collection[str], k: int
) -> list[Recommendation]:
    """Let members take turns, each with a list of their own; what anybody has is left out.

    A playlist's name must not end in a channel without its owner's doing, so that the reasons name none.
    """
    owned = _owned(everybody)

    def merged(lists: Sequence[Sequence[Recommendation]], count: int) -> list[Recommendation]:
        return interleave(lists, count, max_per_artist=_MAX_PER_ARTIST, known_recordings=owned.recordings)

    if not tastes:
        return merged([model.hybrid.recommend([], k=3 * k, exclude=owned.uris | set(lately))], k)
    share = min(max(1, _QUERIES_PER_SERVER // len(tastes)), _PLAYLISTS_PER_MEMBER)
    return merged(
        [
            merged(
                [
                    _ask(model, playlist, owned, lately, 3 * k, called="a playlist here")
                    for playlist in _most_known(model, taste, share)
                ],
                3 * k,
            )
            for taste in tastes
        ],
        k,
    )


def _leading(tastes: Sequence[Taste], count: int, now: datetime) -> list[Taste]:
    """Return `count` members, others each week, so that in a server of any size everybody's turn comes."""
    if len(tastes) <= count:
        shift = now.toordinal() // 7 % max(len(tastes), 1)
        return [*tastes[shift:], *tastes[:shift]]
    start = now.toordinal() // 7 * (count // 2) % len(tastes)
    return [*tastes[start:], *tastes[:start]][:count]


def _owned(tastes: Sequence[Taste]) -> Owned:
    tracks = [track for taste in tastes for track in taste.owned]
    return Owned(frozenset(track.uri for track in tracks), frozenset(recording_key(track) for track in tracks))


def _ask(
    model: ServedModel, playlist: NamedTracks, owned: Owned, lately: Collection[str], k: int, *, called: str
) -> list[Recommendation]:
    return model.hybrid.recommend(
        playlist.tracks[-_SEEDS_PER_PLAYLIST:],
        title=playlist.title,
        k=k,
        exclude=owned.uris.union(lately),
        max_per_artist=_MAX_PER_ARTIST,
        called=called,
    )


def _most_known(model: ServedModel, taste: Taste, limit: int) -> list[NamedTracks]:
    """Return the playlists of which the model knows most tracks, in the member's own order."""
    known = [model.known([track.uri for track in playlist.tracks]) for playlist in taste.playlists]
    ranked = sorted(range(len(known)), key=lambda i: -known[i])
    chosen = [i for i in ranked if known[i]][:limit] or ranked[:limit]
    return [taste.playlists[i] for i in sorted(chosen)]
