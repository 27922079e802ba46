"""In which order posts may follow each other: at most two of one author in any ten, no near-identical photos side by
side. Pure.

The only definition of promise 8: the timeline serves by it, and the training's replay judges lists as they would be
served. A post that must not come next is not dropped, it is deferred. When nothing else remains, the deferred post that
breaks the rules least is taken (`shared.spacing.deferred_posts`).
"""

from collections import deque
from collections.abc import Iterable, Sequence
from operator import eq
from typing import Protocol

WINDOW = 10  # consecutive posts
MOST_OF_ONE_AUTHOR = 2  # posts in any window


class SpacedPost(Protocol):
    """The properties of a post that spacing needs."""

    @property
    def author(self) -> int:
        """The author's key."""
        ...

    @property
    def cluster(self) -> int:
        """The cluster of near-identical photos; 0 if unknown."""
        ...


class Spacing:
    """The last posts of a chain, and what may follow them."""

    def __init__(self, before: Iterable[SpacedPost] = ()) -> None:
        posts = list(before)
        self._authors: deque[int] = deque([post.author for post in posts], maxlen=WINDOW - 1)
        self._cluster = posts[-1].cluster if posts else 0

    def take(self, post: SpacedPost) -> None:
        """This post comes next."""
        self._take(post.author, post.cluster)

    def fits(self, post: SpacedPost) -> bool:
        """Whether this post may come next."""
        return not self._badness(post.author, post.cluster)

    def choose(
        self, authors: Sequence[int], clusters: Sequence[int], *, room: int
    ) -> tuple[Sequence[int], list[int], int]:
        """Choose posts in order, each as early as it fits; the same as `fits` and `take` for one post at a time.

        Args:
            authors: the author's key of each post, the best first.
            clusters: their clusters.
            room: how many to choose at most.

        Returns:
            Indices of the chosen posts, in their order; indices of the deferred ones; how many posts were examined.
        """
        first = authors[:room]
        together = sorted((*self._authors, *first))
        if not any(map(eq, together, together[MOST_OF_ONE_AUTHOR:])) and not any(clusters[:room]):
            self._authors += first  # no author exceeds the limit in any order: the usual case
            self._cluster = 0 if first else self._cluster
            return range(len(first)), [], len(first)
        chosen: list[int] = []
        deferred: list[int] = []
        for index, (author, cluster) in enumerate(zip(authors, clusters, strict=True)):
            if len(chosen) >= room:
                return chosen, deferred, index
            if self._badness(author, cluster):
                deferred.append(index)
                continue
            self._take(author, cluster)
            chosen.append(index)
            while deferred and len(chosen) < room:
                fitting = next((i for i in deferred if not self._badness(authors[i], clusters[i])), None)
                if fitting is None:
                    break
                deferred.remove(fitting)
                self._take(authors[fitting], clusters[fitting])
                chosen.append(fitting)
        return chosen, deferred, len(authors)

    def badness(self, post: SpacedPost) -> int:
        """How badly this post would break the rules as the next one; the author weighs more; 0: it fits."""
        return self._badness(post.author, post.cluster)

    def _take(self, author: int, cluster: int) -> None:
        self._authors.append(author)
        self._cluster = cluster

    def _badness(self, author: int, cluster: int) -> int:
        flood = 2 if self._authors.count(author) >= MOST_OF_ONE_AUTHOR else 0
        return flood + 1 if cluster and cluster == self._cluster else flood
