"""Names of artists, releases and tracks by the hundred thousand, from the vocabularies of the taste groups."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recommender.synthetic.names import GIVEN, SURNAME_END, SURNAME_START, Vocabulary

_SLOT = re.compile(r"\{(\w+)\}")
# Each template and its share. Those with a surname have many thousand forms, so that most names of a large catalogue
# are of their own; shorter ones repeat, as real ones do. None is a single word or a stock phrase.
ARTIST_TEMPLATES = {
    "{given} {surname}": 30,
    "{adjective} {person}": 8,
    "The {noun} {person}": 10,
    "{given} & the {person}": 8,
    "{person} of {surname}": 16,
    "{surname} {noun}": 14,
    "The {surname} {person}": 14,
}
RARE_ARTIST_TEMPLATES = {
    "{given} {surname}-{surname}": 50,
    "{given} {surname} & the {adjective} {person}": 30,
    "{adjective} {person} of {surname}": 20,
}
ALBUM_TEMPLATES = {
    "The {adjective} {noun} Almanac": 6,
    "{gerund} {place}": 6,
    "A Season in {surname}": 12,
    "{noun}, {noun}, {surname}": 24,
    "{surname} {person} Welcome": 14,
    "Letters from {place}, {number}": 10,
    "The {surname} {noun} Tapes": 16,
    "{gerund} {surname}": 12,
}
TRACK_TEMPLATES = {
    "{gerund} the {adjective} {noun}": 8,
    "{adjective} {noun} at {place}": 8,
    "{noun} for {given}": 5,
    "What the {noun} Told {given}": 6,
    "{gerund} by {place}": 4,
    "{adjective} {noun}, {gerund}": 8,
    "{given}'s {adjective} {noun}": 10,
    "Ask the {person} About {given}": 5,
    "Goodnight, {surname} {noun}": 10,
    "{adjective} {noun} of {surname}": 14,
    "{gerund} in {surname}": 10,
    "{noun} No. {number}": 3,
    "{given} and the {surname} {noun}": 9,
}


def words_of(vocabulary: Vocabulary) -> dict[str, Sequence[str]]:
    """Return what may fill each slot of a template."""
    return {
        "adjective": vocabulary.adjectives,
        "noun": vocabulary.nouns,
        "person": vocabulary.people,
        "gerund": vocabulary.gerunds,
        "place": vocabulary.places,
        "given": GIVEN,
        "surname": [start + end for start in SURNAME_START for end in SURNAME_END],
        "number": [str(number) for number in range(2, 90)],
    }


def draw_names(
    templates: Mapping[str, int], words: Mapping[str, Sequence[str]], count: int, rng: np.random.Generator
) -> pa.Array:
    """Draw names, each from a template and words of its own.

    Args:
        templates: template with `{slots}` -> relative frequency.
        words: slot -> what may fill it.
        count: how many names.
        rng: where every choice comes from.

    Returns:
        An Arrow array of `count` strings, in which names may repeat.
    """
    shares = np.array(list(templates.values()), np.float64)
    chosen = rng.choice(len(shares), size=count, p=shares / shares.sum())
    rows = [np.flatnonzero(chosen == place) for place in range(len(shares))]
    made = [_filled(template, words, len(of), rng) for template, of in zip(templates, rows, strict=True)]
    order = np.empty(count, np.int64)
    order[np.concatenate(rows)] = np.arange(count)
    return pa.concat_arrays(made).take(pa.array(order))


def draw_distinct_names(
    words: Mapping[str, Sequence[str]], count: int, taken: set[str], rng: np.random.Generator
) -> list[str]:
    """Draw names of artists that differ from each other and from those taken, to which they are added."""
    names: list[str] = draw_names(ARTIST_TEMPLATES, words, count, rng).to_pylist()
    rare: list[str] = []
    for place, name in enumerate(names):
        for attempt in range(2, 1_000_000_000):
            if name not in taken:
                break
            # A large world uses the templates up; what always ends is a numeral.
            rare = rare or draw_names(RARE_ARTIST_TEMPLATES, words, 256, rng).to_pylist()
            name = rare.pop() if attempt < 8 else f"{names[place]} {attempt - 6}"
        taken.add(name)
        names[place] = name
    return names


def _filled(template: str, words: Mapping[str, Sequence[str]], count: int, rng: np.random.Generator) -> pa.Array:
    pieces: list[pa.Array | pa.Scalar] = []
    for place, text in enumerate(_SLOT.split(template)):
        if place % 2:
            pieces.append(_picked(words[text], count, rng))
        elif text:
            pieces.append(pa.scalar(text))
    return pc.binary_join_element_wise(*pieces, "")


def _picked(words: Sequence[str], count: int, rng: np.random.Generator) -> pa.Array:
    places: npt.NDArray[np.int64] = rng.integers(len(words), size=count)
    return pa.array(words, pa.string()).take(pa.array(places))
