"""What a step of re-ranking is given and gives back, and how steps are applied in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, IntArray, Interactions
from recommender.errors import RecommenderError
from recommender.features import FEATURE_NAMES

FlagArray = npt.NDArray[np.int8]


def _none() -> IntArray:
    return np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Candidates in order, best first.

    Args:
        tracks: int32, shape (n,): catalogue indices without repeats.
        scores: float32, shape (n,): what the model gave each of them, finite. They stay with their tracks: a step moves
            tracks and never makes a score up, so after steps they need not descend.

    Raises:
        ValueError: the shapes differ, or a score is no number.
    """

    tracks: IntArray
    scores: FloatArray

    def __post_init__(self) -> None:
        if self.tracks.ndim != 1 or self.tracks.shape != self.scores.shape:
            raise ValueError(f"tracks of shape {self.tracks.shape} with scores of shape {self.scores.shape}")
        if not np.isfinite(self.scores).all():
            raise ValueError("a score is NaN or infinite")

    @classmethod
    def in_order(cls, tracks: IntArray) -> Self:
        """Return tracks of which only the order is known; each scores 1 / its place."""
        return cls(np.asarray(tracks, np.int32), (1 / np.arange(1, len(tracks) + 1)).astype(np.float32))

    def __len__(self) -> int:
        return len(self.tracks)

    def take(self, places: npt.NDArray[np.integer] | npt.NDArray[np.bool_] | slice) -> Self:
        """Return the candidates at these places, in their order, or those that a mask or a slice picks."""
        return replace(self, tracks=self.tracks[places], scores=self.scores[places])


class CandidateRows:
    """Rows for a few tracks that are indexed like an array of all tracks; a track without one gets NaN.

    Args:
        tracks: int32, shape (n,): the tracks that have a row.
        rows: floats, shape (n, d).

    >>> CandidateRows(np.array([7, 3]), np.array([[1.0], [2.0]]))[np.array([3, 5])].tolist()
    [[2.0], [nan]]
    """

    def __init__(self, tracks: IntArray, rows: npt.NDArray[np.floating[Any]]) -> None:
        if rows.ndim != 2 or len(rows) != len(tracks):
            raise ValueError(f"rows of shape {rows.shape} for {len(tracks)} tracks")
        self._order = np.argsort(tracks, kind="stable")
        self._tracks = np.asarray(tracks)[self._order]
        self._rows = rows
        self.shape = (-1, rows.shape[1])

    def __getitem__(self, tracks: IntArray) -> FloatArray:
        found: FloatArray = np.full((len(tracks), self._rows.shape[1]), np.nan, np.float32)
        if len(self._tracks):
            places = np.minimum(np.searchsorted(self._tracks, tracks), len(self._tracks) - 1)
            known = self._tracks[places] == tracks
            found[known] = self._rows[self._order[places[known]]]
        return found


@dataclass(frozen=True, eq=False)
class RerankContext:
    """What steps may look at.

    Arrays have a row for every track of the catalogue and may be memory-mapped: only the candidates' rows are read.
    Make one context for a model and `dataclasses.replace` what a query knows besides.

    Args:
        artist_ids: int32, shape (n_tracks,): the artist of each track, -1 where none is known.
        popularity: shape (n_tracks,): how many playlists have each track.
        n_playlists: how many playlists there are.
        recordings: int32, shape (n_tracks,): equal for the ids of one recording; None where it is not known.
        features: shape (n_tracks, 11), in the order and the units of `recommender.features.FEATURES`, NaN where a value
            is missing; or the rows of candidates and seeds alone; None where there are none.
        explicit: int8, shape (n_tracks,): 1 explicit, 0 not, -1 not known; None if nothing is known of any.
        vectors: shape (n_tracks, d): embeddings or factors whose cosine says how alike two tracks are, 0 or NaN where a
            track has none; or the rows of candidates and seeds alone; None where there are none.
        seeds: int32: the tracks that are continued.
        known_artists: int32: artists whom the listener knows besides those of the seeds.
    """

    artist_ids: IntArray
    popularity: npt.NDArray[np.number[Any]]
    n_playlists: int
    recordings: IntArray | None = None
    features: npt.NDArray[np.floating[Any]] | CandidateRows | None = None
    explicit: FlagArray | None = None
    vectors: npt.NDArray[np.floating[Any]] | CandidateRows | None = None
    seeds: IntArray = field(default_factory=_none)
    known_artists: IntArray = field(default_factory=_none)

    @classmethod
    def of(cls, interactions: Interactions, **known: Any) -> Self:  # noqa: ANN401 - the fields above
        """Return the context of a counted corpus; other fields by name. Explicit flags are the catalogue's."""
        known.setdefault("explicit", interactions.corpus.catalogue.explicit_flags)
        return cls(interactions.artist_ids, interactions.tracks.column_sizes, interactions.corpus.n_playlists, **known)

    def by_known_artist(self, tracks: IntArray) -> npt.NDArray[np.bool_]:
        """Return which of the tracks are by an artist of a seed or another known one, shape (len(tracks),)."""
        artists = self.artist_ids[tracks]
        known = np.concatenate([self.artist_ids[self.seeds], self.known_artists])
        return np.isin(artists, known) & (artists >= 0)

    def features_of(self, tracks: IntArray) -> npt.NDArray[np.float64]:
        """Return the features of the tracks, shape (len(tracks), 11); NaN where one is missing or no number."""
        if self.features is None:
            return np.full((len(tracks), len(FEATURE_NAMES)), np.nan)
        values = np.asarray(self.features[tracks], np.float64)
        return np.where(np.isfinite(values), values, np.nan)

    def vectors_of(self, tracks: IntArray) -> FloatArray | None:
        """Return the vectors of the tracks, of length 1, or of 0s where a track has none; None if none has any."""
        if self.vectors is None:
            return None
        values = np.asarray(self.vectors[tracks], np.float32)
        values = np.where(np.isfinite(values).all(axis=1, keepdims=True), values, np.float32(0))
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        unit: FloatArray = (values / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        return unit


class Step(Protocol):
    """One thing that is done to a ranking."""

    def apply(self, ranked: Ranked, context: RerankContext, k: int) -> Ranked:
        """Return the candidates in another order, or fewer of them; none is added, none comes twice.

        Args:
            ranked: what the steps before left, more than are shown, so that there is something to choose from.
            context: what is known of them.
            k: how many are shown in the end.
        """
        ...


def rerank(ranked: Ranked, steps: Sequence[Step], context: RerankContext, k: int) -> Ranked:
    """Apply steps in their order and return the first k, fewer if there are no more.

    Steps choose among what they are given: hand in some ten times as many candidates as are wanted. The order that
    makes sense is that of `steps_for`.

    Raises:
        RecommenderError: k is below 0.
        ValueError: a track comes twice.
    """
    if k < 0:
        raise RecommenderError("k must be 0 or more.")
    if len(np.unique(ranked.tracks)) < len(ranked):
        raise ValueError("a track comes twice in what is to be re-ranked")
    if k:
        for step in steps:
            ranked = step.apply(ranked, context, k)
    return ranked.take(slice(k))


def require_share(name: str, value: float, low: float = 0.0) -> None:
    """Refuse what is not between low and 1."""
    if not low <= value <= 1:
        raise RecommenderError(f"{name} must be between {low:g} and 1, not {value}.")
