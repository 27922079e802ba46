"""Recommendations always answer, within their budget: without a ranker, with a slow or a full one, without stores."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from demo.valkey import Valkey
from shared.db.phases import installation_id
from shared.domain import Reason, RecommendBy
from shared.ranked_lists import keys
from shared.ranked_lists.codec import pack_entry
from shared.ranked_lists.recommend_codec import MAX_ANSWER, Recommended, Wanted
from shared.ranked_lists.recommend_queue import RecommendQueue
from tests.flow.deployment import API_KEY, JWT_KEY, POSTS, Deployment, eventually, posts_of, until_ready
from tests.flow.recommend import KEY, ask, ids_of

QUICK = {"recommend_budget_ms": 300}
ALLOWED = 1.5  # seconds: the budget, and a busy machine
LIKED = ["p10", "p11"]

Answering = Callable[[Wanted], Recommended | None]


@contextmanager
def ranker(deployment: Deployment, answer: Answering, *, installation: str | None = None) -> Iterator[list[Wanted]]:
    """A ranker that answers as it is told; yields what it was asked in time."""
    stop, asked = threading.Event(), list[Wanted]()
    with deployment.database() as database:
        name = installation or installation_id(database)
    queue = RecommendQueue(deployment.redis_url)

    def run() -> None:
        while not stop.is_set():
            queue.listen(name)
            for taken in queue.take(wait=timedelta(seconds=0.1)):
                if taken.seconds_left > 0:
                    asked.append(taken.wanted)
                    value = answer(taken.wanted)
                    if value is not None:
                        queue.answer(taken.wanted.token, value)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        with deployment.redis() as redis:
            if installation is None:
                eventually(lambda: redis.exists(keys.RECOMMENDERS) == 1, "it listens")
        yield asked
    finally:
        stop.set()
        thread.join()
        queue.close()
        with deployment.redis() as redis:
            redis.delete(keys.RECOMMENDERS, keys.RECOMMEND)


def answering(deployment: Deployment, *post_ids: str, by: RecommendBy = RecommendBy.TOGETHER) -> Answering:
    """A ranker's answer of these posts."""
    rows = deployment.rows()
    entries = b"".join(pack_entry(rows[post_id], Reason.LIKED_TOGETHER, 0.5) for post_id in post_ids)
    return lambda _: Recommended(by=by, entries=entries)


def quickly(client: TestClient, **body: Any) -> dict[str, Any]:
    """An answer that came within the budget."""
    begun = time.monotonic()
    answer = ask(client, **body)
    assert time.monotonic() - begun < ALLOWED
    assert len(ids_of(answer)) == body.get("limit", 20)
    return answer


@pytest.fixture
def client(ranked_deployment: Deployment) -> Iterator[TestClient]:
    with ranked_deployment.timeline(**QUICK) as client:
        until_ready(client)
        yield client


def test_what_a_ranker_answers_is_shown_and_filled_up(client: TestClient, ranked_deployment: Deployment) -> None:
    with ranker(ranked_deployment, answering(ranked_deployment, "p40", "p10", "p33")) as asked:
        answer = ask(client, liked=LIKED, disliked=["p05"], source="together", exclude=["p33"], limit=10)
    (wanted,) = asked
    assert [post.id for post in wanted.liked] == LIKED
    assert [post.id for post in wanted.disliked] == ["p05"]
    assert (answer["source"], answer.get("degraded")) == ("together", None)
    assert answer["posts"][0] == {"id": "p40", "score": 0.5, "reason": "liked_together"}
    assert len(ids_of(answer)) == 10
    assert not {*LIKED, "p05", "p33"} & set(ids_of(answer))


def test_without_a_ranker_everyones_list_comes_at_once(client: TestClient) -> None:
    answer = quickly(client, liked=LIKED)
    assert (answer["source"], answer["degraded"]) == ("everyone", ["ranker"])
    assert not set(LIKED) & set(ids_of(answer))


