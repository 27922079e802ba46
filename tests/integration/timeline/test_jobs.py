"""Requests for runs over HTTP: accepted, refused while one is running or no service is alive, and recorded."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from shared.db.runs import claim_run, finish_run, note_progress, record_heartbeat, request_run
from shared.jobs.names import SERVICES, Job
from tests.flow.deployment import ADMIN_TOKEN, Deployment

OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
JOBS = list(Job)


def ask_for(client: TestClient, job: str) -> Any:
    return client.post(f"/admin/jobs/{job}", headers=OPERATOR)


def be_alive(deployment: Deployment, job: Job) -> None:
    with deployment.database() as database:
        record_heartbeat(database, SERVICES[job], worker="test")


def slug(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rpartition(":")[2]


@pytest.mark.parametrize("job", JOBS)
def test_a_run_is_asked_for_and_claimed(client: TestClient, ranked_deployment: Deployment, job: Job) -> None:
    be_alive(ranked_deployment, job)
    response = ask_for(client, job)
    assert response.status_code == 202
    with ranked_deployment.database() as database:
        run = claim_run(database, job, worker="test")
    assert run is not None
    assert response.json() == {"run": run.id, "job": job.value, "state": "requested"}


def test_while_a_run_waits_or_is_under_way_no_other_is_taken(client: TestClient, ranked_deployment: Deployment) -> None:
    be_alive(ranked_deployment, Job.TRAIN)
    ask_for(client, "train")
    assert slug(ask_for(client, "train")) == (409, "run-under-way")
    with ranked_deployment.database() as database:
        run = claim_run(database, "train", worker="test")
        assert run is not None
        assert slug(ask_for(client, "train")) == (409, "run-under-way")
        finish_run(database, run, report={})
    assert ask_for(client, "train").status_code == 202


def test_a_run_of_once_is_under_way_although_no_service_is_alive(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    with ranked_deployment.database() as database:
        request_run(database, "train", by="--once")
        run = claim_run(database, "train", worker="once")
        assert run is not None
        assert slug(ask_for(client, "train")) == (409, "run-under-way")
        finish_run(database, run, report={})
    assert slug(ask_for(client, "train")) == (503, "service-not-alive")


def test_a_run_whose_worker_died_blocks_nobody(client: TestClient, ranked_deployment: Deployment) -> None:
    be_alive(ranked_deployment, Job.TRAIN)
    ask_for(client, "train")
    with ranked_deployment.database() as database:
        claim_run(database, "train", worker="dead")
    ranked_deployment.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 second' WHERE job = 'train'")
    assert ask_for(client, "train").status_code == 202


@pytest.mark.parametrize("job", JOBS)
def test_where_no_such_service_is_alive_nothing_is_asked_for(
    client: TestClient, ranked_deployment: Deployment, job: Job
) -> None:
    ranked_deployment.sql("DELETE FROM warmline.heartbeats")
    for other in set(JOBS) - {job}:
        be_alive(ranked_deployment, other)
    response = ask_for(client, job)
    assert slug(response) == (503, "service-not-alive")
    assert "retry-after" in response.headers
    assert ranked_deployment.sql("SELECT count(*) FROM warmline.runs WHERE state = 'requested'") == [(0,)]


@pytest.mark.parametrize("job", ["", "Train", "timeline", "train%2F..", "train;drop"])
def test_an_unknown_job_is_a_problem(client: TestClient, job: str) -> None:
    assert ask_for(client, job).status_code in (404, 405, 422)


def test_the_history_is_newest_first_and_bounded(client: TestClient, ranked_deployment: Deployment) -> None:
    insert = "INSERT INTO warmline.runs (job, state, requested_by) VALUES (%s, 'done', 'test')"
    ranked_deployment.sql(insert, [("score",)] * 130)
    runs = client.get("/admin/jobs", headers=OPERATOR, params={"limit": 100}).json()["runs"]
    assert [run["id"] for run in runs] == sorted((run["id"] for run in runs), reverse=True)
    assert len(runs) == 100
    assert client.get("/admin/jobs", headers=OPERATOR, params={"limit": 101}).status_code == 422
    of_one = client.get("/admin/jobs", headers=OPERATOR, params={"job": "heuristic"}).json()["runs"]
    assert {run["job"] for run in of_one} == {"heuristic"}


def test_with_postgresql_away_a_retry_is_asked_for(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.close_database()
    try:
        assert slug(ask_for(client, "train")) == (503, "store-unavailable")
    finally:
        ranked_deployment.open_database()


def test_the_history_shows_how_far_a_run_is(client: TestClient, ranked_deployment: Deployment) -> None:
    be_alive(ranked_deployment, Job.TRAIN)
    ask_for(client, "train")
    with ranked_deployment.database() as database:
        run = claim_run(database, "train", worker="test")
        assert run is not None
        run.progress.plan({"loading": 1, "training, cut 1": 3})
        run.progress.report("training, cut 1", 1, 3)
        far = run.progress.now()
        assert far is not None
        note_progress(database, run, far)
    (shown,) = client.get("/admin/jobs?job=train", headers=OPERATOR).json()["runs"]
    assert (shown["progress"]["step"], shown["progress"]["percent"]) == ("training, cut 1", 50.0)
