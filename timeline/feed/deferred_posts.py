"""Posts that spacing puts off, for one page. Pure."""

from collections import deque
from collections.abc import Iterable

from shared.ranked_lists.records import CatalogueEntry
from timeline.feed.author_spacing import Spacing

DeferredPost = tuple[int, CatalogueEntry, bytes]  # a post's place, what is known of it, and its mark


class DeferredPosts:
    """They wait in their order. Whether one may come goes by its author and its cluster: of those alike, the first is
    looked at, so that many posts of one author cost no more than a few."""

    __slots__ = ("_alike",)

    def __init__(self) -> None:
        self._alike: dict[tuple[int, int], deque[DeferredPost]] = {}

    def __bool__(self) -> bool:
        return bool(self._alike)

    def append(self, one: DeferredPost) -> None:
        """This post waits, behind those that do already."""
        card = one[1]
        self._alike.setdefault((card.author, card.cluster), deque()).append(one)

    def extend(self, several: Iterable[DeferredPost]) -> None:
        """These posts wait, in this order."""
        for one in several:
            self.append(one)

    def pop_fitting(self, spacing: Spacing) -> DeferredPost | None:
        """The first that may come now, which waits no more."""
        fitting = [(each[0][0], alike) for alike, each in self._alike.items() if spacing.fits(each[0][1])]
        return self._pop(min(fitting)[1]) if fitting else None

    def pop_least_bad(self, spacing: Spacing) -> DeferredPost | None:
        """The first of those that break least, which waits no more."""
        if len(self._alike) == 1:  # as where one author is all that is left
            return self._pop(next(iter(self._alike)))
        bad = [(spacing.badness(each[0][1]), each[0][0], alike) for alike, each in self._alike.items()]
        return self._pop(min(bad)[2]) if bad else None

    def _pop(self, alike: tuple[int, int]) -> DeferredPost:
        waiting = self._alike[alike]
        one = waiting.popleft()
        if not waiting:
            del self._alike[alike]
        return one
