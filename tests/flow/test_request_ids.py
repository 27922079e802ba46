"""First pages under a `request_id`: the same page on every process for a minute, counted once, each user's own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from shared.ranked_lists import keys, records
from shared.ranked_lists.repeatable_pages import VALUE_BYTES
from tests.flow.deployment import (
    ANN,
    API_KEY,
    AUTHORS,
    Deployment,
    JsonObject,
    ask,
    ask_by_post,
    author_of,
    ids,
    rest_of_chain,
    until_ready,
)

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
USERS = count()


@pytest.fixture(scope="module")
def processes(shared_deployment: Deployment) -> Iterator[list[TestClient]]:
    """Two timelines; each test has a user of its own."""
    with shared_deployment.timeline() as one, shared_deployment.timeline() as other:
        until_ready(one, other)
        yield [one, other]


@pytest.fixture
def user() -> str:
    return f"phone{next(USERS)}"


def seen_of(deployment: Deployment, user_id: str) -> records.SeenRecord:
    with deployment.redis() as redis:
        value = redis.get(keys.seen(user_id))
    assert value is None or isinstance(value, bytes)
    return records.unpack_seen(value)


def block(client: TestClient, user_id: str, author: str) -> None:
    assert client.put(f"/users/{user_id}/blocks/{author}", headers=BACKEND).status_code == 204


@pytest.mark.parametrize("path", ["plain", "encoded", "by POST"])
def test_a_repeat_is_the_same_answer_on_both_processes(processes: list[TestClient], user: str, path: str) -> None:
    def get(client: TestClient) -> JsonObject:
        if path == "by POST":
            return ask_by_post(client, user, limit=5, request_id="a1", exclude=["p01", "p02"])
        return ask(client, user if path == "plain" else f"%{ord(user[0]):x}{user[1:]}", limit=5, request_id="a1")

    one, other = processes
    first = get(one)
    assert [get(other), get(one), get(other)] == [first] * 3
    assert len(ids(first)) == 5


def test_without_a_request_id_the_next_first_page_is_another_one(processes: list[TestClient], user: str) -> None:
    assert not set(ids(ask(processes[0], user, limit=5))) & set(ids(ask(processes[1], user, limit=5)))


def test_a_repeat_counts_no_visit_and_no_post_twice(
    processes: list[TestClient], shared_deployment: Deployment, user: str
) -> None:
    first = ask(processes[0], user, limit=5, request_id="a1")
    seen = seen_of(shared_deployment, user)
    for client in processes * 2:
        ask(client, user, limit=5, request_id="a1")
    assert seen_of(shared_deployment, user) == seen
    assert (seen.visits, len(seen.post_numbers)) == (1, len(ids(first)))


def test_the_chain_goes_on_from_a_repeat_as_from_the_first_answer(processes: list[TestClient], user: str) -> None:
    one, other = processes
    ask(one, user, limit=7, request_id="a1")
    first = ask(other, user, limit=7, request_id="a1")
    pages = [first, *rest_of_chain([one, other], user, first, limit=7)]
    served = [post for page in pages for post in ids(page)]
    assert len(served) == len(set(served))
    assert ask(one, user, limit=7, request_id="a1") == first


def test_racing_retries_on_two_processes_get_one_page(
    processes: list[TestClient], shared_deployment: Deployment
) -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in range(15):
            user = f"phone{next(USERS)}"
            clients = processes * 4
            answers = list(threads.map(lambda client, user=user: ask(client, user, limit=5, request_id="r"), clients))
            assert answers == [answers[0]] * 8
            seen = seen_of(shared_deployment, user)
            assert (seen.visits, len(seen.post_numbers)) == (1, 5)


def test_a_request_id_says_nothing_of_another_user(processes: list[TestClient], user: str) -> None:
    ask(processes[0], user, limit=5, request_id="a1")
    block(processes[0], ANN, AUTHORS[3])
    theirs = ask(processes[1], ANN, limit=5, request_id="a1")
    assert theirs["user_id"] == ANN
    assert AUTHORS[3] not in {author_of(post) for post in ids(theirs)}


@pytest.mark.parametrize("other", [{"limit": 6}, {"limit": 5, "exclude": ["p01"]}], ids=["limit", "exclude"])
def test_other_parameters_are_another_request(processes: list[TestClient], user: str, other: dict[str, object]) -> None:
    first = ask_by_post(processes[0], user, limit=5, request_id="a1")
    page = ask_by_post(processes[0], user, request_id="a1", **other)
    assert not set(ids(page)) & set(ids(first))
    assert ids(ask_by_post(processes[1], user, limit=5, request_id="a1")) == ids(first)


@pytest.mark.parametrize("mode", ["for_you", "latest", "explore", "following"])
def test_each_mode_has_pages_of_its_own_that_can_be_asked_for_again(
    processes: list[TestClient], user: str, mode: str
) -> None:
    one, other = processes
    plain = ask(one, user, limit=5, request_id="a1")
    first = ask(one, user, limit=5, request_id="a1", mode=mode)
    assert [ask(client, user, limit=5, request_id="a1", mode=mode) for client in (other, one)] == [first] * 2
    assert first["feed_id"] != plain["feed_id"]
    assert ask(other, user, limit=5, request_id="a1") == plain
    if first["next_cursor"]:
        pages = [first, *rest_of_chain([other, one], user, first, limit=5)]
        served = [post for page in pages for post in ids(page)]
        assert len(served) == len(set(served))


def test_a_chain_of_a_mode_that_is_gone_begins_at_its_beginning(
    processes: list[TestClient], shared_deployment: Deployment, user: str
) -> None:
    first = ask(processes[0], user, limit=5, request_id="a1", mode="latest")
    with shared_deployment.redis() as redis:
        redis.delete(*keys.chains_of(user))
    assert ids(ask(processes[1], user, limit=5, request_id="a1", mode="latest")) == ids(first)


def test_what_became_ineligible_is_left_out(processes: list[TestClient], user: str) -> None:
    first = ask(processes[0], user, limit=10, request_id="a1")
    blocked = author_of(ids(first)[0])
    block(processes[1], user, blocked)
    for client in processes:
        again = ids(ask(client, user, limit=10, request_id="a1"))
        assert again == [post for post in ids(first) if author_of(post) != blocked]


def test_each_mode_has_a_page_of_its_own_under_one_id(processes: list[TestClient], user: str) -> None:
    modes = ("for_you", "latest", "explore")
    pages = {mode: ask(processes[0], user, limit=5, request_id="a1", mode=mode) for mode in modes}
    assert {page["source"] for page in pages.values()} >= {"latest", "explore"}
    for client in processes:
        assert {mode: ask(client, user, limit=5, request_id="a1", mode=mode) for mode in modes} == pages
    following = {mode: ask(processes[1], user, limit=5, cursor=pages[mode]["next_cursor"]) for mode in modes}
    assert {mode: page["source"] for mode, page in following.items()} == {
        mode: page["source"] for mode, page in pages.items()
    }


def test_a_cursor_counts_and_the_request_id_beside_it_does_not(processes: list[TestClient], user: str) -> None:
    first = ask(processes[0], user, limit=5, request_id="a1")
    second = ask(processes[0], user, limit=5, cursor=first["next_cursor"])
    for client in processes:
        assert ask(client, user, limit=5, cursor=first["next_cursor"], request_id="a1") == second


def test_a_record_is_small_lives_a_minute_and_is_replaced_with_its_slot(
    processes: list[TestClient], shared_deployment: Deployment, user: str
) -> None:
    for number in range(20):
        ask(processes[number % 2], user, limit=1, request_id=f"a{number}")
    with shared_deployment.redis() as redis:
        names = [name.decode() for name in redis.keys(f"wl:request:*:{user}")]
        assert sorted(names) == sorted(keys.requests_of(user)[: keys.CHAIN_SLOTS]), "the others are those of modes"
        assert {redis.strlen(name) for name in names} == {VALUE_BYTES}
        assert all(55_000 < int(redis.pttl(name)) <= 60_000 for name in names)
        before = [redis.pttl(name) for name in keys.requests_of(user)]
        ask(processes[0], user, limit=1, request_id="a19")
        assert all(
            int(redis.pttl(name)) <= int(then) for name, then in zip(keys.requests_of(user), before, strict=True)
        )


def test_a_minute_later_it_is_a_new_request(
    processes: list[TestClient], shared_deployment: Deployment, user: str
) -> None:
    first = ask(processes[0], user, limit=5, request_id="a1")
    with shared_deployment.redis() as redis:  # the records expire; the test above says when
        redis.delete(*keys.requests_of(user))
    assert not set(ids(ask(processes[0], user, limit=5, request_id="a1"))) & set(ids(first))


def test_a_chain_that_is_gone_is_begun_anew_once(
    processes: list[TestClient], shared_deployment: Deployment, user: str
) -> None:
    ask(processes[0], user, limit=5, request_id="a1")
    with shared_deployment.redis() as redis:
        redis.delete(*keys.chains_of(user))
    other = processes[1]
    again = ask(other, user, limit=5, request_id="a1")
    assert ask(other, user, limit=5, request_id="a1") == again
    assert seen_of(shared_deployment, user).visits == 2


def test_who_is_not_personalised_any_more_gets_a_page_of_everyones_list(
    processes: list[TestClient], shared_deployment: Deployment
) -> None:
    assert ask(processes[0], "fan3", limit=5, request_id="a1")["source"] == "heuristic"
    path, off = "/users/fan3/preferences", {"personalised": False}
    assert processes[0].put(path, json=off, headers=BACKEND).status_code == 204
    pages = [ask(client, "fan3", limit=5, request_id="a1") for client in processes * 2]
    assert pages[0]["source"] == "everyone"
    assert pages == [pages[0]] * 4


def test_an_erased_user_leaves_no_record_and_gets_a_page(
    processes: list[TestClient], shared_deployment: Deployment, user: str
) -> None:
    ask(processes[0], user, limit=5, request_id="a1")
    assert processes[0].delete(f"/users/{user}", headers=BACKEND).status_code in (202, 204)
    assert ids(ask(processes[1], user, limit=5, request_id="a1"))
    with shared_deployment.redis() as redis:
        assert redis.keys(f"wl:*:{user}") == []


def test_without_redis_it_is_a_page_as_without_a_request_id(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        with patch("shared.ranked_lists.shared_connection.SharedConnection.ask", side_effect=OSError("away")):
            plain, named = (ask(client, ANN, limit=5, **query) for query in ({}, {"request_id": "a1"}))
    assert (named["degraded"], named["source"]) == (plain["degraded"], plain["source"]) == (["redis"], "snapshot")
    assert len(ids(named)) == 5


@pytest.mark.parametrize("wrong", ["", "x" * 129, "a b", "é", "a\n", "\x7f"])
def test_a_request_id_is_visible_ascii(processes: list[TestClient], user: str, wrong: str) -> None:
    for client in processes:
        by_get = client.get(f"/timeline/{user}", params={"request_id": wrong})
        by_post = client.post("/timeline", json={"user_id": user, "request_id": wrong})
        assert {(each.status_code, each.json()["type"]) for each in (by_get, by_post)} == {
            (422, "urn:warmline:problem:invalid-request")
        }


def assume_whole(page: JsonObject) -> None:
    """On a busy machine Redis may answer too late: then the page says so, and nothing of it is recorded."""
    assume("degraded" not in page)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["ask", "ask", "ask", "plain", "next", "block"]), st.integers(0, 2), st.integers(0, 1)
        ),
        max_size=14,
    )
)
def test_whatever_happens_in_between_a_request_id_gives_its_page_less_what_is_blocked(
    processes: list[TestClient], shared_deployment: Deployment, steps: list[tuple[str, int, int]]
) -> None:
    """A model of what the last four first pages of a user gave."""
    user = f"phone{next(USERS)}"
    pages: dict[str, JsonObject] = {}
    chains: list[str] = []  # the ids of first pages, '' without one, the newest last
    blocked = set[str]()
    for what, number, at in steps:
        client, name = processes[at], f"r{number}"
        if what == "block":
            blocked.add(AUTHORS[number])
            block(client, user, AUTHORS[number])
        elif what == "next" and pages:
            page = pages[[*pages][-1]]
            if page["next_cursor"] is not None and [*pages][-1] in chains[-4:]:
                assume_whole(ask(client, user, limit=3, cursor=page["next_cursor"]))
        elif what == "plain":
            assume_whole(ask(client, user, limit=3))
            chains.append("")
        elif what == "ask":
            page = ask(client, user, limit=3, request_id=name)
            assume_whole(page)
            is_repeat = seen_of(shared_deployment, user).visits == len(chains)
            assert is_repeat or name not in chains[-4:]
            if is_repeat:  # also of a chain that lost its slot, on a process that served it
                assert ids(page) == [post for post in ids(pages[name]) if author_of(post) not in blocked]
                assert page["feed_id"] == pages[name]["feed_id"]
            else:
                chains.append(name)
                pages[name] = page
            assert not {author_of(post) for post in ids(page)} & blocked
    assert seen_of(shared_deployment, user).visits == len(chains)
