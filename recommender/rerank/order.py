"""An order to listen to: small steps of energy and tempo, or energy that rises, falls, or does both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.errors import RecommenderError
from recommender.rerank.base import Ranked, RerankContext
from recommender.rerank.sound import energies, jumps

SHAPES = ("smooth", "rising", "falling", "arc")
"""Orders of playing: any with small jumps; energy from low to high; from high to low; up for two thirds, then down."""

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

# Every third track on the way down puts the peak at two thirds.
_FALLING_EVERY = 3
_WINDOW = 4
_ROUNDS = 200
_LEAST_GAIN = 1e-9


@dataclass(frozen=True, slots=True)
class SmoothOrder:
    """Puts the k tracks that are shown into an order for listening; those behind them stay.

    The jump between two tracks is |difference of energy| + distance of their tempos in octaves on a circle, so that 70
    and 140 beats a minute are near; see `recommender.rerank.sound.jumps`. A part that is not known counts as the mean
    of the known pairs.

    - "smooth": nearest neighbour, then 2-opt on the sum of the jumps (G. A. Croes, "A Method for Solving Traveling-
      Salesman Problems", Operations Research 6, 1958), the better placed end first; never worse than the given order.
    - "rising", "falling", "arc": energy follows the shape, each track at most 3 places from where energy alone would
      put it, the choice among them by the jump from the track before.

    Tracks of which neither energy nor tempo is known are put between the neighbours that are farthest apart, where they
    break nothing. Ordering a second time changes nothing.

    Args:
        shape: one of SHAPES.

    Raises:
        RecommenderError: there is no such shape.
    """

    shape: str = "smooth"

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise RecommenderError(f"{self.shape[:40]!r} is no order of playing: choose one of {', '.join(SHAPES)}.")

    def apply(self, ranked: Ranked, context: RerankContext, k: int) -> Ranked:
        """Return the first k in their order of playing, then the others as they were."""
        shown = ranked.tracks[:k]
        features = context.features_of(shown)
        energy, tempo = jumps(features)
        known = np.flatnonzero(np.isfinite(energy.diagonal()) | np.isfinite(tempo.diagonal()))
        if len(known) < 2:
            return ranked
        # By track, so that ties are decided alike whatever the ranking was.
        known = known[np.argsort(shown[known], kind="stable")]
        among = np.ix_(known, known)
        apart = _completed(energy[among]) + _completed(tempo[among])
        path = self._path(apart, energies(features)[known], known)
        unknown = np.setdiff1d(np.arange(len(shown)), known)
        unknown = unknown[np.argsort(shown[unknown], kind="stable")]
        order = _with_unknown(known[path], apart[path[:-1], path[1:]], unknown)
        return ranked.take(np.concatenate([order, np.arange(len(shown), len(ranked))]))

    def _path(self, apart: Floats, energy: Floats, given: Places) -> Places:
        if self.shape == "smooth":
            return _smooth(apart, given)
        middle = np.median(energy[np.isfinite(energy)]) if np.isfinite(energy).any() else 0.0
        profile = _profile(np.argsort(np.where(np.isfinite(energy), energy, middle), kind="stable"), self.shape)
        return min(_windowed(profile, apart), profile, key=lambda path: _length(path, apart))


def _completed(apart: Floats) -> Floats:
    """Return jumps with the mean of the known pairs for those that are not known, 0 to itself."""
    different = ~np.eye(len(apart), dtype=np.bool_)
    known = np.isfinite(apart) & different
    typical = float(apart[known].mean()) if known.any() else 0.0
    return np.where(np.isfinite(apart), apart, typical) * different


def _smooth(apart: Floats, given: Places) -> Places:
    """Return a short path over all tracks; `given` has their places before."""
    before = np.argsort(given, kind="stable")
    # The tracks least and most like the others make good ends and middles: starts that do not depend on the order.
    starts = sorted({int(apart.sum(axis=1).argmax()), int(apart.sum(axis=1).argmin())})
    paths = [_two_opt(_nearest_neighbours(apart, start), apart) for start in starts]
    path = min([*paths, before], key=lambda path: round(_length(path, apart), 9))
    return path[::-1] if given[path[0]] > given[path[-1]] else path


def _nearest_neighbours(apart: Floats, start: int) -> Places:
    left = apart.copy()
    path = [start]
    for _ in range(len(apart) - 1):
        left[:, path[-1]] = np.inf
        path.append(int(left[path[-1]].argmin()))
    return np.array(path, np.int64)


def _two_opt(path: Places, apart: Floats) -> Places:
    """Return the path with stretches reversed as long as that shortens it; many at once, where they do not overlap."""
    n = len(path)
    # A stop that is next to everything makes a round trip of the path, so that its ends may be reversed too.
    distances = np.pad(apart, (0, 1))
    tour = np.concatenate([[n], path, [n]])
    for _ in range(_ROUNDS):
        along = distances[np.ix_(tour, tour)]
        links = along.diagonal(1)
        gains = np.triu(links[:, None] + links - along[:-1, :-1] - along[1:, 1:], 1)
        ends = gains.argmax(axis=1)
        best = gains[np.arange(n + 1), ends]
        touched = np.zeros(n + 1, np.bool_)
        for start in np.argsort(-best, kind="stable")[: np.count_nonzero(best > _LEAST_GAIN)].tolist():
            end = int(ends[start])
            if not touched[start : end + 1].any():
                touched[start : end + 1] = True
                tour[start + 1 : end + 1] = tour[start + 1 : end + 1][::-1].copy()
        if not touched.any():
            break
    return tour[1:-1]


def _profile(by_energy: Places, shape: str) -> Places:
    """Return tracks, given by rising energy, in the order that energy alone would put them in."""
    if shape == "rising":
        return by_energy
    if shape == "falling":
        return by_energy[::-1]
    down = np.arange(len(by_energy)) % _FALLING_EVERY == 1
    return np.concatenate([by_energy[~down], by_energy[down][::-1]])


def _windowed(profile: Places, apart: Floats) -> Places:
    """Return the profile with each track moved by fewer than _WINDOW places, so that jumps become small."""
    waiting = list(range(1, len(profile)))
    path = [int(profile[0])]
    while waiting:
        late = waiting[0] + _WINDOW - 1 <= len(path)
        choice = 0 if late else int(apart[path[-1], profile[waiting[:_WINDOW]]].argmin())
        path.append(int(profile[waiting.pop(choice)]))
    return np.array(path, np.int64)


def _with_unknown(order: Places, apart: Floats, unknown: Places) -> Places:
    """Return an order with unknown tracks put in, one in each gap, the widest first.

    Args:
        order: shape (n,), n at least 2.
        apart: shape (n - 1,): how far consecutive ones are apart.
        unknown: what is put in.
    """
    widest = np.argsort(-apart, kind="stable")
    gaps = widest[np.arange(len(unknown)) % len(widest)]
    return np.insert(order, gaps + 1, unknown)


def _length(path: Places, apart: Floats) -> float:
    return float(apart[path[:-1], path[1:]].sum())
