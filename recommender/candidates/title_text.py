"""What a playlist's title says, as features by which titles can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.candidates.interactions import FloatArray, OffsetArray, offsets
from recommender.text import normalised_text

_LONGEST_TITLE = 100
_LONGEST_NAME = 4
_SHORTEST_GRAM, _LONGEST_GRAM = 3, 5
_SHORTEST_STEM = 3
_LEAST_TITLES_OF_A_GRAM = 2
_WORD_OR_SYMBOL = re.compile(r"\w+|[^\w\s]")
_SPELT = re.compile(r"\b(?:\w ){2,}\w\b")
_REPEATED = re.compile(r"([^\W\d])\1{2,}")
_DECADE = re.compile(r"\b(?:19|20)?(\d0) ?s\b")
_LETTERS_BESIDE_DIGITS = re.compile(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])")
_DECADE_WORD = re.compile(r"\d0s")
_DOUBLED_END = re.compile(r"(.)\1$")
_ENDINGS = (("ies", "y"), ("ing", ""), ("in", ""), ("es", "e"), ("s", ""), ("z", ""))
_SAYS_NOTHING = frozenset(
    "the a an of my and to for in on it is i this that your you me playlist playlists music songs song mix "
    "tunes".split()
)

HashArray = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class TitleParts:
    """A title's features.

    Attributes:
        words: its words, numbers and symbols in order, normalised.
        kinds: what is compared, each kind sorted and without repeats: n-grams of the words, the words' stems, and the
            stems of all words that say something as one.
    """

    words: tuple[str, ...]
    kinds: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, title: str | None) -> TitleParts:
        """Read a title; one without letters, digits and symbols has no words.

        >>> TitleParts.of("Chillllin' in the 1990's!").words
        ('chillin', 'in', 'the', '90s')
        >>> TitleParts.of("summer17").kinds[1] == TitleParts.of("SUMMERS 17").kinds[1] == ("17", "summer")
        True
        >>> TitleParts.of("rap & country music").kinds[2] == TitleParts.of("Country / Rap").kinds[2]
        True
        """
        words = tuple(_words(title or ""))
        if not words:
            return cls((), ((), (), ()))
        stems = tuple(sorted({_stem(word) for word in words}))
        telling = sorted({_stem(word) for word in words if word not in _SAYS_NOTHING}) or sorted(set(words))
        return cls(words, (tuple(sorted(set(_grams(words)))), stems, (" ".join(telling),)))

    def names(self) -> Iterator[tuple[str, float]]:
        """Yield what may be somebody's name: runs of up to four words as `name_key`s, and their share of all words."""
        n_words = len(self.words)
        for first in range(n_words):
            for last in range(first + 1, min(n_words, first + _LONGEST_NAME) + 1):
                yield _joined(self.words[first:last]), (last - first) / n_words


def name_key(name: str) -> str:
    """Return what is equal for a name and a title that spells it in its own way.

    >>> name_key("The Beatles") == name_key("beatles"), name_key("P!nk"), name_key("N.W.A")
    (True, 'pnk', 'nwa')
    """
    return _joined(tuple(_words(name)))


def hashed(texts: Sequence[str], kind: int = 0) -> HashArray:
    """Return CRC-32 of each text, which is the same on every machine; the kinds of texts are told apart."""
    salt = crc32(bytes([kind]))
    return np.fromiter((crc32(text.encode(), salt) for text in texts), np.uint32, len(texts))


