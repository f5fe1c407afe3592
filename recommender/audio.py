"""The audio features of tracks: read from CSV files, kept in the corpus folder, lined up with a catalogue."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recommender.audio_csv import CsvFeatures, parse_features
from recommender.catalogue import URI, TrackCatalogue
from recommender.columns import byte_strings, hash_array, strings
from recommender.content import Paths, Progress, find_files, read_content
from recommender.errors import CorpusError
from recommender.features import FEATURE_NAMES, FEATURES, Feature
from recommender.files import write_atomically
from recommender.problems import Problem, ProblemLog

__all__ = ["FEATURES", "AudioFeatures", "Feature", "FeatureReport", "import_features"]

FEATURES_SCHEMA = pa.schema([pa.field(URI, pa.string(), nullable=False), *((n, pa.float32()) for n in FEATURE_NAMES)])


@dataclass
class FeatureReport:
    """What reading CSV files of features gave.

    Attributes:
        files: files that were read.
        already_imported: files left alone, since their content was imported before.
        rows: rows with a usable id.
        tracks: distinct tracks in each file, added up.
        repeated: rows of a track that its file had before.
        without_id: rows left out because they have no usable id.
        malformed: rows left out because they have more or fewer fields than the header.
        invalid: for each feature, the values taken as missing because they are no number or out of range.
        problems: files, or the rest of files, that could not be read, and why.
    """

    files: int = 0
    already_imported: int = 0
    rows: int = 0
    tracks: int = 0
    repeated: int = 0
    without_id: int = 0
    malformed: int = 0
    invalid: dict[str, int] = field(default_factory=dict)
    problems: ProblemLog = field(default_factory=ProblemLog)

    def count(self, table: CsvFeatures, tracks: int) -> None:
        """Add up what one file gave."""
        self.files += 1
        self.rows += len(table.uris)
        self.tracks += tracks
        self.repeated += len(table.uris) - tracks
        self.without_id += table.without_id
        self.malformed += table.malformed
        for name, wrong in table.invalid.items():
            self.invalid[name] = self.invalid.get(name, 0) + wrong


class AudioFeatures:
    """The features of tracks, one track a row.

    Args:
        uris: dtype 'S', shape (n,), sorted, without repeats.
        values: float32, shape (n, 11), in the order and the units of FEATURES; NaN where a value is missing.
        report: what the files that the features come from held.
    """

    def __init__(
        self, uris: npt.NDArray[np.bytes_], values: npt.NDArray[np.float32], report: FeatureReport | None = None
    ) -> None:
        if values.shape != (len(uris), len(FEATURES)):
            raise ValueError(f"values of shape {values.shape} for {len(uris)} tracks and {len(FEATURES)} features")
        self.uris = uris
        self.values = values
        self.report = report or FeatureReport(rows=len(uris), tracks=len(uris))

    @classmethod
    def merged(
        cls, uris: npt.NDArray[np.bytes_], values: npt.NDArray[np.float32], report: FeatureReport | None = None
    ) -> AudioFeatures:
        """Build features from rows in any order; of a track's rows the first complete one counts, else the fullest."""
        distinct, codes = np.unique(uris, return_inverse=True)
        order = np.lexsort((np.isnan(values).sum(axis=1), codes))
        best = order[np.searchsorted(codes[order], np.arange(len(distinct)))]
        return cls(distinct, values[best], report)

    @classmethod
    def read_csv(cls, paths: Paths) -> AudioFeatures:
        """Read CSV files, plain or gzipped; see `recommender.audio_csv` for the layouts.

        Raises:
            CorpusError: a file cannot be read, or is no CSV file with ids and features.
        """
        report = FeatureReport()
        found = []
        for file in find_files(paths, ".csv"):
            if isinstance(file, Problem):
                raise CorpusError(f"{file}.")
            content, faults = read_content(file)
            try:
                found.append(_parsed(content, faults, report))
            except CorpusError as error:
                raise CorpusError(f"{file}: {error}") from error
        return cls._joined(found, report)

    @classmethod
    def read(cls, directory: str | Path) -> AudioFeatures:
        """Read all features of a corpus folder; none, the normal case for many tracks, is no fault.

        Raises:
            CorpusError: a file is damaged.
        """
        return cls._joined([_read_part(path) for path in sorted(_folder(directory).glob("part-*.parquet"))])

    def write(self, directory: str | Path) -> None:
        """Add the features to a corpus folder; writing the same ones again adds nothing."""
        self._write(directory, self.fingerprint()[:32])

    def __len__(self) -> int:
        return len(self.uris)

    def aligned(self, catalogue: TrackCatalogue) -> npt.NDArray[np.float32]:
        """Return the features of every track of a catalogue: shape (n_tracks, 11), NaN where missing or infinite."""
        places = catalogue.indices_of(self.uris)
        values = np.full((len(catalogue), len(FEATURES)), np.nan, np.float32)
        values[places[places >= 0]] = self.values[places >= 0]
        values[np.isinf(values)] = np.nan
        return values

    def fingerprint(self) -> str:
        """Return the SHA-256 (hex) of the content."""
        digest = hashlib.sha256(b"crossfade features 1")
        hash_array(digest, self.uris)
        hash_array(digest, self.values)
        return digest.hexdigest()

    @classmethod
    def _joined(cls, found: list[AudioFeatures], report: FeatureReport | None = None) -> AudioFeatures:
        uris = [features.uris for features in found] or [np.zeros(0, "S1")]
        values = [features.values for features in found] or [np.zeros((0, len(FEATURES)), np.float32)]
        return cls.merged(np.concatenate(uris), np.concatenate(values), report)

    def _write(self, directory: str | Path, name: str) -> None:
        columns = {URI: strings(self.uris)}
        for place, feature in enumerate(FEATURE_NAMES):
            columns[feature] = pa.array(self.values[:, place], from_pandas=True)
        path = _folder(directory) / f"part-{name}.parquet"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(
                path, partial(pq.write_table, pa.table(columns, schema=FEATURES_SCHEMA), compression="zstd")
            )
        except OSError as error:
            raise CorpusError(
                f"{directory} cannot be written ({error.strerror or error}): free some space or choose another folder."
            ) from error


