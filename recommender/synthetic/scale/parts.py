"""Drawn slices as parts of a corpus folder, without JSON in between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from recommender.catalogue import TRACKS_SCHEMA, URI
from recommender.columns import text_column
from recommender.parts import Part, tabulate
from recommender.records import SOURCE_SYNTHETIC
from recommender.synthetic.scale.catalogue import ScaleCatalogue
from recommender.synthetic.scale.playlists import DrawnSlice

SLICES_A_PART = 20


def part_of(catalogue: ScaleCatalogue, drawn: Sequence[DrawnSlice]) -> Part:
    """Return slices as one part of a corpus; the tracks that none of them has are left out."""
    tracks, codes = np.unique(np.concatenate([one.tracks for one in drawn]), return_inverse=True)
    table = catalogue.table(tracks).select(TRACKS_SCHEMA.names).cast(TRACKS_SCHEMA).combine_chunks()
    seconds = np.concatenate([one.modified_at for one in drawn])
    playlists = pa.table(
        {
            "pid": np.concatenate([np.arange(one.start, one.start + len(one.counts)) for one in drawn]),
            "title": text_column([title for one in drawn for title in one.titles]),
            "description": text_column([text for one in drawn for text in one.descriptions]),
            "followers": np.concatenate([one.followers for one in drawn]),
            "collaborative": np.concatenate([one.collaborative for one in drawn]),
            "modified_at": pa.array(seconds * 1_000_000).cast(pa.timestamp("us", "UTC")),
        }
    )
    return tabulate(
        SOURCE_SYNTHETIC,
        playlists,
        np.concatenate([one.counts for one in drawn]),
        pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), table[URI].combine_chunks()),
        table,
    )
