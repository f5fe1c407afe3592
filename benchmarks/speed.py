"""How quickly a saved model answers: warm start, `recommend` with reasons by number of seeds, and memory of serving.

    python benchmarks/speed.py --model DIR [--queries N] [--seed S] [--verify yes|no|both] [--peer] [--profile]

DIR is a model's folder, such as models/current; no corpus is needed, for the queries are drawn from the playlists that
the model has learnt from: some of a playlist's tracks in their order, with a title that is made up or names one of its
artists, since a model keeps no titles. Start and memory are those of fresh processes whose files are in the page cache;
--verify says whether they compare checksums. Processor time is told too: on a busy machine it says more. --peer also
measures implicit's ALS (64 factors) answering the same queries, without reasons. --profile prints where the time goes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender import Hybrid

K = 30
SEEDS = (0, 1, 5, 10, 25, 100)
STARTS = 3
FACTORS = 64
_QUANTILES = (0.5, 0.95, 0.99)
_PROFILED_LINES = 30
_ARTIST_TITLES = 1 / 3

TITLES = (
    "rainy day",
    "workout 💪",
    "Summer 2016",
    "throwbacks",
    "chill",
    "road trip!",
    "party",
    "old but gold",
    "sleep",
)

# Seeds as URIs, and a title.
Asked = tuple[list[str], str]
# Milliseconds by the clock, and of the processor.
Times = list[tuple[float, float]]


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--child"]:
        serve(Path(sys.argv[2]), Path(sys.argv[3]), verify=sys.argv[4] == "yes")
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a saved model's folder")
    parser.add_argument("--queries", type=int, default=600, help="how many, shared out evenly over the seed counts")
    parser.add_argument("--seed", type=int, default=0, help="decides which ones")
    parser.add_argument("--verify", choices=("yes", "no", "both"), default="both", help="compare checksums at start")
    parser.add_argument("--peer", action="store_true", help="also measure implicit's ALS")
    parser.add_argument("--profile", action="store_true", help="also print where the time goes")
    options = parser.parse_args()
    from recommender import Hybrid, RecommenderError

    try:
        if options.queries < 1:
            raise RecommenderError("--queries must be 1 or more.")
        report(options, Hybrid.load(options.model, verify=False))
    except RecommenderError as error:
        sys.exit(str(error))


def report(options: argparse.Namespace, model: Hybrid) -> None:
    """Measure and print.

    Raises:
        RecommenderError: no playlist is long enough to be asked about, or a process fails.
    """
    from recommender import RecommenderError

    queries = list(draw(model, options.queries, options.seed))
    if not queries:
        raise RecommenderError("The model has no playlist with more than one track: train on more.")
    corpus = model.interactions_.corpus
    ranked = "the learnt ranker" if model.ranker_ is not None else "the blend"
    print(
        f"{corpus.n_playlists:,} playlists, {corpus.n_tracks:,} tracks, ranked by {ranked}; {len(queries):,} queries "
        f"for {K} tracks with reasons.\n"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(queries, file)
        file.flush()
        for verify in {"yes": ["yes"], "no": ["no"], "both": ["yes", "no"]}[options.verify]:
            starts = [child(options.model, file.name, verify, first_only=True) for _ in range(STARTS)]
            served = child(options.model, file.name, verify, first_only=False)
            print_start(verify, starts, served)
            print_latency([len(seeds) for seeds, _ in queries], served["times"], "`recommend`")
    if options.peer:
        ours, theirs = compared(model, queries)
        print_latency([len(seeds) for seeds, _ in queries], theirs, f"implicit ALS, {FACTORS} factors, no reasons")
        ratio = median(wall for wall, _ in ours) / median(wall for wall, _ in theirs)
        print(f"`recommend` with reasons takes {ratio:.1f} times as long, median over median.\n")
    if options.profile:
        profile(model, queries)


def draw(model: Hybrid, count: int, seed: int) -> Iterator[Asked]:
    """Yield queries: of playlists with more tracks than are shown, evenly by number of seeds, in mixed order."""
    import numpy as np

    rng = np.random.default_rng(seed)
    corpus = model.interactions_.corpus
    lengths = np.diff(corpus.indptr)
    for number in range(count):
        n_seeds = SEEDS[number % len(SEEDS)]
        fitting = np.flatnonzero(lengths > max(n_seeds, 1))
        if not len(fitting):
            continue
        tracks = corpus.tracks_of(int(rng.choice(fitting)))
        shown = tracks[np.sort(rng.choice(len(tracks), n_seeds, replace=False))]
        artist = corpus.catalogue.track(int(rng.choice(tracks))).artist_name
        title = artist if artist and rng.random() < _ARTIST_TITLES else str(rng.choice(TITLES))
        yield [corpus.catalogue.uri(int(track)) for track in shown], title


def child(model: Path, queries: str, verify: str, *, first_only: bool) -> dict[str, Any]:
    """Run `serve` in a fresh process and return what it measured.

    Raises:
        RecommenderError: the process failed.
    """
    from recommender import RecommenderError

    command = [sys.executable, __file__, "--child", str(model), queries, verify, *(["first"] if first_only else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this script itself
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RecommenderError(f"The serving process failed: {last}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def serve(directory: Path, queries: Path, *, verify: bool) -> None:
    """Import, load, answer, and print as JSON what each took: seconds, milliseconds a query, MB."""
    asked: list[Asked] = json.loads(queries.read_text())
    before = time.perf_counter()
    from recommender import Hybrid

    imported = time.perf_counter()
    model = Hybrid.load(directory, verify=verify)
    loaded = time.perf_counter()
    model.recommend(*asked[0], k=K)
    first = time.perf_counter()
    told: dict[str, Any] = {"import": imported - before, "load": loaded - imported, "first": first - loaded}
    if sys.argv[5:] != ["first"]:
        told["times"] = timed(lambda seeds, title: model.recommend(seeds, title, k=K), asked)
    told |= {"peak": resident("VmHWM:"), "anonymous": resident("RssAnon:")}
    print(json.dumps(told))


def timed(answer: Callable[[list[str], str], object], queries: Sequence[Asked]) -> Times:
    """Return what each query takes."""
    times = []
    for seeds, title in queries:
        start, used = time.perf_counter(), time.process_time()
        answer(seeds, title)
        times.append(((time.perf_counter() - start) * 1000, (time.process_time() - used) * 1000))
    return times


def compared(model: Hybrid, queries: Sequence[Asked]) -> tuple[Times, Times]:
    """Return the times of the model and of implicit's ALS, measured in turn in this process.

    ALS learns from the model's own playlists, for two rounds only: how well it ranks does not change how long it takes.
    """
    import numpy as np
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    corpus = model.interactions_.corpus
    als = AlternatingLeastSquares(factors=FACTORS, alpha=20, iterations=2, random_state=1)
    with threadpool_limits(1, "blas"):
        als.fit(corpus.matrix, show_progress=False)

    def theirs(seeds: list[str], title: str) -> object:
        columns = corpus.catalogue.indices_of(seeds)
        columns = np.sort(columns[columns >= 0])
        row = csr_matrix((np.ones(len(columns), np.float32), columns, [0, len(columns)]), (1, corpus.n_tracks))
        found, _ = als.recommend(0, row, N=K, recalculate_user=True)
        return corpus.catalogue.tracks(found)

    theirs(*queries[0])
    model.recommend(*queries[0], k=K)
    pairs = [
        (timed(lambda seeds, title: model.recommend(seeds, title, k=K), [query])[0], timed(theirs, [query])[0])
        for query in queries
    ]
    return [ours for ours, _ in pairs], [other for _, other in pairs]


def profile(model: Hybrid, queries: Sequence[Asked]) -> None:
    """Print what takes most of the time, by function."""
    import cProfile
    import pstats

    model.recommend(*queries[0], k=K)
    profiler = cProfile.Profile()
    profiler.enable()
    for seeds, title in queries:
        model.recommend(seeds, title, k=K)
    profiler.disable()
    print(f"Where the time of {len(queries):,} queries goes (the profiler itself slows them down):\n", flush=True)
    statistics = pstats.Stats(profiler).strip_dirs()
    statistics.sort_stats("cumulative").print_stats(_PROFILED_LINES)
    statistics.sort_stats("tottime").print_stats(_PROFILED_LINES)


def print_start(verify: str, starts: Sequence[dict[str, Any]], served: dict[str, Any]) -> None:
    """Print what starting takes, and the memory of serving."""
    parts = {name: median([start[name] for start in starts]) for name in ("import", "load", "first")}
    print(f"Warm start, checksums {'compared' if verify == 'yes' else 'not compared'} (median of {len(starts)}):\n")
    print("| import s | load s | first answer s | together s | peak MB of serving | of it anonymous at the end, MB |")
    print("|---|---|---|---|---|---|")
    told = " | ".join(f"{seconds:.2f}" for seconds in (*parts.values(), sum(parts.values())))
    memory = ["–" if served[name] is None else f"{served[name]:,.0f}" for name in ("peak", "anonymous")]
    print(f"| {told} | {' | '.join(memory)} |\n")


def print_latency(sizes: Sequence[int], measured: Times, what: str) -> None:
    """Print quantiles by number of seeds and over all."""
    import numpy as np

    print(f"Milliseconds of {what}:\n\n| seeds | queries | median | p95 | p99 | processor, median | p95 |")
    print("|---|---|---|---|---|---|---|")
    times, of_query = np.array(measured), np.array(sizes)
    for name, chosen in (
        *((str(n) if n else "title only", of_query == n) for n in SEEDS),
        ("all", np.ones(len(times), bool)),
    ):
        if chosen.any():
            quantiles = [*np.quantile(times[chosen, 0], _QUANTILES), *np.quantile(times[chosen, 1], _QUANTILES[:2])]
            told = " | ".join(f"{value:.1f}" for value in quantiles)
            print(f"| {name} | {int(chosen.sum())} | {told} |")
    print()


def resident(field: str) -> float | None:
    """Return a figure of this process's memory in 10^6 bytes; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field)), None)


if __name__ == "__main__":
    main()
