"""What is similar to a post, on real servers: who is shown what, and who may ask."""

import time
from collections.abc import Iterator

import jwt
import pytest
from starlette.testclient import TestClient

from tests.flow.deployment import (
    ANN,
    COLD,
    JWT_KEY,
    POSTS,
    Deployment,
    author_of,
    eventually,
    ids,
    posts_of,
    until_ready,
)
from tests.flow.similar import BACKEND, is_unknown, publish_similar, similar_to

ASKED = "p20"  # by author0
NEAR = ("p01", "p12", "p23", "p34", "p45", "p56", "p67", "p78")  # by eight authors, none of them author0


def _phone(user: str) -> dict[str, str]:
    return {"Authorization": "Bearer " + jwt.encode({"sub": user, "exp": int(time.time()) + 600}, JWT_KEY, "HS256")}


@pytest.fixture
def near(ranked_deployment: Deployment) -> Deployment:
    """The small world, in which one post has similar ones."""
    publish_similar(ranked_deployment, ASKED, NEAR)
    return ranked_deployment


@pytest.fixture
def production(near: Deployment) -> Iterator[TestClient]:
    with near.timeline(env="production") as client:
        until_ready(client)
        yield client


def test_the_neighbours_come_first_and_popular_posts_fill_up(production: TestClient) -> None:
    answer = similar_to(production, ASKED, limit=20)
    assert ids(answer)[: len(NEAR)] == [*NEAR]
    assert len(set(ids(answer))) == 20
    assert ASKED not in ids(answer)
    assert answer["source"] == "content"
    assert {post["reason"] for post in answer["posts"][: len(NEAR)]} == {"similar_photo"}
    assert "similar_photo" not in {post["reason"] for post in answer["posts"][len(NEAR) :]}
    assert "degraded" not in answer
    assert answer.keys() == {"posts", "source"}


def test_nothing_is_recorded_and_seen_posts_may_appear(production: TestClient, near: Deployment) -> None:
    def known() -> set[bytes]:
        with near.redis() as redis:
            return set(redis.keys("wl:seen:*")) | set(redis.keys("wl:chain:*")) | set(redis.keys("wl:asked"))

    near.add_events(COLD, NEAR[:3])
    first = similar_to(production, ASKED, user_id=COLD, limit=5)
    assert ids(first) == [*NEAR[:5]]
    assert similar_to(production, ASKED, user_id=COLD, limit=5) == first
    assert known() == set()


def test_a_post_without_neighbours_gets_everyones_list(production: TestClient) -> None:
    answer = similar_to(production, "p21", limit=10)
    assert answer["source"] == "everyone"
    assert "degraded" not in answer
    assert len(ids(answer)) == 10
    assert "p21" not in ids(similar_to(production, "p21", limit=100))


def test_a_post_that_is_newer_than_all_runs_is_known(production: TestClient, near: Deployment) -> None:
    near.add_posts(["fresh"])
    answer = similar_to(production, "fresh", limit=10)
    assert answer["source"] == "everyone"
    assert "fresh" not in ids(answer)


# --- who may be shown what -------------------------------------------------------------------------------------------


def _block(client: TestClient, user: str, other: str) -> None:
    _act(client, "PUT", f"/users/{user}/blocks/{other}")


def _act(client: TestClient, method: str, path: str, json: object = None) -> None:
    def is_done() -> bool:
        response = client.request(method, path, headers=BACKEND, json=json)
        assert response.status_code in (200, 201, 202, 204), response.text
        return response.status_code != 202

    eventually(is_done, f"{method} {path}")


def _withhold_from_ann(client: TestClient, near: Deployment, what: str) -> None:
    """Withhold the posts `ASKED` and NEAR[0] from ann, in one of all ways."""
    both = (ASKED, NEAR[0])
    match what:
        case "blocked":
            for post in both:
                _block(client, ANN, author_of(post))
        case "blocking":
            for post in both:
                _block(client, author_of(post), ANN)
        case "muted author":
            for post in both:
                _act(client, "PUT", f"/users/{ANN}/mutes/{author_of(post)}")
        case "muted post":
            for post in both:
                _act(client, "POST", f"/users/{ANN}/preferences", {"mute": {"post": post}})
        case "muted word":
            near.sql("UPDATE warmline.posts SET caption = 'a spoiler' WHERE id = ANY(%s)", [([*both],)])
            _act(client, "POST", f"/users/{ANN}/preferences", {"mute": {"word": "spoiler"}})
        case "muted tag":
            near.sql("UPDATE warmline.posts SET tags = '{gore}' WHERE id = ANY(%s)", [([*both],)])
            _act(client, "POST", f"/users/{ANN}/preferences", {"mute": {"tag": "gore"}})
        case "language":
            near.sql("UPDATE warmline.posts SET language = 'fi' WHERE id = ANY(%s)", [([*both],)])
            _act(client, "PUT", f"/users/{ANN}/preferences", {"languages": ["pt"]})
        case "sensitive":
            near.sql("UPDATE warmline.posts SET sensitive = true WHERE id = ANY(%s)", [([*both],)])
            _act(client, "PUT", f"/users/{ANN}/preferences", {"sensitive": "hide"})
        case "hidden by the user":
            events = [{"user_id": ANN, "post_id": post, "kind": "hide"} for post in both]
            _act(client, "POST", "/interactions", events)


