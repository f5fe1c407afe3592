"""Playlists that people of one taste would make, drawn one by one so that any number needs no memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from recommender.records import SOURCE_SYNTHETIC, Playlist, Track
from recommender.synthetic.music import SCENES_PER_GROUP, Music
from recommender.synthetic.taste import TasteGroup

SHORTEST = 8
LONGEST = 250
_MEDIAN_LENGTH = 36.0
_LENGTH_SPREAD = 0.8
_SAME_ARTIST_NEXT = 0.14
_NEWEST_EDIT = datetime(2026, 11, 1, tzinfo=UTC)
_GENERAL_TITLES = (
    "my mix",
    "favourites",
    "songs i like",
    "car",
    "november",
    "october 2026",
    "new stuff",
    "for the weekend",
    "random",
    "good mood",
    "work",
    "running",
    "dinner with friends",
    "birthday",
    "summer memories",
    "liked by accident",
)
_DESCRIPTIONS = (
    "made on a train",
    "updated when i feel like it",
    "no skips",
    "ask me about track three",
    "for friends who ask what i listen to",
    "sorted by feeling",
    "still growing",
)


@dataclass(frozen=True, slots=True)
class _Cell:
    """The tracks of one scene, with the running sum of their popularity."""

    positions: npt.NDArray[np.int64]
    cumulated: npt.NDArray[np.float64]


class PlaylistDrawer:
    """Draws playlists from a world's music; playlist `pid` is the same whichever others are drawn.

    Args:
        groups: the taste groups.
        music: what there is to pick from.
        entropy: the world's number, from which each playlist gets a random stream of its own.
    """

    def __init__(self, groups: Sequence[TasteGroup], music: Music, entropy: int) -> None:
        self._groups = tuple(groups)
        self._entropy = entropy
        self._records = tuple(track.record for track in music.tracks)
        self._artist_of = [track.artist for track in music.tracks]
        self._group_weights = _shares([group.weight for group in groups])
        self._cells = _cells(groups, music)
        self._near = _near(groups)
        self._by_artist: list[list[int]] = [[] for _ in music.artists]
        for position, artist in enumerate(self._artist_of):
            self._by_artist[artist].append(position)
        self._longest = min(LONGEST, max(1, len(self._records) // 2))

    def draw(self, start: int, stop: int) -> Iterator[Playlist]:
        """Yield the playlists `start` to `stop - 1`."""
        for pid in range(start, stop):
            yield self.one(pid)

    def one(self, pid: int) -> Playlist:
        """Return the playlist `pid`."""
        rng = np.random.default_rng((self._entropy, 7, pid))
        group = int(rng.choice(len(self._groups), p=self._group_weights))
        return self.of_group(pid, group, self._length(rng), rng)

    def of_group(self, pid: int, group: int, length: int, rng: np.random.Generator) -> Playlist:
        """Return a playlist of one taste.

        Args:
            pid: its number.
            group: position of its taste group.
            length: how many tracks it should have; fewer when the world is too small.
            rng: where its choices come from.
        """
        tracks = self._tracks(group, length, rng)
        days = int(rng.exponential(160.0)) % 3000
        return Playlist(
            pid=pid,
            tracks=tracks,
            title=_title(self._groups[group], rng),
            description=_DESCRIPTIONS[int(rng.integers(len(_DESCRIPTIONS)))] if rng.random() < 0.06 else None,
            followers=1 + int(rng.pareto(2.2)),
            collaborative=bool(rng.random() < 0.02),
            modified_at=_NEWEST_EDIT - timedelta(days=days),
            source=SOURCE_SYNTHETIC,
        )

    def _length(self, rng: np.random.Generator) -> int:
        wanted = int(rng.lognormal(np.log(_MEDIAN_LENGTH), _LENGTH_SPREAD))
        return min(max(wanted, SHORTEST), LONGEST)

    def _tracks(self, group: int, length: int, rng: np.random.Generator) -> tuple[Track, ...]:
        length = min(length, self._longest)
        chosen: dict[int, None] = {}
        for pick in self._picks(group, 3 * length + 16, rng):
            if len(chosen) >= length:
                break
            chosen[pick] = None
            if rng.random() < _SAME_ARTIST_NEXT:
                siblings = self._by_artist[self._artist_of[pick]]
                chosen[siblings[int(rng.integers(len(siblings)))]] = None
        if len(chosen) < length:
            chosen |= dict.fromkeys(self._rest(group, rng))
        return tuple(self._records[position] for position in list(chosen)[:length])

    def _picks(self, group: int, draws: int, rng: np.random.Generator) -> list[int]:
        """Draw positions by popularity from the scenes of the group and, now and then, of one near it."""
        near = self._near[group]
        visitors = float(rng.beta(1.1, 8.0)) if len(near) else 0.0
        guest = int(near[int(rng.integers(len(near)))]) if len(near) else group
        source = np.where(rng.random(draws) < visitors, guest, group)
        scene = rng.choice(SCENES_PER_GROUP, size=draws, p=rng.dirichlet(np.full(SCENES_PER_GROUP, 0.5)))
        height = rng.random(draws)
        picks = np.empty(draws, dtype=np.int64)
        for at in {group, guest}:
            for circle in range(SCENES_PER_GROUP):
                here = (source == at) & (scene == circle)
                cell = self._cells[at][circle]
                found = np.searchsorted(cell.cumulated, height[here] * cell.cumulated[-1], side="right")
                picks[here] = cell.positions[np.minimum(found, len(cell.positions) - 1)]
        return list(picks.tolist())

    def _rest(self, group: int, rng: np.random.Generator) -> list[int]:
        """Return every position in random order, the group's own first, to fill what popularity leaves open."""
        own = np.unique(np.concatenate([cell.positions for cell in self._cells[group]]))
        others = np.setdiff1d(np.arange(len(self._records)), own)
        return [*rng.permutation(own).tolist(), *rng.permutation(others).tolist()]


