"""A model folder that others may write into: whatever lies there, the model cannot be loaded, and that is all."""

import hashlib
import json
import os
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from shared.errors import ArtefactError
from shared.neucf.artefact import MANIFEST, WEIGHTS, Artefact, load_artefact, read_manifest, save_artefact
from shared.neucf.features import ContentVectors, PostFeatures
from shared.neucf.final_ranker import LEARNED, FinalRanker
from shared.neucf.model_files import SOURCES, TREES, check_model_files
from shared.neucf.model_folder import OWNER, read_owner, stored_models
from shared.neucf.ranker_files import RankerState
from shared.neucf.score import post_side_from, scores_of, user_side_of, vectors_of
from shared.neucf.serving_order import ServingOrder, added_to_logits
from shared.neucf.sources.transitions import Transitions
from tests.promptly import promptly
from tests.unit.shared.neucf.sources.trees import stump
from tests.unit.shared.neucf.test_artefact import PHOTOS, artefact

OLDER = Path(__file__).parents[3] / "older/model"  # as version 0.1.0 wrote it before manifests were on record
WITH_ORDER = OLDER.parent / "model_with_order"  # the last of format 3: it reads the order of likes, and nearness
DEEP = b"[" * 900_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_artefact(tmp_path / "model-1", artefact())
    return tmp_path / "model-1"


def load(folder: Path, sha256: str | None = None, manifest_sha256: str | None = None) -> Artefact:
    return promptly(
        lambda: load_artefact(
            folder, image=PHOTOS, caption=None, device=torch.device("cpu"), sha256=sha256,
            manifest_sha256=manifest_sha256,
        )
    )  # fmt: skip


def replaced(name: str, put: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        put(folder / name)

    return change


def manifest_with(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        known = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps({**known, **values}))

    return change


def weights_of(content: bytes) -> Callable[[Path], None]:
    """Other weights, and a manifest that says that they are right."""

    def change(folder: Path) -> None:
        (folder / WEIGHTS).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        manifest_with(weights_bytes=len(content), weights_sha256=digest)(folder)

    return change


def config_with(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / MANIFEST).read_text())["config"]
        manifest_with(config={**config, **values})(folder)

    return change


def sparse(n_bytes: int) -> Callable[[Path], object]:
    def put(path: Path) -> None:
        path.touch()
        os.truncate(path, n_bytes)

    return put


