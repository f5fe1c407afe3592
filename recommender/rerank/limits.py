"""No recording twice, not too much of one artist: groups of tracks of which only the first ones stay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import IntArray
from recommender.catalogue import TrackCatalogue
from recommender.recordings import recording_key

_TRACKS_AT_ONCE = 50_000


def limit_per_group(ranking: IntArray, groups: IntArray, maximum: int) -> IntArray:
    """Return the ranking without the tracks that follow `maximum` others of their group.

    Args:
        ranking: track indices, best first.
        groups: shape (n_tracks,): the group (artist, recording) of each track; -1 belongs to no group.
        maximum: how many of one group may stay, at least 1.

    >>> limit_per_group(np.array([4, 0, 1, 2, 3]), np.array([7, 7, 7, -1, -1]), 2).tolist()
    [4, 0, 1, 3]
    """
    of_ranked = groups[ranking]
    order = np.argsort(of_ranked, kind="stable")
    ordered = of_ranked[order]
    first_of_group = np.searchsorted(ordered, ordered, side="left")
    places = np.empty(len(ranking), np.int64)
    places[order] = np.arange(len(ranking)) - first_of_group
    return ranking[(places < maximum) | (of_ranked < 0)]


def recordings(catalogue: TrackCatalogue) -> IntArray:
    """Return the recording of each track, shape (n_tracks,): equal for the ids of one recording.

    Streaming services carry one recording under several ids (single, album, compilation); see `recording_key`.
    """
    of_key: dict[str, int] = {}
    ids: npt.NDArray[np.int32] = np.empty(len(catalogue), np.int32)
    for start in range(0, len(catalogue), _TRACKS_AT_ONCE):
        stop = min(start + _TRACKS_AT_ONCE, len(catalogue))
        for index, track in enumerate(catalogue.tracks(np.arange(start, stop)), start):
            ids[index] = of_key.setdefault(recording_key(track), index)
    return ids
