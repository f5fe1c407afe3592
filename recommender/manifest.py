"""The manifest of a trained model: what it says about itself, and a checksum for every byte beside it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from recommender.errors import ArtifactError

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

_PATH = re.compile(rf"(?:arrays/{NAME.pattern}\.npy|tables/{NAME.pattern}\.arrow|files/{NAME.pattern})")
_REMEDY = "go back to an earlier model, or train again with `crossfade train`"


@dataclass(frozen=True)
class FileRecord:
    """The size in bytes and the SHA-256 (hex) of a file."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a model says about itself.

    Attributes:
        kind: what was trained, such as "hybrid"; whoever loads it checks this first.
        created_at: when it was trained, with a time zone.
        corpus_fingerprint: of the playlists that it was trained on.
        parameters: the constructor's parameters.
        metrics: figures that were measured when it was trained.
        files: size and checksum of every file, by its path in the directory.
        format_version: the layout of the directory.
    """

    kind: str
    created_at: datetime
    corpus_fingerprint: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    files: Mapping[str, FileRecord]
    format_version: int = FORMAT_VERSION


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as the bytes of its file.

    Raises:
        ValueError: the time has no zone, or a parameter or metric is no JSON (NaN and infinity are none).
    """
    if manifest.created_at.tzinfo is None:
        raise ValueError("created_at has no time zone")
    body = {
        "format_version": manifest.format_version,
        "kind": manifest.kind,
        "created_at": manifest.created_at.isoformat(),
        "corpus_fingerprint": manifest.corpus_fingerprint,
        "parameters": dict(manifest.parameters),
        "metrics": dict(manifest.metrics),
        "files": {
            path: {"bytes": record.size, "sha256": record.sha256} for path, record in sorted(manifest.files.items())
        },
    }
    return _serialised({**body, "checksum": _checksum(body)})


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest of a model.

    Raises:
        ArtifactError: there is none, it is damaged, or it is of another format.
    """
    try:
        content = (directory / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise ArtifactError(f"{directory} holds no model: train one with `crossfade train`.") from error
    except OSError as error:
        raise ArtifactError(f"The model in {directory} cannot be read ({error.strerror}); {_REMEDY}.") from error
    try:
        body = json.loads(content)
        version = body["format_version"]
        # Compared before the checksum: another format may reckon it in another way.
        if type(version) is int and version > FORMAT_VERSION:
            raise ArtifactError(
                f"The model in {directory} has format {version}, newer than the {FORMAT_VERSION} that this version of "
                f"Crossfade reads: update Crossfade, or {_REMEDY}."
            )
        if type(version) is int and version < FORMAT_VERSION:
            raise ArtifactError(
                f"The model in {directory} was made by an older version of Crossfade (format {version}; this one reads "
                f"{FORMAT_VERSION}): run `crossfade train`."
            )
        checksum = body.pop("checksum")
        # The bytes are compared too, since JSON that differs in spaces only would pass the checksum.
        if checksum != _checksum(body) or content != _serialised({**body, "checksum": checksum}):
            raise ValueError("the checksum does not fit")
        return _decoded(body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(directory, MANIFEST) from error


def damaged(directory: Path, name: str) -> ArtifactError:
    """Return the error that says that a file of a model is not as it was written."""
    return ArtifactError(f"The model in {directory} is damaged ({name} is not as it was written); {_REMEDY}.")


def _decoded(body: dict[str, Any]) -> Manifest:
    if not all(_PATH.fullmatch(path) for path in body["files"]):
        raise ValueError("a path leads out of the directory")
    return Manifest(
        kind=body["kind"],
        created_at=datetime.fromisoformat(body["created_at"]),
        corpus_fingerprint=body["corpus_fingerprint"],
        parameters=body["parameters"],
        metrics=body["metrics"],
        files={path: FileRecord(record["bytes"], record["sha256"]) for path, record in body["files"].items()},
        format_version=body["format_version"],
    )


def _serialised(body: Mapping[str, Any]) -> bytes:
    return (json.dumps(body, indent=2, allow_nan=False, default=_plain) + "\n").encode()


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a parameter is
    """Return a numpy number as a Python one."""
    if hasattr(value, "item"):
        return value.item()
    raise ValueError(f"{value!r} cannot be stored in a manifest")


def _checksum(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(_serialised(body)).hexdigest()
