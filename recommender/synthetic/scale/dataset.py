"""Fictional playlists of any number, written slice by slice, the same for the same seed whoever writes which slice."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from recommender.errors import CorpusError
from recommender.files import write_atomically
from recommender.parts import PartStore
from recommender.records import SOURCE_SYNTHETIC
from recommender.synthetic.groups import taste_groups
from recommender.synthetic.scale.audio import FeatureDrawer, write_features
from recommender.synthetic.scale.catalogue import ScaleCatalogue, draw_catalogue
from recommender.synthetic.scale.law import PopularityLaw
from recommender.synthetic.scale.parts import SLICES_A_PART, part_of
from recommender.synthetic.scale.playlists import (
    LENGTH_MEDIAN,
    LENGTH_SPREAD,
    PLAYLISTS_A_SLICE,
    DrawnSlice,
    SliceDrawer,
)
from recommender.synthetic.scale.slices import slice_name, write_slice

Progress = Callable[[int, int], None]

SETTINGS_FILE = "crossfade-synth.txt"
MISSING_FEATURES = 0.45
_FORMAT = 1
_MEAN_LENGTH = 66.3
_TRACKS_PER_DISTINCT = 3.0
_FEWEST_TRACKS = 1000
_MOST_TRACKS_BY_DEFAULT = 3_000_000


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What writing did.

    Attributes:
        playlists: how many playlists are there now.
        written: files (or parts of a corpus) written.
        kept: those that an earlier run had written.
    """

    playlists: int
    written: int
    kept: int


