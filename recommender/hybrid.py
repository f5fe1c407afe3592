"""The recommender itself: generators of candidates, blended by the kind of query."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from recommender.blending import WEIGHTS, Part, blend, kind_of
from recommender.candidates import Artists, Content, Cooccurrence, PlaylistNeighbours, Popularity, Titles
from recommender.candidates.base import CandidateGenerator, Query
from recommender.candidates.interactions import FloatArray, IntArray, Interactions
from recommender.corpus import PlaylistCorpus
from recommender.errors import CorpusError, RecommenderError
from recommender.explain import Explanations
from recommender.hybrid_artifact import StoredModel, read_model, write_model
from recommender.queries import RequestReader
from recommender.records import Recommendation, Track
from recommender.rerank import limit_per_group, recordings
from recommender.topk import top_indices, top_mean

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures

# So little that popularity only orders the tracks of which no other generator says anything.
_FILLING = 1e-6
_SPARE = 20


class Hybrid:
    """Continues playlists by collaborative filtering, audio content, artists and titles together.

    Each generator's scores are divided by the mean of its greatest ones, so that generators of different scales can be
    added; weights depend on the kind of query (title only, few seeds, several, many). Popularity fills up whatever is
    left, so an answer is as long as asked for whenever the catalogue has enough tracks.

    Args:
        weights: for each kind of query the weight of each generator, by name; None for `recommender.blending.WEIGHTS`.
        generators: unfitted generators; None for the six of `default_generators`.
        max_seeds: how many seeds are looked at; of more, that many evenly spaced ones.
        top: how many of a generator's greatest scores its scale is the mean of.

    Attributes:
        generators_: the fitted generators.
        interactions_: the corpus, counted.
        recordings_: int32, shape (n_tracks,): equal for the ids of one recording.
        corpus_fingerprint_: of the corpus that was learnt from.
        metrics_: what was measured when it was saved; empty before.
    """

    generators_: list[CandidateGenerator]
    interactions_: Interactions
    recordings_: IntArray
    corpus_fingerprint_: str
    metrics_: dict[str, Any]

    def __init__(
        self,
        weights: Mapping[str, Mapping[str, float]] | None = None,
        *,
        generators: Sequence[CandidateGenerator] | None = None,
        max_seeds: int = 250,
        top: int = 200,
    ) -> None:
        self.weights = weights
        self.generators = generators
        self.max_seeds = max_seeds
        self.top = top

    def fit(self, corpus: PlaylistCorpus, features: AudioFeatures | None = None) -> Self:
        """Learn from playlists and, where there are any, audio features.

        Raises:
            CorpusError: there is not one playlist with a track.
        """
        if not corpus.n_playlists or not len(corpus.indices):
            raise CorpusError("There are no playlists with tracks to learn from: import some first.")
        interactions = Interactions.of(corpus)
        prototypes = default_generators() if self.generators is None else self.generators
        fitted = [type(prototype)(**prototype.parameters()).learn(interactions, features) for prototype in prototypes]
        return self._restored(interactions, fitted, recordings(corpus.catalogue), corpus.fingerprint(), {})

    def recommend(
        self,
        seeds: Sequence[str | Track] = (),
        title: str | None = None,
        k: int = 30,
        *,
        exclude: Collection[str] = (),
        max_per_artist: int | None = None,
        max_reasons: int = 3,
        called: str = "your playlist",
    ) -> list[Recommendation]:
        """Return k recordings that continue a playlist, best first, with the reasons for each.

        Seeds never come back, nor other ids of the same recordings; no recording comes twice.

        Args:
            seeds: the playlist's tracks in order, as URIs, or as records: then a track that is not known still counts
                by its artist's name. Unknown URIs are passed over, repeats count once.
            title: the playlist's title.
            k: how many; fewer only if there are no more.
            exclude: URIs that must not come back.
            max_per_artist: how many tracks of one artist at most.
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
        parts = self._parts(request.query)
        total = blend(parts, self.interactions_.corpus.n_tracks)
        ranking = self._distinct(total, request.excluded, k, max_per_artist)
        explanations = Explanations.of([part.generator for part in parts], request, max_reasons)
        answer = []
        for index, track in zip(ranking.tolist(), self.interactions_.corpus.catalogue.tracks(ranking), strict=True):
            score = float(total[index])
            shares = [float(part.scores[index]) * part.factor / score if score else 0.0 for part in parts]
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
        barred = request.excluded if exclude is None else np.concatenate([request.excluded, exclude])
        return top_indices(blend(self._parts(request.query), self.interactions_.corpus.n_tracks), barred, k)

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
        parameters = {"weights": weights, "max_seeds": self.max_seeds, "top": self.top}
        model = StoredModel(
            parameters,
            self.generators_,
            self.interactions_,
            self.recordings_,
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
            ArtifactError: there is no model, it is damaged, of a newer format, or not a hybrid model.
        """
        model = read_model(directory, verify)
        return cls(**model.parameters)._restored(
            model.interactions, model.generators, model.recordings, model.corpus_fingerprint, model.metrics
        )

    def _restored(
        self,
        interactions: Interactions,
        generators: Sequence[CandidateGenerator],
        recordings: IntArray,
        corpus_fingerprint: str,
        metrics: Mapping[str, Any],
    ) -> Self:
        self.interactions_ = interactions
        self.generators_ = list(generators)
        self.recordings_ = recordings
        self.corpus_fingerprint_ = corpus_fingerprint
        self.metrics_ = dict(metrics)
        self.__dict__.pop("_reader", None)
        return self

    def _parts(self, query: Query) -> list[Part]:
        """Return what each generator that weighs something for this query adds."""
        weights = (WEIGHTS if self.weights is None else self.weights).get(kind_of(query), {})
        parts = []
        for generator in self.generators_:
            weight = weights.get(generator.name, 0.0)
            if generator.name == Popularity.name:
                weight = max(weight, _FILLING)
            if weight <= 0:
                continue
            scores = generator.scores(query)
            # The seeds would set the scale, and they are not answers.
            scores[query.seeds] = 0
            scale = top_mean(scores, self.top)
            if scale > 0:
                parts.append(Part(generator, weight / scale, scores))
        return parts

    def _distinct(self, total: FloatArray, excluded: IntArray, k: int, max_per_artist: int | None) -> IntArray:
        """Return the k best, no recording twice and at most `max_per_artist` tracks of one artist."""
        wanted = k + _SPARE
        while True:
            ranking = top_indices(total, excluded, wanted)
            kept = limit_per_group(ranking, self.recordings_, 1)
            if max_per_artist is not None:
                kept = limit_per_group(kept, self.interactions_.artist_ids, max_per_artist)
            if len(kept) >= k or len(ranking) < wanted:
                return kept[:k]
            wanted *= 4

    @cached_property
    def _reader(self) -> RequestReader:
        catalogue = self.interactions_.corpus.catalogue
        return RequestReader(catalogue, self.interactions_.artist_ids, self.recordings_, self.max_seeds)


def default_generators() -> list[CandidateGenerator]:
    """Return the generators that are blended unless others are given, unfitted."""
    return [PlaylistNeighbours(), Cooccurrence(), Artists(), Titles(), Content(), Popularity()]
