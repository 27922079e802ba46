"""Whose model folder it is: an empty one is claimed, one of earlier versions by its hashes, another's is left alone."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.errors import ArtefactError, ForeignInstallation
from shared.neucf.model_folder import (
    OWNER,
    claim_folder,
    read_owner,
    refuse_foreign_folder,
    stored_models,
    write_owner,
)


def with_models(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "manifest.json").write_text(json.dumps({"weights_sha256": f"hash of {name}"}))
    return folder


def on_record(*names: str) -> "object":
    def known(hashes: Mapping[str, str]) -> set[str]:
        return {name for name, sha256 in hashes.items() if name in names and sha256 == f"hash of {name}"}

    return known


def claimed(folder: Path, *names: str, installation: str = "one") -> str | None:
    claim_folder(folder, installation, on_record(*names))  # type: ignore[arg-type]
    return read_owner(folder)


def test_a_folder_that_is_not_there_yet_is_made_and_claimed(tmp_path: Path) -> None:
    assert claimed(tmp_path / "deep" / "models") == "one"
    assert [path.name for path in (tmp_path / "deep" / "models").iterdir()] == [OWNER]


def test_a_folder_of_an_earlier_version_is_ours_when_a_model_is_on_record(tmp_path: Path) -> None:
    assert claimed(with_models(tmp_path, "model-1", "model-2"), "model-2") == "one"


def test_models_that_postgresql_does_not_know_are_anothers(tmp_path: Path) -> None:
    with_models(tmp_path, "model-1")
    with pytest.raises(ForeignInstallation, match="holds models of another installation"):
        claimed(tmp_path)
    assert not (tmp_path / OWNER).exists()


def test_a_folder_of_another_is_refused_and_left(tmp_path: Path) -> None:
    claimed(tmp_path, installation="another")
    with pytest.raises(ForeignInstallation, match=r"another installation \(another\), this one is one"):
        claimed(tmp_path)
    assert read_owner(tmp_path) == "another"


def test_what_is_no_model_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "model-notes").mkdir()
    (tmp_path / "model-odd").mkdir()
    (tmp_path / "model-odd" / "manifest.json").write_text("[1]")
    assert stored_models(tmp_path).hashes == {}
    assert claimed(tmp_path) == "one"


@pytest.mark.parametrize("owner", [None, "one", "before"])
def test_who_reads_takes_its_own_folder_and_that_of_before_a_renewal(owner: str | None, tmp_path: Path) -> None:
    if owner:
        write_owner(tmp_path, owner)
    refuse_foreign_folder(tmp_path, "one", {"before"})


def test_who_reads_refuses_anothers(tmp_path: Path) -> None:
    write_owner(tmp_path, "another")
    with pytest.raises(ForeignInstallation):
        refuse_foreign_folder(tmp_path, "one", {"before"})


def test_of_two_who_claim_at_once_the_first_stays(tmp_path: Path) -> None:
    write_owner(tmp_path, "first")
    write_owner(tmp_path, "second")
    assert read_owner(tmp_path) == "first"


def test_an_empty_file_names_nobody(tmp_path: Path) -> None:
    (tmp_path / OWNER).write_text("\n")
    assert claimed(tmp_path) == "one"


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(ArtefactError, match="WARMLINE_MODEL_DIR"):
        claimed(tmp_path / "models")
