"""Which users' lists lack an event, by versions and transactions."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from shared.db.live_passes import LivePass
from shared.live.missed import GRACE, MissedEvents

NO_LAG = timedelta(0)


def taken(version: int, *, oldest: int, following: int | None = None, under_way: tuple[int, ...] = ()) -> LivePass:
    following = oldest if following is None else following
    return LivePass(version=version, oldest=oldest, next=following, under_way=frozenset(under_way))


@pytest.fixture
def missed() -> MissedEvents:
    """Samples at versions 10, 20 and 30, which saw the transactions below 100, 200 and 300; taken long ago."""
    found = MissedEvents()
    with patch("shared.live.missed.time.monotonic", lambda: -1000.0):
        for version, oldest in ((10, 100), (20, 200), (30, 300)):
            found.note(taken(version, oldest=oldest))
    return found


def test_a_list_of_a_later_version_has_the_event(missed: MissedEvents) -> None:
    assert missed.missed({"ann": 150}, {"ann": 20}, lag=NO_LAG) == []
    assert missed.missed({"ann": 150}, {"ann": 25}, lag=NO_LAG) == []


def test_a_list_of_an_earlier_version_lacks_it(missed: MissedEvents) -> None:
    assert missed.missed({"ann": 150}, {"ann": 19}, lag=NO_LAG) == ["ann"]


def test_a_user_without_a_list_lacks_it(missed: MissedEvents) -> None:
    assert missed.missed({"ann": 150}, {}, lag=NO_LAG) == ["ann"]


def test_a_user_whose_pass_left_no_list_is_not_found_again(missed: MissedEvents) -> None:
    missed.note(taken(40, oldest=400), without_list=["ann"])
    assert missed.missed({"ann": 150}, {}, lag=NO_LAG) == []


def test_the_oldest_event_comes_first(missed: MissedEvents) -> None:
    assert missed.missed({"ann": 150, "ben": 90, "cat": 120}, {}, lag=NO_LAG) == ["ben", "cat", "ann"]


def test_a_transaction_that_was_under_way_was_not_seen() -> None:
    long_ago = taken(10, oldest=100, following=200, under_way=(100, 150))
    assert [long_ago.saw(xid) for xid in (99, 100, 120, 150, 199, 200)] == [True, False, True, False, True, False]


def test_the_next_search_begins_where_something_is_left(missed: MissedEvents) -> None:
    missed.missed({"ann": 150, "ben": 250}, {"ben": 30}, lag=NO_LAG)
    assert missed.since == 150
    missed.missed({"ann": 150, "ben": 250}, {"ann": 20, "ben": 30}, lag=NO_LAG)
    assert missed.since == 300


def test_what_is_probably_in_the_queue_is_left_there() -> None:
    found = MissedEvents()
    clock = [0.0]
    with patch("shared.live.missed.time.monotonic", lambda: clock[0]):
        found.note(taken(10, oldest=100))
        clock[0] = GRACE.total_seconds() - 0.1
        assert found.missed({"ann": 50}, {}, lag=NO_LAG) == []  # nothing was sampled long enough ago
        clock[0] = GRACE.total_seconds() + 0.1
        assert found.missed({"ann": 50, "ben": 150}, {}, lag=NO_LAG) == ["ann"]
        assert found.missed({"ann": 50, "ben": 150}, {}, lag=timedelta(seconds=5)) == []


def test_a_transaction_of_more_events_than_are_read_at_once_is_passed_over(missed: MissedEvents) -> None:
    missed.begin_at(150)
    assert missed.missed({"ann": 150}, {"ann": 30}, lag=NO_LAG, until=150) == []
    assert missed.next == 151
    assert missed.missed({"ann": 150, "ben": 160}, {"ann": 30, "ben": 30}, lag=NO_LAG, until=180) == []
    assert missed.next == 180
    assert missed.missed({"cat": 190}, {"cat": 30}, lag=NO_LAG) == []
    assert missed.since == missed.next == 300


def test_a_transaction_that_is_open_for_long_hides_nothing_behind_the_first_events() -> None:
    found = MissedEvents()
    with patch("shared.live.missed.time.monotonic", lambda: -1000.0):
        found.note(taken(10, oldest=100, following=900, under_way=(100,)))
    found.begin_at(100)
    assert found.missed({"ann": 150}, {"ann": 30}, lag=NO_LAG, until=300) == []
    assert found.next == 300
    assert found.missed({"ben": 400}, {}, lag=NO_LAG, until=500) == ["ben"]
    assert found.next == 500
    assert found.missed({"cat": 600}, {"cat": 30}, lag=NO_LAG) == []
    assert found.since == found.next == 100  # what it wrote is searched for again
