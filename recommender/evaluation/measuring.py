"""All metrics of one answer at once, from arrays: some hundred microseconds for 500 recommendations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, IntArray
from recommender.evaluation.metrics import (
    ARTIST_CREDIT,
    CLICKS_PAGE,
    LENGTH,
    NO_CLICK_FOUND,
    SHOWN,
    artist_diversity,
    novelty,
    sound_diversity,
)
from recommender.features import FEATURE_NAMES

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures
    from recommender.corpus import PlaylistCorpus

ACCURACY = ("r_precision", "r_precision_with_artists", "ndcg", "clicks", "recall")
BEYOND = ("novelty", "artist_diversity", "sound_diversity", "popularity", "popularity_median")
METRICS = ACCURACY + BEYOND

# Pitch class is a circle and mode is one of two: neither has a rank.
_RANKED = tuple(name for name in FEATURE_NAMES if name not in ("key", "mode"))


class Meter:
    """Measures answers against what was withheld.

    Args:
        training: the playlists that were learnt from, over the whole catalogue.
        features: audio features; without any the diversity of sound is NaN.

    Attributes:
        known: bool, shape (n_tracks,): whether a training playlist has the track.
    """

    def __init__(self, training: PlaylistCorpus, features: AudioFeatures | None = None) -> None:
        self._n_playlists = max(training.n_playlists, 1)
        self._popularity = np.bincount(training.indices, minlength=training.n_tracks).astype(np.float64)
        self.known = self._popularity > 0
        self._artists: IntArray = training.catalogue.artist_ids
        self._sounds = None if features is None else _ranks(features.aligned(training.catalogue))
        self._discounts = 1 / np.log2(np.arange(2, LENGTH + 2))
        self._ideals = np.concatenate([np.zeros(1), np.cumsum(self._discounts)])
        # One array for all cases: setting and clearing a few places costs less than any look-up among them.
        self._wanted = np.zeros(training.n_tracks, np.bool_)
        self._artist_wanted = np.zeros(len(training.catalogue.artist_keys) + 1, np.bool_)

    @property
    def n_tracks(self) -> int:
        """How many tracks the training playlists have."""
        return int(self.known.sum())

    def measure(self, recommended: IntArray, withheld: IntArray) -> npt.NDArray[np.float64]:
        """Return the metrics of one answer, shape (len(METRICS),), in the order of METRICS.

        Accuracy is measured on the first 500, what lies beyond on the first 30: so many are shown to people.

        Args:
            recommended: int32: track indices, best first, without repeats.
            withheld: int32: the tracks to be found, at least one.
        """
        return np.concatenate([self._accuracy(recommended[:LENGTH], withheld), self.beyond(recommended[:SHOWN])])

    def beyond(self, shown: IntArray) -> npt.NDArray[np.float64]:
        """Return the metrics BEYOND accuracy of a list of any length, shape (len(BEYOND),)."""
        popularity = self._popularity[shown]
        return np.array(
            [
                novelty(popularity, self._n_playlists),
                artist_diversity(self._artists[shown]),
                math.nan if self._sounds is None else sound_diversity(self._sounds[shown]),
                popularity.mean() if len(shown) else math.nan,
                np.median(popularity) if len(shown) else math.nan,
            ]
        )

    def _accuracy(self, recommended: IntArray, withheld: IntArray) -> npt.NDArray[np.float64]:
        n_withheld = len(withheld)
        self._wanted[withheld] = True
        hits = self._wanted[recommended]
        self._wanted[withheld] = False
        places = np.flatnonzero(hits)
        found = int(hits[:n_withheld].sum())
        met = self._artists_met(recommended[:n_withheld][~hits[:n_withheld]], withheld)
        return np.array(
            [
                found / n_withheld,
                (found + ARTIST_CREDIT * met) / n_withheld,
                self._discounts[places].sum() / self._ideals[min(n_withheld, LENGTH)],
                places[0] // CLICKS_PAGE if len(places) else NO_CLICK_FOUND,
                len(places) / n_withheld,
            ]
        )

    def _artists_met(self, misses: IntArray, withheld: IntArray) -> int:
        """Return how many artists of the withheld tracks are among the misses."""
        # The last place stands for "no artist known" and is never wanted.
        self._artist_wanted[self._artists[withheld]] = True
        self._artist_wanted[-1] = False
        artists = self._artists[misses]
        met = np.unique(artists[self._artist_wanted[artists]])
        self._artist_wanted[self._artists[withheld]] = False
        return len(met)


def _ranks(values: FloatArray) -> FloatArray:
    """Return each feature's rank among the tracks of which it is known, 0 to 1, equal values alike; NaN if missing."""
    ranks = np.full((len(values), len(_RANKED)), np.nan, np.float32)
    for column, name in enumerate(_RANKED):
        feature = values[:, FEATURE_NAMES.index(name)]
        known = np.isfinite(feature)
        _, codes, counts = np.unique(feature[known], return_inverse=True, return_counts=True)
        middles = np.cumsum(counts) - (counts - 1) / 2 - 0.5
        ranks[known, column] = middles[codes] / max(int(known.sum()), 1)
    return ranks