PERSONAL = (
    "blocked", "blocking", "muted author", "muted post", "muted word", "muted tag", "language", "sensitive",
    "hidden by the user",
)  # fmt: skip


@pytest.mark.parametrize("what", PERSONAL)
def test_what_is_withheld_from_somebody_is_no_answer_and_no_question(
    production: TestClient, near: Deployment, what: str
) -> None:
    publish_similar(near, "p25", NEAR)  # a question that stays
    _withhold_from_ann(production, near, what)
    # On a busy machine an act may take Redis for behind; then the answer says so.
    eventually(lambda: "degraded" not in similar_to(production, "p25", user_id=ANN), "Redis has the act")
    for headers, query in ((BACKEND, {"user_id": ANN}), (_phone(ANN), {}), (_phone(ANN), {"user_id": ANN})):
        answer = production.get("/posts/p25/similar", params={"limit": 100, **query}, headers=headers)
        assert answer.status_code == 200
        shown = ids(answer.json())
        assert shown[:2] == [*NEAR[1:3]]
        assert not {ASKED, NEAR[0]} & set(shown)
        assert is_unknown(production, ASKED, headers, **query)
    assert ids(similar_to(production, ASKED, user_id=COLD))[0] == NEAR[0]  # nobody else is concerned
    assert ids(similar_to(production, ASKED))[0] == NEAR[0]


@pytest.mark.parametrize("what", ["deleted", "hidden", "suspended", "erased"])
def test_what_is_withheld_from_all_is_no_answer_and_no_question(
    production: TestClient, near: Deployment, what: str
) -> None:
    publish_similar(near, "p25", NEAR)
    for post in (ASKED, NEAR[0]):
        method, path = {
            "deleted": ("DELETE", f"/posts/{post}"), "hidden": ("PUT", f"/posts/{post}/hidden"),
            "suspended": ("PUT", f"/users/{author_of(post)}/suspended"),
            "erased": ("DELETE", f"/users/{author_of(post)}"),
        }[what]  # fmt: skip
        if what == "erased":
            assert production.request(method, path, headers=BACKEND).status_code in (202, 204)
        else:
            _act(production, method, path)
    eventually(lambda: "degraded" not in similar_to(production, "p25"), "Redis has the acts")
    for headers in (BACKEND, _phone(ANN)):
        shown = ids(production.get("/posts/p25/similar", params={"limit": 100}, headers=headers).json())
        assert shown[0] == NEAR[1]
        assert not {ASKED, NEAR[0]} & set(shown)
        assert is_unknown(production, ASKED, headers)


def test_what_left_the_teams_own_table_is_unknown_after_a_run(production: TestClient, near: Deployment) -> None:
    near.sql("DELETE FROM warmline.posts WHERE id = ANY(%s)", [([ASKED, NEAR[0]],)])  # made private, in a view
    near.run_heuristic()
    publish_similar(near, "p25", NEAR)
    assert is_unknown(production, ASKED)
    assert NEAR[0] not in ids(similar_to(production, "p25", limit=100))


def test_a_post_of_the_future_is_unknown(production: TestClient, near: Deployment) -> None:
    near.sql(
        "INSERT INTO warmline.posts (id, author_id, created_at) VALUES ('later', %s, now() + interval '1 hour')",
        [("author1",)],
    )
    assert is_unknown(production, "later")


def test_own_posts_may_be_asked_about_and_are_never_shown(production: TestClient) -> None:
    asking = author_of(ASKED)
    answer = similar_to(production, ASKED, user_id=asking, limit=100)
    assert answer["source"] == "content"
    assert not posts_of(asking) & set(ids(answer))
    assert not posts_of(author_of(NEAR[0])) & set(ids(similar_to(production, ASKED, user_id=author_of(NEAR[0]))))


def test_who_wants_no_personal_lists_gets_similar_posts_under_the_own_rules(
    production: TestClient, near: Deployment
) -> None:
    _act(production, "PUT", f"/users/{ANN}/preferences", {"personalised": False})
    _block(production, ANN, author_of(NEAR[1]))
    answer = similar_to(production, ASKED, user_id=ANN, limit=100)
    assert answer["source"] == "content"
    assert ids(answer)[:2] == [NEAR[0], NEAR[2]]
    assert not posts_of(author_of(NEAR[1])) & set(ids(answer))


# --- whose rules hold ------------------------------------------------------------------------------------------------


def test_a_phone_asks_for_itself_only(production: TestClient) -> None:
    wrong = production.get(f"/posts/{ASKED}/similar", params={"user_id": COLD}, headers=_phone(ANN))
    assert wrong.status_code == 403
    assert wrong.json()["type"].endswith("another-user")
    assert production.get(f"/posts/{ASKED}/similar", params={"user_id": ANN}, headers=_phone(ANN)).status_code == 200
    assert production.get(f"/posts/{ASKED}/similar").status_code == 401


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "user_id=", "user_id=%20x", f"user_id={'x' * 129}"]
)
def test_what_is_no_limit_or_user_is_refused(production: TestClient, query: str) -> None:
    assert production.get(f"/posts/{ASKED}/similar?{query}", headers=BACKEND).status_code == 422


