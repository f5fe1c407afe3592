"""Training of a denoising autoencoder over playlists' tracks and artists: sampled softmax, only the rows in play."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import FloatArray, IntArray, Interactions, slices
from recommender.candidates.latent import most_popular
from recommender.errors import RecommenderError

# Widths of a batch's matrices are rounded up, so that few shapes have to be compiled.
_WIDTHS = (256, 1024)
_LEAST_BATCH = 8
_IMPOSSIBLE = -1e9
_FIRST_MOMENT, _SECOND_MOMENT, _TINY = 0.9, 0.999, 1e-8

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class AutoencoderSettings:
    """What decides the weights.

    Attributes:
        hidden: units of the hidden layer.
        passes: how often the corpus is passed.
        least_steps, most_steps: bounds of the number of batches, whatever the size of the corpus.
        batch: playlists a step; of few playlists a quarter of them.
        negatives: tracks drawn at random for each step, besides those of the batch.
        learning_rate: at the start; it falls to a tenth of it.
        weight_decay: how much a weight in play shrinks a step, times the learning rate.
        dropout: share of the hidden units that are switched off.
        artist_weight: what an artist counts in the input against a track, times log2(1 + tracks by the artist).
        hidden_tracks: share of the shown tracks that the input has by their artist only, as if nobody had them.
        artists_only: share of the playlists of which the input has artists only.
        most_shown: how many tracks are shown at most.
        length_damping: a playlist counts as much as its withheld tracks ** (1 - length_damping).
        least_playlists: in how many playlists a track or artist must be.
        max_tracks, max_artists: how many of them take part at most, the most popular.
        random_state: seed of the first weights and of all that is drawn.
    """

    hidden: int = 128
    passes: float = 25.0
    least_steps: int = 200
    most_steps: int = 10_000
    batch: int = 128
    negatives: int = 1500
    learning_rate: float = 0.01
    weight_decay: float = 0.01
    dropout: float = 0.3
    artist_weight: float = 1.0
    hidden_tracks: float = 0.15
    artists_only: float = 0.15
    most_shown: int = 100
    length_damping: float = 0.5
    least_playlists: int = 3
    max_tracks: int = 30_000
    max_artists: int = 40_000
    random_state: int = 0


@dataclass(eq=False)
class Table:
    """Weights with Adam's moments, of which a step changes some rows (Kingma and Ba 2015).

    Args:
        weights: float32, shape (n_rows, n_columns).
    """

    weights: FloatArray
    first: FloatArray = field(init=False)
    second: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.first = np.zeros_like(self.weights)
        self.second = np.zeros_like(self.weights)

    def taken(self, rows: Rows, width: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return these rows of the weights and of both moments, filled up with rows of 0 to `width` rows."""
        return _filled(self.weights, rows, width), _filled(self.first, rows, width), _filled(self.second, rows, width)

    def put(self, rows: Rows, changed: tuple[Any, Any, Any]) -> None:
        """Put back what `taken` gave, changed."""
        for array, values in zip((self.weights, self.first, self.second), changed, strict=True):
            array[rows] = np.asarray(values)[: len(rows)]


@dataclass(frozen=True, eq=False)
class Autoencoding:
    """The weights of a trained autoencoder.

    Attributes:
        tracks: int32, ascending: the tracks that take part.
        artists: int32, ascending: the artists that take part.
        inputs: float32, shape (len(tracks) + len(artists), hidden): what each adds to the hidden layer.
        bias: float32, shape (hidden,).
        outputs: float32, shape (len(tracks), hidden + 1); the last column is the track's own bias.
    """

    tracks: IntArray
    artists: IntArray
    inputs: FloatArray
    bias: FloatArray
    outputs: FloatArray


@dataclass(frozen=True, eq=False)
class Batch:
    """What a step looks at.

    Attributes:
        input_rows: int64: the rows of `inputs` that some playlist shows, ascending.
        shown: float32, shape (batch, width): the input of each playlist over those rows, of length 1.
        output_rows: int64: the tracks among which the withheld ones are to be told, ascending.
        wanted: float32, shape (batch, width): 1 for a withheld track of the playlist, -1 for a shown one, else 0.
        corrections: float32, shape (width,): -log of the chance with which each of those tracks is drawn.
        kept: float32, shape (batch, hidden): 0 for the hidden units that are switched off.
        weights: float32, shape (batch,): what each withheld track of the playlist counts.
    """

    input_rows: Rows
    shown: FloatArray
    output_rows: Rows
    wanted: FloatArray
    corrections: FloatArray
    kept: FloatArray
    weights: FloatArray


