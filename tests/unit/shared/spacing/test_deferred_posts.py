"""The rule of promise 8: in which order deferred posts come."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from shared.ranked_lists.records import CatalogueEntry
from shared.spacing.author_spacing import MOST_OF_ONE_AUTHOR, WINDOW, Spacing
from shared.spacing.deferred_posts import DeferredPosts

POSTS = st.lists(
    st.builds(CatalogueEntry, st.integers(1, 99), st.just("p"), st.integers(1, 6), st.integers(0, 4)), max_size=60
)


def spaced(posts: Sequence[CatalogueEntry], before: Sequence[CatalogueEntry] = ()) -> list[int]:
    """Indices of all posts in the order in which they come."""
    deferred, spacing, order = DeferredPosts[CatalogueEntry](), Spacing(before), list[int]()
    deferred.extend((index, last, b"") for index, last in enumerate(posts))
    while deferred:
        found = deferred.pop_fitting(spacing) or deferred.pop_least_bad(spacing)
        assert found is not None
        spacing.take(found[1])
        order.append(found[0])
    return order


def post(author: int, cluster: int = 0) -> CatalogueEntry:
    return CatalogueEntry(1, "p", author, cluster)


def breaks(before: Sequence[CatalogueEntry], last: CatalogueEntry) -> tuple[bool, bool]:
    """Whether a post exceeds the author's share, and whether its photo is the last one's; written differently."""
    window = [*before, last][-WINDOW:]
    flood = sum(each.author == last.author for each in window) > MOST_OF_ONE_AUTHOR
    return flood, bool(before) and last.cluster != 0 and before[-1].cluster == last.cluster


@given(POSTS, POSTS)
def test_the_first_post_that_breaks_the_rules_least_comes_next_and_each_comes_once(
    posts: list[CatalogueEntry], before: list[CatalogueEntry]
) -> None:
    """So a rule is broken only when nothing else remains, and the author's share is more important than the photo."""
    order = spaced(posts, before)
    assert sorted(order) == list(range(len(posts)))
    for step, index in enumerate(order):
        so_far = [*before, *(posts[each] for each in order[:step])]
        assert index == min(order[step:], key=lambda each: (breaks(so_far, posts[each]), each))


@given(POSTS, st.integers(0, 60))
def test_the_beginning_does_not_depend_on_where_a_page_ends(posts: list[CatalogueEntry], cut: int) -> None:
    whole = spaced(posts)
    served, rest = whole[:cut], [index for index in range(len(posts)) if index not in whole[:cut]]
    again = spaced([posts[index] for index in rest], before=[posts[index] for index in served])
    assert served + [rest[index] for index in again] == whole


def test_ten_authors_with_two_posts_each_keep_their_order() -> None:
    assert spaced([post(number // 2) for number in range(20)]) == list(range(20))


def test_a_third_post_of_an_author_waits_for_the_window_to_pass() -> None:
    posts = [post(1), post(1), post(1), *(post(10 + number) for number in range(12))]
    assert spaced(posts).index(2) == 10


def test_a_near_identical_photo_waits_for_one_post() -> None:
    assert spaced([post(1, cluster=7), post(2, cluster=7), post(3)]) == [0, 2, 1]


def test_posts_of_no_cluster_may_be_side_by_side() -> None:
    assert spaced([post(1), post(2), post(3)]) == [0, 1, 2]


def test_no_post_is_deferred_at_first() -> None:
    assert not DeferredPosts()
    assert DeferredPosts().pop_fitting(Spacing()) is None
    assert DeferredPosts().pop_least_bad(Spacing()) is None
