"""Promise 8 as a rule: what `spaced` gives, whatever it is given."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from shared.spacing import MOST_OF_ONE_AUTHOR, WINDOW, Spacing, spaced


@dataclass(frozen=True, slots=True)
class Post:
    """A card."""

    author: int
    cluster: int = 0


POSTS = st.lists(st.builds(Post, st.integers(1, 6), st.integers(0, 4)), max_size=60)
FEW = st.lists(st.builds(Post, st.integers(1, 6), st.integers(0, 4)), max_size=12)


def _breaks(before: list[Post], post: Post) -> tuple[bool, bool]:
    """Whether a post breaks the author's share, and whether its photo is the last one's, said in another way."""
    window = [*before, post][-WINDOW:]
    flood = sum(each.author == post.author for each in window) > MOST_OF_ONE_AUTHOR
    return flood, bool(before) and post.cluster != 0 and before[-1].cluster == post.cluster


@given(POSTS, FEW)
def test_every_post_comes_once(posts: list[Post], before: list[Post]) -> None:
    assert sorted(spaced(posts, before=before)) == list(range(len(posts)))


@given(POSTS, FEW)
def test_a_rule_is_broken_only_when_nothing_else_remains(posts: list[Post], before: list[Post]) -> None:
    order = spaced(posts, before=before)
    for step, place in enumerate(order):
        so_far = [*before, *(posts[each] for each in order[:step])]
        if any(_breaks(so_far, posts[place])):
            assert all(any(_breaks(so_far, posts[each])) for each in order[step:])


@given(POSTS, FEW)
def test_no_post_waits_that_might_come(posts: list[Post], before: list[Post]) -> None:
    order = spaced(posts, before=before)
    for step, place in enumerate(order):
        so_far = [*before, *(posts[each] for each in order[:step])]
        earlier = [each for each in order[step:] if each < place]
        assert all(any(_breaks(so_far, posts[each])) for each in earlier)


@given(POSTS, FEW)
def test_the_authors_share_is_kept_before_the_photos_are(posts: list[Post], before: list[Post]) -> None:
    order = spaced(posts, before=before)
    for step, place in enumerate(order):
        so_far = [*before, *(posts[each] for each in order[:step])]
        if _breaks(so_far, posts[place])[0]:
            assert all(_breaks(so_far, posts[each])[0] for each in order[step:])


@given(POSTS, st.integers(0, 60))
def test_the_beginning_does_not_depend_on_where_a_page_ends(posts: list[Post], cut: int) -> None:
    whole = spaced(posts)
    served, rest = whole[:cut], [place for place in range(len(posts)) if place not in whole[:cut]]
    again = spaced([posts[place] for place in rest], before=[posts[place] for place in served])
    assert served + [rest[place] for place in again] == whole


def test_ten_authors_with_two_posts_each_keep_their_order() -> None:
    posts = [Post(number // 2) for number in range(20)]
    assert spaced(posts) == list(range(20))


def test_a_third_post_of_an_author_waits_for_the_window_to_pass() -> None:
    posts = [Post(1), Post(1), Post(1), *(Post(10 + number) for number in range(12))]
    assert spaced(posts).index(2) == 10


def test_a_near_identical_photo_waits_for_one_post() -> None:
    assert spaced([Post(1, cluster=7), Post(2, cluster=7), Post(3)]) == [0, 2, 1]


def test_posts_of_no_cluster_may_stand_side_by_side() -> None:
    assert spaced([Post(1), Post(2), Post(3)]) == [0, 1, 2]


def _one_by_one(posts: list[Post], before: list[Post], room: int) -> tuple[list[int], list[int], int]:
    """What `choose` gives, by its definition: whoever waits longest and fits comes, else the next one that fits."""
    spacing, chosen, waiting, place = Spacing(before), list[int](), list[int](), 0
    while len(chosen) < room:
        found = next((each for each in waiting if spacing.fits(posts[each])), None)
        if found is not None:
            waiting.remove(found)
        elif place == len(posts):
            break
        else:
            found, place = place, place + 1
            if not spacing.fits(posts[found]):
                waiting.append(found)
                continue
        spacing.take(posts[found])
        chosen.append(found)
    return chosen, waiting, place


@given(POSTS, FEW, st.integers(0, 60))
def test_many_at_once_are_chosen_as_one_by_one(posts: list[Post], before: list[Post], room: int) -> None:
    spacing = Spacing(before)
    authors, clusters = [post.author for post in posts], [post.cluster for post in posts]
    chosen, waiting, looked_at = spacing.choose(authors, clusters, room=room)
    assert (list(chosen), waiting, looked_at) == _one_by_one(posts, before, room)
    served = [*before, *(posts[each] for each in chosen)]
    assert [spacing.fits(post) for post in posts] == [Spacing(served).fits(post) for post in posts]
