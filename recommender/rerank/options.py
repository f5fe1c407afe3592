"""From what a person chooses to steps in the order that makes sense."""

from __future__ import annotations

from recommender.rerank.adventure import Adventurousness, Novelty, level_of
from recommender.rerank.base import Step
from recommender.rerank.diversity import Diversity
from recommender.rerank.filters import ArtistCap, ExplicitFilter
from recommender.rerank.order import SmoothOrder


def steps_for(
    *,
    adventurousness: str | float = 0.0,
    novelty: float = 0.0,
    diversity: float = 0.0,
    max_per_artist: int | None = None,
    clean: bool = False,
    strictly_clean: bool = False,
    order: str | None = None,
) -> tuple[Step, ...]:
    """Return the steps that are needed: filters, what moves tracks, the cap, variety, and the order of playing last.

    The cap comes after what moves tracks, so that each artist keeps the tracks that fit the choice best; variety after
    the cap, since it works on what is shown alone.

    Args:
        adventurousness: a name of LEVELS or a level from -1 to 1.
        novelty: strength, 0 to 1.
        diversity: strength, 0 to 1.
        max_per_artist: how many tracks of one artist at most; None for any number.
        clean: whether explicit tracks are left out.
        strictly_clean: whether those of which it is not known are left out too.
        order: a name of SHAPES to order the answer for listening; None to leave the best first.

    Raises:
        RecommenderError: a value is out of range.
    """
    level = level_of(adventurousness)
    chosen: list[Step | None] = [
        ExplicitFilter(strict=strictly_clean) if clean or strictly_clean else None,
        Novelty(novelty) if novelty else None,
        Adventurousness(level) if level else None,
        ArtistCap(max_per_artist) if max_per_artist is not None else None,
        Diversity(diversity) if diversity else None,
        SmoothOrder(order) if order is not None else None,
    ]
    return tuple(step for step in chosen if step is not None)
