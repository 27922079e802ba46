"""Whom to follow, from the job to the answer: who is suggested and why, and whom nobody is told of."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from shared.ranked_lists import keys
from tests.flow.deployment import (
    ANN,
    API_KEY,
    AUTHORS,
    COLD,
    JWT_KEY,
    STRANGER,
    Deployment,
    eventually,
    posts_of,
    until_ready,
)

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
CAMP, OTHERS = AUTHORS[:5], AUTHORS[5:]
PEOPLE = [f"person{number:02}" for number in range(24)]
FRIENDS = [f"friend{number:02}" for number in range(12)]


def suggest(client: TestClient, user_id: str, **query: Any) -> dict[str, Any]:
    response = client.get(f"/users/{user_id}/suggestions", params=query, headers=BACKEND)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert isinstance(answer, dict)
    return answer


def names(answer: dict[str, Any]) -> list[str]:
    return [author["id"] for author in answer["authors"]]


def of(answer: dict[str, Any], author: str) -> dict[str, Any]:
    (found,) = [each for each in answer["authors"] if each["id"] == author]
    return dict(found)


@pytest.fixture
def camps(deployment: Deployment) -> Deployment:
    """24 people like all authors of one half; ann likes two posts of author0 and one of author1.

    Twelve friends, whom ann follows, follow author7; they have no posts.
    """
    one_each = [sorted(posts_of(author))[0] for author in CAMP]
    for person in PEOPLE:
        deployment.add_events(person, one_each, kind="like")
    first, second = sorted(posts_of(AUTHORS[0]))[:2]
    deployment.add_events(ANN, [first, second, sorted(posts_of(AUTHORS[1]))[0]], kind="like")
    follow(deployment, [(ANN, friend) for friend in FRIENDS])
    follow(deployment, [(friend, AUTHORS[7]) for friend in FRIENDS[:7]])
    deployment.run_heuristic()
    return deployment


def follow(deployment: Deployment, pairs: list[tuple[str, str]]) -> None:
    deployment.sql("INSERT INTO warmline.follows (user_id, author_id) VALUES (%s, %s)", pairs)


@pytest.fixture
def client(camps: Deployment) -> Iterator[TestClient]:
    with camps.timeline() as client:
        until_ready(client)
        yield client


def test_each_author_is_suggested_with_why(client: TestClient) -> None:
    answer = suggest(client, ANN)
    assert answer["source"] == "personal"
    assert "degraded" not in answer
    liked, alike, followed = (of(answer, AUTHORS[number]) for number in (0, 2, 7))
    assert (liked["reason"], liked["posts"]) == ("liked_posts", 2)
    # All 24 people like both, and so do some fans, but no more than half of those who like author2 may be told of.
    assert (alike["reason"], alike["people"]) == ("liked_alike", 15)
    assert (followed["reason"], followed["people"]) == ("followed_by_followed", 5)
    scores = [author["score"] for author in answer["authors"] if author["reason"] != "popular"]
    assert scores == sorted(scores, reverse=True)
    assert set(names(answer)[:5]) >= {AUTHORS[0], AUTHORS[1]}
    assert of(answer, AUTHORS[5])["reason"] == "popular"  # filled up


def test_who_is_unknown_or_has_done_nothing_gets_popular_authors(client: TestClient) -> None:
    for user in (STRANGER, COLD):
        answer = suggest(client, user)
        assert answer["source"] == "popular"
        assert set(names(answer)) == set(AUTHORS)
        assert {author["reason"] for author in answer["authors"]} == {"popular"}
    assert of(answer, AUTHORS[0])["people"] == 30  # 24 people, ann and some fans


def test_a_user_is_not_suggested_to_themselves(client: TestClient) -> None:
    assert AUTHORS[0] not in names(suggest(client, AUTHORS[0], limit=50))


ACTS = {
    "blocks": ("PUT", f"/users/{ANN}/blocks/{AUTHORS[0]}"),
    "is blocked": ("PUT", f"/users/{AUTHORS[0]}/blocks/{ANN}"),
    "mutes": ("PUT", f"/users/{ANN}/mutes/{AUTHORS[0]}"),
    "is muted": ("PUT", f"/users/{AUTHORS[0]}/mutes/{ANN}"),
    "follows": ("PUT", f"/users/{ANN}/follows/{AUTHORS[0]}"),
    "suspended": ("PUT", f"/users/{AUTHORS[0]}/suspended"),
    "erased": ("DELETE", f"/users/{AUTHORS[0]}"),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_holds_from_the_next_answer_of_each_process_on_and_after_the_next_run(
    client: TestClient, camps: Deployment, act: str
) -> None:
    with camps.timeline() as other:
        until_ready(other)
        assert AUTHORS[0] in names(suggest(other, ANN))
        method, path = ACTS[act]
        assert client.request(method, path, headers=BACKEND).status_code in (202, 204)
        for each in (client, other):
            assert AUTHORS[0] not in names(suggest(each, ANN, limit=50))
        camps.run_heuristic()
        for each in (client, other):
            assert AUTHORS[0] not in names(suggest(each, ANN, limit=50))
        assert suggest(client, COLD)["source"] == "popular"


def test_authors_without_a_post_that_may_be_shown_are_left_out(client: TestClient, camps: Deployment) -> None:
    for post in posts_of(AUTHORS[2]):
        assert client.delete(f"/posts/{post}", headers=BACKEND).status_code == 204
    for post in posts_of(AUTHORS[3]):
        event = {"user_id": ANN, "post_id": post, "kind": "hide"}
        assert client.post("/interactions", json=[event], headers=BACKEND).status_code == 200
    assert not {AUTHORS[2], AUTHORS[3]} & set(names(suggest(client, ANN, limit=50)))
    assert AUTHORS[3] in names(suggest(client, COLD, limit=50))


def test_not_personalised_users_get_popular_authors_and_tell_nobody_anything(
    client: TestClient, camps: Deployment
) -> None:
    off = {"personalised": False}
    assert client.put(f"/users/{ANN}/preferences", json=off, headers=BACKEND).status_code == 204
    assert suggest(client, ANN)["source"] == "popular"
    camps.run_heuristic()
    with camps.redis() as redis:
        assert not redis.exists(keys.suggested(ANN))
    # Without them four of those whom ann follows say something of author7: too few.
    assert client.put(f"/users/{ANN}/preferences", json={"personalised": True}, headers=BACKEND).status_code == 204
    for friend in FRIENDS[:3]:
        assert client.put(f"/users/{friend}/preferences", json=off, headers=BACKEND).status_code == 204
    camps.run_heuristic()
    answer = suggest(client, ANN)
    assert answer["source"] == "personal"
    assert of(answer, AUTHORS[7])["reason"] != "followed_by_followed"


def test_whoever_keeps_away_from_the_user_tells_them_nothing(client: TestClient, camps: Deployment) -> None:
    for number, friend in enumerate(FRIENDS[:3]):
        path = f"/users/{friend}/blocks/{ANN}" if number else f"/users/{ANN}/mutes/{friend}"
        assert client.put(path, headers=BACKEND).status_code == 204
    camps.run_heuristic()
    assert of(suggest(client, ANN), AUTHORS[7])["reason"] != "followed_by_followed"


def test_one_person_more_or_less_changes_no_answer_below_the_bound(client: TestClient, camps: Deployment) -> None:
    """Up to four of those whom ann follows follow author8: it cannot be told from any answer whether one does."""
    query = """
        SELECT count(DISTINCT user_id) FROM warmline.interactions JOIN warmline.posts ON posts.id = post_id
        WHERE kind = 'like' AND author_id = 'author8' AND user_id <> author_id
        """
    ((n_engaged,),) = camps.sql(query)
    follow(camps, [(f"passer-by-{number}", AUTHORS[8]) for number in range(40 - n_engaged)])  # at least 40, until 50
    answers = []
    for friend in (None, *FRIENDS[7:11]):
        follow(camps, [(friend, AUTHORS[8])] if friend else [])
        camps.run_heuristic()
        answers.append(suggest(client, ANN, limit=50)["authors"] + suggest(client, COLD, limit=50)["authors"])
        for author in answers[-1]:  # posts grow old meanwhile
            author["score"] = 0 if author["reason"] == "popular" else author["score"]
    assert answers[0] == answers[1] == answers[2] == answers[3] == answers[4]
    assert of(suggest(client, COLD), AUTHORS[8])["people"] == 40
    assert not {friend for friend in FRIENDS if friend in str(answers)}
    follow(camps, [(FRIENDS[11], AUTHORS[8])])
    camps.run_heuristic()
    assert of(suggest(client, ANN), AUTHORS[8])["reason"] == "followed_by_followed"


def test_only_the_user_and_the_backend_may_ask(camps: Deployment) -> None:
    def token(user: str) -> dict[str, str]:
        claims = {"sub": user, "exp": int(time.time()) + 600}
        return {"Authorization": "Bearer " + jwt.encode(claims, JWT_KEY, "HS256")}

    with camps.timeline(env="production") as client:
        until_ready(client)
        path = f"/users/{ANN}/suggestions"
        assert client.get(path, headers=token(ANN)).json() == suggest(client, ANN)
        refused = client.get(path, headers=token(COLD))
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:warmline:problem:another-user")
        assert client.get(path).status_code == 401
        assert client.get("/onboarding", headers=token(ANN)).status_code == 401
        assert client.get("/onboarding", headers=BACKEND).status_code == 200


def test_answers_are_counted_by_surface(client: TestClient) -> None:
    suggest(client, ANN)
    client.get("/onboarding", params={"limit": 0})
    client.get("/users/onboarding")
    text = client.get("/metrics").text
    assert 'warmline_surface_requests_total{status="200",surface="suggestions"} 1.0' in text
    assert 'warmline_surface_requests_total{status="422",surface="onboarding"} 1.0' in text
    assert 'warmline_surface_request_seconds_count{surface="onboarding"} 1.0' in text


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 51}, {"limit": "ten"}])
def test_a_wrong_limit_is_refused(client: TestClient, query: dict[str, Any]) -> None:
    response = client.get(f"/users/{ANN}/suggestions", params=query, headers=BACKEND)
    assert (response.status_code, response.json()["type"]) == (422, "urn:warmline:problem:invalid-request")


def test_before_a_run_of_this_version_the_authors_of_everyones_list_are_suggested(
    client: TestClient, camps: Deployment
) -> None:
    with camps.redis() as redis:
        redis.delete(keys.suggested(ANN), keys.POPULAR_AUTHORS, *map(keys.author_names, range(keys.NAME_CHUNKS)))
    assert client.put(f"/users/{ANN}/blocks/{AUTHORS[0]}", headers=BACKEND).status_code == 204
    assert set(names(suggest(client, ANN, limit=50))) == set(AUTHORS[1:])
    eventually(lambda: suggest(client, ANN)["source"] == "everyone", "the block is known to be in Redis")
    assert "degraded" not in suggest(client, ANN)
    camps.run_heuristic()
    assert suggest(client, ANN)["source"] == "personal"


def test_a_value_of_another_version_counts_as_absent(client: TestClient, camps: Deployment) -> None:
    with camps.redis() as redis:
        redis.set(keys.suggested(ANN), b"\xff of a later version")
        redis.set(keys.POPULAR_AUTHORS, b"")
        redis.delete(keys.ONBOARDING)
        redis.lpush(keys.ONBOARDING, "of another type")
    assert suggest(client, ANN)["source"] == "everyone"
    assert client.get("/onboarding").json()["source"] == "everyone"
    camps.run_heuristic()
    assert client.get("/onboarding").json()["source"] == "onboarding"


def test_without_redis_popular_authors_come_from_the_process_and_postgresql(
    client: TestClient, camps: Deployment
) -> None:
    away = replace(camps, redis_url="redis://127.0.0.1:9/0")
    assert client.put(f"/users/{ANN}/blocks/{AUTHORS[0]}", headers=BACKEND).status_code == 204
    assert client.put(f"/users/{ANN}/follows/{AUTHORS[1]}", headers=BACKEND).status_code == 204
    with away.timeline(redis_budget_ms=100) as lonely:
        answer = suggest(lonely, ANN, limit=50)
        assert (answer["source"], answer["degraded"]) == ("newest", ["redis"])
        assert set(names(answer)) == set(AUTHORS[2:])
        newcomers = lonely.get("/onboarding", params={"limit": 5}).json()
        assert (newcomers["source"], newcomers["degraded"], len(newcomers["posts"])) == ("newest", ["redis"], 5)


def test_without_postgresql_the_last_run_decides(client: TestClient, camps: Deployment) -> None:
    camps.close_database()
    try:
        answer = suggest(client, ANN)
        assert (answer["source"], answer["degraded"]) == ("personal", ["postgresql"])
        assert of(answer, AUTHORS[0])["reason"] == "liked_posts"
        assert not set(FRIENDS) & set(names(answer))
    finally:
        camps.open_database()


def test_an_erased_author_is_in_no_name_that_redis_holds(client: TestClient, camps: Deployment) -> None:
    def held() -> str:
        with camps.redis() as redis:
            return str([redis.hgetall(name) for name in redis.scan_iter("wl:names:*")])

    assert AUTHORS[4] in held()
    assert client.delete(f"/users/{AUTHORS[4]}", headers=BACKEND).status_code in (202, 204)
    assert client.delete(f"/users/{ANN}", headers=BACKEND).status_code in (202, 204)
    with camps.redis() as redis:
        assert not redis.exists(keys.suggested(ANN))
    assert AUTHORS[4] not in held()
    camps.run_heuristic()
    assert AUTHORS[4] not in held()


def test_an_export_has_the_suggestions_without_whom_a_block_withholds(client: TestClient, camps: Deployment) -> None:
    camps.block(AUTHORS[2], ANN)  # as the team writes it: Redis still suggests the author
    held = client.get(f"/users/{ANN}/data", headers=BACKEND).json()["redis"]["suggestions"]
    reasons = {each["author_id"]: each["reason"] for each in held}
    assert (reasons[AUTHORS[0]], reasons[AUTHORS[7]]) == ("liked_posts", "followed_by_followed")
    assert not {None, AUTHORS[2], ANN} & set(reasons)


def test_users_who_are_left_over_come_first_in_the_next_run(camps: Deployment, monkeypatch: Any) -> None:
    monkeypatch.setattr("s01_heuristic.surfaces.USERS_AT_ONCE", 1)
    monkeypatch.setattr("s01_heuristic.surfaces.publish_suggestions.__kwdefaults__", {"budget": -datetime.resolution})
    camps.sql("UPDATE warmline.runs SET report = report - 'suggestions'")
    seen = []
    for _ in range(3):
        camps.run_heuristic(now=datetime.now(UTC))
        ((report,),) = camps.sql("SELECT report->'suggestions' FROM warmline.runs ORDER BY id DESC LIMIT 1")
        assert report["users"] == 1
        seen.append(report["begin_at"])
    assert len(set(seen)) == 3
