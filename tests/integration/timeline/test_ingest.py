"""Events through the API: which are stored, repeats or rejected, and their effect on the next page."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from shared.ranked_lists.records import unpack_seen
from tests.flow.deployment import ANN, API_KEY, COLD, POSTS, Deployment, ask, eventually, ids, until_ready
from tests.traces import make_views

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
KEPT = "SELECT user_id, post_id, kind, event_id FROM warmline.interactions WHERE user_id = 'eve' ORDER BY 2, 3, 4"


@pytest.fixture
def seeing(ranked_deployment: Deployment) -> Iterator[tuple[Deployment, TestClient]]:
    """The data behind the team's views, in the same database."""
    make_views(ranked_deployment)
    deployment = replace(ranked_deployment, source_schema="team")
    with deployment.timeline() as client:
        until_ready(client)
        yield deployment, client


def event(post: str = "p10", kind: str = "like", user: str = "eve", **more: Any) -> dict[str, Any]:
    return {"user_id": user, "post_id": post, "kind": kind, **more}


def send(client: TestClient, *events: Any, method: str = "POST") -> dict[str, Any]:
    """The answer to a batch; anything but 200 fails the test."""
    headers = BACKEND | {"content-type": "application/json"}
    response = client.request(method, "/interactions", content=json.dumps(events), headers=headers)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert isinstance(answer, dict)
    return answer


def counted(accepted: int, duplicates: int = 0, rejected: dict[int, str] | None = None) -> dict[str, Any]:
    left_out = [{"index": index, "reason": reason} for index, reason in (rejected or {}).items()]
    return {"accepted": accepted, "duplicates": duplicates, "rejected": left_out}


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_good_events_are_kept(client: TestClient, ranked_deployment: Deployment) -> None:
    batch = [event(kind=kind) for kind in ("view", "like", "save", "share", "hide")]
    assert send(client, *batch, event(kind="comment", event_id="c1")) == counted(6)
    assert [row[2] for row in ranked_deployment.sql(KEPT)] == ["comment", "hide", "like", "save", "share", "view"]