@dataclass(frozen=True, eq=False)
class TitleVectors:
    """Titles as vectors of length 1: each kind of feature weighs a third, its features by IDF.

    Features that the training titles do not have (and n-grams that only one of them has) are left out of the length, so
    a typing mistake costs little.

    Args:
        hashes: uint32, shape (n_features,), ascending.
        idf: float32, shape (n_features,).
    """

    hashes: HashArray
    idf: FloatArray

    @classmethod
    def of(cls, titles: Sequence[TitleParts], repeats: npt.NDArray[np.integer]) -> TitleVectors:
        """Learn from distinct titles, and how many playlists have each: "chill" is common because many use it."""
        found, counts = [np.zeros(0, np.uint32)], [np.zeros(0, np.int64)]
        for kind in range(3):
            hashes, sizes = _hashes(titles, kind)
            distinct, places = np.unique(hashes, return_inverse=True)
            frequency = np.bincount(places, np.repeat(repeats, sizes), len(distinct)).astype(np.int64)
            kept = frequency >= (_LEAST_TITLES_OF_A_GRAM if kind == 0 else 1)
            found.append(distinct[kept])
            counts.append(frequency[kept])
        hashes, first = np.unique(np.concatenate(found), return_index=True)
        idf = np.log((repeats.sum() + 1) / (np.concatenate(counts)[first] + 1)) + 1
        return cls(hashes, idf.astype(np.float32))

    def matrix(self, titles: Sequence[TitleParts]) -> csr_matrix:
        """Return the vectors of titles, shape (len(titles), n_features)."""
        rows, columns, values = [], [], []
        for kind in range(3):
            hashes, sizes = _hashes(titles, kind)
            row = np.repeat(np.arange(len(titles)), sizes)
            column, known = self._columns(hashes)
            row, column = row[known], column[known]
            value = self.idf[column]
            lengths = np.sqrt(np.bincount(row, value.astype(np.float64) ** 2, len(titles)))
            rows.append(row)
            columns.append(column)
            values.append(value / (lengths[row] * np.sqrt(3)))
        shape = (len(titles), len(self.hashes))
        entries = (np.concatenate(values).astype(np.float32), (np.concatenate(rows), np.concatenate(columns)))
        return csr_matrix(entries, shape=shape)

    def vector(self, title: TitleParts) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Return which features one title has, and their values."""
        columns, values = [], []
        for kind, features in enumerate(title.kinds):
            column, known = self._columns(hashed(features, kind))
            column = column[known]
            value = self.idf[column]
            columns.append(column)
            values.append(value / np.float32(max(float(np.sqrt(3 * (value.astype(np.float64) ** 2).sum())), 1e-12)))
        return np.concatenate(columns), np.concatenate(values).astype(np.float32)

    def _columns(self, hashes: HashArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        if not len(self.hashes):
            return np.zeros(len(hashes), np.int64), np.zeros(len(hashes), np.bool_)
        places = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return places, self.hashes[places] == hashes


@dataclass(frozen=True, eq=False)
class DistinctTitles:
    """The titles of playlists, each once.

    Args:
        parts: what each distinct title says.
        starts: int64, shape (len(parts) + 1,): where the playlists of each title begin in `playlists`.
        playlists: int32: the playlists that have a title, those of one title together, ascending.
    """

    parts: Sequence[TitleParts]
    starts: OffsetArray
    playlists: npt.NDArray[np.int32]

    @classmethod
    def of(cls, titles: Sequence[str | None]) -> DistinctTitles:
        """Read the title of each playlist; titles that differ in dress only are one."""
        # Thousands share a title to the letter: each spelling is read once.
        of_spelling = {title: TitleParts.of(title) for title in set(titles)}
        by_words = {parts.words: parts for parts in of_spelling.values() if parts.words}
        codes = {words: code for code, words in enumerate(sorted(by_words))}
        coded = np.array([codes.get(of_spelling[title].words, -1) for title in titles], np.int64)
        titled = np.flatnonzero(coded >= 0)
        playlists = titled[np.argsort(coded[titled], kind="stable")].astype(np.int32)
        starts = offsets(np.bincount(coded[titled], minlength=len(codes)))
        return cls([by_words[words] for words in codes], starts, playlists)

    @property
    def repeats(self) -> npt.NDArray[np.int64]:
        """How many playlists have each title."""
        return np.diff(self.starts)


def _words(title: str) -> list[str]:
    # Normalising may lengthen a text at most 18-fold (NFKD); more than a screenful of title says nothing.
    text = normalised_text(title[: 4 * _LONGEST_TITLE])[:_LONGEST_TITLE]
    text = _SPELT.sub(lambda spelt: spelt.group().replace(" ", ""), _REPEATED.sub(r"\1\1", text))
    found: list[str] = []
    for word in _WORD_OR_SYMBOL.findall(_DECADE.sub(r"\g<1>s", text)):
        found += [word] if _DECADE_WORD.fullmatch(word) else _LETTERS_BESIDE_DIGITS.sub(" ", word).split()
    return [unicodedata.normalize("NFC", word) for word in found]


def _stem(word: str) -> str:
    """Return a word without English endings, as crudely as makes "chillin", "chilling" and "chills" one."""
    if len(word) <= _SHORTEST_STEM or not (word.isascii() and word.isalpha()):
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word.removesuffix(ending) + instead
            break
    word = _DOUBLED_END.sub(r"\1", word)
    return word[:-1] if len(word) > _SHORTEST_STEM and word.endswith(("e", "y", "i")) else word


def _grams(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        edged = f" {word} "
        for size in range(_SHORTEST_GRAM, _LONGEST_GRAM + 1):
            if len(edged) <= size:
                yield edged
                break
            for start in range(len(edged) - size + 1):
                yield edged[start : start + size]


def _joined(words: tuple[str, ...]) -> str:
    joined = "".join(words)
    shorter = joined.removeprefix("the")
    return shorter if len(shorter) >= _SHORTEST_STEM else joined


def _hashes(titles: Sequence[TitleParts], kind: int) -> tuple[HashArray, npt.NDArray[np.int64]]:
    """Return the hashes of one kind of feature of all titles, one after another, and how many each has."""
    sizes = np.fromiter((len(title.kinds[kind]) for title in titles), np.int64, len(titles))
    return hashed([feature for title in titles for feature in title.kinds[kind]], kind), sizes
