"""The greatest of many scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, IntArray


def top_mean(scores: FloatArray, top: int) -> float:
    """Return the mean of the `top` greatest scores, only those above 0 counted; 0 if there are none."""
    positive = scores[scores > 0]
    if len(positive) > top:
        positive = np.partition(positive, len(positive) - top)[-top:]
    return float(positive.mean(dtype=np.float64)) if len(positive) else 0.0


def greatest(values: FloatArray, limit: int) -> npt.NDArray[np.intp]:
    """Return the places of the `limit` greatest values above 0, ascending; of equal ones the first."""
    if limit <= 0:
        return np.zeros(0, np.intp)
    positive = np.flatnonzero(values > 0)
    if len(positive) <= limit:
        return positive
    found = values[positive]
    least = np.partition(found, len(found) - limit)[len(found) - limit]
    above = found > least
    above[np.flatnonzero(found == least)[: limit - int(above.sum())]] = True
    chosen: npt.NDArray[np.intp] = positive[above]
    return chosen


def top_indices(scores: npt.NDArray[np.floating], excluded: npt.NDArray[np.integer], k: int) -> IntArray:
    """Return the indices of the k greatest scores, greatest first, equal ones by index; fewer if there are no more.

    Args:
        scores: shape (n_tracks,), none negative.
        excluded: indices that are left out.
        k: how many, 0 or more.
    """
    eligible = scores.copy()
    eligible[excluded] = -1
    k = min(k, int((eligible >= 0).sum()))
    if not k:
        return np.zeros(0, np.int32)
    # Not argpartition: which of several equal scores it picks is left to chance and the machine.
    least = np.partition(eligible, len(eligible) - k)[len(eligible) - k]
    above = np.flatnonzero(eligible > least)
    chosen = np.concatenate([above, np.flatnonzero(eligible == least)[: k - len(above)]])
    return chosen[np.lexsort((chosen, -eligible[chosen]))].astype(np.int32)