def _cells(groups: Sequence[TasteGroup], music: Music) -> list[list[_Cell]]:
    members: dict[tuple[str, int], list[int]] = {}
    for position, track in enumerate(music.tracks):
        members.setdefault((track.group, track.scene), []).append(position)
        members.setdefault((track.group, -1), []).append(position)
    everything = list(range(len(music.tracks)))

    def cell(group: str, scene: int) -> _Cell:
        # A small world may lack a scene or a whole group; the next larger circle stands in for it.
        positions = members.get((group, scene)) or members.get((group, -1)) or everything
        weights = [music.tracks[position].popularity for position in positions]
        return _Cell(np.array(positions), np.cumsum(weights))

    return [[cell(group.key, scene) for scene in range(SCENES_PER_GROUP)] for group in groups]


def _near(groups: Sequence[TasteGroup]) -> list[npt.NDArray[np.int64]]:
    order = {group.key: index for index, group in enumerate(groups)}
    return [np.array([order[key] for key in group.near if key in order], dtype=np.int64) for group in groups]


def _shares(weights: Sequence[float]) -> npt.NDArray[np.float64]:
    values = np.array(weights, dtype=np.float64)
    return np.asarray(values / values.sum())


def _title(group: TasteGroup, rng: np.random.Generator) -> str:
    titles = group.titles if rng.random() < 0.85 else _GENERAL_TITLES
    title = titles[int(rng.integers(len(titles)))]
    noise = rng.random(4)
    if noise[0] < 0.18:
        title = title.title()
    elif noise[0] < 0.24:
        title = title.upper()
    if noise[1] < 0.08:
        title = f"{title} {int(rng.integers(2, 5))}"
    elif noise[1] < 0.13 and "20" not in title:
        title = f"{title} {int(rng.integers(2021, 2027))}"
    if noise[2] < 0.16:
        title = f"{title} {group.emoji[int(rng.integers(len(group.emoji)))]}"
    if noise[3] < 0.03:
        title = f"{title}!!"
    return title
