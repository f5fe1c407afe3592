"""A denoising autoencoder over playlists: trained by JAX, served from plain arrays."""

from __future__ import annotations

import math
from dataclasses import asdict
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from recommender.candidates.autoencoding import AutoencoderSettings, places_of, train_autoencoder
from recommender.candidates.base import CandidateGenerator, Explainer, Query, track_name
from recommender.candidates.interactions import FloatArray, IntArray
from recommender.candidates.scoring import Scoring
from recommender.records import Reason
from recommender.topk import greatest

# exp() of more than this is no float32 any more.
_GREATEST_LOGARITHM = 80.0
# A track is named if without it a twentieth of the score would be lost.
_LEAST_REMAINING = math.log(0.95)
_NOTHING = 1e-12
_ROUNDING = 1e-4


class Autoencoder(CandidateGenerator):
    """What a neural network expects in the playlist, having learnt to tell hidden tracks from shown ones.

    The network of the second team of the RecSys Challenge 2018 (Yang, Jeong, Choi and Lee, "MMCF") with the likelihood
    of Mult-DAE (Liang et al. 2018): the input has a unit for each track and each artist, artists counting
    artist_weight * log2(1 + tracks by the artist), and is scaled to length 1; one hidden layer of tanh; one output a
    track. Some of the shown tracks, and of some playlists all, are given by their artist only: so seeds that the model
    does not know still count by their artists. The score is exp(sharpness * output): the likelihood, on no scale in
    particular.

    Chosen on 1,000 playlists held back for tuning (NDCG@500, one to 25 random seeds), of which the first figures have a
    third: six passes with learning_rate .01 .250, twelve and 200 units .264; after four passes .236 with .01, .212 with
    .03. All of them: 25 passes, 200 units and 40,000 tracks .276, where `Factors` has .296. In the test, with the
    defaults, alone .267, `Factors` .285, `PlaylistNeighbours` .281; the plain sum of those two .298, with half of this
    one .300, a gain of .0021 +- .0014. So it does not stand up alone, and is not in the default model: the blend of
    that has seven more generators, and what is left of so small a gain beside them is not known.

    Training needs JAX (`pip install "crossfade[neural]"`); serving needs no more than the arrays. The same seed gives
    the same model on the same machine with the same version of JAX.

    Args:
        hidden, passes, least_steps, most_steps, batch, negatives, learning_rate, weight_decay, dropout, artist_weight,
            hidden_tracks, artists_only, most_shown, length_damping, least_playlists, max_tracks, max_artists,
            random_state: see `AutoencoderSettings`.
        sharpness: exponent of the likelihood; it changes no order, only how far the best stand out.

    Attributes:
        tracks_: int32, ascending: the tracks that take part.
        artists_: int32, ascending: the artists that take part.
        inputs_: float32, shape (len(tracks_) + len(artists_), hidden): what each adds to the hidden layer.
        bias_: float32, shape (hidden,): of the hidden layer.
        outputs_: float32, shape (len(tracks_), hidden + 1): the output of each track; the last column is its bias.
    """

    name: ClassVar[str] = "autoencoder"
    framework: ClassVar[str | None] = "jax"
    learnt: ClassVar[tuple[str, ...]] = ("tracks_", "artists_", "inputs_", "bias_", "outputs_")
    tracks_: IntArray
    artists_: IntArray
    inputs_: FloatArray
    bias_: FloatArray
    outputs_: FloatArray

    def __init__(
        self,
        *,
        hidden: int = 128,
        passes: float = 25.0,
        least_steps: int = 200,
        most_steps: int = 10_000,
        batch: int = 128,
        negatives: int = 1500,
        learning_rate: float = 0.01,
        weight_decay: float = 0.01,
        dropout: float = 0.3,
        artist_weight: float = 1.0,
        hidden_tracks: float = 0.15,
        artists_only: float = 0.15,
        most_shown: int = 100,
        length_damping: float = 0.5,
        least_playlists: int = 3,
        max_tracks: int = 30_000,
        max_artists: int = 40_000,
        sharpness: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.passes = passes
        self.least_steps = least_steps
        self.most_steps = most_steps
        self.batch = batch
        self.negatives = negatives
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.artist_weight = artist_weight
        self.hidden_tracks = hidden_tracks
        self.artists_only = artists_only
        self.most_shown = most_shown
        self.length_damping = length_damping
        self.least_playlists = least_playlists
        self.max_tracks = max_tracks
        self.max_artists = max_artists
        self.sharpness = sharpness
        self.random_state = random_state

    def _learn(self, features: object) -> None:
        settings = AutoencoderSettings(**{name: getattr(self, name) for name in asdict(AutoencoderSettings())})
        trained = train_autoencoder(self.interactions_, settings)
        for computed in ("places", "artist_places"):
            self.__dict__.pop(computed, None)
        self.tracks_ = trained.tracks
        self.artists_ = trained.artists
        self.inputs_ = trained.inputs
        self.bias_ = trained.bias
        self.outputs_ = trained.outputs

    def score(self, query: Query) -> Scoring:
        """Return the likelihoods of the tracks; none where neither a track nor an artist of the query takes part."""
        hidden = self.hidden_layer(query)
        return self._nothing() if hidden is None else _Likelihoods(self, hidden)

    def hidden_layer(self, query: Query) -> FloatArray | None:
        """Return what the hidden layer makes of a query, shape (hidden,); None if nothing of it takes part."""
        entries = _Entries(self, query)
        return self._hidden(entries.total, entries.squares) if entries.squares else None

    def explainer(self, query: Query, scoring: Scoring | None = None) -> Explainer:
        """Name the track of the query without which the score would fall most, if it would by a twentieth at least."""
        entries = _Entries(self, query)
        full = self._hidden(entries.total, entries.squares)
        without = self._hidden(*entries.without_each())

        def explain(track: int) -> list[Reason]:
            place = int(self.places[track])
            if place < 0 or not entries.squares:
                return []
            output = self.outputs_[place, :-1]
            # The logarithm of what would be left of the score.
            remaining = self.sharpness * ((without - full) @ output)
            remaining[~entries.known] = np.inf
            most = int(np.argmin(remaining))
            if remaining[most] > _LEAST_REMAINING:
                return []
            if most >= len(query.seeds):
                artist = self._artist_name(int(query.artists[most - len(query.seeds)]))
                return [Reason(self.name, f"a network that learnt playlists expects it beside {artist}", 1.0)]
            seed = self._track(int(query.seeds[most]))
            text = f"a network that learnt playlists expects it beside {track_name(seed)}"
            return [Reason(self.name, text, 1.0, (seed.uri,))]

        return explain

    def _hidden(self, total: FloatArray, squares: FloatArray | float) -> FloatArray:
        """Return the hidden layer for sums of input rows, shape (..., hidden), and the inputs' squared lengths."""
        lengths = np.sqrt(np.maximum(squares, _NOTHING), dtype=np.float32)[..., None]
        hidden: FloatArray = np.tanh(total / lengths + self.bias_)
        return hidden

    def _artist_name(self, artist: int) -> str:
        track = self._track(int(np.argmax(self.interactions_.artist_ids == artist)))
        return track.artist_name or "an artist of yours"

    @cached_property
    def places(self) -> IntArray:
        """The place of each track in `tracks_`, or -1; shape (n_tracks + 1,), the last for no track."""
        return places_of(self.tracks_, self.interactions_.tracks.n_columns)

    @cached_property
    def artist_places(self) -> IntArray:
        """The place of each artist in `artists_`, or -1; shape (n_artists + 1,), the last for no artist."""
        return places_of(self.artists_, self.interactions_.artists.n_columns)


class _Entries:
    """A query's seeds and then its artists, one entry each, as sums of rows of the input layer.

    Attributes:
        known: bool, shape (n_seeds,): which entries take part, by their track or their artist.
        total: float32, shape (hidden,): the sum of all input rows, times their values.
        squares: the squared length of the input.
    """

    def __init__(self, generator: Autoencoder, query: Query) -> None:
        inputs, n_tracks = generator.inputs_, len(generator.tracks_)
        self._tracks = np.concatenate([generator.places[query.seeds], np.full(len(query.artists), -1, np.int32)])
        by = np.concatenate([generator.interactions_.artist_ids[query.seeds], query.artists])
        self._artists = generator.artist_places[by]
        self._generator = generator
        self.known = (self._tracks >= 0) | (self._artists >= 0)
        artists, counts = np.unique(self._artists[self._artists >= 0], return_counts=True)
        self._counts = np.zeros(len(by), np.int64)
        self._counts[self._artists >= 0] = counts[np.searchsorted(artists, self._artists[self._artists >= 0])]
        tracks = self._tracks[self._tracks >= 0]
        values = self._value(counts)
        rows = inputs[np.concatenate([tracks, n_tracks + artists])]
        self.total: FloatArray = np.concatenate([np.ones(len(tracks), np.float32), values]) @ rows
        self.squares = float(len(tracks) + (values**2).sum())

    def without_each(self) -> tuple[FloatArray, FloatArray]:
        """Return the sum and the squared length when an entry is left out, shapes (n_seeds, hidden), (n_seeds,)."""
        inputs, n_tracks = self._generator.inputs_, len(self._generator.tracks_)
        by_track = (self._tracks >= 0).astype(np.float32)
        before, after = self._value(self._counts), self._value(np.maximum(self._counts - 1, 0))
        totals = np.repeat(self.total[None], len(self.known), axis=0)
        squares = self.squares - by_track - (before**2 - after**2)
        if len(inputs):
            totals -= inputs[np.maximum(self._tracks, 0)] * by_track[:, None]
            of_artists = inputs[np.minimum(n_tracks + np.maximum(self._artists, 0), len(inputs) - 1)]
            totals -= of_artists * (before - after)[:, None]
        # What rounding leaves of nothing is nothing.
        nothing = squares < _ROUNDING
        totals[nothing] = 0
        squares[nothing] = 0
        return totals, squares.astype(np.float32)

    def _value(self, counts: npt.NDArray[np.int64]) -> FloatArray:
        value: FloatArray = (self._generator.artist_weight * np.log2(1 + counts)).astype(np.float32)
        return value


class _Likelihoods(Scoring):
    """The scores of `Autoencoder`, computed for as many tracks as are asked about.

    Args:
        generator: fitted.
        hidden: shape (hidden,): the hidden layer.
    """

    def __init__(self, generator: Autoencoder, hidden: FloatArray) -> None:
        self._generator = generator
        # Its last number meets the column of biases.
        self._hidden = np.append(hidden, np.float32(1))

    def top(self, limit: int) -> IntArray:
        """Return the likeliest tracks."""
        return self._generator.tracks_[greatest(self._all, limit)]

    def at(self, tracks: IntArray) -> FloatArray:
        """Return the scores of these tracks."""
        places = self._generator.places[tracks]
        scores = np.zeros(len(tracks), np.float32)
        scores[places >= 0] = self._likelihoods(self._generator.outputs_[places[places >= 0]])
        return scores

    def dense(self) -> FloatArray:
        """Return the scores of all tracks."""
        scores = np.zeros(self._generator.interactions_.tracks.n_columns, np.float32)
        scores[self._generator.tracks_] = self._all
        return scores

    @cached_property
    def _all(self) -> FloatArray:
        return self._likelihoods(self._generator.outputs_)

    def _likelihoods(self, outputs: FloatArray) -> FloatArray:
        logarithms = np.clip(
            (outputs @ self._hidden) * np.float32(self._generator.sharpness), -_GREATEST_LOGARITHM, _GREATEST_LOGARITHM
        )
        likelihoods: FloatArray = np.exp(logarithms)
        return likelihoods
