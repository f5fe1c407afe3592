"""Which sentences go with a recommendation: true ones, by the weight that each had in its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from recommender.candidates.base import CandidateGenerator, Explainer
from recommender.candidates.popularity import Popularity
from recommender.queries import Request
from recommender.records import Reason

_LEAST_SHARE = 0.03
_IN_VAIN = " (the tracks you gave are not known here)"


@dataclass(frozen=True)
class Explanations:
    """Gives the reasons for the tracks of one answer.

    Args:
        explainers: one for each generator that took part.
        limit: how many reasons a track gets at most.
        seeds_in_vain: whether there were seeds but none that is known, so that popularity is no more than a makeshift.
    """

    explainers: Sequence[Explainer]
    limit: int
    seeds_in_vain: bool = False

    @classmethod
    def of(cls, generators: Sequence[CandidateGenerator], request: Request, limit: int) -> Explanations:
        """Prepare the reasons that these generators can give for answers to a request."""
        in_vain = bool(request.n_unknown) and not request.query.n_seeds
        return cls([generator.explainer(request.query) for generator in generators], limit, in_vain)

    def reasons(self, track: int, shares: Sequence[float]) -> tuple[Reason, ...]:
        """Return the reasons for a track, from the generators with the greatest shares first.

        Each generator says one thing before any says a second. One with less than 3 % of the score is silent
        unless nobody else has anything to say.

        Args:
            track: catalogue index.
            shares: what part of the track's score each generator made, in the order of the explainers.
        """
        order = sorted(range(len(shares)), key=lambda place: -shares[place])
        said = [self._said(place, track, shares[place]) for place in order if shares[place] >= _LEAST_SHARE]
        if not any(said):
            said = [self._said(place, track, shares[place]) for place in order if shares[place] > 0]
        first_then_second = (reason for turn in zip_longest(*said) for reason in turn if reason is not None)
        chosen = list(first_then_second)[: self.limit]
        return tuple(sorted(chosen, key=lambda reason: -reason.share))

    def _said(self, place: int, track: int, share: float) -> list[Reason]:
        reasons = [replace(reason, share=share) for reason in self.explainers[place](track)]
        if self.seeds_in_vain:
            return [replace(r, text=f"{r.text}{_IN_VAIN}") if r.kind == Popularity.name else r for r in reasons]
        return reasons
