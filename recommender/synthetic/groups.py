"""All taste groups of the synthetic world."""

from __future__ import annotations

from recommender.synthetic.bright_groups import bright_groups
from recommender.synthetic.loud_groups import loud_groups
from recommender.synthetic.quiet_groups import quiet_groups
from recommender.synthetic.taste import TasteGroup


def taste_groups() -> tuple[TasteGroup, ...]:
    """Return the twelve groups, in a fixed order."""
    return (*quiet_groups(), *bright_groups(), *loud_groups())