def test_a_ranker_that_died_or_is_slow_costs_the_budget_and_no_more(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    with ranker(ranked_deployment, lambda _: None):
        answer = quickly(client, liked=LIKED, text="a cat")
    assert (answer["source"], answer["degraded"]) == ("everyone", ["ranker"])
    assert 'warmline_recommendations_unanswered_total{reason="late"} 1.0' in client.get("/metrics").text


def test_a_full_queue_is_answered_without_waiting(client: TestClient, ranked_deployment: Deployment) -> None:
    with ranked_deployment.database() as database, ranked_deployment.redis() as redis:
        redis.set(keys.RECOMMENDERS, installation_id(database), px=60_000)
        redis.rpush(keys.RECOMMEND, *(b"waits" for _ in range(keys.MAX_REQUESTS)))
        answer = quickly(client, liked=LIKED)
        assert answer["degraded"] == ["ranker"]
        assert redis.llen(keys.RECOMMEND) == keys.MAX_REQUESTS
        redis.delete(keys.RECOMMEND, keys.RECOMMENDERS)
    assert 'warmline_recommendations_unanswered_total{reason="full"} 1.0' in client.get("/metrics").text


def test_a_request_that_nobody_waits_for_is_dropped(client: TestClient, ranked_deployment: Deployment) -> None:
    queue = RecommendQueue(ranked_deployment.redis_url)
    with ranked_deployment.database() as database:
        assert queue.listen(installation_id(database))
    for _ in range(3):
        quickly(client, liked=LIKED)
    with ranked_deployment.redis() as redis:
        assert 0 < redis.pttl(keys.RECOMMEND) <= 10_000
        redis.rpush(keys.RECOMMEND, b"\x80\x04\x95no request")  # nor is what cannot be read
    taken = queue.take(wait=timedelta(seconds=1))
    assert len(taken) == 3
    assert all(request.seconds_left <= 0 for request in taken)
    queue.close()


def test_a_ranker_of_another_installation_is_not_asked(client: TestClient, ranked_deployment: Deployment) -> None:
    with ranker(ranked_deployment, answering(ranked_deployment, "p40"), installation="another") as asked:
        assert quickly(client, liked=LIKED)["degraded"] == ["ranker"]
        with ranked_deployment.redis() as redis:
            assert not redis.exists(keys.RECOMMENDERS)
            redis.set(keys.RECOMMENDERS, "another", px=60_000)
        assert quickly(client, liked=LIKED)["degraded"] == ["ranker"]
    assert asked == []


@pytest.mark.parametrize("value", [b"", b"\x80\x04\x95.", b"\x01\x00\x05\x00" + b"x" * 12, b"\x01\x63\x00\x00"])
def test_an_answer_that_cannot_be_read_counts_as_none(
    client: TestClient, ranked_deployment: Deployment, value: bytes
) -> None:
    with ranked_deployment.redis() as redis:

        def spoil(wanted: Wanted) -> None:
            redis.rpush(keys.recommendation(wanted.token), value)

        with ranker(ranked_deployment, spoil):
            answer = quickly(client, liked=LIKED)
    assert (answer["source"], answer["degraded"]) == ("everyone", ["ranker"])


def test_posts_that_went_meanwhile_do_not_come_back_in_an_answer(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    rows = ranked_deployment.rows()
    entries = b"".join(pack_entry(number, Reason.FOR_YOU, 0.5) for number in [*rows.values(), 2**28 - 1])
    client.delete("/posts/p40", headers=KEY).raise_for_status()
    client.put("/users/author3/suspended", headers=KEY).raise_for_status()
    with ranker(ranked_deployment, lambda _: Recommended(by=RecommendBy.HYBRID, entries=entries)):
        shown = ids_of(ask(client, liked=LIKED, limit=100))
    assert set(shown) == set(POSTS) - {"p40", *LIKED} - posts_of("author3")


def test_the_largest_answer_and_many_excluded_posts(client: TestClient, ranked_deployment: Deployment) -> None:
    entries = pack_entry(ranked_deployment.rows()["p40"], Reason.FOR_YOU, 0.5) * MAX_ANSWER
    with ranker(ranked_deployment, lambda _: Recommended(by=RecommendBy.HYBRID, entries=entries)):
        answer = ask(client, liked=LIKED, exclude=[f"x{number}" for number in range(1_000)], limit=5)
    assert ids_of(answer)[0] == "p40"


# --- stores -----------------------------------------------------------------------------------------------------------


def test_without_redis_there_are_posts(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline(**QUICK, redis_budget_ms=50) as client:
        until_ready(client)
        client.delete("/posts/p40", headers=KEY).raise_for_status()
        second_valkey.stop()
        fragile_deployment.delete_post("p41")
        answer = ask(client, liked=LIKED, limit=100)
        assert answer["source"] == "snapshot"
        assert answer["degraded"] == ["redis", "ranker"]
        assert len(ids_of(answer)) > 80
        assert not {"p40", "p41", *LIKED} & set(ids_of(answer))
        assert ask(client)["degraded"] == ["redis"]


def test_a_redis_that_refuses_writes_counts_as_down(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline(**QUICK, refresh_seconds=60) as client, ranked_deployment.redis() as redis:
        until_ready(client)
        try:
            redis.config_set("maxmemory", 1)
            ranked_deployment.delete_post("p41")
            ranked_deployment.block("ann", "author7")
            for body in ({"liked": LIKED}, {}):
                answer = ask(client, **body, limit=100, user_id="ann")
                assert "redis" in answer["degraded"]
                assert not ({"p41"} | posts_of("author7")) & set(ids_of(answer))
        finally:
            redis.config_set("maxmemory", 0)


def test_without_postgresql_there_are_posts(client: TestClient, ranked_deployment: Deployment) -> None:
    with ranker(ranked_deployment, answering(ranked_deployment, "p40")) as asked:
        ranked_deployment.close_database()
        try:
            answer = ask(client, liked=LIKED)
            assert (answer["source"], answer["degraded"]) == ("everyone", ["postgresql"])
            assert not set(LIKED) & set(ids_of(answer))
            assert ask(client, liked=LIKED, text="a cat")["source"] == "together"  # a text names nobody's post
        finally:
            ranked_deployment.open_database()
    assert [wanted.liked for wanted in asked] == [[]]


def test_views_are_obeyed(either_deployment: Deployment) -> None:
    deployment = either_deployment
    with deployment.timeline(**QUICK) as client:
        until_ready(client)
        with ranker(deployment, answering(deployment, "p40")) as asked:
            client.delete("/posts/p12", headers=KEY)
            answer = ask(client, liked=[*LIKED, "p12", "unknown"], limit=10)
    assert [post.id for post in asked[0].liked] == LIKED
    assert ids_of(answer)[0] == "p40"


# --- the contract -----------------------------------------------------------------------------------------------------


def test_the_api_key_alone_is_let_in(ranked_deployment: Deployment) -> None:
    phone = jwt.encode({"sub": "ann", "exp": int(time.time()) + 3600}, JWT_KEY, "HS256")
    for env in ("dev", "production"):
        with ranked_deployment.timeline(env=env) as client:
            for token in (None, phone, "wrong", API_KEY[:-1]):
                headers = {} if token is None else {"Authorization": f"Bearer {token}"}
                refused = client.post("/recommendations", json={"user_id": "ann"}, headers=headers)
                assert refused.status_code == 401
                assert refused.headers["content-type"] == "application/problem+json"
            assert client.post("/recommendations", json={}, headers=KEY).status_code == 200


BAD: dict[str, Any] = {
    "101 liked": {"liked": [f"p{number}" for number in range(101)]},
    "101 disliked": {"disliked": [f"p{number}" for number in range(101)]},
    "1,001 excluded": {"exclude": [f"p{number}" for number in range(1_001)]},
    "a long text": {"text": "x" * 1_001},
    "NUL": {"text": "a\0b"},
    "no text": {"text": ["a"]},
    "no list": {"liked": "p10"},
    "a list in a list": {"liked": [["p10"]]},
    "a number": {"liked": [10]},
    "an id with blanks": {"liked": [" p10"]},
    "a long id": {"liked": ["x" * 129]},
    "another source": {"source": "pickle"},
    "no source": {"source": None},
    "limit 0": {"limit": 0},
    "limit 101": {"limit": 101},
    "limit 1e1": {"limit": "1e1"},
    "no user": {"user_id": ""},
    "a field too many": {"cursor": "x"},
    "no object": [],
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_body_is_named(client: TestClient, name: str) -> None:
    answer = client.post("/recommendations", json=BAD[name], headers=KEY)
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == "urn:warmline:problem:invalid-request"


HOSTILE = {
    "half surrogates": (b'{"text": "\\ud800"}', 422),
    "half surrogates in ids": (b'{"liked": ["\\udfff"]}', 422),
    "too large": (b'{"text": "' + b"x" * 750_001 + b'"}', 413),
    "deep": (b'{"liked": ' + b"[" * 1000 + b"]" * 1000 + b"}", 400),
    "NaN": (b'{"limit": NaN}', 422),
    "no UTF-8": (b'{"text": "\xff"}', 400),
    "a query": (b"{}", 422),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused(client: TestClient, name: str) -> None:
    body, status = HOSTILE[name]
    path = "/recommendations?limit=5" if name == "a query" else "/recommendations"
    answer = client.post(path, content=body, headers={**KEY, "Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


def test_the_largest_body_is_answered(client: TestClient) -> None:
    ids = [f"{number:04}" + "\U0001f600" * 124 for number in range(1_200)]
    body = {"liked": ids[:100], "disliked": ids[100:200], "exclude": ids[200:], "text": "\U0001f600" * 1_000}
    content = json.dumps(body, ensure_ascii=False).encode()
    answer = client.post("/recommendations", content=content, headers={**KEY, "Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert len(ids_of(answer.json())) == 20


def test_a_process_lets_few_wait_at_once(ranked_deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.ranked_lists.recommend_queue.MAX_WAITING", 2)
    with ranked_deployment.timeline(recommend_budget_ms=1_000) as client, ranker(ranked_deployment, lambda _: None):
        until_ready(client)
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda _: ask(client, liked=LIKED), range(6)))
        assert all(answer["degraded"] == ["ranker"] for answer in answers)
        (full,) = [line for line in client.get("/metrics").text.splitlines() if 'reason="full"' in line]
    assert float(full.rpartition(" ")[2]) >= 4
