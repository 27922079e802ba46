"""Modes of the timeline on real servers: following, latest and explore, and tags."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from shared.ranked_lists import keys
from tests.flow.deployment import (
    ANN,
    API_KEY,
    AUTHORS,
    COLD,
    LISTS,
    POSTS,
    Deployment,
    JsonObject,
    ask,
    ask_by_post,
    author_of,
    eventually,
    ids,
    posts_of,
    rest_of_chain,
    until_ready,
)
from timeline.feed.turned import PARTS

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
FOLLOWED = ("author3", "author7")
OF_FOLLOWED = [post for post in POSTS if author_of(post) in FOLLOWED]
CATS = [f"p{number:02}" for number in range(1, 90, 9)]
SELDOM = 60.0  # seconds between looks at the stores: a page has to find out for itself


def whole_chain(clients: Sequence[TestClient], user: str, *, limit: int = 20, **query: str) -> list[str]:
    """All posts of a new chain, from the clients in turn; the cursor alone says what follows."""
    first = ask(clients[0], user, limit=limit, **query)
    return [post for page in [first, *rest_of_chain(clients, user, first, limit=limit)] for post in ids(page)]


def assert_empty(page: JsonObject, source: str) -> None:
    assert (page["source"], ids(page), page["next_cursor"], "degraded" in page) == (source, [], None, False)


def follow(client: TestClient, user: str, *authors: str) -> None:
    for author in authors:
        assert client.put(f"/users/{user}/follows/{author}", headers=BACKEND).status_code == 204


def unfollow(client: TestClient, user: str, author: str) -> None:
    assert client.delete(f"/users/{user}/follows/{author}", headers=BACKEND).status_code == 204


def tag_posts(deployment: Deployment, posts: Sequence[str], *tags: str) -> None:
    deployment.sql("UPDATE warmline.posts SET tags = %s WHERE id = ANY(%s)", [(list(tags), list(posts))])


# --- latest -----------------------------------------------------------------------------------------------------------


def test_latest_is_newest_first_whether_seen_or_not_and_neither_repeats_nor_skips(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    assert ids(ask(client, ANN, limit=20)), "these are seen now"
    for _ in range(2):
        page = ask(client, ANN, limit=20, mode="latest")
        assert (page["source"], ids(page)) == ("latest", list(POSTS[:20]))
    ranked_deployment.add_posts(["newer"])
    rest = rest_of_chain([client], ANN, page, limit=7)
    assert [post for page in rest for post in ids(page)] == list(POSTS[20:])


def test_latest_does_not_push_what_was_seen_out_of_the_record(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    first = ids(ask(client, COLD, limit=20))
    for _ in range(10):
        ask(client, COLD, limit=20, mode="latest")
    unseen = [post for post in POSTS if post not in {*first, *POSTS[:20]}]
    assert sorted(ids(ask(client, COLD, limit=len(unseen)))) == unseen
    with ranked_deployment.redis() as redis:
        assert redis.strlen(keys.seen(COLD)) == 4 + 4 * len(POSTS)


def test_latest_goes_on_where_a_chain_was_lost(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        first = ask(one, COLD, limit=20, mode="latest")
        for _ in range(keys.MODE_SLOTS):
            ask(one, COLD, limit=1, mode="explore")
        following = ask(other, COLD, limit=20, cursor=first["next_cursor"])
        assert following["source"] == "latest"
        assert not set(ids(first)) & set(ids(following))


def test_chains_of_modes_take_no_slot_from_for_you(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        first = ask(one, COLD, limit=20)
        for _ in range(2 * keys.MODE_SLOTS):
            ask(one, COLD, limit=1, mode="latest")
        rest = rest_of_chain([other, one], COLD, first, limit=20)
        assert sorted([*ids(first), *(post for page in rest for post in ids(page))]) == sorted(POSTS)
        with ranked_deployment.redis() as redis:
            assert len(redis.keys("wl:chain:*:cold")) <= keys.CHAIN_SLOTS + keys.MODE_SLOTS


# --- explore ----------------------------------------------------------------------------------------------------------


def test_explore_is_everyones_list_turned_over_each_day_with_seen_posts_last(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone, page = ask(client, "stranger a", limit=20), ask(client, COLD, limit=20, mode="explore")
    assert (everyone["source"], page["source"]) == ("everyone", "explore")
    assert ids(page) != ids(everyone)
    again = whole_chain([client], COLD, mode="explore")
    assert sorted(again) == sorted(POSTS)
    assert set(again[-20:]) == set(ids(page))
    others = [ids(ask(client, f"stranger {number}", limit=20, mode="explore")) for number in range(20)]
    assert 1 < len(set(map(tuple, others))) <= PARTS, "parts of the users have different orders"

    monkeypatch.setattr("timeline.feed.modes.today", lambda: datetime.now(UTC).date() + timedelta(days=1))
    assert ids(ask(client, "stranger 99", limit=20, mode="explore")) not in others


# --- following --------------------------------------------------------------------------------------------------------


def test_following_shows_the_followed_alone_from_the_next_page_on_and_may_be_empty(
    ranked_deployment: Deployment,
) -> None:
    with ranked_deployment.timeline(refresh_seconds=SELDOM) as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        for client in (one, other):
            page = ask(client, COLD, mode="following")
            assert (page["source"], ids(page), page["next_cursor"], "degraded" in page) == (
                "following",
                [],
                None,
                False,
            )
        for is_published in (False, True):  # from PostgreSQL, then from Redis
            follow(one, COLD, *FOLLOWED)
            if is_published:
                ranked_deployment.run_heuristic()
            with ranked_deployment.redis() as redis:
                assert bool(redis.exists(keys.AUTHORS)) == is_published
            assert sorted(whole_chain([other, one], COLD, limit=4, mode="following")) == sorted(OF_FOLLOWED)
            unfollow(other, COLD, "author7")
            assert {author_of(post) for post in whole_chain([one], COLD, mode="following")} == {"author3"}
            follow(other, COLD, "author7")
        assert whole_chain([one], ANN, mode="following") == []
        follow(one, ANN, "author7")
        assert whole_chain([other], ANN, mode="following") == sorted(posts_of("author7")), "newest first"


def test_a_new_post_of_a_followed_author_comes_without_a_run(
    ranked_deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timeline.stores.background_refresh.NEWEST_EVERY", timedelta(0))
    with ranked_deployment.timeline() as client:
        until_ready(client)
        follow(client, COLD, *FOLLOWED)
        ranked_deployment.run_heuristic()
        ranked_deployment.add_posts(["brand-new"], author="author3")
        ranked_deployment.add_posts(["of-another"], author="author4")
        eventually(lambda: ids(ask(client, COLD, limit=1, mode="following"))[:1] == ["brand-new"], "it comes")
        assert "of-another" not in whole_chain([client], COLD, mode="following")


def test_following_may_be_ranked(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline(following_order="ranked") as client:
        until_ready(client)
        follow(client, COLD, *FOLLOWED)
        ranked_deployment.run_heuristic()
        everyone = whole_chain([client], "a stranger", limit=100)
        ranked = [post for post in everyone if author_of(post) in FOLLOWED]
        page = ids(ask(client, COLD, limit=1, mode="following"))
        assert page == ranked[:1]


# --- tags -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_lists", [True, False])
def test_a_tag_shows_its_posts_alone_whether_it_has_a_list_or_not(
    ranked_deployment: Deployment, has_lists: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LISTS, "tag_lists", 100 if has_lists else 0)
    tag_posts(ranked_deployment, CATS, "#Cats", "pets")
    ranked_deployment.run_heuristic()
    with ranked_deployment.redis() as redis:
        assert {tag.decode() for tag in redis.hkeys(keys.TAGS)} == ({"cats", "pets"} if has_lists else set())
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        follow(one, COLD, *AUTHORS)
        for mode in ("explore", "latest", "following"):
            posts = whole_chain([one, other], COLD, limit=3, mode=mode, tag="CATS")
            assert sorted(posts) == CATS, mode
        assert whole_chain([one], COLD, limit=3, mode="latest", tag="#pets")[:3] == CATS[:3]
        for mode in ("explore", "latest", "following"):
            page = ask(other, COLD, mode=mode, tag="dogs")
            assert_empty(page, mode)


# --- requests ---------------------------------------------------------------------------------------------------------


def test_a_cursor_stays_in_its_mode_and_a_request_that_says_otherwise_is_refused(ranked_deployment: Deployment) -> None:
    tag_posts(ranked_deployment, CATS, "cats")
    ranked_deployment.run_heuristic()
    with ranked_deployment.timeline() as client:
        until_ready(client)
        cursors = {
            mode: ask(client, COLD, limit=3, **query)["next_cursor"]
            for mode, query in (
                ("for_you", {}), ("latest", {"mode": "latest"}), ("explore", {"mode": "explore", "tag": "cats"})
            )
        }  # fmt: skip
        for mode, cursor in cursors.items():
            for said in ("for_you", "latest", "explore", "following"):
                answers = [
                    client.get(f"/timeline/{COLD}", params={"cursor": cursor, "mode": said}),
                    client.post("/timeline", json={"user_id": COLD, "cursor": cursor, "mode": said}),
                    client.head(f"/timeline/{COLD}", params={"cursor": cursor, "mode": said}),
                ]
                assert [answer.status_code for answer in answers] == [200 if said == mode else 400] * 3
                if said != mode:
                    assert answers[0].json()["type"] == "urn:warmline:problem:cursor-of-another-mode"
            page = ask(client, COLD, limit=100, cursor=cursor)
            assert page["source"] == {"for_you": "heuristic"}.get(mode, mode)
        cursor = cursors["explore"]
        assert set(ids(ask_by_post(client, COLD, cursor=cursor, tag="#Cats"))) <= set(CATS)
        refused = client.get(f"/timeline/{COLD}", params={"cursor": cursor, "tag": "dogs"})
        assert refused.status_code == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"mode": "newest"}, 422),
        ({"mode": ""}, 422),
        ({"mode": "latest", "tag": ""}, 422),
        ({"mode": "latest", "tag": "#"}, 422),
        ({"mode": "latest", "tag": "x" * 65}, 422),
        ({"mode": "latest", "tag": "x\0"}, 422),
        ({"tag": "cats"}, 422),
        ({"mode": "for_you", "tag": "cats"}, 422),
        ({"mode": "for_you"}, 200),
        ({"mode": "explore", "tag": "🐈" * 64}, 200),
    ],
)
def test_what_is_no_mode_and_no_tag_is_refused(
    shared_deployment: Deployment, query: dict[str, str], status: int
) -> None:
    with shared_deployment.timeline() as client:
        answers = (
            client.get(f"/timeline/{COLD}", params=query),
            client.post("/timeline", json={"user_id": COLD, **query}),
        )
        assert [answer.status_code for answer in answers] == [status, status]
        assert status == 200 or {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
