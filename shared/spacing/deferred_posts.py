"""Posts that spacing defers, for one page. Pure."""

from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

from shared.spacing.author_spacing import SpacedPost, Spacing

PostT = TypeVar("PostT", bound=SpacedPost)
DeferredPost = tuple[int, PostT, bytes]  # a post's offset, the post, its reason and score


class DeferredPosts(Generic[PostT]):
    """Deferred posts in their order, in queues by author and cluster. Only these two decide whether a post fits, so it
    is enough to look at the first post of each queue: many posts of one author cost no more than a few."""

    __slots__ = ("_queues",)

    def __init__(self) -> None:
        self._queues: dict[tuple[int, int], deque[DeferredPost[PostT]]] = {}

    def __bool__(self) -> bool:
        return bool(self._queues)

    def append(self, deferred: DeferredPost[PostT]) -> None:
        """Defer a post, behind those that are deferred already."""
        _, post, _ = deferred
        self._queues.setdefault((post.author, post.cluster), deque()).append(deferred)

    def extend(self, posts: Iterable[DeferredPost[PostT]]) -> None:
        """Defer posts, in this order."""
        for post in posts:
            self.append(post)

    def pop_fitting(self, spacing: Spacing) -> DeferredPost[PostT] | None:
        """Remove and return the first post that fits now."""
        fitting = [(queue[0][0], key) for key, queue in self._queues.items() if spacing.fits(queue[0][1])]
        return self._pop(min(fitting)[1]) if fitting else None

    def pop_least_bad(self, spacing: Spacing) -> DeferredPost[PostT] | None:
        """Remove and return the first of the posts that break the rules least."""
        if len(self._queues) == 1:  # as when only one author is left
            return self._pop(next(iter(self._queues)))
        bad = [(spacing.badness(queue[0][1]), queue[0][0], key) for key, queue in self._queues.items()]
        return self._pop(min(bad)[2]) if bad else None

    def _pop(self, key: tuple[int, int]) -> DeferredPost[PostT]:
        queue = self._queues[key]
        deferred = queue.popleft()
        if not queue:
            del self._queues[key]
        return deferred