@dataclass(frozen=True)
class ScaleDataset:
    """Playlists of fictional people from a large fictional catalogue.

    Nothing is drawn before it is asked for. Memory holds the catalogue (about 0.3 GB a million tracks) and one slice of
    1,000 playlists, or one part of 20,000 for a corpus.

    Args:
        n_playlists: how many playlists, at least 1.
        n_tracks: how many tracks the catalogue has; by default three times as many as so many playlists are expected to
            hold, at most 3,000,000.
        random_state: the seed, not negative; the same gives the same files to the byte.
        law: how popular the track of each rank is.
        length_median: see `SliceDrawer`.
        length_spread: see `SliceDrawer`.

    Raises:
        ValueError: a number makes no sense.
    """

    n_playlists: int
    n_tracks: int | None = None
    random_state: int = 0
    law: PopularityLaw = field(default_factory=PopularityLaw)
    length_median: float = LENGTH_MEDIAN
    length_spread: float = LENGTH_SPREAD

    def __post_init__(self) -> None:
        if self.n_playlists < 1:
            raise ValueError("Give a number of playlists of at least 1.")
        if self.n_tracks is not None and not 1 <= self.n_tracks < 2**31:
            raise ValueError("Give a number of tracks of at least 1 and less than 2^31.")
        if self.random_state < 0:
            raise ValueError("Give a seed that is not negative.")
        if self.length_median <= 0 or self.length_spread <= 0:
            raise ValueError("Median and spread of the lengths must be greater than 0.")

    @property
    def catalogue_size(self) -> int:
        """The number of tracks of the catalogue."""
        if self.n_tracks is not None:
            return self.n_tracks
        distinct = self.law.distinct(_MEAN_LENGTH * self.n_playlists)
        return int(min(max(_TRACKS_PER_DISTINCT * distinct, _FEWEST_TRACKS), _MOST_TRACKS_BY_DEFAULT))

    @property
    def catalogue(self) -> ScaleCatalogue:
        """What the playlists are drawn from."""
        return self._drawer.catalogue

    def slices(self) -> Iterator[DrawnSlice]:
        """Draw all playlists, 1,000 at a time."""
        drawer = self._drawer
        for number, count in enumerate(self._counts()):
            yield drawer.slice(number, count)

    def write_slices(
        self, directory: str | Path, *, gz: bool = False, processes: int = 1, progress: Progress | None = None
    ) -> WriteReport:
        """Write files of the Million Playlist Dataset's shape, mpd.slice.0-999.json and so on.

        Each file is there whole or not at all; run again after a break, only those that are missing are written.

        Args:
            directory: an empty folder, made if it is not there, or one that the same settings were written to.
            gz: whether to gzip each file.
            processes: how many processes draw and write; each holds a catalogue of its own.
            progress: called with how many playlists are done, of how many.

        Raises:
            CorpusError: the folder holds something else, or cannot be written.
        """
        folder = Path(directory)
        counts = self._counts()
        names = [slice_name(place * PLAYLISTS_A_SLICE, count, gz=gz) for place, count in enumerate(counts)]
        with _Faults(folder):
            self._claim(folder, names, gz=gz)
            present = {path.name for path in folder.iterdir()}
        wanted = [place for place, name in enumerate(names) if name not in present]
        tasks = {place: partial(_write_slice, self, place, counts[place], folder / names[place]) for place in wanted}
        with _Faults(folder):
            self._run(tasks, counts, processes, progress)
        return WriteReport(self.n_playlists, len(wanted), len(names) - len(wanted))

    def write_corpus(
        self, directory: str | Path, *, processes: int = 1, progress: Progress | None = None
    ) -> WriteReport:
        """Write the playlists into a corpus folder, as the source "synthetic", in parts of 20,000.

        Each part is there whole or not at all; run again after a break, only those that are missing are written.

        Args:
            directory: the folder, made if it is not there; playlists of other sources may be in it.
            processes: how many processes draw and write; each holds a catalogue of its own.
            progress: called with how many playlists are done, of how many.

        Raises:
            CorpusError: the folder holds other synthetic playlists, or cannot be written.
        """
        folder = Path(directory)
        store = PartStore(folder)
        with _Faults(folder):
            folder.mkdir(parents=True, exist_ok=True)
        slices = self._counts()
        places = range(0, len(slices), SLICES_A_PART)
        counts = [sum(slices[place : place + SLICES_A_PART]) for place in places]
        names = [self._part_name(place, count) for place, count in zip(places, counts, strict=True)]
        present = set(store.names())
        if any(store.source(name) == SOURCE_SYNTHETIC for name in present.difference(names)):
            raise CorpusError(
                f"{folder} already holds synthetic playlists of another number, seed or catalogue: give the same ones "
                "again, or choose another folder."
            )
        wanted = [place for place, name in enumerate(names) if name not in present]
        tasks = {
            place: partial(
                _write_part,
                self,
                names[place],
                places[place],
                tuple(slices[places[place] : places[place] + SLICES_A_PART]),
                folder,
            )
            for place in wanted
        }
        with _Faults(folder):
            self._run(tasks, counts, processes, progress)
        return WriteReport(self.n_playlists, len(wanted), len(names) - len(wanted))

    def write_features(
        self, path: str | Path, missing: float = MISSING_FEATURES, progress: Progress | None = None
    ) -> int:
        """Write the audio features of the tracks that have any, as a CSV file; gzipped if its name ends in .gz.

        Args:
            path: the file, replaced if it is there.
            missing: share of the tracks without features, 0 to 1; less popular ones lack them more often.
            progress: called with how many parts are done, of how many.

        Returns:
            How many tracks were written.

        Raises:
            CorpusError: the file cannot be written.
            ValueError: `missing` is no share.
        """
        if not 0.0 <= missing <= 1.0:
            raise ValueError("The share of tracks without features must be from 0 to 1.")
        with _Faults(Path(path)):
            return write_features(FeatureDrawer(self.catalogue, self.random_state), Path(path), missing, progress)

    @property
    def _drawer(self) -> SliceDrawer:
        return _drawer(self.catalogue_size, self.random_state, self.law, self.length_median, self.length_spread)

    def _counts(self) -> list[int]:
        """Return how many playlists each slice has."""
        whole, rest = divmod(self.n_playlists, PLAYLISTS_A_SLICE)
        return [PLAYLISTS_A_SLICE] * whole + [rest] * (rest > 0)

    def _settings(self) -> dict[str, object]:
        """Return all that decides what a slice holds."""
        return {
            "format": _FORMAT,
            "seed": self.random_state,
            "tracks": self.catalogue_size,
            "length_median": self.length_median,
            "length_spread": self.length_spread,
            **asdict(self.law),
        }

    def _part_name(self, first_slice: int, count: int) -> str:
        text = json.dumps([self._settings(), first_slice, count])
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _claim(self, folder: Path, names: Sequence[str], *, gz: bool) -> None:
        """Make the folder this data set's, or see that it is."""
        folder.mkdir(parents=True, exist_ok=True)
        seen = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        settings = {**self._settings(), "gz": gz}
        if SETTINGS_FILE not in seen:
            if seen:
                raise CorpusError(f"{folder} is not empty (it holds {seen[0]}): choose an empty or new folder.")
            text = json.dumps(settings, indent=1) + "\n"
            write_atomically(folder / SETTINGS_FILE, lambda stream: stream.write(text.encode()))
            return
        there = _read_settings(folder / SETTINGS_FILE)
        differing = [name for name in settings if there.get(name) != settings[name]]
        if differing:
            raise CorpusError(
                f"{folder} was begun with other settings ({differing[0]} {there.get(differing[0])} instead of "
                f"{settings[differing[0]]}): give the same again, or choose an empty folder."
            )
        others = sorted({name for name in seen if name.endswith((".json", ".json.gz"))}.difference(names))
        if others:
            raise CorpusError(
                f"{folder} also holds {others[0]}, which is no slice of {self.n_playlists:,} playlists: ask for as "
                "many as before or for more whole thousands, or choose an empty folder."
            )

    def _run(
        self, tasks: Mapping[int, Callable[[], None]], counts: Sequence[int], processes: int, progress: Progress | None
    ) -> None:
        done = self.n_playlists - sum(counts[place] for place in tasks)
        if progress is not None:
            progress(done, self.n_playlists)
        for place in _finished(tasks, processes):
            done += counts[place]
            if progress is not None:
                progress(done, self.n_playlists)


