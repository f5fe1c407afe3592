"""The faults that a caller of the library can mend."""

from __future__ import annotations


class RecommenderError(Exception):
    """A fault that its reader can mend; its text is one sentence that says how."""


class CorpusError(RecommenderError):
    """Playlists or audio features cannot be read, or there are none."""


class ArtifactError(RecommenderError):
    """A trained model is missing, damaged, or written by a newer version."""
