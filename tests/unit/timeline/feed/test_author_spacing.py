"""Many posts spaced at once; what the rule itself gives is tested where posts wait (`test_waiting`)."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from timeline.feed.author_spacing import Spacing


@dataclass(frozen=True, slots=True)
class Post:
    """A card."""

    author: int
    cluster: int = 0


POSTS = st.lists(st.builds(Post, st.integers(1, 6), st.integers(0, 4)), max_size=60)
FEW = st.lists(st.builds(Post, st.integers(1, 6), st.integers(0, 4)), max_size=12)


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