class _Faults:
    """Turns what the file system says into one sentence."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise CorpusError(
                f"{self._path} cannot be written ({error.strerror or error}): free some space or choose another place, "
                "then run the same command again; it goes on where it stopped."
            ) from error


@lru_cache(maxsize=1)
def _drawer(n_tracks: int, random_state: int, law: PopularityLaw, median: float, spread: float) -> SliceDrawer:
    # Kept, since a worker process is asked for many slices of one catalogue.
    catalogue = draw_catalogue(taste_groups(), n_tracks, law, random_state)
    return SliceDrawer(catalogue, random_state, median, spread)


def _write_slice(dataset: ScaleDataset, number: int, count: int, path: Path) -> None:
    drawer = dataset._drawer
    write_slice(drawer.catalogue, drawer.slice(number, count), path)


def _write_part(dataset: ScaleDataset, name: str, first: int, counts: Sequence[int], directory: Path) -> None:
    drawer = dataset._drawer
    drawn = [drawer.slice(first + place, count) for place, count in enumerate(counts)]
    PartStore(directory).write(name, part_of(drawer.catalogue, drawn))


def _finished(tasks: Mapping[int, Callable[[], None]], processes: int) -> Iterator[int]:
    """Do the tasks and yield the number of each when it is done."""
    if processes <= 1 or len(tasks) <= 1:
        for number, task in tasks.items():
            task()
            yield number
        return
    # A fork of a process with Arrow's threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(tasks)), mp_context=context) as pool:
        running = {pool.submit(task): number for number, task in tasks.items()}
        try:
            for future in as_completed(running):
                future.result()
                yield running[future]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _read_settings(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CorpusError(f"{path} is damaged: choose an empty folder.")
    return found
