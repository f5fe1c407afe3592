"""The recommender itself: generators find candidates, and a learnt ranker or a weighted blend puts them in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from recommender.blending import kind_of, weights_of
from recommender.candidates import (
    Artists,
    Content,
    Cooccurrence,
    Embeddings,
    Factors,
    PlaylistNeighbours,
    Popularity,
    TitleMap,
    Titles,
)
from recommender.candidates.base import CandidateGenerator
from recommender.candidates.interactions import FloatArray, IntArray, Interactions
from recommender.corpus import PlaylistCorpus
from recommender.errors import CorpusError, RecommenderError
from recommender.explain import Explanations
from recommender.hybrid_artifact import Sounds, StoredModel, does_not_fit, read_model, write_model
from recommender.queries import Request, RequestReader
from recommender.ranking.features import RankingFeatures
from recommender.ranking.lambdarank import LambdaRank
from recommender.ranking.training import RankerTraining, learn_ranker
from recommender.records import Recommendation, Track
from recommender.rerank import ArtistCap, OnePerRecording, Ranked, RerankContext, Step, recordings, rerank
from recommender.rerank.base import CandidateRows
from recommender.retrieval import Retrieval
from recommender.roles import folds
from recommender.topk import greatest, top_indices

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures

RANKERS = ("auto", "lambdarank", "blend")
RANKED = (
    PlaylistNeighbours.name,
    Cooccurrence.name,
    Artists.name,
    Titles.name,
    TitleMap.name,
    Factors.name,
)
_REQUIRED = {PlaylistNeighbours.name, Cooccurrence.name, Artists.name, Titles.name, Factors.name}

Progress = Callable[[str, int, int], None]

_SPARE = 20
_FEWEST_NAMED = 200
_FILLING = 1e-6
# The ranker reads no more candidates than could reach the places that are wanted.
_JUDGED = 4
_LEAST_JUDGED = 300
# Steps that move tracks need more than they show to choose from.
_POOL = 10
_LEAST_POOL = 300


class Hybrid:
    """Continues playlists by collaborative filtering, audio content, artists and titles together, in two stages.

    First each generator names the tracks it scores highest; its scores are divided by the mean of its greatest ones, so
    that generators of different scales become comparable. Then the candidates are put in order: by a learnt ranker
    (see `recommender.ranking`) or, where there are too few playlists to learn one from, or where it is not clearly
    better on playlists that it has not seen, by a weighted blend, whose weights depend on the kind of query. A query of
    which nothing but sound is known is always answered by the blend: the ranker has learnt from playlists.
    Popularity fills up whatever is left, so an answer is as long as asked for whenever the catalogue has enough tracks.

    Args:
        weights: for each kind of query the weight of each generator, by name; None for `recommender.blending.WEIGHTS`.
        generators: unfitted generators; None for those of `default_generators`.
        ranker: "auto" to choose by cross-validation, or "lambdarank" or "blend".
        max_seeds: how many seeds are looked at; of more, that many evenly spaced ones.
        top: how many of a generator's greatest scores its scale is the mean of.
        limit: how many candidates each generator names at most.
        random_state: decides what the ranker learns from.

    Attributes:
        generators_: the fitted generators.
        interactions_: the corpus, counted.
        recordings_: int32, shape (n_tracks,): equal for the ids of one recording.
        ranker_: the learnt ranker, or None.
        ranker_report_: why there is one or none, and what it was compared on.
        sounds_: the audio features as they were given.
        corpus_fingerprint_: of the corpus that was learnt from.
        metrics_: what was measured when it was saved; empty before.
    """

    generators_: list[CandidateGenerator]
    interactions_: Interactions
    recordings_: IntArray
    ranker_: LambdaRank | None
    ranker_report_: dict[str, Any]
    sounds_: Sounds
    corpus_fingerprint_: str
    metrics_: dict[str, Any]

    def __init__(
        self,
        weights: Mapping[str, Mapping[str, float]] | None = None,
        *,
        generators: Sequence[CandidateGenerator] | None = None,
        ranker: str = "auto",
        max_seeds: int = 250,
        top: int = 200,
        limit: int = 900,
        random_state: int = 0,
    ) -> None:
        self.weights = weights
        self.generators = generators
        self.ranker = ranker
        self.max_seeds = max_seeds
        self.top = top
        self.limit = limit
        self.random_state = random_state

    def fit(
        self, corpus: PlaylistCorpus, features: AudioFeatures | None = None, *, progress: Progress | None = None
    ) -> Self:
        """Learn from playlists and, where there are any, audio features.

        Args:
            corpus: the playlists.
            features: audio features.
            progress: called with what is being done, the number of steps done and of all.

        Raises:
            CorpusError: there is not one playlist with a track.
            RecommenderError: `ranker` is no name of a ranker, or the generators that it needs are not there.
        """
        if not corpus.n_playlists or not len(corpus.indices):
            raise CorpusError("There are no playlists with tracks to learn from: import some first.")
        prototypes = default_generators() if self.generators is None else list(self.generators)
        ranker, report = self._learnt_ranker(corpus, features, prototypes, progress)
        interactions = Interactions.of(corpus)
        fitted = []
        for done, prototype in enumerate(prototypes):
            if progress is not None:
                progress(f"Learning {prototype.name}", done, len(prototypes))
            fitted.append(type(prototype)(**prototype.parameters()).learn(interactions, features))
        interactions.shared.clear()
        return self._restored(
            StoredModel(
                {},
                fitted,
                interactions,
                recordings(corpus.catalogue),
                ranker,
                report,
                Sounds.of(features, corpus.catalogue),
                corpus.fingerprint(),
                {},
            )
        )

    def recommend(
        self,
        seeds: Sequence[str | Track] = (),
        title: str | None = None,
        k: int = 30,
        *,
        exclude: Collection[str] = (),
        max_per_artist: int | None = None,
        steps: Sequence[Step] = (),
        max_reasons: int = 3,
        called: str = "your playlist",
    ) -> list[Recommendation]:
        """Return k recordings that continue a playlist, best first, with the reasons for each.

        Seeds never come back, nor other ids of the same recordings; no recording comes twice.

        Args:
            seeds: the playlist's tracks in order, as URIs, or as records: then a track that is not known still counts
                by its artist's name. Unknown URIs are passed over, repeats count once.
            title: the playlist's title.
            k: how many; fewer only if there are no more, or if a step leaves no more.
            exclude: URIs that must not come back.
            max_per_artist: how many tracks of one artist at most.
            steps: what else is done to the ranking, in order; see `recommender.rerank.steps_for`.
            max_reasons: how many reasons a track gets at most.
            called: what reasons call the playlist, as in "energy and tempo near your playlist".

        Raises:
            RecommenderError: k or max_per_artist is too small, or a seed is no URI.
        """
        if k < 0:
            raise RecommenderError("k must be 0 or more.")
        if max_per_artist is not None and max_per_artist < 1:
            raise RecommenderError("max_per_artist must be 1 or more.")
        request = self._reader.read(seeds, title, exclude)
        request = replace(request, query=replace(request.query, called=called))
        cap = () if max_per_artist is None else (ArtistCap(max_per_artist),)
        shown, ranking = self._shown(request, k, (*cap, *steps))
        generators = [generator for generator in self.generators_ if generator.name in ranking.parts]
        explanations = Explanations.of(generators, ranking.retrieval, request, max_reasons)
        answer = []
        records = self.interactions_.corpus.catalogue.tracks(shown.tracks)
        for index, score, track in zip(shown.tracks.tolist(), shown.scores.tolist(), records, strict=True):
            shares = ranking.shares(index, [generator.name for generator in generators])
            answer.append(Recommendation(track, score, explanations.reasons(index, shares)))
        return answer

    def rank(
        self,
        seeds: IntArray | Sequence[str | Track] = (),
        title: str | None = None,
        k: int = 500,
        *,
        exclude: IntArray | None = None,
        artists: IntArray | None = None,
    ) -> IntArray:
        """Return the catalogue indices of k tracks, best first, without records and reasons: the quick way.

        Args:
            seeds: int32 catalogue indices, or URIs or records as in `recommend`.
            title: the playlist's title.
            k: how many; fewer only if there are no more.
            exclude: catalogue indices that must not come back.
            artists: artist ids of seeds that the catalogue does not have, when the seeds are indices.
        """
        if isinstance(seeds, np.ndarray):
            request = self._reader.request(seeds, title, np.zeros(0, np.int32) if artists is None else artists)
        else:
            request = self._reader.read(seeds, title, ())
        if exclude is not None:
            request = replace(request, excluded=np.union1d(request.excluded, exclude).astype(np.int32))
        return self._ranking(request, k).tracks[:k]

    def save(self, directory: str | Path, *, created_at: datetime, metrics: Mapping[str, Any] | None = None) -> None:
        """Write the model as a new directory.

        Args:
            directory: must not exist yet.
            created_at: now, with a time zone.
            metrics: what was measured, as JSON can hold it.

        Raises:
            ArtifactError: the directory exists or cannot be written.
        """
        weights = None if self.weights is None else {kind: dict(of_kind) for kind, of_kind in self.weights.items()}
        parameters = {
            "weights": weights,
            "ranker": self.ranker,
            "max_seeds": self.max_seeds,
            "top": self.top,
            "limit": self.limit,
            "random_state": self.random_state,
        }
        model = StoredModel(
            parameters,
            self.generators_,
            self.interactions_,
            self.recordings_,
            self.ranker_,
            self.ranker_report_,
            self.sounds_,
            self.corpus_fingerprint_,
            self.metrics_ if metrics is None else metrics,
        )
        write_model(directory, model, created_at)

    @classmethod
    def load(cls, directory: str | Path, *, verify: bool = True) -> Self:
        """Open a saved model, memory-mapped; it answers as it did before it was saved.

        Args:
            directory: the model's, or the link `current` of a model store.
            verify: whether to compare every file's checksum.

        Raises:
            ArtifactError: there is no model, it is damaged, of another format, or not a hybrid model.
        """
        model = read_model(directory, verify)
        try:
            hybrid = cls(**model.parameters)
        except TypeError as error:
            raise does_not_fit(directory, error) from error
        hybrid._restored(model)
        if hybrid.ranker_ is not None and hybrid.ranker_.names_ != hybrid._features.names:
            raise does_not_fit(directory, "its ranker looks at other figures")
        return hybrid

    def _restored(self, model: StoredModel) -> Self:
        self.interactions_ = model.interactions
        self.generators_ = list(model.generators)
        self.recordings_ = model.recordings
        self.ranker_ = model.ranker
        self.ranker_report_ = dict(model.ranker_report)
        self.sounds_ = model.sounds
        self.corpus_fingerprint_ = model.corpus_fingerprint
        self.metrics_ = dict(model.metrics)
        for computed in ("_reader", "_features", "_context"):
            self.__dict__.pop(computed, None)
        return self

    def _learnt_ranker(
        self,
        corpus: PlaylistCorpus,
        features: AudioFeatures | None,
        prototypes: Sequence[CandidateGenerator],
        progress: Progress | None,
    ) -> tuple[LambdaRank | None, dict[str, Any]]:
        if self.ranker not in RANKERS:
            raise RecommenderError(f"{self.ranker!r} is no ranker: choose one of {', '.join(RANKERS)}.")
        missing = _REQUIRED - {prototype.name for prototype in prototypes}
        if self.ranker == "lambdarank" and missing:
            raise RecommenderError(f"The ranker needs the generators {', '.join(sorted(missing))}: add them.")
        if self.ranker == "blend" or missing:
            why = "as asked for" if self.ranker == "blend" else "generators are missing"
            return None, {"ranker": "blend", "why": why}
        choice = learn_ranker(
            corpus,
            features,
            prototypes,
            _ranked(prototypes),
            self.weights,
            RankerTraining(limit=self.limit, top=self.top),
            LambdaRank(random_state=self.random_state),
            folds=folds,
            forced=self.ranker == "lambdarank",
            random_state=self.random_state,
            progress=progress,
        )
        return choice.ranker, dict(choice.report)

    def _shown(self, request: Request, k: int, steps: Sequence[Step]) -> tuple[Ranked, _Ranking]:
        """Return what is left of the ranking after the steps, and the ranking itself."""
        wanted = max(_POOL * k, _LEAST_POOL) if steps else k
        context = replace(self._context, seeds=request.query.seeds, known_artists=request.query.artists)
        while True:
            ranking = self._ranking(request, wanted)
            shown = rerank(Ranked(ranking.tracks, ranking.scores), steps, context, k)
            if len(shown) >= k or len(ranking.tracks) < wanted:
                return shown, ranking
            wanted *= 4

    def _ranking(self, request: Request, k: int) -> _Ranking:
        """Return at least k tracks in order, no recording twice; fewer only if there are no more."""
        wanted = k + _SPARE
        while True:
            ranking = self._ordered(request, wanted)
            kept = OnePerRecording().apply(Ranked(ranking.tracks, ranking.scores), self._context, wanted)
            if len(kept) >= k or len(ranking.tracks) < wanted:
                return replace(ranking, tracks=kept.tracks, scores=kept.scores)
            wanted *= 4

    def _ordered(self, request: Request, wanted: int) -> _Ranking:
        named = max(wanted, min(max(2 * wanted, _FEWEST_NAMED), self.limit))
        weights = weights_of(self.weights, kind_of(request.query))
        learnt = self.ranker_
        retrieval = Retrieval.of(
            self._asked({*RANKED, *weights} if learnt else weights), request.query, named, self.top
        )
        if learnt and not retrieval.says_something(RANKED):
            learnt, retrieval = None, Retrieval.of(self._asked(weights), request.query, named, self.top)
        candidates = retrieval.candidates(request.excluded)
        blended, parts = retrieval.blended(candidates, weights)
        if learnt:
            judged = greatest(blended, max(_JUDGED * wanted, _LEAST_JUDGED))
            scores = learnt.predict(self._features.matrix(retrieval, candidates, judged))
            best = np.lexsort((-blended[judged], -scores))[:wanted]
            order, ordered = judged[best], scores[best]
        else:
            order = np.lexsort((candidates, -blended))[:wanted]
            ordered = blended[order]
        tracks = candidates[order]
        if len(tracks) < wanted:
            sizes = self.interactions_.tracks.column_sizes
            rest = top_indices(sizes, np.concatenate([request.excluded, tracks]), wanted - len(tracks))
            least = float(ordered[-1]) if len(ordered) else 1.0
            filling = least * _FILLING * sizes[rest] / max(float(sizes.max(initial=0)), 1.0)
            tracks, ordered = np.concatenate([tracks, rest]), np.concatenate([ordered, filling.astype(np.float32)])
        return _Ranking(tracks, ordered, retrieval, candidates, blended, parts)

    def _asked(self, names: Collection[str]) -> list[CandidateGenerator]:
        return [generator for generator in self.generators_ if generator.name in {*names, Popularity.name}]

    @cached_property
    def _reader(self) -> RequestReader:
        catalogue = self.interactions_.corpus.catalogue
        return RequestReader(catalogue, self.interactions_.artist_ids, self.recordings_, self.max_seeds)

    @cached_property
    def _features(self) -> RankingFeatures:
        return RankingFeatures(self.interactions_, self.generators_, _ranked(self.generators_), self.weights)

    @cached_property
    def _context(self) -> RerankContext:
        factors = next((generator for generator in self.generators_ if isinstance(generator, Factors)), None)
        return RerankContext.of(
            self.interactions_,
            recordings=self.recordings_,
            features=CandidateRows(self.sounds_.tracks, self.sounds_.values) if len(self.sounds_.tracks) else None,
            vectors=None if factors is None else CandidateRows(factors.tracks_, factors.track_factors_),
        )


@dataclass(frozen=True, eq=False)
class _Ranking:
    """Tracks in order, their scores, and what the generators made of the candidates.

    Args:
        tracks: int32, best first.
        scores: float32, shape as `tracks`.
        retrieval: what the generators made of the query.
        candidates: int32, ascending: what the generators named.
        blended: float32, shape as `candidates`: their scores in the plain blend.
        parts: of each generator that weighs something, its part of `blended`.
    """

    tracks: IntArray
    scores: FloatArray
    retrieval: Retrieval
    candidates: IntArray
    blended: FloatArray
    parts: Mapping[str, FloatArray]

    def shares(self, track: int, names: Sequence[str]) -> list[float]:
        """Return what part of what speaks for a track comes from each of these generators."""
        place = int(np.searchsorted(self.candidates, track))
        known = place < len(self.candidates) and self.candidates[place] == track
        total = float(self.blended[place]) if known else 0.0
        if not total:
            return [1.0 if name == Popularity.name else 0.0 for name in names]
        return [float(self.parts[name][place]) / total for name in names]


def default_generators() -> list[CandidateGenerator]:
    """Return the generators that take part unless others are given, unfitted."""
    return [
        PlaylistNeighbours(),
        Cooccurrence(),
        Artists(),
        Titles(),
        TitleMap(),
        Factors(),
        Content(),
        Popularity(),
        Embeddings(),
    ]


def _ranked(generators: Sequence[CandidateGenerator]) -> tuple[str, ...]:
    names = {generator.name for generator in generators}
    return tuple(name for name in RANKED if name in names)
