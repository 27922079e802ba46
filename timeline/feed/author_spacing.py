"""How posts may follow each other: few of one author in any ten, no near-identical photos side by side. Pure.

The only definition of promise 8. A post that may not come now is not dropped, it waits; when nothing else remains,
the least bad of those that wait comes (`timeline.feed.deferred_posts`).
"""

from collections import deque
from collections.abc import Iterable, Sequence
from operator import eq
from typing import Protocol

WINDOW = 10  # posts in a row that are looked at
MOST_OF_ONE_AUTHOR = 2  # of them


class SpacedPost(Protocol):
    """What spacing must know of a post."""

    @property
    def author(self) -> int:
        """The author's key."""
        ...

    @property
    def cluster(self) -> int:
        """The cluster of near-identical photos; 0: none is known."""
        ...


class Spacing:
    """The last posts of a chain, and what may follow them."""

    def __init__(self, before: Iterable[SpacedPost] = ()) -> None:
        cards = list(before)
        self._authors: deque[int] = deque([card.author for card in cards], maxlen=WINDOW - 1)
        self._cluster = cards[-1].cluster if cards else 0

    def take(self, card: SpacedPost) -> None:
        """This post comes next."""
        self._take(card.author, card.cluster)

    def fits(self, card: SpacedPost) -> bool:
        """Whether this post may come next."""
        return not self._badness(card.author, card.cluster)

    def choose(
        self, authors: Sequence[int], clusters: Sequence[int], *, room: int
    ) -> tuple[Sequence[int], list[int], int]:
        """Choose posts as they come, each as early as it fits: what `fits` and `take` do one by one.

        Args:
            authors: the author's key of each post, the best first.
            clusters: their clusters.
            room: how many are chosen, if there are.

        Returns:
            Places of those that were chosen, in their order; of those that still wait; and how many were looked at.
        """
        first = authors[:room]
        together = sorted((*self._authors, *first))
        if not any(map(eq, together, together[MOST_OF_ONE_AUTHOR:])) and not any(clusters[:room]):
            self._authors += first  # nobody comes too often, whatever the order; mostly it is so
            self._cluster = 0 if first else self._cluster
            return range(len(first)), [], len(first)
        chosen: list[int] = []
        waiting: list[int] = []
        for index, (author, cluster) in enumerate(zip(authors, clusters, strict=True)):
            if len(chosen) >= room:
                return chosen, waiting, index
            if self._badness(author, cluster):
                waiting.append(index)
                continue
            self._take(author, cluster)
            chosen.append(index)
            while waiting and len(chosen) < room:
                found = next((each for each in waiting if not self._badness(authors[each], clusters[each])), None)
                if found is None:
                    break
                waiting.remove(found)
                self._take(authors[found], clusters[found])
                chosen.append(found)
        return chosen, waiting, len(authors)

    def badness(self, card: SpacedPost) -> int:
        """How much would break if this post came next, the author's share weighing more than the photo; 0: it fits."""
        return self._badness(card.author, card.cluster)

    def _take(self, author: int, cluster: int) -> None:
        self._authors.append(author)
        self._cluster = cluster

    def _badness(self, author: int, cluster: int) -> int:
        flood = 2 if self._authors.count(author) >= MOST_OF_ONE_AUTHOR else 0
        return flood + 1 if cluster and cluster == self._cluster else flood
