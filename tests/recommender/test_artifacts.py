"""A model on disk is whole or refused, and the last good one is served."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix, random_array

from recommender.artifacts import (
    FORMAT_VERSION,
    Artifact,
    ModelStore,
    pack_csr,
    read_artifact,
    unpack_csr,
    write_artifact,
)
from recommender.errors import ArtifactError
from recommender.manifest import _checksum, _serialised

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def write(directory: Path, created_at: datetime = NOW, value: int = 1, **changes: Any) -> None:  # noqa: ANN401
    fields: dict[str, Any] = {
        "kind": "test",
        "parameters": {"shrink": np.float32(0.5), "names": ["a"], "k": np.int64(3), "none": None},
        "arrays": {"scores": np.arange(12, dtype=np.float32).reshape(3, 4) * value, "uris": np.array([b"a", b"bc"])},
        "tables": {"tracks": pa.table({"name": ["é", None]})},
        "corpus_fingerprint": "f" * 64,
        "metrics": {"ndcg": 0.31},
        "created_at": created_at,
        "files": {"ranker.txt": b"tree"},
    }
    write_artifact(directory, **{**fields, **changes})


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(tmp_path / "m")
    model = read_artifact(tmp_path / "m")
    assert (model.manifest.kind, model.manifest.created_at, model.manifest.format_version) == (
        "test",
        NOW,
        FORMAT_VERSION,
    )
    assert model.manifest.parameters == {"shrink": 0.5, "names": ["a"], "k": 3, "none": None}
    assert model.manifest.metrics == {"ndcg": 0.31}
    assert model.manifest.corpus_fingerprint == "f" * 64
    assert model.arrays["scores"].tolist() == np.arange(12).reshape(3, 4).tolist()
    assert model.arrays["uris"].tolist() == [b"a", b"bc"]
    assert model.tables["tracks"].to_pydict() == {"name": ["é", None]}
    assert model.files == {"ranker.txt": b"tree"}


def test_arrays_are_memory_mapped_and_cannot_be_changed(tmp_path: Path) -> None:
    write(tmp_path / "m")
    scores = read_artifact(tmp_path / "m").arrays["scores"]
    assert isinstance(scores, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        scores[0, 0] = 5


@pytest.mark.parametrize("array", [np.zeros((0, 3), np.float32), np.array(5), np.array(["é"]), np.zeros(0, "S1")])
def test_arrays_of_any_shape_survive(tmp_path: Path, array: np.ndarray) -> None:
    write(tmp_path / "m", arrays={"a": array})
    read = read_artifact(tmp_path / "m").arrays["a"]
    assert (read.shape, read.dtype, read.tolist()) == (array.shape, array.dtype, array.tolist())


def test_a_damaged_byte_anywhere_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "m")
    files = [path for path in (tmp_path / "m").rglob("*") if path.is_file()]
    assert len(files) == 5
    for file in files:
        whole = file.read_bytes()
        # Every byte of the manifest, which vouches for itself; of the rest, which it vouches for, a sample.
        for place in range(0, len(whole), 1 if file.name == "manifest.json" else 11):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
            with pytest.raises(ArtifactError, match=r"damaged|newer"):
                read_artifact(tmp_path / "m")
        file.write_bytes(whole)
    read_artifact(tmp_path / "m")


def test_even_a_changed_space_in_the_manifest_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "m")
    manifest = tmp_path / "m" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"\n", b" ", 1))
    with pytest.raises(ArtifactError, match="damaged"):
        read_artifact(tmp_path / "m")


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:-1]), Path.unlink])
@pytest.mark.parametrize("name", ["arrays/scores.npy", "tables/tracks.arrow", "files/ranker.txt"])
def test_a_file_that_is_cut_or_gone_is_refused_even_without_reading_it(
    tmp_path: Path, verify: bool, damage: Callable[[Path], object], name: str
) -> None:
    write(tmp_path / "m")
    damage(tmp_path / "m" / name)
    with pytest.raises(ArtifactError, match=rf"is damaged \({name} .*crossfade train"):
        read_artifact(tmp_path / "m", verify=verify)


def test_without_verification_no_content_is_compared(tmp_path: Path) -> None:
    write(tmp_path / "m")
    (tmp_path / "m" / "files" / "ranker.txt").write_bytes(b"trEe")
    assert read_artifact(tmp_path / "m", verify=False).files == {"ranker.txt": b"trEe"}
    with pytest.raises(ArtifactError):
        read_artifact(tmp_path / "m")


def change_manifest(directory: Path, **changes: object) -> None:
    """Rewrite a manifest with a checksum that fits, as another version of the program would."""
    body = json.loads((directory / "manifest.json").read_bytes())
    del body["checksum"]
    body.update(changes)
    (directory / "manifest.json").write_bytes(_serialised({**body, "checksum": _checksum(body)}))


def test_a_newer_format_is_refused_with_the_advice_to_update(tmp_path: Path) -> None:
    write(tmp_path / "m")
    change_manifest(tmp_path / "m", format_version=FORMAT_VERSION + 1)
    with pytest.raises(
        ArtifactError, match=rf"format {FORMAT_VERSION + 1}, newer than the {FORMAT_VERSION} .*update Crossfade"
    ):
        read_artifact(tmp_path / "m")


@pytest.mark.parametrize("version", [1, FORMAT_VERSION - 1, 0])
def test_an_older_format_is_refused_with_the_advice_to_train(tmp_path: Path, version: int) -> None:
    write(tmp_path / "m")
    change_manifest(tmp_path / "m", format_version=version)
    with pytest.raises(
        ArtifactError, match=rf"older version of Crossfade \(format {version};.*run `crossfade train`\.$"
    ):
        read_artifact(tmp_path / "m")


@pytest.mark.parametrize("version", [True, None, "2", 2.0, [2]])
def test_a_format_that_is_no_number_is_damage(tmp_path: Path, version: object) -> None:
    write(tmp_path / "m")
    manifest = tmp_path / "m" / "manifest.json"
    body = json.loads(manifest.read_bytes())
    manifest.write_bytes(_serialised({**body, "format_version": version}))
    with pytest.raises(ArtifactError, match=r"manifest\.json is not as it was written"):
        read_artifact(tmp_path / "m")


@pytest.mark.parametrize("path", ["../secret", "arrays/../../x.npy", "/etc/passwd", "arrays/x.pkl", "arrays/.x.npy"])
def test_a_manifest_that_leads_out_of_its_directory_is_refused(tmp_path: Path, path: str) -> None:
    write(tmp_path / "m")
    change_manifest(tmp_path / "m", files={path: {"bytes": 1, "sha256": ""}})
    with pytest.raises(ArtifactError, match="damaged"):
        read_artifact(tmp_path / "m")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"format_version": "1"}', b"\xff\xfe"])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "m")
    (tmp_path / "m" / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json is not as it was written"):
        read_artifact(tmp_path / "m")


def test_a_folder_without_model_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no model: train one"):
        read_artifact(tmp_path / "nothing")


def test_no_model_is_written_over(tmp_path: Path) -> None:
    write(tmp_path / "m")
    with pytest.raises(ArtifactError, match="exists already"):
        write(tmp_path / "m", value=2)
    assert read_artifact(tmp_path / "m").arrays["scores"][0, 1] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"arrays": {"a": np.array([object()])}},
        {"arrays": {"../a": np.zeros(1)}},
        {"files": {"a/b": b""}},
        {"parameters": {"f": object()}},
        {"metrics": {"ndcg": float("nan")}},
        {"created_at": datetime(2026, 1, 1)},
    ],
)
def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        write(tmp_path / "m", **changes)
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_behind_does_not_disturb_the_next_write(tmp_path: Path) -> None:
    (tmp_path / ".m.tmp" / "arrays").mkdir(parents=True)
    (tmp_path / ".m.tmp" / "arrays" / "old.npy").write_bytes(b"half")
    write(tmp_path / "m")
    assert sorted(path.name for path in (tmp_path / "m" / "arrays").iterdir()) == ["scores.npy", "uris.npy"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("matrix", [random_array((5, 7), density=0.4, rng=1, format="csr"), csr_matrix((3, 2))])
def test_a_sparse_matrix_survives_packing_without_being_copied(tmp_path: Path, matrix: csr_matrix) -> None:
    write(tmp_path / "m", arrays=pack_csr("weights", csr_matrix(matrix)))
    read = unpack_csr("weights", read_artifact(tmp_path / "m").arrays)
    assert read.toarray().tolist() == matrix.toarray().tolist()
    assert read.has_sorted_indices
    assert not read.data.flags.writeable


def test_packing_sorts_the_columns_of_each_row() -> None:
    shuffled = csr_matrix((np.array([1.0, 2.0]), np.array([3, 0]), np.array([0, 2])), shape=(1, 4))
    assert pack_csr("m", shuffled)["m.indices"].tolist() == [0, 3]
    assert shuffled.indices.tolist() == [3, 0]


def test_a_matrix_that_is_not_there_is_one_clear_sentence() -> None:
    with pytest.raises(ArtifactError, match="holds no matrix 'weights'"):
        unpack_csr("weights", {})


def store_of(root: Path, *names: str) -> ModelStore:
    store = ModelStore(root)
    for day, name in enumerate(names):
        store.publish(name, partial(write, created_at=NOW + timedelta(days=day), value=day))
    return store


def served(store: ModelStore) -> int:
    def load(directory: Path) -> Artifact:
        return read_artifact(directory)

    return int(store.load_current(load).arrays["scores"][0, 1])


def damage(store: ModelStore, name: str) -> None:
    (store.root / name / "manifest.json").write_bytes(b"{}")


def test_the_model_published_last_is_served(tmp_path: Path) -> None:
    store = store_of(tmp_path / "models", "c", "a", "b")
    assert (store.current_name(), served(store)) == ("b", 2)
    assert store.names() == ["c", "a", "b"]
    assert read_artifact(tmp_path / "models" / "current").arrays["scores"][0, 1] == 2


def test_before_the_first_model_the_way_to_one_is_told(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    assert (store.current_name(), store.names()) == (None, [])
    with pytest.raises(ArtifactError, match="No model yet: run `crossfade train` first"):
        served(store)


def test_a_damaged_model_is_refused_and_the_last_good_one_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = store_of(tmp_path, "a", "b", "c")
    damage(store, "c")
    damage(store, "b")
    with caplog.at_level(logging.WARNING):
        assert served(store) == 0
    assert "Refused the model c" in caplog.text
    assert "Serving the earlier model a instead of c" in caplog.text


@pytest.mark.parametrize("version", [FORMAT_VERSION - 1, FORMAT_VERSION + 1])
def test_a_model_of_another_format_is_refused_and_the_last_good_one_served(tmp_path: Path, version: int) -> None:
    store = store_of(tmp_path, "a", "b")
    change_manifest(tmp_path / "b", format_version=version)
    assert served(store) == 0


def test_with_nothing_but_models_of_an_older_version_the_way_to_a_new_one_is_told(tmp_path: Path) -> None:
    store = store_of(tmp_path, "a", "b")
    for name in ("a", "b"):
        change_manifest(tmp_path / name, format_version=FORMAT_VERSION - 1)
    with pytest.raises(ArtifactError, match=r"run `crossfade train` to make a new one.*b was made by an older version"):
        served(store)
    store.publish("c", partial(write, created_at=NOW + timedelta(days=9), value=7))
    assert served(store) == 7


def test_a_model_that_was_given_up_for_an_earlier_one_is_not_served_again(tmp_path: Path) -> None:
    store = store_of(tmp_path, "a", "b", "c")
    store._point_at("b")
    damage(store, "b")
    assert served(store) == 0


def test_a_current_model_that_was_deleted_gives_way_to_the_newest(tmp_path: Path) -> None:
    store = store_of(tmp_path, "a", "b", "c")
    (tmp_path / "c").rename(tmp_path.parent / f"{tmp_path.name}-away")
    assert served(store) == 1


def test_with_no_good_model_left_the_fault_of_the_current_one_is_told(tmp_path: Path) -> None:
    store = store_of(tmp_path, "a", "b")
    damage(store, "a")
    damage(store, "b")
    with pytest.raises(ArtifactError, match=r"crossfade train.*b is damaged"):
        served(store)


def test_a_model_that_fails_to_be_written_leaves_the_current_one(tmp_path: Path) -> None:
    store = store_of(tmp_path, "a")

    def fail(directory: Path) -> None:
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError):
        store.publish("b", fail)
    with pytest.raises(ArtifactError, match="holds no model"):
        store.publish("c", Path.mkdir)
    assert store.current_name() == "a"
    with pytest.raises(ArtifactError, match="exists already"):
        store.publish("a", write)
    for name in ("current", "../x", ".hidden", ""):
        with pytest.raises(ValueError, match="cannot be the name"):
            store.publish(name, write)


def test_an_open_model_stays_readable_when_another_is_published(tmp_path: Path) -> None:
    store = store_of(tmp_path, "a")
    scores = read_artifact(tmp_path / "current").arrays["scores"]
    store.publish("b", partial(write, value=5))
    store.prune(1)
    assert scores[0, 1] == 0


def test_where_links_are_refused_a_text_file_names_the_current_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("privilege not held")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    store = store_of(tmp_path, "a", "b")
    assert (tmp_path / "current").read_text() == "b\n"
    assert (store.current_name(), served(store)) == ("b", 1)
    assert read_artifact(tmp_path / "current").arrays["scores"][0, 1] == 1
    monkeypatch.undo()
    store.publish("c", partial(write, created_at=NOW + timedelta(days=9), value=7))
    assert (tmp_path / "current").is_symlink()
    assert served(store) == 7


@pytest.mark.parametrize("content", ["", "../elsewhere", "\x00\xff", "two words"])
def test_a_text_file_that_names_no_model_is_no_model(tmp_path: Path, content: str) -> None:
    (tmp_path / "current").write_text(content)
    assert ModelStore(tmp_path).current_name() is None
    with pytest.raises(ArtifactError):
        read_artifact(tmp_path / "current")


def test_pruning_keeps_the_newest_and_the_current(tmp_path: Path) -> None:
    store = store_of(tmp_path, "a", "b", "c", "d")
    store._point_at("a")
    assert store.prune(2) == ["b"]
    assert store.names() == ["a", "c", "d"]
    assert served(store) == 0
    assert store.prune(2) == []
    with pytest.raises(ValueError, match="at least one"):
        store.prune(0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c", "current", "d"]
