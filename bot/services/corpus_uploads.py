"""Putting playlists that somebody brought as files into the training corpus, without a member or a database."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.domain.errors import CrossfadeError
from bot.domain.imports import UNNAMED_TRACK, ImportedLibrary, ImportRefused, LeftOut
from bot.domain.library import TrackInfo
from bot.domain.training import FROM_FILES, TRAIN_UPLOAD
from bot.services.ports.imports import ImportReader
from bot.services.tracks import record_of
from recommender.parts import PartBuilder, PartStore
from recommender.problems import Problem, ProblemLog
from recommender.records import Playlist, Track

_FIRST_PID = 1 << 40
"""Far above the numbers that a training gives to members' playlists."""


@dataclass
class UploadReport:
    """What an import of files did; `already_imported` counts files whose content was there before."""

    files: int = 0
    already_imported: int = 0
    playlists: int = 0
    entries: int = 0
    liked: int = 0
    listens: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    problems: ProblemLog = field(default_factory=ProblemLog)


def import_into_corpus(
    reader: ImportReader,
    paths: Sequence[Path],
    corpus_dir: Path,
    now: datetime,
    progress: Callable[[int, int], None],
) -> UploadReport:
    """Add each file's playlists to the corpus as a part named after its content, so that twice adds nothing.

    Raises:
        CrossfadeError: nothing at all could be imported.
        CorpusError: the folder cannot be written.
    """
    store, report = PartStore(corpus_dir), UploadReport()
    present = set(store.names())
    for done, path in enumerate(paths, start=1):
        try:
            content = read_file(path, reader.limits.file_bytes)
            name = f"{FROM_FILES}{hashlib.sha256(content).hexdigest()[:32]}"
            if name in present:
                report.already_imported += 1
            else:
                library = reader.read_file(path.name, content, now)
                _count(library, path, report)
                builder = _part(library, name)
                if len(builder):
                    store.write(name, builder.part())
                    present.add(name)
                    report.files += 1
                    report.playlists += len(builder)
                    report.entries += builder.n_entries
                else:
                    report.problems.add(Problem(str(path), "", "holds no playlist to learn from"))
        except ImportRefused as refusal:
            report.problems.add(Problem(str(path), "", str(refusal)))
        progress(done, len(paths))
    if not report.files and not report.already_imported:
        raise CrossfadeError(f"Nothing could be imported: {report.problems.summary().rstrip('.')}.")
    return report


def read_file(path: Path, limit: int) -> bytes:
    """Return a file's content; of one that is too large only so much that the reader sees it is.

    Raises:
        ImportRefused: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise ImportRefused(f"The file cannot be read ({error.strerror}).") from None


def _count(library: ImportedLibrary, path: Path, report: UploadReport) -> None:
    report.left_out.update(library.left_out)
    report.liked += len(library.liked)
    report.listens += len(library.listens) + len(library.named_listens)
    for problem in library.problems:
        report.problems.add(Problem(str(path), "", problem))


def _part(library: ImportedLibrary, name: str) -> PartBuilder:
    builder = PartBuilder(TRAIN_UPLOAD)
    for place, playlist in enumerate(library.playlists):
        number = int.from_bytes(hashlib.sha256(f"{name}:{place}".encode()).digest()[:7], "big")
        tracks = tuple(_record(entry.track) for entry in playlist.entries)
        builder.add(Playlist(_FIRST_PID + number, tracks, playlist.name, playlist.description, source=TRAIN_UPLOAD))
    return builder


def _record(track: TrackInfo) -> Track:
    return Track(track.uri) if track.name == UNNAMED_TRACK else record_of(track)
