"""A PostgreSQL that answers and refuses: a demoted primary above all, and what else it says when it is in need."""

import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from s01_heuristic.__main__ import main as rank
from s02_recsys_neucf.__main__ import main as score
from s02_train_neucf.__main__ import main as train
from shared.db.writes import put_user
from shared.errors import SourceError, StoreReadOnly, StoreUnavailable
from tests.flow.deployment import ADMIN_TOKEN, ANN, API_KEY, COLD, Deployment, ask, eventually, until_ready
from tests.stores import administrator

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
EVENT = {"user_id": "person-zoe", "post_id": "p01", "kind": "like"}
WRITES: tuple[tuple[str, str, object, dict[str, str]], ...] = (
    ("PUT", "/users/person-zoe", {}, BACKEND),
    ("PUT", "/posts/p-new", {"author_id": "person-zoe", "caption": "caption-of-zoe"}, BACKEND),
    ("POST", "/interactions", [EVENT], BACKEND),
    ("DELETE", "/interactions", [EVENT], BACKEND),
    ("PUT", "/users/person-zoe/blocks/author3", None, BACKEND),
    ("DELETE", "/users/person-zoe/blocks/author3", None, BACKEND),
    ("DELETE", "/posts/p07", None, BACKEND),
    ("DELETE", "/users/person-zoe", None, BACKEND),
    ("PUT", "/admin/phase", {"phase": "neucf"}, OPERATOR),
)
PERSONAL = ("person-zoe", "caption-of-zoe", "p-new", "INSERT INTO", "UPDATE warmline", "DELETE FROM", "Traceback")


def demote(deployment: Deployment) -> None:
    """As a failover leaves the old primary: it takes connections, and no writes."""
    _switch(deployment, "SET default_transaction_read_only = on")


def promote(deployment: Deployment) -> None:
    """The address leads to a primary again; connections that are open are the standby's still."""
    _switch(deployment, "RESET default_transaction_read_only")


def _switch(deployment: Deployment, what: str) -> None:
    server, _, name = deployment.database_url.rpartition("/")
    with administrator(f"{server}/postgres") as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" {what}')


@pytest.fixture
def standby(ranked_deployment: Deployment) -> Iterator[Deployment]:
    demote(ranked_deployment)
    yield ranked_deployment
    promote(ranked_deployment)


@pytest.fixture(scope="module")
def client(shared_deployment: Deployment) -> Iterator[TestClient]:
    """A timeline over a demoted primary, which nothing that is asked of it can change."""
    demote(shared_deployment)
    with shared_deployment.timeline() as client:
        yield client
    promote(shared_deployment)


