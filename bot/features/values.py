"""Values as strangers give them, made into features or left out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np

from recommender.features import FEATURES

_TRACK = re.compile(r"spotify:track:([0-9A-Za-z]{22})")
_HREF = re.compile(r"/track/([0-9A-Za-z]{22})(?:[/?#]|$)")
_ID = re.compile(r"[0-9A-Za-z]{22}")


def spotify_id(uri: str) -> str | None:
    """Return the id of a track's URI, or None when it is not one of Spotify's.

    >>> spotify_id("spotify:track:" + "4" * 22)
    '4444444444444444444444'
    """
    found = _TRACK.fullmatch(uri)
    return found.group(1) if found else None


def id_of_link(link: object) -> str | None:
    """Return the track id that a link, a URI or a bare id holds, or None."""
    if not isinstance(link, str):
        return None
    found = _HREF.search(link)
    if found:
        return found.group(1)
    return spotify_id(link) or (link if _ID.fullmatch(link) else None)


def clean(given: Mapping[str, object]) -> dict[str, float]:
    """Return the values that are numbers within their ranges, by feature name; all else is left out."""
    values = {}
    for feature in FEATURES:
        value = given.get(feature.name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        try:
            cleaned = float(feature.cleaned(np.array([float(value)]))[0])
        except OverflowError:
            continue
        if math.isfinite(cleaned):
            values[feature.name] = cleaned
    return values