def test_an_event_that_is_too_old_to_be_kept_is_rejected_and_a_repeat_of_it_too(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    old = (datetime.now(UTC) - timedelta(days=181)).isoformat()
    for _ in range(2):
        answer = send(client, event(kind="view", created_at=old), event(kind="like", created_at=old))
        assert answer["rejected"] == [{"index": 0, "reason": "created-at-too-old"}]
    assert [row[2] for row in ranked_deployment.sql(KEPT)] == ["like"]
    assert send(client, event(kind="view", created_at=old), method="DELETE") == counted(0, 1)  # nothing is there


def test_who_sends_only_events_is_known(client: TestClient, ranked_deployment: Deployment) -> None:
    send(client, event(user="newcomer"))
    assert ranked_deployment.sql("SELECT id FROM warmline.users WHERE id = 'newcomer'") == [("newcomer",)]


def test_an_empty_batch_is_no_mistake(client: TestClient) -> None:
    assert send(client) == counted(0)


def test_a_repeat_is_a_duplicate_and_updates_the_last_time(client: TestClient, ranked_deployment: Deployment) -> None:
    early, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00+00:00"
    assert send(client, event(created_at=early)) == counted(1)
    assert send(client, event(created_at=late), event(created_at=early)) == counted(0, 2)
    times = ranked_deployment.sql("SELECT created_at FROM warmline.interactions WHERE user_id = 'eve'")
    assert times == [(datetime(2026, 2, 1, tzinfo=UTC),)]


def test_an_event_id_that_comes_again_is_a_duplicate_and_changes_nothing(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    first = event(event_id="e1", created_at="2026-01-01T00:00:00Z")
    assert send(client, first, first) == counted(1, 1)
    assert send(client, first | {"created_at": "2026-02-01T00:00:00Z"}) == counted(0, 1)
    times = ranked_deployment.sql("SELECT created_at FROM warmline.interactions WHERE user_id = 'eve'")
    assert times == [(datetime(2026, 1, 1, tzinfo=UTC),)]


def test_two_comments_with_ids_are_two_events(client: TestClient, ranked_deployment: Deployment) -> None:
    send(client, event(kind="comment", event_id="c1"), event(kind="comment", event_id="c2"))
    assert len(ranked_deployment.sql(KEPT)) == 2


def test_a_user_who_is_in_no_relation_may_interact(client: TestClient) -> None:
    assert send(client, event(user="never-seen-before")) == counted(1)


def test_a_time_ahead_is_clamped_to_now(client: TestClient, ranked_deployment: Deployment) -> None:
    send(client, event(created_at=(datetime.now(UTC) + timedelta(days=400)).isoformat()))
    ((at,),) = ranked_deployment.sql("SELECT created_at FROM warmline.interactions WHERE user_id = 'eve'")
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_thousand_events_are_kept_and_a_thousand_and_one_refused(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    batch = [event(user=f"user-{number}") for number in range(1001)]
    assert client.post("/interactions", json=batch, headers=BACKEND).status_code == 422
    assert ranked_deployment.sql("SELECT count(*) FROM warmline.interactions WHERE user_id LIKE 'user-%%'") == [(0,)]
    assert send(client, *batch[:1000]) == counted(1000)


# --- what is left out -------------------------------------------------------------------------------------------------


def test_bad_events_are_named_and_the_others_are_kept(client: TestClient, ranked_deployment: Deployment) -> None:
    batch = [event("p01"), 7, event(kind="love"), event("no-such-post"), event(user="\ud800"), event("p02")]
    reasons = {1: "not-an-object", 2: "kind-unknown", 3: "post-unknown", 4: "user-id-unusable"}
    assert send(client, *batch) == counted(2, 0, reasons)
    assert [row[1] for row in ranked_deployment.sql(KEPT)] == ["p01", "p02"]


def test_an_event_on_a_deleted_post_is_left_out(client: TestClient) -> None:
    client.delete("/posts/p10", headers=BACKEND)
    assert send(client, event("p10")) == counted(0, 0, {0: "post-deleted"})


def test_broken_feed_ids_do_not_reject_their_events(client: TestClient) -> None:
    feeds = ["", "AAAA", "x" * 5000, "é", 5, None, {}, "\ud800"]
    assert send(client, *(event(f"p{number}", feed_id=feed) for number, feed in enumerate(feeds, 10))) == counted(8)


# --- taking back ------------------------------------------------------------------------------------------------------


def test_an_unlike_takes_the_like_back_whatever_its_id(client: TestClient, ranked_deployment: Deployment) -> None:
    send(client, event(), event(event_id="e1"), event("p11"))
    assert send(client, event(), event("p12"), method="DELETE") == counted(1, 1)
    assert ranked_deployment.sql(KEPT) == [("eve", "p11", "like", None)]


def test_an_event_id_takes_back_that_event_alone(client: TestClient, ranked_deployment: Deployment) -> None:
    send(client, event(kind="comment", event_id="c1"), event(kind="comment", event_id="c2"))
    assert send(client, event(kind="comment", event_id="c1"), method="DELETE") == counted(1)
    assert [row[3] for row in ranked_deployment.sql(KEPT)] == ["c2"]


def test_an_event_id_of_another_user_takes_nothing_back(client: TestClient) -> None:
    send(client, event(event_id="e1"))
    assert send(client, event(user="mallory", event_id="e1"), method="DELETE") == counted(0, 1)


def test_taking_back_twice_is_no_mistake(client: TestClient) -> None:
    send(client, event())
    answers = [send(client, event(), method="DELETE") for _ in range(2)]
    assert answers == [counted(1), counted(0, 1)]


def test_a_like_that_was_taken_back_can_be_given_again(client: TestClient) -> None:
    send(client, event())
    send(client, event(), method="DELETE")
    assert send(client, event()) == counted(1)


# --- the next page ----------------------------------------------------------------------------------------------------


def test_a_post_that_was_seen_elsewhere_does_not_come_on_the_next_page(client: TestClient) -> None:
    seen = POSTS[:5]
    send(client, *(event(post, "view", COLD) for post in seen))
    assert not set(ids(ask(client, COLD, limit=85))) & set(seen)


def test_an_event_on_a_served_post_does_not_push_another_out_of_memory(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    served = ids(ask(client, COLD, limit=80))
    send(client, *(event(post, "view", COLD) for post in served[:40]))
    value = ranked_deployment.redis().get("wl:seen:cold")
    assert isinstance(value, bytes)
    rows = ranked_deployment.rows()
    assert list(unpack_seen(value).post_numbers) == [rows[post] for post in [*served[40:], *served[:40]]]
    assert unpack_seen(value).visits == 1


def test_a_hidden_post_is_gone_from_the_next_page_and_back_when_unhidden(client: TestClient) -> None:
    send(client, event("p00", "hide", COLD))
    assert "p00" not in ids(ask(client, COLD, limit=100))
    send(client, event("p00", "hide", COLD), method="DELETE")
    assert "p00" in ids(ask(client, COLD, limit=100))


def test_with_redis_away_events_are_accepted_all_the_same(fragile_deployment: Deployment, second_valkey: Any) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        second_valkey.stop()
        events = [event(), event(kind="hide")]
        response = client.post("/interactions", json=events, headers=BACKEND)
    assert (response.status_code, response.json()) == (202, counted(2) | {"pending": True})
    assert len(fragile_deployment.sql(KEPT)) == 2


def test_with_postgresql_away_nothing_is_accepted_and_a_retry_asked_for(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    ranked_deployment.close_database()
    try:
        for method in ("POST", "DELETE"):
            response = client.request(method, "/interactions", json=[event()], headers=BACKEND)
            assert (response.status_code, "retry-after" in response.headers) == (503, True)
            assert response.headers["content-type"] == "application/problem+json"
    finally:
        ranked_deployment.open_database()
    assert ranked_deployment.sql(KEPT) == []


# --- over the team's views --------------------------------------------------------------------------------------------


def test_over_views_events_are_kept_beside_them(seeing: tuple[Deployment, TestClient]) -> None:
    deployment, client = seeing
    assert send(client, event("p10"), event("no-such-post")) == counted(1, 0, {1: "post-unknown"})
    assert deployment.sql(KEPT) == [("eve", "p10", "like", None)]
    assert deployment.sql("SELECT count(*) FROM team.interactions WHERE user_id = 'eve'") == [(0,)]


def test_over_views_events_on_posts_deleted_by_the_api_are_left_out(seeing: tuple[Deployment, TestClient]) -> None:
    _, client = seeing
    client.delete("/posts/p10", headers=BACKEND)
    assert send(client, event("p10")) == counted(0, 0, {0: "post-deleted"})


def test_over_views_that_do_not_answer_events_are_accepted(seeing: tuple[Deployment, TestClient]) -> None:
    deployment, client = seeing
    deployment.sql("DROP VIEW team.posts")
    assert send(client, event("who knows")) == counted(1)


def test_over_views_the_teams_own_like_is_theirs_to_take_back(seeing: tuple[Deployment, TestClient]) -> None:
    deployment, client = seeing
    ((user, post),) = deployment.sql("SELECT user_id, post_id FROM team.interactions WHERE kind = 'like' LIMIT 1")
    assert send(client, event(post, "like", user), method="DELETE") == counted(0, 1)


@pytest.mark.parametrize("path", ["/users/new", "/posts/new"])
def test_over_views_users_and_posts_are_not_ours_to_write(seeing: tuple[Deployment, TestClient], path: str) -> None:
    _, client = seeing
    response = client.put(path, json={"author_id": "a"} if "posts" in path else {}, headers=BACKEND)
    assert (response.status_code, response.json()["type"]) == (409, "urn:warmline:problem:relation-is-a-view")


# --- users and posts --------------------------------------------------------------------------------------------------


def test_a_post_that_was_written_is_shown_after_the_next_run(client: TestClient, ranked_deployment: Deployment) -> None:
    for _ in range(2):
        body = {"author_id": "author1", "caption": "a cat\n🐈", "image_url": "https://photos.example/1.jpg"}
        assert client.put("/posts/fresh", json=body, headers=BACKEND).status_code == 204
    ranked_deployment.run_heuristic()
    eventually(lambda: "fresh" in ids(ask(client, "stranger", limit=100)), "the new post is shown")
    ((caption, author),) = ranked_deployment.sql("SELECT caption, author_id FROM warmline.posts WHERE id = 'fresh'")
    assert (caption, author) == ("a cat\n🐈", "author1")


def test_writing_a_post_again_changes_it_and_keeps_its_time(client: TestClient, ranked_deployment: Deployment) -> None:
    query = "SELECT caption, created_at FROM warmline.posts WHERE id = 'p05'"
    ((_, born),) = ranked_deployment.sql(query)
    client.put("/posts/p05", json={"author_id": "author5", "caption": "new"}, headers=BACKEND)
    assert ranked_deployment.sql(query) == [("new", born)]


@pytest.mark.parametrize(
    ("post", "author", "problem"),
    [("p05", "author6", "post-is-fixed"), ("p06", "author6", "post-deleted")],
    ids=["another author's", "deleted"],
)
def test_a_post_that_is_not_theirs_to_write_is_a_conflict(
    client: TestClient, post: str, author: str, problem: str
) -> None:
    client.delete("/posts/p06", headers=BACKEND)
    response = client.put(f"/posts/{post}", json={"author_id": author}, headers=BACKEND)
    assert (response.status_code, response.json()["type"]) == (409, f"urn:warmline:problem:{problem}")


def test_a_user_is_written_with_or_without_a_body(client: TestClient, ranked_deployment: Deployment) -> None:
    at = "2026-03-01T00:00:00+01:00"
    answers = [
        client.put("/users/new", headers=BACKEND),
        client.put("/users/new", json={"created_at": at}, headers=BACKEND),
    ]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert ranked_deployment.sql("SELECT created_at FROM warmline.users WHERE id = 'new'") == [
        (datetime.fromisoformat(at),)
    ]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"author_id": ""}, {"author_id": "a", "caption": "a\0b"}, {"author_id": "a", "caption": "x" * 10_001},
        {"author_id": "a", "caption": None}, {"author_id": "a", "image_url": "x" * 2049},
        {"author_id": "a", "likes": 5},
        {"author_id": "a", "created_at": "2026-01-01T00:00:00"},
        {"author_id": "a", "created_at": "1900-01-01T00:00:00Z"},
        {"author_id": "a", "deleted_at": None},
    ],
)  # fmt: skip
def test_a_post_that_is_none_is_refused(
    client: TestClient, ranked_deployment: Deployment, body: dict[str, Any]
) -> None:
    assert client.put("/posts/none", json=body, headers=BACKEND).status_code == 422
    assert ranked_deployment.sql("SELECT count(*) FROM warmline.posts WHERE id = 'none'") == [(0,)]


@pytest.mark.parametrize("at", ["2026-11-27T03:02:25-16:14", "3667-11-27T03:02:25+23:59"])
def test_a_time_in_an_odd_zone_is_kept(client: TestClient, ranked_deployment: Deployment, at: str) -> None:
    response = client.put("/posts/odd", json={"author_id": "a", "created_at": at}, headers=BACKEND)
    assert response.status_code == 204
    found = ranked_deployment.sql("SELECT created_at FROM warmline.posts WHERE id = 'odd'")
    assert found == [(datetime.fromisoformat(at).astimezone(UTC),)]


def test_an_id_with_slashes_means_what_its_path_says(client: TestClient, ranked_deployment: Deployment) -> None:
    client.put("/users/a%2Fblocks%2Fb", headers=BACKEND)
    client.put("/users/x%2Fy/blocks/..%2F%C3%A9", headers=BACKEND)
    assert ranked_deployment.sql("SELECT id FROM warmline.users WHERE id LIKE 'a/%%'") == [("a/blocks/b",)]
    assert ranked_deployment.sql("SELECT user_id, blocked_user_id FROM warmline.blocks") == [("x/y", "../é")]


def test_a_delete_that_is_repeated_tells_redis_again(client: TestClient, ranked_deployment: Deployment) -> None:
    """The first request may have failed between PostgreSQL and Redis."""
    client.delete("/posts/p00", headers=BACKEND)
    with ranked_deployment.redis() as redis:
        redis.delete("wl:deleted")
        client.delete("/posts/p00", headers=BACKEND)
        assert redis.zcard("wl:deleted") == 1


def test_a_post_of_ann_without_a_row_is_withheld_from_a_run_under_way(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    ranked_deployment.add_posts(["late"], author=ANN)
    client.delete("/posts/late", headers=BACKEND)
    row = ranked_deployment.rows()["late"]
    assert str(row).encode() in ranked_deployment.redis().zrange("wl:deleted", 0, -1)
