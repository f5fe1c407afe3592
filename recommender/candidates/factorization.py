"""Latent factors of playlists, tracks and artists by alternating least squares, computed once for all who use them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack

from recommender.candidates.interactions import FloatArray, IntArray, Interactions
from recommender.candidates.latent import most_popular


@dataclass(frozen=True)
class FactorizationSettings:
    """What decides the factors.

    Attributes:
        dimensions: how many factors.
        confidence: how much more an entry counts than its absence, on average (alpha of Hu, Koren and Volinsky 2008).
        regularization: pulls factors towards 0.
        iterations: passes over all rows and columns.
        artist_weight: what an artist of a playlist counts against a track of it, times log2(1 + tracks by the artist).
        popularity_damping: an entry counts n ** -popularity_damping, n being the playlists with the track: that
            somebody has a track that few have says more.
        artist_damping: the same of artists.
        least_playlists: in how many playlists a track must be.
        max_tracks: how many tracks have factors at most, the most popular.
        max_playlists: of how many playlists is learnt at most, evenly spaced.
        random_state: seed of the first factors.
    """

    dimensions: int = 128
    confidence: float = 30.0
    regularization: float = 0.05
    iterations: int = 10
    artist_weight: float = 0.55
    popularity_damping: float = 0.5
    artist_damping: float = 0.25
    least_playlists: int = 3
    max_tracks: int = 300_000
    max_playlists: int = 400_000
    random_state: int = 0


@dataclass(frozen=True, eq=False)
class Factorization:
    """The factors.

    Attributes:
        tracks: int32, ascending: the tracks that have factors.
        playlists: int32, ascending: the playlists that have factors.
        track_factors: float32, shape (len(tracks), dimensions).
        artist_factors: float32, shape (n_artists, dimensions).
        playlist_factors: float32, shape (len(playlists), dimensions).
    """

    tracks: IntArray
    playlists: IntArray
    track_factors: FloatArray
    artist_factors: FloatArray
    playlist_factors: FloatArray


def factorized(interactions: Interactions, settings: FactorizationSettings) -> Factorization:
    """Return the factors of a corpus, computed once for all generators that share its interactions."""
    key = ("factorization", settings)
    if key not in interactions.shared:
        interactions.shared[key] = _factorize(interactions, settings)
    found: Factorization = interactions.shared[key]
    return found


def _factorize(interactions: Interactions, settings: FactorizationSettings) -> Factorization:
    tracks = most_popular(interactions.tracks.column_sizes, settings.least_playlists, settings.max_tracks)
    n_rows = interactions.tracks.n_rows
    playlists = np.arange(n_rows, dtype=np.int32)
    if n_rows > settings.max_playlists:
        playlists = np.linspace(0, n_rows - 1, settings.max_playlists).astype(np.int32)
    n_artists = interactions.artists.n_columns
    if not len(tracks) or not n_rows:
        nothing = [np.zeros((size, settings.dimensions), np.float32) for size in (0, n_artists, len(playlists))]
        return Factorization(tracks[:0], playlists, *nothing)
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    # implicit starts its own threads, and those of BLAS within them only get in each other's way.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=settings.dimensions,
            regularization=settings.regularization,
            alpha=1.0,
            iterations=settings.iterations,
            random_state=settings.random_state,
        )
        model.fit(_matrix(interactions, tracks, playlists, settings), show_progress=False)
    columns = np.nan_to_num(np.asarray(model.item_factors, np.float32))
    return Factorization(
        tracks,
        playlists,
        np.ascontiguousarray(columns[: len(tracks)]),
        np.ascontiguousarray(columns[len(tracks) :]),
        np.nan_to_num(np.asarray(model.user_factors, np.float32)),
    )


def _matrix(
    interactions: Interactions, tracks: IntArray, playlists: IntArray, settings: FactorizationSettings
) -> csr_matrix:
    """Return the confidences of playlists by tracks and artists."""
    artists = interactions.artists
    by_artist = csr_matrix(
        (artists.column_counts, artists.column_rows, artists.column_offsets), shape=(artists.n_columns, artists.n_rows)
    ).T.tocsr()[playlists]
    by_artist.data = np.log2(1 + by_artist.data) * np.float32(settings.artist_weight)
    by_track = interactions.corpus.matrix[playlists][:, tracks]
    damped = [
        _damped(by_track, interactions.tracks.column_sizes[tracks], settings.popularity_damping),
        _damped(by_artist, interactions.artists.column_sizes, settings.artist_damping),
    ]
    matrix = hstack(damped, format="csr", dtype=np.float32)
    matrix.data *= np.float32(settings.confidence)
    return matrix


def _damped(matrix: csr_matrix, sizes: FloatArray, exponent: float) -> csr_matrix:
    """Return the matrix with its columns times size ** -exponent, scaled so that the mean over the entries is 1."""
    weights = np.maximum(sizes, 1) ** np.float32(-exponent)
    of_entries = weights[matrix.indices]
    matrix.data = matrix.data * of_entries / np.float32(of_entries.mean() if len(of_entries) else 1)
    return matrix
