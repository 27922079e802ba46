"""Posts whose dates Python cannot hold, down to the end of a chain: they are old posts, with Redis and without."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

import pytest
from starlette.testclient import TestClient

from demo.valkey import Valkey
from tests.flow.deployment import (
    ADMIN_TOKEN,
    COLD,
    POSTS,
    STRANGER,
    Deployment,
    ask,
    eventually,
    ids,
    rest_of_chain,
    until_ready,
)

ODD = ("4714-11-24 00:00:00+00 BC", "0044-03-15 12:00:00+00 BC", "-infinity", "20000-01-01 00:00:00+00", "infinity")
OLD = tuple(f"odd{n}" for n in range(3))  # the others are ahead


@pytest.fixture
def deployment_with_odd_times(fragile_deployment: Deployment) -> Deployment:
    fragile_deployment.sql(
        "INSERT INTO warmline.posts (id, author_id, created_at) VALUES (%s, %s, %s)",
        [(f"odd{n}", f"author-of-odd{n}", moment) for n, moment in enumerate(ODD)],
    )
    return fragile_deployment


@pytest.fixture
def client(deployment_with_odd_times: Deployment) -> Iterator[TestClient]:
    deployment_with_odd_times.run_heuristic()
    with deployment_with_odd_times.timeline() as client:
        until_ready(client)
        yield client


def _everything(client: TestClient, user_id: str) -> list[str]:
    first = ask(client, user_id, limit=20)
    pages = [first, *rest_of_chain([client], user_id, first, limit=20)]
    return [post for page in pages for post in ids(page)]


def test_a_chain_reaches_them_with_redis_and_goes_on_without(client: TestClient, second_valkey: Valkey) -> None:
    assert sorted(_everything(client, COLD)) == sorted((*POSTS, *OLD))
    second_valkey.stop()
    assert sorted(_everything(client, STRANGER)) == sorted((*POSTS, *OLD))


def test_before_any_run_and_without_redis_they_come_last(
    deployment_with_odd_times: Deployment, second_valkey: Valkey
) -> None:
    second_valkey.stop()
    with deployment_with_odd_times.timeline() as client:
        posts = _everything(client, COLD)
    assert sorted(posts) == sorted((*POSTS, *OLD))
    assert set(posts[-3:]) == set(OLD)


def test_the_operator_reads_runs_and_models_of_a_machine_whose_clock_was_wrong(
    client: TestClient, deployment_with_odd_times: Deployment
) -> None:
    deployment_with_odd_times.sql(
        "INSERT INTO warmline.runs (job, state, requested_by, requested_at, started_at, finished_at)"
        " VALUES ('train', 'done', 'test', %s, %s, %s)",
        [(moment, moment, moment) for moment in ODD],
    )
    deployment_with_odd_times.sql("UPDATE warmline.phase_changes SET changed_at = '0044-03-15 BC'")
    operator = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    for path in ("/admin/jobs", "/admin/status", "/admin/models", "/admin/phase"):
        assert client.get(path, headers=operator).status_code == 200


def test_a_timeline_whose_clock_is_set_back_goes_on_giving_signs_of_life(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SetBack(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "SetBack":
            return super().now(tz) - timedelta(hours=1)

    monkeypatch.setattr("timeline.stores.background_refresh.BEAT_EVERY", timedelta(0))
    last = "SELECT max(seen_at) FROM warmline.heartbeats WHERE service = 'timeline'"
    with deployment.timeline():
        eventually(lambda: deployment.sql(last) != [(None,)], "a first sign of life")
        monkeypatch.setattr("timeline.stores.background_refresh.datetime", SetBack)
        for said in ("one that may have been under way", "one that began after the clock was set back"):
            before = deployment.sql(last)
            eventually(lambda before=before: deployment.sql(last) > before, said)  # type: ignore[misc]
