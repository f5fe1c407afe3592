"""Measuring a recommender: the challenge's protocol and metrics, a report, and submissions in its format."""

from __future__ import annotations

from recommender.evaluation.challenge import SubmissionReport, write_submission
from recommender.evaluation.protocol import KINDS, Case, ChallengeKind, Split, split
from recommender.evaluation.report import EvaluationReport, ReportRow, evaluate

__all__ = [
    "KINDS",
    "Case",
    "ChallengeKind",
    "EvaluationReport",
    "ReportRow",
    "Split",
    "SubmissionReport",
    "evaluate",
    "split",
    "write_submission",
]
