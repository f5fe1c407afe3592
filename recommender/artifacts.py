"""A trained model as a directory: arrays, tables and a manifest that vouches for every byte.

    manifest.json        format version, kind, parameters, metrics, corpus fingerprint, size and SHA-256 of every file
    arrays/NAME.npy      memory-mapped when read
    tables/NAME.arrow    Arrow IPC, uncompressed, memory-mapped when read
    files/NAME           anything else

Nothing is pickled, so reading a model runs no code of its writer.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_matrix

from recommender.errors import ArtifactError
from recommender.files import sync_directory
from recommender.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    NAME,
    FileRecord,
    Manifest,
    damaged,
    encode_manifest,
    read_manifest,
)
from recommender.model_store import ModelStore, resolved

__all__ = [
    "FORMAT_VERSION",
    "Artifact",
    "Manifest",
    "ModelStore",
    "pack_csr",
    "read_artifact",
    "unpack_csr",
    "write_artifact",
]


@dataclass(frozen=True)
class Artifact:
    """A model that was read.

    Attributes:
        manifest: what it says about itself.
        arrays: read-only and memory-mapped: nothing is loaded before it is used.
        tables: memory-mapped likewise.
        files: the content of every other file.
    """

    manifest: Manifest
    arrays: Mapping[str, npt.NDArray[Any]]
    tables: Mapping[str, pa.Table]
    files: Mapping[str, bytes]


def write_artifact(
    directory: str | Path,
    *,
    kind: str,
    parameters: Mapping[str, Any],
    arrays: Mapping[str, npt.NDArray[Any]],
    tables: Mapping[str, pa.Table],
    corpus_fingerprint: str,
    metrics: Mapping[str, Any],
    created_at: datetime,
    files: Mapping[str, bytes] | None = None,
) -> None:
    """Write a model under a temporary name beside `directory`, flush it to the disk, then give it its name at once.

    Args:
        directory: the new folder. It must not exist, since running processes may have a model of this name open.
        kind: what was trained.
        parameters: the constructor's parameters, as JSON can hold them; so with `metrics`.
        arrays: arrays of numbers or fixed-width text, by name.
        tables: Arrow tables, by name.
        corpus_fingerprint: of the playlists that it was trained on.
        metrics: what was measured.
        created_at: now, with a time zone.
        files: other files, by name.

    Raises:
        ArtifactError: `directory` exists, or cannot be written.
        ValueError: a name, array, parameter or metric cannot be stored, or `created_at` has no time zone.
    """
    directory = Path(directory)
    if directory.exists():
        raise ArtifactError(f"{directory} exists already: choose another name, since no model is written over.")
    temporary = directory.with_name(f".{directory.name}.tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        records = {path: _write_file(temporary / path, write) for path, write in _contents(arrays, tables, files or {})}
        manifest = Manifest(kind, created_at, corpus_fingerprint, parameters, metrics, records)
        content = encode_manifest(manifest)
        _write_file(temporary / MANIFEST, lambda stream: stream.write(content))
        for folder in {path.parent for path in temporary.rglob("*")}:
            sync_directory(folder)
        temporary.rename(directory)
        sync_directory(directory.parent)
    except OSError as error:
        raise ArtifactError(
            f"{directory} cannot be written ({error.strerror or error}): free some space or choose another folder."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_artifact(directory: str | Path, verify: bool = True) -> Artifact:
    """Open a model.

    Args:
        directory: its folder, or the link `current` of a model store.
        verify: whether to compare every file's SHA-256, which reads all of it once. The manifest and the sizes are
            always compared.

    Raises:
        ArtifactError: there is no model, it is damaged, or it is of another format.
    """
    # Resolved once: `current` may move to another model while this one is being opened.
    directory = resolved(Path(directory))
    manifest = read_manifest(directory)
    arrays: dict[str, npt.NDArray[Any]] = {}
    tables: dict[str, pa.Table] = {}
    files: dict[str, bytes] = {}
    for name, record in manifest.files.items():
        path = directory / name
        folder, file = name.split("/")
        try:
            if path.stat().st_size != record.size or (verify and _sha256(path) != record.sha256):
                raise damaged(directory, name)
            if folder == "arrays":
                arrays[file.removesuffix(".npy")] = np.load(path, mmap_mode="r", allow_pickle=False)
            elif folder == "tables":
                tables[file.removesuffix(".arrow")] = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
            else:
                files[file] = path.read_bytes()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise damaged(directory, name) from error
    return Artifact(manifest, arrays, tables, files)


def pack_csr(name: str, matrix: csr_matrix) -> dict[str, npt.NDArray[Any]]:
    """Return a sparse matrix as arrays for `write_artifact`, its column indices sorted within each row."""
    matrix = csr_matrix(matrix)
    if not matrix.has_sorted_indices:
        matrix = matrix.sorted_indices()
    narrow = max(matrix.nnz, *matrix.shape) <= np.iinfo(np.int32).max
    index = np.int32 if narrow else np.int64
    return {
        f"{name}.data": matrix.data,
        f"{name}.indices": matrix.indices.astype(index, copy=False),
        f"{name}.indptr": matrix.indptr.astype(index, copy=False),
        f"{name}.shape": np.array(matrix.shape, np.int64),
    }


def unpack_csr(name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> csr_matrix:
    """Return the sparse matrix that was packed under this name, without copying it.

    Raises:
        ArtifactError: the arrays are not there, or are no sparse matrix.
    """
    try:
        parts = (arrays[f"{name}.data"], arrays[f"{name}.indices"], arrays[f"{name}.indptr"])
        matrix = csr_matrix(parts, shape=tuple(arrays[f"{name}.shape"].tolist()), copy=False)
    except (KeyError, ValueError) as error:
        raise ArtifactError(f"The model holds no matrix {name!r}: train again with `crossfade train`.") from error
    # Told rather than tested: the test would read the whole matrix from the disk.
    matrix.has_sorted_indices = True
    return matrix


def _contents(
    arrays: Mapping[str, npt.NDArray[Any]], tables: Mapping[str, pa.Table], files: Mapping[str, bytes]
) -> Iterator[tuple[str, Callable[[BinaryIO], object]]]:
    for name in (*arrays, *tables, *files):
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a file in a model")
    for name, array in arrays.items():
        yield f"arrays/{name}.npy", partial(np.save, arr=np.asarray(array), allow_pickle=False)
    for name, table in tables.items():
        yield f"tables/{name}.arrow", partial(_write_table, table)
    for name, content in files.items():
        yield f"files/{name}", partial(_write_bytes, content)


def _write_table(table: pa.Table, stream: BinaryIO) -> None:
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)


def _write_bytes(content: bytes, stream: BinaryIO) -> None:
    stream.write(content)


def _write_file(path: Path, write: Callable[[BinaryIO], object]) -> FileRecord:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())
    return FileRecord(path.stat().st_size, _sha256(path))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