def train_autoencoder(interactions: Interactions, settings: AutoencoderSettings) -> Autoencoding:
    """Learn to tell the withheld tracks of playlists from the shown ones.

    Each step shows a part of each playlist, as many tracks as a draw from 1 to `most_shown` that prefers few, as
    tracks and artists, and raises the multinomial likelihood of the others among all tracks (Liang, Krishnan, Hoffman
    and Jebara 2018). What the sum over all tracks would be is estimated from those of the batch and some drawn at
    random, each divided by the chance with which it is there (Horvitz and Thompson 1952); so a step costs as much as
    the batch is large, not as the catalogue is.

    Raises:
        RecommenderError: JAX is not installed.
    """
    sizes = interactions.tracks.column_sizes
    tracks = most_popular(sizes, settings.least_playlists, settings.max_tracks)
    artists = most_popular(interactions.artists.column_sizes, settings.least_playlists, settings.max_artists)
    rng = np.random.default_rng(settings.random_state)
    inputs = rng.standard_normal((len(tracks) + len(artists), settings.hidden), np.float32) * np.float32(0.1)
    outputs = rng.standard_normal((len(tracks), settings.hidden + 1), np.float32) * np.float32(0.1)
    outputs[:, -1] = np.log(sizes[tracks] / max(interactions.tracks.n_rows, 1))
    bias = np.zeros((1, settings.hidden), np.float32)
    if len(tracks) and (interactions.tracks.row_sizes >= 2).any():
        step = _compiled_step(settings.learning_rate, settings.weight_decay)
        tables = Table(inputs), Table(bias), Table(outputs)
        _train(tables, step, Batches(interactions, settings, tracks, artists, rng))
    return Autoencoding(tracks, artists, inputs, bias[0], outputs)


def _train(tables: tuple[Table, Table, Table], step: Callable[..., Any], batches: Batches) -> None:
    everything = np.zeros(1, np.int64)
    for number, batch in enumerate(batches, start=1):
        rows = batch.input_rows, everything, batch.output_rows
        widths = batch.shown.shape[1], 1, batch.wanted.shape[1]
        taken = [table.taken(of, width) for table, of, width in zip(tables, rows, widths, strict=True)]
        data = batch.shown, batch.wanted, batch.corrections, batch.kept, batch.weights
        changed = step(taken, data, np.float32(number), np.float32(number / batches.n_steps))
        for table, of, values in zip(tables, rows, changed, strict=True):
            table.put(of, values)