def test_a_slash_in_the_id_is_that_of_the_post(production: TestClient, near: Deployment) -> None:
    near.add_posts(["a/b"])
    assert production.get("/posts/a%2Fb/similar", headers=BACKEND).status_code == 200
    assert production.get("/posts/a/b/similar", headers=BACKEND).status_code == 404


# --- while a store is away -------------------------------------------------------------------------------------------


def test_without_neighbours_in_redis_of_an_earlier_release_everything_works(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        assert similar_to(client, ASKED)["source"] == "everyone"
        assert is_unknown(client, "no-such-post")
        with ranked_deployment.redis() as redis:
            publish_similar(ranked_deployment, ASKED, NEAR)
            (key,) = redis.keys("wl:similar:*")
            for value in (b"\x63" + bytes(40), b"", b"\x01", b"\x01" + bytes(14)):  # of a later release, and torn
                redis.set(key, value)
                assert similar_to(client, ASKED)["source"] == "everyone"
            redis.delete(key)
            redis.hset(key, "not", "ours")
            answer = similar_to(client, ASKED)
            assert (answer["source"], answer.get("degraded")) == ("everyone", None)


def test_a_redis_without_memory_counts_as_down(near: Deployment) -> None:
    with near.timeline(refresh_seconds=60) as client:
        until_ready(client)
        _block(client, ANN, author_of("p03"))
        _act(client, "DELETE", "/posts/p05")
        with near.redis() as redis:
            redis.flushdb()
        publish_similar(near, ASKED, NEAR)
        answer = similar_to(client, ASKED, user_id=ANN, limit=100)
        assert answer["degraded"] == ["redis"]
        assert answer["source"] in ("snapshot", "newest")
        assert not (posts_of(author_of("p03")) | {"p05", ASKED}) & set(ids(answer))
        assert is_unknown(client, "p05", user_id=ANN)
        assert is_unknown(client, "p03", user_id=ANN)


def test_without_postgresql_neighbours_are_served_and_nothing_tells_which_posts_exist(near: Deployment) -> None:
    with near.timeline(refresh_seconds=60, database_budget_ms=300) as client:
        until_ready(client)
        _block(client, ANN, author_of("p03"))
        _act(client, "DELETE", "/posts/p05")
        publish_similar(near, "p05", NEAR)
        publish_similar(near, "p03", NEAR)
        near.close_database()
        try:
            expected = [post for post in NEAR if author_of(post) != author_of("p03")]
            assert ids(similar_to(client, ASKED, user_id=ANN, limit=5)) == expected[:5]
            answers = [similar_to(client, post, user_id=ANN) for post in ("p03", "p05", "nobody-wrote-this")]
            assert answers[0] == answers[1] == answers[2]
            assert answers[0]["degraded"] == ["postgresql"]
            assert answers[0]["source"] == "everyone"
            assert not (posts_of(author_of("p03")) | {"p05"}) & set(ids(answers[0]))
        finally:
            near.open_database()


def test_without_postgresql_nobody_is_shown_what_their_rules_may_withhold(near: Deployment) -> None:
    near.sql("UPDATE warmline.posts SET sensitive = true WHERE id = %s", [(ASKED,)])
    with near.timeline(refresh_seconds=60, database_budget_ms=300) as client:
        until_ready(client)
        _act(client, "PUT", f"/users/{ANN}/preferences", {"sensitive": "hide"})
        near.close_database()
        try:
            answer = similar_to(client, ASKED, user_id=ANN)
            assert (answer["source"], answer["degraded"]) == ("everyone", ["postgresql"])
        finally:
            near.open_database()


def test_requests_are_counted_apart_from_the_timelines(production: TestClient) -> None:
    similar_to(production, ASKED)
    assert is_unknown(production, "no-such-post")
    text = production.get("/metrics").text
    assert 'warmline_surface_requests_total{status="200",surface="similar"} 1.0' in text
    assert 'warmline_surface_requests_total{status="404",surface="similar"} 2.0' in text
    assert 'warmline_surface_request_seconds_count{surface="similar"} 3.0' in text


def test_an_erased_authors_posts_leave_no_key(production: TestClient, near: Deployment) -> None:
    with near.redis() as redis:
        assert redis.keys("wl:similar:*")
        author = author_of(ASKED)
        production.request("DELETE", f"/users/{author}", headers=BACKEND)
        eventually(lambda: redis.keys("wl:similar:*") == [], "the key of an erased user's post is gone")


def test_a_page_of_the_timeline_is_the_same_as_before(production: TestClient) -> None:
    page = production.get(f"/timeline/{ANN}", params={"limit": 5}, headers=BACKEND).json()
    assert page["source"] == "heuristic"
    assert set(ids(page)) <= set(POSTS)
