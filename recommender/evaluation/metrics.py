"""The metrics of the RecSys Challenge 2018 and recall, for one playlist at a time.

`recommended` is what was recommended, best first and without repeats; `withheld` is the tracks G that were kept back.

Source: C.-W. Chen, P. Lamere, M. Schedl, H. Zamani, "RecSys Challenge 2018: Automatic Music Playlist Continuation", and
H. Zamani et al., "An Analysis of Approaches Taken in the ACM RecSys Challenge 2018", ACM TIST 2019.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

LENGTH = 500
CLICKS_PAGE = 10
NO_CLICK_FOUND = 51
ARTIST_CREDIT = 0.25


def r_precision(recommended: Sequence[T], withheld: Collection[T]) -> float:
    """Return hits among the first |G| recommended / |G|, tracks only.

    >>> r_precision(["a", "x", "b"], {"a", "b"})
    0.5
    """
    return len(set(recommended[: len(withheld)]) & set(withheld)) / len(withheld)


def r_precision_with_artists(
    recommended: Sequence[T], withheld: Collection[T], artist_of: Mapping[T, Hashable]
) -> float:
    """Return (hits + 0.25 * artists of G met among the misses) / |G|, of the first |G|: the challenge's own.

    Each artist counts once. A track that is not in `artist_of` has no artist.

    >>> r_precision_with_artists(["a", "x", "y"], {"a", "b"}, {"a": 1, "b": 2, "x": 2, "y": 2})
    0.625
    """
    first, wanted = set(recommended[: len(withheld)]), set(withheld)
    artists = {artist_of[track] for track in wanted if track in artist_of}
    met = {artist_of[track] for track in first - wanted if track in artist_of} & artists
    return (len(first & wanted) + ARTIST_CREDIT * len(met)) / len(wanted)


def ndcg(recommended: Sequence[T], withheld: Collection[T], length: int = LENGTH) -> float:
    """Return DCG / ideal DCG of the first `length`; DCG = sum over the hits of 1 / log2(rank + 1), ranks from 1.

    The ideal has all of G (at most `length`) at the head.

    >>> round(ndcg(["x", "a", "b"], {"a", "b"}), 4)
    0.6934
    """
    wanted = set(withheld)
    gained = sum(1 / math.log2(rank + 1) for rank, track in enumerate(recommended[:length], 1) if track in wanted)
    return gained / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(wanted), length) + 1))


def clicks(recommended: Sequence[T], withheld: Collection[T], length: int = LENGTH) -> int:
    """Return floor((rank of the first hit - 1) / 10): how often a list of 10 must be refreshed; 51 if there is no hit.

    >>> clicks(["x"] * 12 + ["a"], {"a"}), clicks(["x"], {"a"})
    (1, 51)
    """
    wanted = set(withheld)
    ranks = (place // CLICKS_PAGE for place, track in enumerate(recommended[:length]) if track in wanted)
    return next(ranks, NO_CLICK_FOUND)


def recall(recommended: Sequence[T], withheld: Collection[T], length: int = LENGTH) -> float:
    """Return hits among the first `length` / |G|.

    >>> recall(["x", "a"], {"a", "b"})
    0.5
    """
    return len(set(recommended[:length]) & set(withheld)) / len(withheld)
