"""Where a mirrored run's files are is said by the mirror's own database: followed only to the mirror itself."""

from pathlib import Path

import pytest

from s02_train_neucf.mirror import _environment
from s02_train_neucf.mlflow_writer import ForeignArtifacts, check_own

SERVER = "http://mlflow:5000"


@pytest.mark.parametrize(
    "artifacts",
    [
        "file:///models",
        "/models",
        "models",
        "",
        "http://evil.test/artifacts",
        "s3://bucket/artifacts",
        "mlflow-artifacts://evil.test/1/abc/artifacts",
        "mlflow-artifacts:/1/../../abc/artifacts",
        "mlflow-artifacts:/1/%2e%2e/artifacts",
    ],
)
def test_a_servers_run_has_its_files_on_that_server(artifacts: str) -> None:
    with pytest.raises(ForeignArtifacts, match="left alone"):
        check_own(artifacts, SERVER)


def test_the_servers_own_address_is_taken() -> None:
    check_own("mlflow-artifacts:/1/0123abc/artifacts", SERVER)


def test_a_files_runs_have_their_files_beside_it(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    beside = tmp_path / "mlflow-artifacts"
    check_own((beside / "0123abc" / "artifacts").as_uri(), uri)
    (tmp_path / "mlflow-artifacts").mkdir()
    (beside / "out").symlink_to("/tmp")
    for foreign in (
        beside.as_uri(),
        (tmp_path / "models").as_uri(),
        f"{beside.as_uri()}/../models/x",
        f"{beside.as_uri()}/%2e%2e/models/x",
        f"{beside.as_uri()}/out/x",
        str(beside / "0123abc"),
        "file://elsewhere" + str(beside / "0123abc"),
    ):
        with pytest.raises(ForeignArtifacts):
            check_own(foreign, uri)


def test_the_process_that_talks_to_a_mirror_has_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_DATABASE_URL", "postgresql://warmline:secret@db/warmline")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "its own")
    given = _environment()
    assert not [name for name in given if name.startswith("WARMLINE_")]
    assert given["MLFLOW_TRACKING_TOKEN"] == "its own"
