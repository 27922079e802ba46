"""Promotion over HTTP: refused if the model's files are damaged; the answer says if they cannot be checked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from starlette.testclient import TestClient

from tests.flow.deployment import ADMIN_TOKEN, Deployment, until_ready
from tests.model_files import put_on_record
from timeline.http.admin_schemas import ModelsAnswer, RunHistory, StatusAnswer

OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


def promote(client: TestClient, version: int) -> Any:
    return client.put("/admin/models/champion", json={"version": version}, headers=OPERATOR)


def test_a_model_is_promoted_only_while_its_files_are_whole(
    ranked_deployment: Deployment, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("WARMLINE_MODEL_DIR", str(tmp_path))
    with ranked_deployment.database() as database:
        good, bad = put_on_record(database, tmp_path, "good"), put_on_record(database, None, "bad")
    with ranked_deployment.timeline() as client:
        refused, done = promote(client, bad), promote(client, good)
        status = client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR).json()
    assert refused.status_code == 409
    assert (refused.json()["type"].rpartition(":")[2], "cannot be read" in refused.json()["detail"]) == (
        "promotion-refused",
        True,
    )
    assert (done.status_code, done.json()["champion"]["version"], done.json()["files_checked"]) == (200, good, True)
    assert "`warmline run score`" in status["warning"]


def test_without_the_folder_the_answer_says_that_nothing_was_checked(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    with ranked_deployment.database() as database:
        version = put_on_record(database, None, "model-1")
    answer = promote(client, version).json()
    assert (answer["champion"]["version"], answer["files_checked"]) == (version, False)
    assert "WARMLINE_MODEL_DIR; is it mounted?" in answer["warning"]


def test_the_status_holds_the_newest_models_as_the_list_of_models_does(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    with ranked_deployment.database() as database:
        version = put_on_record(database, None, "newest")
    models = client.get("/admin/models", headers=OPERATOR).json()["models"]
    status = client.get("/admin/status", headers=OPERATOR).json()["models"]
    assert (status[0]["version"], status) == (version, models[: len(status)])


def fields_beyond(model: type[BaseModel], answer: Any) -> set[str]:
    """The fields of an answer that its model does not have, at any depth."""
    read = model.model_validate(answer)
    return set(_paths(answer)) - set(_paths(read.model_dump(mode="json")))


def _paths(value: Any, at: str = "") -> Iterator[str]:
    yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _paths(part, f"{at}/{name}")


def test_the_operators_answers_are_as_documented(client: TestClient, ranked_deployment: Deployment) -> None:
    with ranked_deployment.database() as database:
        put_on_record(database, None, "model")
    client.put("/admin/phase", json={"phase": "heuristic"}, headers=OPERATOR)
    shapes: dict[str, type[BaseModel]] = {
        "/admin/status": StatusAnswer,
        "/admin/models": ModelsAnswer,
        "/admin/jobs": RunHistory,
    }
    answers = {path: client.get(path, headers=OPERATOR).json() for path in shapes}
    assert all(answers["/admin/status"][part] for part in ("phase_changes", "runs", "models", "live"))
    assert answers["/admin/status"]["lists"]["heuristic"] is not None
    assert set().union(*(fields_beyond(shape, answers[path]) for path, shape in shapes.items())) == set()


def test_a_phase_without_a_model_is_switched_to_with_a_warning(client: TestClient) -> None:
    until_ready(client)
    change = {"phase": "neucf", "rollout_percent": 10}
    warned = client.put("/admin/phase", json=change, headers=OPERATOR).json()
    assert "no model is promoted" in warned["warning"]
    assert client.get("/admin/status", headers=OPERATOR).json()["phase"] == warned
    assert "warning" not in client.put("/admin/phase", json={"phase": "heuristic"}, headers=OPERATOR).json()
