"""The order that a viewer asked for: small rankings whose right order is known, and what always holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.candidates.asked_for import STRENGTH, AskedFor, Strengths, alikeness, order_asked_for, pool_of
from shared.db.viewers_say import Wish
from shared.domain import Reason
from shared.preferences.rules import PostSays, ViewerRules
from shared.ranked_lists import codec

WISHES = arrays(np.float64, st.integers(0, 60), elements=st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]))
NUMBERS = [40, 10, 30, 20, 50]  # post numbers of the candidates
CATS = Strengths(np.array([1, 4]), np.ones(2))
NOTHING = Strengths(np.zeros(0, np.int64), np.zeros(0))


def asked(*wishes: Wish, rules: ViewerRules | None = None) -> AskedFor:
    """What ann said, of five candidates, two of which are of cats."""
    order = np.argsort(NUMBERS)
    facts = [PostSays(tags=frozenset({"cats"}) if index in CATS.indices else frozenset()) for index in range(5)]
    return AskedFor(
        sorted_numbers=np.array(NUMBERS, np.uint32)[order], indices=order,
        wishes={"ann": wishes} if wishes else {}, rules={"ann": rules} if rules else {},
        strength_of=lambda about, target: CATS if (about, target) == ("tag", "cats") else NOTHING,
        withheld_by=lambda rules: np.array([rules.withhold(fact) for fact in facts]),
    )  # fmt: skip


def ranked(*numbers: int) -> bytes:
    return b"".join(codec.pack_entry(number, Reason.POPULAR, 0.5) for number in numbers)


def numbers_and_reasons(packed: bytes) -> list[tuple[int, str]]:
    return [codec.entry_at(packed, index)[:2] for index in range(codec.length_of(packed))]


def test_more_comes_earlier_and_says_why() -> None:
    listed = asked(Wish(1.0, "tag", "cats")).listed("ann", ranked(40, 30, 20, 10, 50), length=4)
    assert numbers_and_reasons(listed) == [(10, "you_asked"), (50, "you_asked"), (40, "popular"), (30, "popular")]


def test_less_comes_later_and_keeps_its_reason() -> None:
    listed = asked(Wish(-1.0, "tag", "cats")).listed("ann", ranked(10, 40, 30, 20, 50), length=5)
    assert numbers_and_reasons(listed) == [(number, "popular") for number in (40, 30, 20, 10, 50)]


def test_wishes_that_contradict_each_other_cancel_out() -> None:
    both = asked(Wish(1.0, "tag", "cats"), Wish(-1.0, "tag", "cats"))
    assert both.listed("ann", ranked(40, 10), length=5) == ranked(40, 10)


def test_what_rules_withhold_is_not_listed() -> None:
    rules = ViewerRules(tags=frozenset({"cats"}))
    assert asked(rules=rules).listed("ann", ranked(40, 10, 30, 50), length=5) == ranked(40, 30)


def test_only_who_said_something_has_another_list() -> None:
    said = asked(Wish(1.0, "author", "ben"))
    assert (said.has("ann"), said.has("ben")) == (True, False)
    assert said.listed("ann", ranked(40, 10), length=1) == ranked(40)


@given(wishes=WISHES, at_most=st.integers(0, 60))
def test_an_order_has_each_post_at_most_once_and_keeps_that_of_equals(wishes: np.ndarray, at_most: int) -> None:
    order = order_asked_for(wishes, at_most=at_most).tolist()
    assert len(order) == len(set(order)) == min(at_most, len(wishes))
    for wish in set(wishes.tolist()):
        equals = [index for index in order if wishes[index] == wish]
        assert equals == sorted(equals)


@given(wishes=WISHES, extra=st.integers(0, 200), at_most=st.integers(1, 8))
def test_no_post_beyond_the_pool_could_come_into_a_list_of_which_nothing_is_unwanted(
    wishes: np.ndarray, extra: int, at_most: int
) -> None:
    longer = np.concatenate([np.abs(wishes), np.ones(extra)])
    pool = longer[: pool_of(at_most)]
    assert order_asked_for(pool, at_most=at_most).tolist() == order_asked_for(longer, at_most=at_most).tolist()


def test_alike_is_who_is_far_above_the_others() -> None:
    near = alikeness(np.array([0.1, -0.1] * 50 + [0.9, np.nan]))
    assert (near[:100].max(), near[100], near[101]) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("nearness", [[], [0.5], [0.5] * 9, [np.nan] * 3])
def test_where_nothing_stands_out_nothing_is_alike(nearness: list[float]) -> None:
    assert not alikeness(np.array(nearness)).any()


def test_the_strength_is_what_the_comments_say() -> None:
    wishes = np.zeros(100)
    wishes[39] = 1.0
    assert order_asked_for(wishes, at_most=100).tolist().index(39) == 40 / STRENGTH
