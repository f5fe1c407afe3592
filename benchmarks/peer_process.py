"""Peers in an environment of their own: playlists and queries go into a file, rankings come out of another."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from peer_base import Peer, Settings, Training

from recommender.candidates.base import Query
from recommender.candidates.interactions import IntArray
from recommender.columns import offsets_of
from recommender.errors import RecommenderError
from recommender.evaluation import Case, Contender, Cost
from recommender.text import normalised_text

WORKER = Path(__file__).with_name("peer_worker.py")
HOW = "give --peers-python with an environment made by pip install -r benchmarks/requirements-peers.txt"

_NAMES = {"lightfm": "LightFM WARP", "rectools-ease": "RecTools EASE"}
_CHOICES: dict[str, list[Settings]] = {
    "lightfm": [
        {"by": "playlist", "loss": "warp", "no_components": 64, "learning_rate": 0.05, "epochs": 20},
        {"by": "playlist", "loss": "warp", "no_components": 128, "learning_rate": 0.05, "epochs": 20},
        {"by": "tracks", "loss": "warp", "no_components": 64, "learning_rate": 0.05, "epochs": 5},
    ],
    "rectools-ease": [{"tracks": 8000, "regularization": value} for value in (200, 500, 100)],
}
_FEWEST_TITLES = 3
_TIMEOUT_S = 7200.0


class OutsidePeers:
    """The peers that another Python runs.

    Args:
        python: that Python; None if there is none.

    Attributes:
        skipped: why a peer cannot take part, by name.
        costs: of each contender that has run, what its own process measured, and the milliseconds of every case.
    """

    def __init__(self, python: Path | None) -> None:
        self._python = python
        self.skipped: dict[str, str] = {}
        self.costs: dict[str, tuple[Cost, npt.NDArray[np.float64]]] = {}

    def peers(self) -> list[Peer]:
        """Return those that can run; `skipped` then names the others."""
        if self._python is None:
            self.skipped = {name: f"it needs an environment of its own: {HOW}" for name in _NAMES.values()}
            return []
        told = json.loads(self._call("--check"))
        self.skipped = {_NAMES[method]: found["fault"] for method, found in told.items() if "fault" in found}
        return [
            Peer(_NAMES[method], self._maker(method), _CHOICES[method], found["version"])
            for method, found in told.items()
            if "version" in found
        ]

    def _maker(self, method: str) -> Callable[[str, Settings, Sequence[Case]], Contender]:
        return lambda name, settings, cases: self._contender(method, name, settings, cases)

    def _contender(self, method: str, name: str, settings: Settings, cases: Sequence[Case]) -> Contender:
        def fit(corpus: object, features: object) -> Callable[[Query], IntArray]:
            training = Training.of(corpus)  # type: ignore[arg-type]
            queries = [case.query for case in cases]
            with tempfile.TemporaryDirectory() as folder:
                source, target = Path(folder, "in.npz"), Path(folder, "out.npz")
                write_task(source, training, queries, settings)
                self._call(method, str(source), str(target))
                with np.load(target) as answered:
                    rankings, times = answered["rankings"], answered["milliseconds"]
                    seconds, peak, added = (float(answered[key]) for key in ("fit_seconds", "peak_mb", "added_mb"))
            median, p95 = np.quantile(times, [0.5, 0.95]).tolist() if len(times) else (0.0, 0.0)
            mean = float(times.mean()) if len(times) else 0.0
            memory = (None, None) if np.isnan(peak) else (peak, added)
            self.costs[name] = (Cost(seconds, mean, median, p95, *memory), times)
            found = {_key(query): ranking for query, ranking in zip(queries, rankings, strict=True)}

            def rank(query: Query) -> IntArray:
                ranking = found[_key(query)]
                return training.filled(training.tracks[ranking[ranking >= 0]], query)

            return rank

        return Contender(name, fit)

    def _call(self, *arguments: str) -> str:
        command = [str(self._python), str(WORKER), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - the user's own Python
        except OSError as error:
            raise RecommenderError(f"{self._python} cannot be run ({error.strerror}): {HOW}.") from error
        except subprocess.TimeoutExpired as error:
            raise RecommenderError(f"{arguments[0]} took more than {_TIMEOUT_S / 3600:.0f} h.") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"])[-1]
            raise RecommenderError(f"{arguments[0]} failed in {self._python}: {last}.")
        return done.stdout


def write_task(target: Path, training: Training, queries: Sequence[Query], settings: Settings) -> None:
    """Write what `peer_worker.run` reads: title words are those that three or more training playlists use."""
    titles = [_words(title) for title in training.corpus.titles]
    counts = Counter(word for words in titles for word in words)
    numbers = {word: number for number, word in enumerate(sorted(w for w, n in counts.items() if n >= _FEWEST_TITLES))}
    word_indptr, word_indices = _flat([numbers[w] for w in words if w in numbers] for words in titles)
    query_indptr, query_indices = _flat(training.known(query).tolist() for query in queries)
    query_word_indptr, query_word_indices = _flat(
        [numbers[word] for word in _words(query.title) if word in numbers] for query in queries
    )
    np.savez(
        target,
        indptr=training.matrix.indptr,
        indices=training.matrix.indices,
        n_items=training.matrix.shape[1],
        word_indptr=word_indptr,
        word_indices=word_indices,
        n_words=len(numbers),
        query_indptr=query_indptr,
        query_indices=query_indices,
        query_word_indptr=query_word_indptr,
        query_word_indices=query_word_indices,
        settings=json.dumps(dict(settings)),
    )


def _words(title: str | None) -> list[str]:
    return sorted(set(normalised_text(title or "").split()))


def _flat(rows: Iterable[Sequence[int]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return where each row begins, and all rows one after another."""
    listed = list(rows)
    sizes = np.array([len(row) for row in listed], np.int64)
    return offsets_of(sizes), np.array([number for row in listed for number in row], np.int32)


def _key(query: Query) -> tuple[bytes, str | None]:
    return query.seeds.tobytes(), query.title
