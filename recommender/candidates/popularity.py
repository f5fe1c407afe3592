"""Tracks that many playlists have, whatever the query."""

from __future__ import annotations

from typing import ClassVar

from recommender.candidates.base import CandidateGenerator, Explainer, Query, playlists
from recommender.candidates.scoring import DenseScores, Scoring
from recommender.records import Reason


class Popularity(CandidateGenerator):
    """Scores a track by the number of playlists that have it: the baseline, and what fills an answer up."""

    name: ClassVar[str] = "popularity"

    def score(self, query: Query) -> Scoring:
        """Return how many playlists have each track; the same for every query."""
        return DenseScores(self.interactions_.tracks.column_sizes)

    def explainer(self, query: Query, scoring: Scoring | None = None) -> Explainer:
        """Say in how many playlists the track is."""

        def explain(track: int) -> list[Reason]:
            count = int(self.interactions_.tracks.column_sizes[track])
            return [Reason(self.name, f"popular: in {playlists(count)}", 1.0, count=count)] if count else []

        return explain
