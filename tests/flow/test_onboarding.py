"""What newcomers are shown first, from the job to the answer: a spread, and nothing that a stranger must not see."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from shared.ranked_lists import keys
from tests.flow.deployment import API_KEY, AUTHORS, Deployment, author_of, eventually, posts_of, until_ready

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
CATS, DOGS, RUDE = sorted(posts_of(AUTHORS[0])), sorted(posts_of(AUTHORS[1])), sorted(posts_of(AUTHORS[2]))


def onboard(client: TestClient, **query: Any) -> dict[str, Any]:
    response = client.get("/onboarding", params=query, headers=BACKEND)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert isinstance(answer, dict)
    return answer


def shown(answer: dict[str, Any]) -> set[str]:
    """All posts that an answer names."""
    return {post["id"] for post in answer["posts"]} | {post for tag in answer["tags"] for post in tag["examples"]}


def say(deployment: Deployment, posts: list[str], **columns: object) -> None:
    names = ", ".join(f"{name} = %s" for name in columns)
    deployment.sql(f"UPDATE warmline.posts SET {names} WHERE id = %s", [(*columns.values(), post) for post in posts])


@pytest.fixture
def labelled(deployment: Deployment) -> Deployment:
    """Posts of cats and dogs in two languages, of which a third author's are sensitive."""
    say(deployment, CATS, tags=["#Cats", "pets"], language="pt-BR")
    say(deployment, DOGS, tags=["Dogs", "pets"], language="en")
    say(deployment, RUDE, tags=["cats"], sensitive=True)
    say(deployment, ["p03", "p04"], tags=["cats", "dogs"], language="is")
    deployment.run_heuristic()
    return deployment


@pytest.fixture
def client(labelled: Deployment) -> Iterator[TestClient]:
    with labelled.timeline() as client:
        until_ready(client)
        yield client


def test_posts_are_a_spread_and_tags_have_examples(client: TestClient) -> None:
    answer = onboard(client, limit=9)
    assert (answer["source"], "degraded" in answer) == ("onboarding", False)
    authors = [author_of(post["id"]) for post in answer["posts"]]
    assert len(set(authors)) == 9  # everybody but the one whose posts are sensitive
    assert {post["reason"] for post in answer["posts"]} <= {"popular", "recent"}
    assert all(0 < post["score"] <= 1 for post in answer["posts"])
    tags = {tag["tag"]: tag for tag in answer["tags"]}
    assert set(tags) == {"cats", "dogs", "pets"}
    assert (tags["cats"]["posts"], tags["pets"]["posts"]) == (11, 18)
    assert {author_of(post) for post in tags["cats"]["examples"]} == {AUTHORS[0], AUTHORS[3], AUTHORS[4]}


def test_two_calls_and_two_processes_show_the_same_for_a_while(client: TestClient, labelled: Deployment) -> None:
    first = onboard(client)
    labelled.add_posts(["newer"])
    labelled.run_heuristic()
    with labelled.timeline() as other:
        until_ready(other)
        assert onboard(other) == onboard(client) == first
        labelled.run_heuristic(now=datetime.now(UTC) + timedelta(minutes=31))
        assert onboard(other)["generated_at"] > first["generated_at"]


def test_a_language_leaves_out_posts_in_others(client: TestClient) -> None:
    answer = shown(onboard(client, language="pt", limit=100))
    assert answer & set(CATS)
    assert not answer & {*DOGS, "p03", "p04"}
    assert answer & posts_of(AUTHORS[5])  # in none
    refused = client.get("/onboarding", params={"language": "klingon!"}, headers=BACKEND)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:warmline:problem:invalid-request")


def test_no_sensitive_post_is_shown_even_if_it_becomes_so(client: TestClient, labelled: Deployment) -> None:
    assert not shown(onboard(client, limit=100)) & set(RUDE)
    with labelled.redis() as redis:
        redis.delete(keys.ONBOARDING)
    answer = onboard(client, limit=100)
    assert (answer["source"], len(answer["posts"])) == ("everyone", 81)
    assert not shown(answer) & set(RUDE)
    say(labelled, CATS, sensitive=True)
    labelled.run_heuristic()  # finds that what it published is not current any more
    with labelled.timeline() as other:
        until_ready(other)
        assert not shown(onboard(other, limit=100)) & {*RUDE, *CATS}


def test_nothing_is_shown_of_which_nobody_tells_that_it_is_not_sensitive(labelled: Deployment) -> None:
    with labelled.timeline() as client:
        until_ready(client)
        labelled.close_database()
        try:
            answer = onboard(client, limit=100)
            assert (answer["source"], answer["degraded"]) == ("onboarding", ["postgresql"])
            assert len(answer["posts"]) == 81
            assert not shown(answer) & set(RUDE)
        finally:
            labelled.open_database()


ACTS = {
    "deleted": ("DELETE", "/posts/{post}"),
    "hidden": ("PUT", "/posts/{post}/hidden"),
    "suspended": ("PUT", "/users/{author}/suspended"),
    "erased": ("DELETE", "/users/{author}"),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_takedown_holds_from_the_next_answer_of_each_process_on(
    client: TestClient, labelled: Deployment, act: str
) -> None:
    with labelled.timeline() as other:
        until_ready(other)
        post = onboard(other)["posts"][0]["id"]
        method, path = ACTS[act]
        url = path.format(post=post, author=author_of(post))
        assert client.request(method, url, headers=BACKEND).status_code in (202, 204)
        gone = {post} if "{post}" in path else posts_of(author_of(post))
        for each in (client, other):
            assert not shown(onboard(each, limit=100)) & gone
        labelled.run_heuristic()
        assert not shown(onboard(other, limit=100)) & gone


def test_a_post_ahead_of_now_is_never_shown(client: TestClient, labelled: Deployment) -> None:
    say(labelled, CATS[:1], created_at=datetime.now(UTC) + timedelta(days=1))
    labelled.run_heuristic()
    assert CATS[0] not in shown(onboard(client, limit=20))
    eventually(lambda: CATS[0] not in shown(onboard(client, limit=100)), "the process has the new lists")


def test_the_process_keeps_a_copy_for_when_redis_is_away(client: TestClient, labelled: Deployment) -> None:
    with labelled.redis() as redis:
        assert len(redis.get(keys.ONBOARDING) or b"") < 3_000
        assert redis.pttl(keys.ONBOARDING) > 0
    before = onboard(client)
    client.app.state.warmline.stores._breakers["redis"].failed()  # type: ignore[attr-defined]
    assert onboard(client)["posts"] == before["posts"]
