"""Peers that need an environment of their own: run by peers.py with that environment's Python.

    python peer_worker.py --check               prints what of each method is installed, as JSON
    python peer_worker.py METHOD IN.npz OUT.npz  learns and ranks

Only numpy, scipy and the peers' libraries are imported here, nothing of the project. IN holds the training playlists
by tracks (indptr, indices, n_items), their title words (word_indptr, word_indices, n_words), the queries in the same
form (query_indptr, query_indices, query_word_indptr, query_word_indices) and the settings as JSON. OUT holds rankings,
int32, shape (n_queries, length), -1 where there is no more, fit_seconds, milliseconds of each query, and peak_mb and
added_mb, NaN where the system does not tell.
"""

from __future__ import annotations

import gc
import importlib.metadata
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack

LENGTH = 500
# Takes the settings, playlists by tracks and playlists by title words; returns what answers one query.
Answer = Callable[[Any, Any], Any]
Learn = Callable[[Mapping[str, Any], Any, Any], Answer]


def lightfm(settings: Mapping[str, Any], rows: Any, words: Any) -> Answer:  # noqa: ANN401 - matrices
    """LightFM, a playlist's features being what it holds, or itself; and always its title's words.

    With `by` "tracks" a playlist is the mean of its tracks and words: so a new one is represented as LightFM has it
    for new users. With "playlist" every playlist has factors of its own, and a new one is continued by the tracks whose
    representations are nearest to the seeds' (the sum of cosines), or with a title alone by its words.
    """
    from lightfm import LightFM
    from scipy.sparse import identity

    given = dict(settings)
    by, epochs = given.pop("by"), given.pop("epochs")
    own = rows if by == "tracks" else identity(rows.shape[0], format="csr", dtype=np.float32)
    features = _means(hstack([own, words], format="csr"))
    # With more threads than one the result is another one each time.
    model = LightFM(random_state=1, **given)
    model.fit(rows.tocoo(), user_features=features, epochs=epochs, num_threads=1)
    biases, vectors = model.get_item_representations()
    of_users = model.user_embeddings
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def answer(seeds: Any, title: Any) -> Any:  # noqa: ANN401 - arrays
        if by != "tracks" and len(seeds):
            return units @ units[seeds].sum(axis=0)
        used = np.concatenate([seeds if by == "tracks" else seeds[:0], own.shape[1] + title]).astype(np.intp)
        return vectors @ of_users[used].mean(axis=0) + biases if len(used) else biases

    return answer


def rectools_ease(settings: Mapping[str, Any], rows: Any, words: Any) -> Answer:  # noqa: ANN401 - matrices
    """EASE of RecTools over the most popular tracks: it solves a dense matrix of all pairs of tracks.

    Its other models answer only for users that were there when they learnt; EASE takes any.
    """
    import pandas as pd
    from rectools import Columns
    from rectools.dataset import Dataset, IdMap, Interactions
    from rectools.models import EASEModel

    most = int(settings["tracks"])
    counts = np.bincount(rows.indices, minlength=rows.shape[1])
    kept = np.sort(np.argsort(-counts, kind="stable")[:most])
    places = np.full(rows.shape[1], -1)
    places[kept] = np.arange(len(kept))
    items = IdMap.from_values(np.arange(len(kept)))
    moment = pd.Timestamp("2018-01-01")

    def dataset(users: Any, columns: Any) -> Any:  # noqa: ANN401 - arrays in, RecTools' own class out
        frame = pd.DataFrame(
            {Columns.User: users, Columns.Item: columns, Columns.Weight: 1.0, Columns.Datetime: moment}
        )
        return Dataset(IdMap.from_values(np.unique(users)), items, Interactions(frame))

    popular = rows[:, kept].tocoo()
    known = np.unique(popular.row)
    model = EASEModel(regularization=float(settings["regularization"]))
    model.fit(dataset(np.searchsorted(known, popular.row), popular.col))

    def answer(seeds: Any, title: Any) -> Any:  # noqa: ANN401 - arrays
        scores = np.zeros(rows.shape[1])
        columns = places[seeds]
        columns = columns[columns >= 0]
        if not len(columns):
            return scores
        # RecTools counts tracks up to the last one that a data set has: another user has it, so that all are counted.
        one = dataset(np.append(np.zeros(len(columns), int), 1), np.append(columns, len(kept) - 1))
        found = model.recommend(np.zeros(1, int), one, k=LENGTH, filter_viewed=True)
        # Its order is what counts, and negative scores are answers too.
        scores[kept[found[Columns.Item].to_numpy()]] = np.arange(len(found), 0, -1)
        return scores

    return answer


