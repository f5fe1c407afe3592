"""Estimates of audio features that nobody measured, from tracks in the same playlists and by the same artist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.audio import AudioFeatures
from recommender.candidates.interactions import FloatArray, Incidence, IntArray, Interactions, slices
from recommender.candidates.similarity import damped
from recommender.corpus import PlaylistCorpus
from recommender.feature_columns import Floats, columns_of, decoded, encoded, skills
from recommender.features import FEATURES
from recommender.records import Track
from recommender.search import fold

Bools = npt.NDArray[np.bool_]

_NEIGHBOUR_PRIORS = (0.05, 0.2, 1.0)
_ARTIST_PRIORS = (0.5, 1.0, 2.0)
_TARGETS_A_BLOCK = 200


@dataclass(frozen=True, eq=False)
class Estimates:
    """What was estimated, and what it rests on.

    Attributes:
        values: float32, shape (n, 11), in the order and the units of FEATURES; NaN where no estimate is given.
        co_occurring: int32, shape (n,): measured tracks by other artists that share a playlist with the track.
        of_artist: int32, shape (n,): other measured tracks by the same artist.
    """

    values: FloatArray
    co_occurring: IntArray
    of_artist: IntArray


@dataclass(frozen=True, eq=False)
class _Evidence:
    """Sums over the measured neighbours of some tracks; the first four have the shape (n, columns)."""

    near: Floats
    near_weight: Floats
    artist: Floats
    artist_weight: Floats
    co_occurring: IntArray
    of_artist: IntArray

    def predictors(self, neighbour_prior: float, artist_prior: float) -> Floats:
        """Return what a track's deviation from the mean is a weighted sum of, shape (n, columns, 4)."""
        near, near_trust = _mean(self.near, self.near_weight, neighbour_prior)
        artist, artist_trust = _mean(self.artist, self.artist_weight, artist_prior)
        alone = [near_trust * near, artist_trust * artist]
        return np.stack([*alone, near_trust * artist_trust * near, near_trust * artist_trust * artist], axis=-1)

    def present(self) -> Bools:
        """Say for each track and column whether there is any evidence."""
        return (self.near_weight > 0) | (self.artist_weight > 0)


