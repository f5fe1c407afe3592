"""How like real playlists the fictional ones of `crossfade synth` are: figures side by side, and the popularity curves.

    python benchmarks/synthetic_fit.py --data DIR [--image FILE.png] [--refit]

DIR holds playlists in the Million Playlist Dataset's format. As many fictional playlists are drawn, with lengths that
are fitted to those in DIR, and both are measured in the same way. --refit also fits the popularity law to DIR and to
the published figures of the whole data set, and prints its parameters. The image shows curves of the real data: keep it
to yourself where the data's terms say so.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares, minimize
from scipy.sparse import csr_matrix

from recommender.columns import offsets_of
from recommender.corpus import PlaylistCorpus
from recommender.synthetic.scale import PopularityLaw, ScaleDataset
from recommender.synthetic.scale.playlists import LONGEST, SHORTEST

RANKS = (1, 10, 100, 1000, 10_000)
ARTIST_RANKS = (1, 10, 100, 1000, 10_000)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHARES = (0.125, 0.25, 0.5, 1.0)
TOP_TITLES = (1, 10, 100)
# Published with the data set: entries, different tracks; the share of those that come up once is of a later study.
WHOLE = (66_346_428, 2_262_292, 0.47)
N_ANSWERS = 500
SEEDS = (1, 5, 10, 25)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """Playlists: the tracks of playlist i are tracks[bounds[i]:bounds[i + 1]]."""

    bounds: Ints
    tracks: Ints
    artist: Ints
    titles: Sequence[str]

    @property
    def n_tracks(self) -> int:
        """The number of tracks, those that no playlist has included."""
        return len(self.artist)

    @property
    def lengths(self) -> Ints:
        """How many tracks each playlist has."""
        return np.diff(self.bounds)

    @property
    def counts(self) -> Ints:
        """In how many playlists each track is, falling, without those that are in none."""
        counts = np.bincount(self.tracks, minlength=self.n_tracks)
        return np.sort(counts[counts > 0])[::-1]


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="files or a folder of real playlists")
    arguments.add_argument("--image", type=Path, help="where to draw the popularity curves")
    arguments.add_argument("--refit", action="store_true", help="fit the popularity law anew")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--cases", type=int, default=500, help="playlists to continue for the last table")
    given = arguments.parse_args()
    real = real_data(given.data)
    if given.refit:
        refit(real)
    median, spread = fitted_lengths(real.lengths)
    print(f"lengths: lognormal with median {median:.0f}, spread {spread:.2f}, cut off at {SHORTEST} and {LONGEST}\n")
    synthetic = synthetic_data(ScaleDataset(len(real.lengths), None, given.seed, PopularityLaw(), median, spread))
    print("| figure | real | synthetic |\n|---|---|---|")
    rows = zip(figures(real, given.seed), figures(synthetic, given.seed), strict=True)
    for (name, first), (_, second) in rows:
        print(f"| {name} | {first} | {second} |")
    accuracies = [accuracy(data, given.cases, given.seed) for data in (real, synthetic)]
    for name in accuracies[0]:
        print(f"| {name} | {accuracies[0][name]:.3f} | {accuracies[1][name]:.3f} |", flush=True)
    if given.image:
        draw(real, synthetic, given.image)


def real_data(path: Path) -> Data:
    """Read real playlists."""
    corpus = PlaylistCorpus.from_mpd(path)
    artist = corpus.catalogue.artist_ids.astype(np.int64)
    titles = [title or "" for title in corpus.titles]
    return Data(corpus.indptr, corpus.indices.astype(np.int64), artist, titles)


def synthetic_data(dataset: ScaleDataset) -> Data:
    """Draw fictional playlists."""
    slices = list(dataset.slices())
    catalogue = dataset.catalogue
    return Data(
        offsets_of(np.concatenate([one.counts for one in slices])),
        np.concatenate([one.tracks for one in slices]),
        catalogue.track_artist(np.arange(catalogue.n_tracks)).astype(np.int64),
        [title for one in slices for title in one.titles],
    )


def figures(data: Data, seed: int) -> Iterator[tuple[str, str]]:
    """Yield names and values of what makes playlists what they are."""
    n_playlists, n_entries = len(data.lengths), len(data.tracks)
    counts = data.counts
    yield "entries", f"{n_entries:,}"
    yield f"length, quantiles {_listed(QUANTILES)}", _listed(np.quantile(data.lengths, QUANTILES).round())
    for rank in RANKS:
        yield f"share of playlists with the track of rank {rank:,}", f"{counts[rank - 1] / n_playlists:.4f}"
    for share in SHARES:
        rows = np.random.default_rng(seed).permutation(n_playlists)[: round(share * n_playlists)]
        chosen = np.isin(np.repeat(np.arange(n_playlists), data.lengths), rows)
        seen = np.bincount(data.tracks[chosen])
        distinct = int((seen > 0).sum())
        yield (
            f"different tracks in {share:.1%} of the playlists (share that comes up once)",
            f"{distinct:,} ({(seen == 1).sum() / distinct:.2f})",
        )
    artist = data.artist[data.tracks]
    by_artist = np.sort(np.bincount(artist))[::-1]
    for rank in ARTIST_RANKS:
        yield f"share of entries by the first {rank:,} artists", f"{by_artist[:rank].sum() / n_entries:.3f}"
    own = np.bincount(data.artist[np.unique(data.tracks)])
    own = own[own > 0]
    yield "tracks an artist: mean, 99th percentile", f"{own.mean():.1f}, {np.quantile(own, 0.99):.0f}"
    yield "artists with one track", f"{(own == 1).mean():.2f}"
    playlist = np.repeat(np.arange(n_playlists), data.lengths)
    pairs = np.unique(playlist * (artist.max() + 1) + artist) // (artist.max() + 1)
    variety = np.bincount(pairs, minlength=n_playlists) / data.lengths
    yield (
        f"different artists a track in a playlist, quantiles {_listed(QUANTILES)}",
        _listed(np.quantile(variety, QUANTILES).round(2)),
    )
    adjacent = playlist[1:] == playlist[:-1]
    yield "neighbours by the same artist", f"{(artist[1:] == artist[:-1])[adjacent].mean():.3f}"
    plain = Counter(re.sub(r"[^\w ]", "", title.lower()).strip() for title in data.titles)
    yield "different titles (letters and digits only)", f"{len(set(data.titles)):,} ({len(plain):,})"
    for top in TOP_TITLES:
        share = sum(count for _, count in plain.most_common(top)) / n_playlists
        yield f"share of playlists with the {top} most frequent titles", f"{share:.3f}"
    for name, test in (
        ("in capitals", str.isupper),
        ("in small letters", str.islower),
        ("with a digit", lambda title: bool(re.search(r"\d", title))),
        ("with an emoji", lambda title: any(ord(letter) > 0x2600 for letter in title)),
    ):
        yield f"titles {name}", f"{np.mean([test(title) for title in data.titles]):.3f}"


def accuracy(data: Data, n_cases: int, seed: int) -> dict[str, float]:
    """Continue playlists from 1, 5, 10 or 25 random tracks; return NDCG@500 of three rankers, and what none can know.

    The rankers: popularity; the sum over playlists of shared tracks; neighbours by squared sum of IDF over length^0.75.
    """
    rng = np.random.default_rng(seed)
    eligible = np.flatnonzero(data.lengths >= 30)
    test = rng.permutation(eligible)[:n_cases]
    training = np.ones(len(data.lengths), np.bool_)
    training[test] = False
    ones = np.ones(len(data.tracks), np.float32)
    matrix = csr_matrix((ones, data.tracks, data.bounds), shape=(len(data.lengths), data.n_tracks))[training]
    by_track = matrix.T.tocsr()
    popularity = np.diff(by_track.indptr).astype(np.float64)
    idf = np.log((matrix.shape[0] + 1) / (popularity + 1))
    lengths = np.diff(matrix.indptr)
    discounts = 1.0 / np.log2(np.arange(N_ANSWERS) + 2)
    found: dict[str, list[float]] = {"popularity": [], "co-occurrence": [], "neighbours": []}
    unknown = []
    for case, playlist in enumerate(test):
        tracks = rng.permutation(data.tracks[data.bounds[playlist] : data.bounds[playlist + 1]])
        seeds, withheld = np.split(tracks, [SEEDS[case % len(SEEDS)]])
        shared = by_track[seeds]
        overlap = np.asarray(shared.sum(axis=0)).ravel()
        similar = np.asarray(shared.T @ idf[seeds]).ravel() ** 2 / lengths**0.75
        unknown.append((popularity[withheld] == 0).mean())
        for name, scores in (
            ("popularity", popularity.copy()),
            ("co-occurrence", by_track @ overlap + 1e-9 * popularity),
            ("neighbours", by_track @ similar + 1e-9 * popularity),
        ):
            scores[seeds] = -1.0
            best = np.argpartition(-scores, N_ANSWERS)[:N_ANSWERS]
            hits = np.isin(best[np.argsort(-scores[best], kind="stable")], withheld)
            ideal = discounts[: min(N_ANSWERS, len(withheld))].sum()
            found[name].append(float(hits @ discounts / ideal))
    means = {f"NDCG@500, {name}": float(np.mean(values)) for name, values in found.items()}
    return {**means, "withheld tracks that no other playlist has": float(np.mean(unknown))}


def fitted_lengths(lengths: Ints) -> tuple[float, float]:
    """Return median and spread of the lognormal that, cut off, has quantiles nearest to those of the lengths."""
    at = np.arange(0.05, 1.0, 0.05)
    wanted = np.quantile(lengths, at)
    values = np.arange(SHORTEST, LONGEST + 1)

    def distance(parameters: Floats) -> float:
        density = np.exp(-0.5 * ((np.log(values) - parameters[0]) / np.exp(parameters[1])) ** 2) / values
        quantiles = np.interp(at, np.cumsum(density) / density.sum(), values)
        return float(((quantiles - wanted) ** 2).sum())

    best = minimize(distance, [np.log(np.median(lengths)), 0.0], method="Nelder-Mead").x
    return float(np.exp(best[0])), float(np.exp(best[1]))


def refit(data: Data) -> None:
    """Fit the popularity law to the rank curve, to how the number of tracks grows, and to the whole data set."""
    counts, n_entries = data.counts, len(data.tracks)
    ranks = [rank for rank in (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 20_000, 30_000) if rank <= len(counts)]
    growth = [WHOLE]
    for share in SHARES:
        rows = np.random.default_rng(0).permutation(len(data.lengths))[: round(share * len(data.lengths))]
        seen = np.bincount(data.tracks[np.isin(np.repeat(np.arange(len(data.lengths)), data.lengths), rows)])
        distinct = int((seen > 0).sum())
        growth.append((int(seen.sum()), distinct, float((seen == 1).sum() / distinct)))
    edges = np.unique(np.geomspace(1, 3e7, 4000).astype(np.int64)).astype(np.float64)
    middle, width = np.sqrt(edges[:-1] * (edges[1:] - 1)), np.diff(edges)

    def residuals(parameters: Floats) -> list[float]:
        shift, exponent, bend, steepness = np.exp(parameters)
        density = (middle + shift) ** -exponent * (1 + middle / bend) ** -steepness
        density /= (density * width).sum()
        off = [
            float(np.interp(np.log(rank), np.log(middle), np.log(n_entries * density)) - np.log(counts[rank - 1]))
            for rank in ranks
        ]
        for entries, distinct, once in growth:
            expected = entries * density
            different = (-np.expm1(-expected) * width).sum()
            off.append(3 * float(np.log(different / distinct)))
            off.append(3 * float(np.log((expected * np.exp(-expected) * width).sum() / different / once)))
        return off

    fit = least_squares(residuals, np.log([200.0, 0.8, 1e5, 1.0]))
    names = ("shift", "exponent", "bend", "steepness")
    print("popularity law:", ", ".join(f"{name} {value:.4g}" for name, value in zip(names, np.exp(fit.x), strict=True)))
    print(f"greatest error of a rank's count: {np.abs(fit.fun[: len(ranks)]).max():.0%}")


def draw(real: Data, synthetic: Data, path: Path) -> None:
    """Draw rank against share of playlists, and entries against different tracks."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (curve, growth) = pyplot.subplots(1, 2, figsize=(12, 5))
    for data, name, style in ((real, "real", "-"), (synthetic, "synthetic", "--")):
        counts = data.counts
        curve.loglog(np.arange(1, len(counts) + 1), counts / len(data.lengths), style, label=name)
        order = np.random.default_rng(0).permutation(len(data.lengths))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        playlist = np.repeat(place, data.lengths)
        entries = np.argsort(playlist, kind="stable")
        _, first = np.unique(data.tracks[entries], return_index=True)
        new = np.zeros(len(entries), np.int64)
        new[first] = 1
        at = np.unique(np.geomspace(100, len(entries) - 1, 200).astype(np.int64))
        growth.loglog(at, np.cumsum(new)[at], style, label=name)
    curve.set(xlabel="rank of the track", ylabel="share of playlists that have it", title="popularity")
    growth.set(xlabel="entries", ylabel="different tracks", title="growth")
    for part in (curve, growth):
        part.legend()
        part.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    print(f"\ncurves in {path}")


def _listed(values: Sequence[float] | Floats) -> str:
    return " / ".join(f"{value:g}" for value in values)


if __name__ == "__main__":
    main()
