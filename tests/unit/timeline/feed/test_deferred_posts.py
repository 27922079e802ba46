"""Promise 8 as a rule: in which order posts come that all wait."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from shared.ranked_lists.records import CatalogueEntry
from timeline.feed.author_spacing import MOST_OF_ONE_AUTHOR, WINDOW, Spacing
from timeline.feed.deferred_posts import DeferredPosts

CARDS = st.lists(
    st.builds(CatalogueEntry, st.integers(1, 99), st.just("p"), st.integers(1, 6), st.integers(0, 4)), max_size=60
)


def spaced(cards: Sequence[CatalogueEntry], before: Sequence[CatalogueEntry] = ()) -> list[int]:
    """Places of all posts in the order in which they come."""
    waiting, spacing, order = DeferredPosts(), Spacing(before), list[int]()
    waiting.extend((place, card, b"") for place, card in enumerate(cards))
    while waiting:
        found = waiting.pop_fitting(spacing) or waiting.pop_least_bad(spacing)
        assert found is not None
        spacing.take(found[1])
        order.append(found[0])
    return order


def post(author: int, cluster: int = 0) -> CatalogueEntry:
    return CatalogueEntry(1, "p", author, cluster)


def breaks(before: Sequence[CatalogueEntry], card: CatalogueEntry) -> tuple[bool, bool]:
    """Whether a post breaks the author's share, and whether its photo is the last one's, said in another way."""
    window = [*before, card][-WINDOW:]
    flood = sum(each.author == card.author for each in window) > MOST_OF_ONE_AUTHOR
    return flood, bool(before) and card.cluster != 0 and before[-1].cluster == card.cluster


@given(CARDS, CARDS)
def test_the_first_of_those_that_break_least_comes_next_and_every_post_comes_once(
    cards: list[CatalogueEntry], before: list[CatalogueEntry]
) -> None:
    """So a rule is broken only when nothing else remains, and the authors' share is kept before the photos are."""
    order = spaced(cards, before)
    assert sorted(order) == list(range(len(cards)))
    for step, place in enumerate(order):
        so_far = [*before, *(cards[each] for each in order[:step])]
        assert place == min(order[step:], key=lambda each: (breaks(so_far, cards[each]), each))


@given(CARDS, st.integers(0, 60))
def test_the_beginning_does_not_depend_on_where_a_page_ends(cards: list[CatalogueEntry], cut: int) -> None:
    whole = spaced(cards)
    served, rest = whole[:cut], [place for place in range(len(cards)) if place not in whole[:cut]]
    again = spaced([cards[place] for place in rest], before=[cards[place] for place in served])
    assert served + [rest[place] for place in again] == whole


def test_ten_authors_with_two_posts_each_keep_their_order() -> None:
    assert spaced([post(number // 2) for number in range(20)]) == list(range(20))


def test_a_third_post_of_an_author_waits_for_the_window_to_pass() -> None:
    cards = [post(1), post(1), post(1), *(post(10 + number) for number in range(12))]
    assert spaced(cards).index(2) == 10


def test_a_near_identical_photo_waits_for_one_post() -> None:
    assert spaced([post(1, cluster=7), post(2, cluster=7), post(3)]) == [0, 2, 1]


def test_posts_of_no_cluster_may_stand_side_by_side() -> None:
    assert spaced([post(1), post(2), post(3)]) == [0, 1, 2]


def test_nobody_waits_at_first() -> None:
    assert not DeferredPosts()
    assert DeferredPosts().pop_fitting(Spacing()) is None
    assert DeferredPosts().pop_least_bad(Spacing()) is None
