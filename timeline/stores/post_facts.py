"""This process's copy of what posts say of themselves, for viewers who want posts withheld by it.

It is read from PostgreSQL when a page of such a viewer needs it; pages of other viewers never do. What one viewer's
rules withhold is kept by the rules alone, since many viewers have the same ones.
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
from shared.preferences.rules import PostFacts, ViewerRules

if TYPE_CHECKING:
    from timeline.stores.budgets import RequestBudget, Stores

VALID_SECONDS = 30.0  # as long as the newest posts (`timeline.stores.background_refresh`)
MAX_POSTS = 50_000
MAX_CHARACTERS = 20_000_000  # of all captions
MAX_RULES = 1_000  # different rules of viewers
NOTHING = PostFacts()


class _FactsCopy(Struct, gc=False):
    """A post's facts, and when they were read."""

    facts: PostFacts
    read_at: float


class _Judged(Struct):
    """The posts that were compared with some rules, and those that these withhold."""

    since: float
    numbers: set[int] = field(default_factory=set)
    withheld: set[int] = field(default_factory=set)


class PostFactsCopy:
    """Facts by post number; while PostgreSQL is away, those that were read before."""

    def __init__(self, *, database: Database, stores: "Stores") -> None:
        self._database, self._stores = database, stores
        self._copies: dict[int, _FactsCopy] = {}
        self._judged: OrderedDict[ViewerRules, _Judged] = OrderedDict()
        self._characters = 0

    async def withheld(self, rules: ViewerRules, post_numbers: Set[int], budget: "RequestBudget") -> Set[int]:
        """Those of these posts that the rules withhold; perhaps also others that were asked for before.

        While PostgreSQL is away, posts that are not known here are not withheld; the budget is told.
        """
        now = time.monotonic()
        judged = self._judged.get(rules)
        if judged is None or now - judged.since > VALID_SECONDS:
            judged = self._judged[rules] = _Judged(now)
        self._judged.move_to_end(rules)
        while len(self._judged) > MAX_RULES:
            self._judged.popitem(last=False)
        missing = post_numbers - judged.numbers
        if missing:
            known = await self._facts(missing, budget, now)
            judged.numbers.update(known)
            judged.withheld.update(number for number, facts in known.items() if rules.withhold(facts))
        return judged.withheld

    def forget(self) -> None:
        """Drop everything: somebody was erased, or the numbers mean other posts."""
        self._copies.clear()
        self._judged.clear()
        self._characters = 0

    async def _facts(self, post_numbers: Set[int], budget: "RequestBudget", now: float) -> Mapping[int, PostFacts]:
        old = {number for number in post_numbers if not self._is_fresh(number, now)}
        if old:
            with suppress(StoreUnavailable):
                read = partial(facts_of_numbers, self._database, old)
                self._keep(old, await self._stores.database(budget, read), now)
        copies = ((number, self._copies.get(number)) for number in post_numbers)
        return {number: copy.facts for number, copy in copies if copy is not None}

    def _is_fresh(self, number: int, now: float) -> bool:
        copy = self._copies.get(number)
        return copy is not None and now - copy.read_at <= VALID_SECONDS

    def _keep(self, asked: Collection[int], found: Mapping[int, PostFacts], now: float) -> None:
        if len(self._copies) + len(asked) > MAX_POSTS or self._characters > MAX_CHARACTERS:
            self.forget()
        for number in asked:
            facts = found.get(number, NOTHING)
            before = self._copies.get(number)
            self._characters += len(facts.text) - (len(before.facts.text) if before else 0)
            self._copies[number] = _FactsCopy(facts, now)
