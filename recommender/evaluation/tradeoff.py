"""What a step of re-ranking costs and brings, as a curve over its parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """One point of a curve.

    Attributes:
        step: what was turned ("artist cap", "MMR diversity"); the points of one step make a curve.
        value: how far. The first point of a step is what the others are compared with: the ranking as it was.
        figures: the means of metrics at this point, by their names in `recommender.evaluation.measuring.METRICS`.
    """

    step: str
    value: float
    figures: Mapping[str, float]
