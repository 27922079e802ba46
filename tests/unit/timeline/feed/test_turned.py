"""The order of `explore`: another one each day, and the first of the list first more often."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.codec import pack_entry
from timeline.feed.turned import PARTS, turned

DAY = date(2026, 11, 30)
LIST = b"".join(pack_entry(number, Reason.POPULAR, 0.5) for number in range(1, 1001))


def order(entries: bytes, user: str = "ann", day: date = DAY) -> list[int]:
    return codec.post_numbers_of(turned(entries, user, day))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 2**28 - 1), unique=True, max_size=60), st.text(), st.dates())
def test_no_post_is_lost_and_the_order_is_always_the_same(numbers: list[int], user: str, day: date) -> None:
    entries = b"".join(pack_entry(number, Reason.RECENT, 0.25) for number in numbers)
    assert sorted(order(entries, user, day)) == sorted(numbers)
    assert order(entries, user, day) == order(bytes(bytearray(entries)), user, day)


def test_the_order_is_another_one_each_day_and_of_some_parts_of_the_users() -> None:
    days = {tuple(order(LIST, day=DAY + timedelta(days=n))) for n in range(30)}
    users = {tuple(order(LIST, user=f"user {n}")) for n in range(200)}
    assert (len(days), len(users)) == (30, PARTS)


def test_half_of_a_first_page_comes_from_the_first_posts_of_the_list() -> None:
    pages = [order(LIST, day=DAY + timedelta(days=n))[:20] for n in range(200)]
    share = sum(number <= 120 for page in pages for number in page) / (20 * len(pages))
    assert 0.4 < share < 0.6


def test_a_list_that_is_published_again_moves_other_posts_little() -> None:
    before = order(LIST)
    after = [number for number in order(pack_entry(5000, Reason.RECENT, 0.9) + LIST) if number != 5000]
    moved = [abs(at - after.index(number)) for at, number in enumerate(before[:200])]
    assert sum(moved) / len(moved) < 3
