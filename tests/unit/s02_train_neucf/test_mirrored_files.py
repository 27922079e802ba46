"""What of a model's folder goes to MLflow: its own two files, whatever else lies there or is linked from there."""

import os
from pathlib import Path

import pytest

from s02_train_neucf.mlflow_writer import copy_model_files
from shared.neucf.model_files import MANIFEST, WEIGHTS
from tests.promptly import promptly


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model-1"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"weights")
    (folder / MANIFEST).write_bytes(b"{}")
    return folder


def test_nothing_that_somebody_laid_beside_them(folder: Path, tmp_path: Path) -> None:
    (folder / "keys").symlink_to("/etc/passwd")
    (folder / "sub").mkdir()
    os.mkfifo(folder / "sub/pipe")
    promptly(lambda: copy_model_files(folder, tmp_path / "copy"))
    assert {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()} == {
        WEIGHTS: b"weights",
        MANIFEST: b"{}",
    }


@pytest.mark.parametrize("target", ["/etc/passwd", "/dev/zero"])
def test_no_file_that_a_link_means(folder: Path, tmp_path: Path, target: str) -> None:
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).symlink_to(target)
    with pytest.raises(OSError, match="leads out of"):
        promptly(lambda: copy_model_files(folder, tmp_path / "copy"))
