import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from shared.errors import ArtefactError
from shared.neucf.artefact import MANIFEST, WEIGHTS, Artefact, load_artefact, save_artefact
from shared.neucf.config import NeuCFConfig
from shared.neucf.features import ContentVectors
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.manifest import Encoder, Manifest
from shared.neucf.model import NeuCF
from shared.neucf.serving_order import ServingOrder
from shared.neucf.vocab import Vocab

PHOTOS = Encoder(name="tf_efficientnet_lite0", version="0.1.0", width=5)
CONFIG = NeuCFConfig(gmf_width=4, mlp_width=2, tower=(3,), image_width=5)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CPU = torch.device("cpu")


def artefact() -> Artefact:
    users, posts = Vocab.of(np.array([11, 12])), Vocab.of(np.array([21, 22, 23]))
    model = NeuCF(CONFIG, n_user_rows=3, n_post_rows=4)
    model.start(torch.Generator().manual_seed(0))
    manifest = Manifest(
        config=CONFIG,
        image_encoder=PHOTOS,
        caption_encoder=None,
        data_from=NOON,
        data_until=NOON,
        trained_at=NOON,
        seed=7,
        recipe={"loss": "softmax"},
        metrics={"ndcg@10": 0.25},
        final_ranker=FinalRanker(serving_order=ServingOrder(popularity_weight=0.5, half_life_days=7.0)),
    )
    return Artefact(model, users, posts, manifest)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_artefact(tmp_path / "v1", artefact())
    return tmp_path / "v1"


def read(folder: Path, image: Encoder | None = PHOTOS, sha256: str | None = None) -> Artefact:
    return load_artefact(folder, image=image, caption=None, device=CPU, sha256=sha256)


def rewrite_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    values = json.loads((folder / MANIFEST).read_text())
    change(values)
    (folder / MANIFEST).write_text(json.dumps(values))


