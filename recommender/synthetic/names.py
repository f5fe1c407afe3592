"""Names for fictional artists, albums and tracks, composed from word lists so that a real one is unlikely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

GIVEN = (
    "Maren Odile Tamsin Ilse Corin Anouk Bram Petra Juno Lioba Emrys Sunniva Oswin Halina Ravi Idris Noor Yara Tove "
    "Linnea Casimir Bettany Ottilie Amaru Zelda Kofi Imara Solveig Ansel Wren Dario Mireille Tadeo Brisa Keziah Luan "
    "Orla Piers Quilla Rufina Sabela Theron Ulrike Vesna Wilder Xanthe Yusra Zora Benoit Calla"
).split()
SURNAME_START = (
    "Thistle Lantern Copper Marsh Winter Ember Harrow Quill Bramble Saffron Kettle Morrow Tallow Fenn Hollow Pewter "
    "Larch Mallow Raven Sorrel Tinder Umber Velvet Willow Amber Bracken Cinder Dapple Elder Flint"
).split()
SURNAME_END = (
    "wick burn ford mere haven ley worth gate combe bourne stead well ridge shaw holt by croft den field thorpe"
).split()
_NUMERALS = ("II", "III", "IV", "V", "VI", "VII", "VIII", "IX")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that give one taste group's names their flavour; nouns are singular, people are plural."""

    adjectives: tuple[str, ...]
    nouns: tuple[str, ...]
    people: tuple[str, ...]
    gerunds: tuple[str, ...]
    places: tuple[str, ...]


def vocabulary(adjectives: str, nouns: str, people: str, gerunds: str, places: str) -> Vocabulary:
    """Build a vocabulary from words separated by blanks; an underscore stands for a blank inside a phrase."""

    def words(text: str) -> tuple[str, ...]:
        return tuple(word.replace("_", " ") for word in text.split())

    return Vocabulary(words(adjectives), words(nouns), words(people), words(gerunds), words(places))


class NameMaker:
    """Draws names that are unique within one world.

    Args:
        rng: where every choice comes from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._artists: set[str] = set()
        self._titles: set[str] = set()

    def artist(self, words: Vocabulary) -> str:
        """Return the name of a band or a person that this world does not have yet."""
        return self._unique(self._artists, lambda: self._artist(words))

    def album(self, words: Vocabulary) -> str:
        """Return an album title that this world does not have yet."""
        return self._unique(self._titles, lambda: self._album(words))

    def track(self, words: Vocabulary) -> str:
        """Return a track title that this world does not have yet."""
        return self._unique(self._titles, lambda: self._track(words))

    def _unique(self, taken: set[str], draw: Callable[[], str]) -> str:
        for _ in range(12):
            name = draw()
            if name not in taken:
                taken.add(name)
                return name
        # A large world uses the short patterns up: a sequel's numeral, then two titles in one, always ends.
        while True:
            name = f"{draw()} {self._pick(_NUMERALS)}"
            if name in taken:
                name = f"{name} / {draw()}"
            if name not in taken:
                taken.add(name)
                return name

    def _pick(self, words: tuple[str, ...] | list[str]) -> str:
        return words[int(self._rng.integers(len(words)))]

    def _surname(self) -> str:
        return self._pick(SURNAME_START) + self._pick(SURNAME_END)

    def _artist(self, words: Vocabulary) -> str:
        match int(self._rng.integers(10)):
            case 0 | 1 | 2:
                return f"{self._pick(GIVEN)} {self._surname()}"
            case 3 | 4 | 5:
                return f"{self._pick(words.adjectives)} {self._pick(words.people)}"
            case 6 | 7:
                return f"The {self._pick(words.nouns)} {self._pick(words.people)}"
            case 8:
                return f"{self._pick(GIVEN)} & the {self._pick(words.people)}"
            case _:
                return f"{self._pick(words.people)} of {self._surname()}"

    def _two(self, words: tuple[str, ...]) -> tuple[str, str]:
        first, second = self._rng.choice(len(words), size=2, replace=False)
        return words[int(first)], words[int(second)]

    def _album(self, words: Vocabulary) -> str:
        match int(self._rng.integers(6)):
            case 0:
                return f"The {self._pick(words.adjectives)} {self._pick(words.nouns)} Almanac"
            case 1:
                return f"{self._pick(words.gerunds)} {self._pick(words.places)}"
            case 2:
                return f"{_with_article(self._pick(words.nouns))} for {self._surname()}"
            case 3:
                return "{}, {}, {}".format(*self._two(words.nouns), self._surname())
            case 4:
                return f"{self._pick(words.people)} Welcome"
            case _:
                return f"Letters from {self._pick(words.places)}, {int(self._rng.integers(2, 60))}"

    def _track(self, words: Vocabulary) -> str:
        match int(self._rng.integers(12)):
            case 0:
                return f"{self._pick(words.gerunds)} the {self._pick(words.adjectives)} {self._pick(words.nouns)}"
            case 1:
                return f"{self._pick(words.adjectives)} {self._pick(words.nouns)} at {self._pick(words.places)}"
            case 2:
                return f"{self._pick(words.nouns)} for {self._pick(GIVEN)}"
            case 3:
                return f"What the {self._pick(words.nouns)} Told {self._pick(GIVEN)}"
            case 4:
                return f"{self._pick(words.gerunds)} by {self._pick(words.places)}"
            case 5:
                return f"{self._pick(words.adjectives)} {self._pick(words.nouns)}, {self._pick(words.gerunds)}"
            case 6:
                return "Neither {} nor {}".format(*self._two(words.nouns))
            case 7:
                return f"{self._pick(GIVEN)}'s {self._pick(words.adjectives)} {self._pick(words.nouns)}"
            case 8:
                return f"Ask the {self._pick(words.people)} About {self._pick(GIVEN)}"
            case 9:
                return f"Goodnight, {self._surname()} {self._pick(words.nouns)}"
            case 10:
                return "{} and {} Weather".format(*self._two(words.adjectives))
            case _:
                return f"{self._pick(words.nouns)} No. {int(self._rng.integers(2, 90))}"


def _with_article(noun: str) -> str:
    return f"{'An' if noun[0] in 'AEIOU' else 'A'} {noun}"