def import_features(paths: Paths, corpus_dir: str | Path, progress: Progress | None = None) -> FeatureReport:
    """Add CSV files of features to a corpus folder; a file that was imported before is left alone.

    Args:
        paths: files, and folders of them.
        corpus_dir: the folder to add to, made if it is not there.
        progress: called after each file with the number of files done, of all files, and the file.

    Raises:
        CorpusError: nothing at all could be imported, or the folder cannot be written.
    """
    report = FeatureReport()
    found = list(find_files(paths, ".csv"))
    for problem in found:
        if isinstance(problem, Problem):
            report.problems.add(problem)
    files = [file for file in found if isinstance(file, Path)]
    for done, file in enumerate(files, start=1):
        content, faults = read_content(file)
        name = hashlib.sha256(content).hexdigest()[:32]
        if content and (_folder(corpus_dir) / f"part-{name}.parquet").exists():
            report.already_imported += 1
        else:
            try:
                features = _parsed(content, faults, report)
            except CorpusError as error:
                report.problems.add(Problem(str(file), "", str(error)))
            else:
                features._write(corpus_dir, name)
        if progress is not None:
            progress(done, len(files), file)
    if not report.files and not report.already_imported:
        raise CorpusError(f"No features could be imported: {report.problems.summary() or 'give a CSV file'}.")
    return report


def _parsed(content: bytes, faults: list[Problem], report: FeatureReport) -> AudioFeatures:
    if faults:
        # The row at which the file breaks off may end in half a number.
        content = content[: content.rfind(b"\n") + 1]
        if not content:
            raise CorpusError(faults[0].what)
    table = parse_features(content)
    for problem in faults:
        report.problems.add(problem)
    features = AudioFeatures.merged(table.uris, table.values)
    report.count(table, len(features))
    return features


def _folder(directory: str | Path) -> Path:
    return Path(directory) / "features"


def _read_part(path: Path) -> AudioFeatures:
    try:
        table = pq.read_table(path, columns=FEATURES_SCHEMA.names, partitioning=None).cast(FEATURES_SCHEMA)
    except (pa.ArrowException, OSError) as error:
        raise CorpusError(
            f"{path} is damaged or not written by Crossfade: delete it and import its features again."
        ) from error
    columns = [table[name].to_numpy() for name in FEATURE_NAMES]
    return AudioFeatures.merged(byte_strings(table[URI]), np.stack(columns, axis=1).astype(np.float32))
