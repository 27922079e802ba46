"""Promise 2 on real servers: a chain never repeats and never skips, whatever is published while a user scrolls."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from shared.domain import Reason
from shared.ranked_lists.codec import pack_entry
from shared.ranked_lists.records import Tail, pack_tail
from tests.flow.deployment import (
    ADMIN_TOKEN,
    ANN,
    COLD,
    POSTS,
    STRANGER,
    Deployment,
    ask,
    ask_by_post,
    ids,
    rest_of_chain,
    until_ready,
)

OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
CURSOR_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. é"


@pytest.fixture(scope="module")
def standing(shared_deployment: Deployment) -> Iterator[TestClient]:
    """A timeline for the tests whose requests are refused."""
    with shared_deployment.timeline() as client:
        until_ready(client)
        yield client


def _switch(client: TestClient, phase: str) -> None:
    assert client.put("/admin/phase", json={"phase": phase}, headers=OPERATOR).status_code == 200


@pytest.mark.parametrize("limit", [1, 7, 20, 100])
@pytest.mark.parametrize("user_id", [ANN, COLD, STRANGER])
def test_a_chain_neither_repeats_nor_skips_while_lists_are_republished(
    client: TestClient, ranked_deployment: Deployment, user_id: str, limit: int
) -> None:
    def live_on(page: int) -> None:
        if page % 10 == 0:
            ranked_deployment.add_posts([f"new{page}"])
            ranked_deployment.add_events(f"fan{page % 12}", POSTS[page : page + 30], kind="save")
            ranked_deployment.run_heuristic()

    first = ask(client, user_id, limit=limit)
    pages = [first, *rest_of_chain([client], user_id, first, limit=limit, between=live_on)]
    served = [post for page in pages for post in ids(page)]
    assert len(set(served)) == len(served)
    assert set(served) >= set(POSTS)


def test_a_chain_goes_over_two_processes_without_repeat_or_skip(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        first = ask(one, COLD, limit=7)
        pages = [first, *rest_of_chain([other, one], COLD, first, limit=7)]
        assert sorted(post for page in pages for post in ids(page)) == list(POSTS)


def test_a_chain_ends_in_the_phase_it_began_in(client: TestClient, ranked_deployment: Deployment) -> None:
    first = ask(client, ANN, limit=20)

    def switch(page: int) -> None:
        if page == 0:
            ranked_deployment.publish_neucf(ANN, POSTS[20:50])
            _switch(client, "neucf")

    pages = [first, *rest_of_chain([client], ANN, first, limit=20, between=switch)]
    assert {page["source"] for page in pages} == {"heuristic"}
    assert sorted(post for page in pages for post in ids(page)) == list(POSTS)


def test_a_new_first_page_uses_the_new_phase_at_once(client: TestClient, ranked_deployment: Deployment) -> None:
    ask(client, ANN)
    ranked_deployment.publish_neucf(ANN, POSTS[20:50])
    _switch(client, "neucf")
    assert ask(client, ANN)["source"] == "neucf"


def test_a_switch_reaches_the_other_processes_first_page_at_once(ranked_deployment: Deployment) -> None:
    ranked_deployment.publish_neucf(ANN, POSTS[20:50])
    with ranked_deployment.timeline(refresh_seconds=60) as one, ranked_deployment.timeline(refresh_seconds=60) as other:
        until_ready(one, other)
        _switch(one, "neucf")
        assert ask(other, ANN)["source"] == "neucf"


def test_a_switch_back_is_as_quick(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.publish_neucf(ANN, POSTS[20:50])
    _switch(client, "neucf")
    _switch(client, "heuristic")
    assert ask(client, ANN)["source"] == "heuristic"


def test_a_repeated_cursor_gives_the_same_page(client: TestClient) -> None:
    cursor = ask(client, COLD, limit=20)["next_cursor"]
    once = ask(client, COLD, limit=20, cursor=cursor)
    assert ask(client, COLD, limit=20, cursor=cursor)["posts"] == once["posts"]


def test_a_repeated_cursor_leads_on_to_the_same_next_page(client: TestClient) -> None:
    cursor = ask(client, COLD, limit=20)["next_cursor"]
    once = ask(client, COLD, limit=20, cursor=cursor)
    assert ask(client, COLD, limit=20, cursor=cursor)["next_cursor"] == once["next_cursor"]


def test_a_repeated_cursor_gives_the_same_page_after_a_republication_on_another_process(
    ranked_deployment: Deployment,
) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        cursor = ask(one, COLD, limit=20)["next_cursor"]
        once = ask(one, COLD, limit=20, cursor=cursor)
        ranked_deployment.add_events("fan1", POSTS, kind="share")
        ranked_deployment.run_heuristic()
        assert ids(ask(other, COLD, limit=20, cursor=cursor)) == ids(once)


def test_a_repeated_cursor_in_the_tail_gives_the_same_page(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        cursor = ask(one, COLD, limit=50)["next_cursor"]  # the list has 30 posts
        once = ask(one, COLD, limit=20, cursor=cursor)
        ranked_deployment.add_events("fan1", POSTS, kind="share")
        ranked_deployment.run_heuristic()
        assert ids(ask(other, COLD, limit=20, cursor=cursor)) == ids(once)


def test_a_repeated_cursor_leaves_out_what_was_deleted_and_takes_in_nothing_else(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    cursor = ask(client, COLD, limit=20)["next_cursor"]
    once = ids(ask(client, COLD, limit=20, cursor=cursor))
    ranked_deployment.delete_post(once[3])
    ranked_deployment.run_heuristic()
    assert ids(ask(client, COLD, limit=20, cursor=cursor)) == once[:3] + once[4:]


def test_a_repeat_in_smaller_steps_meets_the_same_posts(client: TestClient) -> None:
    cursor = ask(client, COLD, limit=20)["next_cursor"]
    once = ids(ask(client, COLD, limit=20, cursor=cursor))
    half = ask(client, COLD, limit=12, cursor=cursor)
    assert ids(half) + ids(ask(client, COLD, limit=12, cursor=half["next_cursor"])) == once


def test_a_repeated_cursor_does_not_count_as_seen_twice(client: TestClient, ranked_deployment: Deployment) -> None:
    cursor = ask(client, COLD, limit=20)["next_cursor"]
    ask(client, COLD, limit=20, cursor=cursor)
    before = ranked_deployment.redis().strlen("wl:seen:cold")
    ask(client, COLD, limit=20, cursor=cursor)
    assert ranked_deployment.redis().strlen("wl:seen:cold") == before


def test_a_cursor_of_another_user_is_refused(client: TestClient) -> None:
    cursor = ask(client, ANN)["next_cursor"]
    response = client.get(f"/timeline/{COLD}", params={"cursor": cursor})
    assert (response.status_code, response.json()["type"]) == (400, "urn:warmline:problem:invalid-cursor")


@pytest.mark.parametrize("position", range(32))
def test_a_cursor_with_any_character_changed_is_refused(standing: TestClient, position: int) -> None:
    cursor = ask(standing, ANN)["next_cursor"]
    others = [character for character in CURSOR_ALPHABET if character != cursor[position]]
    forged = [cursor[:position] + character + cursor[position + 1 :] for character in others]
    answers = [standing.get(f"/timeline/{ANN}", params={"cursor": each}).status_code for each in forged]
    assert set(answers) == {400}


@pytest.mark.parametrize("more", ["=", "==", "A", "AAAA", " ", "\n", "\x00"])
def test_a_cursor_with_something_behind_it_is_refused(standing: TestClient, more: str) -> None:
    cursor = ask(standing, ANN)["next_cursor"]
    assert standing.post("/timeline", json={"user_id": ANN, "cursor": cursor + more}).status_code == 400


def test_an_empty_cursor_is_refused(client: TestClient) -> None:
    assert client.get(f"/timeline/{ANN}", params={"cursor": ""}).status_code == 400


def test_a_refused_cursor_is_a_problem(client: TestClient) -> None:
    response = client.get(f"/timeline/{ANN}", params={"cursor": "x"})
    assert response.headers["content-type"] == "application/problem+json"


def test_a_cursor_whose_chain_was_overwritten_goes_on_without_repeating(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        first = ask(one, COLD, limit=10)
        for _ in range(4):  # four slots: the fifth chain takes the place of the first
            ask(other, COLD, limit=10)
        goes_on = ask(other, COLD, limit=10, cursor=first["next_cursor"])
        assert len(goes_on["posts"]) == 10
        assert not set(ids(goes_on)) & set(ids(first))


def test_a_process_that_served_an_overwritten_chain_still_has_it(client: TestClient) -> None:
    first = ask(client, COLD, limit=10)
    for _ in range(6):
        ask(client, COLD, limit=10)
    pages = [first, *rest_of_chain([client], COLD, first, limit=10)]
    assert sorted(post for page in pages for post in ids(page)) == list(POSTS)


def test_an_overwritten_chain_that_is_used_up_does_not_disturb_the_one_in_its_place(
    ranked_deployment: Deployment,
) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        old = ask(one, COLD, limit=10)
        for _ in range(3):
            ask(other, COLD, limit=1)
        young = ask(other, COLD, limit=10)  # in the slot of the old one
        rest_of_chain([one], COLD, old, limit=10)
        pages = [young, *rest_of_chain([other], COLD, young, limit=10)]
        served = [post for page in pages for post in ids(page)]
        assert sorted(served) == list(POSTS)


def test_a_cursor_whose_chain_is_gone_goes_on_with_the_users_own_list(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        first = ask(one, COLD, limit=10)
        ranked_deployment.redis().delete("wl:chain:1:cold")
        goes_on = ask(other, COLD, limit=10, cursor=first["next_cursor"])
        assert goes_on["source"] == "heuristic"
        assert not set(ids(goes_on)) & set(ids(first))


def test_a_tail_lives_as_long_as_its_chain(client: TestClient, ranked_deployment: Deployment) -> None:
    redis = ranked_deployment.redis()
    cursor = ask(client, COLD, limit=40)["next_cursor"]  # the list has 30 posts: the tail is there
    redis.pexpire("wl:tail:1:cold", 60_000)
    ask(client, COLD, limit=10, cursor=cursor)
    assert redis.pttl("wl:tail:1:cold") > 60_000


def test_a_tail_is_the_same_for_all_pages_when_two_processes_need_it_first(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        first = ask(one, COLD, limit=30)
        ranked_deployment.redis().delete("wl:tail:1:cold")
        here = ask(one, COLD, limit=20, cursor=first["next_cursor"])
        there = ask(other, COLD, limit=20, cursor=first["next_cursor"])
        assert ids(there) == ids(here)


def test_the_last_page_has_no_cursor(client: TestClient) -> None:
    assert ask(client, COLD, limit=90)["next_cursor"] is None


def test_exclude_leaves_posts_out_and_the_page_is_filled_up(client: TestClient) -> None:
    best = ids(ask(client, STRANGER, limit=10))
    page = ids(ask_by_post(client, "another", limit=10, exclude=best[:4]))
    assert page[:6] == best[4:]
    assert len(page) == 10


def test_exclude_on_every_page_keeps_a_post_out_of_the_whole_chain(client: TestClient) -> None:
    body = {"limit": 40, "exclude": ["p11", "p70"]}
    page = ask_by_post(client, COLD, **body)
    served = ids(page)
    while page["next_cursor"]:
        page = ask_by_post(client, COLD, **body, cursor=page["next_cursor"])
        served += ids(page)
    assert sorted(served) == [post for post in POSTS if post not in ("p11", "p70")]


def test_excluding_an_unknown_post_changes_nothing(client: TestClient) -> None:
    assert len(ids(ask_by_post(client, COLD, limit=90, exclude=["nobody's post"]))) == 90


def test_feed_ids_of_two_pages_differ(client: TestClient) -> None:
    first = ask(client, COLD)
    assert ask(client, COLD, cursor=first["next_cursor"])["feed_id"] != first["feed_id"]


def _see_all(client: TestClient) -> None:
    for _ in range(2):
        ask(client, COLD, limit=90)


def test_who_has_seen_all_goes_on_over_two_processes_without_repeat_or_skip(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        _see_all(one)
        first = ask(one, COLD, limit=7)
        pages = [first, *rest_of_chain([other, one], COLD, first, limit=7)]
        assert sorted(post for page in pages for post in ids(page)) == list(POSTS)


def test_a_whole_tail_that_another_version_put_there_is_gone_on_with(ranked_deployment: Deployment) -> None:
    """A version that knows no rest works out everything, the unseen first, and puts it in place of a tail with one."""
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        _see_all(one)
        first = ask(one, COLD, limit=7)
        (slot,) = [slot for slot in range(4) if ranked_deployment.redis().exists(f"wl:tail:{slot}:cold")][-1:]
        chain = ranked_deployment.redis().get(f"wl:chain:{slot}:cold")
        assert isinstance(chain, bytes)
        nonce, served, rows = chain[:8], ids(first), ranked_deployment.rows()
        without_one = [post for post in POSTS if post not in served][1:]  # which tells their tail from ours
        left = [pack_entry(rows[post], Reason.RECENT, 0.5) for post in without_one]
        ranked_deployment.redis().set(f"wl:tail:{slot}:cold", pack_tail(nonce, Tail(unseen=0, entries=b"".join(left))))
        pages = rest_of_chain([other], COLD, first, limit=7)
        assert sorted(post for page in pages for post in ids(page)) == without_one
