"""Measuring a recommender: protocol and metrics, intervals, reports, and submissions in the challenge's format."""

from __future__ import annotations

from recommender.evaluation.challenge import SubmissionReport, write_submission
from recommender.evaluation.contenders import (
    Contender,
    Ranker,
    default_contenders,
    generator_contender,
    hybrid_contender,
)
from recommender.evaluation.measuring import METRICS, Meter
from recommender.evaluation.page import render_page
from recommender.evaluation.protocol import (
    GROUPS,
    KINDS,
    RANDOM_KINDS,
    Case,
    ChallengeKind,
    Split,
    split,
    unseen_tracks,
)
from recommender.evaluation.report import Cost, Difference, EvaluationReport, ReportRow
from recommender.evaluation.running import evaluate
from recommender.evaluation.tradeoff import Tradeoff
from recommender.roles import folds, playlist_keys

__all__ = [
    "GROUPS",
    "KINDS",
    "METRICS",
    "RANDOM_KINDS",
    "Case",
    "ChallengeKind",
    "Contender",
    "Cost",
    "Difference",
    "EvaluationReport",
    "Meter",
    "Ranker",
    "ReportRow",
    "Split",
    "SubmissionReport",
    "Tradeoff",
    "default_contenders",
    "evaluate",
    "folds",
    "generator_contender",
    "hybrid_contender",
    "playlist_keys",
    "render_page",
    "split",
    "unseen_tracks",
    "write_submission",
]
