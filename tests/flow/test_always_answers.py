"""Every source of the fallback order, on real servers: a page is always 200, and says where it came from."""

import socket
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from demo.valkey import Valkey
from tests.flow.deployment import (
    ADMIN_TOKEN,
    ANN,
    API_KEY,
    COLD,
    POSTS,
    SEEN_BY_ANN,
    STRANGER,
    Deployment,
    ask,
    ask_by_post,
    eventually,
    ids,
    rest_of_chain,
    state_of_app,
    until_ready,
)
from timeline.stores.local_copies import NOT_ASKED

OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


def _everything(client: TestClient, user_id: str) -> list[str]:
    first = ask(client, user_id, limit=50)
    pages = [first, *rest_of_chain([client], user_id, first, limit=50)]
    return [post for page in pages for post in ids(page)]


def test_an_active_user_gets_the_heuristic_list(client: TestClient) -> None:
    assert ask(client, ANN)["source"] == "heuristic"


def test_a_cold_active_user_gets_the_heuristic_list(client: TestClient) -> None:
    assert ask(client, COLD)["source"] == "heuristic"


def test_an_unknown_user_gets_everyones_list(client: TestClient) -> None:
    assert ask(client, STRANGER)["source"] == "everyone"


def test_a_healthy_page_does_not_speak_of_degradation(client: TestClient) -> None:
    assert "degraded" not in ask(client, ANN)


@pytest.mark.parametrize("user_id", [ANN, COLD, STRANGER])
def test_post_gives_the_same_page_as_get(ranked_deployment: Deployment, user_id: str) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        by_get = ask(one, user_id, limit=10)
        ranked_deployment.redis().delete(f"wl:seen:{user_id}")
        assert ids(ask_by_post(other, user_id, limit=10)) == ids(by_get)


def test_a_cold_user_is_shown_every_post(client: TestClient) -> None:
    assert sorted(_everything(client, COLD)) == list(POSTS)


def test_an_active_user_is_shown_seen_posts_last_and_the_longest_ago_first(client: TestClient) -> None:
    assert _everything(client, ANN)[-5:] == list(SEEN_BY_ANN)


def test_a_user_of_neucf_gets_the_neucf_list(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.publish_neucf(ANN, POSTS[40:60])
    client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR)
    page = ask(client, ANN, limit=20)
    assert (page["source"], ids(page)) == ("neucf", list(POSTS[40:60]))


def test_a_user_without_a_neucf_list_gets_the_heuristic_one_in_both_phases(client: TestClient) -> None:
    client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR)
    assert ask(client, COLD)["source"] == "heuristic"


def test_before_any_run_the_newest_posts_come(deployment: Deployment) -> None:
    with deployment.timeline() as client:
        page = ask(client, ANN, limit=90)
        assert (page["source"], ids(page)) == ("newest", list(POSTS))


