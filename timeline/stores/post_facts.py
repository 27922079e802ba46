"""This process's copy of what posts say of themselves, for viewers who want posts withheld by it.

It is read from PostgreSQL when a page of such a viewer needs it; pages of other viewers never do. As long as there are
such pages, the facts of lists that all users share are read ahead, in the background. What rules withhold is kept by
the rules alone, since many viewers have the same ones, and is compared again only for posts that have changed.
"""

import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Set
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field

from shared.db.engine import Database
from shared.db.post_facts import facts_of_numbers
from shared.errors import StoreUnavailable
from shared.preferences.rules import PostSays, ViewerRules

if TYPE_CHECKING:
    from timeline.stores.budgets import RequestBudget, Stores

VALID_SECONDS = 30.0  # as long as the newest posts (`timeline.stores.background_refresh`)
MAX_POSTS = 50_000
MAX_CHARACTERS = 20_000_000  # of all captions
MAX_RULES = 1_000  # different rules of viewers
SHARED_LISTS = 4  # that are remembered for each: everyone's list with the newest posts, older ones, some of before
USED_SECONDS = 600.0  # how long facts are read ahead after the last page that needed any
NOTHING = PostSays()


class _FactsCopy(Struct, gc=False):
    """A post's facts, and when they were read."""

    facts: PostSays
    read_at: float


class _Judged(Struct):
    """The posts that were compared with some rules, and those that these withhold."""

    numbers: set[int] = field(default_factory=set)
    withheld: set[int] = field(default_factory=set)
    # Of lists that all users share, which are the same objects from page to page: what is withheld of each.
    shared: list[tuple[frozenset[int], frozenset[int]]] = field(default_factory=list)

    def add(self, number: int, facts: PostSays, rules: ViewerRules) -> None:
        self.numbers.add(number)
        if rules.withhold(facts):
            self.withheld.add(number)

    def of_shared(self, post_numbers: frozenset[int]) -> frozenset[int] | None:
        for known, withheld in self.shared:
            if known is post_numbers:
                return withheld
        return None

    def forget(self, number: int) -> None:
        self.numbers.discard(number)
        self.withheld.discard(number)
        self.shared = []


class PostFactsCopy:
    """Facts by post number; while PostgreSQL is away, those that were read before."""

    def __init__(self, *, database: Database, stores: "Stores") -> None:
        self._database, self._stores = database, stores
        self._copies: dict[int, _FactsCopy] = {}
        self._judged: OrderedDict[ViewerRules, _Judged] = OrderedDict()
        self._characters = 0
        self._used_at = float("-inf")

    async def withheld(self, rules: ViewerRules, post_numbers: Set[int], budget: "RequestBudget") -> Set[int]:
        """Those of these posts of one viewer that the rules withhold.

        While PostgreSQL is away, posts that are not known here are not withheld; the budget is told.
        """
        now = self._used_at = time.monotonic()
        judged = self._judged_by(rules)
        await self._read({number for number in post_numbers if not self._is_fresh(number, now)}, budget)
        self._judge(judged, rules, post_numbers - judged.numbers)
        return set(filter(judged.withheld.__contains__, post_numbers))

    async def withheld_of_shared(
        self, rules: ViewerRules, post_numbers: frozenset[int], budget: "RequestBudget"
    ) -> Set[int]:
        """The same of a list that all users share, which is the same object as long as the list is."""
        judged = self._judged_by(rules)
        known = judged.of_shared(post_numbers)
        if known is None:
            missing = post_numbers - judged.numbers
            await self._read(missing - self._copies.keys(), budget)
            self._judge(judged, rules, missing)
            known = post_numbers & judged.withheld
            if post_numbers <= judged.numbers:
                judged.shared = [*judged.shared[1 - SHARED_LISTS :], (post_numbers, known)]
        return known

    def hides(self, rules: ViewerRules, post_number: int) -> bool:
        """Whether the rules withhold a post, as far as is known; one that is not known here counts as withheld."""
        judged = self._judged_by(rules)
        self._judge(judged, rules, {post_number} - judged.numbers)
        return post_number in judged.withheld or post_number not in judged.numbers

    def wanted_ahead(self, post_numbers: Set[int]) -> Set[int]:
        """Those of these posts whose facts are to be read ahead; none if no page has needed any for a while."""
        now = time.monotonic()
        if now - self._used_at > USED_SECONDS:
            return frozenset()
        return {number for number in post_numbers if not self._is_fresh(number, now + VALID_SECONDS / 2)}

    def read_ahead(self, post_numbers: Set[int]) -> dict[int, PostSays]:
        """Read facts, in a thread, for `keep`."""
        return facts_of_numbers(self._database, post_numbers)

    def keep(self, asked: Collection[int], found: Mapping[int, PostSays]) -> None:
        """Keep facts that were read just now; a post that was not found says nothing."""
        now = time.monotonic()
        if len(self._copies) + len(asked) > MAX_POSTS or self._characters > MAX_CHARACTERS:
            self.forget()
        for number in asked:
            facts, before = found.get(number, NOTHING), self._copies.get(number)
            if before is not None and before.facts != facts:
                for judged in self._judged.values():
                    judged.forget(number)
            self._characters += len(facts.text) - (len(before.facts.text) if before else 0)
            self._copies[number] = _FactsCopy(facts, now)

    def forget(self) -> None:
        """Drop everything: somebody was erased, or the numbers mean other posts."""
        self._copies.clear()
        self._judged.clear()
        self._characters = 0

    def _judged_by(self, rules: ViewerRules) -> _Judged:
        judged = self._judged.get(rules)
        if judged is None:
            judged = self._judged[rules] = _Judged()
            if len(self._judged) > MAX_RULES:
                self._judged.popitem(last=False)
        self._judged.move_to_end(rules)
        return judged

    def _judge(self, judged: _Judged, rules: ViewerRules, post_numbers: Set[int]) -> None:
        for number in post_numbers:
            if (copy := self._copies.get(number)) is not None:
                judged.add(number, copy.facts, rules)

    async def _read(self, post_numbers: Set[int], budget: "RequestBudget") -> None:
        if post_numbers:
            with suppress(StoreUnavailable):
                read = partial(facts_of_numbers, self._database, post_numbers)
                self.keep(post_numbers, await self._stores.database(budget, read))

    def _is_fresh(self, number: int, now: float) -> bool:
        copy = self._copies.get(number)
        return copy is not None and now - copy.read_at <= VALID_SECONDS
