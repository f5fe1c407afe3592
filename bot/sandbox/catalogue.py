"""The sample world of the demo: fictional music, and a few fictional listeners with their playlists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from bot.sandbox.listeners import EPISODE, LISTENERS, ListenerPlan, PlaylistPlan
from recommender.synthetic import SyntheticWorld, synthetic_world
from recommender.synthetic.ids import base62_id
from recommender.synthetic.playlists import PlaylistDrawer

SAMPLE_SEED = 20261101
_PLAYS = 420
_PLAYED_DAYS = 340
# Numbers far from the world's own playlists, so that the two never share a random stream.
_FIRST_PID = 1_000_000


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """One entry of a playlist.

    `uri` is a track, an episode or a local file; None is an item that Spotify has no longer.
    """

    uri: str | None
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class SamplePlaylist:
    """A playlist as the stand-in starts with it; `owner` and `collaborators` are listeners' ids."""

    id: str
    owner: str
    name: str
    description: str
    public: bool
    collaborative: bool
    collaborators: tuple[str, ...]
    entries: tuple[SampleEntry, ...]


@dataclass(frozen=True, slots=True)
class SampleListener:
    """A fictional person; `saved` are liked songs and `plays` what was heard, both (URI, moment), newest first."""

    id: str
    account_id: str
    display_name: str
    about: str
    saved: tuple[tuple[str, datetime], ...]
    plays: tuple[tuple[str, datetime], ...]
    follows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleEpisode:
    """A podcast episode, which playlists may hold between tracks."""

    id: str
    name: str
    description: str
    duration_ms: int
    release_date: str
    show_id: str
    show_name: str
    show_description: str


@dataclass(frozen=True, slots=True)
class SampleWorld:
    """Everything the stand-in serves at first; what people then do to it is the stand-in's state."""

    music: SyntheticWorld
    listeners: tuple[SampleListener, ...]
    playlists: tuple[SamplePlaylist, ...]
    episodes: tuple[SampleEpisode, ...]


def build_sample_world(
    now: datetime,
    *,
    seed: int = SAMPLE_SEED,
    n_artists: int = 240,
    n_tracks: int = 3000,
    n_playlists: int = 400,
) -> SampleWorld:
    """Build the sample world; the same arguments give the same world.

    Args:
        now: timezone-aware; what listeners added and heard lies before it.
        seed: decides everything that is drawn.
        n_artists: see `recommender.synthetic.synthetic_world`.
        n_tracks: see there.
        n_playlists: playlists of the community at large, which models learn from; listeners' own come on top.
    """
    music = synthetic_world(seed, n_artists=n_artists, n_tracks=n_tracks, n_playlists=n_playlists)
    rng = np.random.default_rng((seed, 3))
    episode = SampleEpisode(id=base62_id(rng), show_id=base62_id(rng), **EPISODE)
    drawing = _Drawing(music, episode, now, rng)
    playlists = [drawing.playlist(listener, plan) for listener in LISTENERS for plan in listener.playlists]
    listeners = [drawing.listener(plan, playlists) for plan in LISTENERS]
    return SampleWorld(music, tuple(listeners), tuple(playlists), (episode,))


class _Drawing:
    """Draws listeners and their playlists in a fixed order from one random stream."""

    def __init__(self, music: SyntheticWorld, episode: SampleEpisode, now: datetime, rng: np.random.Generator) -> None:
        self._drawer: PlaylistDrawer = music.drawer()
        self._group_at = {group.key: position for position, group in enumerate(music.groups)}
        self._episode = episode
        self._now = now.replace(microsecond=0)
        self._rng = rng
        self._drawn = 0

    def playlist(self, owner: ListenerPlan, plan: PlaylistPlan) -> SamplePlaylist:
        """Draw the tracks of one planned playlist and the moments at which they were added."""
        uris: list[str | None] = [*self._tracks(plan.group, plan.length)]
        if plan.oddities:
            uris.insert(2, None)
            uris.insert(5, f"spotify:episode:{self._episode.id}")
            uris.insert(7, "spotify:local:Grandpa+Ottmar:Kitchen+Tapes:Polka+for+Rainer:187")
        people = (owner.id, *plan.collaborators)
        moments = self._moments(len(uris), plan.oldest_days)
        entries = tuple(
            SampleEntry(uri, moment, people[position % len(people)])
            for position, (uri, moment) in enumerate(zip(uris, reversed(moments), strict=True))
        )
        return SamplePlaylist(
            id=base62_id(self._rng),
            owner=owner.id,
            name=plan.name,
            description=plan.description,
            public=plan.public,
            collaborative=bool(plan.collaborators),
            collaborators=plan.collaborators,
            entries=entries,
        )

    def listener(self, plan: ListenerPlan, playlists: Sequence[SamplePlaylist]) -> SampleListener:
        """Draw liked songs and plays of one listener from their groups and playlists."""
        saved = list(dict.fromkeys(uri for group, count in plan.saved for uri in self._tracks(group, count)))
        order = self._rng.permutation(len(saved))
        saved = [saved[position] for position in order]
        own = [
            entry.uri
            for playlist in playlists
            if playlist.owner == plan.id
            for entry in playlist.entries
            if entry.uri is not None and entry.uri.startswith("spotify:track:")
        ]
        followed = tuple(playlist.id for playlist in playlists if (playlist.owner, playlist.name) in plan.follows)
        return SampleListener(
            id=plan.id,
            account_id=base62_id(self._rng)[:16],
            display_name=plan.display_name,
            about=plan.about,
            saved=tuple(zip(saved, self._moments(len(saved), 600), strict=True)),
            plays=self._plays([*own, *saved]),
            follows=followed,
        )

    def _tracks(self, group: str, length: int) -> list[str]:
        self._drawn += 1
        playlist = self._drawer.of_group(_FIRST_PID + self._drawn, self._group_at[group], length, self._rng)
        return [track.uri for track in playlist.tracks]

    def _plays(self, uris: Sequence[str]) -> tuple[tuple[str, datetime], ...]:
        if not uris:
            return ()
        favourites = 1.0 / (1.0 + self._rng.permutation(len(uris))) ** 0.8
        picks = self._rng.choice(len(uris), size=_PLAYS, p=favourites / favourites.sum())
        return tuple(zip((uris[pick] for pick in picks), self._moments(_PLAYS, _PLAYED_DAYS), strict=True))

    def _moments(self, count: int, oldest_days: int) -> list[datetime]:
        """Return different moments, newest first, denser towards now."""
        ages = np.sort(self._rng.random(count) ** 2 * oldest_days * 86_400).astype(int) + 60 * np.arange(1, count + 1)
        return [self._now - timedelta(seconds=int(age)) for age in ages]
