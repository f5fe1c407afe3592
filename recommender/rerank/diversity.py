"""Variety within one answer: maximal marginal relevance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.candidates.interactions import IntArray
from recommender.rerank.base import Ranked, RerankContext, require_share
from recommender.rerank.similarity import Similarities


@dataclass(frozen=True, slots=True)
class Diversity:
    """Greedy maximal marginal relevance: each next track is good, and unlike all that were taken before.

    Taken is the track with the greatest (1 - strength) * relevance - strength * (its greatest similarity to a track
    that is taken). Relevance is 1 for the first and halves every k places: it depends on the order alone, so that a
    strength means the same whatever the model's scores look like. Similarity is that of `Similarities`.

    Source: J. Carbonell and J. Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents and
    Producing Summaries", SIGIR 1998 (their lambda is 1 - strength).

    Args:
        strength: 0 changes nothing; at 1 only the first track is there for its relevance.

    Raises:
        RecommenderError: strength is not between 0 and 1.
    """

    strength: float

    def __post_init__(self) -> None:
        require_share("The strength of diversity", self.strength)

    def apply(self, ranked: Ranked, context: RerankContext, k: int) -> Ranked:
        """Return the k tracks that are taken, then the others as they were."""
        wanted = min(k, len(ranked))
        if not self.strength or wanted < 2:
            return ranked
        taken = self._taken(Similarities(context, ranked.tracks), len(ranked), wanted)
        others = np.ones(len(ranked), np.bool_)
        others[taken] = False
        return ranked.take(np.concatenate([taken, np.flatnonzero(others)]))

    def _taken(self, similarities: Similarities, n: int, wanted: int) -> IntArray:
        relevance = ((1 - self.strength) * 0.5 ** (np.arange(n) / wanted)).astype(np.float32)
        nearest = np.zeros(n, np.float32)
        values = relevance.copy()
        taken = np.zeros(wanted, np.int32)
        for turn in range(wanted):
            # Of equal values argmax takes the first: the better placed.
            best = int(values.argmax())
            taken[turn] = best
            relevance[best] = -np.inf
            np.maximum(nearest, similarities.to(best), out=nearest)
            np.multiply(nearest, -np.float32(self.strength), out=values)
            values += relevance
        return taken
