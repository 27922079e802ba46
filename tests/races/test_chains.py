"""Scrolling is stable, whoever serves the pages at once, and whatever of their records was lost on the way."""

from collections.abc import Mapping

import pytest

from tests.flow.deployment import ANN, COLD, POSTS, Deployment, JsonObject, ask, author_of, eventually, ids
from tests.races.pair import OPERATOR, Process, pair, whole_chain
from tests.races.stops import At, written

LIMIT = 10
USERS = [ANN, COLD]
# A request that Redis never gets: what a page reads of its user, or what it notes.
READ = r"^MGET wl:safety "


def _noted(user_id: str) -> str:
    return written(f"wl:seen:{user_id}")


@pytest.mark.parametrize("user_id", USERS)
def test_two_first_pages_at_once_are_two_chains(ranked_deployment: Deployment, user_id: str) -> None:
    """A phone and a tablet: each of the cursors gives the same page on each process, and again."""
    with pair(ranked_deployment) as (one, other):
        first, second = _at_once(one, other, user_id)
        for page in (first, second):
            pages = [
                ask(by.client, user_id, limit=LIMIT, cursor=page["next_cursor"]) for by in (other, one, other, one)
            ]
            assert [ids(again) for again in pages] == [ids(pages[0])] * 4
            assert not set(ids(pages[0])) & set(ids(page))


def test_many_first_pages_at_once_count_as_many_visits(ranked_deployment: Deployment) -> None:
    """So that each has a slot of its own, as far as there are slots."""
    with pair(ranked_deployment) as (one, other):
        with one.redis.stop(_noted(COLD), holds_all=True) as stop:
            waiting = [one.page(COLD, limit=LIMIT) for _ in range(3)]
            stop.wait()
            pages = [ask(other.client, COLD, limit=LIMIT)]
            stop.go_on()
            pages += [page.result() for page in waiting]
        for page in pages:
            once, again = (ids(ask(by.client, COLD, limit=LIMIT, cursor=page["next_cursor"])) for by in (one, other))
            assert once == again


def _at_once(one: Process, other: Process, user_id: str) -> tuple[JsonObject, JsonObject]:
    """Two first pages: the first process has read its user and has noted nothing while the second one serves."""
    with one.redis.stop(_noted(user_id)) as stop:
        waiting = one.page(user_id, limit=LIMIT)
        stop.wait()
        second = ask(other.client, user_id, limit=LIMIT)
        stop.go_on()
        return waiting.result(), second


LOST: Mapping[str, tuple[int, str]] = {
    "the first page's note": (0, "note"),
    "what the first page reads": (0, "read"),
    "the second page's note": (1, "note"),
    "what the second page reads": (1, "read"),
}


@pytest.mark.parametrize("what", LOST)
@pytest.mark.parametrize("is_flooded", [False, True], ids=["a spaced list", "a flooded list"])
def test_a_page_after_one_that_redis_does_not_know_repeats_nothing(
    ranked_deployment: Deployment, is_flooded: bool, what: str
) -> None:
    """One process served it while Redis did not answer it; the other one, whom Redis answers, goes on.

    A list with many posts of an author in a row is served in another order than it was frozen in.
    """
    page_number, half = LOST[what]
    user_id = COLD
    if is_flooded:
        ranked_deployment.publish_neucf(user_id, sorted(POSTS[:60], key=author_of))
    with pair(ranked_deployment) as (one, other):
        if is_flooded:
            assert one.client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR).status_code == 200
        served: list[str] = []
        query: dict[str, object] = {"limit": LIMIT}
        for number in range(page_number + 1):
            if number < page_number:
                page = ask(one.client, user_id, **query)
            else:
                page = _without_record(one, user_id, half, query)
                assert "redis" in page["degraded"]
            served += ids(page)
            query["cursor"] = page["next_cursor"]
        after = ask(other.client, user_id, **query)
        assert not set(served) & set(ids(after))
        assert "redis" in after["degraded"], "it cannot know what the lost page was to leave there"
        served += ids(after)
        third = ask(other.client, user_id, limit=LIMIT, cursor=after["next_cursor"])
        assert not set(served) & set(ids(third))
        rest = [post for page in whole_chain(one.client, user_id, third) for post in page]
        assert sorted([*served, *rest]) == list(POSTS), "to its end, the chain shows each post once"


