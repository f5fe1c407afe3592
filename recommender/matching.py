"""Finding tracks of a catalogue by title and artist alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recommender.catalogue import TrackCatalogue
from recommender.records import Track
from recommender.search import fold

Name = tuple[str, str]
"""A title and an artist, as somebody wrote them."""


def name_key(title: str, artist: str) -> Name:
    """Return what is equal for names that differ in case, accents and spaces only."""
    return fold(title), fold(artist)


def find_by_name(catalogue: TrackCatalogue, names: Iterable[Name], popularity: np.ndarray) -> dict[Name, Track]:
    """Return the track of each name, where there is one; of several the one that most playlists hold.

    Every distinct title of the catalogue is folded, which takes seconds for millions of them.

    Args:
        catalogue: the tracks.
        names: `name_key`s.
        popularity: (n_tracks,) number of playlists that hold each track.
    """
    wanted = set(names)
    if not wanted or not len(catalogue):
        return {}
    column = catalogue.table.column("name")
    distinct = pc.unique(column).drop_null()
    titles = {title for title, _ in wanted}
    spelt = pa.array([name for name in distinct.to_pylist() if fold(name) in titles], pa.string())
    rows = np.flatnonzero(pc.is_in(column, value_set=spelt).to_numpy(zero_copy_only=False))
    found: dict[Name, tuple[float, Track]] = {}
    for row, track in zip(rows.tolist(), catalogue.tracks(rows), strict=True):
        key = name_key(track.name or "", track.artist_name or "")
        if key in wanted and (key not in found or found[key][0] < popularity[row]):
            found[key] = (float(popularity[row]), track)
    return {key: track for key, (_, track) in found.items()}