def test_requests_are_let_in_after_the_first_look(
    ranked_deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timeline.app.FIRST_LOOK_SECONDS", 20)
    with ranked_deployment.timeline() as client:
        assert state_of_app(client).snapshot.everyone is not None


def test_a_redis_that_hangs_does_not_keep_requests_out(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timeline.app.FIRST_LOOK_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = replace(deployment, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        with hanging.timeline(redis_budget_ms=500) as client:
            assert state_of_app(client).snapshot.missing["redis"] == NOT_ASKED  # the look takes two seconds to give up
            page = ask(client, ANN, limit=90)
            assert (page["source"], page["degraded"]) == ("newest", ["redis"])


def test_newest_posts_carry_their_recency_as_reason_and_score(deployment: Deployment) -> None:
    with deployment.timeline() as client:
        newest = ask(client, ANN, limit=1)["posts"][0]
        assert newest["reason"] == "recent"
        assert 0.99 < newest["score"] <= 1.0


def test_with_redis_stopped_the_snapshot_answers(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        before = ids(ask(client, STRANGER, limit=30))
        second_valkey.stop()
        page = ask(client, STRANGER, limit=30)
        assert (page["source"], page["degraded"], ids(page)) == ("snapshot", ["redis"], before)


def test_with_redis_stopped_blocks_come_from_postgresql(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        second_valkey.stop()
        fragile_deployment.block("author3", ANN)
        assert not {"p03", "p13", "p23"} & set(_everything(client, ANN))


def test_with_redis_stopped_a_deleted_post_is_left_out(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        second_valkey.stop()
        fragile_deployment.delete_post("p07")
        assert sorted(_everything(client, COLD)) == [post for post in POSTS if post != "p07"]


def test_a_chain_goes_on_on_the_same_process_when_redis_stops(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        first = ask(client, COLD, limit=20)
        second_valkey.stop()
        pages = [first, *rest_of_chain([client], COLD, first, limit=20)]
        assert sorted(post for page in pages for post in ids(page)) == list(POSTS)


def test_two_chains_begun_while_redis_is_away_both_go_on_without_repeats(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    with fragile_deployment.timeline() as client:
        second_valkey.stop()
        phone = ask(client, COLD, limit=20)
        tablet = ask(client, COLD, limit=20)
        for first in (phone, tablet):
            pages = [first, *rest_of_chain([client], COLD, first, limit=20)]
            assert sorted(post for page in pages for post in ids(page)) == list(POSTS)


def test_with_both_stores_gone_the_snapshot_still_answers(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        second_valkey.stop()
        fragile_deployment.close_database()
        page = ask(client, COLD, limit=90)
        assert (page["source"], page["degraded"]) == ("snapshot", ["redis", "postgresql"])
        assert sorted(ids(page)) == list(POSTS)


def test_with_both_stores_absent_from_the_start_a_page_is_empty_and_says_so() -> None:
    nothing = Deployment(database_url="postgresql://nobody@127.0.0.1:9/none", redis_url="redis://127.0.0.1:9/0")
    with nothing.timeline() as client:
        page = ask(client, ANN)
        assert (page["posts"], page["source"], page["degraded"]) == ([], "newest", ["redis", "postgresql"])


def test_with_postgresql_gone_lists_come_from_redis_as_ever(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.close_database()
    page = ask(client, COLD, limit=30)
    assert (page["source"], len(page["posts"]), "degraded" in page) == ("heuristic", 30, False)


def test_redis_is_found_again_without_a_restart(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        second_valkey.stop()
        eventually(lambda: "redis" in client.get("/readyz").json()["missing"], "redis is missed")
        second_valkey.start()
        seconds = eventually(lambda: "degraded" not in ask(client, ANN), "redis is back")
        assert seconds < 5


def test_a_redis_that_died_is_not_blamed_on_postgresql(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR)
        second_valkey.stop()
        missed: set[str] = set()

        def redis_is_missed() -> bool:
            missed.update(state_of_app(client).snapshot.missing)
            return "redis" in state_of_app(client).snapshot.missing

        eventually(redis_is_missed, "redis is missed")
        assert missed == {"redis"}


def test_a_value_that_cannot_be_read_does_not_stop_a_page(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.redis().set(f"wl:viewer:{ANN}", b"\x00" * 7)
    assert len(ask(client, ANN)["posts"]) == 20


def test_a_list_that_cannot_be_read_counts_as_absent(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.redis().set(f"wl:list:h:{ANN}", b"no list")
    assert ask(client, ANN)["source"] == "everyone"


def test_a_chain_that_cannot_be_read_counts_as_absent(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        first = ask(one, COLD)
        ranked_deployment.redis().setrange("wl:chain:1:cold", 8, b"\xff" * 12)
        assert not set(ids(ask(other, COLD, cursor=first["next_cursor"]))) & set(ids(first))


def test_readyz_says_that_nothing_was_published(deployment: Deployment) -> None:
    with deployment.timeline() as client:
        eventually(lambda: client.get("/readyz").json()["missing"].keys() == {"lists"}, "both stores answer")


def test_healthz_needs_no_store() -> None:
    nothing = Deployment(database_url="postgresql://nobody@127.0.0.1:9/none", redis_url="redis://127.0.0.1:9/0")
    with nothing.timeline() as client:
        assert client.get("/healthz").json() == {"status": "ok"}


def test_an_error_that_nobody_expected_does_not_end_the_looking(
    ranked_deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)

        async def fail() -> None:
            raise RuntimeError("nobody expected this")

        with monkeypatch.context() as patched:
            patched.setattr(state_of_app(client).reader, "publications", fail)
            eventually(lambda: client.get("/readyz").status_code == 503, "the error is seen")
        until_ready(client)


def test_a_block_overwrites_a_value_that_cannot_be_read(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.redis().set(f"wl:viewer:{COLD}", b"\x00" * 7)
    backend = {"Authorization": f"Bearer {API_KEY}"}
    assert client.put("/users/cold/blocks/author3", headers=backend).status_code == 204
    assert "degraded" not in ask(client, COLD)
