"""New identifiers, tokens and snapshots, from a generator that is handed in."""

from __future__ import annotations

import base64

import numpy as np

from recommender.synthetic.ids import base62_id


class IdSource:
    """Draws identifiers; a seeded generator makes a run repeatable, an unseeded one makes tokens hard to guess."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def new_id(self) -> str:
        """Return a 22-character base62 id."""
        return base62_id(self._rng)

    def token(self) -> str:
        """Return an opaque token of 256 bits."""
        return base64.urlsafe_b64encode(self._rng.bytes(32)).decode("ascii").rstrip("=")

    def snapshot(self, version: int) -> str:
        """Return a snapshot id for the given version of a playlist."""
        return base64.b64encode(version.to_bytes(4, "big") + self._rng.bytes(20)).decode("ascii")
