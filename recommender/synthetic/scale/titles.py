"""Titles of playlists by the thousand: a few that everybody uses, many that few do, written as people write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.synthetic.scale.names import draw_names, words_of
from recommender.synthetic.taste import TasteGroup

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_COMPOSED_A_GROUP = 6000
_TITLE_TEMPLATES = {
    "{adjective} {noun}": 20,
    "{noun} and {noun}": 14,
    "{given}'s {noun}": 12,
    "{given}'s {adjective} {noun}": 16,
    "{gerund}": 4,
    "{gerund} with {given}": 10,
    "{place}": 3,
    "{noun} {number}": 4,
    "{adjective} {person}": 10,
    "{noun}": 6,
}
_EVERYBODYS = (
    "chill",
    "workout",
    "party",
    "summer",
    "road trip",
    "throwbacks",
    "sleep",
    "good vibes",
    "study",
    "jams",
    "car",
    "running",
    "my mix",
    "favourites",
    "new",
    "love",
    "sad",
    "wedding",
    "gym",
    "relax",
    "happy",
    "work",
    "shower",
    "random",
    "old school",
    "slow",
    "christmas",
    "dance",
    "morning",
    "late night",
    "beach",
    "current",
    "feels",
    "music",
    "songs",
    "winter",
    "fall",
    "spring",
    "focus",
    "dinner",
    "birthday",
    "cleaning",
    "driving",
    "best of",
    "to listen",
    "liked",
    "mood",
    "calm",
    "energy",
    "weekend",
)
_MONTHS = (
    "january february march april may june july august september october november december winter spring summer fall"
).split()
_YEARS = range(2012, 2027)
_RUN_FOR_AN_ARTISTS_NAME = 0.6
_DESCRIPTIONS = (
    "made on a train",
    "updated when i feel like it",
    "no skips",
    "ask me about track three",
    "for friends who ask what i listen to",
    "sorted by feeling",
    "still growing",
    "play it loud",
    "songs that stayed",
)
_DESCRIBED = 0.019


@dataclass(frozen=True, slots=True)
class Owners:
    """What of some playlists their titles tell; each array of shape (n,).

    Attributes:
        group: the taste group.
        artist: the name of the first artist that the playlist was made around.
        year: the year that it was made around.
        run: how likely a track is followed by one of the same artist, 0 to 1.
    """

    group: Ints
    artist: Sequence[str]
    year: Ints
    run: Floats


class TitleBook:
    """All titles that playlists of each group may have, with how frequent they are.

    Args:
        groups: the taste groups.
        random_state: the seed.
    """

    def __init__(self, groups: Sequence[TasteGroup], random_state: int) -> None:
        rng = np.random.default_rng((random_state, 102))
        dated = [f"{month} {year}" for year in reversed(_YEARS) for month in _MONTHS]
        self._everybodys = _Pool([*_EVERYBODYS, *_MONTHS, *map(str, reversed(_YEARS)), *dated], 4.0, 1.05)
        self._own, self._composed, self._emoji, self._labels = [], [], [], []
        for group in groups:
            composed = draw_names(_TITLE_TEMPLATES, words_of(group.words), _COMPOSED_A_GROUP, rng).to_pylist()
            self._own.append(_Pool([group.label, *group.titles], 1.0, 0.8))
            self._composed.append(_Pool([title.lower() for title in dict.fromkeys(composed)], 40.0, 0.75))
            self._emoji.append(group.emoji)
            self._labels.append(group.label)

    def draw(self, of: Owners, rng: np.random.Generator) -> list[str]:
        """Return a title for each playlist."""
        count = len(of.group)
        kind, place, habit, spot = rng.random((4, count))
        titles: list[str] = []
        for row in range(count):
            group = int(of.group[row])
            if of.run[row] > _RUN_FOR_AN_ARTISTS_NAME and kind[row] < 0.6:
                title = of.artist[row].lower()
            elif kind[row] < 0.16:
                title = self._own[group].at(place[row])
            elif kind[row] < 0.36:
                title = self._everybodys.at(place[row])
            elif kind[row] < 0.375:
                title = f"{int(of.year[row]) // 10 % 10}0s {self._labels[group]}"
            elif kind[row] < 0.385:
                title = f"{int(of.year[row]) // 10 % 10}0s"
            elif kind[row] < 0.44:
                title = of.artist[row].lower()
            else:
                title = self._composed[group].at(place[row])
            titles.append(_written(title, self._emoji[group], habit[row], spot[row]))
        return titles

    @staticmethod
    def descriptions(count: int, rng: np.random.Generator) -> list[str | None]:
        """Return a description for the few playlists that have one."""
        described = rng.random(count) < _DESCRIBED
        chosen = rng.integers(len(_DESCRIPTIONS), size=count)
        return [_DESCRIPTIONS[place] if there else None for there, place in zip(described, chosen, strict=True)]


class _Pool:
    """Titles whose frequency falls with their rank as (rank + shift)^-exponent."""

    def __init__(self, titles: Sequence[str], shift: float, exponent: float) -> None:
        weights = (np.arange(1, len(titles) + 1) + shift) ** -exponent
        self._titles = titles
        self._cumulated = np.cumsum(weights / weights.sum())

    def at(self, quantile: float) -> str:
        place = int(self._cumulated.searchsorted(quantile, "right"))
        return self._titles[min(place, len(self._titles) - 1)]


def _written(title: str, emoji: str, habit: float, spot: float) -> str:
    """Return a title as one of many people would write it.

    Args:
        title: in small letters.
        emoji: those of the group.
        habit: number from 0 to 1 that decides what kind of person writes.
        spot: another, for where a slip or which emoji.
    """
    at = int(spot * len(title))
    if habit < 0.012 and len(title) > 4:
        title = title[:at] + title[at + 1 :]
    elif habit < 0.020 and len(title) > 4 and at + 1 < len(title):
        title = title[:at] + title[at + 1] + title[at] + title[at + 2 :]
    elif habit < 0.026:
        title = f"{title} {emoji[at % len(emoji)]}"
    elif habit < 0.030:
        return emoji[at % len(emoji)]
    elif habit < 0.050:
        title = f"{title} {2 + at % 3}"
    elif habit < 0.070:
        title = f"{title} "
    elif habit < 0.080:
        title = f"{title}!"
    # Another digit of the same number: whoever slips may write in any case.
    case = habit * 97.0 % 1.0
    if case < 0.28:
        return title
    if case < 0.37:
        return title.upper()
    return title.title().replace("'S", "'s") if case < 0.75 else title.capitalize()
