"""The folder of trained models, one of them current."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from recommender.errors import ArtifactError
from recommender.files import sync_directory, write_atomically
from recommender.manifest import NAME, read_manifest

CURRENT = "current"
_NEW_LINK = f".{CURRENT}.tmp"

_logger = logging.getLogger(__name__)
T = TypeVar("T")


def resolved(directory: Path) -> Path:
    """Return the folder that a path leads to: through the link `current`, or the text file that stands in for it."""
    if directory.is_file():
        return directory.with_name(_linked_name(directory) or directory.name)
    return directory.resolve() if directory.is_symlink() else directory


class ModelStore:
    """Models by name in one folder, and `current`, which leads to the one that is served.

    Args:
        root: the folder, made when the first model is published.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def publish(self, name: str, write: Callable[[Path], object]) -> Path:
        """Write a model and make it the current one by one atomic rename; return its folder.

        Args:
            name: of the new folder: letters, digits, `_`, `-` and `.`.
            write: writes the model to the path that it is given, as `write_artifact` does.

        Raises:
            ArtifactError: there is a model of this name, or it cannot be written or read back.
            ValueError: the name cannot be a folder's.
        """
        if not NAME.fullmatch(name) or name == CURRENT:
            raise ValueError(f"{name!r} cannot be the name of a model")
        self.root.mkdir(parents=True, exist_ok=True)
        directory = self.root / name
        if directory.exists():
            raise ArtifactError(f"{directory} exists already: choose another name, since no model is written over.")
        try:
            write(directory)
            read_manifest(directory)
            self._point_at(name)
        except BaseException:
            # Also of Ctrl-C: a model that nobody will ever be served must not fill the disk.
            if self.current_name() != name:
                shutil.rmtree(directory, ignore_errors=True)
                (self.root / _NEW_LINK).unlink(missing_ok=True)
            raise
        return directory

    def current_name(self) -> str | None:
        """Return the name of the current model, None before the first is published."""
        return _linked_name(self.root / CURRENT)

    def names(self) -> list[str]:
        """Return the names of all models, the oldest first."""
        if not self.root.is_dir():
            return []
        found = [path for path in self.root.iterdir() if path.is_dir() and not path.is_symlink()]
        dated = [(_made_at(path), path.name) for path in found if NAME.fullmatch(path.name)]
        return [name for _, name in sorted(dated)]

    def load_current(self, load: Callable[[Path], T]) -> T:
        """Return the current model; if it is damaged or of another format, the last one before it that is not.

        Args:
            load: opens a model's folder, as `read_artifact` does, and raises ArtifactError if it cannot.

        Raises:
            ArtifactError: there is no model, or none that can be read.
        """
        current = self.current_name()
        if current is None:
            raise ArtifactError("No model yet: run `crossfade train` first.")
        names = self.names()
        earlier = names[: names.index(current)] if current in names else names
        first_fault: ArtifactError | None = None
        for name in (current, *reversed(earlier)):
            try:
                model = load(self.root / name)
            except ArtifactError as error:
                _logger.warning("Refused the model %s: %s", name, error)
                first_fault = first_fault or error
                continue
            if first_fault is not None:
                _logger.warning("Serving the earlier model %s instead of %s", name, current)
            return model
        raise ArtifactError(
            f"No model in {self.root} can be read: run `crossfade train` to make a new one. The fault of the current "
            f"one: {first_fault}"
        ) from first_fault

    def prune(self, keep: int, *, besides: Callable[[Path], bool] = lambda _: False) -> list[str]:
        """Delete all but the newest `keep` models; the current one always stays. Return the names of the deleted.

        Args:
            keep: how many stay at most.
            besides: says of a model's folder that it goes, however new it is.

        Raises:
            ValueError: `keep` is less than 1.
        """
        if keep < 1:
            raise ValueError("at least one model is kept")
        for half_deleted in self.root.glob(".*.deleted"):
            shutil.rmtree(half_deleted)
        names, current = self.names(), self.current_name()
        outdated = set(names[:-keep])
        deleted = [name for name in names if name != current and (name in outdated or besides(self.root / name))]
        for name in deleted:
            # Renamed first, so that nobody opens half a model.
            doomed = (self.root / name).rename(self.root / f".{name}.deleted")
            shutil.rmtree(doomed)
        return deleted

    def _point_at(self, name: str) -> None:
        current = self.root / CURRENT
        link = self.root / _NEW_LINK
        link.unlink(missing_ok=True)
        try:
            link.symlink_to(name, target_is_directory=True)
        except (OSError, NotImplementedError):
            # Windows grants symbolic links to few, and some network file systems have none.
            write_atomically(current, lambda stream: stream.write(f"{name}\n".encode()))
        else:
            link.replace(current)
            sync_directory(self.root)


def _linked_name(current: Path) -> str | None:
    if current.is_symlink():
        return current.readlink().name
    name = current.read_text(errors="replace").strip() if current.is_file() else ""
    return name if NAME.fullmatch(name) else None


def _made_at(directory: Path) -> datetime:
    try:
        return read_manifest(directory).created_at
    except ArtifactError:
        return datetime.fromtimestamp(directory.stat().st_mtime, UTC)
