"""The first of two stages: what each generator makes of a query, and the tracks that are worth a closer look."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from recommender.candidates.base import CandidateGenerator, Query
from recommender.candidates.interactions import FloatArray, IntArray
from recommender.candidates.popularity import Popularity
from recommender.candidates.scoring import Scoring
from recommender.topk import top_mean

T = TypeVar("T", bound=Scoring)

# So little that popularity only orders the tracks of which no other generator says anything.
_FILLING = 1e-6


@dataclass(frozen=True, eq=False)
class Opinion:
    """What one generator makes of a query.

    Attributes:
        generator: whose opinion it is.
        scoring: its scores of all tracks.
        found: int32: the tracks that it scores highest, seeds left out.
        scale: the mean of its greatest scores, by which those of generators of different scales become comparable;
            0 if it has nothing to say.
    """

    generator: CandidateGenerator
    scoring: Scoring
    found: IntArray
    scale: float

    def relative(self, tracks: IntArray) -> FloatArray:
        """Return the scores of these tracks divided by the scale, shape (len(tracks),)."""
        if not self.scale:
            return np.zeros(len(tracks), np.float32)
        return self.scoring.at(tracks) / np.float32(self.scale)


@dataclass(frozen=True, eq=False)
class Retrieval:
    """The opinions of all generators on one query.

    Attributes:
        query: what was asked.
        opinions: by the generators' names, in their order.
    """

    query: Query
    opinions: Mapping[str, Opinion]

    @classmethod
    def of(cls, generators: Sequence[CandidateGenerator], query: Query, limit: int, top: int) -> Retrieval:
        """Ask the generators.

        Args:
            generators: fitted.
            query: what to ask.
            limit: how many tracks each names at most.
            top: how many of its greatest scores the scale is the mean of.
        """
        return cls(query, {generator.name: _opinion(generator, query, limit, top) for generator in generators})

    def scoring(self, name: str, kind: type[T]) -> T:
        """Return a generator's scores, of the kind that it gives."""
        scoring = self.opinions[name].scoring
        if not isinstance(scoring, kind):
            raise TypeError(f"{name} gave {type(scoring).__name__}, not {kind.__name__}")
        return scoring

    def candidates(self, excluded: IntArray) -> IntArray:
        """Return the tracks that any generator names, ascending, without those that are excluded."""
        named = [opinion.found for opinion in self.opinions.values()]
        union = np.unique(np.concatenate([np.zeros(0, np.int32), *named]))
        return without(union.astype(np.int32), excluded)

    def says_something(self, names: Collection[str]) -> bool:
        """Say whether any of these generators has found anything."""
        return any(opinion.scale > 0 for name, opinion in self.opinions.items() if name in names)

    def blended(self, tracks: IntArray, weights: Mapping[str, float]) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Return the weighted sum of the relative scores of these tracks, and each generator's part of it."""
        parts = {}
        for name, opinion in self.opinions.items():
            weight = weights.get(name, 0.0)
            if name == Popularity.name:
                weight = max(weight, _FILLING)
            if weight > 0 and opinion.scale:
                parts[name] = np.float32(weight) * opinion.relative(tracks)
        total = np.zeros(len(tracks), np.float32)
        for part in parts.values():
            total += part
        return total, parts


def without(tracks: IntArray, excluded: IntArray) -> IntArray:
    """Return the tracks that are not excluded, in their order."""
    if not len(excluded) or not len(tracks):
        return tracks
    barred = np.sort(excluded)
    places = np.minimum(np.searchsorted(barred, tracks), len(barred) - 1)
    kept: IntArray = tracks[barred[places] != tracks]
    return kept


def _opinion(generator: CandidateGenerator, query: Query, limit: int, top: int) -> Opinion:
    scoring = generator.score(query)
    found = without(scoring.top(limit + len(query.seeds)), query.seeds)
    # The seeds would set the scale, and they are not answers.
    return Opinion(generator, scoring, found, top_mean(scoring.at(found), top))
