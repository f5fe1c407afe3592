"""How far estimated audio features are from measured ones, and whether they help the recommender.

    python benchmarks/feature_estimates.py --data DIR [--hybrid]

DIR holds folders of playlists in the Million Playlist Dataset's format, perhaps a challenge_set.json.gz, and CSV files
of audio features whose names begin with "audio".
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.audio import AudioFeatures
from recommender.candidates import Content
from recommender.corpus import PlaylistCorpus
from recommender.estimation import FeatureEstimator
from recommender.evaluation import evaluate, generator_contender, hybrid_contender
from recommender.evaluation import split as split_corpus
from recommender.features import FEATURE_NAMES
from recommender.hybrid import Hybrid

Values = npt.NDArray[np.float64]
CATEGORIES = ("key", "mode")


@dataclass(frozen=True)
class Row:
    """One feature of one split: errors of the estimate, of a constant, and of the artist's mean."""

    feature: str
    split: str
    tracks: int
    estimate: tuple[float, float]
    constant: tuple[float, float]
    artist: tuple[float, float]
    given: bool


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with playlists and CSV files of features")
    parser.add_argument("--hybrid", action="store_true", help="also train Hybrid with and without estimates")
    parser.add_argument("--seed", type=int, default=0, help="decides which tracks are held out")
    options = parser.parse_args()
    corpus, features = read(options.data)
    print(f"{corpus.n_playlists:,} playlists, {corpus.n_tracks:,} tracks.")
    for split, held_out in splits(corpus, features, options.seed):
        rows = list(measured(corpus, features, held_out, split))
        print(f"\n{split}: {len(held_out):,} measured tracks held out\n")
        print(
            "| feature | MAE, or accuracy: estimate | constant | artist's mean | R²: estimate | artist's mean | given |"
        )
        print("|---|---|---|---|---|---|---|")
        for row in rows:
            squared = ["" if np.isnan(value) else f"{value:.3f}" for value in (row.estimate[1], row.artist[1])]
            print(
                f"| {row.feature} | {row.estimate[0]:.3f} | {row.constant[0]:.3f} | {row.artist[0]:.3f} | "
                f"{squared[0]} | {squared[1]} | {'yes' if row.given else 'no'} |"
            )
    if options.hybrid:
        compare_hybrids(corpus, features)


def read(data: Path) -> tuple[PlaylistCorpus, AudioFeatures]:
    """Read all playlists and the CSV files that begin with "audio"."""
    playlists = [*sorted(data.glob("challenge_set*.json*")), *(path for path in data.iterdir() if path.is_dir())]
    return PlaylistCorpus.from_mpd(playlists), AudioFeatures.read_csv(sorted(data.glob("audio*.csv*")))