def rewrite_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Change tensors and make size and hash fit again, so that only the change itself can be refused."""
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS)
    content = (folder / WEIGHTS).read_bytes()
    rewrite_manifest(
        folder, lambda m: m.update(weights_bytes=len(content), weights_sha256=hashlib.sha256(content).hexdigest())
    )


def test_weights_come_back_to_the_last_bit(folder: Path) -> None:
    before, after = artefact().model.state_dict(), read(folder).model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_vocabularies_come_back(folder: Path) -> None:
    assert (read(folder).users.id_hashes.tolist(), read(folder).posts.id_hashes.tolist()) == ([11, 12], [21, 22, 23])


def test_the_manifest_comes_back(folder: Path) -> None:
    manifest = read(folder).manifest
    assert (manifest.seed, manifest.data_from, manifest.image_encoder, manifest.metrics) == (
        7,
        NOON,
        PHOTOS,
        {"ndcg@10": 0.25},
    )


def test_the_manifest_names_the_versions_of_packages(folder: Path) -> None:
    installed = read(folder).manifest.packages["torch"]
    assert torch.__version__.startswith(installed)  # a CUDA build's own version has a suffix that its package has not
    assert installed.count(".") == 2


def test_a_version_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(ArtefactError, match="never overwritten"):
        save_artefact(folder, artefact())


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(ArtefactError, match="No space left"):
        save_artefact(tmp_path / "v1", artefact())
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    broken = artefact()
    with torch.no_grad():
        broken.model.gmf_weights[0] = torch.nan
    with pytest.raises(ArtefactError, match="gmf_weights holds NaN"):
        save_artefact(tmp_path / "v1", broken)


def test_truncated_weights_are_refused(folder: Path) -> None:
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[:-10])
    with pytest.raises(ArtefactError, match=f"got {len(content) - 10} bytes, expected {len(content)}"):
        read(folder)


def test_weights_with_one_bit_changed_are_refused(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(ArtefactError, match=r"got SHA-256 .* as in the manifest"):
        read(folder)


def test_weights_other_than_the_database_knows_are_refused(folder: Path) -> None:
    with pytest.raises(ArtefactError, match="as in the database"):
        read(folder, sha256="0" * 64)


def test_a_truncated_manifest_is_refused(folder: Path) -> None:
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text[: len(text) // 2])
    with pytest.raises(ArtefactError, match="not JSON"):
        read(folder)


def test_the_serving_order_comes_back(folder: Path) -> None:
    assert read(folder).manifest.final_ranker.serving_order == ServingOrder(popularity_weight=0.5, half_life_days=7.0)


def test_a_serving_order_out_of_range_is_refused(folder: Path) -> None:
    rewrite_manifest(folder, lambda m: m["final_ranker"]["serving_order"].update(half_life_days=-1))
    with pytest.raises(ArtefactError, match="half_life_days: got -1"):
        read(folder)


def test_broken_weights_can_be_kept_and_are_still_refused(tmp_path: Path) -> None:
    broken = artefact()
    with torch.no_grad():
        broken.model.gmf_weights[0] = torch.nan
    with pytest.raises(ArtefactError, match="NaN"):
        save_artefact(tmp_path / "v2", broken)
    save_artefact(tmp_path / "v2", broken, allow_non_finite=True)
    with pytest.raises(ArtefactError, match="NaN"):
        read(tmp_path / "v2")


def test_another_format_is_refused(folder: Path) -> None:
    rewrite_manifest(folder, lambda m: m.update(format=2))
    with pytest.raises(ArtefactError, match="got format 2, expected 3 or 4; retrain"):
        read(folder)


def test_a_manifest_with_a_field_missing_is_refused(folder: Path) -> None:
    rewrite_manifest(folder, lambda m: m.pop("seed"))
    with pytest.raises(ArtefactError, match="got fields"):
        read(folder)


def test_a_time_without_a_zone_is_refused(folder: Path) -> None:
    rewrite_manifest(folder, lambda m: m.update(data_from="2026-11-01T12:00:00"))
    with pytest.raises(ArtefactError, match="no time zone"):
        read(folder)


def test_a_value_of_the_wrong_type_is_refused(folder: Path) -> None:
    rewrite_manifest(folder, lambda m: m.update(config=None))
    with pytest.raises(ArtefactError, match="wrong type"):
        read(folder)


def test_another_encoder_is_refused(folder: Path) -> None:
    other = Encoder(name="vit_small", version="1", width=5)
    with pytest.raises(
        ArtefactError, match=r"got tf_efficientnet_lite0 .* expected vit_small .* WARMLINE_IMAGE_ENCODER"
    ):
        read(folder, image=other)


def test_another_width_of_the_same_encoder_is_refused(folder: Path) -> None:
    with pytest.raises(ArtefactError, match=r"width 5, expected .* width 6"):
        read(folder, image=Encoder(name=PHOTOS.name, version=PHOTOS.version, width=6))


def test_a_model_with_images_is_refused_where_there_are_none(folder: Path) -> None:
    with pytest.raises(ArtefactError, match="expected None"):
        read(folder, image=None)


def test_nan_weights_are_refused(folder: Path) -> None:
    rewrite_weights(folder, lambda tensors: tensors["user_table.weight"][0].fill_(torch.nan))
    with pytest.raises(ArtefactError, match=r"user_table\.weight holds NaN"):
        read(folder)


def test_a_tensor_of_another_shape_is_refused(folder: Path) -> None:
    rewrite_weights(folder, lambda tensors: tensors.update({"gmf_weights": torch.ones(9)}))
    with pytest.raises(ArtefactError, match=r"gmf_weights: got \(\(9,\).*expected \(\(4,\)"):
        read(folder)


def test_components_of_another_number_than_the_configs_are_refused(folder: Path) -> None:
    rewrite_manifest(folder, lambda m: m["config"].update(content_width=3))
    with pytest.raises(ArtefactError, match=r"image\.components: got \(\(5, 5\).*expected \(\(3, 5\)"):
        read(folder)


def test_a_loaded_model_reduces_a_new_photo_as_the_trained_one_does(tmp_path: Path) -> None:
    trained = artefact()
    chance = np.random.default_rng(6)
    assert trained.model.image is not None
    trained.model.image.fit(ContentVectors(chance.normal(size=(9, 5)).astype(np.float32), np.ones(9, np.bool_)))
    save_artefact(tmp_path / "v1", trained)
    loaded = read(tmp_path / "v1").model.image
    assert loaded is not None
    new = ContentVectors(chance.normal(size=(1, 5)).astype(np.float32), np.ones(1, np.bool_))
    assert torch.equal(loaded.reduce(new).values, trained.model.image.reduce(new).values)


def test_a_missing_tensor_is_refused(folder: Path) -> None:
    rewrite_weights(folder, lambda tensors: tensors.pop("post_bias"))
    with pytest.raises(ArtefactError, match="post_bias: got None"):
        read(folder)


def test_a_vocabulary_of_another_length_is_refused(folder: Path) -> None:
    rewrite_manifest(folder, lambda m: m.update(n_user_rows=9))
    with pytest.raises(ArtefactError, match="got 2 keys of int64, expected 8"):
        read(folder)


def test_a_file_that_is_no_safetensors_is_refused(folder: Path) -> None:
    content = b"\x80\x04pickle" * 9
    (folder / WEIGHTS).write_bytes(content)
    rewrite_manifest(
        folder, lambda m: m.update(weights_bytes=len(content), weights_sha256=hashlib.sha256(content).hexdigest())
    )
    with pytest.raises(ArtefactError, match="not a safetensors file"):
        read(folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="cannot be read"):
        read(tmp_path / "v9")