@pytest.mark.parametrize(("method", "path", "body", "token"), WRITES, ids=[f"{each[0]} {each[1]}" for each in WRITES])
def test_a_write_to_a_demoted_primary_is_503_and_one_line_without_a_person(
    method: str, path: str, body: object, token: dict[str, str], client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = client.request(method, path, json=body, headers=token)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:warmline:problem:store-unavailable")
    ours = [record for record in caplog.records if record.name == "warmline"]
    lines = [record for record in ours if "timeline.unavailable" in record.getMessage()]
    assert [("read-only" in line.getMessage(), line.exc_info) for line in lines] == [(True, None)]
    assert not [word for word in PERSONAL for record in ours if word in record.getMessage()]


def test_pages_go_on_and_readiness_says_why(client: TestClient) -> None:
    eventually(lambda: "read-only" in client.get("/readyz").json()["missing"].get("postgresql", ""), "it is named")
    assert len(ask(client, ANN)["posts"]) == 20


def test_the_pool_leaves_the_demoted_primary_with_the_first_refusal(ranked_deployment: Deployment) -> None:
    with ranked_deployment.database() as database:
        demote(ranked_deployment)
        with pytest.raises(StoreReadOnly, match=r"^PostgreSQL at 127\.0\.0\.1:\d+/\S+ is read-only: cannot execute"):
            put_user(database, "zoe", created_at=None)
        promote(ranked_deployment)
        put_user(database, "zoe", created_at=None)


def test_a_timeline_is_ready_again_after_a_failover(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        demote(ranked_deployment)
        ranked_deployment.close_database()  # the connections that are open break
        ranked_deployment.open_database()
        eventually(lambda: "read-only" in str(client.get("/readyz").json()["missing"]), "it is read-only")
        promote(ranked_deployment)
        until_ready(client)
        put = partial(client.put, f"/users/{COLD}/blocks/author3", headers=BACKEND)
        assert [put().status_code for _ in range(3)] == [204, 204, 204]  # by whatever connections


@pytest.fixture
def job_settings(standby: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where no .env lies
    for name, value in {
        "DATABASE_URL": standby.database_url, "REDIS_URL": standby.redis_url, "MODEL_DIR": str(tmp_path / "models"),
        "MLFLOW_URI": "off",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"WARMLINE_{name}", value)


@pytest.mark.usefixtures("job_settings")
@pytest.mark.parametrize("job", [rank, train, score], ids=["heuristic", "train", "score"])
def test_a_job_ends_in_one_clear_line_and_exit_1(
    job: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert job(["--once"]) == 1
    said = capsys.readouterr().err
    assert re.fullmatch(r"PostgreSQL at 127\.0\.0\.1:\d+/\S+ is read-only: cannot execute \w+ in a.*\n", said)


# --- the neighbours: PostgreSQL itself says each of them --------------------------------------------------------------

UNAVAILABLE = {
    "40001": "serialization failure",
    "40P01": "deadlock",
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "53400": "configuration limit",
    "55P03": "lock not available",
    "57014": "statement timeout",
    "57P01": "admin shutdown",
    "57P02": "crash shutdown",
    "57P03": "cannot connect now",
    "57P05": "idle session timeout",
    "58030": "I/O error",
    "25P03": "idle in transaction",
    "XX000": "internal error",
    "XX001": "data corrupted",
}
REFUSES = {"42501": "no right", "42P01": "no such table", "22023": "invalid value", "0A000": "not supported"}


@pytest.fixture(scope="module")
def refusals(shared_deployment: Deployment) -> dict[str, Exception]:
    """What our code makes of each of PostgreSQL's codes."""
    met = dict[str, Exception]()
    with shared_deployment.database() as database:
        for code in (*UNAVAILABLE, *REFUSES):
            try:
                with database.begin() as connection:
                    connection.exec_driver_sql(
                        f"DO $$ BEGIN RAISE EXCEPTION 'said of \"person-zoe\"' USING ERRCODE = '{code}'; END $$"
                    )
            except Exception as error:
                met[code] = error
    return met


@pytest.mark.parametrize("code", UNAVAILABLE, ids=UNAVAILABLE.get)
def test_a_postgresql_in_need_counts_as_away(code: str, refusals: dict[str, Exception]) -> None:
    said = str(refusals[code])
    assert isinstance(refusals[code], StoreUnavailable)
    assert (said.startswith("PostgreSQL at "), said.count("\n"), "RAISE" in said) == (True, 0, False)


def test_a_standby_that_is_asked_for_a_write_transaction_counts_as_read_only(shared_deployment: Deployment) -> None:
    """A connection that read a snapshot before asks so; a real standby answered this (PostgreSQL 18)."""
    said = "cannot set transaction read-write mode during recovery"
    with shared_deployment.database() as database, pytest.raises(StoreReadOnly), database.begin() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION '{said}' USING ERRCODE = '0A000'; END $$")


@pytest.mark.parametrize("code", REFUSES, ids=REFUSES.get)
def test_what_somebody_has_to_mend_is_said(code: str, refusals: dict[str, Exception]) -> None:
    said = str(refusals[code])
    assert isinstance(refusals[code], SourceError)
    assert (" refuses: said of" in said, said.count("\n")) == (True, 0)


def test_a_value_of_a_request_never_stands_in_an_error(refusals: dict[str, Exception]) -> None:
    assert "person-zoe" not in str(refusals["22023"])
