"""The hybrid model as an artefact: the corpus, counted, once, and what each generator has learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recommender.artifacts import read_artifact, write_artifact
from recommender.candidates import GENERATORS
from recommender.candidates.base import CandidateGenerator, GeneratorState
from recommender.candidates.interactions import FloatArray, Incidence, IntArray, Interactions
from recommender.catalogue import TrackCatalogue
from recommender.corpus import PlaylistCorpus
from recommender.errors import ArtifactError
from recommender.features import FEATURE_NAMES
from recommender.ranking.lambdarank import LambdaRank

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures

KIND = "hybrid"
_TREES = "ranker.txt"
_NOT_STORED = ("title", "description", "followers", "collaborative", "modified_at")
_Arrays = Mapping[str, npt.NDArray[Any]]
_INCIDENCE = ("row_offsets", "row_columns", "column_offsets", "column_rows", "column_counts", "column_entries")


@dataclass(frozen=True, eq=False)
class Sounds:
    """The audio features of the tracks that have any.

    Attributes:
        tracks: int32, ascending, shape (n,).
        values: float32, shape (n, 11), in the order of FEATURE_NAMES and in their own units; NaN where unknown.
    """

    tracks: IntArray
    values: FloatArray

    @classmethod
    def of(cls, features: AudioFeatures | None, catalogue: TrackCatalogue) -> Sounds:
        """Take the features of the tracks of a catalogue."""
        if features is None or not len(catalogue):
            return cls(np.zeros(0, np.int32), np.zeros((0, len(FEATURE_NAMES)), np.float32))
        values = features.aligned(catalogue)
        known = np.flatnonzero(np.isfinite(values).any(axis=1)).astype(np.int32)
        return cls(known, values[known].astype(np.float32))


@dataclass(frozen=True)
class StoredModel:
    """The learnt parts of a hybrid model.

    Attributes:
        parameters: the constructor's, without the generators.
        generators: fitted.
        interactions: the corpus, counted. Of a model that was read, the playlists have neither title nor description:
            they are not stored, since nothing needs them once the title generator has learnt.
        recordings: int32, shape (n_tracks,).
        ranker: the learnt ranker, or None.
        ranker_report: why there is one or none.
        sounds: audio features.
        corpus_fingerprint: of the corpus that was learnt from.
        metrics: what was measured when it was trained.
    """

    parameters: Mapping[str, Any]
    generators: Sequence[CandidateGenerator]
    interactions: Interactions
    recordings: IntArray
    ranker: LambdaRank | None
    ranker_report: Mapping[str, Any]
    sounds: Sounds
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
        "sounds.tracks": model.sounds.tracks,
        "sounds.values": model.sounds.values,
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
        parameters={
            **model.parameters,
            "generators": {name: state.parameters for name, state in states.items()},
            "ranker_parameters": None if model.ranker is None else model.ranker.parameters(),
        },
        arrays=arrays,
        tables={"tracks": corpus.catalogue.table, "playlists": stored},
        corpus_fingerprint=model.corpus_fingerprint,
        files={} if model.ranker is None else {_TREES: model.ranker.model_.encode()},
        metrics={**model.metrics, "ranker": dict(model.ranker_report)},
        created_at=created_at,
    )


def read_model(directory: str | Path, verify: bool = True) -> StoredModel:
    """Open a model; its arrays are memory-mapped.

    Raises:
        ArtifactError: there is none, it is damaged, or of another format or kind.
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
        sounds = Sounds(arrays["sounds.tracks"], arrays["sounds.values"])
        of_ranker = parameters.pop("ranker_parameters")
        ranker = None if of_ranker is None else LambdaRank.of_text(artifact.files[_TREES].decode(), of_ranker)
    except (KeyError, TypeError, ValueError) as error:
        raise does_not_fit(directory, error) from error
    return StoredModel(
        parameters,
        generators,
        interactions,
        recordings,
        ranker,
        artifact.manifest.metrics.get("ranker", {}),
        sounds,
        artifact.manifest.corpus_fingerprint,
        artifact.manifest.metrics,
    )


def does_not_fit(directory: str | Path, why: object) -> ArtifactError:
    """Return the error that says that a whole model is of another version, though its format is this one's."""
    return ArtifactError(
        f"The model in {directory} does not fit this version of Crossfade ({why}): run `crossfade train`."
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
