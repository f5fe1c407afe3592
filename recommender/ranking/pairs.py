"""How often each candidate is in a playlist with each seed, and how near to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, IntArray
from recommender.candidates.similarity import SimilarityTo

Matrix = npt.NDArray[np.float64]
_NEAR = 10.0


@dataclass(frozen=True, eq=False)
class SeedPairs:
    """Co-occurrence of the seeds with the candidates.

    Attributes:
        together: shape (n_seeds, n_candidates): the playlists that have both, long ones counting less.
        near: shape (n_seeds, n_candidates): the same, each playlist times exp(-d / 10), d being how many places lie
            between the two: neighbours within a playlist belong together more than its first and its last track.
        seed_sizes: shape (n_seeds, 1): in how many playlists each seed is.
        sizes: shape (1, n_candidates): in how many each candidate is.
    """

    together: Matrix
    near: Matrix
    seed_sizes: Matrix
    sizes: Matrix

    @classmethod
    def of(cls, read: SimilarityTo, tracks: IntArray) -> SeedPairs:
        """Count the pairs.

        Args:
            read: the similarity to the seeds.
            tracks: int32, ascending, shape (n_candidates,): the candidates.
        """
        incidence, seeds = read.model.incidence, read.columns
        place_of = np.full(incidence.n_columns, -1, np.int32)
        place_of[tracks] = np.arange(len(tracks), dtype=np.int32)
        columns = place_of[read.read.columns]
        kept = np.flatnonzero(columns >= 0)
        entry = np.repeat(np.arange(len(read.rows), dtype=np.int32), read.read.lengths)[kept]
        cells = read.places[entry] * np.int64(len(tracks)) + columns[kept]
        parts = read.parts[entry]
        shape = (len(seeds), len(tracks))
        distances = np.abs(read.read.positions[kept] - read.entries[entry])
        decayed = parts * np.exp(-distances / _NEAR)
        size = len(seeds) * len(tracks)
        together: Matrix = np.bincount(cells, parts, minlength=size).astype(np.float64).reshape(shape)
        near: Matrix = np.bincount(cells, decayed, minlength=size).astype(np.float64).reshape(shape)
        return cls(
            together,
            near,
            incidence.column_sizes[seeds].astype(np.float64)[:, None],
            incidence.column_sizes[tracks].astype(np.float64)[None, :],
        )


def summaries(pairs: SeedPairs, n_playlists: int, shrinkage: float) -> dict[str, FloatArray]:
    """Return what the pairs say of each candidate, each of shape (n_candidates,).

    Args:
        pairs: of at least one seed.
        n_playlists: of the corpus.
        shrinkage: of the similarity.
    """
    similarity = pairs.together / (pairs.seed_sizes + pairs.sizes + shrinkage)
    near = pairs.near / (pairs.seed_sizes + pairs.sizes + shrinkage / 2)
    given_seed = pairs.together / (pairs.seed_sizes + 5)
    lift = np.log1p(pairs.together * n_playlists / (pairs.seed_sizes * pairs.sizes + 50))
    two = np.partition(similarity, -2, axis=0)[-2:] if len(similarity) > 1 else similarity[[0, 0]] * [[0.0], [1.0]]
    found = {
        "similarity.max": two[1],
        "similarity.second": two[0],
        "similarity.last": similarity[-1],
        "similarity.seeds": (pairs.together > 0).mean(axis=0),
        "near.max": near.max(axis=0),
        "near.mean": near.mean(axis=0),
        "near.last": near[-1],
        "given_seed.max": given_seed.max(axis=0),
        "given_seed.mean": given_seed.mean(axis=0),
        "given_track.max": (pairs.together / (pairs.sizes + 5)).max(axis=0),
        "lift.max": lift.max(axis=0),
        "lift.mean": lift.mean(axis=0),
        "together.max": np.log1p(pairs.together.max(axis=0)),
        "together.sum": np.log1p(pairs.together.sum(axis=0)),
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


SUMMARIES = (
    "similarity.max",
    "similarity.second",
    "similarity.last",
    "similarity.seeds",
    "near.max",
    "near.mean",
    "near.last",
    "given_seed.max",
    "given_seed.mean",
    "given_track.max",
    "lift.max",
    "lift.mean",
    "together.max",
    "together.sum",
)
