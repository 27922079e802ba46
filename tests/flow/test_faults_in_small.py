"""One cheap case of each fault that `make faults` shows at length: in process, a page or two each."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from demo.valkey import Valkey
from tests.flow.deployment import (
    ANN,
    API_KEY,
    COLD,
    POSTS,
    STRANGER,
    Deployment,
    ask,
    eventually,
    ids,
    posts_of,
    state_of_app,
    until_ready,
)

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
NOWHERE = Deployment(database_url="postgresql://nobody@127.0.0.1:9/none", redis_url="redis://127.0.0.1:9/0")


def test_a_hung_redis_is_waited_for_no_longer_than_its_budget(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline(redis_budget_ms=50) as client:
        until_ready(client)
        second_valkey.pause()
        try:
            begun = time.monotonic()
            page = ask(client, STRANGER)
            seconds = time.monotonic() - begun
        finally:
            second_valkey.resume()
    assert (page["source"], page["degraded"], len(page["posts"])) == ("snapshot", ["redis"], 20)
    assert seconds < 1.0


def test_after_some_failures_no_request_asks_until_the_keeper_had_an_answer(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        breaker = state_of_app(client).background_refresh.breakers["redis"]
        second_valkey.stop()
        eventually(lambda: ask(client, ANN)["source"] == "snapshot" and breaker.is_open, "the breaker is open")
        second_valkey.start()
        seconds = eventually(lambda: not breaker.is_open, "the breaker is closed")
    assert seconds < 5


def test_a_redis_without_memory_to_write_still_serves_its_lists(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client, fragile_deployment.redis() as redis:
        until_ready(client)
        redis.config_set("maxmemory", 1)
        try:
            page = ask(client, COLD)
        finally:
            redis.config_set("maxmemory", 0)
    assert (page["source"], page["degraded"], len(page["posts"])) == ("heuristic", ["redis"], 20)


def test_a_start_without_stores_is_served_from_the_disk_and_obeys_what_was_known(
    ranked_deployment: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "deep" / "timeline.bin"
    with ranked_deployment.timeline(snapshot_file=file) as client:
        until_ready(client)
        assert client.put(f"/users/{COLD}/blocks/author3", headers=BACKEND).status_code == 204
        assert client.delete("/posts/p07", headers=BACKEND).status_code == 204
        ranked_deployment.run_heuristic()
        state = state_of_app(client)
        eventually(lambda: len(state.snapshot.blocked.users) > 0, "the blocks are known")
    with NOWHERE.timeline(snapshot_file=file) as client:
        page = ask(client, COLD, limit=100)
    assert (page["source"], page["degraded"]) == ("snapshot", ["redis", "postgresql"])
    assert set(ids(page)) == set(POSTS) - posts_of("author3") - {"p07"}


@pytest.mark.parametrize("damage", [b"", b"WLSNAP01", b"\x00" * 500])
def test_a_damaged_file_counts_as_none(damage: bytes, tmp_path: Path) -> None:
    file = tmp_path / "timeline.bin"
    file.write_bytes(damage)
    with NOWHERE.timeline(snapshot_file=file) as client:
        assert ask(client, COLD)["posts"] == []


def test_a_delete_is_obeyed_while_no_store_answers_any_more(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        second_valkey.stop()
        assert client.delete("/posts/p07", headers=BACKEND).status_code == 202
        assert client.put(f"/users/{COLD}/blocks/author3", headers=BACKEND).status_code == 202
        fragile_deployment.close_database()
        served = set(ids(ask(client, COLD, limit=100)))
    assert served == set(POSTS) - posts_of("author3") - {"p07"}


def test_a_chain_that_went_on_without_redis_goes_on_with_it(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as one, fragile_deployment.timeline() as other:
        until_ready(one, other)
        first = ask(one, COLD, limit=20)
        second_valkey.stop()
        second = ask(one, COLD, limit=20, cursor=first["next_cursor"])
        second_valkey.start()
        eventually(lambda: "degraded" not in ask(one, STRANGER), "redis is back, empty")
        third = ask(one, COLD, limit=20, cursor=second["next_cursor"])
        until_ready(other)
        fourth = ask(other, COLD, limit=100, cursor=third["next_cursor"])
    served = [post for page in (first, second, third, fourth) for post in ids(page)]
    assert sorted(served) == list(POSTS)


def test_new_posts_take_one_slot_in_ten(ranked_deployment: Deployment) -> None:
    deployment = replace(ranked_deployment, new_post_share=0.1)
    deployment.add_posts([f"fresh{number}" for number in range(12)], author="author1")
    deployment.run_heuristic()
    with deployment.timeline() as client:
        until_ready(client)
        eventually(lambda: state_of_app(client).snapshot.new_posts is not None, "the pool is known")
        page = ask(client, STRANGER, limit=30)
    assert [place for place, post in enumerate(page["posts"]) if post["reason"] == "new"] == [5, 15, 25]


def test_an_app_with_more_posts_than_its_lists_hold_shows_them_all_before_any_twice(deployment: Deployment) -> None:
    deployment.sql("DELETE FROM warmline.interactions")  # then the newest and the best posts are the same hundred
    deployment.add_posts([f"old{number:03}" for number in range(160)], author="author1")
    deployment.run_heuristic()
    with deployment.timeline() as client:
        until_ready(client)
        eventually(lambda: state_of_app(client).snapshot.oldest is not None, "there are older posts")
        served = [post for limit in (80, 20, 50) for post in ids(ask(client, STRANGER, limit=limit))]
    assert len(set(served)) == len(served) == 150


def test_metrics_count_what_was_asked(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        ask(client, ANN)
        client.get("/timeline/ann?limit=0")
        text = client.get("/metrics").text
    assert 'warmline_timeline_requests_total{source="heuristic",status="200"} 1.0' in text
    assert 'warmline_timeline_requests_total{source="none",status="422"} 1.0' in text
    assert 'warmline_generation_lists{phase="heuristic"} 24.0' in text
    assert "ann" not in text