METHODS: dict[str, Learn] = {"lightfm": lightfm, "rectools-ease": rectools_ease}
_NEEDED = {"lightfm": ("lightfm", ("lightfm-next", "lightfm")), "rectools-ease": ("rectools.models", ("RecTools",))}


def main(arguments: list[str]) -> None:
    """Check, or learn and rank."""
    if arguments == ["--check"]:
        print(json.dumps({method: _installed(method) for method in METHODS}))
        return
    method, source, target = arguments
    # Before the clock runs: the other peers' libraries are there too when they begin to learn.
    _installed(method)
    run(METHODS[method], Path(source), Path(target))


def run(learn: Learn, source: Path, target: Path) -> None:
    """Learn from one file, rank its queries, write the other."""
    with np.load(source) as told:
        n_items, n_words = int(told["n_items"]), int(told["n_words"])
        rows = _matrix(told["indptr"], told["indices"], n_items)
        words = _matrix(told["word_indptr"], told["word_indices"], n_words)
        queries = list(_slices(told["query_indptr"], told["query_indices"]))
        titles = list(_slices(told["query_word_indptr"], told["query_word_indices"]))
        settings = json.loads(str(told["settings"]))
    gc.collect()
    before = _resident("VmRSS:")
    start = time.perf_counter()
    answer = learn(settings, rows, words)
    fit_seconds = time.perf_counter() - start
    if queries:
        # What a library prepares when it is first asked is no part of any playlist's time.
        answer(queries[0], titles[0])
    rankings = np.full((len(queries), LENGTH), -1, np.int32)
    milliseconds = np.zeros(len(queries))
    for place, (seeds, title) in enumerate(zip(queries, titles, strict=True)):
        start = time.perf_counter()
        if len(seeds) or len(title):
            scores = np.array(answer(seeds, title), np.float64)
            best = _best(scores, seeds)
            rankings[place, : len(best)] = best
        milliseconds[place] = (time.perf_counter() - start) * 1000
    most = _resident("VmHWM:")
    np.savez(
        target,
        rankings=rankings,
        milliseconds=milliseconds,
        fit_seconds=fit_seconds,
        peak_mb=most,
        added_mb=max(most - before, 0.0),
    )


def _best(scores: Any, seeds: Any) -> Any:  # noqa: ANN401 - arrays
    """Return the best columns but the seeds; none of those with score 0, which says nothing."""
    scores[seeds] = -np.inf
    scores[scores == 0] = -np.inf
    best = np.argpartition(-scores, min(LENGTH, len(scores) - 1))[:LENGTH]
    best = best[np.isfinite(scores[best])]
    return best[np.argsort(-scores[best], kind="stable")]


def _installed(method: str) -> dict[str, str]:
    module, packages = _NEEDED[method]
    try:
        __import__(module)
    # Whatever a library does when it cannot be imported is a reason.
    except Exception as error:
        return {"fault": f"{type(error).__name__}: {error}"}
    for package in packages:
        try:
            return {"version": f"{package} {importlib.metadata.version(package)}"}
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"version": module.partition(".")[0]}


def _matrix(indptr: Any, indices: Any, n_columns: int) -> Any:  # noqa: ANN401 - arrays
    ones = np.ones(len(indices), np.float32)
    return csr_matrix((ones, indices, indptr), shape=(len(indptr) - 1, n_columns))


def _slices(indptr: Any, indices: Any) -> Iterator[Any]:  # noqa: ANN401 - arrays
    for begin, end in zip(indptr[:-1].tolist(), indptr[1:].tolist(), strict=True):
        yield indices[begin:end]


def _means(matrix: Any) -> Any:  # noqa: ANN401 - matrices
    sums = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1)
    matrix.data = (matrix.data / np.repeat(sums, np.diff(matrix.indptr))).astype(np.float32)
    return matrix


def _resident(field: str) -> float:
    """Return the resident memory of this process, now ("VmRSS:") or at most ("VmHWM:"), in 10^6 bytes."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return math.nan
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field)), math.nan)


if __name__ == "__main__":
    main(sys.argv[1:])
