"""A thousand playlists at a time, drawn with arrays: each slice the same whichever others are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.columns import offsets_of
from recommender.synthetic.scale.catalogue import ScaleCatalogue
from recommender.synthetic.scale.titles import Owners, TitleBook

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PLAYLISTS_A_SLICE = 1000
SHORTEST = 5
LONGEST = 250
# Of a lognormal cut off at both ends: the Million Playlist Dataset has a mean of 66.3 tracks and a median of 49.
LENGTH_MEDIAN = 53.0
LENGTH_SPREAD = 1.0
_NEWEST_DAY = 20_757  # days since 1970: 2026-10-31
_DAY = 86_400
_YEARS_AN_ERA = 3
_ANCHORS = 4
_ROUNDS = 12
_TRIES_A_LEVEL = 3

# How a playlist widens around its anchor: shares of entries from the same artist, its circle, its scene, the same years
# in its group, its group and from everywhere, for the most eclectic playlists and for the most focused ones.
_ECLECTIC = np.array([0.00, 0.03, 0.10, 0.15, 0.17, 0.55])
_FOCUSED = np.array([0.12, 0.74, 0.08, 0.04, 0.02, 0.00])
_FOCUS = (0.68, 0.6)
_RUN = (0.33, 0.95)
_ALBUM_IN_A_RUN = 0.45
_NEW_ANCHOR = 0.35
_FIRST_ANCHOR = 0.55
_ANCHOR_CIRCLES = np.array([0.0, 0.25, 0.35, 0.10, 0.15, 0.15])
_ARTIST, _CIRCLE, _SCENE, _ERA, _GROUP, _ALL = range(6)


@dataclass(frozen=True, eq=False)
class DrawnSlice:
    """Playlists whose pids count from `start`.

    Attributes:
        start: the pid of the first.
        counts: int64, shape (n,): how many tracks each has.
        tracks: int64, shape (sum of counts,): positions in the catalogue, playlist after playlist, none twice in one.
        titles: n texts.
        descriptions: n texts, None for most.
        followers: int64, shape (n,).
        collaborative: bool, shape (n,).
        modified_at: int64, shape (n,): seconds since 1970, midnight of a day.
        edits: int64, shape (n,): in how many sessions the tracks were added.
    """

    start: int
    counts: Ints
    tracks: Ints
    titles: list[str]
    descriptions: list[str | None]
    followers: Ints
    collaborative: npt.NDArray[np.bool_]
    modified_at: Ints
    edits: Ints


class SliceDrawer:
    """Draws slices of playlists from a catalogue.

    A playlist is made around a few anchors, tracks drawn by popularity. Each entry is drawn by popularity too, but from
    the circle, scene, years or group of an anchor, or from everything; runs of one artist or album come in between.
    As every draw follows the popularity, tracks come up as the law says, however focused playlists are.

    Args:
        catalogue: what there is to draw from.
        random_state: the seed.
        length_median: median of the lognormal that lengths are drawn from before both ends are cut off.
        length_spread: standard deviation of its logarithm.
    """

    def __init__(
        self,
        catalogue: ScaleCatalogue,
        random_state: int,
        length_median: float = LENGTH_MEDIAN,
        length_spread: float = LENGTH_SPREAD,
    ) -> None:
        self.catalogue = catalogue
        self._seed = random_state
        self._titles = TitleBook(catalogue.groups, random_state)
        self._lengths = _length_shares(length_median, length_spread, catalogue.n_tracks)
        n_tracks = catalogue.n_tracks
        group = np.repeat(np.arange(len(catalogue.groups)), np.diff(catalogue.group_starts))
        era = (catalogue.album_year[catalogue.track_album].astype(np.int64)) // _YEARS_AN_ERA
        self._n_eras = int(era.max()) + 1
        cell = group * self._n_eras + era
        order = np.argsort(cell, kind="stable")
        # Two running sums in one array: the tracks in their own order, then by group and years.
        self._cumulated = np.cumsum(np.concatenate([catalogue.weights, catalogue.weights[order]]))
        self._by_era = order.astype(np.int32)
        self._era_starts = n_tracks + np.searchsorted(cell[order], np.arange(len(catalogue.groups) * self._n_eras + 1))

    def slice(self, number: int, count: int = PLAYLISTS_A_SLICE) -> DrawnSlice:
        """Draw the first `count` playlists of slice `number`, whose pids count from 1,000 times the number.

        A shorter slice is the beginning of the whole one only as far as its numbers of tracks are concerned: ask for
        the same count to get the same playlists.
        """
        rng = np.random.default_rng((self._seed, 103, number))
        lengths = SHORTEST + np.searchsorted(self._lengths, rng.random(count), "right")
        lengths = np.minimum(lengths, max(1, self.catalogue.n_tracks // 2))
        anchors = self._anchors(count, rng)
        run = rng.beta(*_RUN, count)
        counts, tracks = self._entries(lengths, anchors, run, rng)
        owners = self._owners(anchors[:, 0], run)
        age = rng.exponential(500.0, count).astype(np.int64)
        popular = rng.pareto(1.6, count)
        return DrawnSlice(
            start=number * PLAYLISTS_A_SLICE,
            counts=counts,
            tracks=tracks,
            titles=self._titles.draw(owners, rng),
            descriptions=self._titles.descriptions(count, rng),
            followers=1 + np.minimum(popular * 0.7, 50_000.0).astype(np.int64),
            collaborative=rng.random(count) < 0.023,
            modified_at=(_NEWEST_DAY - np.minimum(age, 3600)) * _DAY,
            edits=np.minimum(1 + (counts * rng.beta(0.9, 3.0, count)).astype(np.int64), counts),
        )

    def _anchors(self, count: int, rng: np.random.Generator) -> Ints:
        """Return the tracks that each playlist is made around, shape (count, 4): the first, then some near it."""
        anchors = np.empty((count, _ANCHORS), np.int64)
        anchors[:, 0] = self._drawn(*self._range(np.zeros(count, np.int64), _levels(_ALL, count)), rng)
        for place in range(1, _ANCHORS):
            level = rng.choice(len(_ANCHOR_CIRCLES), size=count, p=_ANCHOR_CIRCLES)
            anchors[:, place] = self._drawn(*self._range(anchors[:, 0], level), rng)
        return anchors

    def _entries(self, lengths: Ints, anchors: Ints, run: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Return how many tracks each playlist got, and the tracks."""
        n_entries = int(lengths.sum())
        playlist = np.repeat(np.arange(len(lengths)), lengths)
        first = np.zeros(n_entries, np.bool_)
        first[offsets_of(lengths)[:-1]] = True
        anchor = anchors[playlist, self._anchor_of(first, rng)]
        level = self._level_of(playlist, len(lengths), rng)
        tracks = self._drawn(*self._range(anchor, level), rng)
        followed = ~first & (rng.random(n_entries) < run[playlist])
        leader = np.maximum.accumulate(np.where(followed, 0, np.arange(n_entries)))
        same = np.flatnonzero(followed)
        low, high = self._run_range(tracks[leader[same]], rng)
        tracks[same] = self._drawn(low, high, rng)
        level[same] = _ARTIST - 1
        anchor[same] = tracks[leader[same]]
        repeated = _repeats(playlist, tracks, self.catalogue.n_tracks)
        for attempt in range(_ROUNDS):
            if not len(repeated):
                break
            # What is used up in a narrow circle is looked for in the next wider one.
            wider = level[repeated] + (attempt % _TRIES_A_LEVEL == 0)
            level[repeated] = np.minimum(np.maximum(wider, _ARTIST), _ALL)
            tracks[repeated] = self._drawn(*self._range(anchor[repeated], level[repeated]), rng)
            repeated = _repeats(playlist, tracks, self.catalogue.n_tracks)
        kept = np.ones(n_entries, np.bool_)
        kept[repeated] = False
        return np.bincount(playlist[kept], minlength=len(lengths)), tracks[kept]

    @staticmethod
    def _anchor_of(first: npt.NDArray[np.bool_], rng: np.random.Generator) -> Ints:
        """Return which of the playlist's anchors each entry is drawn around; it changes now and then."""
        n_entries = len(first)
        other = 1 + (rng.random(n_entries) ** 1.5 * (_ANCHORS - 1)).astype(np.int64)
        drawn = np.where(rng.random(n_entries) < _FIRST_ANCHOR, 0, other)
        changes = first | (rng.random(n_entries) < _NEW_ANCHOR)
        return drawn[np.maximum.accumulate(np.where(changes, np.arange(n_entries), 0))]

    @staticmethod
    def _level_of(playlist: Ints, count: int, rng: np.random.Generator) -> Ints:
        """Return from how wide a circle around its anchor each entry is drawn."""
        focus = rng.beta(*_FOCUS, count)[:, None]
        limits = np.cumsum(focus * _FOCUSED + (1.0 - focus) * _ECLECTIC, axis=1)
        drawn = rng.random(len(playlist))
        level = np.zeros(len(playlist), np.int64)
        for place in range(_ALL):
            level += drawn >= limits[playlist, place]
        return level

    def _range(self, anchor: Ints, level: Ints) -> tuple[Ints, Ints]:
        """Return the first position that each entry may be drawn from, and the one after the last."""
        catalogue = self.catalogue
        low = np.zeros(len(anchor), np.int64)
        high = np.full(len(anchor), catalogue.n_tracks, np.int64)
        for of, starts in (
            (_ARTIST, catalogue.artist_starts),
            (_CIRCLE, catalogue.circle_starts),
            (_SCENE, catalogue.scene_starts),
            (_GROUP, catalogue.group_starts),
        ):
            rows = np.flatnonzero(level == of)
            low[rows], high[rows] = _around(starts, anchor[rows])
        rows = np.flatnonzero(level == _ERA)
        group = np.searchsorted(catalogue.group_starts, anchor[rows], "right") - 1
        era = catalogue.album_year[catalogue.track_album[anchor[rows]]] // _YEARS_AN_ERA
        cell = group * self._n_eras + era
        low[rows], high[rows] = self._era_starts[cell], self._era_starts[cell + 1]
        return low, high

    def _run_range(self, leaders: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Return the range of the album, or of all tracks of the artist, of each of these tracks."""
        catalogue = self.catalogue
        album = catalogue.track_album[leaders]
        artist = catalogue.album_artist[album]
        of_album = rng.random(len(leaders)) < _ALBUM_IN_A_RUN
        low = np.where(of_album, catalogue.album_starts[album], catalogue.artist_starts[artist])
        high = np.where(of_album, catalogue.album_starts[album + 1], catalogue.artist_starts[artist + 1])
        return low, high

    def _drawn(self, low: Ints, high: Ints, rng: np.random.Generator) -> Ints:
        """Draw a track from each range by popularity."""
        cumulated = self._cumulated
        below = np.where(low > 0, cumulated[low - 1], 0.0)
        wanted = below + rng.random(len(low)) * (cumulated[high - 1] - below)
        # Look-ups in order go through the memory once, which takes a third of the time.
        order = np.argsort(wanted)
        found = np.empty(len(low), np.int64)
        found[order] = np.searchsorted(cumulated, wanted[order], "right")
        # Rounding may lead to the neighbour of a range.
        found = np.clip(found, low, high - 1)
        n_tracks = self.catalogue.n_tracks
        return np.where(found < n_tracks, found, self._by_era[found % n_tracks])

    def _owners(self, anchor: Ints, run: Floats) -> Owners:
        catalogue = self.catalogue
        artist = catalogue.track_artist(anchor)
        return Owners(
            group=catalogue.artist_group[artist].astype(np.int64),
            artist=catalogue.artist_names.take(artist).to_pylist(),
            year=catalogue.album_year[catalogue.track_album[anchor]].astype(np.int64),
            run=run,
        )


def _length_shares(median: float, spread: float, n_tracks: int) -> Floats:
    """Return the running sum of the share of each length from the shortest to the longest."""
    lengths = np.arange(SHORTEST, LONGEST + 1)
    shares = np.exp(-0.5 * (np.log(lengths / median) / spread) ** 2) / lengths
    return np.cumsum(shares / shares.sum())


def _levels(level: int, count: int) -> Ints:
    return np.full(count, level, np.int64)


def _around(starts: Ints, tracks: Ints) -> tuple[Ints, Ints]:
    place = np.searchsorted(starts, tracks, "right")
    return starts[place - 1], starts[place]


def _repeats(playlist: Ints, tracks: Ints, n_tracks: int) -> Ints:
    """Return the entries whose track the same playlist has before."""
    keys = playlist * n_tracks + tracks
    order = np.argsort(keys, kind="stable")
    return np.sort(order[1:][keys[order[1:]] == keys[order[:-1]]])