@lru_cache(maxsize=4)
def _compiled_step(learning_rate: float, weight_decay: float) -> Callable[..., Any]:
    """Return one step of Adam with decoupled weight decay over the rows in play, compiled by JAX."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError as error:
        raise RecommenderError(
            'The autoencoder is trained by JAX, which is not installed: run `pip install "crossfade[neural]"`.'
        ) from error

    def loss(weights: list[Any], data: tuple[Any, ...]) -> Any:  # noqa: ANN401 - JAX's arrays are of no checkable type
        inputs, bias, outputs = weights
        shown, wanted, corrections, kept, counts = data
        hidden = jnp.tanh(shown @ inputs + bias) * kept
        logits = hidden @ outputs[:, :-1].T + outputs[:, -1]
        # Its own tracks are there for certain, whatever is drawn.
        total = jax.nn.logsumexp(jnp.where(wanted != 0, logits, logits + corrections), axis=1, keepdims=True)
        likelihoods = jnp.sum(jnp.where(wanted > 0, logits - total, 0), axis=1)
        return -jnp.sum(likelihoods * counts) / len(counts)

    def step(taken: list[Any], data: tuple[Any, ...], number: Any, share: Any) -> list[Any]:  # noqa: ANN401
        gradients = jax.grad(loss)([weights for weights, _, _ in taken], data)
        rate = learning_rate * (1 - 0.9 * share)
        changed = []
        for (weights, first, second), gradient in zip(taken, gradients, strict=True):
            first = _FIRST_MOMENT * first + (1 - _FIRST_MOMENT) * gradient
            second = _SECOND_MOMENT * second + (1 - _SECOND_MOMENT) * gradient**2
            direction = (first / (1 - _FIRST_MOMENT**number)) / (
                jnp.sqrt(second / (1 - _SECOND_MOMENT**number)) + _TINY
            )
            changed.append((weights - rate * (direction + weight_decay * weights), first, second))
        return changed

    # One thread: sums then do not depend on how many cores there are, and small steps do not wait for other threads.
    compiled: Callable[..., Any] = jax.jit(step, compiler_options={"xla_cpu_multi_thread_eigen": False})
    return compiled


class Batches:
    """The playlists in random order, a batch at a time, each time with other tracks shown.

    Args:
        interactions: the corpus; at least one playlist has two tracks.
        settings: what is shown of a playlist.
        tracks: those that take part.
        artists: those that take part.
        rng: draws everything.
    """

    def __init__(
        self,
        interactions: Interactions,
        settings: AutoencoderSettings,
        tracks: IntArray,
        artists: IntArray,
        rng: np.random.Generator,
    ) -> None:
        self._interactions = interactions
        self._settings = settings
        self._n_tracks = len(tracks)
        self._places = places_of(tracks, interactions.tracks.n_columns)
        self._artist_places = places_of(artists, interactions.artists.n_columns)
        self._rng = rng
        self._playlists = np.flatnonzero(interactions.tracks.row_sizes >= 2)
        # A step over all playlists at once would waste what little a small corpus has to tell.
        self._size = min(settings.batch, max(len(self._playlists) // 4, _LEAST_BATCH))
        passed = settings.passes * len(self._playlists) / self._size
        self.n_steps = int(np.clip(round(passed), settings.least_steps, settings.most_steps))
        share = interactions.tracks.column_sizes[tracks].astype(np.float64) / interactions.tracks.n_rows
        with np.errstate(divide="ignore"):
            self._missing = np.log1p(-share) * self._size

    def __iter__(self) -> Iterator[Batch]:
        order = self._playlists[:0]
        for _ in range(self.n_steps):
            while len(order) < self._size:
                order = np.concatenate([order, self._rng.permutation(self._playlists)])
            yield self._batch(order[: self._size])
            order = order[self._size :]

    def _batch(self, playlists: Rows) -> Batch:
        settings, rng = self._settings, self._rng
        positions, lengths = slices(self._interactions.tracks.row_offsets, playlists)
        of = np.repeat(np.arange(len(playlists)), lengths)
        tracks = self._interactions.tracks.row_columns[positions]
        places = self._places[tracks]
        shown = _drawn(lengths, np.minimum(settings.most_shown, lengths - 1), of, rng)
        by_artist_only = (rng.random(len(playlists)) < settings.artists_only)[of]
        by_artist_only |= rng.random(len(of)) < settings.hidden_tracks
        input_rows, matrix = self._input(of, places, tracks, shown, shown & ~by_artist_only, len(playlists))
        known = places >= 0
        drawn = settings.negatives / max(self._n_tracks, 1)
        output_rows = np.union1d(places[known], np.flatnonzero(rng.random(self._n_tracks) < drawn)).astype(np.int64)
        width = _width(len(output_rows))
        wanted = np.zeros((len(playlists), width), np.float32)
        wanted[of[known], np.searchsorted(output_rows, places[known])] = np.where(shown[known], -1, 1)
        corrections = np.full(width, _IMPOSSIBLE, np.float32)
        absent = np.exp(self._missing[output_rows]) * max(1 - drawn, 0)
        corrections[: len(output_rows)] = -np.log1p(-absent)
        kept = (rng.random((len(playlists), settings.hidden)) >= settings.dropout) / (1 - settings.dropout)
        withheld = np.maximum((wanted > 0).sum(axis=1), 1)
        weights = (withheld**-settings.length_damping).astype(np.float32)
        return Batch(input_rows, matrix, output_rows, wanted, corrections, kept.astype(np.float32), weights)

    def _input(
        self,
        of: Rows,
        places: IntArray,
        tracks: IntArray,
        shown: npt.NDArray[np.bool_],
        by_track: npt.NDArray[np.bool_],
        n_playlists: int,
    ) -> tuple[Rows, FloatArray]:
        """Return the rows in play and the matrix of playlists by them."""
        by_track = by_track & (places >= 0)
        artists = self._artist_places[self._interactions.artist_ids[tracks]]
        by_artist = shown & (artists >= 0)
        keys, counts = np.unique(of[by_artist] * np.int64(2**32) + artists[by_artist], return_counts=True)
        rows = np.concatenate([of[by_track], keys >> 32])
        columns = np.concatenate([places[by_track], self._n_tracks + (keys & (2**32 - 1))])
        values = np.concatenate([np.ones(by_track.sum()), self._settings.artist_weight * np.log2(1 + counts)])
        norms = np.sqrt(np.bincount(rows, values**2, minlength=n_playlists))
        in_play, found = np.unique(columns, return_inverse=True)
        matrix = np.zeros((n_playlists, _width(len(in_play))), np.float32)
        matrix[rows, found] = values / np.maximum(norms, 1e-12)[rows]
        return in_play.astype(np.int64), matrix


def places_of(members: IntArray, size: int) -> IntArray:
    """Return the place of each of `size` things among the members, or -1, shape (size + 1,); that of thing -1 is -1."""
    places = np.full(size + 1, -1, np.int32)
    places[members] = np.arange(len(members), dtype=np.int32)
    return places


def _drawn(lengths: Rows, most: Rows, of: Rows, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Say of each entry whether it is shown: of each playlist 1 to `most` tracks, each order of magnitude alike."""
    shuffled = np.lexsort((rng.random(len(of)), of))
    ranks = np.empty(len(of), np.int64)
    ranks[shuffled] = np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    counts = np.floor(np.exp(rng.random(len(lengths)) * np.log(np.maximum(most, 1))) + 0.5)
    shown: npt.NDArray[np.bool_] = ranks < counts[of]
    return shown


def _width(size: int) -> int:
    smallest, unit = _WIDTHS
    return smallest if size <= smallest else -(-size // unit) * unit


def _filled(array: FloatArray, rows: Rows, width: int) -> FloatArray:
    filled = np.zeros((width, array.shape[1]), np.float32)
    filled[: len(rows)] = array[rows]
    return filled
