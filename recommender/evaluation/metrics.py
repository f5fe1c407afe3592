"""The metrics of the RecSys Challenge 2018, recall, and what counts beyond accuracy, for one playlist at a time.

`recommended` is what was recommended, best first and without repeats; `withheld` is the tracks G that were kept back.
These are the definitions, for anything hashable; `recommender.evaluation.measuring` computes the same for arrays.

Source: C.-W. Chen, P. Lamere, M. Schedl, H. Zamani, "RecSys Challenge 2018: Automatic Music Playlist Continuation", and
H. Zamani et al., "An Analysis of Approaches Taken in the ACM RecSys Challenge 2018", ACM TIST 2019. Beyond accuracy:
P. Castells, N. Hurley, S. Vargas, "Novelty and Diversity in Recommender Systems", Recommender Systems Handbook, 2022.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=Hashable)

LENGTH = 500
CLICKS_PAGE = 10
NO_CLICK_FOUND = 51
ARTIST_CREDIT = 0.25
SHOWN = 30
IN_NO_PLAYLIST = 0.5


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


def novelty(popularity: npt.NDArray[np.floating], n_playlists: int) -> float:
    """Return the mean of -log2(share of the training playlists that have a track), in bits; NaN for no tracks.

    A track that no playlist has counts as if half a playlist had it: one bit more novel than a track of one playlist.

    Args:
        popularity: shape (n,): how many training playlists have each recommended track.
        n_playlists: how many there are.

    >>> novelty(np.array([8.0, 1.0, 0.0]), 16)
    3.3333333333333335
    """
    if not len(popularity):
        return math.nan
    return float(-np.log2(np.maximum(popularity, IN_NO_PLAYLIST) / n_playlists).mean())


def artist_diversity(artists: npt.NDArray[np.integer]) -> float:
    """Return 1 - the share of all pairs of recommended tracks that have the same artist; NaN for fewer than two tracks.

    Args:
        artists: shape (n,): the artist of each track; -1, not known, is like no other.

    >>> artist_diversity(np.array([7, 7, 3, -1, -1]))
    0.9
    """
    if len(artists) < 2:
        return math.nan
    _, counts = np.unique(artists[artists >= 0], return_counts=True)
    return float(1 - (counts * (counts - 1)).sum() / (len(artists) * (len(artists) - 1)))


def sound_diversity(sounds: npt.NDArray[np.floating]) -> float:
    """Return the mean squared difference of all pairs of recommended tracks in how they sound, 1 for tracks at random.

    1 - the mean similarity of pairs, where similarity is 1 - 6 (a - b)^2: of two ranks drawn at random, spread evenly
    over 0 to 1, (a - b)^2 is 1/6 on average. The mean over all pairs is twice the variance, hence the cost is linear.
    Values that are missing are left out; NaN if no feature is known of two tracks.

    Args:
        sounds: shape (n, n_features): for each track the rank of each feature among all tracks, 0 to 1; NaN if missing.

    >>> round(sound_diversity(np.array([[0.0], [0.5], [1.0], [np.nan]])), 6)
    3.0
    """
    known = ~np.isnan(sounds)
    counts = known.sum(axis=0)
    usable = counts > 1
    if not usable.any():
        return math.nan
    filled = np.where(known, sounds, 0.0)[:, usable]
    counts = counts[usable]
    squares = (filled**2).sum(axis=0) - filled.sum(axis=0) ** 2 / counts
    return float((12 * np.maximum(squares, 0.0) / (counts - 1)).mean())
