"""The mirror in MLflow: on a file, on a server that is dead, on one that hangs; and what it must never hold."""

import json
import socket
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from s02_train_neucf import mirror
from s02_train_neucf.settings import MirrorSettings
from tests.flow.camps import CAMPS, SHORT, Camps, build_camps, people_of
from tests.flow.deployment import Deployment

DEAD_SECONDS = 30.0  # that a dead server may cost, half of what ends every mirror; starting a process is in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """The camps after two trainings, of which MLflow keeps two and PostgreSQL the files of the newer."""

    camps: Camps
    folder: Path
    reports: tuple[Mapping[str, Any], ...]

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / "mlflow.db") as connection:
            return connection.execute(query).fetchall()

    def files_of(self, version: int) -> list[str]:
        ((run,),) = self.ask(f"SELECT run_uuid FROM tags WHERE key = 'warmline.version' AND value = '{version}'")
        root = self.folder / "mlflow-artifacts" / run / "artifacts"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def mirrored(shared_deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Mirrored:
    folder = tmp_path_factory.mktemp("mlflow")
    camps = build_camps(shared_deployment, tmp_path_factory.mktemp("camps"))
    settings = MirrorSettings(mlflow_uri=SecretStr(f"sqlite:///{folder}/mlflow.db"), mlflow_runs=2)
    first, second = camps.train(mirror=settings), camps.train(mirror=settings)
    return Mirrored(camps=camps, folder=folder, reports=(first, second))


def test_a_run_is_there_with_its_parameters_curves_figures_plots_and_files(mirrored: Mirrored) -> None:
    version = mirrored.reports[1]["model"]
    ((run, status),) = mirrored.ask(
        "SELECT r.run_uuid, r.status FROM runs r JOIN tags t ON t.run_uuid = r.run_uuid"
        f" WHERE t.key = 'warmline.version' AND t.value = '{version}'"
    )
    assert status == "FINISHED"
    params = dict(mirrored.ask(f"SELECT key, value FROM params WHERE run_uuid = '{run}'"))
    assert 1 <= int(params["recipe.epochs"]) <= SHORT.epochs  # what the search found
    assert (params["train.train_seed"], params["heuristic.alpha"]) == ("1", "0.6")
    losses = mirrored.ask(
        f"SELECT step FROM metrics WHERE run_uuid = '{run}' AND key = 'losses/all data' ORDER BY step"
    )
    assert [step for (step,) in losses] == list(range(1, len(losses) + 1))
    assert len(losses) > 1
    report = json.loads((mirrored.folder / "mlflow-artifacts" / run / "artifacts" / "report.json").read_text())
    (stored,) = mirrored.ask(f"SELECT value FROM metrics WHERE run_uuid = '{run}' AND key = 'replay/neucf/ndcg_at_10'")
    assert stored == (report["replay"]["systems"]["neucf"]["ndcg@10"]["mean"],)
    assert mirrored.files_of(version) == [
        "model/manifest.json",
        "model/weights.safetensors",
        "plots/epochs.png",
        "plots/systems.png",
        "report.json",
    ]


def test_aliases_and_verdicts_are_those_of_postgresql(mirrored: Mirrored) -> None:
    wanted: dict[int, str] = dict(mirrored.camps.deployment.sql("SELECT version, alias FROM warmline.model_aliases"))
    tags = mirrored.ask(
        "SELECT v.value, a.value, s.value FROM tags v"
        " JOIN tags a ON a.run_uuid = v.run_uuid AND a.key = 'warmline.alias'"
        " JOIN tags s ON s.run_uuid = v.run_uuid AND s.key = 'warmline.state' WHERE v.key = 'warmline.version'"
    )
    states: dict[int, str] = dict(mirrored.camps.deployment.sql("SELECT version, state FROM warmline.model_versions"))
    assert {int(version): (alias, state) for version, alias, state in tags} == {
        each["model"]: (wanted.get(each["model"], ""), states[each["model"]]) for each in mirrored.reports
    }
    assert "champion" in wanted.values()


def test_no_id_of_anybody_is_in_it(mirrored: Mirrored) -> None:
    ids = [person.encode() for camp in CAMPS for person in people_of(camp)]
    ids += [post.encode() for (post,) in mirrored.camps.deployment.sql("SELECT id FROM warmline.posts")]
    content = b"".join(path.read_bytes() for path in mirrored.folder.rglob("*") if path.is_file())
    assert len(content) > 100_000
    assert [each for each in ids if each in content] == []


def test_nothing_of_it_is_a_pickle(mirrored: Mirrored) -> None:
    kinds = {path.suffix for path in (mirrored.folder / "mlflow-artifacts").rglob("*") if path.is_file()}
    assert kinds == {".json", ".safetensors", ".png"}


def test_a_third_run_pushes_the_first_out_and_files_go_with_the_models_folder(mirrored: Mirrored) -> None:
    ((second_folder,),) = mirrored.camps.deployment.sql(
        f"SELECT folder FROM warmline.model_versions WHERE version = {mirrored.reports[1]['model']}"
    )
    for path in (mirrored.camps.folder / "models" / second_folder).iterdir():
        path.unlink()
    (mirrored.camps.folder / "models" / second_folder).rmdir()
    settings = MirrorSettings(mlflow_uri=SecretStr(f"sqlite:///{mirrored.folder}/mlflow.db"), mlflow_runs=2)
    third = mirrored.camps.train(mirror=settings)
    versions = mirrored.ask("SELECT value FROM tags WHERE key = 'warmline.version' ORDER BY value")
    assert [int(version) for (version,) in versions] == [mirrored.reports[1]["model"], third["model"]]
    assert mirrored.ask("SELECT count(*) FROM runs") == [(2,)]
    assert len(list((mirrored.folder / "mlflow-artifacts").iterdir())) == 2
    assert mirrored.files_of(mirrored.reports[1]["model"]) == ["plots/epochs.png", "plots/systems.png", "report.json"]


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A server that takes every connection and never says a word; returns its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def told(uri: str) -> str:
    return json.dumps({"uri": uri, "began": 0, "version": 1})


def test_a_server_that_refuses_costs_a_moment_and_a_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()
    reason = mirror._write(told(f"http://127.0.0.1:{port}"))
    assert reason is not None
    assert "refused" in reason
    assert time.monotonic() - began < DEAD_SECONDS


def test_a_server_that_hangs_is_left(silent_server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "REQUEST_SECONDS", 1)
    began = time.monotonic()
    reason = mirror._write(told(f"http://127.0.0.1:{silent_server}"))
    assert reason is not None
    assert "timed out" in reason or reason == "no answer"
    assert time.monotonic() - began < DEAD_SECONDS + mirror.REQUEST_SECONDS


def test_a_run_whose_mirror_is_dead_is_good_and_says_so_in_one_line(
    deployment: Deployment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    camps = build_camps(deployment, tmp_path)
    report = camps.train(mirror=MirrorSettings(mlflow_uri=SecretStr(f"http://ann:secret@127.0.0.1:{port}")))
    assert report["model"]
    lines = [record.getMessage() for record in caplog.records if "train.not_mirrored" in record.getMessage()]
    assert len(lines) == 1
    assert "secret" not in lines[0]


def test_without_the_package_the_reason_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mlflow.py").write_text("raise ModuleNotFoundError(\"No module named 'mlflow'\", name='mlflow')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert mirror._write(told("sqlite:///x.db")) == (
        "mlflow is not installed; python -m pip install -c constraints.txt '.[mirror]'"
    )