HOSTILE: dict[str, Callable[[Path], None]] = {
    "manifest: a pipe": replaced(MANIFEST, os.mkfifo),
    "manifest: a link to a device": replaced(MANIFEST, lambda path: path.symlink_to("/dev/zero")),
    "manifest: a link to a file of ours": replaced(MANIFEST, lambda path: path.symlink_to("/etc/passwd")),
    "manifest: a folder": replaced(MANIFEST, Path.mkdir),
    "manifest: a terabyte of nothing": replaced(MANIFEST, sparse(10**12)),
    "manifest: nested lists": replaced(MANIFEST, lambda path: path.write_bytes(DEEP)),
    "manifest: a nested recipe": replaced(
        MANIFEST, lambda path: path.write_bytes(b'{"format": 3, "recipe": ' + b'{"a":' * 100_000)
    ),
    "manifest: a number of a million digits": replaced(
        MANIFEST, lambda path: path.write_bytes(b'{"format": ' + b"9" * 900_000 + b"}")
    ),
    "manifest: rows as text": manifest_with(n_user_rows="3"),
    "manifest: size as a list": manifest_with(weights_bytes=[1]),
    "manifest: hash as a number": manifest_with(weights_sha256=7),
    "manifest: encoders as a text": manifest_with(image_encoder="x"),
    "manifest: a time out of range": manifest_with(trained_at="99999-01-01T00:00:00+00:00"),
    "manifest: a final ranker of lists": manifest_with(final_ranker=[[1]]),
    "manifest: a serving order of lists": manifest_with(final_ranker={"serving_order": [[1]], "fused": []}),
    "manifest: a source that nobody knows": manifest_with(final_ranker={"serving_order": {}, "fused": ["oracle"]}),
    "manifest: sources within each other": manifest_with(final_ranker={"serving_order": {}, "fused": [["neucf"]]}),
    "manifest: a million sources": manifest_with(final_ranker={"serving_order": {}, "fused": ["neucf"] * 90_000}),
    "manifest: a tower of a hundred thousand layers": config_with(tower=[8192] * 100_000),
    "manifest: a model of 8,192 numbers a row": config_with(gmf_width=8192, mlp_width=8192, tower=[8192] * 16),
    "weights: a pipe": replaced(WEIGHTS, os.mkfifo),
    "weights: a link to a device": replaced(WEIGHTS, lambda path: path.symlink_to("/dev/zero")),
    "weights: a terabyte of nothing": replaced(WEIGHTS, sparse(10**12)),
    "weights: a header of 2^64 - 1 bytes": weights_of(b"\xff" * 8 + b"{}"),
    "weights: a header larger than the file": weights_of(struct.pack("<Q", 900_000) + b"{}"),
    "weights: a header of 90 MB": weights_of(struct.pack("<Q", 90_000_000) + b"{" + b" " * 10),
    "weights: a nested header": weights_of(struct.pack("<Q", len(DEEP)) + DEEP),
    "weights: an empty header": weights_of(struct.pack("<Q", 2) + b"{}"),
    "weights: seven bytes": weights_of(b"\x01" * 7),
    "weights: offsets beyond the file": weights_of(
        struct.pack("<Q", 63) + b'{"a":{"dtype":"F32","shape":[9999999],"data_offsets":[0,39999996]}}'[:63]
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_model_cannot_be_loaded_and_no_more_happens(folder: Path, case: str) -> None:
    HOSTILE[case](folder)
    with pytest.raises(ArtefactError):
        load(folder)


@pytest.mark.parametrize("case", [case for case in HOSTILE if case.startswith("manifest")])
def test_neither_is_it_promoted(folder: Path, case: str) -> None:
    """The timeline and the operator's command look at the same files."""
    saved = read_manifest(folder)
    HOSTILE[case](folder)
    with pytest.raises(ArtefactError):
        promptly(lambda: check_model_files(folder, sha256=saved.weights_sha256, manifest_sha256=saved.sha256))


def test_a_changed_serving_order_is_another_manifest(folder: Path) -> None:
    recorded = read_manifest(folder).sha256
    assert load(folder, manifest_sha256=recorded).manifest.final_ranker.serving_order.popularity_weight == 0.5
    changed = {"popularity_weight": 4.0, "half_life_days": None}
    manifest_with(final_ranker={"serving_order": changed, "fused": []})(folder)
    with pytest.raises(ArtefactError, match=r"manifest\.json: got SHA-256 .* as in the database"):
        load(folder, manifest_sha256=recorded)


def test_the_hash_of_the_manifest_is_that_of_its_file(folder: Path) -> None:
    digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    assert read_manifest(folder).sha256 == load(folder).manifest_sha256 == digest


def test_hostile_neighbours_hide_no_model_from_the_folders_owner(folder: Path) -> None:
    for number, name in enumerate(("manifest: a pipe", "manifest: nested lists", "manifest: rows as text")):
        other = folder.parent / f"model-{number + 2}"
        save_artefact(other, artefact())
        HOSTILE[name](other)
    assert set(promptly(lambda: stored_models(folder.parent)).hashes) == {"model-1", "model-4"}


def test_an_owners_file_that_never_ends_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / OWNER)
    with pytest.raises(ArtefactError, match="got a pipe"):
        promptly(lambda: read_owner(tmp_path))


def test_a_model_of_before_is_loaded() -> None:
    read = load(OLDER, sha256="0c9adf38457314fc3f2d22bb6f7ff8bb1158b7413c9519362693c3154f9faf33")
    made = artefact()
    assert torch.equal(read.model.user_table.weight, made.model.user_table.weight)
    assert read.manifest.final_ranker == made.manifest.final_ranker
    assert read.manifest_sha256 == hashlib.sha256((OLDER / MANIFEST).read_bytes()).hexdigest()


def test_a_model_of_before_scores_as_it_did() -> None:
    """As version 0.1.0 scored: content counts whole whatever the likes, and nearness not at all."""
    model = load(OLDER).model
    model_rows = np.array([1, 3, 0, 0])  # the last two posts are newer than the model
    photos = ContentVectors(np.eye(4, 5, dtype=np.float32) * 8, np.array([True, False, True, True]))
    vectors = vectors_of(model, model_rows, PostFeatures(image=photos), torch.device("cpu"))
    users = user_side_of(model, np.array([2, 0]), np.array([0, 2, 3]), np.array([0, 2]), vectors)
    scores = scores_of(model, users, post_side_from(model, vectors, model_rows))
    as_before = [[-0.72595, -0.04115, -0.54334, -0.52916], [-1.27348, -0.39066, -0.33634, 0.24523]]
    np.testing.assert_allclose(scores, as_before, atol=1e-4)


def test_a_model_of_format_3_scores_as_it_did_in_the_order_in_which_it_was_served() -> None:
    """The scores are those that the version which wrote the folder computed."""
    check_model_files(
        WITH_ORDER, sha256="9a4d4ecdeead2193e95f34227afa241312c650af838346a56bcbffd2fce53a03",
        manifest_sha256="6798cd3ed36e9eed38491c41549cb64654d7233ecd2ec9a00c87f83a24b72ad1",
    )  # fmt: skip
    read = load(WITH_ORDER)
    model_rows = np.array([1, 3, 0, 0])
    photos = ContentVectors(np.eye(4, 5, dtype=np.float32) * 8, np.array([True, False, True, True]))
    vectors = vectors_of(read.model, model_rows, PostFeatures(image=photos), torch.device("cpu"))
    users = user_side_of(read.model, np.array([2, 0]), np.array([0, 2, 3]), np.array([0, 2]), vectors)
    scores = scores_of(read.model, users, post_side_from(read.model, vectors, model_rows))
    as_before = [[0.02168, -0.00714, 0.00821, 0.00451], [0.18844, 0.18949, 0.22688, 0.1328]]
    np.testing.assert_allclose(scores, as_before, atol=1e-5)
    ranker = read.manifest.final_ranker
    assert ranker.is_plain
    popularity, age_days = np.array([0.0, 0.5, 1.0, 0.2]), np.array([0.0, 7.0, 14.0, 1.0])
    term = added_to_logits(ranker.serving_order, popularity=popularity, age_days=age_days)
    np.testing.assert_allclose(term, [-2.3025851, -1.0298195, -1.3813192, -0.8793449], rtol=1e-6)


FUSED = FinalRanker(fused=("neucf", "liked next"))
NEXT = Transitions(np.array([[0], [2], [3], [0]], np.int32), np.array([[0], [0.5], [0.25], [0]], np.float32))


@pytest.fixture
def fused(tmp_path: Path) -> Path:
    made = artefact()
    manifest = replace(made.manifest, final_ranker=FUSED)
    save_artefact(tmp_path / "model-1", replace(made, manifest=manifest, ranker_state=RankerState(transitions=NEXT)))
    return tmp_path / "model-1"


def test_what_sources_have_learned_comes_back(fused: Path) -> None:
    read, manifest = load(fused), read_manifest(fused)
    assert read.manifest.final_ranker == FUSED
    assert read.ranker_state.transitions is not None
    np.testing.assert_array_equal(read.ranker_state.transitions.rows, NEXT.rows)
    np.testing.assert_array_equal(read.ranker_state.transitions.weights, NEXT.weights)
    check_model_files(fused, sha256=manifest.weights_sha256, manifest_sha256=manifest.sha256)


def test_what_a_final_ranker_does_not_need_is_not_written(folder: Path) -> None:
    made = artefact()
    save_artefact(folder.parent / "model-2", replace(made, ranker_state=RankerState(transitions=NEXT)))
    assert sorted(path.name for path in (folder.parent / "model-2").iterdir()) == [MANIFEST, WEIGHTS]


def sources_of(content: bytes) -> Callable[[Path], None]:
    """Another file of sources, and a manifest that says that it is right."""

    def change(folder: Path) -> None:
        (folder / SOURCES).write_bytes(content)
        stored = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        manifest_with(files={SOURCES: stored})(folder)

    return change


def tensors_of(**values: Any) -> Callable[[Path], None]:
    return sources_of(save({name.replace("_", "."): np.array(value) for name, value in values.items()}))


HOSTILE_SOURCES: dict[str, Callable[[Path], object]] = {
    "missing": lambda folder: (folder / SOURCES).unlink(),
    "another file": lambda folder: (folder / SOURCES).write_bytes(b"another"),
    "a pipe": replaced(SOURCES, os.mkfifo),
    "a link to a device": replaced(SOURCES, lambda path: path.symlink_to("/dev/zero")),
    "a terabyte of nothing": replaced(SOURCES, sparse(10**12)),
    "named by no manifest": manifest_with(files={}),
    "no safetensors": sources_of(b"\x80\x04pickle" * 9),
    "a header of 2^64 - 1 bytes": sources_of(b"\xff" * 8 + b"{}"),
    "other arrays": tensors_of(other=[[1.0]]),
    "rows beyond the model's": tensors_of(transitions_rows=NEXT.rows + 1, transitions_weights=NEXT.weights),
    "rows as floats": tensors_of(transitions_rows=NEXT.weights, transitions_weights=NEXT.weights),
    "infinite weights": tensors_of(transitions_rows=NEXT.rows, transitions_weights=np.full((4, 1), np.inf, np.float32)),
    "a file outside of the folder": manifest_with(files={"../../etc/passwd": {"sha256": "", "bytes": 1}}),
    "a size below 0": manifest_with(files={SOURCES: {"sha256": "", "bytes": -1}}),
    "a size of a petabyte": manifest_with(files={SOURCES: {"sha256": "", "bytes": 10**15}}),
    "files as a list": manifest_with(files=[SOURCES]),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE_SOURCES)
def test_a_hostile_file_beside_the_weights_cannot_be_loaded_and_no_more_happens(fused: Path, case: str) -> None:
    HOSTILE_SOURCES[case](fused)
    with pytest.raises(ArtefactError):
        load(fused)


@pytest.mark.parametrize("case", ["missing", "another file", "a pipe", "a terabyte of nothing", "named by no manifest"])
def test_a_model_with_such_a_file_is_not_promoted(fused: Path, case: str) -> None:
    saved = read_manifest(fused)
    HOSTILE_SOURCES[case](fused)
    with pytest.raises(ArtefactError):
        promptly(lambda: check_model_files(fused, sha256=saved.weights_sha256, manifest_sha256=saved.sha256))


LEARNED_RANKER = replace(LEARNED, serving_order=ServingOrder(popularity_weight=1.0))


@pytest.fixture
def learned(tmp_path: Path) -> Path:
    made = artefact()
    manifest = replace(made.manifest, final_ranker=LEARNED_RANKER)
    state = RankerState(transitions=NEXT, trees=stump("age_days", above=2.0, gain=1.0))
    save_artefact(tmp_path / "model-1", replace(made, manifest=manifest, ranker_state=state))
    return tmp_path / "model-1"


def test_a_learned_ranker_comes_back_with_its_trees(learned: Path) -> None:
    read = load(learned)
    assert read.manifest.final_ranker == LEARNED_RANKER
    assert read.ranker_state.trees is not None
    assert read.ranker_state.trees.text == stump("age_days", above=2.0, gain=1.0).text == (learned / TREES).read_bytes()


def trees_of(content: bytes) -> Callable[[Path], None]:
    """Another file of trees, and a manifest that says that it is right."""

    def change(folder: Path) -> None:
        (folder / TREES).write_bytes(content)
        stored = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        files = json.loads((folder / MANIFEST).read_text())["files"]
        manifest_with(files={**files, TREES: stored})(folder)

    return change


HOSTILE_TREES: dict[str, Callable[[Path], object]] = {
    "missing": lambda folder: (folder / TREES).unlink(),
    "a pipe": replaced(TREES, os.mkfifo),
    "a terabyte of nothing": replaced(TREES, sparse(10**12)),
    "another file": lambda folder: (folder / TREES).write_bytes(b"tree"),
    "no trees": trees_of(b"\x80\x04pickle" * 9),
    "trees over other features": trees_of(
        stump("age_days", above=2.0, gain=1.0).text.replace(b"age_days", b"shoe_size")
    ),
    "a leaf beyond all scores": trees_of(
        stump("age_days", above=2.0, gain=1.0).text.replace(b"leaf_value=0 1.0", b"leaf_value=0 1e308")
    ),
    "trees for a ranker that was not learned": manifest_with(final_ranker={"serving_order": {}, "fused": []}),
}


@pytest.mark.parametrize("case", HOSTILE_TREES)
def test_hostile_trees_cannot_be_loaded_and_no_more_happens(learned: Path, case: str) -> None:
    HOSTILE_TREES[case](learned)
    with pytest.raises(ArtefactError):
        load(learned)
