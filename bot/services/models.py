"""The trained model that is being served; a new one is picked up without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.domain.errors import NoModel
from recommender.artifacts import ModelStore
from recommender.catalogue import TrackCatalogue
from recommender.errors import RecommenderError
from recommender.hybrid import Hybrid
from recommender.search import TrackSearch

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A loaded model under its version's name, with the search over its catalogue."""

    name: str
    hybrid: Hybrid
    catalogue: TrackCatalogue
    search: TrackSearch

    def known(self, uris: Sequence[str]) -> int:
        """Return how many of the URIs are in the catalogue."""
        return int((self.catalogue.indices_of(uris) >= 0).sum())


class ModelService:
    """Loads the current model on first use and again whenever another one has been made current.

    Args:
        store: the folder of trained models.
    """

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._served: ServedModel | None = None
        self._served_for: str | None = None
        self._loading = asyncio.Lock()

    async def current(self) -> ServedModel:
        """Return the model to serve.

        Raises:
            NoModel: there is none that can be read; the text says what to do.
        """
        wanted = await asyncio.to_thread(self._store.current_name)
        if self._served is not None and wanted == self._served_for:
            return self._served
        async with self._loading:
            if self._served is not None and wanted == self._served_for:
                return self._served
            try:
                served = await asyncio.to_thread(self._store.load_current, _load)
            except RecommenderError as error:
                if self._served is None:
                    raise NoModel(str(error)) from error
                _log.warning("the new model cannot be read, the old one goes on serving", reason=str(error))
            else:
                self._served = served
                _log.info("model loaded", model=served.name)
            self._served_for = wanted
            return self._served


def _load(directory: Path) -> ServedModel:
    hybrid = Hybrid.load(directory)
    interactions = hybrid.interactions_
    catalogue = interactions.corpus.catalogue
    return ServedModel(
        directory.resolve().name, hybrid, catalogue, TrackSearch(catalogue, interactions.tracks.column_sizes)
    )
