"""Which tracks are by the same artist, or from the same album, when only some of them carry its URI."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class Entities(NamedTuple):
    """The artists or albums of a catalogue: for each track an index into `keys`, or -1."""

    ids: npt.NDArray[np.int32]
    keys: list[str]


def identify(uris: pa.ChunkedArray, names: pa.ChunkedArray, within: Entities | None = None) -> Entities:
    """Give each row the id of its artist (or album), by URI where it has one, else by case-folded name.

    A name without URI joins the URI that goes with this name elsewhere if there is exactly one; if several artists
    share the name it stays by itself. `within` (the artists, for albums) tells equal names of different artists apart.

    Args:
        uris: the URI of each row, or null.
        names: the name of each row, or null.
        within: what a name belongs to; a name under -1 counts as unknown.
    """
    uri_codes, uri_values = _encode(uris)
    label_codes, label_values = _labels(names, within)
    both = (uri_codes >= 0) & (label_codes >= 0)
    pairs = np.unique(np.stack([label_codes[both], uri_codes[both]]), axis=1)
    uri_of_label = np.full(len(label_values), -1, np.int64)
    uri_of_label[pairs[0]] = pairs[1]
    uri_of_label[np.bincount(pairs[0], minlength=len(label_values)) > 1] = -1

    codes = uri_codes.copy()
    by_name = np.flatnonzero(~both & (label_codes >= 0))
    joined = uri_of_label[label_codes[by_name]]
    codes[by_name] = np.where(joined >= 0, joined, len(uri_values) + label_codes[by_name])

    used, dense = np.unique(codes[codes >= 0], return_inverse=True)
    ids = np.full(len(codes), -1, np.int32)
    ids[codes >= 0] = dense
    split = int(np.searchsorted(used, len(uri_values)))
    keys = [uri_values[code] for code in used[:split]]
    keys += [label_values[code - len(uri_values)] for code in used[split:]]
    return Entities(ids, keys)


def _labels(names: pa.ChunkedArray, within: Entities | None) -> tuple[npt.NDArray[np.int64], list[str]]:
    raw_codes, raw_values = _encode(names)
    folded = [" ".join(value.casefold().split()) for value in raw_values]
    code_of = {name: code for code, name in enumerate(dict.fromkeys(filter(None, folded)))}
    # The last place stands for code -1: no name.
    recode = np.array([code_of.get(name, -1) for name in folded] + [-1], np.int64)
    codes, values = recode[raw_codes], list(code_of)
    if within is None:
        return codes, values
    known = (codes >= 0) & (within.ids >= 0)
    pairs, dense = np.unique(within.ids[known].astype(np.int64) * len(values) + codes[known], return_inverse=True)
    labels = np.full(len(codes), -1, np.int64)
    labels[known] = dense
    return labels, [f"{within.keys[pair // len(values)]} / {values[pair % len(values)]}" for pair in pairs.tolist()]


def _encode(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str]]:
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.fill_null(-1).to_numpy().astype(np.int64), encoded.dictionary.to_pylist()
