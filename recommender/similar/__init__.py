"""What is like a track, an artist or a playlist: queries of a trained model, and lists of all answers as text."""

from __future__ import annotations

from recommender.similar.queries import (
    Similar,
    SimilarArtist,
    SimilarPlaylist,
    SimilarTrack,
    similar_artists,
    similar_playlists,
    similar_tracks,
)

__all__ = [
    "Similar",
    "SimilarArtist",
    "SimilarPlaylist",
    "SimilarTrack",
    "similar_artists",
    "similar_playlists",
    "similar_tracks",
]
