"""Where the demo mirrors its training runs to, and the line on how to look at them."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from demo import runs_mirror
from demo.runs_mirror import URI, how_to_look, variables
from s02_train_neucf.settings import MirrorSettings
from shared.settings import load_settings


def test_it_is_a_file_in_the_demos_folder(tmp_path: Path) -> None:
    assert variables(tmp_path, {}) == {URI: f"sqlite:///{tmp_path.resolve()}/mlflow.db"}


def test_the_users_own_mlflow_comes_first_and_needs_no_line(tmp_path: Path) -> None:
    own = {URI: "http://mlflow.test:5000"}
    assert (variables(tmp_path, own), how_to_look(tmp_path, own)) == (own, {})


def test_without_the_package_there_is_no_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_mirror, "find_spec", lambda name: None)
    assert (variables(tmp_path, {}), how_to_look(tmp_path, {})) == ({}, {})


@pytest.mark.parametrize("with_screens", [True, False])
def test_the_line_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, with_screens: bool) -> None:
    def installed(package: str) -> str:
        if package == "mlflow" and not with_screens:
            raise PackageNotFoundError
        return "9.9"

    monkeypatch.setattr(runs_mirror, "version", installed)
    (line,) = how_to_look(tmp_path, {}).values()
    command = f"mlflow ui --backend-store-uri sqlite:///{tmp_path.resolve()}/mlflow.db"
    assert line == (command if with_screens else f"pip install mlflow==9.9 in a venv of its own, then {command}")


def test_the_version_that_it_names_is_the_one_that_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_mirror, "PACKAGE_WITH_SCREENS", "no-such-package")
    (line,) = how_to_look(tmp_path, {}).values()
    assert f"mlflow=={version('mlflow-skinny')} " in line


def test_off_and_blank_mean_no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("off", ""):
        monkeypatch.setenv(URI, value)
        assert load_settings(MirrorSettings).mlflow_uri is None