def _without_record(by: Process, user_id: str, half: str, query: Mapping[str, object]) -> JsonObject:
    """A page that leaves no record, for its connection to Redis breaks at the note, or at the read before it."""
    with by.redis.stop(_noted(user_id) if half == "note" else READ) as stop:
        page = by.page(user_id, **query)
        stop.wait()
        stop.lose()
        return page.result()


def _without_answer(by: Process, user_id: str, query: Mapping[str, object]) -> JsonObject:
    """A page whose record Redis has, and the process does not know it."""
    with by.redis.stop(_noted(user_id), at=At.ANSWER) as stop:
        page = by.page(user_id, **query)
        stop.wait()
        stop.lose()
        return page.result()


@pytest.mark.parametrize("user_id", USERS)
def test_a_note_that_arrives_late_changes_no_page(ranked_deployment: Deployment, user_id: str) -> None:
    """Redis was only slow: the page's note comes when the next page is served already."""
    with pair(ranked_deployment, redis_budget_ms=1000) as (one, other):
        first = ask(one.client, user_id, limit=LIMIT)
        with one.redis.stop(_noted(user_id), holds_all=True) as stop:
            second = ask(one.client, user_id, limit=LIMIT, cursor=first["next_cursor"])
            assert stop.is_reached
            third = ask(other.client, user_id, limit=LIMIT, cursor=second["next_cursor"])
            stop.go_on()
        served = ids(first) + ids(second) + ids(third)
        assert len(served) == len(set(served))
        rest = whole_chain(other.client, user_id, third)[1:]
        assert not set(served) & {post for page in rest for post in page}


@pytest.mark.parametrize("user_id", USERS)
def test_a_page_that_two_processes_work_out_at_once_is_one_page(ranked_deployment: Deployment, user_id: str) -> None:
    """A phone that repeats a request to another process, while the first one is still at it."""
    with pair(ranked_deployment) as (one, other):
        first = ask(one.client, user_id, limit=LIMIT)
        query = {"limit": LIMIT, "cursor": first["next_cursor"]}
        with one.redis.stop(_noted(user_id)) as stop:
            waiting = one.page(user_id, **query)
            stop.wait()
            again = ask(other.client, user_id, **query)
            stop.go_on()
            assert ids(waiting.result()) == ids(again)


def test_a_chain_goes_on_unchanged_while_its_page_is_overtaken_by_a_run(ranked_deployment: Deployment) -> None:
    """A run publishes other lists between a page's read and its note."""
    with pair(ranked_deployment) as (one, other):
        first = ask(one.client, COLD, limit=LIMIT)
        with one.redis.stop(_noted(COLD)) as stop:
            waiting = one.page(COLD, limit=LIMIT, cursor=first["next_cursor"])
            stop.wait()
            ranked_deployment.add_events("fan1", [f"p{number}" for number in range(60, 80)], kind="save")
            ranked_deployment.run_heuristic()
            stop.go_on()
            second = waiting.result()
        pages = [ids(first), *whole_chain(other.client, COLD, second)]
        served = [post for page in pages for post in page]
        assert len(served) == len(set(served)) == 90


@pytest.mark.parametrize("is_flooded", [False, True], ids=["a spaced list", "a flooded list"])
def test_pages_lost_in_a_row_are_not_repeated(ranked_deployment: Deployment, is_flooded: bool) -> None:
    """Two pages without a record on one process, one on the other, then both have Redis again."""
    if is_flooded:
        ranked_deployment.publish_neucf(COLD, sorted(POSTS[:60], key=author_of))
    with pair(ranked_deployment) as (one, other):
        if is_flooded:
            assert one.client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR).status_code == 200
        page = ask(one.client, COLD, limit=LIMIT)
        served = ids(page)
        for by in (one, one, other):
            page = _without_record(by, COLD, "note", {"limit": LIMIT, "cursor": page["next_cursor"]})
            assert not set(served) & set(ids(page))
            served += ids(page)
        for by in (one, other, one):
            page = ask(by.client, COLD, limit=LIMIT, cursor=page["next_cursor"])
            assert not set(served) & set(ids(page))
            served += ids(page)


def test_a_chain_with_a_lost_page_shows_all_there_is(ranked_deployment: Deployment) -> None:
    """What was lost is the record, not the posts."""
    with pair(ranked_deployment) as (one, other):
        first = ask(one.client, COLD, limit=LIMIT)
        second = _without_record(one, COLD, "note", {"limit": LIMIT, "cursor": first["next_cursor"]})
        served = ids(first) + [post for page in whole_chain(other.client, COLD, second) for post in page]
    assert sorted(served) == list(POSTS)


