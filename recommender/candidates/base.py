"""What a generator of candidates is: it learns from a corpus and gives every track a score for a query."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, IntArray, Interactions
from recommender.candidates.scoring import Scoring, SparseScores
from recommender.records import Reason, Track

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures
    from recommender.corpus import PlaylistCorpus

Explainer = Callable[[int], list[Reason]]


def _no_indices() -> IntArray:
    return np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is known about the playlist to be continued.

    Args:
        seeds: int32: catalogue indices of its known tracks, in playlist order, without repeats.
        title: its title, or None.
        artists: int32: the artists (ids of the catalogue) of those of its tracks that the catalogue does not know;
            one entry a track.
        called: what reasons call the playlist.
    """

    seeds: IntArray = field(default_factory=_no_indices)
    title: str | None = None
    artists: IntArray = field(default_factory=_no_indices)
    called: str = "your playlist"

    @property
    def n_seeds(self) -> int:
        """How many of its tracks say something: known ones, and unknown ones by known artists."""
        return len(self.seeds) + len(self.artists)


@dataclass(frozen=True)
class GeneratorState:
    """A fitted generator as plain values: constructor parameters (fit for JSON) and learnt arrays."""

    parameters: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]


class CandidateGenerator(ABC):
    """The base of all generators, in the manner of a scikit-learn estimator.

    The constructor stores parameters and does nothing else; `fit` learns and returns the generator; what is learnt
    ends in an underscore. A subclass names the arrays that it learns in `learnt`: they are what an artefact stores; and
    in `framework` the module that only its training needs, if that is not installed everywhere.
    """

    name: ClassVar[str]
    learnt: ClassVar[tuple[str, ...]] = ()
    framework: ClassVar[str | None] = None
    interactions_: Interactions

    def fit(self, corpus: PlaylistCorpus, features: AudioFeatures | None = None) -> Self:
        """Learn from a corpus and, where the generator uses them, from the audio features of its tracks."""
        return self.learn(Interactions.of(corpus), features)

    def learn(self, interactions: Interactions, features: AudioFeatures | None = None) -> Self:
        """Learn from a corpus that is counted already, so that several generators share one count."""
        self.interactions_ = interactions
        self._learn(features)
        return self

    @abstractmethod
    def score(self, query: Query) -> Scoring:
        """Return what this generator makes of all tracks for a query."""

    def scores(self, query: Query) -> FloatArray:
        """Return a score for every track, shape (n_tracks,): finite, never negative, 0 for nothing to say."""
        return self.score(query).dense()

    @abstractmethod
    def explainer(self, query: Query, scoring: Scoring | None = None) -> Explainer:
        """Return a function from a track to true sentences about why it was found, the weightiest first.

        What is the same for all tracks is done once. Each reason has share 1; there are none for a track without score.

        Args:
            query: what was asked.
            scoring: what `score` returned for this query, if the caller still has it: it spares the work twice.
        """

    def reasons(self, query: Query, track: int) -> list[Reason]:
        """Return the sentences of `explainer` for one track."""
        return self.explainer(query)(track)

    def contributions(self, query: Query, track: int) -> FloatArray | None:
        """Return what each seed, then each of the query's artists, adds to the score of this track.

        Shape (query.n_seeds,), adding up to the score; None if the score is not a sum over the seeds.
        """
        return None

    def parameters(self) -> dict[str, Any]:
        """Return the constructor's parameters and their values."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def state(self) -> GeneratorState:
        """Return parameters and learnt arrays, from which `from_state` restores the generator."""
        return GeneratorState(self.parameters(), {name: getattr(self, name) for name in self.learnt})

    @classmethod
    def from_state(cls, state: GeneratorState, interactions: Interactions) -> Self:
        """Restore a generator over the same interactions; the arrays are used as they are, memory-mapped or not."""
        generator = cls(**state.parameters)
        generator.interactions_ = interactions
        for name in cls.learnt:
            setattr(generator, name, state.arrays[name])
        return generator

    def _learn(self, features: AudioFeatures | None) -> None:  # noqa: B027 - optional: counting is all that some do
        """Compute the arrays named in `learnt`; `interactions_` is set."""

    def _sparse(self, tracks: IntArray, values: FloatArray) -> SparseScores:
        """Return a score for these tracks, ascending, and 0 for all others."""
        return SparseScores(self.interactions_.corpus.n_tracks, tracks, values)

    def _nothing(self) -> SparseScores:
        return self._sparse(np.zeros(0, np.int32), np.zeros(0, np.float32))

    def _track(self, index: int) -> Track:
        return self.interactions_.corpus.catalogue.track(index)


def track_name(track: Track) -> str:
    """Return what a sentence calls a track: its name, or its URI where no name is known."""
    return track.name or track.uri


def playlists(count: int) -> str:
    """Return a number of playlists in words: "1 playlist", "12 playlists"."""
    return f"{count} playlist" if count == 1 else f"{count} playlists"
