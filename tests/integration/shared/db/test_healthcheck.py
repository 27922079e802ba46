"""A job's health: only the heartbeat of this service on this host counts."""

import pytest

from shared.db.engine import Database
from shared.db.runs import record_heartbeat
from shared.jobs.healthcheck import job_beats
from tests.stores import execute


def test_a_job_with_a_heartbeat_on_this_host_is_alive(database: Database) -> None:
    record_heartbeat(database, "s01_heuristic", worker="here:7")
    assert job_beats(database, "s01_heuristic", host="here")


@pytest.mark.parametrize(("service", "worker"), [("s01_heuristic", "here-too:7"), ("s02_train_neucf", "here:7")])
def test_the_heartbeat_of_another_host_or_service_does_not_count(database: Database, service: str, worker: str) -> None:
    record_heartbeat(database, service, worker=worker)
    assert not job_beats(database, "s01_heuristic", host="here")


def test_a_job_without_a_recent_heartbeat_is_not_alive(database: Database) -> None:
    record_heartbeat(database, "s01_heuristic", worker="here:7")
    execute(database, "UPDATE warmline.heartbeats SET seen_at = now() - interval '31 seconds'")
    assert not job_beats(database, "s01_heuristic", host="here")
