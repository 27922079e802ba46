"""How posts may follow each other: few of one author in any ten, no near-identical photos side by side. Pure.

The only definition of promise 8. A post that may not come now is not dropped, it waits; when nothing else remains,
the least bad of those that wait comes.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Protocol

WINDOW = 10  # posts in a row that are looked at
MOST_OF_ONE_AUTHOR = 2  # of them
_AUTHOR, _CLUSTER = attrgetter("author"), attrgetter("cluster")


class Card(Protocol):
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

    def __init__(self, before: Iterable[Card] = ()) -> None:
        cards = list(before)
        self._authors: deque[int] = deque([card.author for card in cards], maxlen=WINDOW - 1)
        self._cluster = cards[-1].cluster if cards else 0

    def take(self, card: Card) -> None:
        """This post comes next."""
        self._authors.append(card.author)
        self._cluster = card.cluster

    def fits(self, card: Card) -> bool:
        """Whether this post may come next."""
        if self._authors.count(card.author) >= MOST_OF_ONE_AUTHOR:
            return False
        return card.cluster == 0 or card.cluster != self._cluster

    def choose(self, cards: Sequence[Card], *, room: int) -> tuple[Sequence[int], list[int], int]:
        """Choose posts as they come, each as early as it fits: what `fits` and `take` do one by one.

        Args:
            cards: posts, the best first.
            room: how many are chosen, if there are.

        Returns:
            Places of those that were chosen, in their order; of those that still wait; and how many were looked at.
        """
        authors = list(map(_AUTHOR, cards[:room]))
        repeated = len(self._authors) + len(authors) - len({*self._authors, *authors})
        if repeated < MOST_OF_ONE_AUTHOR and not any(map(_CLUSTER, cards[:room])):
            self._authors += authors  # nobody comes more often, whatever the order; mostly it is so
            self._cluster = 0 if authors else self._cluster
            return range(len(authors)), [], len(authors)
        chosen: list[int] = []
        waiting: list[int] = []
        count = self._authors.count
        for place, card in enumerate(cards):
            if len(chosen) >= room:
                return chosen, waiting, place
            # `fits`, written out: it is asked for every post of every page
            if count(card.author) >= MOST_OF_ONE_AUTHOR or card.cluster == self._cluster != 0:
                waiting.append(place)
                continue
            self.take(card)
            chosen.append(place)
            while waiting and len(chosen) < room:
                found = self.first_fitting([cards[each] for each in waiting])
                if found is None:
                    break
                chosen.append(waiting.pop(found))
                self.take(cards[chosen[-1]])
        return chosen, waiting, len(cards)

    def first_fitting(self, waiting: Sequence[Card]) -> int | None:
        """The place of the first post that may come next."""
        return next((place for place, card in enumerate(waiting) if self.fits(card)), None)

    def least_bad(self, waiting: Sequence[Card]) -> int | None:
        """The place of the first post that breaks least, the author's share weighing more than the photo."""
        badness = [2 * self._is_flood(card) + self._is_alike(card) for card in waiting]
        return badness.index(min(badness)) if badness else None

    def _is_flood(self, card: Card) -> bool:
        return self._authors.count(card.author) >= MOST_OF_ONE_AUTHOR

    def _is_alike(self, card: Card) -> bool:
        return card.cluster != 0 and card.cluster == self._cluster


def spaced(cards: Sequence[Card], *, before: Iterable[Card] = ()) -> list[int]:
    """Places of all posts in the order in which they come: each time the first that fits, else the least bad."""
    spacing, waiting, order = Spacing(before), list(range(len(cards))), []
    while waiting:
        left = [cards[place] for place in waiting]
        found = spacing.first_fitting(left)
        if found is None:
            found = spacing.least_bad(left)
        assert found is not None
        spacing.take(left[found])
        order.append(waiting.pop(found))
    return order