@pytest.mark.parametrize("number", [0, 1], ids=["first page", "second page"])
def test_a_page_whose_record_arrived_unheard_goes_on_as_one(ranked_deployment: Deployment, number: int) -> None:
    """Only Redis' answer was lost: the record is there, the process does not know."""
    with pair(ranked_deployment) as (one, other):
        page, served = None, list[str]()
        ask(one.client, ANN, limit=LIMIT, cursor=ask(one.client, ANN, limit=LIMIT)["next_cursor"])  # Redis has scripts
        for turn in range(number + 1):
            query = {"limit": LIMIT} | ({"cursor": page["next_cursor"]} if page else {})
            page = ask(one.client, COLD, **query) if turn < number else _without_answer(one, COLD, query)
            served += ids(page)
        assert page is not None
        pages = [ask(by.client, COLD, limit=LIMIT, cursor=page["next_cursor"]) for by in (other, one, other)]
        assert [ids(each) for each in pages] == [ids(pages[0])] * 3
        assert not set(served) & set(ids(pages[0]))
        rest = [post for each in whole_chain(one.client, COLD, pages[0]) for post in each]
        assert sorted([*served, *rest]) == list(POSTS)


def test_a_late_note_between_another_processs_read_and_note(ranked_deployment: Deployment) -> None:
    """The page counted as lost, the next one was worked out without it, and then it is there."""
    with pair(ranked_deployment, redis_budget_ms=1000) as (one, other):
        first = ask(one.client, COLD, limit=LIMIT)
        with one.redis.stop(_noted(COLD), holds_all=True) as late, other.redis.stop(_noted(COLD)) as stop:
            second = ask(one.client, COLD, limit=LIMIT, cursor=first["next_cursor"])
            assert late.is_reached
            waiting = other.page(COLD, limit=LIMIT, cursor=second["next_cursor"])
            stop.wait()
            late.go_on()
            with ranked_deployment.redis() as client:
                packed = len(ids(second)) * 4
                eventually(lambda: client.strlen(f"wl:seen:{COLD}") > packed + 4, "the late note is there")
            stop.go_on()
            third = waiting.result()
        served = [*ids(first), *ids(second)]
        rest = [post for page in whole_chain(one.client, COLD, third) for post in page]
        assert sorted([*served, *rest]) == list(POSTS)


@pytest.mark.parametrize("number", [1, 2], ids=["after one page", "after two pages"])
def test_a_chain_that_began_anew_without_redis_repeats_nothing_once_redis_is_back(
    ranked_deployment: Deployment, number: int
) -> None:
    """The other process never served it and could not read it; what it begins with may come twice, and it says so."""
    with pair(ranked_deployment) as (one, other):
        page, served = ask(one.client, COLD, limit=LIMIT), list[str]()
        for _ in range(number - 1):
            served += ids(page)
            page = ask(one.client, COLD, limit=LIMIT, cursor=page["next_cursor"])
        served += ids(page)
        blind = _without_record(other, COLD, "read", {"limit": LIMIT, "cursor": page["next_cursor"]})
        assert "redis" in blind["degraded"]
        served += ids(blind)
        page = ask(other.client, COLD, limit=LIMIT, cursor=blind["next_cursor"])
        while len(set(served)) < len(POSTS):
            unseen = len(set(POSTS) - set(served))
            assert not set(ids(page)[:unseen]) & set(served)
            served += ids(page)
            if page["next_cursor"] is None:
                break
            page = ask(one.client, COLD, limit=LIMIT, cursor=page["next_cursor"])
        assert set(served) == set(POSTS)


TURNED = [*POSTS[40:60], *POSTS[:20], *POSTS[20:40]]  # the second page is what everyone's list begins with


@pytest.mark.parametrize("goes_on", [0, 1], ids=["who served it", "who began anew"])
@pytest.mark.parametrize("posts", [sorted(POSTS[:60], key=author_of), TURNED], ids=["flooded", "turned"])
def test_a_page_without_redis_in_a_process_that_has_no_chain_leaves_the_chain_as_it_was(
    ranked_deployment: Deployment, goes_on: int, posts: list[str]
) -> None:
    """What it guesses of the pages before is no record: their ends, and their posts, stay what they were."""
    ranked_deployment.publish_neucf(COLD, posts)
    with pair(ranked_deployment) as (one, other):
        assert one.client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR).status_code == 200
        first = ask(one.client, COLD, limit=20)
        second = _without_record(one, COLD, "note", {"limit": 20, "cursor": first["next_cursor"]})
        blind = _without_record(other, COLD, "read", {"limit": 3, "cursor": second["next_cursor"]})
        served = {*ids(first), *ids(second), *ids(blind)}
        page = ask((one, other)[goes_on].client, COLD, limit=10, cursor=blind["next_cursor"])
        while len(served) < len(POSTS):
            unseen = len(POSTS) - len(served)
            assert not served.intersection(ids(page)[:unseen])
            served.update(ids(page))
            if page["next_cursor"] is None:
                break
            page = ask(one.client, COLD, limit=10, cursor=page["next_cursor"])
            assert "degraded" not in page
        assert served == set(POSTS)


