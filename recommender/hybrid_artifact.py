"""The hybrid model as an artefact: the corpus, counted, once, and what each generator has learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recommender.artifacts import read_artifact, write_artifact
from recommender.candidates import GENERATORS
from recommender.candidates.base import CandidateGenerator, GeneratorState
from recommender.candidates.interactions import Incidence, IntArray, Interactions
from recommender.catalogue import TrackCatalogue
from recommender.corpus import PlaylistCorpus
from recommender.errors import ArtifactError

KIND = "hybrid"
_NOT_STORED = ("title", "description", "followers", "collaborative", "modified_at")
_Arrays = Mapping[str, npt.NDArray[Any]]
_INCIDENCE = ("row_offsets", "row_columns", "column_offsets", "column_rows", "column_counts")


@dataclass(frozen=True)
class StoredModel:
    """The learnt parts of a hybrid model.

    Attributes:
        parameters: the constructor's, without the generators.
        generators: fitted.
        interactions: the corpus, counted. Of a model that was read, the playlists have neither title nor description:
            they are not stored, since nothing needs them once the title generator has learnt.
        recordings: int32, shape (n_tracks,).
        corpus_fingerprint: of the corpus that was learnt from.
        metrics: what was measured when it was trained.
    """

    parameters: Mapping[str, Any]
    generators: Sequence[CandidateGenerator]
    interactions: Interactions
    recordings: IntArray
    corpus_fingerprint: str
    metrics: Mapping[str, Any]


def write_model(directory: str | Path, model: StoredModel, created_at: datetime) -> None:
    """Write a model as a new artefact directory; see `write_artifact` for what is raised."""
    corpus = model.interactions.corpus
    states = {generator.name: generator.state() for generator in model.generators}
    arrays: dict[str, npt.NDArray[Any]] = {
        "uris": corpus.catalogue.uris,
        "recordings": model.recordings,
        "artist_ids": model.interactions.artist_ids,
        **_incidence_arrays("tracks", model.interactions.tracks),
        **_incidence_arrays("artists", model.interactions.artists),
    }
    for name, state in states.items():
        arrays.update({f"{name}.{array}": values for array, values in state.arrays.items()})
    stored = corpus.playlists
    for column in _NOT_STORED:
        place = stored.schema.get_field_index(column)
        field = stored.schema.field(place)
        stored = stored.set_column(place, field, pa.nulls(stored.num_rows, field.type))
    write_artifact(
        directory,
        kind=KIND,
        parameters={**model.parameters, "generators": {name: state.parameters for name, state in states.items()}},
        arrays=arrays,
        tables={"tracks": corpus.catalogue.table, "playlists": stored},
        corpus_fingerprint=model.corpus_fingerprint,
        metrics=model.metrics,
        created_at=created_at,
    )


def read_model(directory: str | Path, verify: bool = True) -> StoredModel:
    """Open a model; its arrays are memory-mapped.

    Raises:
        ArtifactError: there is none, it is damaged, of a newer format, or of another kind.
    """
    artifact = read_artifact(directory, verify)
    if artifact.manifest.kind != KIND:
        raise ArtifactError(f"{directory} holds a model of kind {artifact.manifest.kind!r}: give one of kind {KIND!r}.")
    parameters = dict(artifact.manifest.parameters)
    # Plain views of the mapped memory: a memmap spends a microsecond on every slice that is taken of it.
    arrays = {name: array.view(np.ndarray) for name, array in artifact.arrays.items()}
    try:
        interactions = _interactions(arrays, artifact.tables)
        generators = [
            _generator(name, values, arrays, interactions) for name, values in parameters.pop("generators").items()
        ]
        recordings = arrays["recordings"]
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"The model in {directory} does not fit this version of Crossfade ({error}): run `crossfade train`."
        ) from error
    return StoredModel(
        parameters,
        generators,
        interactions,
        recordings,
        artifact.manifest.corpus_fingerprint,
        artifact.manifest.metrics,
    )


def _generator(
    name: str, parameters: Mapping[str, Any], arrays: _Arrays, interactions: Interactions
) -> CandidateGenerator:
    kinds = {kind.name: kind for kind in GENERATORS}
    kind = kinds[name]
    learnt = {array: arrays[f"{name}.{array}"] for array in kind.learnt}
    return kind.from_state(GeneratorState(parameters, learnt), interactions)


def _interactions(arrays: _Arrays, tables: Mapping[str, pa.Table]) -> Interactions:
    tracks, artists = (
        Incidence(**{part: arrays[f"{name}.{part}"] for part in _INCIDENCE}) for name in ("tracks", "artists")
    )
    catalogue = TrackCatalogue(arrays["uris"], tables["tracks"])
    corpus = PlaylistCorpus(catalogue, tracks.row_offsets, tracks.row_columns, tables["playlists"])
    return Interactions(corpus, tracks, artists, arrays["artist_ids"])


def _incidence_arrays(name: str, incidence: Incidence) -> dict[str, npt.NDArray[np.generic]]:
    return {f"{name}.{part}": getattr(incidence, part) for part in _INCIDENCE}
