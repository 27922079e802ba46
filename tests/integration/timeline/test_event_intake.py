"""Requests with events that arrive together share a transaction, and stay independent of each other."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from shared.errors import StoreUnavailable
from tests.flow.deployment import API_KEY, Deployment, eventually
from tests.integration.timeline.test_ingest import BACKEND, counted, event, send
from timeline.http.security_headers import HEADERS

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
ERASURES_LOCK = 0x7761726E  # see `shared.db.tombstones`
TRANSACTIONS = "SELECT count(*), count(DISTINCT xmin::text) FROM warmline.interactions WHERE user_id LIKE 'sender%%'"
Answers = list["Future[dict[str, Any]]"]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@contextmanager
def held_up(
    deployment: Deployment, client: TestClient, threads: ThreadPoolExecutor
) -> Iterator["Future[dict[str, Any]]"]:
    """A request whose transaction waits, as for a running erasure; it continues at the end."""
    connection = psycopg2.connect(deployment.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (ERASURES_LOCK,))
        first = threads.submit(send, client, event(user="first"))
        eventually(lambda: deployment.sql(WAITING) == [(1,)], "a request waits")
        yield first
    connection.close()


def sent_together(client: TestClient, threads: ThreadPoolExecutor, *batches: list[Any]) -> Answers:
    """These requests, once all of them wait for the running transaction."""
    answers = [threads.submit(send, client, *batch) for batch in batches]
    intake = client.app.state.warmline.intake  # type: ignore[attr-defined]
    eventually(lambda: intake.n_waiting == len(batches), "all wait")
    return answers


def test_requests_that_arrive_together_share_a_transaction(
    client: TestClient, ranked_deployment: Deployment, threads: ThreadPoolExecutor
) -> None:
    with held_up(ranked_deployment, client, threads) as first:
        answers = sent_together(client, threads, *[[event(user=f"sender{number}")] for number in range(5)])
    assert [each.result() for each in (first, *answers)] == [counted(1)] * 6
    assert ranked_deployment.sql(TRANSACTIONS) == [(5, 1)]


def test_what_is_refused_of_one_request_is_refused_of_it_alone(
    client: TestClient, ranked_deployment: Deployment, threads: ThreadPoolExecutor
) -> None:
    client.delete("/users/gone", headers=BACKEND)
    with held_up(ranked_deployment, client, threads):
        answers = sent_together(
            client,
            threads,
            [event("no-such-post"), event(user="sender1")],
            [event(user="gone")],
            [event(user="sender2")],
        )
    assert answers[0].result() == counted(1, 0, {0: "post-unknown"})
    assert answers[1].result() == counted(0, 0, {0: "user-erased"})
    assert answers[2].result() == counted(1)


def test_the_same_event_in_two_requests_is_new_in_one(
    client: TestClient, ranked_deployment: Deployment, threads: ThreadPoolExecutor
) -> None:
    with held_up(ranked_deployment, client, threads):
        answers = sent_together(client, threads, [event(user="sender1")], [event(user="sender1")])
    accepted = [(answer["accepted"], answer["duplicates"]) for answer in (each.result() for each in answers)]
    assert sorted(accepted) == [(0, 1), (1, 0)]


def test_a_request_that_postgresql_refuses_does_not_take_others_with_it(
    client: TestClient, ranked_deployment: Deployment, threads: ThreadPoolExecutor
) -> None:
    ranked_deployment.sql("ALTER TABLE warmline.interactions ADD CONSTRAINT of_the_test CHECK (user_id <> 'refused')")

    def post(user: str) -> int:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        return client.post("/interactions", json=[event(user=user)], headers=headers).status_code

    with held_up(ranked_deployment, client, threads):
        intake = client.app.state.warmline.intake  # type: ignore[attr-defined]
        answers = [threads.submit(post, user) for user in ("sender1", "refused", "sender2")]
        eventually(lambda: intake.n_waiting == len(answers), "all wait")
    assert [each.result() for each in answers][::2] == [200, 200]
    assert answers[1].result() >= 500
    assert ranked_deployment.sql(TRANSACTIONS)[0][0] == 2


def test_hides_of_requests_that_arrive_together_hold_on_the_next_page(
    client: TestClient, ranked_deployment: Deployment, threads: ThreadPoolExecutor
) -> None:
    with held_up(ranked_deployment, client, threads):
        answers = sent_together(
            client, threads, [event("p01", kind="hide", user="sender1")], [event("p02", kind="hide", user="sender2")]
        )
    assert [each.result() for each in answers] == [counted(1)] * 2

    def shown(user: str) -> set[str]:
        page = client.get(f"/timeline/{user}?limit=100", headers=BACKEND).json()
        return {post["id"] for post in page["posts"]}

    assert "p01" not in shown("sender1")
    assert "p02" not in shown("sender2")
    assert "p01" in shown("sender2")


def test_a_large_batch_waits_for_none_of_the_small_ones(
    client: TestClient, ranked_deployment: Deployment, threads: ThreadPoolExecutor
) -> None:
    large = [event(user=f"large{number}") for number in range(500)]
    begun = time.monotonic()
    answers = [
        threads.submit(send, client, *batch) for batch in ([event(user="sender1")], large, [event(user="sender2")])
    ]
    assert [each.result()["accepted"] for each in answers] == [1, 500, 1]
    assert time.monotonic() - begun < 10


ODD_EVENTS = [
    [event(user="sender1"), event(user="sender2")], [event(user="sender1")], [], [{"user_id": 7}, "x", None],
    [event(user="sender1") | {"colour\u202e": 1}], [event(user="sender1") | {"feed_id": "forged"}],
]  # fmt: skip


@pytest.mark.parametrize("batch", ODD_EVENTS, ids=range(len(ODD_EVENTS)))
def test_the_fast_path_and_the_route_give_the_same_answer(client: TestClient, batch: list[Any]) -> None:
    send(client, *batch)  # from now on each answer is that to a repeat
    by_route = client.post("/interactions", json=batch, headers=BACKEND)
    by_fast_path = by_fast_path_of(client, json.dumps(batch).encode())
    assert by_fast_path is not None
    given = [*by_fast_path.raw_headers, *HEADERS]
    assert (by_fast_path.status_code, bytes(by_fast_path.body), given) == (
        by_route.status_code, by_route.content, by_route.headers.raw,
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b"[",
        b"",
        b"\xff",
        b"[" * 1000,
        b"[" + b"9" * 5000 + b"]",
        json.dumps([0] * 1001).encode(),
        b'[{"kind": NaN}]',
        b"[-Infinity]",
        "[]".encode("utf-16"),
    ],
)
def test_the_route_refuses_what_the_fast_path_declines(client: TestClient, body: bytes) -> None:
    assert by_fast_path_of(client, body) is None
    answer = client.post("/interactions", content=body, headers={**BACKEND, "Content-Type": "application/json"})
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(("error", "status"), [(StoreUnavailable("away"), 503), (RuntimeError("a fault"), 500)])
def test_failures_of_the_fast_path_are_answered_as_those_of_the_route(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("timeline.stores.event_intake.store_batches", fail)
    by_route = client.post("/interactions", json=[event()], headers=BACKEND)
    by_fast_path = by_fast_path_of(client, json.dumps([event()]).encode())
    assert by_fast_path is not None
    assert (by_route.status_code, by_route.content) == (status, bytes(by_fast_path.body))
    assert [*by_fast_path.raw_headers, *HEADERS] == by_route.headers.raw


def by_fast_path_of(client: TestClient, body: bytes) -> Response | None:
    """The answer of the fast path, on the loop of the app."""
    assert client.portal is not None
    answer: Response | None = client.portal.call(client.app.fast_path.add_events, body)  # type: ignore[attr-defined]
    return answer
