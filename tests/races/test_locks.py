"""Locks in one order, deadlocks retried, and acts of safety never behind bulk."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from tests.flow.deployment import COLD, Deployment, eventually
from tests.races.pair import accepted, process, waiting_for_locks

FIRST, SECOND = "p01", "p02"  # what both batches take back, in either order
BATCH = 40  # events between them
SOON = 5.0  # seconds, of the twelve that a write may take


@contextmanager
def locked_rows(deployment: Deployment, post_ids: list[str]) -> Iterator[None]:
    """Somebody else's transaction holds the user's events on these posts."""
    connection = psycopg2.connect(deployment.database_url)
    try:
        with connection.cursor() as cursor:
            held = "SELECT FROM warmline.interactions WHERE user_id = %s AND post_id = ANY(%s) FOR UPDATE"
            cursor.execute(held, (COLD, post_ids))
            yield
    finally:
        connection.close()


def _events(post_ids: list[str]) -> list[dict[str, str]]:
    return [{"user_id": COLD, "post_id": post_id, "kind": "view"} for post_id in post_ids]


def _in_order_of_the_batch(deployment: Deployment) -> None:
    """Have PostgreSQL look up row after row, as it does where there are many; the small world has it read them all."""
    name = deployment.database_url.rpartition("/")[2]
    for method in ("hashjoin", "mergejoin", "seqscan"):
        deployment.sql(f'ALTER DATABASE "{name}" SET enable_{method} = off')


def test_batches_that_take_back_the_same_events_in_other_orders_both_do(ranked_deployment: Deployment) -> None:
    """Each has one of two rows and wants the other's."""
    deployment, middle = ranked_deployment, ["p10", "p20"]
    deployment.add_events(COLD, [FIRST, SECOND, *middle])
    _in_order_of_the_batch(deployment)
    with process(deployment) as one:
        with locked_rows(deployment, middle):
            answers = [
                one.act("DELETE", "/interactions", _events([FIRST, middle[0], SECOND])),
                one.act("DELETE", "/interactions", _events([SECOND, middle[1], FIRST])),
            ]
            eventually(lambda: waiting_for_locks(deployment) >= 2, "both wait")
        responses = [answer.result() for answer in answers]
    assert [response.status_code for response in responses] == [200, 200]
    assert sum(response.json()["accepted"] for response in responses) == 4
    assert deployment.sql("SELECT 1 FROM warmline.interactions WHERE user_id = %s", [(COLD,)]) == []


def test_batches_that_keep_and_take_back_the_same_events_both_do(ranked_deployment: Deployment) -> None:
    """The one updates the last times of events that the other takes back."""
    deployment, middle = ranked_deployment, ["p10", "p20"]
    deployment.add_events(COLD, [FIRST, SECOND, *middle])
    _in_order_of_the_batch(deployment)
    with process(deployment) as one:
        with locked_rows(deployment, middle):
            answers = [one.act("DELETE", "/interactions", _events([SECOND, middle[1], FIRST]))]
            eventually(lambda: waiting_for_locks(deployment) >= 1, "the first one waits")
            answers.append(one.act("POST", "/interactions", _events([FIRST, middle[0], SECOND])))
            eventually(lambda: waiting_for_locks(deployment) >= 2, "both wait")
        responses = [answer.result() for answer in answers]
    assert [response.status_code for response in responses] == [200, 200]


def test_a_deadlock_is_tried_again(ranked_deployment: Deployment) -> None:
    """Whoever else locks the app's rows in another order: PostgreSQL ends one of the two, and that may be ours."""
    deployment = ranked_deployment
    deployment.add_events(COLD, [FIRST, SECOND])
    name = deployment.database_url.rpartition("/")[2]
    deployment.sql(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '1 s'")  # looked for once, so late enough
    connection = psycopg2.connect(deployment.database_url)
    with process(deployment) as one:
        try:
            with connection.cursor() as cursor:
                # Ours looks for deadlocks first, so ours is the one that is ended.
                cursor.execute("SET deadlock_timeout = '60 s'")
                hold = "SELECT FROM warmline.interactions WHERE user_id = %s AND post_id = %s FOR UPDATE"
                cursor.execute(hold, (COLD, SECOND))
                answer = one.act("DELETE", "/interactions", _events([FIRST, SECOND]))
                eventually(lambda: waiting_for_locks(deployment) >= 1, "ours waits")
                cursor.execute(hold, (COLD, FIRST))
                connection.commit()
        finally:
            connection.close()
        response = answer.result()
    assert response.status_code == 200, response.text
    assert deployment.sql("SELECT 1 FROM warmline.interactions WHERE user_id = %s", [(COLD,)]) == []


def test_acts_of_safety_do_not_wait_for_bulk(ranked_deployment: Deployment) -> None:
    """Batches wait for a row, as many as come; blocks, hides' sisters and deletes answer meanwhile."""
    deployment = ranked_deployment
    deployment.add_events(COLD, [FIRST])
    with process(deployment) as one:
        with locked_rows(deployment, [FIRST]):
            bulk = [one.act("DELETE", "/interactions", _events([FIRST])) for _ in range(12)]
            eventually(lambda: waiting_for_locks(deployment) >= 1, "they wait")
            acts = [
                one.act("PUT", f"/users/{COLD}/blocks/author3"),
                one.act("DELETE", "/posts/p05"),
                one.act("DELETE", f"/users/{COLD}/blocks/author3"),
            ]
            answers = [act.result(SOON) for act in acts]
        accepted(*answers, *(each.result() for each in bulk))
    assert [answer.status_code for answer in answers] == [204, 204, 204]


def test_a_page_does_not_wait_for_bulk(ranked_deployment: Deployment) -> None:
    """Threads and connections of their own."""
    deployment = ranked_deployment
    deployment.add_events(COLD, [FIRST])
    with process(deployment) as one:
        with locked_rows(deployment, [FIRST]):
            bulk = [one.act("DELETE", "/interactions", _events([FIRST])) for _ in range(12)]
            eventually(lambda: waiting_for_locks(deployment) >= 1, "they wait")
            page = one.page("ann", limit=10).result(SOON)
        accepted(*(each.result() for each in bulk))
    assert "degraded" not in page
