"""What is done to a finished ranking: small steps, each a value of its own, applied one after another."""

from __future__ import annotations

from recommender.rerank.adventure import LEVELS, Adventurousness, Novelty, level_of
from recommender.rerank.base import CandidateRows, Ranked, RerankContext, Step, rerank
from recommender.rerank.diversity import Diversity
from recommender.rerank.filters import ArtistCap, ExplicitFilter, OnePerRecording
from recommender.rerank.limits import limit_per_group, recordings
from recommender.rerank.options import steps_for
from recommender.rerank.order import SHAPES, SmoothOrder
from recommender.rerank.similarity import Similarities

__all__ = [
    "LEVELS",
    "SHAPES",
    "Adventurousness",
    "ArtistCap",
    "CandidateRows",
    "Diversity",
    "ExplicitFilter",
    "Novelty",
    "OnePerRecording",
    "Ranked",
    "RerankContext",
    "Similarities",
    "SmoothOrder",
    "Step",
    "level_of",
    "limit_per_group",
    "recordings",
    "rerank",
    "steps_for",
]
