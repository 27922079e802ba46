"""What the files of the promoted models mean, and what can be done about them."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.db.models import ModelVersion
from warmline.commands.doctor.run_rules import judge_models

WEIGHTS, BESIDE = b"weights", b"what sources have learned"
FILES_BESIDE = {"sources.safetensors": {"sha256": hashlib.sha256(BESIDE).hexdigest(), "bytes": len(BESIDE)}}


def model(version: int, alias: str) -> ModelVersion:
    return ModelVersion(
        version=version, folder=f"model-{version}", sha256=hashlib.sha256(WEIGHTS).hexdigest(), state="accepted",
        verdict="", report={}, created_at=datetime(2026, 1, 1, tzinfo=UTC), alias=alias,
    )  # fmt: skip


MODELS = [model(2, "champion"), model(1, "previous")]


def advice(folder: Path, *, whole: set[int]) -> dict[str, str]:
    """What is advised about each model, when only these have their files."""
    for version in whole:
        (folder / f"model-{version}").mkdir()
        (folder / f"model-{version}" / "weights.safetensors").write_bytes(WEIGHTS)
        (folder / f"model-{version}" / "manifest.json").write_text(json.dumps({"files": FILES_BESIDE}))
        (folder / f"model-{version}" / "sources.safetensors").write_bytes(BESIDE)
    return {found.where: found.todo for found in judge_models(MODELS, folder) if found.todo}


def test_whole_files_want_nothing(tmp_path: Path) -> None:
    assert advice(tmp_path, whole={1, 2}) == {}


def test_a_damaged_champion_can_be_rolled_back_from(tmp_path: Path) -> None:
    assert "or `warmline rollback`, or train anew; until then the old lists" in advice(tmp_path, whole={1})["model 2"]


def test_a_damaged_previous_model_takes_the_way_back_alone(tmp_path: Path) -> None:
    assert advice(tmp_path, whole={2}) == {
        "model 1": "copy the folder back; pages do not need it, but until then `warmline rollback` is refused"
    }


@pytest.mark.parametrize("name", ["model 1", "model 2"])
def test_no_rollback_is_advised_to_a_damaged_model(tmp_path: Path, name: str) -> None:
    assert "or `warmline rollback`" not in advice(tmp_path, whole=set())[name]


@pytest.mark.parametrize("name", ["weights.safetensors", "manifest.json", "sources.safetensors"])
def test_every_file_of_a_model_has_to_be_the_one_on_record(tmp_path: Path, name: str) -> None:
    advice(tmp_path, whole={1, 2})
    (tmp_path / "model-2" / name).write_bytes(b"something else")
    assert {found.where for found in judge_models(MODELS, tmp_path) if found.todo} == {"model 2"}
