"""Whether a stored model has a row for a user, looked up without loading it."""

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from shared.errors import ArtefactError
from shared.neucf.artefact import save_artefact
from shared.neucf.known_users import has_user_row
from shared.neucf.model_files import MANIFEST, WEIGHTS
from shared.neucf.vocab import Vocab
from tests.unit.shared.neucf.test_artefact import artefact

HASHES = [-(2**63), -7, 0, 11, 2**63 - 1]


@pytest.mark.parametrize("hashes", [HASHES, [], [5]])
def test_exactly_the_users_of_the_training_have_a_row(tmp_path: Path, hashes: list[int]) -> None:
    made = artefact()
    saved = save_artefact(
        tmp_path / "v1",
        type(made)(made.model, Vocab.of(np.array(hashes, np.int64)), made.posts, made.manifest),
    )
    asked = [*HASHES, 5, -8, 1, 12, 21, -(2**63) + 1]  # 21 is a post's
    found = [each for each in asked if has_user_row(tmp_path / "v1", each, sha256=saved.weights_sha256)]
    assert found == [each for each in asked if each in hashes]


def test_another_model_in_the_folder_is_refused(tmp_path: Path) -> None:
    save_artefact(tmp_path / "v1", artefact())
    with pytest.raises(ArtefactError, match="another model"):
        has_user_row(tmp_path / "v1", 11, sha256="of another one")


HEADER = json.dumps({"vocab.user_keys": {"dtype": "I64", "shape": [2], "data_offsets": [0, 16]}}).encode()


@pytest.mark.parametrize(
    "weights",
    [
        b"", b"short", struct.pack("<Q", 2**63), struct.pack("<Q", 4) + b"null", struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 3) + b"{]}", struct.pack("<Q", len(HEADER)) + HEADER + b"cut off",
        struct.pack("<Q", len(HEADER)) + HEADER.replace(b"[0, 16]", b'["a"]  '),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(tmp_path: Path, weights: bytes) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"weights_sha256": "x"}))
    (tmp_path / WEIGHTS).write_bytes(weights)
    with pytest.raises(ArtefactError, match="no vocabulary of users can be read"):
        has_user_row(tmp_path, 11, sha256="x")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"weights_sha256": "x"}))
    os.mkfifo(tmp_path / WEIGHTS)
    with pytest.raises(ArtefactError, match="got a pipe"):
        has_user_row(tmp_path, 11, sha256="x")
