"""Arrow columns as numpy arrays and back, without a Python object for each value."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def byte_strings(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bytes_]:
    """Return a column of strings without nulls as a fixed-width numpy array of dtype 'S' (UTF-8, padded with NUL)."""
    array = _one_array(pc.cast(column, pa.large_string()))
    if not len(array):
        return np.zeros(0, "S1")
    _, offsets_buffer, data = array.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[array.offset : array.offset + len(array) + 1]
    lengths = np.diff(offsets)
    width = max(int(lengths.max()), 1)
    padded = np.zeros((len(array), width), np.uint8)
    padded[np.arange(width) < lengths[:, None]] = np.frombuffer(data or b"", np.uint8)[offsets[0] : offsets[-1]]
    return padded.view(f"S{width}").ravel()


def strings(values: npt.NDArray[np.bytes_]) -> pa.Array:
    """Return an array of dtype 'S' as an Arrow column of strings."""
    width = values.dtype.itemsize
    matrix = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), width)
    lengths = np.strings.str_len(values).astype(np.int64)
    data = matrix[np.arange(width) < lengths[:, None]]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    array = pa.Array.from_buffers(pa.large_string(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    return pc.cast(array, pa.string())


def text_column(values: Sequence[str | None]) -> pa.Array:
    """Return the values as an Arrow column; half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else encodable(value) for value in values], pa.string())


def encodable(text: str) -> str:
    """Return the text with every lone surrogate replaced by U+FFFD, the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class DistinctStrings:
    """Counts the distinct strings of many columns."""

    def __init__(self) -> None:
        self._distinct = pa.array([], pa.string())
        self._pending: list[pa.Array] = []

    def add(self, column: pa.ChunkedArray) -> None:
        """Take in a column."""
        self._pending.extend(column.chunks)
        # Waiting until as many strings are new as are known keeps the whole cost linear.
        if sum(map(len, self._pending)) > max(len(self._distinct), 1_000_000):
            self._merge()

    def count(self) -> int:
        """Return how many distinct strings were added."""
        self._merge()
        return len(self._distinct)

    def _merge(self) -> None:
        self._distinct = pc.unique(pa.chunked_array([self._distinct, *self._pending]))
        self._pending = []


def offsets_of(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where each row of a ragged table begins, and where the last ends: [2, 0, 1] gives [0, 2, 2, 3]."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def take_rows(
    indptr: npt.NDArray[np.int64], indices: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return (indptr, indices) of a ragged table made of the given rows of another."""
    counts = np.diff(indptr)[rows]
    new_indptr = offsets_of(counts)
    positions = np.arange(new_indptr[-1]) + np.repeat(indptr[:-1][rows] - new_indptr[:-1], counts)
    return new_indptr, indices[positions]


def hash_array(digest: hashlib._Hash, values: npt.NDArray[Any]) -> None:
    """Feed an array of numbers or bytes, with its shape, to a digest; the same on machines of either byte order."""
    little = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
    digest.update(f"{little.dtype.str}{little.shape}".encode())
    digest.update(little.data.cast("B") if little.size else b"")


def hash_column(digest: hashlib._Hash, column: pa.Array | pa.ChunkedArray) -> None:
    """Feed an Arrow column to a digest by its values, so that chunks, offsets and dictionaries do not matter."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    hash_array(digest, np.packbits(_numbers(pc.is_valid(column))))
    if pa.types.is_string(column.type):
        column = pc.fill_null(column, "")
        hash_array(digest, _numbers(pc.binary_length(column)).astype(np.int64))
        array = _one_array(pc.cast(column, pa.large_string()))
        if len(array):
            offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
            digest.update(memoryview(array.buffers()[2] or b"")[offsets[0] : offsets[-1]])
    elif pa.types.is_timestamp(column.type):
        hash_array(digest, _numbers(pc.fill_null(pc.cast(column, pa.int64()), 0)))
    else:
        hash_array(digest, _numbers(pc.fill_null(column, False if pa.types.is_boolean(column.type) else 0)))


def _numbers(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = _one_array(column).to_numpy(zero_copy_only=False)
    return values


def _one_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
