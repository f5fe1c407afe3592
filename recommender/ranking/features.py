"""What the ranker is told about each candidate: what every generator makes of it, and how it relates to the seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from recommender.blending import kind_of, weights_of
from recommender.candidates import Artists, CandidateGenerator, Cooccurrence, Factors, PlaylistNeighbours, Titles
from recommender.candidates.artists import ArtistScores
from recommender.candidates.cooccurrence import CooccurrenceScores
from recommender.candidates.interactions import FloatArray, IntArray, Interactions
from recommender.candidates.latent import HeadScores
from recommender.candidates.neighbours import NeighbourScores
from recommender.ranking.pairs import SUMMARIES, SeedPairs, summaries
from recommender.retrieval import Retrieval

T = TypeVar("T", bound=CandidateGenerator)

_LAST_RANK = 2000
_SHRINKAGE = 20.0
_NEAREST = 300
_VOTERS = 100
_FEW_VOTERS = 20
_SHARPNESS = 6


class RankingFeatures:
    """Turns candidates into rows of figures.

    Nothing here depends on what the ranker cannot know when it serves: how many tracks a playlist will have, or how
    the seeds were chosen. A relative score is one divided by the mean of the greatest.

    Args:
        interactions: of the corpus.
        generators: fitted; Cooccurrence, PlaylistNeighbours, Artists, Titles and Factors must be among them.
        ranked: the names of the generators whose scores are features, in the order of the columns.
        weights: of the plain blend, by kind of query.
    """

    def __init__(
        self,
        interactions: Interactions,
        generators: Sequence[CandidateGenerator],
        ranked: tuple[str, ...],
        weights: Mapping[str, Mapping[str, float]] | None,
    ) -> None:
        self._interactions = interactions
        self._generators = generators
        self._ranked = ranked
        self._weights = weights

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        by_generator = [f"{name}.{figure}" for name in self._ranked for figure in ("score", "rank", "level")]
        return (*by_generator, *SUMMARIES, *_OTHERS)

    def matrix(
        self, retrieval: Retrieval, candidates: IntArray, judged: npt.NDArray[np.integer] | None = None
    ) -> FloatArray:
        """Return the features of candidates.

        Args:
            retrieval: what the generators made of the query.
            candidates: int32, ascending, shape (n_candidates,): those among which ranks are counted.
            judged: the places of those whose features are wanted, ascending; None for all.

        Returns:
            float32, shape (n_judged, len(names)), finite.
        """
        judged = np.arange(len(candidates)) if judged is None else judged
        tracks = candidates[judged]
        columns: dict[str, FloatArray | float] = {}
        for name in self._ranked:
            opinion = retrieval.opinions[name]
            relative = opinion.relative(candidates)
            columns[f"{name}.score"] = relative[judged]
            columns[f"{name}.rank"] = _log_ranks(relative)[judged]
            columns[f"{name}.level"] = float(np.log(opinion.scale + 1e-9))
        seeds = retrieval.query.seeds
        seeds = seeds[self._interactions.tracks.column_sizes[seeds] > 0]
        columns |= self._seed_pairs(retrieval, seeds, tracks)
        columns |= self._artist(retrieval, tracks)
        columns |= self._popularity(retrieval, seeds, tracks)
        columns |= self._latent(retrieval, seeds, tracks)
        columns |= self._near_playlists(retrieval, candidates, judged)
        columns |= self._voters(retrieval, tracks)
        columns |= self._title(retrieval, tracks)
        columns |= {name: values[judged] for name, values in self._blend(retrieval, candidates).items()}
        matrix = np.empty((len(tracks), len(self.names)), np.float32)
        for place, name in enumerate(self.names):
            matrix[:, place] = columns[name]
        return np.nan_to_num(matrix, copy=False, nan=0.0, posinf=0.0, neginf=0.0)

    def _seed_pairs(self, retrieval: Retrieval, seeds: IntArray, tracks: IntArray) -> dict[str, FloatArray | float]:
        if not len(seeds):
            return dict.fromkeys(SUMMARIES, 0.0)
        scoring = retrieval.scoring(Cooccurrence.name, CooccurrenceScores)
        pairs = SeedPairs.of(scoring.to_seeds, tracks)
        return {**summaries(pairs, self._interactions.tracks.n_rows, _SHRINKAGE)}

    def _artist(self, retrieval: Retrieval, tracks: IntArray) -> dict[str, FloatArray | float]:
        query, by = retrieval.query, self._artist_of(tracks)
        of_seeds = np.concatenate([self._interactions.artist_ids[query.seeds], query.artists])
        known = of_seeds[of_seeds >= 0]
        counts = np.bincount(known, minlength=self._n_artists).astype(np.float32)
        n_seeds = max(query.n_seeds, 1)
        sizes = self._interactions.tracks.column_sizes[tracks]
        relations = retrieval.scoring(Artists.name, ArtistScores).relations
        playlists = self._interactions.artists.column_sizes
        albums = self._albums[query.seeds]
        same_album = np.isin(self._albums[tracks], albums[albums >= 0])
        last = int(self._interactions.artist_ids[query.seeds[-1]]) if len(query.seeds) else -1
        return {
            "artist.seeds": _at(counts, by),
            "artist.share": _at(counts, by) / np.float32(n_seeds),
            "artist.last": ((by == last) & (by >= 0)).astype(np.float32),
            "artist.relation": 0.0 if relations is None else _at(relations, by) / np.float32(np.sqrt(n_seeds)),
            "artist.playlists": np.log1p(_at(playlists, by)),
            "artist.tracks": np.log1p(_at(self._tracks_by_artist, by)),
            "artist.share_of": sizes / np.maximum(_at(playlists, by), 1),
            "album.same": same_album.astype(np.float32),
            "query.artists": len(np.unique(known)) / n_seeds,
        }

    def _popularity(self, retrieval: Retrieval, seeds: IntArray, tracks: IntArray) -> dict[str, FloatArray | float]:
        sizes = self._interactions.tracks.column_sizes
        popularity = np.log1p(sizes[tracks])
        of_seeds = np.log1p(sizes[seeds]) if len(seeds) else np.zeros(1, np.float32)
        query = retrieval.query
        return {
            "popularity": popularity,
            "popularity.above_seeds": popularity - of_seeds.mean(),
            "query.popularity": float(of_seeds.mean()),
            "query.popularity_spread": float(of_seeds.std()),
            "query.seeds": float(query.n_seeds),
            "query.unknown": float(query.n_seeds - len(seeds)),
        }

    def _latent(self, retrieval: Retrieval, seeds: IntArray, tracks: IntArray) -> dict[str, FloatArray | float]:
        factors = self._expert(Factors)
        columns: dict[str, FloatArray | float] = dict.fromkeys(_LATENT, 0.0)
        if len(seeds):
            cosines = factors.cosines(tracks, seeds)
            columns["factors.cosine_max"] = cosines.max(axis=1)
            columns["factors.cosine_mean"] = cosines.mean(axis=1)
            columns["factors.cosine_last"] = cosines[:, -1]
        folded_in = retrieval.opinions[Factors.name].scoring
        if isinstance(folded_in, HeadScores) and len(factors.artist_factors_):
            artists, places = np.unique(self._artist_of(tracks), return_inverse=True)
            of_artists = np.maximum(factors.artist_factors_[artists] @ folded_in.query, 0) * (artists >= 0)
            columns["factors.artist"] = of_artists[places] / max(_mean_of_greatest(of_artists, 50), 1e-9)
        return columns

    def _near_playlists(
        self, retrieval: Retrieval, candidates: IntArray, judged: npt.NDArray[np.integer]
    ) -> dict[str, FloatArray | float]:
        factors = self._expert(Factors)
        folded_in = retrieval.opinions[Factors.name].scoring
        if not isinstance(folded_in, HeadScores):
            return {
                "near_playlists.score": 0.0,
                "near_playlists.rank": float(np.log1p(_LAST_RANK)),
                "near_playlists.artist": 0.0,
            }
        playlists, cosines = factors.neighbours(folded_in.query, _NEAREST)
        weights = cosines**_SHARPNESS * self._length_roots[playlists]
        votes = self._votes(playlists, weights, candidates)
        return {
            "near_playlists.score": (votes / max(_mean_of_greatest(votes, 200), 1e-9))[judged],
            "near_playlists.rank": _log_ranks(votes)[judged],
            "near_playlists.artist": self._artist_votes(playlists, weights, self._artist_of(candidates[judged])),
        }

    def _voters(self, retrieval: Retrieval, tracks: IntArray) -> dict[str, FloatArray | float]:
        scoring = retrieval.scoring(PlaylistNeighbours.name, NeighbourScores)
        playlists, weights = scoring.nearest(_NEAREST)
        if not len(playlists):
            return {"neighbours.near": 0.0, "neighbours.nearest": 0.0, "neighbours.artist": 0.0}
        ones = np.ones(len(playlists[:_VOTERS]), np.float32)
        relative = weights[:_FEW_VOTERS] / weights[0]
        return {
            "neighbours.near": self._votes(playlists[:_VOTERS], ones, tracks) / np.float32(len(ones)),
            "neighbours.nearest": self._votes(playlists[:_FEW_VOTERS], relative, tracks),
            "neighbours.artist": self._artist_votes(playlists, weights, self._artist_of(tracks)),
        }

    def _title(self, retrieval: Retrieval, tracks: IntArray) -> dict[str, FloatArray | float]:
        titles = self._expert(Titles)
        playlists, similarities = titles.similar_playlists(retrieval.query.title)
        weights = similarities**2
        total = float(weights.sum())
        if not total:
            return {"titles.artist": 0.0, "titles.share": 0.0, "titles.amount": 0.0}
        return {
            "titles.artist": self._artist_votes(playlists, weights, self._artist_of(tracks)),
            "titles.share": self._votes(playlists, weights, tracks) / np.float32(total + 2),
            "titles.amount": float(np.log1p(similarities.sum())),
        }

    def _blend(self, retrieval: Retrieval, tracks: IntArray) -> dict[str, FloatArray]:
        blended, _ = retrieval.blended(tracks, weights_of(self._weights, kind_of(retrieval.query)))
        by = self._artist_of(tracks)
        order = np.lexsort((-blended, by))
        ordered = by[order]
        first = np.searchsorted(ordered, ordered, side="left")
        within = np.empty(len(tracks), np.float32)
        within[order] = np.arange(len(tracks)) - first
        best = np.zeros(self._n_artists, np.float32)
        np.maximum.at(best, by[by >= 0], blended[by >= 0])
        return {
            "blend.score": blended,
            "blend.rank": _log_ranks(blended),
            "blend.rank_within_artist": np.where(by >= 0, within, np.float32(99)),
            "blend.best_of_artist": _at(best, by),
        }

    def _votes(self, playlists: IntArray, weights: FloatArray, tracks: IntArray) -> FloatArray:
        return self._interactions.tracks.votes_for(playlists, weights, tracks)

    def _artist_votes(self, playlists: IntArray, weights: FloatArray, by: IntArray) -> FloatArray:
        votes = self._interactions.artists.votes_for(playlists, weights, np.maximum(by, 0))
        votes[by < 0] = 0
        return votes / np.float32(max(float(weights.sum()), 1e-9))

    def _expert(self, kind: type[T]) -> T:
        return next(generator for generator in self._generators if isinstance(generator, kind))

    def _artist_of(self, tracks: IntArray) -> IntArray:
        return self._interactions.artist_ids[tracks]

    @cached_property
    def _n_artists(self) -> int:
        return max(self._interactions.artists.n_columns, 1)

    @cached_property
    def _albums(self) -> IntArray:
        return self._expert(Artists).album_ids_

    @cached_property
    def _tracks_by_artist(self) -> FloatArray:
        seen = self._interactions.artist_ids[self._interactions.tracks.column_sizes > 0]
        return np.bincount(seen[seen >= 0], minlength=self._n_artists).astype(np.float32)

    @cached_property
    def _length_roots(self) -> FloatArray:
        roots: FloatArray = np.maximum(self._interactions.tracks.row_sizes, 1) ** np.float32(-0.5)
        return roots


_LATENT = (
    "factors.cosine_max",
    "factors.cosine_mean",
    "factors.cosine_last",
    "factors.artist",
)
_OTHERS = (
    "artist.seeds",
    "artist.share",
    "artist.last",
    "artist.relation",
    "artist.playlists",
    "artist.tracks",
    "artist.share_of",
    "album.same",
    "query.artists",
    "popularity",
    "popularity.above_seeds",
    "query.popularity",
    "query.popularity_spread",
    "query.seeds",
    "query.unknown",
    *_LATENT,
    "near_playlists.score",
    "near_playlists.rank",
    "near_playlists.artist",
    "neighbours.near",
    "neighbours.nearest",
    "neighbours.artist",
    "titles.artist",
    "titles.share",
    "titles.amount",
    "blend.score",
    "blend.rank",
    "blend.rank_within_artist",
    "blend.best_of_artist",
)


def _log_ranks(scores: FloatArray) -> FloatArray:
    """Return log(1 + rank), the best being 0; of equal ones the first is better, and those without score are last."""
    order = np.argsort(-scores, kind="stable")
    ranks = np.empty(len(scores), np.float32)
    ranks[order] = np.minimum(np.arange(len(scores)), _LAST_RANK)
    ranks[scores <= 0] = _LAST_RANK
    return np.log1p(ranks)


def _mean_of_greatest(values: FloatArray, top: int) -> float:
    if len(values) > top:
        values = np.partition(values, len(values) - top)[-top:]
    return float(values.mean()) if len(values) else 0.0


def _at(values: FloatArray, ids: IntArray) -> FloatArray:
    """Return values[id], 0 where an id is -1."""
    found: FloatArray = (
        np.where(ids >= 0, values[np.maximum(ids, 0)], np.float32(0)) if len(values) else np.zeros(len(ids), np.float32)
    )
    return found