def splits(corpus: PlaylistCorpus, features: AudioFeatures, seed: int) -> Iterator[tuple[str, npt.NDArray[np.int32]]]:
    """Yield a fifth of the measured tracks, drawn at random and as all tracks of a fifth of the artists."""
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(np.isfinite(features.aligned(corpus.catalogue)).any(axis=1)).astype(np.int32)
    yield "Random tracks", np.sort(rng.permutation(known)[: len(known) // 5])
    artists = corpus.catalogue.artist_ids[known]
    distinct = np.unique(artists[artists >= 0])
    chosen = rng.permutation(distinct)[: len(distinct) // 5]
    yield "All tracks of random artists", known[np.isin(artists, chosen)]


def without(corpus: PlaylistCorpus, features: AudioFeatures, tracks: npt.NDArray[np.int32]) -> AudioFeatures:
    """Return the features without those of some tracks."""
    kept = ~np.isin(features.uris, corpus.catalogue.uris[tracks])
    return AudioFeatures(features.uris[kept], features.values[kept])


def measured(
    corpus: PlaylistCorpus, features: AudioFeatures, held_out: npt.NDArray[np.int32], split: str
) -> Iterator[Row]:
    """Yield each feature's errors on the held-out tracks; priors and coefficients are learnt from the others alone."""
    learning = without(corpus, features, held_out)
    estimator = FeatureEstimator(min_skill=-np.inf).fit(corpus, learning)
    estimates = estimator.estimate(held_out).values.astype(np.float64)
    true = features.aligned(corpus.catalogue)[held_out].astype(np.float64)
    training = learning.aligned(corpus.catalogue).astype(np.float64)
    by_artist = artist_means(training, corpus.catalogue.artist_ids, held_out)
    for place, name in enumerate(FEATURE_NAMES):
        there = np.isfinite(training[:, place])
        known = np.isfinite(true[:, place])
        target = true[known, place]
        if name in CATEGORIES:
            constants = 2 * (float(np.bincount(training[there, place].astype(int)).argmax()),)
        else:
            constants = float(np.median(training[there, place])), float(training[there, place].mean())
        nothing = np.full(len(target), np.nan)
        guesses = (estimates[known, place], nothing, by_artist[known, place])
        # Who says nothing is taken to guess the constant.
        estimate, constant, artist = (errors(name, target, guess, *constants) for guess in guesses)
        given = bool(estimator.skills_[place] > FeatureEstimator().min_skill)
        yield Row(name, split, len(target), estimate, constant, artist, given)
        if name == "tempo":
            estimate, constant, artist = (
                (octave_error(np.where(np.isfinite(guess), guess, constants[0]), target), np.nan) for guess in guesses
            )
            yield Row("tempo, half and double forgiven", split, len(target), estimate, constant, artist, given)


def octave_error(guess: Values, true: Values) -> float:
    """Return the mean absolute error where half and twice the guess count as well."""
    return float(np.min([np.abs(guess * factor - true) for factor in (0.5, 1, 2)], axis=0).mean())


def errors(name: str, true: Values, guess: Values, typical: float, mean: float) -> tuple[float, float]:
    """Return MAE (accuracy for key and mode) and R^2."""
    if name in CATEGORIES:
        right = float((np.where(np.isfinite(guess), np.round(guess), typical) == true).mean())
        return right, np.nan
    absolute = float(np.abs(np.where(np.isfinite(guess), guess, typical) - true).mean())
    squared = ((np.where(np.isfinite(guess), guess, mean) - true) ** 2).mean() / ((mean - true) ** 2).mean()
    return absolute, 1 - float(squared)


def artist_means(values: Values, artists: npt.NDArray[np.int32], wanted: npt.NDArray[np.int32]) -> Values:
    """Return the mean of the artist's measured tracks (for key and mode the most frequent value), NaN without any."""
    means = np.full((artists.max() + 2, values.shape[1]), np.nan)
    for place, name in enumerate(FEATURE_NAMES):
        there = np.flatnonzero(np.isfinite(values[:, place]) & (artists >= 0))
        of, amounts = artists[there], values[there, place]
        if name in CATEGORIES:
            votes = np.zeros((len(means), 12))
            np.add.at(votes, (of, amounts.astype(int)), 1)
            means[:, place] = np.where(votes.any(axis=1), votes.argmax(axis=1), np.nan)
        else:
            counts = np.bincount(of, minlength=len(means))
            sums = np.bincount(of, amounts, minlength=len(means))
            means[:, place] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    # The last row stands for no artist.
    means[-1] = np.nan
    return means[artists[wanted]]


def compare_hybrids(corpus: PlaylistCorpus, features: AudioFeatures) -> None:
    """Print the metrics of `crossfade evaluate` with measured features alone and with the others estimated."""
    # Estimating from all playlists would tell the model what the held-back ones hold: each split estimates anew.
    print(
        "\n| seed | features | content NDCG | hybrid NDCG | hybrid R-precision | hybrid clicks |\n" + "|---" * 6 + "|"
    )
    for seed in (2018, 1, 2):
        for name, given in (("measured", features), ("and estimated", filled(corpus, features, seed))):
            contenders = [hybrid_contender("hybrid", Hybrid()), generator_contender(Content())]
            report = evaluate(corpus, given, random_state=seed, contenders=contenders).overall()
            hybrid, content = report["hybrid"], report["content"]
            print(
                f"| {seed} | {name} | {content.ndcg:.4f} | {hybrid.ndcg:.4f} | {hybrid.r_precision:.4f} "
                f"| {hybrid.clicks:.2f} |",
                flush=True,
            )


def filled(corpus: PlaylistCorpus, features: AudioFeatures, seed: int) -> AudioFeatures:
    """Return the features with estimates for the tracks of the training playlists that have none."""
    training = split_corpus(corpus, 1000, seed).training
    estimator = FeatureEstimator().fit(training, features)
    present = np.isfinite(features.aligned(training.catalogue)).any(axis=1)
    missing = np.flatnonzero(~present).astype(np.int32)
    estimates = estimator.estimate(missing)
    usable = np.isfinite(estimates.values).any(axis=1)
    uris = np.concatenate([features.uris, training.catalogue.uris[missing[usable]]])
    return AudioFeatures.merged(uris, np.concatenate([features.values, estimates.values[usable]]))


if __name__ == "__main__":
    main()
