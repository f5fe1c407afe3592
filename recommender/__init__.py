"""Playlist continuation: a library with no network, no database and no Discord."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures
    from recommender.corpus import PlaylistCorpus
    from recommender.errors import ArtifactError, CorpusError, RecommenderError
    from recommender.hybrid import Hybrid
    from recommender.records import Playlist, Reason, Recommendation, Track

__all__ = [
    "ArtifactError",
    "AudioFeatures",
    "CorpusError",
    "Hybrid",
    "Playlist",
    "PlaylistCorpus",
    "Reason",
    "Recommendation",
    "RecommenderError",
    "Track",
]

_MODULES = {
    "AudioFeatures": "audio",
    "PlaylistCorpus": "corpus",
    "ArtifactError": "errors",
    "CorpusError": "errors",
    "RecommenderError": "errors",
    "Hybrid": "hybrid",
    "Playlist": "records",
    "Reason": "records",
    "Recommendation": "records",
    "Track": "records",
}


def __getattr__(name: str) -> object:
    # Imported when first used: scikit-learn and pyarrow take a second that `crossfade --help` need not wait for.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