class FeatureEstimator:
    """Estimates features as a mean of measured tracks, shrunk towards the mean of all.

    Two weighted means are taken for a track: of the measured tracks by other artists in the same playlists, weighted by
    co-occurrence as in `recommender.candidates.Cooccurrence`, sum over shared playlists of w / (n_i + n_j + shrinkage);
    and of the other measured tracks by the same artist. Each is trusted by weight / (weight + prior). The estimate is
    the mean of all tracks plus a sum of both deviations from it and of their products with the other's trust: four
    coefficients a feature, found by least squares on the measured tracks, each seen from all the others. The two priors
    of each feature are chosen among nine pairs by cross-validation.

    Skewed shares are averaged as square roots. Mode is averaged as a share of major and then decided; key gets a vote
    on each pitch class, since 11 and 0 are neighbours and no mean of keys is one.

    A feature is estimated only if cross-validation shows that it is worth it: `skills_` above `min_skill`. A track
    without any evidence gets nothing, rather than the mean of all.

    Args:
        shrinkage: pulls pairs that rest on few playlists towards 0.
        length_damping: a playlist of length n counts as n ** -length_damping.
        max_playlists: of a track in more playlists, that many evenly spaced ones are read.
        min_skill: the share of the error of guessing always the same that must go: see `skills_`.
        n_folds: of the cross-validation.
        fewest_a_fold: with fewer measured tracks a fold nothing is estimated.
        max_learnt: at most so many measured tracks are learnt from; all of them are evidence.
        random_state: decides the folds, and which tracks are learnt from.

    Attributes:
        skills_: float64, shape (11,), from cross-validation (see `recommender.feature_columns.skills`); NaN where too
            little was measured.
        given_: bool, shape (11,): which features are estimated.
        means_: float64, shape (22,): the mean of each column, with a column for each key.
    """

    skills_: Floats
    given_: Bools
    means_: Floats

    def __init__(
        self,
        *,
        shrinkage: float = 5.0,
        length_damping: float = 0.5,
        max_playlists: int = 2000,
        min_skill: float = 0.05,
        n_folds: int = 5,
        fewest_a_fold: int = 10,
        max_learnt: int = 20_000,
        random_state: int = 0,
    ) -> None:
        self.shrinkage = shrinkage
        self.length_damping = length_damping
        self.max_playlists = max_playlists
        self.min_skill = min_skill
        self.n_folds = n_folds
        self.fewest_a_fold = fewest_a_fold
        self.max_learnt = max_learnt
        self.random_state = random_state

    def fit(self, corpus: PlaylistCorpus, features: AudioFeatures) -> Self:
        """Learn from the measured tracks of a corpus; estimates among the features must not be passed in."""
        self._corpus = corpus
        self._tracks = Interactions.of(corpus).tracks
        self.__dict__.pop("_artist_of", None)
        self._artists = corpus.catalogue.artist_ids
        aligned = features.aligned(corpus.catalogue).astype(np.float64)
        values = np.column_stack([feature.cleaned(aligned[:, place]) for place, feature in enumerate(FEATURES)])
        self._measured = np.flatnonzero(np.isfinite(values).any(axis=1)).astype(np.int32)
        values = values[self._measured]
        columns = encoded(values)
        known = np.isfinite(columns)
        self.means_ = np.where(known, columns, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        self._known = known.astype(np.float64)
        self._deviations = np.where(known, columns - self.means_, 0.0)
        self._index()
        self._learn(values)
        return self

    def estimate(self, tracks: IntArray, artists: IntArray | None = None) -> Estimates:
        """Estimate the features of tracks, whether they were measured or not; their own values never count.

        Args:
            tracks: int32, shape (n,): catalogue indices, or -1 for a track that the catalogue does not have.
            artists: int32, shape (n,): artist ids for those, or -1.
        """
        wanted = np.asarray(tracks, np.int32)
        evidence = self._evidence(wanted, artists)
        values = np.full((len(wanted), len(FEATURES)), np.nan)
        if self.given_.any() and len(wanted):
            predicted = decoded(self._predicted(evidence))
            present = evidence.present()[:, [columns_of(place).start for place in range(len(FEATURES))]]
            shown = present & self.given_
            values[shown] = predicted[shown]
        return Estimates(values.astype(np.float32), evidence.co_occurring, evidence.of_artist)

    def estimate_records(self, tracks: Sequence[Track]) -> Estimates:
        """Estimate the features of tracks given as records; one that the corpus does not have goes by its artist."""
        indices = self._corpus.catalogue.indices_of([track.uri for track in tracks])
        artists = [
            self._artist_of.get(track.artist_uri or "", self._artist_of.get(fold(track.artist_name or ""), -1))
            for track in tracks
        ]
        return self.estimate(indices, np.array(artists, np.int32))

    @cached_property
    def _artist_of(self) -> dict[str, int]:
        """Artists by URI and by folded name; a name that several share means none of them."""
        catalogue = self._corpus.catalogue
        found: dict[str, int] = {}
        for name, artist in zip(catalogue.table["artist_name"].to_pylist(), self._artists.tolist(), strict=True):
            if name and artist >= 0:
                folded = fold(name)
                found[folded] = artist if found.get(folded, artist) == artist else -1
        return found | {key: artist for artist, key in enumerate(catalogue.artist_keys) if key.startswith("spotify:")}

    def _index(self) -> None:
        """Prepare the matrices in which evidence is looked up."""
        n_measured, n_tracks = len(self._measured), self._tracks.n_columns
        self._place = np.full(n_tracks + 1, -1, np.int64)
        self._place[self._measured] = np.arange(n_measured)
        places = self._place[self._tracks.row_columns]
        rows = np.repeat(np.arange(self._tracks.n_rows), np.diff(self._tracks.row_offsets))
        kept = places >= 0
        self._playlists = csr_matrix(
            (np.ones(int(kept.sum())), (rows[kept], places[kept])), shape=(self._tracks.n_rows, n_measured)
        )
        self._weights = damped(self._tracks.row_sizes, self.length_damping).astype(np.float64)
        self._sizes = self._tracks.column_sizes.astype(np.float64)
        # The last row stands for no artist.
        n_artists = len(self._corpus.catalogue.artist_keys)
        of_measured = self._artists[self._measured]
        self._artist_sums = np.zeros((n_artists + 1, self._deviations.shape[1]))
        self._artist_weights = np.zeros_like(self._artist_sums)
        self._artist_counts = np.zeros(n_artists + 1, np.int64)
        credited = of_measured >= 0
        np.add.at(self._artist_sums, of_measured[credited], self._deviations[credited])
        np.add.at(self._artist_weights, of_measured[credited], self._known[credited])
        np.add.at(self._artist_counts, of_measured[credited], 1)

    def _evidence(self, tracks: IntArray, artists: IntArray | None = None) -> _Evidence:
        by = np.where(tracks >= 0, self._artists[tracks] if len(self._artists) else -1, -1)
        if artists is not None:
            by = np.where(tracks >= 0, by, artists)
        near, near_weight, co_occurring = self._near(tracks, by)
        own = self._place[tracks]
        counted = ((own >= 0) & (by >= 0))[:, None]
        artist, artist_weight = self._artist_sums[by], self._artist_weights[by]
        of_artist = self._artist_counts[by] - counted[:, 0]
        if len(self._measured):
            artist = artist - np.where(counted, self._deviations[own], 0)
            artist_weight = artist_weight - np.where(counted, self._known[own], 0)
        return _Evidence(near, near_weight, artist, artist_weight, co_occurring, of_artist.astype(np.int32))

    def _near(self, tracks: IntArray, by: IntArray) -> tuple[Floats, Floats, IntArray]:
        """Return the weighted sums over tracks by others in the same playlists, the weights, and how many tracks."""
        shape = (len(tracks), self._deviations.shape[1])
        sums, weights, counts = np.zeros(shape), np.zeros(shape), np.zeros(len(tracks), np.int32)
        of_measured = self._artists[self._measured]
        for start in range(0, len(tracks), _TARGETS_A_BLOCK):
            block = slice(start, start + _TARGETS_A_BLOCK)
            shared = (
                _rows_of(self._tracks, tracks[block], self._weights, self.max_playlists) @ self._playlists
            ).tocoo()
            places, others = shared.row, shared.col
            track, other = tracks[block][places], self._measured[others]
            same_artist = (by[block][places] == of_measured[others]) & (of_measured[others] >= 0)
            kept = (track != other) & ~same_artist
            places, others, other = places[kept], others[kept], other[kept]
            similarity = shared.data[kept] / (self._sizes[track[kept]] + self._sizes[other] + self.shrinkage)
            pairs = csr_matrix((similarity, (places, others)), shape=shared.shape)
            sums[block], weights[block] = pairs @ self._deviations, pairs @ self._known
            counts[block] = np.bincount(places, minlength=shared.shape[0])
        return sums, weights, counts

    def _learn(self, values: Floats) -> None:
        n_columns = self._deviations.shape[1]
        self._coefficients = np.zeros((n_columns, 4))
        self._priors = np.ones((n_columns, 2))
        self.skills_ = np.full(len(FEATURES), np.nan)
        self.given_ = np.zeros(len(FEATURES), np.bool_)
        rng = np.random.default_rng(self.random_state)
        learnt = np.sort(rng.permutation(len(self._measured))[: self.max_learnt])
        if len(learnt) < self.fewest_a_fold * self.n_folds:
            return
        evidence = self._evidence(self._measured[learnt])
        positive = evidence.near_weight[evidence.near_weight > 0]
        unit = float(np.median(positive)) if len(positive) else 1.0
        folds = rng.permutation(len(learnt)) % self.n_folds
        deviations, known = self._deviations[learnt], self._known[learnt] > 0
        least = np.full(len(FEATURES), np.inf)
        unseen = np.full(deviations.shape, np.nan)
        for priors in product(_NEIGHBOUR_PRIORS, _ARTIST_PRIORS):
            scaled = (priors[0] * unit, priors[1])
            predictors = evidence.predictors(*scaled)
            for place in range(len(FEATURES)):
                columns = columns_of(place)
                fitted = _Fit(predictors[:, columns], deviations[:, columns], known[:, columns])
                predicted = fitted.out_of_fold(folds, self.n_folds)
                loss = fitted.loss(predicted)
                if loss < least[place]:
                    least[place] = loss
                    unseen[:, columns] = predicted
                    self._coefficients[columns] = fitted.coefficients()
                    self._priors[columns] = scaled
        self.skills_ = skills(values[learnt], decoded(unseen + self.means_))
        self.given_ = self.skills_ > self.min_skill

    def _predicted(self, evidence: _Evidence) -> Floats:
        predicted = np.empty(evidence.near.shape)
        for priors in np.unique(self._priors, axis=0):
            columns = (self._priors == priors).all(axis=1)
            predictors = evidence.predictors(float(priors[0]), float(priors[1]))
            predicted[:, columns] = np.einsum("nck,ck->nc", predictors, self._coefficients)[:, columns]
        return predicted + self.means_


@dataclass(frozen=True, eq=False)
class _Fit:
    """Least squares for the columns of one feature: predictors (n, columns, 4), deviations and known (n, columns)."""

    predictors: Floats
    deviations: Floats
    known: Bools

    def coefficients(self, rows: Bools | None = None) -> Floats:
        used = self.known if rows is None else self.known & rows[:, None]
        return np.linalg.lstsq(self.predictors[used], self.deviations[used], rcond=None)[0].astype(np.float64)

    def out_of_fold(self, folds: npt.NDArray[np.int64], n_folds: int) -> Floats:
        predicted = np.zeros(self.deviations.shape)
        for number in range(n_folds):
            held = folds == number
            predicted[held] = self.predictors[held] @ self.coefficients(~held)
        return predicted

    def loss(self, predicted: Floats) -> float:
        return float(np.mean((predicted - self.deviations)[self.known] ** 2)) if self.known.any() else np.inf


def _rows_of(tracks: Incidence, wanted: IntArray, weights: Floats, limit: int) -> csr_matrix:
    """Return tracks by playlists with the playlists' weights, of popular tracks a sample that is scaled up."""
    known = np.flatnonzero(wanted >= 0)
    positions, lengths = slices(tracks.column_offsets, wanted[known])
    rows, of_track = tracks.column_rows[positions], np.repeat(np.arange(len(known)), lengths)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    most = lengths[of_track]
    kept = (most <= limit) | (within * limit // np.maximum(most, 1) != (within - 1) * limit // np.maximum(most, 1))
    scales = np.maximum(most / limit, 1.0)
    data = weights[rows] * scales
    return csr_matrix((data[kept], (known[of_track[kept]], rows[kept])), shape=(len(wanted), tracks.n_rows))


def _mean(sums: Floats, weights: Floats, prior: float) -> tuple[Floats, Floats]:
    return sums / np.where(weights > 0, weights, 1.0), weights / (weights + prior)
