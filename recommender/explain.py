"""Which sentences go with a recommendation: true ones, by the weight that each had in its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, zip_longest

from recommender.candidates.base import CandidateGenerator, Explainer, Query
from recommender.candidates.popularity import Popularity
from recommender.candidates.scoring import Scoring
from recommender.queries import Request
from recommender.records import Reason
from recommender.retrieval import Retrieval

_LEAST_SHARE = 0.03
_IN_VAIN = " (the tracks you gave are not known here)"


class _Prepared:
    """An explainer that is made when it is first asked: most generators never are."""

    def __init__(self, generator: CandidateGenerator, query: Query, scoring: Scoring) -> None:
        self._generator = generator
        self._query = query
        self._scoring = scoring

    def __call__(self, track: int) -> list[Reason]:
        return self._explain(track)

    @cached_property
    def _explain(self) -> Explainer:
        return self._generator.explainer(self._query, self._scoring)


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
    def of(
        cls, generators: Sequence[CandidateGenerator], retrieval: Retrieval, request: Request, limit: int
    ) -> Explanations:
        """Prepare the reasons that these generators can give for answers to a request."""
        in_vain = bool(request.n_unknown) and not request.query.n_seeds
        prepared = [
            _Prepared(generator, request.query, retrieval.opinions[generator.name].scoring) for generator in generators
        ]
        return cls(prepared, limit, in_vain)

    def reasons(self, track: int, shares: Sequence[float]) -> tuple[Reason, ...]:
        """Return the reasons for a track, from the generators with the greatest shares first.

        Each generator says one thing before any says a second. One with less than 3 % of the score is silent
        unless nobody else has anything to say.

        Args:
            track: catalogue index.
            shares: what part of the track's score each generator made, in the order of the explainers.
        """
        order = sorted(range(len(shares)), key=lambda place: -shares[place])
        said = self._first_said([place for place in order if shares[place] >= _LEAST_SHARE], track, shares)
        if not said:
            said = self._first_said([place for place in order if 0 < shares[place] < _LEAST_SHARE], track, shares)
        turns = zip_longest(*([(reason, share) for reason in reasons] for reasons, share in said))
        first_then_second = (told for turn in turns for told in turn if told is not None)
        chosen = sorted(islice(first_then_second, self.limit), key=lambda told: -told[1])
        return tuple(replace(reason, share=share) for reason, share in chosen)

    def _first_said(
        self, places: Sequence[int], track: int, shares: Sequence[float]
    ) -> list[tuple[list[Reason], float]]:
        """Return what the first generators that have something to say have to say, as many as there is room for."""
        said: list[tuple[list[Reason], float]] = []
        for place in places:
            if len(said) >= self.limit:
                break
            if reasons := self._said(place, track):
                said.append((reasons, shares[place]))
        return said

    def _said(self, place: int, track: int) -> list[Reason]:
        reasons = self.explainers[place](track)
        if self.seeds_in_vain:
            return [replace(r, text=f"{r.text}{_IN_VAIN}") if r.kind == Popularity.name else r for r in reasons]
        return reasons
