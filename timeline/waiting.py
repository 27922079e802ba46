"""Posts that spacing puts off, for one page. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator

from shared.ranked_lists.records import CatalogueEntry
from shared.spacing import Spacing

Candidate = tuple[int, CatalogueEntry, bytes]  # a post's place, what is known of it, and its mark


class Waiting:
    """They wait in their order. Whether one may come goes by its author and its cluster: of those alike, the first is
    looked at, so that many posts of one author cost no more than a few."""

    __slots__ = ("_alike",)

    def __init__(self) -> None:
        self._alike: dict[tuple[int, int], deque[Candidate]] = {}

    def __bool__(self) -> bool:
        return bool(self._alike)

    def append(self, one: Candidate) -> None:
        """This post waits, behind those that do already."""
        card = one[1]
        self._alike.setdefault((card.author, card.cluster), deque()).append(one)

    def extend(self, several: Iterable[Candidate]) -> None:
        """These posts wait, in this order."""
        for one in several:
            self.append(one)

    def pop_fitting(self, spacing: Spacing) -> Candidate | None:
        """The first that may come now, which waits no more."""
        places = [one[0] for one in self._first_ones() if spacing.fits(one[1])]
        return self._pop(min(places)) if places else None

    def pop_least_bad(self, spacing: Spacing) -> Candidate | None:
        """The first of those that break least, which waits no more."""
        found = min([(spacing.badness(one[1]), one[0]) for one in self._first_ones()], default=None)
        return self._pop(found[1]) if found else None

    def _first_ones(self) -> Iterator[Candidate]:
        for each in self._alike.values():
            yield each[0]

    def _pop(self, place: int) -> Candidate:
        alike = next(key for key, each in self._alike.items() if each[0][0] == place)
        one = self._alike[alike].popleft()
        if not self._alike[alike]:
            del self._alike[alike]
        return one
