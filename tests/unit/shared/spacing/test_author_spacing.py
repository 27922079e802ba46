"""Many posts spaced at once; the rule itself is tested in `test_deferred_posts`."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from shared.spacing.author_spacing import Spacing


@dataclass(frozen=True, slots=True)
class Post:
    """What spacing needs of a post."""

    author: int
    cluster: int = 0


POSTS = st.lists(st.builds(Post, st.integers(1, 6), st.integers(0, 4)), max_size=60)
FEW = st.lists(st.builds(Post, st.integers(1, 6), st.integers(0, 4)), max_size=12)


def _one_by_one(posts: list[Post], before: list[Post], room: int) -> tuple[list[int], list[int], int]:
    """The definition of `choose`: the first deferred post that fits comes, else the next post that fits."""
    spacing, chosen, deferred, index = Spacing(before), list[int](), list[int](), 0
    while len(chosen) < room:
        chosen_index = next((i for i in deferred if spacing.fits(posts[i])), None)
        if chosen_index is not None:
            deferred.remove(chosen_index)
        elif index == len(posts):
            break
        else:
            chosen_index, index = index, index + 1
            if not spacing.fits(posts[chosen_index]):
                deferred.append(chosen_index)
                continue
        spacing.take(posts[chosen_index])
        chosen.append(chosen_index)
    return chosen, deferred, index


@given(POSTS, FEW, st.integers(0, 60))
def test_many_at_once_are_chosen_as_one_by_one(posts: list[Post], before: list[Post], room: int) -> None:
    spacing = Spacing(before)
    authors, clusters = [post.author for post in posts], [post.cluster for post in posts]
    chosen, deferred, looked_at = spacing.choose(authors, clusters, room=room)
    assert (list(chosen), deferred, looked_at) == _one_by_one(posts, before, room)
    served = [*before, *(posts[i] for i in chosen)]
    assert [spacing.fits(post) for post in posts] == [Spacing(served).fits(post) for post in posts]
