"""The eleven features as columns of which a mean can be taken, and back; and how good guesses at them are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.features import FEATURE_NAMES, FEATURES

Floats = npt.NDArray[np.float64]

_KEY = FEATURE_NAMES.index("key")
_MODE = FEATURE_NAMES.index("mode")
_CLASSES = 12
# Most values of these lie near 0 and a few far off: a mean of roots is not dragged away by the few.
_SKEWED = [FEATURE_NAMES.index(name) for name in ("speechiness", "acousticness", "instrumentalness", "liveness")]


def columns_of(place: int) -> slice:
    """Return where a feature's columns are: one for each, but twelve for the key, after all others."""
    if place == _KEY:
        return slice(len(FEATURES) - 1, len(FEATURES) - 1 + _CLASSES)
    column = place - (place > _KEY)
    return slice(column, column + 1)


def encoded(values: Floats) -> Floats:
    """Return values, shape (n, 11), as columns that can be averaged, shape (n, 22)."""
    keys = values[:, [_KEY]]
    amounts = values.copy()
    amounts[:, _SKEWED] = np.sqrt(amounts[:, _SKEWED])
    classes = np.where(np.isfinite(keys), keys == np.arange(_CLASSES), np.nan)
    return np.column_stack([np.delete(amounts, _KEY, axis=1), classes])


def decoded(columns: Floats) -> Floats:
    """Return averaged columns, shape (n, 22), as values within their ranges, shape (n, 11)."""
    values = np.insert(columns[:, : len(FEATURES) - 1], _KEY, columns[:, len(FEATURES) - 1 :].argmax(axis=1), axis=1)
    values[:, _SKEWED] = np.maximum(values[:, _SKEWED], 0) ** 2
    values[:, _MODE] = values[:, _MODE] >= 0.5
    return np.clip(values, [feature.low for feature in FEATURES], [feature.high for feature in FEATURES])


def skills(values: Floats, estimates: Floats) -> Floats:
    """Return for each feature the share of a constant guess's error that the estimates save, shape (11,).

    For an amount it is the lesser of R^2 and of 1 - MAE / (MAE of guessing the median); for key and mode
    (accuracy - share of the most frequent) / (1 - share of the most frequent). NaN where nothing differs.

    Args:
        values: shape (n, 11): what was measured; NaN where it was not.
        estimates: shape (n, 11).
    """
    found = np.full(len(FEATURES), np.nan)
    for place in range(len(FEATURES)):
        known = np.isfinite(values[:, place]) & np.isfinite(estimates[:, place])
        true, guessed = values[known, place], estimates[known, place]
        if not len(true) or (true == true[0]).all():
            continue
        if place in (_KEY, _MODE):
            most = float(np.unique(true, return_counts=True)[1].max()) / len(true)
            found[place] = (float((true == guessed).mean()) - most) / (1 - most)
        else:
            squared = 1 - float(((true - guessed) ** 2).mean() / ((true - true.mean()) ** 2).mean())
            typical = float(np.abs(true - np.median(true)).mean())
            absolute = 1 - float(np.abs(true - guessed).mean()) / typical if typical else -np.inf
            found[place] = min(squared, absolute)
    return found