def test_a_page_without_redis_out_of_a_tail_is_not_repeated(ranked_deployment: Deployment) -> None:
    """The list is used up by pages that are not on record; once Redis is back, the tail is worked out anew."""
    with pair(ranked_deployment) as (one, other):
        ask(one.client, COLD, limit=20)  # another chain, of which only Redis knows
        served: list[str] = []
        cursor = None
        for by, half in ((one, "note"), (one, "note"), (other, "read")):
            query = {"limit": 20} | ({"cursor": cursor} if cursor else {})
            page = _without_record(by, COLD, half, query)
            served, cursor = served + ids(page), page["next_cursor"]
        rest = [post for page in whole_chain(other.client, COLD, page)[1:] for post in page]
        assert sorted([*served, *rest]) == list(POSTS)


def test_a_tail_that_redis_has_of_a_chain_does_not_follow_another_state_of_it(ranked_deployment: Deployment) -> None:
    """The list ends with the first page; who could not read the chain goes on with what the cursor carries."""
    ranked_deployment.publish_neucf(COLD, POSTS[:20])
    with pair(ranked_deployment) as (one, other):
        assert one.client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR).status_code == 200
        first = _without_answer(one, COLD, {"limit": 20})
        pages = [first, _without_record(other, COLD, "read", {"limit": 3, "cursor": first["next_cursor"]})]
        for by in (other, one, other):
            pages.append(ask(by.client, COLD, limit=3, cursor=pages[-1]["next_cursor"]))
        rest = [post for page in whole_chain(one.client, COLD, pages[-1])[1:] for post in page]
        assert sorted([*(post for page in pages for post in ids(page)), *rest]) == list(POSTS)


def test_a_repeated_page_that_redis_does_not_know_says_so_and_its_cursor_carries_it(
    ranked_deployment: Deployment,
) -> None:
    """A phone asks again for the page whose record was lost; another process goes on."""
    with pair(ranked_deployment) as (one, other):
        first = ask(one.client, COLD, limit=LIMIT)
        query = {"limit": LIMIT, "cursor": first["next_cursor"]}
        second = _without_record(one, COLD, "note", query)
        again = ask(one.client, COLD, **query)
        assert (ids(again), again["degraded"]) == (ids(second), ["redis"])
        third = ask(other.client, COLD, limit=LIMIT, cursor=again["next_cursor"])
        rest = [post for page in whole_chain(one.client, COLD, third) for post in page]
        assert sorted([*ids(first), *ids(second), *rest]) == list(POSTS)


@pytest.mark.parametrize("half", ["read", "note"])
@pytest.mark.parametrize("goes_before", [True, False], ids=["the second chain", "the first chain"])
def test_a_chain_whose_first_page_was_lost_gets_a_slot_of_its_own(
    ranked_deployment: Deployment, half: str, goes_before: bool
) -> None:
    """Its process could not count the visit: the slot that it supposed is another chain's, or becomes one's."""
    with pair(ranked_deployment) as (one, other):
        beside = [ask(other.client, COLD, limit=LIMIT)] if goes_before else []
        lost = _without_record(one, COLD, half, {"limit": LIMIT})
        second = ask(one.client, COLD, limit=LIMIT, cursor=lost["next_cursor"])
        beside += [ask(other.client, COLD, limit=LIMIT) for _ in range(3 - len(beside))]  # four chains have room
        query = {"limit": LIMIT, "cursor": second["next_cursor"]}
        pages = [ask(by.client, COLD, **query) for by in (one, other, one)]
        assert [ids(page) for page in pages] == [ids(pages[0])] * 3
        assert not any("degraded" in page for page in pages)
        for first in beside:
            query["cursor"] = first["next_cursor"]
            pages = [ask(by.client, COLD, **query) for by in (other, one)]
            assert ids(pages[0]) == ids(pages[1])
