"""Promise 3 on real servers: deleted posts and blocked authors are gone from the next page that is asked for."""

import pytest
from starlette.testclient import TestClient

from shared.ranked_lists.job_store import LEAST_VERSION
from tests.flow.deployment import (
    ANN,
    API_KEY,
    AUTHORS,
    COLD,
    POSTS,
    STRANGER,
    Deployment,
    ask,
    author_of,
    ids,
    posts_of,
    rest_of_chain,
    until_ready,
)

BACKEND = {"Authorization": f"Bearer {API_KEY}"}


def _rest(client: TestClient, user_id: str, first: dict[str, object], *, limit: int = 20) -> list[str]:
    return [post for page in rest_of_chain([client], user_id, first, limit=limit) for post in ids(page)]


@pytest.mark.parametrize("user_id", [ANN, COLD, STRANGER])
def test_a_deleted_post_is_gone_from_a_running_chain_after_a_run(
    client: TestClient, ranked_deployment: Deployment, user_id: str
) -> None:
    first = ask(client, user_id, limit=10)
    victim = next(post for post in POSTS if post not in ids(first))
    ranked_deployment.delete_post(victim)
    ranked_deployment.run_heuristic()
    assert sorted([*ids(first), *_rest(client, user_id, first)]) == [post for post in POSTS if post != victim]


@pytest.mark.parametrize("user_id", [ANN, COLD])
@pytest.mark.parametrize("direction", ["blocks", "is blocked"])
def test_a_block_holds_in_a_running_chain_after_a_run(
    client: TestClient, ranked_deployment: Deployment, user_id: str, direction: str
) -> None:
    first = ask(client, user_id, limit=10)
    pair = (user_id, "author3") if direction == "blocks" else ("author3", user_id)
    ranked_deployment.block(*pair)
    ranked_deployment.run_heuristic()
    rest = _rest(client, user_id, first)
    assert sorted({*ids(first), *rest} | posts_of("author3")) == list(POSTS)
    assert not set(rest) & posts_of("author3")


def test_a_block_of_a_user_without_a_list_holds_after_a_run(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.block(STRANGER, "author5")
    ranked_deployment.run_heuristic()
    assert not set(ids(ask(client, STRANGER, limit=100))) & posts_of("author5")


def test_a_block_that_was_taken_back_is_over_after_a_run(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.block(COLD, "author5")
    ranked_deployment.run_heuristic()
    ranked_deployment.sql("DELETE FROM warmline.blocks")
    ranked_deployment.run_heuristic()
    assert sorted(ids(ask(client, COLD, limit=100))) == list(POSTS)


def test_a_post_that_came_back_is_shown_again_after_a_run(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.delete_post("p10")
    ranked_deployment.run_heuristic()
    ranked_deployment.sql("UPDATE warmline.posts SET deleted_at = NULL")
    ranked_deployment.run_heuristic()
    assert "p10" in ids(ask(client, COLD, limit=100))


def test_rows_withheld_through_the_writer_are_gone_on_two_processes_at_once(ranked_deployment: Deployment) -> None:
    with (
        ranked_deployment.timeline() as one,
        ranked_deployment.timeline() as other,
        ranked_deployment.writer() as writer,
    ):
        until_ready(one, other)
        first = ask(one, COLD, limit=10)
        rows = ranked_deployment.rows()
        victims = [post for post in POSTS if post not in ids(first)][:5]
        writer.add_deleted([rows[post] for post in victims], version=LEAST_VERSION)
        for client in (one, other):
            page = ids(ask(client, COLD, limit=100, cursor=first["next_cursor"]))
            assert sorted([*ids(first), *page, *victims]) == list(POSTS)


def test_a_post_deleted_through_the_api_is_gone_on_two_processes_at_once(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        assert one.delete("/posts/p33", headers=BACKEND).status_code == 204
        for client in (one, other):
            assert "p33" not in ids(ask(client, COLD, limit=100))


@pytest.mark.parametrize("path", ["/users/cold/blocks/author7", "/users/author7/blocks/cold"])
def test_a_block_through_the_api_holds_on_two_processes_at_once(ranked_deployment: Deployment, path: str) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        assert one.put(path, headers=BACKEND).status_code == 204
        for client in (one, other):
            assert not set(ids(ask(client, COLD, limit=100))) & posts_of("author7")


def test_a_block_through_the_api_holds_in_a_running_chain(client: TestClient) -> None:
    first = ask(client, COLD, limit=10)
    client.put("/users/cold/blocks/author7", headers=BACKEND)
    assert not set(_rest(client, COLD, first)) & posts_of("author7")


def test_a_block_through_the_api_is_over_at_once_when_it_is_taken_back(client: TestClient) -> None:
    client.put("/users/cold/blocks/author7", headers=BACKEND)
    client.delete("/users/cold/blocks/author7", headers=BACKEND)
    assert sorted(ids(ask(client, COLD, limit=100))) == list(POSTS)


def test_a_delete_through_the_api_outlasts_the_next_run(client: TestClient, ranked_deployment: Deployment) -> None:
    client.delete("/posts/p33", headers=BACKEND)
    ranked_deployment.run_heuristic()
    assert "p33" not in ids(ask(client, COLD, limit=100))


def test_a_post_nobody_knows_can_be_deleted(client: TestClient) -> None:
    assert client.delete("/posts/unheard-of", headers=BACKEND).status_code == 204


def test_nobody_blocks_themselves(client: TestClient) -> None:
    response = client.put("/users/ann/blocks/ann", headers=BACKEND)
    assert (response.status_code, response.json()["type"]) == (422, "urn:warmline:problem:self-block")


def test_a_page_is_filled_up_from_further_down(client: TestClient, ranked_deployment: Deployment) -> None:
    first = ask(client, COLD, limit=10)
    with ranked_deployment.writer() as writer:
        upcoming = [post for post in POSTS if post not in ids(first)]
        rows = ranked_deployment.rows()
        writer.add_deleted([rows[post] for post in upcoming[::2]], version=LEAST_VERSION)
    assert len(ids(ask(client, COLD, limit=20, cursor=first["next_cursor"]))) == 20


@pytest.mark.parametrize("author", AUTHORS[:3])
def test_own_posts_never_appear(client: TestClient, author: str) -> None:
    assert {author_of(post) for post in ids(ask(client, author, limit=100))} == set(AUTHORS) - {author}


def test_own_posts_do_not_appear_before_any_run(deployment: Deployment) -> None:
    with deployment.timeline() as client:
        assert not set(ids(ask(client, "author2", limit=100))) & posts_of("author2")


def test_a_hidden_post_does_not_come_back_even_at_the_end(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.add_events(COLD, ["p12"], kind="hide")
    ranked_deployment.run_heuristic()
    first = ask(client, COLD, limit=50)
    assert sorted([*ids(first), *_rest(client, COLD, first)]) == [post for post in POSTS if post != "p12"]


def test_a_post_dated_ahead_of_the_clock_is_not_shown_yet(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.sql(
        "INSERT INTO warmline.posts (id, author_id, created_at) VALUES ('future', 'author1', now() + interval '1 hour')"
    )
    ranked_deployment.run_heuristic()
    assert "future" not in ids(ask(client, COLD, limit=100))
