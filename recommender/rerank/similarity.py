"""How alike candidates are to each other and to the seeds: by artist, by sound, by vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, IntArray
from recommender.rerank.base import RerankContext
from recommender.rerank.sound import sound_columns

_SOUND_SCALE = 2 * 9.0


class Similarities:
    """The similarity of tracks to each other, from 0 to 1: the mean of those kinds that the context knows.

    - artist: 1 for the same artist, else 0;
    - sound, where there are features: exp(-d² / 18), d the distance of `sound_columns`, 1 / e for two random tracks;
    - vectors, where there are any: the cosine, 0 if it is negative.

    A track without features or vector is as like to any other as a typical pair of these tracks is: it must be neither
    shunned nor sought for what nobody knows.

    Args:
        context: what is known.
        tracks: int32, shape (n,).
    """

    def __init__(self, context: RerankContext, tracks: IntArray) -> None:
        self._artists = context.artist_ids[tracks]
        # No artist must not equal no artist.
        self._artists = np.where(self._artists < 0, -1 - np.arange(len(tracks)), self._artists)
        self._kernels: list[_Kernel] = []
        if context.features is not None:
            columns, known = sound_columns(context.features_of(tracks))
            self._kernels.append(_Kernel.of_sound(columns.astype(np.float32), known))
        vectors = context.vectors_of(tracks)
        if vectors is not None:
            self._kernels.append(_Kernel.of_cosine(vectors))
        self._share = np.float32(1 / (1 + len(self._kernels)))

    def to(self, place: int) -> FloatArray:
        """Return the similarity of the track at this place to each, shape (n,)."""
        total: FloatArray = (self._artists == self._artists[place]).astype(np.float32)
        for kernel in self._kernels:
            total += kernel.to(place)
        total *= self._share
        return total

    def mean(self) -> float:
        """Return the mean similarity of two different tracks; 0 if there are fewer than two."""
        n = len(self._artists)
        if n < 2:
            return 0.0
        total = sum(float(np.delete(self.to(place), place).sum(dtype=np.float64)) for place in range(n))
        return total / (n * (n - 1))


def closeness(context: RerankContext, tracks: IntArray) -> npt.NDArray[np.float64]:
    """Return how near each track is to the seeds, shape (n,): the share of the others that are farther, 0 to 1.

    Near is by the sound of the seeds' mean and the cosine to the mean of their vectors, both as places among the
    tracks, averaged. What is not known of a track, or of all seeds, counts as one half.
    """
    kinds = []
    if context.features is not None and len(context.seeds):
        columns, known = sound_columns(context.features_of(tracks))
        seeds, known_seeds = sound_columns(context.features_of(context.seeds))
        if known_seeds.any():
            apart = ((columns - seeds[known_seeds].mean(axis=0)) ** 2).sum(axis=1)
            kinds.append(_places(-apart, known))
    vectors = context.vectors_of(tracks)
    if vectors is not None and len(context.seeds):
        centre = np.asarray(context.vectors_of(context.seeds)).sum(axis=0)
        if centre.any():
            kinds.append(_places(vectors @ centre, _rows_with_any(vectors)))
    return np.mean(kinds, axis=0) if kinds else np.full(len(tracks), 0.5)


class _Kernel:
    """One kind of similarity as products of rows: exp of them for sound, their positive part for cosines."""

    def __init__(self, left: FloatArray, right: FloatArray, known: npt.NDArray[np.bool_], typical: float) -> None:
        self._left = left
        self._right = right
        self._known = known
        self._all_known = bool(known.all())
        self._typical = np.float32(typical)

    @classmethod
    def of_sound(cls, columns: FloatArray, known: npt.NDArray[np.bool_]) -> _SoundKernel:
        # -d² / scale as one product of rows: (2ab - a² - b²) / scale.
        squares = (columns**2).sum(axis=1, keepdims=True)
        ones = np.ones_like(squares)
        left = (np.hstack([2 * columns, -squares, -ones]) / _SOUND_SCALE).astype(np.float32)
        spread = 2 * float(columns[known].var(axis=0).sum()) if known.any() else _SOUND_SCALE
        return _SoundKernel(left, np.hstack([columns, ones, squares]), known, float(np.exp(-spread / _SOUND_SCALE)))

    @classmethod
    def of_cosine(cls, vectors: FloatArray) -> _Kernel:
        known = _rows_with_any(vectors)
        centre = vectors[known].mean(axis=0) if known.any() else np.zeros(vectors.shape[1])
        return cls(vectors, vectors, known, float((centre**2).sum()))

    def to(self, place: int) -> FloatArray:
        if not self._known[place]:
            return np.full(len(self._known), self._typical)
        values = self._shaped(self._left @ self._right[place])
        return values if self._all_known else np.where(self._known, values, self._typical)

    def _shaped(self, products: FloatArray) -> FloatArray:
        return np.maximum(products, 0, out=products)


class _SoundKernel(_Kernel):
    def _shaped(self, products: FloatArray) -> FloatArray:
        # Rounding can leave the square of a distance a little below 0.
        return np.exp(np.minimum(products, 0, out=products), out=products)


def _rows_with_any(vectors: FloatArray) -> npt.NDArray[np.bool_]:
    return np.asarray(vectors.any(axis=1), np.bool_)


def _places(values: npt.NDArray[np.floating], known: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return which share of the known values each exceeds, equal ones at their middle; one half if it is unknown."""
    found = np.full(len(values), 0.5)
    ordered = np.sort(values[known])
    if len(ordered):
        below = np.searchsorted(ordered, values[known], side="left")
        upto = np.searchsorted(ordered, values[known], side="right")
        found[known] = (below + upto) / (2 * len(ordered))
    return found
