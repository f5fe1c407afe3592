"""Reader and importer of Million Playlist Dataset slices and of the RecSys Challenge 2018 set.

Both are JSON files of the shape `{"playlists": [{"pid": 0, "name": "...", "tracks": [{"track_uri": "..."}]}]}`. Of a
track only its URI is needed; every other field may be missing. A file is a challenge set if its first playlist says how
many of its tracks are shown or withheld (`num_samples`, `num_holdouts`).

Source: C.-W. Chen, P. Lamere, M. Schedl, H. Zamani, "RecSys Challenge 2018: Automatic Music Playlist Continuation", and
the data set's README.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from recommender.columns import DistinctStrings
from recommender.content import Paths, Progress, find_files, read_content
from recommender.errors import CorpusError
from recommender.mpd_json import records
from recommender.mpd_records import Fault, parse_playlist
from recommender.parts import Part, PartBuilder, PartStore
from recommender.problems import Problem, ProblemLog
from recommender.records import SOURCE_CHALLENGE, SOURCE_MPD, Playlist


@dataclass
class ImportReport:
    """What an import did.

    Attributes:
        files: files that were read and added.
        already_imported: files left alone, since their content was imported before.
        playlists: playlists added.
        entries: their entries, repeats of a track within a playlist included.
        tracks: distinct tracks among them.
        empty: playlists of a challenge set without tracks, as its first kind has: nothing to train on, so they are not
            added, but they are no fault either. In a slice a playlist without tracks is one.
        problems: what was left out, and why.
    """

    files: int = 0
    already_imported: int = 0
    playlists: int = 0
    entries: int = 0
    tracks: int = 0
    empty: int = 0
    problems: ProblemLog = field(default_factory=ProblemLog)


class _Placed(NamedTuple):
    place: str
    playlist: Playlist


def read_playlists(
    path: str | Path, taken: Mapping[str, Collection[int]] | None = None
) -> Iterator[Playlist | Problem]:
    """Yield the playlists of one file in their order, and between them the problems that were met.

    Playlists that have a title but no tracks are among them, and of a challenge set also those with neither.

    Args:
        path: a slice or challenge set, plain or gzipped (told by its first bytes, not by its name).
        taken: for each source the pids that are in use already; playlists with one of them are left out.
    """
    file = Path(path)
    content, faults = read_content(file)
    yield from faults
    for item in _playlists(file, content, taken or {}):
        yield item if isinstance(item, Problem) else item.playlist


def import_mpd(paths: Paths, corpus_dir: str | Path, progress: Progress | None = None) -> ImportReport:
    """Add slices or a challenge set to a corpus folder; several imports add up.

    Every file becomes one part, named after its (unzipped) content, and is added whole or not at all: a file that was
    imported before is left alone, and an interrupted import goes on where it stopped. One import at a time may write to
    a folder.

    Args:
        paths: files and folders.
        corpus_dir: the folder to add to, made if it is not there.
        progress: called after each file with the number of files done, of all files, and the file.

    Raises:
        CorpusError: nothing at all could be imported, or the folder cannot be written.
    """
    store = PartStore(Path(corpus_dir))
    report = ImportReport()
    taken = store.pids()
    present = set(store.names())
    tracks = DistinctStrings()
    for name, part in _parts(paths, taken, present, report, progress):
        store.write(name, part)
        present.add(name)
        tracks.add(part.tracks["track_uri"])
    report.tracks = tracks.count()
    if not report.files and not report.already_imported:
        raise CorpusError(_nothing(report))
    return report


def read_parts(paths: Paths) -> tuple[list[Part], ProblemLog]:
    """Read slices or a challenge set into memory, as `import_mpd` would add them to an empty folder.

    Raises:
        CorpusError: nothing at all could be read.
    """
    report = ImportReport()
    parts = [part for _, part in _parts(paths, {}, set(), report, None)]
    if not parts:
        raise CorpusError(_nothing(report))
    return parts, report.problems


def _parts(
    paths: Paths,
    taken: dict[str, set[int]],
    present: Collection[str],
    report: ImportReport,
    progress: Progress | None,
) -> Iterator[tuple[str, Part]]:
    """Yield a name and a part for each file that adds playlists, and count everything in the report."""
    found = list(find_files(paths, ".json"))
    for problem in found:
        if isinstance(problem, Problem):
            report.problems.add(problem)
    files = [file for file in found if isinstance(file, Path)]
    for done, file in enumerate(files, start=1):
        content, faults = read_content(file)
        name = hashlib.sha256(content).hexdigest()[:32]
        if content and name in present:
            report.already_imported += 1
        else:
            for problem in faults:
                report.problems.add(problem)
            part = _part(file, _playlists(file, content, taken), report)
            if part is not None:
                taken.setdefault(part.source, set()).update(part.playlists["pid"].to_pylist())
                yield name, part
        if progress is not None:
            progress(done, len(files), file)


def _part(file: Path, found: Iterator[_Placed | Problem], report: ImportReport) -> Part | None:
    builder: PartBuilder | None = None
    for item in found:
        if isinstance(item, Problem):
            report.problems.add(item)
        elif item.playlist.tracks:
            builder = builder or PartBuilder(item.playlist.source)
            builder.add(item.playlist)
        elif item.playlist.source == SOURCE_CHALLENGE:
            report.empty += 1
        else:
            report.problems.add(Problem(str(file), item.place, "is left out: it has no tracks"))
    if builder is None:
        return None
    report.files += 1
    report.playlists += len(builder)
    report.entries += builder.n_entries
    return builder.part()


def _playlists(file: Path, content: bytes, taken: Mapping[str, Collection[int]]) -> Iterator[_Placed | Problem]:
    """Yield the playlists of a file's content and the problems that were met."""
    source: str | None = None
    numbers: dict[int, int] = {}
    for record in records(file, content) if content else ():
        if isinstance(record, Problem):
            yield record
            continue
        source = source or _source(record.value)
        playlist, faults = parse_playlist(record.value, source or SOURCE_MPD)
        if playlist is not None and playlist.pid in numbers:
            same = numbers[playlist.pid]
            playlist, faults = None, [Fault("", f"is left out: playlist {same} of this file has the same pid")]
        elif playlist is not None and playlist.pid in taken.get(playlist.source, ()):
            playlist, faults = None, [Fault("", "is left out: a playlist with this pid was imported before")]
        place = f"playlist {record.number}{_pid(record.value)}"
        for where, what in faults:
            yield Problem(str(file), f"{place}, {where}" if where else place, what)
        if playlist is not None:
            numbers[playlist.pid] = record.number
            yield _Placed(place, playlist)


def _source(record: object) -> str | None:
    if not isinstance(record, dict):
        return None
    return SOURCE_CHALLENGE if "num_samples" in record or "num_holdouts" in record else SOURCE_MPD


def _pid(record: object) -> str:
    pid = record.get("pid") if isinstance(record, dict) else None
    return f" (pid {pid})" if isinstance(pid, int) else ""


def _nothing(report: ImportReport) -> str:
    if report.problems.total:
        return f"Nothing could be imported: {report.problems.summary()}."
    if report.empty:
        return f"Nothing could be imported: the {report.empty} playlists have titles only and no tracks to learn from."
    return "Nothing could be imported: give a slice, a challenge set, or a folder that holds some."
